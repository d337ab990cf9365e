/* SPDX-License-Identifier: Apache-2.0 */
/* One case of one folder. */
#include "tests/conformance/conformance.h"
#include "tests/conformance/json.h"

#include "runtime/core/npy.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 1024

typedef struct test_case {
    const settings *options;
    const char *folder, *name;
    char path[PATH_BYTES];    /* of the folder */
    char cases[PATH_BYTES];   /* of the case */
    char missing[600];        /* operators without implementation */
    json *signature, *own;    /* signature.json, case.json (may be NULL) */
    bool malformed;
    const char *stage;
    stepc_host host;
    stepc_graph *graph;
    stepc_session *session;
    const stepc_jit *jit; /* of the session; NULL: none */
    stepc_error *error;
    outcome *o;
} test_case;

const char *const verdict_names[VERDICTS] = {"pass", "partial", "folded", "fail", "unsupported", "error"};

verdict conclude(outcome *o, verdict result, const char *format, ...)
{
    va_list arguments;
    o->verdict = result;
    va_start(arguments, format);
    vsnprintf(o->detail, sizeof o->detail, format, arguments);
    va_end(arguments);
    return result;
}

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- errors --------------------------------------------------------------------------------- */

static void collect_missing(void *context, const char *kind, const char *subject, const char *text)
{
    test_case *c = context;
    (void)text;
    if (strcmp(kind, "missing-operator") != 0)
        return;
    size_t used = strlen(c->missing);
    snprintf(c->missing + used, sizeof c->missing - used, "%s%s", used > 0 ? " " : "", subject);
}

/* A refusal that a user can act on: what the command line ends with exit status 3 to 5. */
static bool is_clean(stepc_code code)
{
    return code != STEPC_OK && code != STEPC_INTERNAL && code != STEPC_UNKNOWN && code != STEPC_CANCELLED;
}

/* Concludes the case after a failed call at STAGE ("parse", "import", "run"). */
static void failed(test_case *c, const char *stage)
{
    char line[900];
    stepc_code code = stepc_error_code(c->error);
    stepc_error_format(c->error, line, sizeof line);
    if (c->malformed && !is_clean(code))
        conclude(c->o, FAIL, "an error, but no clean one: %s", line);
    else if (c->malformed && strcmp(stage, "run") == 0 && strcmp(c->stage, "run") != 0)
        conclude(c->o, FAIL, "found only at run, not at %s: %s", c->stage, line);
    else if (c->malformed)
        conclude(c->o, PASS, "%s", line);
    else if (c->missing[0] != '\0')
        conclude(c->o, UNSUPPORTED, "%s", c->missing);
    else if (code == STEPC_UNIMPLEMENTED)
        conclude(c->o, UNSUPPORTED, "%s", line);
    else
        conclude(c->o, ERROR, "%s", line);
}

/* ---- values --------------------------------------------------------------------------------- */

/* STEM.npy or STEM.strings.json; NULL when neither is there or it does not read. */
static stepc_tensor *read_value(test_case *c, const char *stem)
{
    char path[2 * PATH_BYTES];
    stepc_tensor *value = NULL;
    snprintf(path, sizeof path, "%s.npy", stem);
    if (access(path, F_OK) != 0)
        snprintf(path, sizeof path, "%s.strings.json", stem);
    return npy_read(&c->host, path, &value, c->error) == STEPC_OK ? value : NULL;
}

static void make_folders(char *path)
{
    for (char *at = path + 1; *at != '\0'; at++)
        if (*at == '/') {
            *at = '\0';
            mkdir(path, 0777);
            *at = '/';
        }
    mkdir(path, 0777);
}

static bool write_value(test_case *c, const char *prefix, size_t number, const stepc_view *value)
{
    char path[PATH_BYTES + 64];
    snprintf(path, sizeof path, "%s/%s/%s", c->options->outputs, c->folder, c->name);
    make_folders(path);
    size_t used = strlen(path);
    snprintf(path + used, sizeof path - used, "/%sfetch_%zu.%s", prefix, number,
             value->dtype == STEPC_STRING ? "strings.json" : "npy");
    unlink(path);
    return npy_write(&c->host, path, value, c->error) == STEPC_OK;
}

/* ---- steps ---------------------------------------------------------------------------------- */

static void free_step(case_step *s)
{
    for (size_t i = 0; s->feed_tensors != NULL && i < s->feed_count; i++)
        stepc_tensor_release(s->feed_tensors[i]);
    for (size_t i = 0; s->fetches != NULL && i < s->fetch_count; i++)
        stepc_tensor_release(s->fetches[i].out);
    free(s->feeds);
    free(s->feed_tensors);
    free(s->feed_names);
    for (size_t i = 0; s->owned_names != NULL && i < s->fetch_count; i++)
        free(s->owned_names[i]);
    free(s->fetches);
    free(s->fetch_names);
    free(s->owned_names);
    free(s->targets);
    free(s->target_names);
    memset(s, 0, sizeof *s);
}

