/* SPDX-License-Identifier: Apache-2.0 */
/* Programs built by hand, emitted, compiled by real compilers, called, and held against the evaluator. */
#ifndef TESTS_EMIT_EMIT_TEST_H
#define TESTS_EMIT_EMIT_TEST_H

#include "compiler/emit/emit.h"
#include "runtime/core/dtype.h"
#include "runtime/core/host.h"
#include "runtime/module/call.h"

#include <criterion/criterion.h>
#include <dlfcn.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_PROGRAMS 256
#define WARNINGS                                                                                                            \
    "-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wvla " \
    "-Wwrite-strings -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -Wimplicit-fallthrough -Werror"

static const isa_profile plain_isa = {
    .name = "c99", .cflags = "", .l1_bytes = 32768, .l2_bytes = 262144, .registers = 16};
static const isa_profile generic_isa = {
    .name = "generic", .cflags = "", .vector_bytes = 32, .l1_bytes = 32768, .l2_bytes = 262144, .registers = 16};

/* Several programs that become one module: the C compiler is the slow part. */
typedef struct rig {
    arena memory;
    size_pool sizes;
    stepc_host host;
    loop_program *programs[MOST_PROGRAMS];
    size_t count;
    size_t compare_bits; /* 1: bit for bit; else the tolerance below */
    double tolerance;    /* relative to the greatest magnitude */
    emit_result result;
    char folder[64];
    void *library;
    const stepc_module *module;
} rig;

static inline void rig_init(rig *r)
{
    memset(r, 0, sizeof *r);
    stepc_host_init(&r->host);
    arena_init(&r->memory, &r->host);
    size_pool_init(&r->sizes, &r->memory);
    r->compare_bits = 1;
    strcpy(r->folder, "/tmp/stepc-emit-XXXXXX");
    cr_assert_not_null(mkdtemp(r->folder));
}

static inline void rig_release(rig *r)
{
    char command[128];
    if (r->library)
        dlclose(r->library);
    arena_release(&r->memory);
    snprintf(command, sizeof command, "rm -rf '%s'", r->folder);
    if (getenv("KEEP") == NULL)
        cr_assert_eq(system(command), 0);
}

static inline loop_program *rig_program(rig *r, bool exact)
{
    loop_program *p;
    char name[32];
    cr_assert_lt(r->count, (size_t)MOST_PROGRAMS);
    snprintf(name, sizeof name, "step%zu", r->count);
    cr_assert_eq(loop_program_new(&r->host, &r->memory, &r->sizes, name, &p, NULL), STEPC_OK);
    p->exact = exact;
    p->feeds = ARENA_ARRAY(&r->memory, loop_slot, 16);
    p->fetches = ARENA_ARRAY(&r->memory, loop_slot, 16);
    p->state = ARENA_ARRAY(&r->memory, loop_slot, 16);
    r->programs[r->count++] = p;
    return p;
}

/* A feed, fetch, arena, local or weight buffer with constant dims. */
static inline int32_t rig_sized(rig *r, loop_program *p, buffer_kind kind, stepc_dtype dtype, const char *name,
                                int rank, const size_ref *dims)
{
    int32_t b = loop_buffer_new(p, kind, dtype, dims, rank, name);
    cr_assert_geq(b, 0);
    if (kind != BUFFER_FEED && kind != BUFFER_FETCH)
        return b;
    size_ref *own = ARENA_ARRAY(&r->memory, size_ref, (size_t)rank + 1);
    memcpy(own, dims, (size_t)rank * sizeof *own);
    loop_slot slot = {.cname = arena_text(&r->memory, name, strlen(name)),
                      .tensor = arena_format(&r->memory, "%s:0", name),
                      .dtype = dtype,
                      .rank = rank,
                      .dims = own,
                      .buffer = b};
    int32_t *count = kind == BUFFER_FEED ? &p->feed_count : &p->fetch_count;
    p->buffers[b].slot = *count;
    (kind == BUFFER_FEED ? p->feeds : p->fetches)[(*count)++] = slot;
    return b;
}

static inline int32_t rig_buffer(rig *r, loop_program *p, buffer_kind kind, stepc_dtype dtype, const char *name,
                                 int rank, const int64_t *dims)
{
    size_ref sizes[8];
    for (int i = 0; i < rank; i++)
        sizes[i] = size_const(&r->sizes, dims[i]);
    return rig_sized(r, p, kind, dtype, name, rank, sizes);
}

