/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/cli/engine.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Names that no C library has: a dynamic linker may take the other one. */
#define MODULE_NAME "compiled_step"
#define STEP_NAME   "compiled_step_run"
#define INIT_NAME   "compiled_step_first"

struct engine {
    cli *cli;
    engine_kind kind;
    const char *name;
    engine_request request;
    /* session */
    stepc_session *session;
    const stepc_jit *jit;
    stepc_feed *feeds;
    stepc_fetch *fetches;
    /* compiled */
    const char *cc;
    stepc_product *product;
    loaded_module *loaded;
    const stepc_module *module;
    const stepc_entry *entry;
    size_t *feed_order, *fetch_order; /* of the entry's feeds: ours */
    stepc_env env;
    stepc_fault fault;
    size_t state_bytes, arena_bytes;
    file_bytes weights;
    void *weights_copy;
    void *work, *fetches_struct;
    size_t work_bytes;
    stepc_view *entry_feeds, *entry_fetches;
    stepc_tensor **results;
    /* a program */
    runner *program;
    stepc_dtype *fetch_dtypes;
};

double clock_seconds(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int engine_kind_parse(cli *c, const char *name, engine_kind *out)
{
    static const char *const names[] = {"reference", "interpreted", "compiled", "jit"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(names[i], name) == 0) {
            *out = (engine_kind)i;
            return 0;
        }
    return cli_usage(c, "there is no engine \"%.64s\"; engines are reference, interpreted, compiled, jit", name);
}

const char *engine_name(const engine *e)
{
    return e->name;
}

/* ---- sessions -------------------------------------------------------------------------------- */

static bool is_session(engine_kind kind)
{
    return kind == ENGINE_REFERENCE || kind == ENGINE_INTERPRETED || kind == ENGINE_JIT;
}

/* Where libraries are kept between calls: --cache, else the user's folder for such things; NULL: nowhere. */
static const char *cache_folder(cli *c)
{
    const char *named = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
    if (c->args.cache)
        return strcmp(c->args.cache, "none") == 0 ? NULL : c->args.cache;
    if (named && named[0] == '/') /* a relative one does not count, says its specification */
        return cli_format(c, "%s/stepc", named);
    return home && home[0] == '/' ? cli_format(c, "%s/.cache/stepc", home) : NULL;
}

static int open_jit(engine *e)
{
    cli *c = e->cli;
    int status = cli_compiler(c, &e->cc);
    if (status)
        return status;
    stepc_jit_options options = {.size = sizeof options,
                                 .host = &c->host,
                                 .cache_folder = cache_folder(c),
                                 .cc = e->cc,
                                 .cflags = c->args.cflags,
                                 .isa = c->args.isa,
                                 .exact = c->args.exact,
                                 .no_fold = c->args.no_fold};
    if (c->args.symbolic)
        return cli_usage(c, "--symbolic is for --engine compiled; the jit compiles for the fed shapes");
    return stepc_jit_open(&options, &e->jit, &c->error) == STEPC_OK ? 0 : cli_fail(c, IN_FILES);
}

static stepc_engine engine_of_session(const engine *e)
{
    return e->kind == ENGINE_JIT ? STEPC_ENGINE_JIT
                                 : e->kind == ENGINE_REFERENCE ? STEPC_ENGINE_REFERENCE : STEPC_ENGINE_INTERPRETED;
}

/* Interpreted also where the step is compiled: it runs once, and may hold operators that nothing compiles. */
static int run_init(engine *e)
{
    cli *c = e->cli;
    stepc_run_options options = {.size = sizeof options,
                                 .engine = e->kind == ENGINE_JIT ? STEPC_ENGINE_INTERPRETED : STEPC_ENGINE_DEFAULT};
    const stepc_operation *init = stepc_graph_find(e->request.graph, c->args.init);
    if (!init)
        return cli_refuse(c, STEPC_NOT_FOUND, IN_MODEL, "--init takes an operation, without \":0\"",
                          "there is no operation %.200s to run first", c->args.init);
    if (stepc_session_run(e->session, NULL, 0, NULL, 0, &init, 1, &options, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    return 0;
}

static int open_session(engine *e)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    int status = e->kind == ENGINE_JIT ? open_jit(e) : 0;
    if (status)
        return status;
    stepc_session_options options = {
        .size = sizeof options,
        .engine = engine_of_session(e),
        .seed = c->args.seed > 0 ? (uint64_t)c->args.seed : 0,
        .jit = e->jit,
        .ignore_devices = 1, /* where a graph was trained says nothing about where it is looked at */
    };
    e->feeds = CLI_ARRAY(c, stepc_feed, s->feed_count);
    e->fetches = CLI_ARRAY(c, stepc_fetch, s->fetch_count);
    for (size_t i = 0; i < s->feed_count; i++)
        e->feeds[i].at = s->feeds[i].at;
    for (size_t i = 0; i < s->fetch_count; i++)
        e->fetches[i].at = s->fetches[i].at;
    if (stepc_session_open(e->request.graph, &options, &e->session, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    return c->args.init ? run_init(e) : 0;
}

static stepc_code session_step(engine *e, const stepc_view *feeds, stepc_tensor **out)
{
    const signature *s = e->request.signature;
    for (size_t i = 0; feeds && i < s->feed_count; i++)
        e->feeds[i].value = feeds[i];
    stepc_code code = stepc_session_run(e->session, e->feeds, s->feed_count, e->fetches, s->fetch_count, s->targets,
                                        s->target_count, NULL, &e->cli->error);
    for (size_t i = 0; i < s->fetch_count; i++) {
        if (out)
            out[i] = e->fetches[i].out;
        else
            stepc_tensor_release(e->fetches[i].out);
        e->fetches[i].out = NULL;
    }
    return code;
}

/* ---- compiled modules ------------------------------------------------------------------------ */

static const char *shape_of_view(cli *c, const stepc_view *view)
{
    const char *bracketed = shape_spelled(c, view->dims, view->rank);
    return cli_copy(c, bracketed + 1, strlen(bracketed) - 2);
}

/* The callable with the shapes of the fed values. */
static stepc_callable_spec fixed_shapes(engine *e)
{
    cli *c = e->cli;
    stepc_callable_spec spec = *e->request.spec;
    stepc_feed_spec *feeds = CLI_ARRAY(c, stepc_feed_spec, spec.feed_count);
    for (size_t i = 0; i < spec.feed_count; i++) {
        feeds[i] = spec.feeds[i];
        if (!c->args.symbolic && e->request.feeds)
            feeds[i].shape = shape_of_view(c, &e->request.feeds[i]);
    }
    spec.feeds = feeds;
    spec.name = STEP_NAME;
    return spec;
}

static stepc_compile_options compile_options(const cli *c, const char *isa)
{
    return (stepc_compile_options){.size = sizeof(stepc_compile_options),
                                   .module = MODULE_NAME,
                                   .isa = isa,
                                   .exact = c->args.exact,
                                   .no_fold = c->args.no_fold,
                                   .host = &c->host};
}

/* The same text, built for another machine and run under --runner. */
static int open_program(engine *e)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    const isa_profile *isa = c->args.isa ? isa_find(c->args.isa) : NULL;
    if (c->args.init)
        return cli_refuse(c, STEPC_UNIMPLEMENTED, IN_MODEL, "leave one of them out",
                          "--init does not go with --runner");
    if (c->args.isa && !isa)
        return cli_usage(c, "there is no ISA profile \"%.64s\"; stepc help isa lists them", c->args.isa);
    int status = cli_compiler(c, &e->cc);
    if (!status && !isa)
        status = cli_probe_isa(c, e->cc, &isa);
    if (status)
        return status;
    stepc_callable_spec spec = fixed_shapes(e);
    stepc_compile_options options = compile_options(c, isa->name);
    options.weights = STEPC_WEIGHTS_INLINE;
    if (stepc_compile(e->request.graph, &spec, 1, &options, &e->product, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    e->fetch_dtypes = CLI_ARRAY(c, stepc_dtype, s->fetch_count);
    for (size_t i = 0; i < s->fetch_count; i++)
        e->fetch_dtypes[i] = s->fetches[i].dtype;
    return runner_open(c, e->product, MODULE_NAME, e->cc, isa, &e->program);
}

static int compile_module(engine *e)
{
    cli *c = e->cli;
    int status = cli_compiler(c, &e->cc);
    if (status)
        return status;
    stepc_callable_spec specs[2] = {fixed_shapes(e), {.size = sizeof specs[1], .name = INIT_NAME}};
    specs[1].targets = &c->args.init;
    specs[1].target_count = 1;
    stepc_compile_options options = compile_options(c, c->args.isa ? c->args.isa : "host");
    cli_progress(c, "compiling");
    stepc_code code = module_compile_and_load(e->request.graph, specs, c->args.init ? 2 : 1, &options, e->cc,
                                              c->args.cflags, &e->product, &e->loaded, &c->error);
    cli_progress(c, "%s", "");
    if (code != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    e->module = module_get(e->loaded);
    return 0;
}

static const stepc_entry *entry_named(const stepc_module *module, const char *name)
{
    for (uint32_t i = 0; name && i < module->entry_count; i++)
        if (strcmp(module->entries[i].name, name) == 0)
            return &module->entries[i];
    return NULL;
}

/* Number of the slot for TENSOR; COUNT when there is none. */
static uint32_t slot_of(const stepc_slot *slots, uint32_t count, const char *tensor)
{
    uint32_t i = 0;
    while (i < count && strcmp(slots[i].tensor, tensor) != 0)
        i++;
    return i;
}

static bool entry_fits(const stepc_entry *entry, const signature *s)
{
    bool fits = entry->feed_count == s->feed_count && entry->fetch_count == s->fetch_count;
    for (size_t i = 0; fits && i < s->feed_count; i++)
        fits = slot_of(entry->feeds, entry->feed_count, s->feeds[i].tensor) < entry->feed_count;
    for (size_t i = 0; fits && i < s->fetch_count; i++)
        fits = slot_of(entry->fetches, entry->fetch_count, s->fetches[i].tensor) < entry->fetch_count;
    return fits;
}

static int open_library(engine *e, const char *path)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    if (!file_exists(path)) {
        error_set(&c->error, STEPC_NOT_FOUND, "there is no such file");
        error_at_file(&c->error, path, -1);
        return cli_fail(c, IN_FILES);
    }
    if (module_load(&c->host, path, NULL, &e->loaded, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    e->module = module_get(e->loaded);
    e->entry = entry_named(e->module, e->request.spec->name);
    for (uint32_t i = 0; !e->entry && i < e->module->entry_count; i++)
        if (entry_fits(&e->module->entries[i], s))
            e->entry = &e->module->entries[i];
    if (e->entry && entry_fits(e->entry, s))
        return 0;
    error_set(&c->error, STEPC_INVALID_ARGUMENT, "no callable of the module has these feeds and fetches");
    error_at_file(&c->error, path, -1);
    error_mend(&c->error, "compile it with the same --feed and --fetch");
    return cli_fail(c, IN_MODEL);
}

/* A weights image beside the library: NAME_weights.bin, where the object does not hold it. */
static int load_weights(engine *e, const char *library)
{
    cli *c = e->cli;
    const char *slash = library ? strrchr(library, '/') : NULL;
    size_t folder = slash ? (size_t)(slash - library) + 1 : 0;
    if (!library || e->module->weights_bytes == 0)
        return 0;
    const char *path = cli_format(c, "%.*s%s_weights.bin", (int)folder, library, e->module->name);
    if (!file_exists(path))
        return 0;
    if (file_read(&c->host, path, &e->weights, &c->error) != STEPC_OK)
        return cli_fail(c, IN_FILES);
    e->weights_copy = host_alloc(&c->host, e->weights.size + 64); /* aligned 64, as the step asks */
    if (!e->weights_copy) {
        error_out_of_memory(&c->error, "loading weights");
        return cli_fail(c, IN_FILES);
    }
    memcpy(e->weights_copy, e->weights.data, e->weights.size);
    e->env.weights = e->weights_copy;
    return 0;
}

static int init_failed(engine *e, int32_t status)
{
    error_set(&e->cli->error, (stepc_code)status, "the module's init failed: %s",
              e->fault.message ? e->fault.message : "");
    return cli_fail(e->cli, IN_MODEL);
}

static int init_module(engine *e)
{
    cli *c = e->cli;
    e->env.size = sizeof e->env;
    e->env.fault = &e->fault;
    e->state_bytes = (size_t)e->module->state_bytes;
    if (e->state_bytes) {
        e->env.state = host_alloc(&c->host, e->state_bytes);
        if (!e->env.state) {
            error_out_of_memory(&c->error, "making the state of a compiled step");
            return cli_fail(c, IN_FILES);
        }
    }
    int32_t status = e->module->init ? e->module->init(&e->env) : 0;
    if (status)
        return init_failed(e, status);
    const stepc_entry *init = e->kind == ENGINE_COMPILED && c->args.init ? entry_named(e->module, INIT_NAME) : NULL;
    if (init && module_call_new(&c->host, e->module, init, NULL, 0, NULL, 0, &e->env, &c->error) != STEPC_OK)
        return cli_fail(c, IN_MODEL);
    return 0;
}

static void order_slots(engine *e)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    e->feed_order = CLI_ARRAY(c, size_t, s->feed_count);
    e->fetch_order = CLI_ARRAY(c, size_t, s->fetch_count);
    bool *taken = CLI_ARRAY(c, bool, s->fetch_count);
    for (size_t i = 0; i < s->feed_count; i++)
        for (size_t k = 0; k < s->feed_count; k++)
            if (strcmp(e->entry->feeds[i].tensor, s->feeds[k].tensor) == 0)
                e->feed_order[i] = k;
    for (size_t i = 0; i < s->fetch_count; i++)
        for (size_t k = 0; k < s->fetch_count; k++)
            if (!taken[k] && strcmp(e->entry->fetches[i].tensor, s->fetches[k].tensor) == 0) {
                e->fetch_order[i] = k; /* a tensor may be fetched twice */
                taken[k] = true;
                break;
            }
    e->entry_feeds = CLI_ARRAY(c, stepc_view, s->feed_count);
    e->entry_fetches = CLI_ARRAY(c, stepc_view, s->fetch_count);
    e->results = CLI_ARRAY(c, stepc_tensor *, s->fetch_count);
}

static int open_module(engine *e, const char *library)
{
    int status = e->kind == ENGINE_LIBRARY ? open_library(e, library) : compile_module(e);
    if (status)
        return status;
    if (!e->entry)
        e->entry = entry_named(e->module, STEP_NAME);
    if (!e->entry && e->module->entry_count)
        e->entry = &e->module->entries[0];
    if (!e->entry || !entry_fits(e->entry, e->request.signature))
        return cli_refuse(e->cli, STEPC_INTERNAL, IN_MODEL, NULL, "the compiled module lacks the step");
    if (e->kind == ENGINE_LIBRARY && e->cli->args.init)
        return cli_refuse(e->cli, STEPC_UNIMPLEMENTED, IN_MODEL, "compile the operation as a target of its own",
                          "--init does not reach into a module");
    order_slots(e);
    status = load_weights(e, library);
    return status ? status : init_module(e);
}

static stepc_code module_step(engine *e, const stepc_view *feeds, stepc_tensor **out)
{
    const signature *s = e->request.signature;
    for (size_t i = 0; i < s->feed_count; i++)
        e->entry_feeds[i] = feeds[e->feed_order[i]];
    stepc_code code = module_call_new(&e->cli->host, e->module, e->entry, e->entry_feeds, s->feed_count, e->results,
                                      s->fetch_count, &e->env, &e->cli->error);
    for (size_t i = 0; i < s->fetch_count; i++)
        out[e->fetch_order[i]] = code ? NULL : e->results[i];
    return code;
}

/* ---- timing ---------------------------------------------------------------------------------- */

/* Lays out both structs, so that a repeated call is the entry's call and nothing else. */
static stepc_code prepare_module(engine *e, const stepc_view *feeds)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    uint64_t arena_bytes = 0;
    for (size_t i = 0; i < s->feed_count; i++)
        e->entry_feeds[i] = feeds[e->feed_order[i]];
    e->work_bytes = module_work_bytes(e->entry);
    e->work = arena_aligned(&c->memory, e->work_bytes, 64);
    e->fetches_struct = arena_aligned(&c->memory, (size_t)e->entry->fetches_bytes + 1, 64);
    if (!e->work || !e->fetches_struct)
        return error_out_of_memory(&c->error, "preparing a step");
    stepc_code code = module_bind(e->entry, e->entry_feeds, s->feed_count, e->work, e->work_bytes, e->entry_fetches,
                                  s->fetch_count, &arena_bytes, &c->error);
    for (size_t i = 0; !code && i < s->fetch_count; i++) {
        void *data = arena_aligned(&c->memory, e->entry_fetches[i].bytes + 64, 64);
        if (!data)
            return error_out_of_memory(&c->error, "preparing a step");
        memcpy((char *)e->fetches_struct + e->entry->fetches[i].offset, &data, sizeof data);
    }
    if (code)
        return code;
    e->env.arena = arena_aligned(&c->memory, (size_t)arena_bytes + 64, 64);
    e->env.arena_bytes = e->arena_bytes = (size_t)arena_bytes;
    return e->env.arena ? STEPC_OK : error_out_of_memory(&c->error, "preparing a step");
}

stepc_code engine_prepare(engine *e, const stepc_view *feeds)
{
    const signature *s = e->request.signature;
    if (e->kind == ENGINE_COMPILED || e->kind == ENGINE_LIBRARY)
        return prepare_module(e, feeds);
    for (size_t i = 0; i < s->feed_count; i++)
        e->feeds[i].value = feeds[i];
    return STEPC_OK;
}

stepc_code engine_repeat(engine *e, int64_t count)
{
    if (e->kind != ENGINE_COMPILED && e->kind != ENGINE_LIBRARY) {
        stepc_code code = STEPC_OK;
        for (int64_t i = 0; !code && i < count; i++)
            code = session_step(e, NULL, NULL);
        return code;
    }
    int32_t status = 0;
    for (int64_t i = 0; !status && i < count; i++)
        status = e->entry->call(e->work, e->fetches_struct, &e->env);
    if (!status)
        return STEPC_OK;
    error_set(&e->cli->error, (stepc_code)status, "%s",
              e->fault.message ? e->fault.message : "the compiled step failed");
    error_at_node(&e->cli->error, e->fault.operation, NULL, NULL);
    return (stepc_code)status;
}

/* Bytes of the constants that the step reads. */
static stepc_code constant_bytes(engine *e, int64_t *out)
{
    cli *c = e->cli;
    const signature *s = e->request.signature;
    stepc_output *feeds = CLI_ARRAY(c, stepc_output, s->feed_count);
    stepc_output *fetches = CLI_ARRAY(c, stepc_output, s->fetch_count);
    step_operations operations;
    for (size_t i = 0; i < s->feed_count; i++)
        feeds[i] = s->feeds[i].at;
    for (size_t i = 0; i < s->fetch_count; i++)
        fetches[i] = s->fetches[i].at;
    step_prune_input input = {feeds, s->feed_count, fetches, s->fetch_count, s->targets, s->target_count};
    stepc_code code = step_prune(e->request.graph, &input, &c->memory, &operations, &c->error);
    for (size_t i = 0; !code && i < operations.count; i++) {
        const attr_value *value = operation_attr(operations.items[i], "value");
        stepc_tensor *tensor = NULL;
        if (!text_equal(operations.items[i]->type, TEXT_LITERAL("Const")) || !value || value->kind != ATTR_TENSOR)
            continue;
        code = tensor_proto_decode(&c->host, value->as.tensor, &tensor, &c->error);
        *out += tensor ? (int64_t)stepc_tensor_bytes(tensor) : 0;
        stepc_tensor_release(tensor);
    }
    return code;
}

/* The library is gone from its private folder: the same text once more as an object. */
static stepc_code object_bytes(engine *e, int64_t *out)
{
    cli *c = e->cli;
    int64_t constants;
    file_bytes file;
    char *folder = scratch_make(c);
    if (!folder)
        return STEPC_UNAVAILABLE;
    const char *path = cli_format(c, "%s/step.o", folder);
    build_request build = {.kind = BUILD_OBJECT,
                           .cc = e->cc,
                           .cflags = c->args.cflags,
                           .isa = isa_find(c->args.isa ? c->args.isa : "host"),
                           .product = e->product,
                           .module = MODULE_NAME,
                           .out_path = path};
    stepc_code code = build_module(&c->host, &build, &c->error);
    if (!code)
        code = file_read(&c->host, path, &file, &c->error);
    if (!code) {
        (void)elf_sizes(file.data, file.size, out, &constants);
        file_release(&c->host, &file);
    }
    scratch_remove(folder);
    return code;
}

stepc_code engine_measure(engine *e, engine_figures *out)
{
    *out = (engine_figures){0, 0, 0};
    if (is_session(e->kind))
        return constant_bytes(e, &out->weights_bytes);
    out->weights_bytes = (int64_t)e->module->weights_bytes;
    out->arena_bytes = (int64_t)e->arena_bytes;
    return e->kind == ENGINE_COMPILED ? object_bytes(e, &out->text_bytes) : STEPC_OK;
}

/* ---- all ------------------------------------------------------------------------------------- */

int engine_open(cli *c, engine_kind kind, const char *library, const engine_request *what, engine **out)
{
    static const char *const names[] = {"reference", "interpreted", "compiled", "jit", "module", "program"};
    engine *e = CLI_ARRAY(c, engine, 1);
    e->cli = c;
    e->kind = kind;
    e->name = names[kind];
    e->request = *what;
    int status = is_session(kind) ? open_session(e) : kind == ENGINE_PROGRAM ? open_program(e) : open_module(e, library);
    if (status) {
        engine_close(e);
        e = NULL;
    }
    *out = e;
    return status;
}

void engine_close(engine *e)
{
    if (!e)
        return;
    stepc_session_free(e->session);
    stepc_jit_close(e->jit);
    runner_close(e->program);
    module_unload(e->loaded);
    stepc_product_free(e->product);
    if (e->env.state)
        host_free(&e->cli->host, e->env.state, e->state_bytes);
    if (e->weights_copy) {
        host_free(&e->cli->host, e->weights_copy, e->weights.size + 64);
        file_release(&e->cli->host, &e->weights);
    }
}

stepc_code engine_step(engine *e, const stepc_view *feeds, stepc_tensor **out)
{
    for (size_t i = 0; i < e->request.signature->fetch_count; i++)
        out[i] = NULL;
    if (e->program)
        return runner_step(e->program, feeds, e->request.signature->feed_count, e->fetch_dtypes, out,
                           e->request.signature->fetch_count);
    return e->session ? session_step(e, feeds, out) : module_step(e, feeds, out);
}
