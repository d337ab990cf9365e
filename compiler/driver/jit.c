/* SPDX-License-Identifier: Apache-2.0 */
/* Modules on demand. A request becomes C text; the text and all else that the library hangs on are the manifest, which is
 * the key of the table in memory and of the cache on disk. */
#include "compiler/driver/inside.h"

#include "runtime/core/host.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Names that no C library has: a dynamic linker may take the other one. */
#define MODULE_NAME "jit_compiled"
#define STEP_NAME   "jit_compiled_step"

#define DEFAULT_CACHE_BYTES ((int64_t)1 << 30)

typedef enum module_state { MODULE_BUILDING, MODULE_READY, MODULE_FAILED } module_state;

/* One module of the table; threads that ask for it while it is built wait. */
typedef struct jit_module {
    struct jit_module *next;
    text manifest;
    uint64_t hash;
    size_t users; /* at 0 it is removed */
    module_state state;
    loaded_module *loaded;
    struct stepc_error error; /* of MODULE_FAILED */
} jit_module;

typedef struct jit {
    stepc_jit hook; /* what the session sees; context is this */
    stepc_host host;
    arena memory;
    const char *cc, *cflags;
    const isa_profile *isa;
    bool exact, no_fold;
    int64_t timeout_ms;
    build_cache *cache; /* NULL: nothing on disk */
    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t changed;
    jit_module *modules;
    text compiler; /* compiler_describe's; empty until first needed */
    stepc_jit_statistics counts;
} jit;

/* ---- the request as a callable -------------------------------------------------------------------- */

static const char *tensor_name(arena *memory, stepc_output at)
{
    return at.op ? arena_format(memory, "%s:%d", stepc_operation_name(at.op), (int)at.index) : NULL;
}

static const char *shape_text(arena *memory, const stepc_host *host, const stepc_view *value)
{
    text words;
    text_init(&words, host);
    for (int32_t i = 0; i < value->rank; i++)
        text_printf(&words, "%s%lld", i > 0 ? "," : "", (long long)value->dims[i]);
    const char *copy = words.failed ? NULL : arena_text(memory, words.data, words.size);
    text_release(&words);
    return copy;
}

static stepc_code make_spec(const stepc_host *host, arena *memory, const stepc_jit_request *request,
                            stepc_callable_spec *out, stepc_error *error)
{
    stepc_feed_spec *feeds = ARENA_ARRAY(memory, stepc_feed_spec, request->feed_count);
    stepc_fetch_spec *fetches = ARENA_ARRAY(memory, stepc_fetch_spec, request->fetch_count);
    const char **targets = ARENA_ARRAY(memory, const char *, request->target_count);
    bool good = feeds && fetches && targets;
    for (size_t i = 0; good && i < request->feed_count; i++) {
        const stepc_view *value = &request->values[i];
        feeds[i].tensor = tensor_name(memory, request->feeds[i]);
        feeds[i].dtype = (stepc_dtype)value->dtype;
        feeds[i].shape = shape_text(memory, host, value);
        good = feeds[i].tensor && feeds[i].shape;
    }
    for (size_t i = 0; good && i < request->fetch_count; i++)
        good = (fetches[i].tensor = tensor_name(memory, request->fetches[i])) != NULL;
    for (size_t i = 0; good && i < request->target_count; i++)
        targets[i] = stepc_operation_name(request->targets[i]);
    if (!good)
        return error_out_of_memory(error, "compiling a step");
    *out = (stepc_callable_spec){.size = sizeof *out,
                                 .name = STEP_NAME,
                                 .feeds = feeds,
                                 .feed_count = request->feed_count,
                                 .fetches = fetches,
                                 .fetch_count = request->fetch_count,
                                 .targets = targets,
                                 .target_count = request->target_count};
    return STEPC_OK;
}

