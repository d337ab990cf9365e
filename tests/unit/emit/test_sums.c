/* SPDX-License-Identifier: Apache-2.0 */
/* Sums in blocks, in strips, beside streaming writes, in groups: schedules given by hand, against the evaluator. */
#include "emit_test.h"

static size_ref constant(rig *r, int64_t value) { return size_const(&r->sizes, value); }

static void strip(nest_builder *x, int vector, int jam, int width, int rows, int block)
{
    x->nest->schedule = (nest_schedule){.is_set = true, .vector_axis = vector, .jam = jam, .row_axis = -1, .row_tile = 1,
                                        .partial_sums = 1, .strip = width, .strip_rows = rows, .block = block};
}

/* Of columns: sums, places and extremes in one nest. KINDS: bits of acc_kind. */
static void add_columns(rig *r, stepc_dtype dtype, uint32_t kinds, int rows, int columns, const int schedule[5])
{
    loop_program *p = rig_program(r, false);
    int32_t in = rig_buffer(r, p, BUFFER_FEED, dtype, "x", 2, DIMS(rows, columns));
    nest_builder x;
    nest_begin(&x, p);
    nest_axis(&x, constant(r, columns), AXIS_SPACE);
    nest_axis(&x, constant(r, rows), AXIS_REDUCE);
    for (int kind = ACC_SUM; kind <= ACC_ARG_MIN; kind++) {
        if (!(kinds >> kind & 1))
            continue;
        char name[16];
        bool is_place = kind == ACC_ARG_MAX || kind == ACC_ARG_MIN;
        snprintf(name, sizeof name, "out%d", kind);
        int32_t out = rig_buffer(r, p, BUFFER_FETCH, is_place ? STEPC_INT64 : dtype, name, 1, DIMS(columns));
        nest_write(&x, out, AXES(0), nest_acc(&x, (acc_kind)kind, nest_read(&x, in, AXES(1, 0)), true));
    }
    rig_end(&x);
    strip(&x, schedule[0], schedule[1], schedule[2], schedule[3], schedule[4]);
}

enum { SUM = 1 << ACC_SUM, MAX = 1 << ACC_MAX, MIN = 1 << ACC_MIN, PLACE = 1 << ACC_ARG_MAX, LEAST = 1 << ACC_ARG_MIN };

Test(sums, of_columns_and_their_places)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT32, STEPC_UINT32, STEPC_INT64,
                                         STEPC_UINT8,   STEPC_INT16,   STEPC_HALF};
    static const uint32_t kinds[] = {SUM, PLACE, SUM | PLACE, SUM | MAX | MIN, MAX | LEAST};
    static const int schedules[][5] = {{0, 2, 64, 2, 64}, {0, 1, 64, 4, 0}, {-1, 1, 64, 3, 128}, {0, 2, 128, 1, 64}};
    static const int columns[] = {16, 63, 64, 97, 200};
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 1e-2; /* half */
    for (size_t i = 0; i < 8 * 5; i++)
        add_columns(&r, dtypes[i % 8], kinds[i / 8 % 5], i % 3 == 0 ? 150 : 64 + (int)(i % 7), columns[i % 5],
                    schedules[i % 8 / 2]);
    add_columns(&r, STEPC_FLOAT32, SUM | PLACE, 0, 70, schedules[0]);
    add_columns(&r, STEPC_FLOAT32, SUM | PLACE, 1, 70, schedules[0]);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_release(&r);
}

/* A local takes x + 1; the sum of its rows runs in blocks along the lanes. */
static void add_blocks(rig *r, int rows, int columns, int tile, int partial, int block)
{
    loop_program *p = rig_program(r, false);
    int32_t in = rig_buffer(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, DIMS(rows, columns));
    int32_t out = rig_buffer(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 1, DIMS(rows));
    int32_t local = rig_buffer(r, p, BUFFER_LOCAL, STEPC_FLOAT32, "more", 2, DIMS(rows, columns));
    p->buffers[local].group = 0;
    for (int step = 0; step < 2; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_axis(&b, constant(r, rows), AXIS_SPACE);
        nest_axis(&b, constant(r, columns), step ? AXIS_REDUCE : AXIS_SPACE);
        int32_t read = nest_read(&b, step ? local : in, AXES(0, 1));
        if (step)
            nest_write(&b, out, AXES(0), nest_acc(&b, ACC_SUM, read, true));
        else
            nest_write(&b, local, AXES(0, 1), nest_binary(&b, LOOP_ADD, read, nest_const_i64(&b, STEPC_FLOAT32, 1)));
        rig_end(&b);
        rig_vector(&b, 1, partial, -1, 1);
        b.nest->schedule.block = block;
    }
    p->groups = ARENA_ARRAY(&r->memory, loop_group, 1);
    p->group_count = 1;
    p->groups[0] = (loop_group){.id = 0, .first = 0, .count = 2, .shared_count = 1, .tile = {tile, 1, 1, 1}};
}

Test(sums, in_blocks_of_a_group)
{
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 1e-5;
    for (int tile = 1; tile < 4; tile++)
        for (int columns = 63; columns < 300; columns += 65)
            add_blocks(&r, 5, columns, tile, tile, 64);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_run_sanitized(&r, "clang", "-mavx2 -mfma");
    rig_release(&r);
}

/* y = x * c and z = c beside the sum of y's rows, where c, one per row, has another width than the lanes. */
static void add_streams(rig *r, stepc_dtype dtype, stepc_dtype still, int rows, int columns, int partial)
{
    loop_program *p = rig_program(r, false);
    int32_t in = rig_buffer(r, p, BUFFER_FEED, dtype, "x", 2, DIMS(rows, columns)),
            c = rig_buffer(r, p, BUFFER_FEED, still, "c", 1, DIMS(rows));
    int32_t y = rig_buffer(r, p, BUFFER_FETCH, dtype, "y", 2, DIMS(rows, columns)),
            z = rig_buffer(r, p, BUFFER_FETCH, still, "z", 2, DIMS(rows, columns)),
            sum = rig_buffer(r, p, BUFFER_FETCH, dtype, "sum", 1, DIMS(rows));
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, constant(r, rows), AXIS_SPACE);
    nest_axis(&b, constant(r, columns), AXIS_REDUCE);
    int32_t one = nest_read(&b, c, AXES(0));
    int32_t product = nest_binary(&b, LOOP_MUL, nest_read(&b, in, AXES(0, 1)), nest_cast(&b, one, loop_value_dtype(dtype)));
    nest_write(&b, y, AXES(0, 1), product);
    nest_write(&b, z, AXES(0, 1), one);
    nest_write(&b, sum, AXES(0), nest_acc(&b, ACC_SUM, product, true));
    rig_end(&b);
    rig_vector(&b, 1, partial, -1, 1);
}

Test(sums, beside_streaming_writes_of_another_width)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT32, STEPC_INT64, STEPC_UINT8};
    rig r;
    rig_init(&r);
    r.compare_bits = 0;
    r.tolerance = 1e-5;
    for (int i = 0; i < 25; i++)
        add_streams(&r, dtypes[i / 5], dtypes[i % 5], 3, 40 + 7 * i, 1 + i % 4);
    rig_compare_all(&r, &generic_isa, false, 0);
    rig_run_sanitized(&r, "clang", "-mavx2 -mfma");
    rig_release(&r);
}
