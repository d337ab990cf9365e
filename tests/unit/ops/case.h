/* SPDX-License-Identifier: Apache-2.0 */
/* Cases of operators written as text.
 *
 *   tensor    "f32[2,2] 1 2 3 4", "i32[] 7", "str[2] a b", "c64[1] 1,-2"
 *   value     "f32[n,3]" (a shape of sizes), "i32[2] = n -1" (its elements too), "f32 ?" (unknown rank)
 *   attrs     "T=f32 keep_dims=true data_format='NCHW' squeeze_dims=[0,-1]" */
#ifndef TESTS_UNIT_OPS_CASE_H
#define TESTS_UNIT_OPS_CASE_H

#include "runtime/core/checked.h"
#include "tests/unit/ops/kernel_harness.h"

#include <math.h>
#include <stdlib.h>

/* A case leaves out what it does not need. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

enum { CASE_PORTS = 6 };

typedef struct op_case {
    const char *type, *attrs;
    const char *inputs[CASE_PORTS], *outputs[CASE_PORTS];
    const char *error; /* begins the message; instead of outputs */
    stepc_code code;   /* with ERROR; 0: INVALID_ARGUMENT */
    double tolerance;  /* relative, of floats; 0: the same bits */
} op_case;

static inline stepc_dtype case_dtype(const char **source)
{
    static const struct {
        const char *name;
        stepc_dtype dtype;
    } names[] = {{"f32", STEPC_FLOAT32},   {"f64", STEPC_FLOAT64},     {"f16", STEPC_HALF},   {"bf16", STEPC_BFLOAT16},
                 {"i8", STEPC_INT8},       {"i16", STEPC_INT16},       {"i32", STEPC_INT32},  {"i64", STEPC_INT64},
                 {"u8", STEPC_UINT8},      {"u16", STEPC_UINT16},      {"u32", STEPC_UINT32}, {"u64", STEPC_UINT64},
                 {"c64", STEPC_COMPLEX64}, {"c128", STEPC_COMPLEX128}, {"str", STEPC_STRING}, {"bool", STEPC_BOOL},
                 {"qi8", STEPC_QINT8}};
    size_t n = strcspn(*source, "[ =?");

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strlen(names[i].name) == n && memcmp(names[i].name, *source, n) == 0) {
            *source += n;
            return names[i].dtype;
        }
    return STEPC_DTYPE_INVALID;
}

static inline const char *case_enum(stepc_dtype dtype) { return dtype == STEPC_QINT8 ? "DT_QINT8" : dtype_enum(dtype); }

static inline void case_store(stepc_tensor *t, int64_t i, const char **source)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    char *end = NULL;

    *source += strspn(*source, " ");
    if (dtype == STEPC_STRING) {
        size_t n = strcspn(*source, " ");

        stepc_tensor_set_string(t, i, (stepc_string){*source, n}, NULL);
        *source += n;
        return;
    }
    if (dtype_is_float(dtype)) {
        store_f64(dtype, stepc_tensor_data(t), i, strtod(*source, &end));
    } else if (dtype_is_complex(dtype)) {
        complex_value value = {strtod(*source, &end), 0};

        if (*end == ',')
            value.im = strtod(end + 1, &end);
        store_c128(dtype, stepc_tensor_data(t), i, value);
    } else if (dtype == STEPC_UINT64) {
        store_u64(dtype, stepc_tensor_data(t), i, strtoull(*source, &end, 10));
    } else {
        put_int(dtype, stepc_tensor_data(t), i, strtoll(*source, &end, 10));
    }
    cr_assert(end != *source, "no value at '%s'", *source);
    *source = end;
}

static inline stepc_tensor *case_tensor(const char *source)
{
    const char *at = source;
    stepc_dtype dtype = case_dtype(&at);
    int64_t dims[16];
    int32_t rank = 0;
    stepc_tensor *t;

    cr_assert(dtype && *at == '[', "%s", source);
    for (at++; *at != ']';) {
        dims[rank++] = strtoll(at, (char **)(uintptr_t)&at, 10);
        at += *at == ',';
    }
    at++;
    cr_assert_eq(stepc_tensor_new(NULL, dtype, dims, rank, &t, NULL), STEPC_OK);
    for (int64_t i = 0; i < stepc_tensor_length(t); i++)
        case_store(t, i, &at);
    cr_assert(*at == '\0', "too many values: %s", source);
    return t;
}

static inline bool case_close(double x, double y, double tolerance)
{
    if (isnan(x) || isnan(y))
        return isnan(x) && isnan(y);
    if (tolerance == 0 || isinf(x) || isinf(y))
        return x == y && signbit(x) == signbit(y);
    return fabs(x - y) <= tolerance * fabs(y);
}