static stepc_code make_product(jit *j, stepc_graph *graph, const stepc_jit_request *request, stepc_product **out,
                               stepc_error *error)
{
    arena memory;
    stepc_callable_spec spec;
    stepc_compile_options options = {.size = sizeof options,
                                     .module = MODULE_NAME,
                                     .isa = j->isa->name,
                                     .exact = j->exact,
                                     .no_fold = j->no_fold,
                                     .host = &j->host};
    arena_init(&memory, &j->host);
    stepc_code code = make_spec(&j->host, &memory, request, &spec, error);
    if (!code)
        code = stepc_compile(graph, &spec, 1, &options, out, error);
    arena_release(&memory);
    return code;
}

/* ---- the manifest ------------------------------------------------------------------------------------ */

static build_request request_for(const jit *j, const stepc_product *product, const char *path)
{
    return (build_request){.kind = BUILD_SHARED,
                           .cc = j->cc,
                           .cflags = j->cflags,
                           .isa = j->isa,
                           .product = product,
                           .module = MODULE_NAME,
                           .out_path = path,
                           .sealed = true,
                           .timeout_ms = j->timeout_ms};
}

/* Asked once: the compiler is not replaced under a running program. */
static stepc_code add_compiler(jit *j, text *manifest, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    pthread_mutex_lock(&j->mutex);
    if (j->compiler.size == 0)
        code = compiler_describe(&j->host, j->cc, &j->compiler, error);
    if (j->compiler.failed)
        code = error_out_of_memory(error, "compiling a step");
    if (!code)
        text_add(manifest, j->compiler.data, j->compiler.size);
    else
        j->compiler.size = 0;
    j->compiler.failed = false;
    pthread_mutex_unlock(&j->mutex);
    return code;
}

static stepc_code make_manifest(jit *j, const stepc_product *product, text *out, stepc_error *error)
{
    build_request request = request_for(j, product, "");
    text_init(out, &j->host);
    text_printf(out, "stepc %s\nabi %u\nisa %s\n", STEPC_VERSION, STEPC_MODULE_ABI, j->isa->name);
    stepc_code code = add_compiler(j, out, error);
    build_describe_flags(&request, out);
    for (size_t i = 0; i < stepc_product_file_count(product); i++) {
        stepc_file file = stepc_product_file(product, i);
        text_printf(out, "file %zu %s\n", file.bytes, file.name);
        text_add(out, file.data, file.bytes);
    }
    if (!code && out->failed)
        code = error_out_of_memory(error, "compiling a step");
    if (code)
        text_release(out);
    return code;
}

/* ---- building ------------------------------------------------------------------------------------------- */

static void count(jit *j, uint64_t *what)
{
    pthread_mutex_lock(&j->mutex);
    (*what)++;
    pthread_mutex_unlock(&j->mutex);
}

/* From the cache. *OUT NULL with STEPC_OK: it is not there, or does not load. */
static stepc_code load_kept(jit *j, stepc_string manifest, const char *folder, const char *path, loaded_module **out,
                            stepc_error *error)
{
    cached_library library;
    if (j->cache == NULL)
        return STEPC_OK;
    stepc_code code = cache_find(j->cache, manifest, &library, error);
    if (code || library.data == NULL)
        return code;
    /* A copy under a name of its own: nobody can change it after it was checked, and the loader, which knows libraries
     * by name and by file, cannot take it for another. */
    if (folder_write(folder, "module.so", library.data, library.size, NULL) == STEPC_OK &&
        module_load(&j->host, path, MODULE_NAME, out, NULL) == STEPC_OK)
        count(j, &j->counts.from_disk);
    cache_release(j->cache, &library);
    return STEPC_OK;
}

/* A library that cannot be kept is used all the same; a folder that is no longer ours is not written to. */
static stepc_code keep(jit *j, stepc_string manifest, const char *path, stepc_error *error)
{
    file_bytes file;
    struct stepc_error trouble;
    error_init(&trouble);
    if (j->cache == NULL)
        return STEPC_OK;
    stepc_code code = file_read(&j->host, path, &file, &trouble);
    if (!code) {
        code = cache_store(j->cache, manifest, file.data, file.size, &trouble);
        file_release(&j->host, &file);
    }
    if (code == STEPC_PERMISSION_DENIED) {
        error_copy(error, &trouble);
        return code;
    }
    if (code)
        host_report(&j->host, "warning", "cache", stepc_error_message(&trouble));
    return STEPC_OK;
}

