/* SPDX-License-Identifier: Apache-2.0 */
/* The compiled engine: compile the step to C, build a library from it, load and call it. The jit: a session does that.
 *
 * Consts that a fetch reaches by data are fed with their own values, so that the code must
 * compute; what decides a shape (the axes of a reduction, the shape of a Reshape) stays a
 * constant. Nothing is folded. A library is built once per C text: the cache's names are
 * hashes of the text and of the compiler's command. */
#include "tests/conformance/conformance.h"

#ifndef STEPC_HAS_COMPILER

stepc_code compiled_case(const settings *options, stepc_graph *graph, const stepc_host *host, case_step *step,
                         outcome *o, char *note, size_t note_size, stepc_error *error)
{
    (void)options, (void)graph, (void)host, (void)step, (void)note, (void)note_size, (void)error;
    conclude(o, UNSUPPORTED, "this build has no compiler");
    return STEPC_UNIMPLEMENTED;
}

stepc_code jit_open(const settings *options, const stepc_host *host, const stepc_jit **out, stepc_error *error)
{
    (void)options, (void)host, (void)error;
    *out = NULL;
    return STEPC_UNIMPLEMENTED;
}

stepc_code jit_case(stepc_session *session, stepc_graph *graph, const stepc_host *host, case_step *step, outcome *o,
                    char *note, size_t note_size, stepc_error *error)
{
    (void)session, (void)graph, (void)host, (void)step, (void)note, (void)note_size, (void)error;
    conclude(o, UNSUPPORTED, "this build has no compiler");
    return STEPC_UNIMPLEMENTED;
}

void jit_close(const stepc_jit *jit)
{
    (void)jit;
}

#else

#include "stepc/compiler.h"
#include "tests/guard/guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define MODULE_NAME "conformance"
#define SHAPE_BYTES 256

