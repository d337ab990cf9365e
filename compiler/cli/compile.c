/* SPDX-License-Identifier: Apache-2.0 */
/* stepc compile: C text, object, archive or shared library. */
#include "compiler/cli/cli.h"

#include "compiler/emit/emit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

typedef enum emit_kind { EMIT_C, EMIT_OBJECT, EMIT_ARCHIVE, EMIT_SHARED } emit_kind;
static const char *const emit_names[] = {"c", "obj", "archive", "shared"};
static const char *const emit_suffixes[] = {".c", ".o", ".a", ".so"};

typedef struct compile {
    cli *c;
    stepc_graph *graph;
    request request;
    stepc_callable_spec *specs;
    size_t spec_count;
    emit_kind emit;
    bool to_folder, to_stdout, made_folder, dump_only;
    const char *folder; /* with its slash; "" for the current one */
    const char *path;   /* of the file that -o names; in a folder the C file or library */
    const char *module;
    const char *cc;
    const isa_profile *isa;
    stepc_weights weights;
    stepc_product *product;
    char *scratch;
    file_bytes built; /* the object, archive or library */
    const char **written;
    size_t written_count;
    int64_t rom_bytes; /* -1: not measured */
} compile;

/* ---- where it goes --------------------------------------------------------------------------- */

static int choose_emit(compile *r)
{
    cli *c = r->c;
    const char *out = c->args.out;
    if (c->args.emit) {
        for (int i = 0; i < 4; i++)
            if (strcmp(c->args.emit, emit_names[i]) == 0) {
                r->emit = (emit_kind)i;
                return 0;
            }
        return cli_usage(c, "--emit takes c, obj, archive or shared, not \"%.64s\"", c->args.emit);
    }
    if (r->to_folder || r->to_stdout || r->dump_only)
        return 0;
    for (int i = 0; i < 4; i++)
        if (text_ends_in(out, emit_suffixes[i])) {
            r->emit = (emit_kind)i;
            return 0;
        }
    return cli_usage(
        c, "the suffix of %.200s says nothing; use .c, .o, .a or .so, end a folder with '/', or give --emit", out);
}

/* The base of PATH's last component without its suffix. */
static const char *stem_of(cli *c, const char *path)
{
    size_t size = strlen(path);
    while (size > 1 && path[size - 1] == '/')
        size--;
    size_t start = size;
    while (start > 0 && path[start - 1] != '/')
        start--;
    size_t end = size;
    for (size_t i = size; i-- > start + 1;)
        if (path[i] == '.') {
            end = i;
            break;
        }
    return cli_copy(c, path + start, end - start);
}

static int check_identifier(cli *c, const char *option, const char *value, bool may_be_empty)
{
    const char *made = *value ? signature_identifier(&c->memory, value) : may_be_empty ? value : NULL;
    if (made && strcmp(made, value) == 0)
        return 0;
    return cli_usage(c, "%s takes a C identifier that is no keyword, not \"%.64s\"", option, value);
}

static bool is_taken(cli *c, const char *name)
{
    const char *whole = name ? cli_format(c, "%s%s", c->args.prefix ? c->args.prefix : "", name) : NULL;
    return whole && emit_name_is_taken(whole);
}

/* A made-up name gets out of the way of taken ones: exit_1 for exit, xk2_1 for k2. */
static const char *free_name(cli *c, const char *stem)
{
    const char *name = signature_identifier(&c->memory, stem);
    name = is_taken(c, name) ? cli_format(c, "%s_1", name) : name;
    return is_taken(c, name) ? cli_format(c, "x%s", name) : name;
}

/* Module and default callable: --module, else the first --name, else the file's own name. */
static int choose_module(compile *r)
{
    cli *c = r->c;
    int status = c->args.module ? check_identifier(c, "--module", c->args.module, false) : 0;
    if (!status && c->args.prefix)
        status = check_identifier(c, "--prefix", cli_format(c, "%sx", c->args.prefix), false);
    if (status)
        return status;
    bool file = !r->to_folder && !r->to_stdout && !r->dump_only;
    const char *first = r->request.callables[0].spec.name;
    const char *stem = free_name(c, stem_of(c, file ? c->args.out : cli_model(c)));
    r->module = c->args.module ? c->args.module : file ? stem : first ? first : stem;
    if (!r->module)
        return cli_refuse(c, STEPC_RESOURCE_EXHAUSTED, IN_FILES, NULL, "out of memory");
    for (size_t i = 0; i < r->request.count; i++)
        if (!r->request.callables[i].spec.name)
            r->request.callables[i].spec.name = r->module;
    return 0;
}