/* A .npy file has no quantised types: quint8 is stored as uint8. */
static void adopt_dtype(stepc_feed *feed)
{
    stepc_dtype wanted = stepc_operation_output_dtype(feed->at.op, feed->at.index);
    if ((int)wanted > STEPC_DTYPE_REF)
        wanted = (stepc_dtype)((int)wanted - STEPC_DTYPE_REF);
    if ((int)wanted >= STEPC_QINT8 && (int)wanted <= STEPC_QUINT16 &&
        strcmp(numpy_descr(feed->value.dtype), numpy_descr((int32_t)wanted)) == 0)
        feed->value.dtype = (int32_t)wanted;
}

static bool read_feeds(test_case *c, const json *feeds, const char *prefix, case_step *s)
{
    for (size_t i = 0; i < s->feed_count; i++) {
        char stem[PATH_BYTES + 64];
        s->feed_names[i] = json_text(json_at(feeds, i), "tensor");
        if (s->feed_names[i] == NULL) {
            conclude(c->o, ERROR, "feed %zu has no tensor", i);
            return false;
        }
        if (stepc_graph_find_output(c->graph, s->feed_names[i], &s->feeds[i].at, c->error) != STEPC_OK) {
            failed(c, "run");
            return false;
        }
        snprintf(stem, sizeof stem, "%s/%sfeed_%zu", c->cases, prefix, i);
        s->feed_tensors[i] = read_value(c, stem);
        if (s->feed_tensors[i] == NULL) {
            conclude(c->o, ERROR, "%s does not read: %s", stem, stepc_error_message(c->error));
            return false;
        }
        s->feeds[i].value = stepc_tensor_view(s->feed_tensors[i]);
        adopt_dtype(&s->feeds[i]);
    }
    return true;
}

/* "name:0" of a node that stands for a function's result: such nodes have no outputs, what
 * they return is their input. */
static bool resolve_result(test_case *c, case_step *s, size_t i)
{
    char name[PATH_BYTES];
    snprintf(name, sizeof name, "%s", s->fetch_names[i]);
    char *colon = strrchr(name, ':');
    if (colon != NULL)
        *colon = '\0';
    const stepc_operation *op = stepc_graph_find(c->graph, name);
    if (op == NULL || strcmp(stepc_operation_type(op), "_Retval") != 0)
        return false;
    s->fetches[i].at = stepc_operation_input(op, 0);
    const char *source = stepc_operation_name(s->fetches[i].at.op);
    size_t size = strlen(source) + 16;
    s->owned_names[i] = need(malloc(size));
    snprintf(s->owned_names[i], size, "%s:%d", source, (int)s->fetches[i].at.index);
    s->fetch_names[i] = s->owned_names[i];
    return true;
}

static bool resolve_names(test_case *c, const json *fetches, const json *targets, case_step *s)
{
    for (size_t i = 0; i < s->fetch_count; i++) {
        s->fetch_names[i] = json_text(json_at(fetches, i), "tensor");
        if (s->fetch_names[i] == NULL) {
            conclude(c->o, ERROR, "fetch %zu has no tensor", i);
            return false;
        }
        if (!resolve_result(c, s, i) &&
            stepc_graph_find_output(c->graph, s->fetch_names[i], &s->fetches[i].at, c->error) != STEPC_OK) {
            failed(c, "run");
            return false;
        }
    }
    for (size_t i = 0; i < s->target_count; i++) {
        const json *target = json_at(targets, i);
        s->target_names[i] = target->text;
        s->targets[i] = target->kind == JSON_STRING ? stepc_graph_find(c->graph, target->text) : NULL;
        if (s->targets[i] == NULL) {
            conclude(c->o, ERROR, "target %zu is not in the graph", i);
            return false;
        }
    }
    return true;
}

static bool prepare_step(test_case *c, const json *spec, const char *prefix, case_step *s)
{
    const json *feeds = json_get(spec, "feeds"), *fetches = json_get(spec, "fetches");
    const json *targets = json_get(spec, "targets");

    feeds = feeds != NULL ? feeds : json_get(c->signature, "feeds");
    fetches = fetches != NULL ? fetches : json_get(c->signature, "fetches");
    s->feed_count = json_count(feeds);
    s->fetch_count = json_count(fetches);
    s->target_count = json_count(targets);
    s->feeds = need(calloc(s->feed_count + 1, sizeof *s->feeds));
    s->feed_tensors = need(calloc(s->feed_count + 1, sizeof *s->feed_tensors));
    s->feed_names = need(calloc(s->feed_count + 1, sizeof *s->feed_names));
    s->fetches = need(calloc(s->fetch_count + 1, sizeof *s->fetches));
    s->fetch_names = need(calloc(s->fetch_count + 1, sizeof *s->fetch_names));
    s->owned_names = need(calloc(s->fetch_count + 1, sizeof *s->owned_names));
    s->targets = need(calloc(s->target_count + 1, sizeof *s->targets));
    s->target_names = need(calloc(s->target_count + 1, sizeof *s->target_names));
    return read_feeds(c, feeds, prefix, s) && resolve_names(c, fetches, targets, s);
}

