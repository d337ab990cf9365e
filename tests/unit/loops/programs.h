/* SPDX-License-Identifier: Apache-2.0 */
/* Programs built by hand, for the tests of the loop IR. */
#ifndef TESTS_UNIT_LOOPS_PROGRAMS_H
#define TESTS_UNIT_LOOPS_PROGRAMS_H

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/loops/loops.h"
#include "runtime/core/host.h"

typedef struct fixture {
    stepc_host host;
    arena memory;
    size_pool sizes;
    loop_program *p;
    stepc_error error;
} fixture;

#define MOST_SLOTS 8

static inline fixture *fixture_new(void)
{
    fixture *f = calloc(1, sizeof *f);
    stepc_host_init(&f->host);
    arena_init(&f->memory, &f->host);
    size_pool_init(&f->sizes, &f->memory);
    error_init(&f->error);
    cr_assert_eq(loop_program_new(&f->host, &f->memory, &f->sizes, "sample", &f->p, &f->error), STEPC_OK);
    f->p->feeds = ARENA_ARRAY(&f->memory, loop_slot, MOST_SLOTS);
    f->p->fetches = ARENA_ARRAY(&f->memory, loop_slot, MOST_SLOTS);
    f->p->state = ARENA_ARRAY(&f->memory, loop_slot, MOST_SLOTS);
    return f;
}

static inline void fixture_free(fixture *f)
{
    arena_release(&f->memory);
    free(f);
}

static inline size_ref num(fixture *f, int64_t value)
{
    return size_const(&f->sizes, value);
}

/* A feed, fetch or variable with its buffer; complex slots get a buffer of two reals. */
static inline int32_t slot(fixture *f, buffer_kind kind, stepc_dtype dtype, const size_ref *dims, int32_t rank)
{
    int32_t *count = kind == BUFFER_FEED    ? &f->p->feed_count
                     : kind == BUFFER_FETCH ? &f->p->fetch_count
                                            : &f->p->state_count;
    loop_slot *slots = kind == BUFFER_FEED ? f->p->feeds : kind == BUFFER_FETCH ? f->p->fetches : f->p->state;
    const char *names[] = {"x", "y", "z", "w", "s", "t", "u", "v"};
    size_ref extents[9];
    size_ref *own = ARENA_ARRAY(&f->memory, size_ref, (size_t)rank);
    memcpy(own, dims, (size_t)rank * sizeof *own);
    memcpy(extents, dims, (size_t)rank * sizeof *own);
    stepc_dtype storage = dtype;
    int32_t storage_rank = rank;
    if (dtype == STEPC_COMPLEX64) {
        storage = STEPC_FLOAT32;
        extents[storage_rank++] = num(f, 2);
    }
    int32_t b = loop_buffer_new(f->p, kind, storage, extents, storage_rank, names[*count]);
    f->p->buffers[b].slot = *count;
    f->p->buffers[b].tensor = names[*count];
    slots[*count] = (loop_slot){.cname = names[*count], .tensor = names[*count], .dtype = dtype, .rank = rank,
                                .dims = own, .buffer = b};
    ++*count;
    return b;
}

static inline int32_t slot_const(fixture *f, buffer_kind kind, stepc_dtype dtype, const int64_t *dims, int32_t rank)
{
    size_ref sizes[8];
    for (int32_t k = 0; k < rank; k++)
        sizes[k] = num(f, dims[k]);
    return slot(f, kind, dtype, sizes, rank);
}

#define DIMS(...) ((const int64_t[]){__VA_ARGS__}), (int32_t)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t))
#define AXES(...) ((const int32_t[]){__VA_ARGS__})

static inline int32_t buffer_const(fixture *f, buffer_kind kind, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                                   const char *hint)
{
    size_ref sizes[8];
    for (int32_t k = 0; k < rank; k++)
        sizes[k] = num(f, dims[k]);
    return loop_buffer_new(f->p, kind, dtype, sizes, rank, hint);
}

static inline int32_t weight(fixture *f, stepc_dtype dtype, const int64_t *dims, int32_t rank, const void *data)
{
    int32_t b = buffer_const(f, BUFFER_WEIGHT, dtype, dims, rank, "w");
    f->p->buffers[b].data = data;
    return b;
}

static inline void end(fixture *f, nest_builder *b)
{
    cr_assert_eq(nest_end(b, &f->error), STEPC_OK, "%s", f->error.message);
}

static inline void add_group(fixture *f, int32_t id, int32_t first, int32_t count, int32_t shared, int64_t tile)
{
    loop_program *p = f->p;
    p->groups = arena_grow(&f->memory, p->groups, &p->group_capacity, (size_t)p->group_count + 1, sizeof *p->groups);
    loop_group g = {.id = id, .first = first, .count = count, .shared_count = shared};
    for (int32_t k = 0; k < shared; k++)
        g.tile[k] = tile;
    p->groups[p->group_count++] = g;
}

static inline void verify_ok(fixture *f)
{
    cr_assert_eq(loop_verify(f->p, &f->error), STEPC_OK, "%s", f->error.message);
}

/* ---- programs -------------------------------------------------------------------------------- */