static void choose_paths(compile *r)
{
    cli *c = r->c;
    const char *out = c->args.out;
    if (r->to_folder) {
        r->folder = text_ends_in(out, "/") || strcmp(out, "/") == 0 ? out : cli_format(c, "%s/", out);
        r->path = cli_format(c, "%s%s%s", r->folder, r->module, emit_suffixes[r->emit]);
    } else if (!r->to_stdout && !r->dump_only) {
        const char *slash = strrchr(out, '/');
        r->folder = slash ? cli_copy(c, out, (size_t)(slash - out) + 1) : "";
        r->path = out;
    }
}

static bool is_stage(const char *name)
{
    static const char *const stages[] = {"prune", "supported", "infer", "lower", "fuse", "schedule", "plan"};
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        if (strcmp(stages[i], name) == 0)
            return true;
    return false;
}

static int check_options(compile *r)
{
    cli *c = r->c;
    const char *out = c->args.out;
    r->dump_only = !out && c->args.dump_after;
    if (!out && !r->dump_only)
        return cli_usage(c, "stepc compile lacks -o PATH");
    if (out && !*out)
        return cli_usage(c, "the path of -o is empty");
    if (c->args.dump_after && !is_stage(c->args.dump_after))
        return cli_usage(c, "there is no pass \"%.64s\"; passes are: prune, supported, infer, lower, fuse, schedule, plan",
                         c->args.dump_after);
    r->to_stdout = out && strcmp(out, "-") == 0;
    r->to_folder = out && !r->to_stdout && (out[strlen(out) - 1] == '/' || folder_exists(out));
    int status = choose_emit(r);
    if (status)
        return status;
    if (r->to_stdout && (r->emit != EMIT_C || c->args.json || c->args.depfile))
        return cli_usage(c, "-o - writes C to stdout; it goes with no other --emit, no --json and no --depfile");
    if (c->args.single_file && r->emit != EMIT_C)
        return cli_usage(c, "--single-file is for C text");
    if (c->args.optimize && strcmp(c->args.optimize, "speed") != 0 && strcmp(c->args.optimize, "size") != 0)
        return cli_usage(c, "--optimize takes speed or size, not \"%.64s\"", c->args.optimize);
    if (c->args.variables && strcmp(c->args.variables, "state") != 0 && strcmp(c->args.variables, "const") != 0)
        return cli_usage(c, "--variables takes const or state, not \"%.64s\"", c->args.variables);
    if (c->args.variables && strcmp(c->args.variables, "const") == 0)
        return cli_refuse(c, STEPC_UNIMPLEMENTED, IN_MODEL, "use --variables state",
                          "this build does not freeze variables");
    return 0;
}

static int choose_weights(compile *r)
{
    cli *c = r->c;
    static const char *const names[] = {"inline", "object", "file"};
    bool single = c->args.single_file || r->to_stdout;
    r->weights = single ? STEPC_WEIGHTS_INLINE : STEPC_WEIGHTS_AUTO;
    if (!c->args.weights)
        return 0;
    for (int i = 0; i < 3; i++)
        if (strcmp(c->args.weights, names[i]) == 0) {
            r->weights = (stepc_weights)(STEPC_WEIGHTS_INLINE + i);
            return single && i > 0
                       ? cli_usage(c, "weights are inline in a single file; --weights %s contradicts it", names[i])
                       : 0;
        }
    return cli_usage(c, "--weights takes inline, object or file, not \"%.64s\"", c->args.weights);
}

/* ---- the target machine ---------------------------------------------------------------------- */

