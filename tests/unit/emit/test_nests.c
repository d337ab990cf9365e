/* SPDX-License-Identifier: Apache-2.0 */
/* Loops: reductions, tiles, views, guards, checks, symbols, groups, shared kernels; against the evaluator. */
#include "emit_test.h"

static size_ref constant(rig *r, int64_t value) { return size_const(&r->sizes, value); }

/* ---- products ------------------------------------------------------------------------------------- */

/* out[m,n] = max(sum_k a[m,k] * b[k,n] + c[n], 0). */
static void add_product(rig *r, bool exact, int m, int k, int n, int vector_axis, int jam, int row_tile,
                        stepc_dtype dtype)
{
    loop_program *p = rig_program(r, exact);
    int32_t a = rig_buffer(r, p, BUFFER_FEED, dtype, "a", 2, DIMS(m, k)),
            b = rig_buffer(r, p, BUFFER_FEED, dtype, "b", 2, DIMS(k, n));
    int32_t c = rig_buffer(r, p, BUFFER_FEED, dtype, "c", 1, DIMS(n)),
            out = rig_buffer(r, p, BUFFER_FETCH, dtype, "out", 2, DIMS(m, n));
    nest_builder x;
    nest_begin(&x, p);
    nest_axis(&x, constant(r, m), AXIS_SPACE);
    nest_axis(&x, constant(r, n), AXIS_SPACE);
    nest_axis(&x, constant(r, k), AXIS_REDUCE);
    int32_t product = nest_binary(&x, LOOP_MUL, nest_read(&x, a, AXES(0, 2)), nest_read(&x, b, AXES(2, 1)));
    int32_t sum = nest_acc(&x, ACC_SUM, product, !exact);
    int32_t value = nest_binary(&x, LOOP_ADD, sum, nest_read(&x, c, AXES(1)));
    nest_write(&x, out, AXES(0, 1), nest_binary(&x, LOOP_MAX, value, nest_const_i64(&x, dtype, 0)));
    rig_end(&x);
    if (vector_axis >= -1)
        rig_vector(&x, vector_axis, jam, row_tile > 1 ? 0 : -1, row_tile);
}

Test(nests, products_with_tiles)
{
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 1e-5;
    for (int rows = 1; rows < 8; rows += 3)
        for (int columns = 3; columns < 60; columns += 28)
            for (int axis = -2; axis < 3; axis++)
                if (axis != 0)
                    add_product(&r, false, rows, 19, columns, axis, 2, 3, STEPC_FLOAT32);
    add_product(&r, false, 4, 0, 8, 1, 2, 2, STEPC_FLOAT32);
    add_product(&r, false, 4, 33, 5, 2, 4, 2, STEPC_FLOAT64);
    add_product(&r, false, 5, 7, 21, 1, 3, 2, STEPC_INT32);
    add_product(&r, false, 5, 7, 21, 1, 3, 2, STEPC_HALF);
    add_product(&r, false, 5, 7, 21, -1, 1, 4, STEPC_INT8);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_run_sanitized(&r, "clang", "-mavx2 -mfma");
    rig_release(&r);
}

/* ---- transposes -------------------------------------------------------------------------------------- */

/* out[b, h, a] = max(x[h, a, b] + bias[b], 0), over tiles of 16 a and 32 b; bare: the element as it is. */
static void add_transpose(rig *r, stepc_dtype dtype, int a, int b, int h, bool bare)
{
    loop_program *p = rig_program(r, false);
    int32_t x = rig_buffer(r, p, BUFFER_FEED, dtype, "x", 3, DIMS(h, a, b)),
            bias = rig_buffer(r, p, BUFFER_FEED, dtype, "bias", 1, DIMS(b)),
            out = rig_buffer(r, p, BUFFER_FETCH, dtype, "out", 3, DIMS(b, h, a));
    nest_builder n;
    nest_begin(&n, p);
    nest_axis(&n, constant(r, b), AXIS_SPACE);
    nest_axis(&n, constant(r, h), AXIS_SPACE);
    nest_axis(&n, constant(r, a), AXIS_SPACE);
    int32_t v = nest_read(&n, x, AXES(1, 2, 0));
    if (!bare) {
        v = nest_binary(&n, LOOP_ADD, v, nest_read(&n, bias, AXES(0)));
        v = nest_binary(&n, LOOP_MAX, v, nest_const_i64(&n, loop_value_dtype(dtype), 0));
    }
    nest_write(&n, out, AXES(0, 1, 2), v);
    rig_end(&n);
    rig_vector(&n, 2, 2, -1, 1);
    n.nest->schedule.turn_rows = 2;
    n.nest->schedule.turn_tile[0] = 16;
    n.nest->schedule.turn_tile[1] = 32;
    n.nest->schedule.stream = a == 33;
}

