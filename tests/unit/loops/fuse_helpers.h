/* SPDX-License-Identifier: Apache-2.0 */
/* Small programs built by hand, run before and after a transformation. */
#ifndef TESTS_LOOPS_FUSE_HELPERS_H
#define TESTS_LOOPS_FUSE_HELPERS_H

#include "compiler/loops/loops.h"
#include "runtime/core/host.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const isa_profile test_isa = {.name = "avx2",
                                     .cflags = "-mavx2 -mfma",
                                     .vector_bytes = 32,
                                     .registers = 16,
                                     .l1_bytes = 32768,
                                     .l2_bytes = 524288,
                                     .has_fma = true};

typedef struct bench {
    arena memory;
    size_pool sizes;
    stepc_host host;
    loop_program *p;
    loop_slot feeds[16], fetches[16], state[16];
    size_ref dims[128];
    int dim_count;
} bench;

static inline void bench_init(bench *b)
{
    memset(b, 0, sizeof *b);
    stepc_host_init(&b->host);
    arena_init(&b->memory, &b->host);
    size_pool_init(&b->sizes, &b->memory);
    cr_assert_eq(loop_program_new(&b->host, &b->memory, &b->sizes, "test", &b->p, NULL), STEPC_OK);
    b->p->feeds = b->feeds;
    b->p->fetches = b->fetches;
    b->p->state = b->state;
}

static inline void bench_release(bench *b) { arena_release(&b->memory); }

static inline int32_t bench_buffer(bench *b, buffer_kind kind, stepc_dtype dtype, const char *hint, int rank,
                                   const int64_t *dims)
{
    size_ref *at = b->dims + b->dim_count;
    b->dim_count += rank;
    for (int i = 0; i < rank; i++)
        at[i] = size_const(&b->sizes, dims[i]);
    int32_t buffer = loop_buffer_new(b->p, kind, dtype, at, rank, hint);
    cr_assert(buffer >= 0);
    loop_slot slot = {.cname = hint, .tensor = hint, .dtype = dtype, .rank = rank, .dims = at, .buffer = buffer};
    loop_slot *slots = kind == BUFFER_FEED ? b->feeds : kind == BUFFER_FETCH ? b->fetches : b->state;
    int32_t *count = kind == BUFFER_FEED    ? &b->p->feed_count
                     : kind == BUFFER_FETCH ? &b->p->fetch_count
                                            : &b->p->state_count;
    if (kind == BUFFER_FEED || kind == BUFFER_FETCH || kind == BUFFER_STATE) {
        b->p->buffers[buffer].slot = *count;
        slots[(*count)++] = slot;
    }
    return buffer;
}

#define DIMS(...) ((int64_t[]){__VA_ARGS__})
#define AXES(...) ((int32_t[]){__VA_ARGS__})