static void *need(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- which constants are fed ------------------------------------------------------------------ */

/* Inputs whose value decides a shape or an axis: operator, input (-1: the last one). */
static const struct {
    const char *type;
    int32_t input;
} shape_operands[] = {
    {"Reshape", 1},      {"Tile", 1},         {"Transpose", 1},     {"Fill", 0},         {"Sum", 1},
    {"Mean", 1},         {"Prod", 1},         {"Max", 1},           {"Min", 1},          {"Any", 1},
    {"EuclideanNorm", 1}, {"Bincount", 1},    {"UnsortedSegmentMax", 2},                  {"UnsortedSegmentMin", 2},
    {"UnsortedSegmentProd", 2},               {"InTopKV2", 2},
    {"All", 1},          {"ArgMax", 1},       {"ArgMin", 1},        {"ExpandDims", 1},   {"ConcatV2", -1},
    {"Concat", 0},       {"ConcatOffset", 0}, {"Slice", 1},         {"Slice", 2},        {"StridedSlice", 1},
    {"StridedSlice", 2}, {"StridedSlice", 3}, {"Pad", 1},           {"PadV2", 1},        {"MirrorPad", 1},
    {"Split", 0},        {"SplitV", 1},       {"SplitV", 2},        {"Range", 0},        {"Range", 1},
    {"Range", 2},        {"LinSpace", 2},     {"BroadcastTo", 1},   {"BroadcastArgs", 0}, {"BroadcastArgs", 1},
    {"OneHot", 1},       {"Cumsum", 1},       {"Cumprod", 1},       {"ReverseV2", 1},    {"GatherV2", 2},
    {"Conv2DBackpropInput", 0},               {"Conv2DBackpropFilter", 1},
    {"ResizeBilinear", 1},                    {"ResizeNearestNeighbor", 1},
    {"SpaceToBatchND", 1},                    {"SpaceToBatchND", 2},
    {"BatchToSpaceND", 1},                    {"BatchToSpaceND", 2},
    {"RandomUniform", 0},                     {"RandomStandardNormal", 0},
    {"TruncatedNormal", 0},                   {"RandomUniformInt", 0},
    {"BroadcastGradientArgs", 0},             {"BroadcastGradientArgs", 1},
    {"TopKV2", 1},                            {"UnsortedSegmentSum", 2},
    {"InvertPermutation", 0},                 {"ScatterNd", 2},
    {"SparseToDense", 1},                     {"MatrixBandPart", 1},
    {"MatrixBandPart", 2},
    {"Roll", 1},         {"Roll", 2},         {"Reverse", 1},       {"SpaceToBatch", 1}, {"BatchToSpace", 1},
    {"StridedSliceGrad", 0},                  {"StridedSliceGrad", 1},
    {"StridedSliceGrad", 2},                  {"StridedSliceGrad", 3},
    {"Empty", 0},
    {"SegmentSum", 1},   {"SegmentMean", 1},  {"SegmentProd", 1},   {"SegmentMax", 1},   {"SegmentMin", 1},
};

static bool is_shape_operand(const stepc_operation *op, int32_t index)
{
    const char *type = stepc_operation_type(op);
    if (strstr(type, "DynamicStitch") != NULL && index < stepc_operation_input_count(op) / 2)
        return true; /* the greatest index says how long the output is */
    for (size_t i = 0; i < sizeof shape_operands / sizeof *shape_operands; i++) {
        int32_t input = shape_operands[i].input;
        if (input < 0)
            input += stepc_operation_input_count(op);
        if (input == index && strcmp(shape_operands[i].type, type) == 0)
            return true;
    }
    return false;
}

/* Operators whose result hangs on the shape of their input, not on its value. */
static bool hides_value(const stepc_operation *op)
{
    const char *type = stepc_operation_type(op);
    return strcmp(type, "Shape") == 0 || strcmp(type, "ShapeN") == 0 || strcmp(type, "Rank") == 0 ||
           strcmp(type, "Size") == 0;
}

static bool is_fed(const case_step *step, stepc_output at)
{
    for (size_t i = 0; i < step->feed_count; i++)
        if (step->feeds[i].at.op == at.op && step->feeds[i].at.index == at.index)
            return true;
    return false;
}

static bool follow_data(void *context, const stepc_operation *op, int32_t index)
{
    return !is_fed(context, stepc_operation_input(op, index)) && !is_shape_operand(op, index);
}

static bool follow_any(void *context, const stepc_operation *op, int32_t index)
{
    return !is_fed(context, stepc_operation_input(op, index)) && !hides_value(op);
}

/* The Consts that reach a fetch by data and no shape operand, in order of the walk. */
static void find_constants(const case_step *step, operation_set *constants)
{
    operation_set data = {0}, all = {0}, shapes = {0};
    case_step seen = *step;
    for (size_t i = 0; i < step->fetch_count; i++)
        if (!is_fed(step, step->fetches[i].at)) {
            set_add(&data, step->fetches[i].at.op);
            set_add(&all, step->fetches[i].at.op);
        }
    for (size_t i = 0; i < step->target_count; i++)
        set_add(&all, step->targets[i]);
    walk_inputs(&data, follow_data, &seen);
    walk_inputs(&all, follow_any, &seen);
    for (size_t i = 0; i < all.count; i++)
        for (int32_t j = 0; j < stepc_operation_input_count(all.items[i]); j++)
            if (is_shape_operand(all.items[i], j) && !is_fed(step, stepc_operation_input(all.items[i], j)))
                set_add(&shapes, stepc_operation_input(all.items[i], j).op);
    walk_inputs(&shapes, follow_any, &seen);
    for (size_t i = 0; i < data.count; i++)
        if (strcmp(stepc_operation_type(data.items[i]), "Const") == 0 && !set_has(&shapes, data.items[i]))
            set_add(constants, data.items[i]);
    set_free(&data);
    set_free(&all);
    set_free(&shapes);
}

/* ---- the signature ------------------------------------------------------------------------------ */

/* All that the compiler and the call are given. */
typedef struct compiled_step {
    size_t feed_count;
    stepc_feed_spec *feeds;
    stepc_view *values;
    char (*shapes)[SHAPE_BYTES];
    char **names; /* of fed constants, owned */
    size_t name_count;
    stepc_fetch *constants; /* their values */
    size_t constant_count;
    stepc_fetch_spec *fetches;
    stepc_tensor **results;
} compiled_step;

static void shape_words(const stepc_view *view, char *text)
{
    size_t used = 0;
    text[0] = '\0';
    for (int32_t i = 0; i < view->rank && used < SHAPE_BYTES; i++)
        used += (size_t)snprintf(text + used, SHAPE_BYTES - used, "%s%lld", i > 0 ? "," : "", (long long)view->dims[i]);
}

static void add_feed(compiled_step *c, const char *tensor, const stepc_view *value)
{
    size_t i = c->feed_count++;
    shape_words(value, c->shapes[i]);
    c->values[i] = *value;
    c->feeds[i] = (stepc_feed_spec){NULL, tensor, (stepc_dtype)value->dtype, c->shapes[i]};
}

/* The values of the constants, as a session tells them. */
static stepc_code read_constants(stepc_graph *graph, const stepc_host *host, const operation_set *set, compiled_step *c,
                                 stepc_error *error)
{
    stepc_session *session;
    stepc_session_options options = {.size = sizeof options, .host = host, .engine = STEPC_ENGINE_REFERENCE, .seed = 1, .ignore_devices = 1};
    c->constants = need(calloc(set->count + 1, sizeof *c->constants));
    c->constant_count = set->count;
    if (set->count == 0)
        return STEPC_OK;
    for (size_t i = 0; i < set->count; i++)
        c->constants[i].at = (stepc_output){set->items[i], 0};
    stepc_code code = stepc_session_open(graph, &options, &session, error);
    if (code != STEPC_OK)
        return code;
    code = stepc_session_run(session, NULL, 0, c->constants, c->constant_count, NULL, 0, NULL, error);
    stepc_session_free(session);
    return code;
}

static stepc_code make_signature(stepc_graph *graph, const stepc_host *host, const case_step *step, compiled_step *c,
                                 stepc_error *error)
{
    operation_set set = {0};
    find_constants(step, &set);
    size_t most = step->feed_count + set.count + 1;
    c->feeds = need(calloc(most, sizeof *c->feeds));
    c->values = need(calloc(most, sizeof *c->values));
    c->shapes = need(calloc(most, sizeof *c->shapes));
    c->names = need(calloc(most, sizeof *c->names));
    c->fetches = need(calloc(step->fetch_count + 1, sizeof *c->fetches));
    c->results = need(calloc(step->fetch_count + 1, sizeof *c->results));
    for (size_t i = 0; i < step->feed_count; i++)
        add_feed(c, step->feed_names[i], &step->feeds[i].value);
    stepc_code code = read_constants(graph, host, &set, c, error);
    for (size_t i = 0; code == STEPC_OK && i < set.count; i++) {
        const char *name = stepc_operation_name(set.items[i]);
        size_t size = strlen(name) + 3;
        char *tensor = need(malloc(size));
        snprintf(tensor, size, "%s:0", name);
        c->names[c->name_count++] = tensor;
        stepc_view value = stepc_tensor_view(c->constants[i].out);
        add_feed(c, tensor, &value);
    }
    for (size_t i = 0; i < step->fetch_count; i++)
        c->fetches[i] = (stepc_fetch_spec){NULL, step->fetch_names[i]};
    set_free(&set);
    return code;
}

static void free_signature(compiled_step *c, size_t fetch_count)
{
    for (size_t i = 0; i < c->constant_count; i++)
        stepc_tensor_release(c->constants[i].out);
    for (size_t i = 0; i < c->name_count; i++)
        free(c->names[i]);
    for (size_t i = 0; c->results != NULL && i < fetch_count; i++)
        stepc_tensor_release(c->results[i]);
    free(c->feeds);
    free(c->values);
    free(c->shapes);
    free(c->names);
    free(c->constants);
    free(c->fetches);
    free(c->results);
}

/* ---- the library -------------------------------------------------------------------------------- */

static uint64_t hash_bytes(uint64_t hash, const void *data, size_t size)
{
    const unsigned char *at = data;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

static const char compiler_flags[] = "-std=c11 -O2 -shared -fPIC -ffp-contract=off";

static uint64_t hash_product(const stepc_product *product, const char *cc)
{
    uint64_t hash = hash_bytes(0xcbf29ce484222325u, cc, strlen(cc));
    hash = hash_bytes(hash, compiler_flags, sizeof compiler_flags);
    for (size_t i = 0; i < stepc_product_file_count(product); i++) {
        stepc_file file = stepc_product_file(product, i);
        hash = hash_bytes(hash, file.name, strlen(file.name) + 1);
        hash = hash_bytes(hash, file.data, file.bytes);
    }
    return hash;
}

static bool write_file(const char *path, const void *data, size_t bytes)
{
    FILE *file = fopen(path, "wb");
    if (file == NULL)
        return false;
    bool good = bytes == 0 || fwrite(data, 1, bytes, file) == bytes;
    return fclose(file) == 0 && good;
}

static bool write_product(const stepc_product *product, const char *folder)
{
    for (size_t i = 0; i < stepc_product_file_count(product); i++) {
        char path[1400];
        stepc_file file = stepc_product_file(product, i);
        snprintf(path, sizeof path, "%s/%s", folder, file.name);
        if (!write_file(path, file.data, file.bytes))
            return false;
    }
    return true;
}

/* Runs the C compiler in FOLDER; its messages go to cc.log there. False when it fails. */
static bool call_compiler(const char *cc, const char *folder, const char *source, const char *include)
{
    char command[4096];
    snprintf(command, sizeof command, "cd '%s' && %s %s -I'%s' -o library.so '%s' -lm >cc.log 2>&1", folder, cc,
             compiler_flags, include, source);
    int status = system(command);
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Path of the library of PRODUCT, built now unless the cache has it. False: the detail is in O. */
static bool build_library(const settings *options, const stepc_product *product, char *path, size_t size, outcome *o)
{
    char folder[1100];
    const char *cache = options->cache != NULL ? options->cache : "/tmp/stepc-conformance-cache";
    mkdir(cache, 0777);
    snprintf(path, size, "%s/%016llx.so", cache, (unsigned long long)hash_product(product, options->cc));
    if (access(path, R_OK) == 0)
        return true;
    snprintf(folder, sizeof folder, "%s/build-XXXXXX", cache);
    if (mkdtemp(folder) == NULL || !write_product(product, folder)) {
        conclude(o, ERROR, "cannot write to %s: %s", cache, strerror(errno));
        return false;
    }
    if (!call_compiler(options->cc, folder, stepc_product_file(product, 1).name, STEPC_INCLUDE)) {
        conclude(o, ERROR, "the C compiler refuses the text, see %s/cc.log", folder);
        return false;
    }
    char built[1200];
    snprintf(built, sizeof built, "%s/library.so", folder);
    if (rename(built, path) != 0) {
        conclude(o, ERROR, "cannot put the library at %s: %s", path, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < stepc_product_file_count(product); i++) {
        snprintf(built, sizeof built, "%s/%.90s", folder, stepc_product_file(product, i).name);
        unlink(built);
    }
    snprintf(built, sizeof built, "%s/cc.log", folder);
    unlink(built);
    rmdir(folder);
    return true;
}

/* ---- the call ------------------------------------------------------------------------------------ */

static const stepc_module *load_module(const char *path, outcome *o)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    stepc_module_fn function = NULL;
    if (library == NULL) {
        conclude(o, ERROR, "the library does not load: %.800s", dlerror());
        return NULL;
    }
    void *symbol = dlsym(library, MODULE_NAME "_module");
    memcpy(&function, &symbol, sizeof function); /* ISO C knows no cast between the two */
    if (function == NULL) {
        conclude(o, ERROR, "the library lacks " MODULE_NAME "_module");
        return NULL;
    }
    return function();
}

/* The weights image where it is a file of its own, sealed. */
static bool place_weights(const stepc_product *product, guard_block *out)
{
    if (stepc_product_file_count(product) < 3)
        return true;
    stepc_file file = stepc_product_file(product, 2);
    if (!guard_new(out, file.bytes, 64, GUARD_BEHIND, 0))
        return false;
    memcpy(out->data, file.data, file.bytes);
    guard_seal(out);
    return true;
}

static stepc_code call_entries(const stepc_module *module, const stepc_host *host, case_step *step, compiled_step *c,
                               const stepc_env *env, stepc_error *error)
{
    int32_t status = module->init != NULL ? module->init(env) : 0;
    stepc_code code = (stepc_code)status;
    if (code == STEPC_OK && step->init != NULL)
        code = guard_call(host, module, &module->entries[1], NULL, 0, NULL, 0, env, 0, error);
    if (code == STEPC_OK && env->state != NULL)
        code = guard_call(host, module, &module->entries[0], c->values, c->feed_count, c->results, step->fetch_count, env, 0,
                          error);
    else if (code == STEPC_OK)
        code = guard_call_twice(host, module, &module->entries[0], c->values, c->feed_count, c->results,
                                step->fetch_count, env, error);
    return code;
}

static stepc_code call_module(const stepc_module *module, const stepc_product *product, const stepc_host *host,
                              case_step *step, compiled_step *c, stepc_error *error)
{
    stepc_env env = {.size = sizeof env};
    guard_block state = {0}, weights = {0};
    stepc_code code = STEPC_RESOURCE_EXHAUSTED;
    if ((module->state_bytes == 0 || guard_new(&state, (size_t)module->state_bytes, 64, GUARD_BEHIND, 0)) &&
        place_weights(product, &weights)) {
        env.state = state.data;
        env.weights = weights.data;
        code = call_entries(module, host, step, c, &env, error);
    }
    if (!guard_is_whole(&state))
        code = STEPC_INTERNAL;
    guard_release(&state);
    guard_release(&weights);
    for (size_t i = 0; code == STEPC_OK && i < step->fetch_count; i++) {
        step->fetches[i].out = c->results[i];
        c->results[i] = NULL;
    }
    return code;
}

static stepc_code build_and_call(const settings *options, const stepc_product *product, const stepc_host *host,
                                 case_step *step, compiled_step *c, outcome *o, stepc_error *error)
{
    char path[1200];
    outcome *trouble = o;
    if (!build_library(options, product, path, sizeof path, trouble))
        return STEPC_INTERNAL;
    const stepc_module *module = load_module(path, trouble);
    if (module == NULL || module->entry_count != (step->init != NULL ? 2u : 1u))
        return STEPC_INTERNAL;
    return call_module(module, product, host, step, c, error);
}

stepc_code compiled_case(const settings *options, stepc_graph *graph, const stepc_host *host, case_step *step,
                         outcome *o, char *note, size_t note_size, stepc_error *error)
{
    compiled_step c = {0};
    stepc_product *product = NULL;

    stepc_code code = make_signature(graph, host, step, &c, error);
    if (code == STEPC_OK) {
        stepc_callable_spec callables[2] = {{.size = sizeof callables[0],
                                             .name = "conformance_step",
                                             .feeds = c.feeds,
                                             .feed_count = c.feed_count,
                                             .fetches = c.fetches,
                                             .fetch_count = step->fetch_count,
                                             .targets = step->target_names,
                                             .target_count = step->target_count},
                                            {.size = sizeof callables[1],
                                             .name = "conformance_start",
                                             .targets = &step->init,
                                             .target_count = 1}};
        stepc_compile_options compile = {.size = sizeof compile,
                                         .module = MODULE_NAME,
                                         .weights = c.feed_count % 2 ? STEPC_WEIGHTS_FILE : STEPC_WEIGHTS_INLINE,
                                         .no_fold = 1,
                                         .host = host};
        code = stepc_compile(graph, callables, step->init != NULL ? 2 : 1, &compile, &product, error);
    }
    if (code == STEPC_OK) {
        const stepc_callable_figures *figures = stepc_product_figures(product, 0);
        snprintf(note, note_size, "nests %lld calls %lld", (long long)figures->nests, (long long)figures->calls);
        code = build_and_call(options, product, host, step, &c, o, error);
        if (code == STEPC_OK && figures->nests == 0 && figures->calls == 0)
            o->verdict = FOLDED;
    }
    stepc_product_free(product);
    free_signature(&c, step->fetch_count);
    return code;
}

/* ---- the jit ------------------------------------------------------------------------------------- */

stepc_code jit_open(const settings *options, const stepc_host *host, const stepc_jit **out, stepc_error *error)
{
    char folder[1200];
    snprintf(folder, sizeof folder, "%s/jit", options->cache != NULL ? options->cache : "/tmp/stepc-conformance-cache");
    stepc_jit_options jit = {.size = sizeof jit, .host = host, .cache_folder = folder, .cc = options->cc, .no_fold = 1};
    return stepc_jit_open(&jit, out, error);
}

void jit_close(const stepc_jit *jit)
{
    stepc_jit_close(jit);
}

/* What the jit makes of the step, as figures: it tells nothing itself. */
static stepc_code figures_of(stepc_graph *graph, const stepc_host *host, const case_step *step, const compiled_step *c,
                             stepc_callable_figures *out, stepc_error *error)
{
    stepc_product *product = NULL;
    stepc_callable_spec callable = {.size = sizeof callable,
                                    .name = "conformance_step",
                                    .feeds = c->feeds,
                                    .feed_count = c->feed_count,
                                    .fetches = c->fetches,
                                    .fetch_count = step->fetch_count,
                                    .targets = step->target_names,
                                    .target_count = step->target_count};
    stepc_compile_options compile = {.size = sizeof compile, .isa = "host", .no_fold = 1, .host = host};
    stepc_code code = stepc_compile(graph, &callable, 1, &compile, &product, error);
    if (code == STEPC_OK)
        *out = *stepc_product_figures(product, 0);
    stepc_product_free(product);
    return code;
}

stepc_code jit_case(stepc_session *session, stepc_graph *graph, const stepc_host *host, case_step *step, outcome *o,
                    char *note, size_t note_size, stepc_error *error)
{
    compiled_step c = {0};
    stepc_callable_figures figures = {.nests = 0};
    stepc_feed *feeds = NULL;
    stepc_run_options run = {.size = sizeof run, .engine = STEPC_ENGINE_JIT};
    stepc_code code = make_signature(graph, host, step, &c, error);
    if (code == STEPC_OK)
        code = figures_of(graph, host, step, &c, &figures, error);
    if (code == STEPC_OK) {
        feeds = need(calloc(c.feed_count + 1, sizeof *feeds));
        for (size_t i = 0; i < c.feed_count; i++) {
            feeds[i].at = i < step->feed_count ? step->feeds[i].at : c.constants[i - step->feed_count].at;
            feeds[i].value = c.values[i];
        }
        code = stepc_session_run(session, feeds, c.feed_count, step->fetches, step->fetch_count, step->targets,
                                 step->target_count, &run, error);
    }
    if (code == STEPC_OK) {
        snprintf(note, note_size, "nests %lld calls %lld", (long long)figures.nests, (long long)figures.calls);
        if (figures.nests == 0 && figures.calls == 0)
            o->verdict = FOLDED;
    }
    free(feeds);
    free_signature(&c, step->fetch_count);
    return code;
}

#endif