#define DIMS(...) ((int64_t[]){__VA_ARGS__})
#define AXES(...) ((int32_t[]){__VA_ARGS__})

static inline void rig_end(nest_builder *b)
{
    stepc_error error;
    error_init(&error);
    cr_assert_eq(nest_end(b, &error), STEPC_OK, "%s", error.message);
}

static inline void rig_vector(nest_builder *b, int axis, int jam, int row_axis, int row_tile)
{
    b->nest->schedule = (nest_schedule){.is_set = true,
                                        .vector_axis = axis,
                                        .jam = jam,
                                        .partial_sums = jam,
                                        .row_axis = row_axis,
                                        .row_tile = row_tile};
}

/* ---- emission and build ------------------------------------------------------------------------------- */

static inline stepc_code rig_emit(rig *r, const emit_options *options, stepc_error *error)
{
    emit_callable callables[MOST_PROGRAMS];
    const loop_program *programs[MOST_PROGRAMS];
    module_plan *module;
    stepc_code code = STEPC_OK;
    for (size_t i = 0; i < r->count && !code; i++) {
        memory_plan *plan;
        code = plan_make(r->programs[i], &plan, error);
        callables[i] = (emit_callable){r->programs[i], code ? NULL : plan};
        programs[i] = r->programs[i];
    }
    if (!code)
        code = plan_module(&r->host, &r->memory, programs, (int32_t)r->count, &module, error);
    return code ? code : emit_module(&r->host, &r->memory, options, callables, r->count, module, &r->result, error);
}

static inline void rig_write(const rig *r)
{
    for (size_t i = 0; i < r->result.file_count; i++) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", r->folder, r->result.files[i].name);
        FILE *file = fopen(path, "wb");
        cr_assert_not_null(file);
        cr_assert_eq(fwrite(r->result.files[i].data, 1, r->result.files[i].bytes, file), r->result.files[i].bytes);
        fclose(file);
    }
}

/* In the folder: CC FLAGS MORE -I.../include REST. */
static inline int rig_run(const rig *r, const char *cc, const char *flags, const char *more, const char *rest)
{
    char command[3000];
    snprintf(command, sizeof command, "cd '%s' && %s %s %s -I'%s/include' %s", r->folder, cc, flags, more,
             SOURCE_FOLDER, rest);
    return system(command);
}

static inline void rig_emit_all(rig *r, const isa_profile *isa, bool exact)
{
    emit_options options = {.module = "mod", .prefix = "", .isa = isa, .weights = STEPC_WEIGHTS_INLINE, .exact = exact};
    stepc_error error;
    error_init(&error);
    cr_assert_eq(rig_emit(r, &options, &error), STEPC_OK, "%s", error.message);
    rig_write(r);
}

/* Compiles and loads; FLAGS besides the usual ones. */
static inline void rig_build(rig *r, const char *cc, const char *flags)
{
    char path[100];
    stepc_module_fn function = NULL;
    if (r->library)
        dlclose(r->library);
    cr_assert_eq(rig_run(r, cc, "-std=c11 -shared -fPIC " WARNINGS, flags, "-o mod.so mod.c"), 0, "%s %s", cc, flags);
    snprintf(path, sizeof path, "%s/mod.so", r->folder);
    r->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    cr_assert_not_null(r->library, "%s", dlerror());
    void *symbol = dlsym(r->library, "mod_module");
    memcpy(&function, &symbol, sizeof function);
    cr_assert_not_null(function);
    r->module = function();
    cr_assert_eq(r->module->entry_count, r->count);
}

/* ---- values ------------------------------------------------------------------------------------------------ */

static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Values that meet the edges: zeros of both signs, infinities, NaN, denormals, extremes. */
static inline double edge_value(uint32_t *state)
{
    static const double edges[] = {0.0,   -0.0,  1.0,    -1.0,  0.5,     2.5,  -2.5,  1e-40, 3e38,
                                   -3e38, 127.5, -128.5, 255.9, 65504.0, 1e10, -1e10, 1e20};
    uint32_t pick = next_random(state) % 24;
    if (pick < sizeof edges / sizeof edges[0])
        return edges[pick];
    if (pick == 20)
        return (double)INFINITY;
    if (pick == 21)
        return -(double)INFINITY;
    if (pick == 22)
        return (double)NAN;
    return (double)next_random(state) / 1048576.0 - 8.0;
}