static stepc_code build_or_load(jit *j, const stepc_product *product, stepc_string manifest, loaded_module **out,
                                stepc_error *error)
{
    char folder[FOLDER_BYTES], path[FOLDER_BYTES + 16];
    stepc_code code = folder_make(folder, error);
    if (code)
        return code;
    int size = snprintf(path, sizeof path, "%s/module.so", folder);
    code = size > 0 ? load_kept(j, manifest, folder, path, out, error) : STEPC_INTERNAL;
    if (!code && *out == NULL) {
        build_request request = request_for(j, product, path);
        code = build_module(&j->host, &request, error);
        if (!code)
            code = keep(j, manifest, path, error);
        if (!code)
            code = module_load(&j->host, path, MODULE_NAME, out, error);
        if (!code)
            count(j, &j->counts.built);
    }
    folder_remove(folder);
    return code;
}

/* ---- the table: all under the mutex ---------------------------------------------------------------------- */

static void free_module(jit *j, jit_module *m)
{
    module_unload(m->loaded);
    text_release(&m->manifest);
    host_free(&j->host, m, sizeof *m);
}

static void drop_user(jit *j, jit_module *m)
{
    if (--m->users > 0)
        return;
    for (jit_module **at = &j->modules; *at; at = &(*at)->next)
        if (*at == m) {
            *at = m->next;
            break;
        }
    free_module(j, m);
}

static jit_module *find_manifest(const jit *j, const text *manifest, uint64_t hash)
{
    jit_module *m = j->modules;
    while (m && !(m->state != MODULE_FAILED && m->hash == hash && m->manifest.size == manifest->size &&
                  memcmp(m->manifest.data, manifest->data, manifest->size) == 0))
        m = m->next;
    return m;
}

/* Another thread's module: waits until it is built. */
static stepc_code join_module(jit *j, jit_module *m, const stepc_module **out, stepc_error *error)
{
    stepc_code code = STEPC_OK;
    m->users++;
    while (m->state == MODULE_BUILDING)
        pthread_cond_wait(&j->changed, &j->mutex);
    if (m->state == MODULE_READY) {
        *out = module_get(m->loaded);
        j->counts.shared++;
        return STEPC_OK;
    }
    j->counts.failed++;
    code = m->error.code;
    error_copy(error, &m->error);
    drop_user(j, m);
    return code;
}

/* A module of this thread's, BUILDING. Takes MANIFEST over. */
static jit_module *begin_module(jit *j, text *manifest, uint64_t hash)
{
    jit_module *m = host_alloc(&j->host, sizeof *m);
    if (m == NULL)
        return NULL;
    m->manifest = *manifest;
    m->hash = hash;
    m->users = 1;
    m->next = j->modules;
    j->modules = m;
    return m;
}

static stepc_code end_module(jit *j, jit_module *m, stepc_code code, loaded_module *loaded, const stepc_module **out,
                             const stepc_error *error)
{
    pthread_mutex_lock(&j->mutex);
    m->loaded = loaded;
    m->state = code ? MODULE_FAILED : MODULE_READY;
    *out = module_get(loaded);
    if (code) {
        error_copy(&m->error, error);
        j->counts.failed++;
        drop_user(j, m);
    }
    pthread_cond_broadcast(&j->changed);
    pthread_mutex_unlock(&j->mutex);
    return code;
}