/* One elementwise nest: OUT = op(A, C) over OUT's own shape; operands of the same shape, or of rank 0. C < 0: unary. */
static inline void bench_op(bench *b, loop_op op, int32_t out, int32_t a, int32_t c)
{
    static const int32_t along[] = {0, 1, 2, 3}, none[] = {-1, -1, -1, -1};
    nest_builder n;
    nest_begin(&n, b->p);
    int32_t rank = b->p->buffers[out].rank;
    for (int32_t k = 0; k < rank; k++)
        nest_axis(&n, b->p->buffers[out].extents[k], AXIS_SPACE);
    int32_t x = nest_read(&n, a, b->p->buffers[a].rank == rank ? along : none);
    int32_t v;
    if (c >= 0)
        v = nest_binary(&n, op, x, nest_read(&n, c, b->p->buffers[c].rank == rank ? along : none));
    else
        v = nest_unary(&n, op, x);
    nest_write(&n, out, along, v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* The same with a constant as second operand (SWAP: as first). */
static inline void bench_op_const(bench *b, loop_op op, int32_t out, int32_t a, double c, bool swap)
{
    static const int32_t along[] = {0, 1, 2, 3};
    nest_builder n;
    nest_begin(&n, b->p);
    for (int32_t k = 0; k < b->p->buffers[out].rank; k++)
        nest_axis(&n, b->p->buffers[out].extents[k], AXIS_SPACE);
    int32_t x = nest_read(&n, a, along), y = nest_const_f64(&n, b->p->buffers[out].dtype, c);
    nest_write(&n, out, along, swap ? nest_binary(&n, op, y, x) : nest_binary(&n, op, x, y));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* OUT [i] = acc over k of A [i,k]. */
static inline void bench_reduce(bench *b, acc_kind kind, int32_t out, int32_t a)
{
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, b->p->buffers[a].extents[0], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[a].extents[1], AXIS_REDUCE);
    int32_t v = nest_acc(&n, kind, nest_read(&n, a, AXES(0, 1)), false);
    nest_write(&n, out, AXES(0), v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* OUT [i,k] = op(A [i,k], C [i]) . */
static inline void bench_rows(bench *b, loop_op op, int32_t out, int32_t a, int32_t c)
{
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, b->p->buffers[out].extents[0], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[out].extents[1], AXIS_SPACE);
    int32_t v = nest_binary(&n, op, nest_read(&n, a, AXES(0, 1)), nest_read(&n, c, AXES(0)));
    nest_write(&n, out, AXES(0, 1), v);
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

/* OUT [m,n] = sum over k of A [m,k] * C [k,n]. */
static inline void bench_matmul(bench *b, int32_t out, int32_t a, int32_t c)
{
    nest_builder n;
    nest_begin(&n, b->p);
    nest_axis(&n, b->p->buffers[out].extents[0], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[out].extents[1], AXIS_SPACE);
    nest_axis(&n, b->p->buffers[a].extents[1], AXIS_REDUCE);
    int32_t v = nest_binary(&n, LOOP_MUL, nest_read(&n, a, AXES(0, 2)), nest_read(&n, c, AXES(2, 1)));
    nest_write(&n, out, AXES(0, 1), nest_acc(&n, ACC_SUM, v, true));
    cr_assert_eq(nest_end(&n, NULL), STEPC_OK);
}

static inline void bench_verify(bench *b, const char *what)
{
    stepc_error *error = stepc_error_new();
    if (loop_verify(b->p, error) != STEPC_OK) {
        text t;
        text_init(&t, &b->host);
        loop_print(b->p, &t);
        fprintf(stderr, "%.6000s\n", t.data);
        text_release(&t);
        cr_assert(0, "%s: %s", what, stepc_error_message(error));
    }
    stepc_error_free(error);
}

/* Runs on feeds made of a fixed pattern; returns the bytes of all fetches and states. */
static inline unsigned char *bench_run(bench *b, size_t *size)
{
    stepc_view views[16];
    stepc_tensor *fetches[16] = {0};
    void *state[16];
    size_t state_bytes[16], total = 0;
    int64_t *made_dims[16];
    stepc_error *error = stepc_error_new();
    for (int i = 0; i < b->p->feed_count + b->p->state_count; i++) {
        bool is_feed = i < b->p->feed_count;
        const loop_slot *slot = is_feed ? &b->feeds[i] : &b->state[i - b->p->feed_count];
        int64_t *dims = calloc((size_t)slot->rank + 1, sizeof *dims), count = 1;
        for (int k = 0; k < slot->rank; k++) {
            size_evaluate(&b->sizes, slot->dims[k], (int64_t[]){37, 5}, 2, &dims[k]);
            count *= dims[k];
        }
        size_t bytes = stepc_dtype_bytes(slot->dtype) * (size_t)count;
        char *data = calloc(bytes + 8, 1);
        for (int64_t e = 0; e < count; e++) {
            if (slot->dtype == STEPC_FLOAT32)
                ((float *)(void *)data)[e] = (float)sin((double)(e * 7 + i * 3 + 1)) * 1.25f;
            else if (slot->dtype == STEPC_INT64)
                ((int64_t *)(void *)data)[e] = (e * 5 + 1) % 3;
            else if (slot->dtype == STEPC_UINT32)
                ((uint32_t *)(void *)data)[e] = (uint32_t)(e * 77 + 5);
            else if (slot->dtype == STEPC_HALF)
                ((uint16_t *)(void *)data)[e] = (uint16_t)(0x3c00 + e * 37 % 512);
        }
        if (is_feed) {
            made_dims[i] = dims;
            views[i] = (stepc_view){
                .data = data, .bytes = bytes, .dims = dims, .rank = slot->rank, .dtype = (int32_t)slot->dtype};
        } else {
            free(dims);
            state[i - b->p->feed_count] = data;
            state_bytes[i - b->p->feed_count] = bytes;
        }
    }
    loop_run run = {.feeds = views,
                    .fetches = fetches,
                    .state = state,
                    .symbols = (int64_t[]){37, 5},
                    .symbol_count = (int64_t)size_symbol_count(&b->sizes)};
    stepc_code code = loop_evaluate(b->p, &run, error);
    cr_assert_eq(code, STEPC_OK, "evaluate: %s", stepc_error_message(error));
    unsigned char *all = NULL;
    for (int i = 0; i < b->p->fetch_count + b->p->state_count; i++) {
        bool is_fetch = i < b->p->fetch_count;
        size_t bytes = is_fetch ? stepc_tensor_bytes(fetches[i]) : state_bytes[i - b->p->fetch_count];
        all = realloc(all, total + bytes + 1);
        memcpy(all + total, is_fetch ? stepc_tensor_data(fetches[i]) : state[i - b->p->fetch_count], bytes);
        total += bytes;
        if (is_fetch)
            stepc_tensor_release(fetches[i]);
        else
            free(state[i - b->p->fetch_count]);
    }
    for (int i = 0; i < b->p->feed_count; i++) {
        free(views[i].data);
        free(made_dims[i]);
    }
    stepc_error_free(error);
    *size = total;
    return all;
}

static inline int32_t bench_nests(const bench *b)
{
    int32_t count = 0;
    for (int32_t i = 0; i < b->p->statement_count; i++)
        count += b->p->statements[i].kind == STATEMENT_NEST;
    return count;
}

typedef void (*bench_build)(bench *b);

/* Builds the program, runs it, fuses it, verifies and runs again: equal bit for bit. */
static inline void bench_fuse(bench *b, bench_build build, const char *what)
{
    size_t before_size, after_size;
    stepc_error *error = stepc_error_new();
    bench_init(b);
    build(b);
    bench_verify(b, what);
    unsigned char *before = bench_run(b, &before_size);
    stepc_code code = loop_fuse(b->p, &test_isa, error);
    cr_assert_eq(code, STEPC_OK, "%s: %s", what, stepc_error_message(error));
    bench_verify(b, what);
    unsigned char *after = bench_run(b, &after_size);
    cr_assert_eq(before_size, after_size, "%s", what);
    cr_assert(memcmp(before, after, before_size) == 0, "%s: fusion changed results", what);
    free(before);
    free(after);
    stepc_error_free(error);
}

static inline void bench_print(bench *b)
{
    text t;
    text_init(&t, &b->host);
    loop_print(b->p, &t);
    fprintf(stderr, "%s\n", t.data);
    text_release(&t);
}

#endif