/* y = (x + 1) * x over N float32. */
static inline fixture *program_chain(int64_t n)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(n));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(n));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, n), AXIS_SPACE);
    int32_t v = nest_read(&b, x, AXES(0));
    int32_t s = nest_binary(&b, LOOP_ADD, v, nest_const_f64(&b, STEPC_FLOAT32, 1));
    nest_write(&b, y, AXES(0), nest_binary(&b, LOOP_MUL, s, v));
    end(f, &b);
    return f;
}

/* Row softmax over [N,C] with symbolic N, in a group of three nests with locals. TILE rows at a time. */
static inline fixture *program_softmax(int64_t columns, int64_t tile)
{
    fixture *f = fixture_new();
    size_ref n = size_symbol(&f->sizes, "n", 1, 100), c = num(f, columns);
    const size_ref nc[] = {n, c};
    int32_t x = slot(f, BUFFER_FEED, STEPC_FLOAT32, nc, 2);
    int32_t y = slot(f, BUFFER_FETCH, STEPC_FLOAT32, nc, 2);
    int32_t most = loop_buffer_new(f->p, BUFFER_LOCAL, STEPC_FLOAT32, &n, 1, "most");
    int32_t e = loop_buffer_new(f->p, BUFFER_LOCAL, STEPC_FLOAT32, nc, 2, "e");
    int32_t sum = loop_buffer_new(f->p, BUFFER_LOCAL, STEPC_FLOAT32, &n, 1, "sum");
    f->p->buffers[most].group = f->p->buffers[e].group = f->p->buffers[sum].group = 7;
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, c, AXIS_REDUCE);
    nest_write(&b, most, AXES(0), nest_acc(&b, ACC_MAX, nest_read(&b, x, AXES(0, 1)), false));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, c, AXIS_SPACE);
    int32_t d = nest_binary(&b, LOOP_SUB, nest_read(&b, x, AXES(0, 1)), nest_read(&b, most, AXES(0)));
    nest_write(&b, e, AXES(0, 1), nest_unary(&b, LOOP_EXP, d));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, c, AXIS_REDUCE);
    nest_write(&b, sum, AXES(0), nest_acc(&b, ACC_SUM, nest_read(&b, e, AXES(0, 1)), true));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, c, AXIS_SPACE);
    nest_write(&b, y, AXES(0, 1),
               nest_binary(&b, LOOP_DIV, nest_read(&b, e, AXES(0, 1)), nest_read(&b, sum, AXES(0))));
    end(f, &b);
    add_group(f, 7, 0, 4, 1, tile);
    return f;
}

/* y[m,n] = sum over k of x[m,k] * z[k,n], from the second feed through a transposed view of [n,k]. */
static inline fixture *program_matmul(int64_t m, int64_t k, int64_t n)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(m, k));
    int32_t z = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(n, k));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(m, n));
    const size_ref extents[] = {num(f, k), num(f, n)}, strides[] = {num(f, 1), num(f, k)};
    int32_t zt = loop_view_new(f->p, z, extents, strides, 2, num(f, 0));
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, m), AXIS_SPACE);
    nest_axis(&b, num(f, n), AXIS_SPACE);
    nest_axis(&b, num(f, k), AXIS_REDUCE);
    int32_t product = nest_binary(&b, LOOP_MUL, nest_read(&b, x, AXES(0, 2)), nest_read(&b, zt, AXES(2, 1)));
    nest_write(&b, y, AXES(0, 1), nest_acc(&b, ACC_SUM, product, true));
    end(f, &b);
    return f;
}

/* ---- running ------------------------------------------------------------------------------------ */

typedef struct outputs {
    stepc_tensor *tensors[MOST_SLOTS];
} outputs;

static inline stepc_view view_of(const loop_slot *s, const void *data, const int64_t *dims)
{
    int64_t count = 1;
    for (int32_t k = 0; k < s->rank; k++)
        count *= dims[k];
    return (stepc_view){(void *)(uintptr_t)data, (size_t)count * stepc_dtype_bytes(s->dtype), dims, s->rank, s->dtype};
}

/* Feeds take their dims from the program; N is the only symbol. */
static inline stepc_code run(const loop_program *p, const void *const *data, void *const *state, int64_t n,
                             outputs *out, stepc_error *error)
{
    static int64_t dims[MOST_SLOTS][8];
    stepc_view feeds[MOST_SLOTS];
    for (int32_t i = 0; i < p->feed_count; i++) {
        for (int32_t k = 0; k < p->feeds[i].rank; k++)
            cr_assert(size_evaluate(p->sizes, p->feeds[i].dims[k], &n, 1, &dims[i][k]));
        feeds[i] = view_of(&p->feeds[i], data[i], dims[i]);
    }
    loop_run r = {feeds, out->tensors, state, &n, (int64_t)size_symbol_count(p->sizes)};
    return loop_evaluate(p, &r, error);
}

static inline void run_ok(fixture *f, const void *const *data, void *const *state, int64_t n, outputs *out)
{
    cr_assert_eq(run(f->p, data, state, n, out, &f->error), STEPC_OK, "%s", f->error.message);
}

static inline void outputs_free(const loop_program *p, outputs *out)
{
    for (int32_t i = 0; i < p->fetch_count; i++)
        stepc_tensor_release(out->tensors[i]);
}

#endif