static stepc_code module_for(jit *j, const stepc_product *product, const stepc_module **out, stepc_error *error)
{
    text manifest;
    loaded_module *loaded = NULL;
    stepc_code code = make_manifest(j, product, &manifest, error);
    if (code)
        return code;
    stepc_string key = {manifest.data, manifest.size};
    uint64_t hash = text_hash(key);
    pthread_mutex_lock(&j->mutex);
    jit_module *m = find_manifest(j, &manifest, hash);
    if (m) {
        code = join_module(j, m, out, error);
        pthread_mutex_unlock(&j->mutex);
        text_release(&manifest);
        return code;
    }
    m = begin_module(j, &manifest, hash);
    pthread_mutex_unlock(&j->mutex);
    if (m == NULL) {
        text_release(&manifest);
        return error_out_of_memory(error, "compiling a step");
    }
    code = build_or_load(j, product, key, &loaded, error);
    return end_module(j, m, code, loaded, out, error);
}

/* ---- the hook ----------------------------------------------------------------------------------------------- */

static stepc_code check_request(const stepc_graph *graph, const stepc_jit_request *r, stepc_error *error)
{
    bool good = graph && r && r->size >= sizeof *r && (r->feeds || !r->feed_count) && (r->values || !r->feed_count) &&
                (r->fetches || !r->fetch_count) && (r->targets || !r->target_count);
    for (size_t i = 0; good && i < r->feed_count; i++)
        good = r->feeds[i].op && r->values[i].rank >= 0 && (r->values[i].dims || r->values[i].rank == 0);
    for (size_t i = 0; good && i < r->fetch_count; i++)
        good = r->fetches[i].op != NULL;
    for (size_t i = 0; good && i < r->target_count; i++)
        good = r->targets[i] != NULL;
    return good ? STEPC_OK : error_set(error, STEPC_INVALID_ARGUMENT, "the request for a compiled step is not filled in");
}

static stepc_code jit_compile(void *context, stepc_graph *graph, const stepc_jit_request *request,
                              const stepc_module **out_module, const void **out_weights, stepc_error *error)
{
    jit *j = context;
    struct stepc_error scratch;
    stepc_product *product = NULL;
    error = error_or(error, &scratch);
    if (out_module)
        *out_module = NULL;
    if (out_weights)
        *out_weights = NULL; /* in the library */
    if (!j || !out_module)
        return error_set(error, STEPC_INVALID_ARGUMENT, "compiling a step needs a place for the module");
    stepc_code code = check_request(graph, request, error);
    if (code)
        return code;
    code = make_product(j, graph, request, &product, error);
    if (code) {
        count(j, &j->counts.failed);
        return code;
    }
    code = module_for(j, product, out_module, error);
    stepc_product_free(product);
    return code;
}

static void jit_release(void *context, const stepc_module *module)
{
    jit *j = context;
    if (!j || !module)
        return;
    pthread_mutex_lock(&j->mutex);
    jit_module *m = j->modules;
    while (m && module_get(m->loaded) != module)
        m = m->next;
    if (m)
        drop_user(j, m);
    pthread_mutex_unlock(&j->mutex);
}

/* ---- open, close --------------------------------------------------------------------------------------------- */

static const char *copy_text(jit *j, const char *z, bool *good)
{
    const char *copy = z ? arena_text(&j->memory, z, strlen(z)) : NULL;
    if (z && !copy)
        *good = false;
    return copy;
}

static stepc_code set_isa(jit *j, const char *name, stepc_error *error)
{
    j->isa = isa_find(name ? name : "host");
    if (!j->isa) {
        error_set(error, STEPC_INVALID_ARGUMENT, "there is no ISA profile \"%.64s\"", name);
        return error_mend(error, "stepc help isa lists them");
    }
    if (isa_runs_here(j->isa->name))
        return STEPC_OK;
    error_set(error, STEPC_FAILED_PRECONDITION, "this CPU lacks the ISA profile %.40s", j->isa->name);
    return error_mend(error, "use generic or host");
}