static inline stepc_tensor *rig_tensor(rig *r, stepc_dtype dtype, const int64_t *dims, int32_t rank, uint32_t seed,
                                       int kind)
{
    stepc_tensor *t;
    cr_assert_eq(stepc_tensor_new(&r->host, dtype, dims, rank, &t, NULL), STEPC_OK);
    uint32_t state = seed;
    for (int64_t i = 0; i < stepc_tensor_length(t); i++) {
        double small = (double)(next_random(&state) % 4096) / 1024.0 - 2.0;
        if (dtype_is_float(dtype))
            store_f64(dtype, stepc_tensor_data(t), i, kind == 1 ? edge_value(&state) : small);
        else if (dtype == STEPC_BOOL)
            store_i64(dtype, stepc_tensor_data(t), i, next_random(&state) & 1);
        else if (kind == 1)
            store_i64(dtype, stepc_tensor_data(t), i,
                      (int64_t)(((uint64_t)next_random(&state) << (next_random(&state) % 56)) -
                                (uint64_t)(next_random(&state) % 3 == 0) * INT64_MAX));
        else
            store_i64(dtype, stepc_tensor_data(t), i, (int64_t)(next_random(&state) % 7) + (kind == 2 ? 1 : 0));
    }
    return t;
}

static inline bool same_value(const rig *r, stepc_dtype dtype, const void *a, const void *b, int64_t i, double scale)
{
    if (!dtype_is_float(dtype))
        return load_i64(dtype, a, i) == load_i64(dtype, b, i);
    double x = load_f64(dtype, a, i), y = load_f64(dtype, b, i);
    if (isnan(x) || isnan(y))
        return isnan(x) && isnan(y);
    if (r->compare_bits)
        return x == y && signbit(x) == signbit(y);
    return x == y || fabs(x - y) <= r->tolerance * scale;
}

static inline void compare_tensors(const rig *r, size_t program, const char *how, stepc_tensor *got, stepc_tensor *want)
{
    stepc_dtype dtype = stepc_tensor_dtype(want);
    double scale = 1;
    cr_assert_eq(stepc_tensor_length(got), stepc_tensor_length(want));
    for (int64_t i = 0; dtype_is_float(dtype) && i < stepc_tensor_length(want); i++) {
        double x = fabs(load_f64(dtype, stepc_tensor_data(want), i));
        scale = isfinite(x) && x > scale ? x : scale;
    }
    for (int64_t i = 0; i < stepc_tensor_length(want); i++) {
        if (same_value(r, dtype, stepc_tensor_data(got), stepc_tensor_data(want), i, scale))
            continue;
        text out;
        text_init(&out, &r->host);
        loop_print(r->programs[program], &out);
        cr_assert_fail("%s: program %zu element %lld: %.17g instead of %.17g\n%s", how, program, (long long)i,
                       dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(got), i)
                                             : (double)load_i64(dtype, stepc_tensor_data(got), i),
                       dtype_is_float(dtype) ? load_f64(dtype, stepc_tensor_data(want), i)
                                             : (double)load_i64(dtype, stepc_tensor_data(want), i),
                       out.data);
    }
}

/* Calls program I with feeds made from SEED and compares; the symbols' values are in order of the pool. */
static inline void rig_compare(rig *r, size_t program, const char *how, uint32_t seed, int kind, const int64_t *symbols,
                               int64_t symbol_count)
{
    const loop_program *p = r->programs[program];
    stepc_tensor *feeds[16], *want[16], *got[16];
    stepc_view views[16];
    stepc_error error;
    error_init(&error);
    for (int32_t i = 0; i < p->feed_count; i++) {
        int64_t dims[8];
        for (int32_t d = 0; d < p->feeds[i].rank; d++)
            cr_assert(size_evaluate(&r->sizes, p->feeds[i].dims[d], symbols, (size_t)symbol_count, &dims[d]));
        feeds[i] = rig_tensor(r, p->feeds[i].dtype, dims, p->feeds[i].rank, seed + (uint32_t)i * 77, kind);
        views[i] = stepc_tensor_view(feeds[i]);
    }
    loop_run run = {.feeds = views, .fetches = want, .symbols = symbols, .symbol_count = symbol_count};
    stepc_code expected = loop_evaluate(p, &run, &error);
    cr_assert(expected == STEPC_OK || p->statements[0].nest->check_count > 0, "%s", error.message);
    stepc_code code = module_call_new(&r->host, r->module, &r->module->entries[program], views, (size_t)p->feed_count,
                                      got, (size_t)p->fetch_count, NULL, &error);
    cr_assert_eq(code, expected, "%s: program %zu: %s", how, program, error.message);
    for (int32_t i = 0; code == STEPC_OK && i < p->fetch_count; i++) {
        compare_tensors(r, program, how, got[i], want[i]);
        stepc_tensor_release(got[i]);
        stepc_tensor_release(want[i]);
    }
    for (int32_t i = 0; i < p->feed_count; i++)
        stepc_tensor_release(feeds[i]);
}