static int choose_isa(compile *r)
{
    cli *c = r->c;
    int status = r->emit != EMIT_C || c->args.max_rom >= 0 ? cli_compiler(c, &r->cc) : 0;
    if (status)
        return status;
    if (!c->args.isa && r->emit != EMIT_C)
        return cli_probe_isa(c, r->cc, &r->isa);
    r->isa = isa_find(c->args.isa ? c->args.isa : "generic");
    if (!r->isa) {
        error_set(&c->error, STEPC_INVALID_ARGUMENT, "there is no ISA profile \"%.64s\"", c->args.isa);
        return cli_usage(c, "there is no ISA profile \"%.64s\"; stepc help isa lists them", c->args.isa);
    }
    if (c->args.isa && strcmp(c->args.isa, "host") == 0)
        cli_note(c, "--isa host is %s", r->isa->name);
    return 0;
}

/* ---- batches --------------------------------------------------------------------------------- */

/* The shape of a feed with its open first dimension set to BATCH. NULL: the first dimension is not open. */
static const char *batch_shape(compile *r, const signature_slot *slot, const char *batch)
{
    cli *c = r->c;
    if (slot->rank < 1 || slot->dims[0].size >= 0)
        return NULL;
    const char *made = strcmp(batch, "?") == 0 ? "batch" : batch;
    for (int32_t d = 1; d < slot->rank; d++) {
        const signature_dim *dim = &slot->dims[d];
        if (dim->size >= 0)
            made = cli_format(c, "%s,%lld", made, (long long)dim->size);
        else if (dim->max >= 0)
            made = cli_format(c, "%s,%s<=%lld", made, dim->symbol, (long long)dim->max);
        else
            made = cli_format(c, "%s,%s", made, dim->symbol);
    }
    return made;
}

static int add_batch(compile *r, const stepc_callable_spec *from, const signature *s, const char *batch)
{
    cli *c = r->c;
    int64_t size;
    bool open = strcmp(batch, "?") == 0, any = false;
    if (!open && (!parse_i64(batch, strlen(batch), &size) || size < 1))
        return cli_usage(c, "--batch takes sizes from 1 and '?', not \"%.64s\"", batch);
    stepc_callable_spec *spec = &r->specs[r->spec_count++];
    stepc_feed_spec *feeds = CLI_ARRAY(c, stepc_feed_spec, from->feed_count);
    *spec = *from;
    spec->name = cli_format(c, "%s_b%s", from->name, open ? "n" : batch);
    spec->feeds = feeds;
    for (size_t i = 0; i < from->feed_count; i++) {
        const char *shape = batch_shape(r, &s->feeds[i], batch);
        feeds[i] = from->feeds[i];
        feeds[i].shape = shape ? shape : feeds[i].shape;
        any = any || shape;
    }
    return any ? 0
               : cli_refuse(c, STEPC_INVALID_ARGUMENT, IN_MODEL, "narrow it, e.g. --feed x:0=float32[?,3]",
                            "no feed of %s has an open first dimension for --batch", from->name);
}

/* Code needs the rank of every feed; only its dimensions may stay open. */
static int check_ranks(compile *r, const signature *s)
{
    cli *c = r->c;
    for (size_t i = 0; i < s->feed_count; i++) {
        const signature_slot *slot = &s->feeds[i];
        if (slot->rank >= 0)
            continue;
        error_set(&c->error, STEPC_INVALID_ARGUMENT, "the graph leaves the rank of feed %s open", slot->tensor);
        error_at_node(&c->error, slot->at.op->name.data, slot->at.op->type.data, NULL);
        error_mend(&c->error, "narrow it, e.g. --feed %s=%s[?,4]", slot->tensor, dtype_spelled(slot->dtype));
        return cli_fail(c, IN_MODEL);
    }
    return 0;
}