/* ---- operators ------------------------------------------------------------------------------ */

static bool follow_unfed(void *context, const stepc_operation *op, int32_t index)
{
    const case_step *s = context;
    stepc_output at = stepc_operation_input(op, index);
    for (size_t i = 0; i < s->feed_count; i++)
        if (s->feeds[i].at.op == at.op && s->feeds[i].at.index == at.index)
            return false;
    return true;
}

static bool has_word(const char *words, const char *word)
{
    size_t size = strlen(word);
    for (const char *at = strstr(words, word); at != NULL; at = strstr(at + 1, word))
        if ((at == words || at[-1] == ' ') && (at[size] == ' ' || at[size] == '\0'))
            return true;
    return false;
}

static void note_operators(test_case *c, case_step *s)
{
    operation_set set = {0};
    for (size_t i = 0; i < s->fetch_count; i++)
        set_add(&set, s->fetches[i].at.op);
    for (size_t i = 0; i < s->target_count; i++)
        set_add(&set, s->targets[i]);
    walk_inputs(&set, follow_unfed, s);
    for (size_t i = 0; i < set.count; i++) {
        const char *type = stepc_operation_type(set.items[i]);
        size_t used = strlen(c->o->operators);
        if (!has_word(c->o->operators, type) && used + strlen(type) + 2 < sizeof c->o->operators)
            snprintf(c->o->operators + used, sizeof c->o->operators - used, "%s%s", used > 0 ? " " : "", type);
    }
    set_free(&set);
}

/* ---- running -------------------------------------------------------------------------------- */

static bool run_step(test_case *c, case_step *s, char *note, size_t note_size)
{
    stepc_code code;
    note_operators(c, s);
    if (strcmp(c->options->engine, "compiled") == 0)
        code = compiled_case(c->options, c->graph, &c->host, s, c->o, note, note_size, c->error);
    else if (c->jit != NULL)
        code = jit_case(c->session, c->graph, &c->host, s, c->o, note, note_size, c->error);
    else
        code = stepc_session_run(c->session, s->feeds, s->feed_count, s->fetches, s->fetch_count, s->targets,
                                 s->target_count, NULL, c->error);
    if (code == STEPC_OK)
        return true;
    if (c->o->verdict == PASS || c->malformed)
        failed(c, "run");
    return false;
}

/* Writes what came out and holds it to what is expected. */
static bool judge_step(test_case *c, const char *prefix, const case_step *s)
{
    for (size_t i = 0; i < s->fetch_count; i++) {
        char stem[PATH_BYTES + 64], detail[700];
        stepc_view got = stepc_tensor_view(s->fetches[i].out);
        if (c->options->outputs != NULL && !write_value(c, prefix, i, &got)) {
            conclude(c->o, ERROR, "cannot write fetch %zu: %s", i, stepc_error_message(c->error));
            return false;
        }
        snprintf(stem, sizeof stem, "%s/%sfetch_%zu", c->cases, prefix, i);
        stepc_tensor *want = read_value(c, stem);
        if (want == NULL) {
            conclude(c->o, ERROR, "%s does not read: %s", stem, stepc_error_message(c->error));
            return false;
        }
        stepc_view expected = stepc_tensor_view(want);
        bool good = judge(&got, &expected, detail, sizeof detail);
        stepc_tensor_release(want);
        if (!good) {
            conclude(c->o, FAIL, "%s: %s", s->fetch_names[i], detail);
            return false;
        }
    }
    return true;
}

static bool run_and_judge(test_case *c, const json *spec, const char *prefix, char *note, size_t note_size)
{
    case_step s = {.init = json_text(c->signature, "init_op")};
    bool good = prepare_step(c, spec, prefix, &s) && run_step(c, &s, note, note_size);
    if (good && c->malformed) {
        conclude(c->o, FAIL, "the step ran, but should have failed at %s", c->stage);
        good = false;
    }
    good = good && judge_step(c, prefix, &s);
    free_step(&s);
    return good;
}

static bool run_init(test_case *c)
{
    const char *name = json_text(c->signature, "init_op");
    if (name == NULL)
        return true;
    const stepc_operation *init = stepc_graph_find(c->graph, name);
    if (init == NULL) {
        conclude(c->o, ERROR, "init_op %s is not in the graph", name);
        return false;
    }
    if (stepc_session_run(c->session, NULL, 0, NULL, 0, &init, 1, NULL, c->error) == STEPC_OK)
        return true;
    failed(c, "run");
    return false;
}