Test(nests, transposes_in_tiles)
{
    static const int sizes[][2] = {{16, 32}, {33, 65}, {17, 5}, {3, 40}, {1, 70}, {50, 1}};
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF, STEPC_INT8, STEPC_INT64};
    rig r;
    rig_init(&r);
    for (size_t d = 0; d < sizeof dtypes / sizeof *dtypes; d++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes && r.count < 28; i++)
            add_transpose(&r, dtypes[d], sizes[i][0], sizes[i][1], i % 2 ? 1 : 3, (i + d) % 3 == 0);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_run_sanitized(&r, "clang", "-mavx2 -mfma");
    rig_release(&r);
}

/* ---- reductions ------------------------------------------------------------------------------------- */

static void add_reduction(rig *r, bool exact, acc_kind kind, stepc_dtype dtype, int vector_axis, bool inner)
{
    loop_program *p = rig_program(r, exact);
    bool is_place = kind == ACC_ARG_MAX || kind == ACC_ARG_MIN;
    int32_t in = rig_buffer(r, p, BUFFER_FEED, dtype, "x", 2, inner ? DIMS(5, 43) : DIMS(43, 21));
    int32_t out = rig_buffer(r, p, BUFFER_FETCH, is_place ? STEPC_INT64 : dtype, "out", 1, DIMS(inner ? 5 : 21));
    nest_builder x;
    nest_begin(&x, p);
    nest_axis(&x, constant(r, inner ? 5 : 21), AXIS_SPACE);
    nest_axis(&x, constant(r, 43), AXIS_REDUCE);
    int32_t acc = nest_acc(&x, kind, nest_read(&x, in, inner ? AXES(0, 1) : AXES(1, 0)), !exact);
    nest_write(&x, out, AXES(0), acc);
    rig_end(&x);
    if (vector_axis >= 0)
        rig_vector(&x, vector_axis, 2, -1, 1);
}

static void add_reductions(rig *r, bool exact, int vector_axis, bool inner)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT32, STEPC_INT64,
                                         STEPC_UINT8,   STEPC_UINT32,  STEPC_HALF};
    for (size_t d = 0; d < 7; d++)
        for (int kind = ACC_SUM; kind <= ACC_ARG_MIN; kind++)
            if (kind != ACC_ANY && kind != ACC_ALL && (kind != ACC_PROD || exact || !dtype_is_float(dtypes[d])))
                add_reduction(r, exact, (acc_kind)kind, dtypes[d], vector_axis, inner);
    add_reduction(r, exact, ACC_ANY, STEPC_BOOL, vector_axis, inner);
    add_reduction(r, exact, ACC_ALL, STEPC_BOOL, vector_axis, inner);
}

Test(nests, reductions_exact)
{
    rig r;
    rig_init(&r);
    add_reductions(&r, true, -1, true);
    add_reductions(&r, true, 0, false);
    add_reductions(&r, true, 1, true);
    rig_compare_all(&r, &generic_isa, true, 1);
    rig_release(&r);
}

Test(nests, reductions_within_bound)
{
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 1e-3; /* half */
    add_reductions(&r, false, 0, false);
    add_reductions(&r, false, 1, true);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_release(&r);
}

/* ---- views, guards, checks -------------------------------------------------------------------------------- */