static int make_specs(compile *r)
{
    cli *c = r->c;
    text_list batches = c->args.batch ? text_split(c, c->args.batch, ',') : (text_list){NULL, 0};
    r->specs = CLI_ARRAY(c, stepc_callable_spec, r->request.count * (batches.count + 1));
    for (size_t i = 0; i < r->request.count; i++) {
        const stepc_callable_spec *spec = &r->request.callables[i].spec;
        signature resolved;
        if (signature_resolve(r->graph, &c->memory, spec, &resolved, &c->error) != STEPC_OK)
            return cli_fail(c, IN_MODEL);
        int status = check_ranks(r, &resolved);
        if (status)
            return status;
        if (!batches.count)
            r->specs[r->spec_count++] = *spec;
        for (size_t k = 0; k < batches.count; k++) {
            status = add_batch(r, spec, &resolved, batches.items[k]);
            if (status)
                return status;
        }
    }
    return 0;
}

/* ---- compiling ------------------------------------------------------------------------------- */

static int compile_product(compile *r)
{
    cli *c = r->c;
    stepc_compile_options options = {.size = sizeof options,
                                     .module = r->module,
                                     .isa = r->isa->name,
                                     .weights = r->weights,
                                     .exact = c->args.exact,
                                     .no_fold = c->args.no_fold,
                                     .optimize_size = c->args.optimize && strcmp(c->args.optimize, "size") == 0,
                                     .prefix = c->args.prefix,
                                     .dump_after = c->args.dump_after,
                                     .host = &c->host};
    cli_progress(c, "compiling");
    stepc_code code = stepc_compile(r->graph, r->specs, r->spec_count, &options, &r->product, &c->error);
    cli_progress(c, "%s", "");
    /* What a pass left is worth seeing most when a later one fails. */
    if (c->dumps.size && !c->args.json) {
        text *to = &c->out;
        if (r->to_stdout) {
            (void)fwrite(c->dumps.data, 1, c->dumps.size, stderr);
            to = NULL;
        }
        if (to)
            text_add(to, c->dumps.data, c->dumps.size);
    }
    return code ? cli_fail(c, IN_MODEL) : 0;
}

static bool needs_build(const compile *r)
{
    return r->emit != EMIT_C || r->c->args.max_rom >= 0;
}

/* Builds in a private folder: the caller's folder sees only finished files. */
static int build(compile *r)
{
    cli *c = r->c;
    int64_t code_bytes = 0, constants = 0;
    if (!needs_build(r) || r->dump_only)
        return 0;
    static const build_kind kinds[] = {BUILD_OBJECT, BUILD_OBJECT, BUILD_ARCHIVE, BUILD_SHARED};
    r->scratch = scratch_make(c);
    if (!r->scratch)
        return cli_fail(c, IN_FILES);
    const char *path =
        cli_format(c, "%s/%s%s", r->scratch, r->module, r->emit == EMIT_C ? ".o" : emit_suffixes[r->emit]);
    build_request what = {.kind = kinds[r->emit],
                          .cc = r->cc,
                          .cflags = c->args.optimize && strcmp(c->args.optimize, "size") == 0
                                        ? cli_format(c, "-Os %s", c->args.cflags ? c->args.cflags : "")
                                        : c->args.cflags,
                          .isa = r->isa,
                          .product = r->product,
                          .module = r->module,
                          .out_path = path};
    cli_progress(c, "calling the C compiler");
    stepc_code code = build_module(&c->host, &what, &c->error);
    cli_progress(c, "%s", "");
    if (!code)
        code = file_read(&c->host, path, &r->built, &c->error);
    if (code) {
        /* flags of the user's that the compiler refuses are no bug of ours */
        if (code == STEPC_INTERNAL && (c->args.cflags || c->args.cc)) {
            c->error.code = STEPC_INVALID_ARGUMENT;
            error_mend(&c->error, "check --cc and --cflags");
        }
        return cli_fail(c, IN_FILES);
    }
    if (elf_sizes(r->built.data, r->built.size, &code_bytes, &constants))
        r->rom_bytes = code_bytes + constants;
    return 0;
}

/* ---- budgets --------------------------------------------------------------------------------- */

/* The largest "#define ..._STACK_BYTES N" of the header; -1 when it states none. */
static int64_t stack_bytes(const compile *r)
{
    static const char word[] = "_STACK_BYTES ";
    stepc_file header = stepc_product_file(r->product, 0);
    const char *end = header.data + header.bytes;
    int64_t most = -1;
    for (const char *p = header.data; p && p + sizeof word < end; p++) {
        if (memcmp(p, word, sizeof word - 1) != 0)
            continue;
        const char *digits = p + sizeof word - 1;
        size_t size = 0;
        int64_t value;
        while (digits + size < end && digits[size] >= '0' && digits[size] <= '9')
            size++;
        if (size && parse_i64(digits, size, &value) && value > most)
            most = value;
    }
    return most;
}

