/* SPDX-License-Identifier: Apache-2.0 */
/* Memory, messages and exit statuses of the command line. */
#include "compiler/cli/cli.h"

#include "runtime/graph/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- memory ---------------------------------------------------------------------------------- */

static void out_of_memory(cli *c)
{
    error_out_of_memory(&c->error, "reading the command line");
    exit(cli_fail(c, IN_FILES));
}

void *cli_alloc(cli *c, size_t count, size_t bytes)
{
    void *memory = arena_array(&c->memory, count ? count : 1, bytes);
    if (!memory)
        out_of_memory(c);
    return memory;
}

char *cli_copy(cli *c, const char *data, size_t size)
{
    char *copy = arena_text(&c->memory, data, size);
    if (!copy)
        out_of_memory(c);
    return copy;
}

char *cli_format(cli *c, const char *format, ...)
{
    va_list arguments, again;
    va_start(arguments, format);
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    char *made = cli_alloc(c, (size_t)(size > 0 ? size : 0) + 1, 1);
    if (size > 0)
        (void)vsnprintf(made, (size_t)size + 1, format, again);
    va_end(again);
    return made;
}

void cli_own(cli *c, stepc_tensor *tensor)
{
    if ((c->owned_count & (c->owned_count - 1)) == 0) {
        stepc_tensor **grown = CLI_ARRAY(c, stepc_tensor *, c->owned_count * 2 + 1);
        if (c->owned_count)
            memcpy(grown, c->owned, c->owned_count * sizeof *grown);
        c->owned = grown;
    }
    c->owned[c->owned_count++] = tensor;
}

void text_list_add(cli *c, text_list *list, const char *item)
{
    if ((list->count & (list->count - 1)) == 0) {
        const char **grown = CLI_ARRAY(c, const char *, list->count * 2 + 1);
        if (list->count)
            memcpy(grown, list->items, list->count * sizeof *grown);
        list->items = grown;
    }
    list->items[list->count++] = item;
}

text_list text_split(cli *c, const char *z, char comma)
{
    text_list list = {NULL, 0};
    for (;;) {
        const char *end = strchr(z, comma);
        text_list_add(c, &list, cli_copy(c, z, end ? (size_t)(end - z) : strlen(z)));
        if (!end)
            return list;
        z = end + 1;
    }
}

bool text_ends_in(const char *z, const char *suffix)
{
    size_t size = strlen(z), tail = strlen(suffix);
    return size > tail && strcmp(z + size - tail, suffix) == 0;
}

bool text_begins_with(const char *z, const char *prefix)
{
    return strncmp(z, prefix, strlen(prefix)) == 0;
}

/* ---- messages -------------------------------------------------------------------------------- */

int exit_status_of(stepc_code code, cli_place place)
{
    switch (code) {
    case STEPC_OK:
        return EXIT_DONE;
    case STEPC_NOT_FOUND:
        return place == IN_FILES ? EXIT_ENVIRONMENT : EXIT_MODEL;
    case STEPC_INVALID_ARGUMENT:
    case STEPC_OUT_OF_RANGE:
    case STEPC_FAILED_PRECONDITION:
    case STEPC_DATA_LOSS:
        return EXIT_MODEL;
    case STEPC_UNIMPLEMENTED:
        return EXIT_LACKING;
    case STEPC_PERMISSION_DENIED:
    case STEPC_ALREADY_EXISTS:
    case STEPC_UNAVAILABLE:
    case STEPC_RESOURCE_EXHAUSTED:
    case STEPC_DEADLINE_EXCEEDED:
        return EXIT_ENVIRONMENT;
    case STEPC_CANCELLED:
    case STEPC_UNKNOWN:
    case STEPC_ABORTED:
    case STEPC_INTERNAL:
    default:
        return EXIT_BUG;
    }
}

/* Everything but printable ASCII as \ooo, so that no name reaches the terminal as it is. */
static void put_safe(text *out, const char *data, bool newlines)
{
    for (; *data; data++) {
        unsigned char byte = (unsigned char)*data;
        if ((byte >= 0x20 && byte < 0x7F) || (newlines && (byte == '\n' || byte == '\t')))
            text_add(out, data, 1);
        else
            text_printf(out, "\\%u%u%u", byte >> 6, (byte >> 3) & 7u, byte & 7u);
    }
}

void cli_print_safe(cli *c, const char *data)
{
    put_safe(&c->out, data, true);
}