static bool open_session(test_case *c)
{
    stepc_session_options session = {.size = sizeof session, .host = &c->host, .seed = 1, .ignore_devices = 1};
    session.engine = strcmp(c->options->engine, "reference") == 0 ? STEPC_ENGINE_REFERENCE : STEPC_ENGINE_INTERPRETED;
    if (strcmp(c->options->engine, "jit") == 0 && jit_open(c->options, &c->host, &c->jit, c->error) != STEPC_OK) {
        failed(c, "run");
        return false;
    }
    session.jit = c->jit;
    if (stepc_session_open(c->graph, &session, &c->session, c->error) == STEPC_OK)
        return true;
    failed(c, "run");
    return false;
}

static void run_steps(test_case *c)
{
    const json *steps = json_get(c->own, "steps");
    char note[200] = "", prefix[32];
    bool good = true;

    c->o->verdict = PASS;
    if (steps == NULL) {
        good = run_and_judge(c, c->own != NULL ? c->own : c->signature, "", note, sizeof note);
    } else if (strcmp(c->options->engine, "compiled") == 0) {
        conclude(c->o, UNSUPPORTED, "stateful sequences are not compiled");
        return;
    }
    for (size_t k = 0; good && steps != NULL && k < json_count(steps); k++) {
        snprintf(prefix, sizeof prefix, "step%zu_", k);
        good = run_and_judge(c, json_at(steps, k), prefix, note, sizeof note);
    }
    if (good)
        conclude(c->o, c->o->verdict, "%s", note);
}

/* ---- folders -------------------------------------------------------------------------------- */

static bool ends_in(const char *text, const char *end)
{
    size_t size = strlen(text), tail = strlen(end);
    return size >= tail && strcmp(text + size - tail, end) == 0;
}

/* What this product cannot load yet, or NULL. */
static const char *unsupported_format(const test_case *c)
{
    const char *model = json_text(c->signature, "model");
    if (model == NULL || strcmp(model, "saved_model") == 0)
        return "SavedModel";
    if (ends_in(model, ".meta"))
        return "MetaGraphDef with checkpoint";
    if (json_get(c->signature, "checkpoint") != NULL)
        return "checkpoint";
    return json_get(c->signature, "assets") != NULL ? "assets" : NULL;
}

static bool read_specs(test_case *c)
{
    char path[PATH_BYTES + 64], why[PATH_BYTES + 128];
    snprintf(path, sizeof path, "%s/signature.json", c->path);
    c->signature = json_read(path, why, sizeof why);
    if (c->signature == NULL) {
        conclude(c->o, ERROR, "%s", why);
        return false;
    }
    snprintf(path, sizeof path, "%s/case.json", c->cases);
    if (access(path, F_OK) == 0 && (c->own = json_read(path, why, sizeof why)) == NULL) {
        conclude(c->o, ERROR, "%s", why);
        return false;
    }
    const char *expect = json_text(c->signature, "expect");
    c->malformed = expect != NULL && strcmp(expect, "error") == 0;
    c->stage = json_text(c->signature, "stage");
    c->stage = c->stage != NULL ? c->stage : "run";
    return true;
}

static void run_model(test_case *c)
{
    char path[PATH_BYTES + 64];
    const char *unsupported = unsupported_format(c);
    if (unsupported != NULL) {
        conclude(c->o, UNSUPPORTED, "%s", unsupported);
        return;
    }
    stepc_load_options load = {.size = sizeof load, .host = &c->host};
    snprintf(path, sizeof path, "%s/%s", c->path, json_text(c->signature, "model"));
    if (stepc_graph_load(path, &load, &c->graph, c->error) != STEPC_OK) {
        failed(c, "import");
        return;
    }
    if (open_session(c) && run_init(c))
        run_steps(c);
}

void run_case(const settings *options, const char *folder, const char *name, outcome *o)
{
    test_case c = {.options = options, .folder = folder, .name = name, .o = o};

    snprintf(c.path, sizeof c.path, "%s/%s", options->corpus, folder);
    if ((size_t)snprintf(c.cases, sizeof c.cases, "%s/%s/cases/%s", options->corpus, folder, name) >= sizeof c.cases) {
        conclude(o, ERROR, "the path is too long");
        return;
    }
    c.error = need(stepc_error_new());
    stepc_host_init(&c.host);
    c.host.report = collect_missing;
    c.host.report_context = &c;
    if (read_specs(&c))
        run_model(&c);
    stepc_session_free(c.session);
    jit_close(c.jit);
    stepc_graph_release(c.graph);
    stepc_error_free(c.error);
    json_free(c.signature);
    json_free(c.own);
}