/* out = pad(relu(x) + 1): the value is guarded, the read leaves its buffer at both ends. */
static void add_pad(rig *r, stepc_dtype dtype, bool direct, int vector_axis)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, dtype, "x", 2, DIMS(3, 20)),
            out = rig_buffer(r, p, BUFFER_FETCH, dtype, "out", 2, DIMS(6, 27));
    size_ref coefs[2] = {size_const(s, 20), size_const(s, 1)};
    loop_index at = {
        .base = size_const(s, -2 * 20 - 3), .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN};
    nest_builder b;
    nest_begin(&b, p);
    int32_t i = nest_axis(&b, size_const(s, 6), AXIS_SPACE), j = nest_axis(&b, size_const(s, 27), AXIS_SPACE);
    int32_t row = nest_binary(&b, LOOP_SUB, nest_axis_value(&b, i), nest_const_i64(&b, STEPC_INT64, 2));
    int32_t column = nest_binary(&b, LOOP_SUB, nest_axis_value(&b, j), nest_const_i64(&b, STEPC_INT64, 3));
    int32_t inside = nest_binary(&b, LOOP_AND, nest_in_range(&b, row, size_const(s, 3)),
                                 nest_in_range(&b, column, size_const(s, 20)));
    int32_t read = nest_read_index(&b, x, &at);
    int32_t value = direct ? read : nest_binary(&b, LOOP_ADD, read, nest_const_i64(&b, dtype, 1));
    nest_write(&b, out, AXES(0, 1), nest_select(&b, inside, value, nest_const_i64(&b, dtype, 7)));
    rig_end(&b);
    rig_vector(&b, vector_axis, 1, -1, 1);
}

/* Rows that lie outside are guarded by a condition that does not move along the vector. */
static void add_row_pad(rig *r, int jam)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(3, 37)),
            out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 2, DIMS(6, 37));
    size_ref coefs[2] = {size_const(s, 37), size_const(s, 1)};
    loop_index at = {.base = size_const(s, -37), .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN};
    nest_builder b;
    nest_begin(&b, p);
    int32_t i = nest_axis(&b, size_const(s, 6), AXIS_SPACE);
    nest_axis(&b, size_const(s, 37), AXIS_SPACE);
    int32_t row = nest_binary(&b, LOOP_SUB, nest_axis_value(&b, i), nest_const_i64(&b, STEPC_INT64, 1));
    int32_t value = nest_select(&b, nest_in_range(&b, row, size_const(s, 3)), nest_read_index(&b, x, &at),
                                nest_const_f64(&b, STEPC_FLOAT32, 0.25));
    nest_write(&b, out, AXES(0, 1), value);
    rig_end(&b);
    rig_vector(&b, 1, jam, 0, 2);
}

/* Reversed, strided, transposed and broadcast reads through views; a strided write. */
static void add_views(rig *r, int vector_axis)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(22, 23)),
            out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 2, DIMS(11, 42));
    size_ref extents[2] = {size_const(s, 11), size_const(s, 21)};
    size_ref turned[2] = {size_const(s, 2), size_const(s, 23)}, back[2] = {size_const(s, 23), size_const(s, -1)},
             spread[2] = {size_const(s, 42), size_const(s, 2)};
    int32_t a = loop_view_new(p, x, extents, turned, 2, size_const(s, 1)),
            c = loop_view_new(p, x, extents, back, 2, size_const(s, 22));
    int32_t to = loop_view_new(p, out, extents, spread, 2, size_const(s, 0)),
            rest = loop_view_new(p, out, extents, spread, 2, size_const(s, 1));
    for (int half = 0; half < 2; half++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, extents[0], AXIS_SPACE);
        nest_axis(&b, extents[1], AXIS_SPACE);
        int32_t sum = nest_binary(&b, LOOP_ADD, nest_read(&b, a, AXES(0, 1)), nest_read(&b, c, AXES(0, -1)));
        nest_write(&b, half ? rest : to, AXES(0, 1), nest_binary(&b, LOOP_SUB, sum, nest_read(&b, c, AXES(0, 1))));
        rig_end(&b);
        rig_vector(&b, vector_axis, 2, vector_axis == 1 ? 0 : -1, 2);
    }
}