static int over_budget(compile *r, const char *option, const char *what, int64_t has, int64_t most)
{
    cli *c = r->c;
    if (has < 0)
        return cli_refuse(c, STEPC_FAILED_PRECONDITION, IN_MODEL, "bound the open dimensions, e.g. n<=64",
                          "%s has no bound for %s", what, option);
    return cli_refuse(c, STEPC_FAILED_PRECONDITION, IN_MODEL,
                      "--optimize size, smaller bounds or another model may fit",
                      "%s takes %lld bytes, more than %s %lld", what, (long long)has, option, (long long)most);
}

static int check_budgets(compile *r)
{
    cli *c = r->c;
    int64_t ram = 0, state = 0, weights = 0, stack = stack_bytes(r);
    for (size_t i = 0; i < stepc_product_callable_count(r->product); i++) {
        const stepc_callable_figures *f = stepc_product_figures(r->product, i);
        ram = ram < 0 || f->arena_bytes < 0 ? -1 : f->arena_bytes > ram ? f->arena_bytes : ram;
        state = f->state_bytes;
        weights = f->weights_bytes;
    }
    if (ram >= 0)
        ram += state;
    /* weights in a file of their own are not in the object */
    int64_t rom = r->rom_bytes < 0 ? weights : r->rom_bytes > weights ? r->rom_bytes : r->rom_bytes + weights;
    if (c->args.max_rom >= 0 && rom > c->args.max_rom)
        return over_budget(r, "--max-rom", "the module", rom, c->args.max_rom);
    if (c->args.max_ram >= 0 && (ram < 0 || ram > c->args.max_ram))
        return over_budget(r, "--max-ram", "the module", ram, c->args.max_ram);
    if (c->args.max_stack >= 0 && (stack < 0 || stack > c->args.max_stack))
        return over_budget(r, "--max-stack", "the deepest call", stack, c->args.max_stack);
    return 0;
}

/* ---- writing --------------------------------------------------------------------------------- */

/* Where the bytes of WORD begin within FILE; NULL when they do not. */
static const char *find_bytes(stepc_file file, const char *word)
{
    size_t size = strlen(word);
    for (size_t i = 0; i + size <= file.bytes; i++)
        if (memcmp(file.data + i, word, size) == 0)
            return file.data + i;
    return NULL;
}

/* The C text with the header in place of its #include. */
static int join_header(compile *r, text *out)
{
    cli *c = r->c;
    stepc_file header = stepc_product_file(r->product, 0), code = stepc_product_file(r->product, 1);
    const char *include = cli_format(c, "#include \"%s\"", header.name);
    const char *at = find_bytes(code, include);
    if (!at)
        return cli_refuse(c, STEPC_INTERNAL, IN_MODEL, NULL, "the C text does not include %.64s", header.name);
    text_add(out, code.data, (size_t)(at - code.data));
    text_add(out, header.data, header.bytes);
    at += strlen(include);
    text_add(out, at, code.bytes - (size_t)(at - code.data));
    return out->failed
               ? cli_refuse(c, STEPC_RESOURCE_EXHAUSTED, IN_FILES, NULL, "out of memory while joining the files")
               : 0;
}

static void note_written(compile *r, const char *path)
{
    r->written[r->written_count++] = path;
}

/* Make's way: spaces, '#' and ':' get a backslash, '$' is doubled. A newline cannot be said. */
static void make_escaped(text *out, const char *path, bool target)
{
    for (; *path; path++) {
        if (*path == ' ' || *path == '\t' || *path == '#' || *path == '\\' ||
            (target && (*path == '%' || *path == ':')))
            text_puts(out, "\\");
        if (*path == '$')
            text_puts(out, "$");
        text_add(out, path, 1);
    }
}