/* All programs, with both compilers and several vector widths. */
static inline void rig_compare_all(rig *r, const isa_profile *isa, bool exact, int kind)
{
    static const char *const builds[][2] = {
        {"gcc", "-O2"},
        {"clang", "-O1 -mavx2 -mfma"},
        {"gcc", "-O1 -DV_LANES=1 -fsanitize=undefined -fno-sanitize-recover=undefined"}};
    rig_emit_all(r, isa, exact);
    for (size_t b = 0; b < sizeof builds / sizeof builds[0]; b++) {
        if ((isa == &plain_isa && b > 1) || (strstr(builds[b][1], "avx2") && !__builtin_cpu_supports("avx2")))
            continue;
        rig_build(r, builds[b][0], builds[b][1]);
        for (size_t i = 0; i < r->count; i++)
            for (uint32_t seed = 1; seed < 3; seed++)
                rig_compare(r, i, builds[b][1], seed * 1000 + (uint32_t)i, kind, NULL, 0);
    }
}

/* The module with a main that gives every feed and fetch a block of just its size, under AddressSanitizer. */
static inline void rig_run_sanitized(rig *r, const char *cc, const char *flags)
{
    static const char program[] =
        "#include \"stepc/module.h\"\n#include <stdlib.h>\n#include <string.h>\n"
        "const stepc_module *mod_module(void);\n"
        "static size_t width(int32_t d) { return d == 2 || d == 9 || d == 23 ? 8 : d == 1 || d == 3 || d == 22 ? 4 : d == 5 || d == 17 || d == 19 || d == 14 ? 2 : 1; }\n"
        "int main(void) {\n"
        "  const stepc_module *m = mod_module();\n"
        "  for (uint32_t e = 0; e < m->entry_count; e++) {\n"
        "    const stepc_entry *entry = &m->entries[e];\n"
        "    char *in = calloc(1, entry->feeds_bytes + 1), *out = calloc(1, entry->fetches_bytes + 1);\n"
        "    stepc_env env; memset(&env, 0, sizeof env); env.size = sizeof env;\n"
        "    env.arena_bytes = entry->arena_bytes; env.arena = aligned_alloc(64, entry->arena_bytes + 64);\n"
        "    for (uint32_t i = 0; i < entry->feed_count + entry->fetch_count; i++) {\n"
        "      int fed = i < entry->feed_count; const stepc_slot *s = fed ? &entry->feeds[i] : &entry->fetches[i - entry->feed_count];\n"
        "      size_t bytes = width(s->dtype); for (int32_t d = 0; d < s->rank; d++) bytes *= (size_t)s->dims[d].size;\n"
        "      char *block = malloc(bytes + (bytes == 0)); memset(block, 0, bytes); memcpy((fed ? in : out) + s->offset, &block, sizeof block);\n"
        "    }\n"
        "    if (entry->call(in, out, &env) != 0) return 1;\n"
        "  }\n"
        "  return 0;\n"
        "}\n";
    char path[100];
    if (strstr(flags, "avx2") && !__builtin_cpu_supports("avx2"))
        return;
    snprintf(path, sizeof path, "%s/main.c", r->folder);
    FILE *file = fopen(path, "wb");
    cr_assert_not_null(file);
    fputs(program, file);
    fclose(file);
    cr_assert_eq(rig_run(r, cc, "-std=c11 -g -O1 -fsanitize=address,undefined -fno-sanitize-recover=all", flags,
                         "-o main main.c mod.c"),
                 0);
    cr_assert_eq(rig_run(r, "ASAN_OPTIONS=detect_leaks=0 ./main #", "", "", ""), 0, "%s %s", cc, flags);
}

#endif