static void print_error_json(cli *c, int status)
{
    json j = {&c->out, false};
    const stepc_error *e = &c->error;
    text_release(&c->out); /* an error is the one object on stdout */
    text_init(&c->out, &c->host);
    cli_json_begin(c, &j);
    json_open(&j, "error", '{');
    json_text(&j, "code", stepc_code_name(e->code));
    json_text(&j, "message", e->message);
    json_text(&j, "file", e->file[0] ? e->file : NULL);
    if (e->offset >= 0)
        json_i64(&j, "offset", e->offset);
    json_text(&j, "node", e->node[0] ? e->node : NULL);
    json_text(&j, "operator", e->operator_type[0] ? e->operator_type : NULL);
    json_text(&j, "attribute", e->attribute[0] ? e->attribute : NULL);
    json_text(&j, "mend", e->mend[0] ? e->mend : NULL);
    json_i64(&j, "exit_status", status);
    json_open(&j, "missing_operators", '[');
    for (size_t i = 0; i < c->missing.count; i++)
        json_text(&j, NULL, c->missing.items[i]);
    json_close(&j, ']');
    json_close(&j, '}');
    cli_json_end(c, &j);
}

static int report_error(cli *c, int status)
{
    char line[1024];
    cli_progress(c, "%s", "");
    stepc_error_format(&c->error, line, sizeof line);
    (void)fprintf(stderr, "stepc: error: %s\n", line);
    if (status == EXIT_BUG)
        (void)fprintf(stderr, "stepc: this is a bug in stepc; please report it with the command line and the model\n");
    if (c->args.json && c->out.data)
        print_error_json(c, status);
    else if (c->args.verbose)
        for (size_t i = 0; i < c->missing.count; i++)
            cli_explain(c, "missing operator %s", c->missing.items[i]);
    return status;
}

int cli_fail(cli *c, cli_place place)
{
    if (c->error.code == STEPC_OK)
        error_set(&c->error, STEPC_INTERNAL, "an error without a code");
    if (c->error.code == STEPC_INTERNAL && !c->error.mend[0])
        error_mend(&c->error, "please report this");
    if (c->error.code == STEPC_RESOURCE_EXHAUSTED && !c->error.mend[0] && cli_memory_refused())
        error_mend(&c->error, "raise the limit memory_bytes: --limits memory_bytes=%lldG",
                   (long long)(c->host.limits.memory_bytes >> 29) + 1);
    return report_error(c, exit_status_of(c->error.code, place));
}

int cli_refuse(cli *c, stepc_code code, cli_place place, const char *mend, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_set_v(&c->error, code, format, arguments);
    va_end(arguments);
    if (mend)
        error_mend(&c->error, "%s", mend);
    return cli_fail(c, place);
}

int cli_usage(cli *c, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    error_set_v(&c->error, STEPC_INVALID_ARGUMENT, format, arguments);
    va_end(arguments);
    error_mend(&c->error, "see stepc help%s%s", c->command ? " " : "", c->command ? c->command->name : "");
    return report_error(c, EXIT_USAGE);
}

PRINTF_LIKE(2, 0) static void note_v(cli *c, const char *format, va_list arguments)
{
    char raw[2048];
    text line;
    (void)vsnprintf(raw, sizeof raw, format, arguments);
    text_init(&line, &c->host);
    put_safe(&line, raw, false);
    (void)fprintf(stderr, "stepc: note: %s\n", line.data);
    text_release(&line);
}

void cli_note(cli *c, const char *format, ...)
{
    va_list arguments;
    if (c->args.quiet)
        return;
    va_start(arguments, format);
    note_v(c, format, arguments);
    va_end(arguments);
}

void cli_explain(cli *c, const char *format, ...)
{
    va_list arguments;
    if (!c->args.verbose)
        return;
    va_start(arguments, format);
    note_v(c, format, arguments);
    va_end(arguments);
}

void cli_progress(cli *c, const char *format, ...)
{
    va_list arguments;
    char line[100];
    if (c->args.quiet || !isatty(2))
        return;
    va_start(arguments, format);
    (void)vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    (void)fprintf(stderr, "\r\033[K%s", line);
    (void)fflush(stderr);
}

void cli_json_begin(cli *c, json *j)
{
    *j = (json){&c->out, false};
    json_open(j, NULL, '{');
    json_text(j, "schema", cli_format(c, "stepc.%s/1", c->command ? c->command->name : "help"));
}

void cli_json_end(cli *c, json *j)
{
    json_close(j, '}');
    text_puts(&c->out, "\n");
}

/* ---- spelling -------------------------------------------------------------------------------- */

const char *dtype_spelled(stepc_dtype dtype)
{
    if (dtype == STEPC_FLOAT32)
        return "float32";
    if (dtype == STEPC_FLOAT64)
        return "float64";
    return dtype == STEPC_HALF ? "float16" : stepc_dtype_name(dtype);
}