static int add_depfile(compile *r, output_set *set)
{
    cli *c = r->c;
    text content;
    if (!c->args.depfile)
        return 0;
    const char *inputs[] = {cli_model(c), c->args.config};
    for (int i = 0; i < 2; i++)
        if (inputs[i] && strchr(inputs[i], '\n'))
            return cli_refuse(c, STEPC_INVALID_ARGUMENT, IN_MODEL, "rename the file",
                              "a path with a newline cannot stand in a depfile");
    if (strchr(r->path, '\n'))
        return cli_refuse(c, STEPC_INVALID_ARGUMENT, IN_MODEL, "choose another -o",
                          "a path with a newline cannot stand in a depfile");
    text_init(&content, &c->host);
    make_escaped(&content, r->path, true);
    text_puts(&content, ":");
    for (int i = 0; i < 2; i++)
        if (inputs[i]) {
            text_puts(&content, " ");
            make_escaped(&content, inputs[i], false);
        }
    text_puts(&content, "\n");
    const char *path = cli_format(c, "%s.d", r->path);
    stepc_code code = content.failed ? error_out_of_memory(&c->error, "writing a depfile")
                                     : output_add(set, path, content.data, content.size, &c->error);
    text_release(&content);
    note_written(r, path);
    return code ? cli_fail(c, IN_FILES) : 0;
}

/* The object's weights are in it unless they are a file of their own. */
static bool goes_along(const compile *r, size_t index, const char *name)
{
    if (index == 0)
        return true;
    if (r->emit == EMIT_C)
        return true;
    return index >= 2 && text_ends_in(name, ".bin") && r->weights == STEPC_WEIGHTS_FILE;
}

static int add_text(compile *r, output_set *set)
{
    cli *c = r->c;
    text joined;
    text_init(&joined, &c->host);
    int status = join_header(r, &joined);
    if (!status && output_add(set, r->path, joined.data, joined.size, &c->error) != STEPC_OK)
        status = cli_fail(c, IN_FILES);
    text_release(&joined);
    note_written(r, r->path);
    return status;
}

/* The header first: it appears last, so that whoever waits for it finds all the rest. */
static int add_files(compile *r, output_set *set)
{
    cli *c = r->c;
    if (c->args.single_file)
        return add_text(r, set);
    for (size_t i = 0; i < stepc_product_file_count(r->product); i++) {
        stepc_file file = stepc_product_file(r->product, i);
        if (!goes_along(r, i, file.name))
            continue;
        const char *path = i == 1 ? r->path : cli_format(c, "%s%s", r->folder, file.name);
        if (output_add(set, path, file.data, file.bytes, &c->error) != STEPC_OK)
            return cli_fail(c, IN_FILES);
        note_written(r, path);
    }
    if (r->emit == EMIT_C)
        return 0;
    if (output_add(set, r->path, r->built.data, r->built.size, &c->error) != STEPC_OK)
        return cli_fail(c, IN_FILES);
    note_written(r, r->path);
    return 0;
}

static int make_folder(compile *r)
{
    cli *c = r->c;
    if (!r->to_folder || folder_exists(r->folder))
        return 0;
    int code = c->host.io.make_folder(c->host.io.context, r->folder);
    if (code == STEPC_OK) {
        r->made_folder = true;
        return 0;
    }
    error_set(&c->error, (stepc_code)code, "the folder cannot be made");
    error_at_file(&c->error, r->folder, -1);
    return cli_fail(c, IN_FILES);
}

static int write_files(compile *r)
{
    cli *c = r->c;
    output_set *set;
    int status = make_folder(r);
    if (status)
        return status;
    if (output_begin(&c->host, &set, &c->error) != STEPC_OK)
        return cli_fail(c, IN_FILES);
    r->written = CLI_ARRAY(c, const char *, 8);
    status = add_files(r, set);
    if (!status)
        status = add_depfile(r, set);
    if (status) {
        output_abandon(set);
        return status;
    }
    return output_commit(set, &c->error) == STEPC_OK ? 0 : cli_fail(c, IN_FILES);
}

/* ---- figures --------------------------------------------------------------------------------- */