/* Checks all indices, then gathers rows. */
static void add_gather(rig *r, int vector_axis, int64_t rows)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(rows, 18)),
            at = rig_buffer(r, p, BUFFER_FEED, STEPC_INT32, "at", 1, DIMS(9));
    int32_t out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 2, DIMS(9, 18));
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, size_const(s, 9), AXIS_SPACE);
    int32_t number = nest_cast(&b, nest_read(&b, at, AXES(0)), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, number, size_const(s, rows)), STEPC_INVALID_ARGUMENT,
               "indices are \"not\" in ?\?/ range", NULL);
    rig_end(&b);
    nest_begin(&b, p);
    nest_axis(&b, size_const(s, 9), AXIS_SPACE);
    nest_axis(&b, size_const(s, 18), AXIS_SPACE);
    size_ref coefs[2] = {size_const(s, 0), size_const(s, 1)};
    loop_index index = {.base = size_const(s, 0),
                        .coefs = coefs,
                        .indirect = nest_cast(&b, nest_read(&b, at, AXES(0)), STEPC_INT64),
                        .indirect_scale = size_const(s, 18),
                        .indirect_extent = size_const(s, rows)};
    nest_write(&b, out, AXES(0, 1), nest_read_index(&b, x, &index));
    rig_end(&b);
    rig_vector(&b, vector_axis, 1, -1, 1);
}

Test(nests, views_guards_and_checks)
{
    rig r;
    rig_init(&r);
    for (int axis = -1; axis < 2; axis++) {
        add_views(&r, axis);
        add_pad(&r, STEPC_FLOAT32, true, axis);
        add_pad(&r, STEPC_FLOAT32, false, axis);
        add_pad(&r, STEPC_INT8, false, axis);
        add_gather(&r, axis, 7);
    }
    add_gather(&r, 1, 3); /* fails: indices go up to 6 */
    add_row_pad(&r, 1);
    add_row_pad(&r, 2);
    rig_compare_all(&r, &generic_isa, true, 0);
    rig_run_sanitized(&r, "gcc", "");
    rig_run_sanitized(&r, "gcc", "-DV_LANES=1");
    rig_release(&r);
}

Test(nests, a_check_tells_code_operation_and_words)
{
    rig r;
    stepc_error error;
    rig_init(&r);
    add_gather(&r, 1, 3);
    rig_emit_all(&r, &generic_isa, true);
    rig_build(&r, "gcc", "-O1");
    float x[54] = {0}, out[162];
    int32_t at[9] = {0, 1, 2, 3};
    stepc_fault fault = {0, 0, NULL, NULL};
    stepc_env env = {.size = sizeof env, .fault = &fault};
    struct {
        const float *x;
        const int32_t *at;
    } feeds = {x, at};
    struct {
        float *out;
    } fetches = {out};
    error_init(&error);
    cr_assert_eq(r.module->entries[0].call(&feeds, &fetches, &env), 3);
    cr_assert_eq(fault.code, 3);
    cr_assert_eq(fault.check, 1);
    cr_assert_str_eq(fault.message, "indices are \"not\" in ?\?/ range");
    at[3] = 2;
    cr_assert_eq(r.module->entries[0].call(&feeds, &fetches, &env), 0);
    rig_release(&r);
}

/* ---- symbols ------------------------------------------------------------------------------------------------- */