const char *dims_spelled(cli *c, const signature_dim *dims, int32_t rank)
{
    const char *made = rank < 0 ? "[?...]" : "[";
    for (int32_t d = 0; d < rank; d++) {
        const char *comma = d ? "," : "";
        if (dims[d].size >= 0)
            made = cli_format(c, "%s%s%lld", made, comma, (long long)dims[d].size);
        else if (dims[d].max >= 0)
            made = cli_format(c, "%s%s%s<=%lld", made, comma, dims[d].symbol, (long long)dims[d].max);
        else
            made = cli_format(c, "%s%s%s", made, comma, dims[d].symbol ? dims[d].symbol : "?");
    }
    return rank < 0 ? made : cli_format(c, "%s]", made);
}

const char *shape_spelled(cli *c, const int64_t *dims, int32_t rank)
{
    const char *made = "[";
    for (int32_t d = 0; d < rank; d++)
        made = dims[d] < 0 ? cli_format(c, "%s%s?", made, d ? "," : "")
                           : cli_format(c, "%s%s%lld", made, d ? "," : "", (long long)dims[d]);
    return cli_format(c, "%s]", made);
}

/* ---- the host -------------------------------------------------------------------------------- */

static int set_limit(cli *c, const char *name, size_t size, int64_t value)
{
#define SET_LIMIT(field, standard, meaning)                          \
    if (strlen(#field) == size && memcmp(#field, name, size) == 0) { \
        c->host.limits.field = value;                                \
        return 0;                                                    \
    }
    STEPC_LIMIT_LIST(SET_LIMIT)
#undef SET_LIMIT
    return cli_usage(c, "there is no limit %.*s; stepc help limits lists them", (int)(size < 64 ? size : 64), name);
}

static int set_limits(cli *c, const char *spelled)
{
    text_list items = text_split(c, spelled, ',');
    for (size_t i = 0; i < items.count; i++) {
        const char *equals = strchr(items.items[i], '=');
        int64_t value = 0, unit = 1;
        size_t size = equals ? strlen(equals + 1) : 0;
        char last = size > 1 ? equals[size] : '0';
        unit = last == 'k' || last == 'K' ? 1024 : last == 'M' ? 1024 * 1024 : last == 'G' ? 1024 * 1024 * 1024 : 1;
        if (!equals || !parse_i64(equals + 1, size - (unit > 1), &value) || value < 1 || value > INT64_MAX / unit)
            return cli_usage(c, "--limits takes NAME=N, N at least 1, not \"%.64s\"", items.items[i]);
        int status = set_limit(c, items.items[i], (size_t)(equals - items.items[i]), value * unit);
        if (status)
            return status;
    }
    return 0;
}

/* Input files may be no symbolic links where the input is not trusted. */
static int open_plain(void *context, const char *path, int *out_handle, int64_t *out_bytes)
{
    cli *c = context;
    struct stat facts;
    if (lstat(path, &facts) == 0 && S_ISLNK(facts.st_mode))
        return STEPC_PERMISSION_DENIED;
    return c->plain_io.open_read(c->plain_io.context, path, out_handle, out_bytes);
}

/* The other calls go where they went before: their context must be the old one. */
static void guard_inputs(cli *c)
{
    c->plain_io = c->host.io;
    if (c->plain_io.context != NULL)
        return; /* a context of its own cannot be replaced for one call only */
    c->host.io.context = c;
    c->host.io.open_read = open_plain;
}

/* What a C compiler takes orders from. */
static const char *const loose_environment[] = {
    "CPATH",           "C_INCLUDE_PATH", "LIBRARY_PATH", "GCC_EXEC_PREFIX",     "COMPILER_PATH",      "LD_PRELOAD",
    "LD_LIBRARY_PATH", "TMPDIR",         "CC",           "DEPENDENCIES_OUTPUT", "SUNPRO_DEPENDENCIES"};

static void on_report(void *context, const char *kind, const char *subject, const char *what)
{
    cli *c = context;
    if (strcmp(kind, "missing-operator") == 0) {
        text_list_add(c, &c->missing, cli_copy(c, subject, strlen(subject)));
    } else if (strcmp(kind, "dump") == 0) {
        text_puts(&c->dumps, what);
        if (c->dumps.size && c->dumps.data[c->dumps.size - 1] != '\n')
            text_puts(&c->dumps, "\n");
    } else if (strcmp(kind, "assumed") == 0) {
        cli_note(c, "assumed %s %s", subject, what);
    } else {
        cli_explain(c, "%s: %s: %s", kind, subject, what);
    }
}

int cli_setup_host(cli *c)
{
    for (size_t i = 0; i < c->args.limits.count; i++) {
        int status = set_limits(c, c->args.limits.items[i]);
        if (status)
            return status;
    }
    cli_limit_memory(c);
    if (c->args.untrusted) {
        guard_inputs(c);
        for (size_t i = 0; i < sizeof loose_environment / sizeof loose_environment[0]; i++)
            (void)unsetenv(loose_environment[i]);
    }
    c->host.report = on_report;
    c->host.report_context = c;
    return 0;
}

int cli_compiler(cli *c, const char **out)
{
    static const char *const places[] = {"/usr/bin/cc", "/usr/bin/gcc", "/usr/bin/clang", "/usr/local/bin/cc"};
    *out = c->args.cc;
    if (!c->args.untrusted)
        return 0;
    if (c->args.cc && c->args.cc[0] != '/')
        return cli_usage(c, "with --untrusted, --cc takes an absolute path");
    for (size_t i = 0; !*out && i < sizeof places / sizeof places[0]; i++)
        if (access(places[i], X_OK) == 0)
            *out = places[i];
    return *out ? 0
                : cli_refuse(c, STEPC_UNAVAILABLE, IN_FILES, "name one with --cc /PATH",
                             "there is no C compiler in /usr/bin");
}

/* ---- the model ------------------------------------------------------------------------------- */

const char *cli_model(const cli *c)
{
    return c->args.words.items[0];
}

static int lacks_saved_model(cli *c, const char *what)
{
    error_set(&c->error, STEPC_UNIMPLEMENTED, "this build does not read %s", what);
    error_at_file(&c->error, cli_model(c), -1);
    error_mend(&c->error, "freeze the model to a GraphDef with TensorFlow first");
    return cli_fail(c, IN_MODEL);
}

static int refuse_folder(cli *c, const char *path)
{
    if (file_exists(cli_format(c, "%s/saved_model.pb", path)) ||
        file_exists(cli_format(c, "%s/saved_model.pbtxt", path)))
        return lacks_saved_model(c, "SavedModels");
    error_set(&c->error, STEPC_INVALID_ARGUMENT, "this is a folder without a saved_model.pb");
    error_at_file(&c->error, path, -1);
    error_mend(&c->error, "give a GraphDef file");
    return cli_fail(c, IN_MODEL);
}

/* A text file of another message begins with one of its fields. */
static const char *text_message(const char *data, size_t size)
{
    static const struct {
        const char *field, *what;
    } fields[] = {{"saved_model_schema_version", "SavedModels"},
                  {"meta_graphs", "SavedModels"},
                  {"meta_info_def", "MetaGraphDefs"},
                  {"graph_def", "MetaGraphDefs"}};
    size_t at = 0;
    while (at < size && (data[at] == ' ' || (data[at] >= '\t' && data[at] <= '\r')))
        at++;
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        size_t length = strlen(fields[i].field);
        if (size - at > length && memcmp(data + at, fields[i].field, length) == 0)
            return fields[i].what;
    }
    return NULL;
}