static inline bool case_same(const stepc_tensor *a, const stepc_tensor *b, double tolerance)
{
    stepc_dtype dtype = stepc_tensor_dtype(a);

    if (dtype != stepc_tensor_dtype(b) || !has_dims(a, stepc_tensor_rank(b), stepc_tensor_dims(b)))
        return false;
    for (int64_t i = 0; i < stepc_tensor_length(a); i++) {
        const void *x = stepc_tensor_data(a), *y = stepc_tensor_data(b);

        if (dtype == STEPC_STRING) {
            if (!text_equal(((const stepc_string *)x)[i], ((const stepc_string *)y)[i]))
                return false;
        } else if (dtype_is_complex(dtype)) {
            complex_value p = load_c128(dtype, x, i), q = load_c128(dtype, y, i);

            if (!case_close(p.re, q.re, tolerance) || !case_close(p.im, q.im, tolerance))
                return false;
        } else if (dtype_is_float(dtype)) {
            if (!case_close(load_f64(dtype, x, i), load_f64(dtype, y, i), tolerance))
                return false;
        } else if (get_int(dtype, x, i) != get_int(dtype, y, i)) {
            return false;
        }
    }
    return true;
}

static inline const char *case_print(const stepc_tensor *t, char *out, size_t size)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    const void *data = stepc_tensor_data(t);
    size_t used = (size_t)snprintf(out, size, "%s", stepc_dtype_name(dtype));

    shape_text(stepc_tensor_dims(t), stepc_tensor_rank(t), out + used, size - used);
    used = strlen(out);
    for (int64_t i = 0; i < stepc_tensor_length(t) && used + 100 < size; i++) {
        if (dtype == STEPC_STRING)
            used += (size_t)snprintf(out + used, size - used, " %.40s", ((const stepc_string *)data)[i].data);
        else if (dtype_is_complex(dtype))
            used += (size_t)snprintf(out + used, size - used, " %.17g,%.17g", load_c128(dtype, data, i).re,
                                     load_c128(dtype, data, i).im);
        else if (dtype_is_float(dtype))
            used += (size_t)snprintf(out + used, size - used, " %.17g", load_f64(dtype, data, i));
        else
            used += (size_t)snprintf(out + used, size - used, " %lld", (long long)get_int(dtype, data, i));
    }
    return out;
}

/* A graph of placeholders x0, x1, ... and the node "op". */
static inline void case_open(bench *b, const op_case *c)
{
    char graph[4096];
    const char *at = c->attrs;
    size_t used = 0;
    int n = 0;

    for (; n < CASE_PORTS && c->inputs[n]; n++) {
        const char *source = c->inputs[n];

        used += (size_t)snprintf(graph + used, sizeof graph - used,
                                 "node { name: 'x%d' op: 'Placeholder' attr { key: 'dtype' value { type: %s } } }\n", n,
                                 case_enum(case_dtype(&source)));
    }
    used += (size_t)snprintf(graph + used, sizeof graph - used, "node { name: 'op' op: '%s'", c->type);
    for (int i = 0; i < n; i++)
        used += (size_t)snprintf(graph + used, sizeof graph - used, " input: 'x%d'", i);
    while (at && *at) {
        size_t name = strcspn(at, "="), value = strcspn(at + name + 1, " ");
        const char *v = at + name + 1, *rest = v;
        stepc_dtype dtype = case_dtype(&rest);
        char word[64];

        /* A list is one of types where the first begins "DT_", of floats where any of them has a point. */
        snprintf(word, sizeof word, *v != '[' ? "%.*s" : v[1] == 'D' ? "{ type: %.*s }" : memchr(v, '.', value) ? "{ f: %.*s }" : "{ i: %.*s }", (int)value, v);
        used +=
            (size_t)snprintf(graph + used, sizeof graph - used, " attr { key: '%.*s' value { %s: %s } }", (int)name, at,
                             dtype                    ? "type"
                             : *v == '\''             ? "s"
                             : *v == '['              ? "list"
                             : *v == 't' || *v == 'f' ? "b"
                             : strchr(word, '.')      ? "f"
                                                      : "i",
                             dtype ? case_enum(dtype) : word);
        at = v + value;
        at += *at == ' ';
    }
    snprintf(graph + used, sizeof graph - used, " }\n");
    bench_open(b, graph);
}

/* Runs the kernel of each case. */
static inline void case_run(const op_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const op_case *c = &cases[i];
        char name[8], got[1024];
        stepc_code code;
        bench b;

        case_open(&b, c);
        for (int n = 0; n < CASE_PORTS && c->inputs[n]; n++) {
            snprintf(name, sizeof name, "x%d", n);
            bench_feed(&b, name, case_tensor(c->inputs[n]));
        }
        code = bench_run(&b, "op");
        cr_expect_eq(code,
                     !c->error ? STEPC_OK
                     : c->code ? c->code
                               : STEPC_INVALID_ARGUMENT,
                     "case %zu: code %d %s", i, (int)code, bench_message(&b));
        if (c->error)
            cr_expect(strncmp(bench_message(&b), c->error, strlen(c->error)) == 0, "case %zu: %s", i,
                      bench_message(&b));
        for (int n = 0; code == STEPC_OK && n < CASE_PORTS && c->outputs[n]; n++) {
            stepc_tensor *expected = case_tensor(c->outputs[n]), *out = b.outputs[bench_op(&b, "op")->index][n];

            cr_expect(case_same(out, expected, c->tolerance), "case %zu %s: %s, expected %s", i, c->type,
                      case_print(out, got, sizeof got), c->outputs[n]);
            stepc_tensor_release(expected);
        }
        bench_close(&b);
    }
}