Test(nests, symbolic_sizes)
{
    rig r;
    rig_init(&r);
    loop_program *p = rig_program(&r, true);
    size_pool *s = &r.sizes;
    size_ref n = size_symbol(s, "n", 0, 100), m = size_symbol(s, "m", 1, INT64_MAX);
    size_ref in[2] = {n, m}, half[2] = {n, size_ceil_div(s, m, size_const(s, 2))};
    int32_t x = rig_sized(&r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, in),
            out = rig_sized(&r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 2, half);
    int32_t kept = rig_sized(&r, p, BUFFER_ARENA, STEPC_FLOAT32, "kept", 2, in),
            more = rig_sized(&r, p, BUFFER_ARENA, STEPC_FLOAT32, "more", 2, in);
    int32_t sums = rig_sized(&r, p, BUFFER_FETCH, STEPC_FLOAT32, "sums", 1, &n);
    for (int step = 0; step < 2; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, n, AXIS_SPACE);
        nest_axis(&b, m, AXIS_SPACE);
        int32_t v = nest_read(&b, step ? kept : x, AXES(0, 1));
        nest_write(&b, step ? more : kept, AXES(0, 1),
                   nest_binary(&b, LOOP_ADD, v, nest_cast(&b, nest_size(&b, m), STEPC_FLOAT32)));
        rig_end(&b);
        rig_vector(&b, 1, 2, 0, 3);
    }
    size_ref twice[2] = {m, size_const(s, 2)};
    int32_t every = loop_view_new(p, more, half, twice, 2, size_const(s, 0));
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, half[1], AXIS_SPACE);
    nest_write(&b, out, AXES(0, 1), nest_unary(&b, LOOP_NEG, nest_read(&b, every, AXES(0, 1))));
    rig_end(&b);
    rig_vector(&b, 0, 1, -1, 1);
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, m, AXIS_REDUCE);
    nest_write(&b, sums, AXES(0),
               nest_acc(&b, ACC_MAX,
                        nest_binary(&b, LOOP_ADD, nest_read(&b, more, AXES(0, 1)), nest_read(&b, kept, AXES(0, 1))),
                        false));
    rig_end(&b);
    rig_emit_all(&r, &generic_isa, true);
    const char *const flags[] = {"-O2", "-O1 -fsanitize=undefined -fno-sanitize-recover=undefined"};
    for (int f = 0; f < 2; f++) {
        rig_build(&r, f ? "gcc" : "clang", flags[f]);
        for (int64_t i = 0; i < 9; i += 4)
            for (int64_t j = 1; j < 40; j += 19)
                rig_compare(&r, 0, flags[f], 5, 0, (int64_t[]){i, j}, 2);
    }
    const stepc_entry *entry = &r.module->entries[0];
    cr_assert_eq(entry->symbol_count, 2);
    cr_assert_eq(entry->symbols[0].max, 100);
    cr_assert_eq(entry->symbols[1].max, -1);
    struct {
        const float *x;
        int64_t n, m;
    } feeds = {NULL, 3, INT64_MAX / 4};
    uint64_t bytes = 0;
    cr_assert_eq(entry->arena_for(&feeds, &bytes), 3, "too large sizes");
    feeds.m = 10; /* two buffers of 3 * 10 floats, each rounded up to 64 bytes */
    cr_assert_eq(entry->arena_for(&feeds, &bytes), 0);
    cr_assert_eq(bytes, 256);
    feeds.n = 101;
    stepc_fault fault = {0, 0, NULL, NULL};
    stepc_env env = {.size = sizeof env, .fault = &fault};
    struct {
        float *out;
        int64_t out_dims[2];
        float *sums;
    } fetches = {NULL, {0, 0}, NULL};
    cr_assert_eq(entry->call(&feeds, &fetches, &env), 3);
    cr_assert_str_eq(fault.message, "n is out of range");
    feeds.n = 3;
    cr_assert_eq(entry->call(&feeds, &fetches, &env), 3);
    cr_assert_str_eq(fault.message, "feeds.x is NULL");
    float given[30] = {0}, room[2][30];
    feeds.x = given;
    fetches.out = room[0];
    fetches.sums = room[1];
    cr_assert_eq(entry->call(&feeds, &fetches, &env), 3);
    cr_assert_str_eq(fault.message, "the arena is too small");
    env.size = 4;
    cr_assert_eq(entry->call(&feeds, &fetches, &env), 3);
    cr_assert_eq(entry->call(&feeds, &fetches, NULL), 3);
    rig_release(&r);
}

/* ---- groups and shared kernels ----------------------------------------------------------------------------------- */

/* z = x; ten times z = z * c[i] + y, in strips of TILE, with locals. */
static void add_chain(rig *r, int length, int tile, int vector_axis)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 1, DIMS(length)),
            y = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "y", 1, DIMS(length));
    int32_t out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 1, DIMS(length)), from = x;
    for (int i = 0; i < 10; i++) {
        int32_t to = i == 9 ? out : rig_buffer(r, p, BUFFER_LOCAL, STEPC_FLOAT32, "z", 1, DIMS(length));
        p->buffers[to].group = i == 9 ? -1 : 0;
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, size_const(s, length), AXIS_SPACE);
        int32_t v =
            nest_binary(&b, LOOP_MUL, nest_read(&b, from, AXES(0)), nest_const_f64(&b, STEPC_FLOAT32, 0.5 + i * 0.25));
        nest_write(&b, to, AXES(0), nest_binary(&b, LOOP_ADD, v, nest_read(&b, y, AXES(0))));
        rig_end(&b);
        rig_vector(&b, vector_axis, 2, -1, 1);
        from = to;
    }
    p->groups = ARENA_ARRAY(&r->memory, loop_group, 1);
    p->group_count = 1;
    p->groups[0] =
        (loop_group){.id = 0, .first = 0, .count = 10, .shared_count = 1, .tile = {tile, 1, 1, 1}, .is_strip = true};
}