/* NULL, or the kind of model that this build does not read. */
static const char *lacking_kind(cli *c, const char *path)
{
    file_bytes file;
    const char *mend = NULL, *what = NULL;
    stepc_error saved = c->error;
    if (file_read(&c->host, path, &file, &c->error) == STEPC_OK) {
        what = content_is_text(file.data, file.size) ? text_message((const char *)file.data, file.size)
                                                     : foreign_message(file.data, file.size, &mend);
        what = !what                                 ? NULL
               : strcmp(what, "a SavedModel") == 0   ? "SavedModels"
               : strcmp(what, "a MetaGraphDef") == 0 ? "MetaGraphDefs"
               : mend                                ? NULL
                                                     : what;
        file_release(&c->host, &file);
    }
    c->error = saved;
    return what;
}

int cli_load_graph(cli *c, stepc_graph **out)
{
    const char *path = cli_model(c);
    stepc_load_options options = {.size = sizeof options, .host = &c->host};
    struct stat facts;
    *out = NULL;
    if (stat(path, &facts) == 0 && S_ISDIR(facts.st_mode))
        return refuse_folder(c, path);
    bool there = stat(path, &facts) == 0;
    cli_progress(c, "reading %.60s", path);
    stepc_code code = stepc_graph_load(path, &options, out, &c->error);
    cli_progress(c, "%s", "");
    if (code == STEPC_OK)
        return 0;
    const char *lacking = code == STEPC_INVALID_ARGUMENT || code == STEPC_DATA_LOSS ? lacking_kind(c, path) : NULL;
    return lacking ? lacks_saved_model(c, lacking) : cli_fail(c, there ? IN_MODEL : IN_FILES);
}