static stepc_code set_cache(jit *j, const stepc_jit_options *options, stepc_error *error)
{
    struct stepc_error trouble;
    error_init(&trouble);
    if (!options->cache_folder)
        return STEPC_OK;
    if (options->cache_bytes < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "cache_bytes is negative");
    /* What "native" means is not in the manifest, and a home may be shared by several machines. */
    if ((j->cflags && strstr(j->cflags, "native")) || strstr(j->cc, "native")) {
        host_report(&j->host, "warning", "cache", "flags with \"native\": libraries are not kept");
        return STEPC_OK;
    }
    stepc_code code = cache_open(&j->host, options->cache_folder,
                                 options->cache_bytes ? options->cache_bytes : DEFAULT_CACHE_BYTES, &j->cache, &trouble);
    if (code == STEPC_PERMISSION_DENIED || code == STEPC_INVALID_ARGUMENT) {
        error_copy(error, &trouble);
        return code;
    }
    if (code)
        host_report(&j->host, "warning", "cache", stepc_error_message(&trouble));
    return STEPC_OK;
}

static stepc_code fill(jit *j, const stepc_jit_options *options, stepc_error *error)
{
    bool good = true;
    /* Now, not when it is first needed: what the manifests say must stay true when the environment changes. */
    const char *named = options->cc && *options->cc ? options->cc : getenv("CC");
    j->cc = copy_text(j, named && *named ? named : "cc", &good);
    j->cflags = copy_text(j, options->cflags, &good);
    j->exact = options->exact != 0;
    j->no_fold = options->no_fold != 0;
    j->timeout_ms = options->timeout_ms;
    if (!good)
        return error_out_of_memory(error, "opening a JIT");
    if (options->timeout_ms < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "timeout_ms is negative");
    stepc_code code = set_isa(j, options->isa, error);
    return code ? code : set_cache(j, options, error);
}

stepc_code stepc_jit_open(const stepc_jit_options *options, const stepc_jit **out, stepc_error *error)
{
    stepc_jit_options none = {.size = sizeof none};
    struct stepc_error scratch;
    error = error_or(error, &scratch);
    if (out)
        *out = NULL;
    if (!options)
        options = &none;
    if (!out || options->size < sizeof *options)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "stepc_jit_open needs a place for the result and options with their size set");
    stepc_host host = host_resolve(options->host);
    jit *j = host_alloc(&host, sizeof *j);
    if (!j)
        return error_out_of_memory(error, "opening a JIT");
    j->hook = (stepc_jit){.size = sizeof j->hook, .context = j, .compile = jit_compile, .release = jit_release};
    j->host = host;
    arena_init(&j->memory, &j->host);
    text_init(&j->compiler, &j->host);
    (void)pthread_mutex_init(&j->mutex, NULL);
    (void)pthread_cond_init(&j->changed, NULL);
    stepc_code code = fill(j, options, error);
    if (code)
        stepc_jit_close(&j->hook);
    else
        *out = &j->hook;
    return code;
}

void stepc_jit_close(const stepc_jit *hook)
{
    jit *j = hook ? hook->context : NULL;
    if (!j)
        return;
    while (j->modules) {
        jit_module *m = j->modules;
        j->modules = m->next;
        free_module(j, m);
    }
    cache_close(j->cache);
    pthread_cond_destroy(&j->changed);
    pthread_mutex_destroy(&j->mutex);
    text_release(&j->compiler);
    arena_release(&j->memory);
    stepc_host host = j->host;
    host_free(&host, j, sizeof *j);
}

stepc_code stepc_jit_statistics_get(const stepc_jit *hook, stepc_jit_statistics *out, stepc_error *error)
{
    if (!hook || hook->compile != jit_compile || !out || out->size < sizeof *out)
        return error_set(error, STEPC_INVALID_ARGUMENT, "stepc_jit_statistics_get needs a JIT and a record with its size set");
    jit *j = hook->context;
    uint32_t size = out->size;
    pthread_mutex_lock(&j->mutex);
    *out = j->counts;
    out->loaded = 0;
    for (const jit_module *m = j->modules; m; m = m->next)
        out->loaded += m->state == MODULE_READY;
    pthread_mutex_unlock(&j->mutex);
    out->size = size;
    return STEPC_OK;
}