/* Softmax of rows: three members that share the row axis, locals of one row and of one value. */
static void add_softmax(rig *r, int rows, int columns, int tile)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT64, "x", 2, DIMS(rows, columns)),
            out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT64, "out", 2, DIMS(rows, columns));
    int32_t most = rig_buffer(r, p, BUFFER_LOCAL, STEPC_FLOAT64, "most", 1, DIMS(rows)),
            powers = rig_buffer(r, p, BUFFER_LOCAL, STEPC_FLOAT64, "powers", 2, DIMS(rows, columns));
    int32_t sum = rig_buffer(r, p, BUFFER_LOCAL, STEPC_FLOAT64, "sum", 1, DIMS(rows));
    p->buffers[most].group = p->buffers[powers].group = p->buffers[sum].group = 0;
    for (int step = 0; step < 4; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, size_const(s, rows), AXIS_SPACE);
        nest_axis(&b, size_const(s, columns), step == 0 || step == 2 ? AXIS_REDUCE : AXIS_SPACE);
        if (step == 0)
            nest_write(&b, most, AXES(0), nest_acc(&b, ACC_MAX, nest_read(&b, x, AXES(0, 1)), false));
        if (step == 1)
            nest_write(
                &b, powers, AXES(0, 1),
                nest_unary(&b, LOOP_EXP,
                           nest_binary(&b, LOOP_SUB, nest_read(&b, x, AXES(0, 1)), nest_read(&b, most, AXES(0)))));
        if (step == 2)
            nest_write(&b, sum, AXES(0), nest_acc(&b, ACC_SUM, nest_read(&b, powers, AXES(0, 1)), false));
        if (step == 3)
            nest_write(&b, out, AXES(0, 1),
                       nest_binary(&b, LOOP_DIV, nest_read(&b, powers, AXES(0, 1)), nest_read(&b, sum, AXES(0))));
        rig_end(&b);
        if (step == 3)
            rig_vector(&b, 1, 2, -1, 1);
    }
    p->groups = ARENA_ARRAY(&r->memory, loop_group, 1);
    p->group_count = 1;
    p->groups[0] = (loop_group){.id = 0, .first = 0, .count = 4, .shared_count = 1, .tile = {tile, 1, 1, 1}};
}

/* A pass that stores squares and adds them in blocks, one that takes the sum from each. */
static void add_blocks(rig *r, int rows, int columns, int tile, int block, int vector_axis)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_INT32, "x", 2, DIMS(rows, columns)),
            out = rig_buffer(r, p, BUFFER_FETCH, STEPC_INT32, "out", 2, DIMS(rows, columns));
    int32_t squares = rig_buffer(r, p, BUFFER_LOCAL, STEPC_INT32, "squares", 2, DIMS(rows, columns)),
            sum = rig_buffer(r, p, BUFFER_LOCAL, STEPC_INT32, "sum", 1, DIMS(rows));
    p->buffers[squares].group = p->buffers[sum].group = 0;
    for (int step = 0; step < 2; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, size_const(s, rows), AXIS_SPACE);
        nest_axis(&b, size_const(s, columns), step == 0 ? AXIS_REDUCE : AXIS_SPACE);
        int32_t read = nest_read(&b, step ? squares : x, AXES(0, 1));
        if (step == 0) {
            int32_t square = nest_binary(&b, LOOP_MUL, read, read);
            nest_write(&b, squares, AXES(0, 1), square);
            nest_write(&b, sum, AXES(0), nest_acc(&b, ACC_SUM, square, true));
        } else {
            nest_write(&b, out, AXES(0, 1), nest_binary(&b, LOOP_SUB, read, nest_read(&b, sum, AXES(0))));
        }
        rig_end(&b);
        rig_vector(&b, vector_axis, 2, -1, 1);
        if (step == 0)
            b.nest->schedule.block = block;
    }
    p->groups = ARENA_ARRAY(&r->memory, loop_group, 1);
    p->group_count = 1;
    p->groups[0] = (loop_group){.id = 0, .first = 0, .count = 2, .shared_count = 1, .tile = {tile, 1, 1, 1}};
}