static void json_figures(json *j, const stepc_callable_figures *f)
{
    json_open(j, NULL, '{');
    json_text(j, "name", f->name);
    json_i64(j, "operations", f->operations);
    json_i64(j, "nests", f->nests);
    json_i64(j, "groups", f->groups);
    json_i64(j, "chunks", f->chunks);
    json_i64(j, "calls", f->calls);
    json_i64(j, "bytes_moved", f->bytes_moved);
    json_i64(j, "bytes_inputs_outputs", f->bytes_inputs_outputs);
    json_i64(j, "local_bytes", f->local_bytes);
    json_i64(j, "arena_bytes", f->arena_bytes);
    json_i64(j, "largest_live_set_bytes", f->live_bytes);
    json_i64(j, "weights_bytes", f->weights_bytes);
    json_i64(j, "state_bytes", f->state_bytes);
    json_i64(j, "flops", f->flops);
    json_close(j, '}');
}

static void print_json(compile *r)
{
    cli *c = r->c;
    json j;
    cli_json_begin(c, &j);
    json_text(&j, "model", cli_model(c));
    json_text(&j, "module", r->module);
    json_text(&j, "emit", emit_names[r->emit]);
    json_text(&j, "isa", r->isa->name);
    json_text(&j, "assumed", r->request.assumed);
    json_open(&j, "files", '[');
    for (size_t i = 0; i < r->written_count; i++)
        json_text(&j, NULL, r->written[i]);
    json_close(&j, ']');
    json_i64(&j, "stack_bytes", stack_bytes(r));
    if (r->rom_bytes >= 0)
        json_i64(&j, "rom_bytes", r->rom_bytes);
    if (c->args.dump_after)
        json_bytes(&j, "dump", c->dumps.data, c->dumps.size);
    json_open(&j, "callables", '[');
    for (size_t i = 0; i < stepc_product_callable_count(r->product); i++)
        json_figures(&j, stepc_product_figures(r->product, i));
    json_close(&j, ']');
    cli_json_end(c, &j);
}

static void explain_figures(compile *r)
{
    for (size_t i = 0; i < stepc_product_callable_count(r->product); i++) {
        const stepc_callable_figures *f = stepc_product_figures(r->product, i);
        cli_explain(
            r->c,
            "%s: %lld operations, %lld nests, %lld groups, %lld chunks, %lld calls; moves %lld bytes, arena %lld, "
            "largest live set %lld, weights %lld, state %lld",
            f->name, (long long)f->operations, (long long)f->nests, (long long)f->groups, (long long)f->chunks,
            (long long)f->calls, (long long)f->bytes_moved, (long long)f->arena_bytes, (long long)f->live_bytes,
            (long long)f->weights_bytes, (long long)f->state_bytes);
    }
}

/* ---- all ------------------------------------------------------------------------------------- */

static int prepare(compile *r)
{
    cli *c = r->c;
    int status = check_options(r);
    if (!status)
        status = choose_weights(r);
    if (!status)
        status = cli_load_graph(c, &r->graph);
    if (!status)
        status = request_build(c, r->graph, 0, &r->request);
    if (!status)
        status = choose_module(r);
    if (!status)
        status = choose_isa(r);
    if (!status)
        status = make_specs(r);
    return status;
}

static int deliver(compile *r)
{
    cli *c = r->c;
    int status = build(r);
    if (!status)
        status = check_budgets(r);
    if (status)
        return status;
    if (r->to_stdout)
        status = join_header(r, &c->out);
    else if (!r->dump_only)
        status = write_files(r);
    if (status)
        return status;
    if (c->args.json)
        print_json(r);
    explain_figures(r);
    return 0;
}

int command_compile(cli *c)
{
    compile r = {.c = c, .folder = "", .rom_bytes = -1};
    int status = prepare(&r);
    if (!status) {
        choose_paths(&r);
        status = compile_product(&r);
    }
    if (!status)
        status = deliver(&r);
    if (status && r.made_folder)
        (void)rmdir(r.folder);
    scratch_remove(r.scratch);
    if (r.built.data)
        file_release(&c->host, &r.built);
    stepc_product_free(r.product);
    stepc_graph_release(r.graph);
    return status;
}