/* ---- shape functions ----------------------------------------------------------------------- */

static inline size_ref case_size(size_pool *pool, const char **at, const char *stops)
{
    size_t n = 0;
    int depth = 0;
    size_ref s;

    for (; (*at)[n] && (depth > 0 || !strchr(stops, (*at)[n])); n++)
        depth += ((*at)[n] == '(') - ((*at)[n] == ')');
    cr_assert(size_parse(pool, (stepc_string){*at, n}, &s), "%s", *at);
    *at += n;
    return s;
}

static inline infer_value *case_value(size_pool *pool, const char *at)
{
    infer_value *v = ARENA_NEW(pool->memory, infer_value);

    v->dtype = case_dtype(&at);
    v->rank = -1;
    if (*at != '[')
        return v;
    v->dims = ARENA_ARRAY(pool->memory, size_ref, 16);
    v->rank = 0;
    for (at++; *at != ']'; at += *at == ',')
        v->dims[v->rank++] = case_size(pool, &at, ",]");
    at++;
    if (strncmp(at, " =", 2) != 0)
        return v;
    v->elements = ARENA_ARRAY(pool->memory, size_ref, 64);
    for (at += 2; *at; v->element_count++) {
        at++;
        v->elements[v->element_count] = case_size(pool, &at, " ");
    }
    return v;
}

static inline void case_print_value(const size_pool *pool, const infer_value *v, text *out)
{
    if (v->rank < 0)
        text_puts(out, "?");
    for (int32_t i = 0; i < v->rank; i++) {
        text_puts(out, i ? "," : "[");
        size_print(pool, v->dims[i], out);
    }
    if (v->rank >= 0)
        text_puts(out, v->rank ? "]" : "[]");
    for (int64_t i = 0; v->elements && i < v->element_count; i++) {
        text_puts(out, i ? " " : " = ");
        size_print(pool, v->elements[i], out);
    }
}

/* Runs the shape function of each case; outputs are "[n,3]", "[2] = n 3", "?". Symbols: n, m, k from 0, b from 1, t from 2. */
static inline void case_infer(const op_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const op_case *c = &cases[i];
        infer_value *inputs[CASE_PORTS], outputs[CASE_PORTS] = {0};
        infer_context context = {0};
        arena memory;
        size_pool pool;
        stepc_code code;
        bench b;

        case_open(&b, c);
        arena_init(&memory, &b.host);
        size_pool_init(&pool, &memory);
        for (const char *s = "nmk"; *s; s++)
            size_symbol(&pool, (char[]){*s, 0}, 0, INT64_MAX);
        size_symbol(&pool, "b", 1, INT64_MAX);
        size_symbol(&pool, "t", 2, INT64_MAX);
        context = (infer_context){&b.host, &memory, &pool, bench_op(&b, "op"), 0, 0, inputs, outputs, b.error};
        for (; context.input_count < CASE_PORTS && c->inputs[context.input_count]; context.input_count++)
            inputs[context.input_count] = case_value(&pool, c->inputs[context.input_count]);
        context.output_count = context.op->output_count;
        for (int n = 0; n < context.output_count; n++) {
            outputs[n].rank = -1;
            outputs[n].dtype = dtype_base((stepc_dtype)context.op->output_dtypes[n]);
        }
        code = op_row_find(context.op->type)->infer(&context);
        cr_expect_eq(code,
                     !c->error ? STEPC_OK
                     : c->code ? c->code
                               : STEPC_INVALID_ARGUMENT,
                     "case %zu: code %d %s", i, (int)code, bench_message(&b));
        if (c->error)
            cr_expect(strncmp(bench_message(&b), c->error, strlen(c->error)) == 0, "case %zu: %s", i,
                      bench_message(&b));
        for (int n = 0; code == STEPC_OK && n < CASE_PORTS && c->outputs[n]; n++) {
            text t;

            text_init(&t, &b.host);
            case_print_value(&pool, &outputs[n], &t);
            cr_expect_str_eq(t.data, c->outputs[n], "case %zu %s output %d: %s, expected %s", i, c->type, n, t.data,
                             c->outputs[n]);
            text_release(&t);
        }
        arena_release(&memory);
        bench_close(&b);
    }
}

#define CASE_COUNT(cases) (sizeof(cases) / sizeof(cases)[0])

#endif