/* Two shared axes: a local's rows lie as far apart as the tile is wide. */
static void add_tiles(rig *r, int rows, int columns, int tall, int wide)
{
    loop_program *p = rig_program(r, true);
    size_pool *s = &r->sizes;
    int32_t x = rig_buffer(r, p, BUFFER_FEED, STEPC_INT32, "x", 2, DIMS(rows, columns)),
            out = rig_buffer(r, p, BUFFER_FETCH, STEPC_INT32, "out", 2, DIMS(rows, columns));
    int32_t local = rig_buffer(r, p, BUFFER_LOCAL, STEPC_INT32, "tile", 2, DIMS(rows, columns));
    p->buffers[local].group = 0;
    for (int step = 0; step < 2; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, size_const(s, rows), AXIS_SPACE);
        nest_axis(&b, size_const(s, columns), AXIS_SPACE);
        nest_write(&b, step ? out : local, AXES(0, 1),
                   nest_binary(&b, LOOP_ADD, nest_read(&b, step ? local : x, AXES(0, 1)),
                               nest_const_i64(&b, STEPC_INT32, 3 + step)));
        rig_end(&b);
        rig_vector(&b, 1, 1, 0, 2);
    }
    p->groups = ARENA_ARRAY(&r->memory, loop_group, 1);
    p->group_count = 1;
    p->groups[0] = (loop_group){.id = 0, .first = 0, .count = 2, .shared_count = 2, .tile = {tall, wide, 1, 1}};
}

Test(nests, groups)
{
    rig r;
    rig_init(&r);
    add_chain(&r, 100, 32, 0);
    add_chain(&r, 100, 30, 0);
    add_chain(&r, 96, 32, -1);
    add_chain(&r, 5, 512, 0);
    add_softmax(&r, 7, 19, 1);
    add_softmax(&r, 7, 19, 3);
    add_blocks(&r, 5, 1000, 2, 128, 1);
    add_blocks(&r, 2, 193, 1, 64, 1);
    add_blocks(&r, 2, 40, 3, 64, 1);
    add_tiles(&r, 9, 50, 4, 16);
    add_tiles(&r, 9, 50, 1, 64);
    add_tiles(&r, 3, 7, 16, 16);
    rig_compare_all(&r, &generic_isa, true, 0);
    cr_assert_geq(r.result.chunks_emitted, 3);
    rig_run_sanitized(&r, "gcc", "-mavx2 -mfma");
    rig_release(&r);
}

Test(nests, constants_that_differ_share_one_kernel)
{
    rig r;
    rig_init(&r);
    add_chain(&r, 100, 32, 0);
    rig_emit_all(&r, &generic_isa, true);
    /* x to a local, eight times local to local, local to fetch: three kernels */
    const char *body = r.result.files[1].data;
    int kernels = 0;
    for (const char *at = body; (at = strstr(at, "static STEPC_NOINLINE void k")) != NULL; at++)
        kernels++;
    cr_assert_eq(kernels, 3, "%d kernels", kernels);
    cr_assert_not_null(strstr(body, "8 nests share this kernel"));
    rig_release(&r);
}

/* A nest without an element is left out, and so is the table of what only it reads: compilers warn of unused ones. */
Test(nests, weights_of_left_out_nests)
{
    rig r;
    rig_init(&r);
    loop_program *p = rig_program(&r, true);
    static const float weights[3] = {1, 2, 3};
    int32_t w = rig_buffer(&r, p, BUFFER_WEIGHT, STEPC_FLOAT32, "w", 2, DIMS(3, 1)),
            y = rig_buffer(&r, p, BUFFER_FETCH, STEPC_FLOAT32, "y", 2, DIMS(3, 0));
    p->buffers[w].data = weights;
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, size_const(&r.sizes, 3), AXIS_SPACE);
    nest_axis(&b, size_const(&r.sizes, 0), AXIS_SPACE);
    nest_write(&b, y, AXES(0, 1), nest_unary(&b, LOOP_NEG, nest_read(&b, w, AXES(0, -1))));
    rig_end(&b);
    emit_options options = {
        .module = "mod", .prefix = "", .isa = &generic_isa, .weights = STEPC_WEIGHTS_INLINE, .exact = true};
    stepc_error error;
    error_init(&error);
    cr_assert_eq(rig_emit(&r, &options, &error), STEPC_OK, "%s", error.message);
    rig_write(&r);
    rig_build(&r, "clang", "-O2");
    rig_release(&r);
}

/* A variable that a step updates in place, and a weight. */
Test(nests, state_weights_and_init)
{
    rig r;
    rig_init(&r);
    loop_program *p = rig_program(&r, true);
    size_ref dims[1] = {constant(&r, 5)};
    static const float weights[5] = {1.5f, -0.0f, 1e-41f, 3.402823466e38f, 0.1f};
    stepc_tensor *first = rig_tensor(&r, STEPC_FLOAT32, DIMS(5), 1, 3, 1);
    int32_t state = rig_buffer(&r, p, BUFFER_STATE, STEPC_FLOAT32, "counter", 1, DIMS(5)),
            w = rig_buffer(&r, p, BUFFER_WEIGHT, STEPC_FLOAT32, "w", 1, DIMS(5));
    int32_t out = rig_buffer(&r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 1, DIMS(5));
    p->buffers[w].data = weights;
    p->buffers[state].slot = 0;
    p->state[0] = (loop_slot){.cname = "counter",
                              .tensor = "counter:0",
                              .dtype = STEPC_FLOAT32,
                              .rank = 1,
                              .dims = dims,
                              .buffer = state,
                              .initial = first};
    p->state_count = 1;
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, dims[0], AXIS_SPACE);
    int32_t v = nest_binary(&b, LOOP_ADD, nest_read(&b, state, AXES(0)), nest_read(&b, w, AXES(0)));
    nest_write(&b, state, AXES(0), v);
    nest_write(&b, out, AXES(0), v);
    rig_end(&b);
    for (int mode = STEPC_WEIGHTS_INLINE; mode <= STEPC_WEIGHTS_FILE; mode++) {
        emit_options options = {
            .module = "mod", .prefix = "", .isa = &generic_isa, .weights = (stepc_weights)mode, .exact = true};
        stepc_error error;
        error_init(&error);
        cr_assert_eq(rig_emit(&r, &options, &error), STEPC_OK, "%s", error.message);
        rig_write(&r);
        rig_build(&r, mode == STEPC_WEIGHTS_FILE ? "clang" : "gcc", "-O2");
        static _Alignas(64) unsigned char block[64], image[256];
        float *values = (float *)(void *)block, result[5], *to = result;
        stepc_env env = {.size = sizeof env, .state = block};
        unsigned char none = 0;
        if (mode == STEPC_WEIGHTS_FILE) {
            memcpy(image, r.result.files[2].data, r.result.files[2].bytes);
            cr_assert_eq(r.module->init(&env), 3, "no image");
            env.weights = image;
            image[70] ^= 1;
            cr_assert_eq(r.module->init(&env), 3, "a damaged image");
            image[70] ^= 1;
        }
        cr_assert_eq(r.module->state_bytes, 64);
        cr_assert_eq(r.module->init(&env), 0);
        cr_assert_arr_eq(values, stepc_tensor_data(first), 20);
        float want[5];
        for (int i = 0; i < 5; i++)
            want[i] = values[i] + weights[i];
        cr_assert_eq(r.module->entries[0].call(&none, &to, &env), 0);
        for (int i = 0; i < 5; i++)
            cr_assert(memcmp(&result[i], &want[i], 4) == 0 || (isnan(result[i]) && isnan(want[i])),
                      "element %d in mode %d", i, mode);
        cr_assert(memcmp(values, result, 20) == 0);
        env.state = block + 4;
        cr_assert_eq(r.module->entries[0].call(&none, &to, &env), 3, "not aligned");
    }
    stepc_tensor_release(first);
    rig_release(&r);
}
