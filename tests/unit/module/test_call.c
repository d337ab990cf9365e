/* SPDX-License-Identifier: Apache-2.0 */
/* Calling compiled entries with views. The entries here are written by hand as the compiler would write them. */
#include "runtime/core/error.h"
#include "runtime/module/call.h"

#include <criterion/criterion.h>
#include <string.h>

/* scale: x float32[n<=8, 2], s float32[] -> y float32[n, 2] = x * s; a fault when s is 0. */
typedef struct scale_feeds {
    const float *x;
    const float *s;
    int64_t n;
} scale_feeds;

typedef struct scale_fetches {
    float *y;
} scale_fetches;

static int32_t scale_arena(const void *feeds, uint64_t *out_bytes)
{
    *out_bytes = (uint64_t)((const scale_feeds *)feeds)->n * 8;
    return 0;
}

static int32_t scale_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const scale_feeds *in = feeds;
    const scale_fetches *out = fetches;
    float *scratch = env->arena;
    if (in->s[0] == 0.0f) {
        *env->fault = (stepc_fault){3, 7, "Mul layer/scale", "The scale is 0"};
        return 3;
    }
    for (int64_t i = 0; i < in->n * 2; i++)
        scratch[i] = in->x[i] * in->s[0];
    if (in->n > 0)
        memcpy(out->y, scratch, (size_t)in->n * 8);
    return 0;
}

/* head: x int32[4], y int32[4], pairs of them -> those of x above 0, at most 4, count written. */
typedef struct head_feeds {
    const int32_t *x;
} head_feeds;

typedef struct head_fetches {
    int32_t *hits;
    int64_t hits_rows;
} head_fetches;

static int32_t head_call(const void *feeds, void *fetches, const stepc_env *env)
{
    const head_feeds *in = feeds;
    head_fetches *out = fetches;
    (void)env;
    out->hits_rows = 0;
    for (int i = 0; i < 4; i++)
        if (in->x[i] > 0)
            out->hits[out->hits_rows++] = in->x[i];
    return 0;
}

/* same: a float32[n], b float32[n] -> target only. */
typedef struct same_feeds {
    const float *a, *b;
    int64_t n;
} same_feeds;

static int32_t same_call(const void *feeds, void *fetches, const stepc_env *env)
{
    (void)feeds, (void)fetches, (void)env;
    return 0;
}

static const stepc_dimension n_by_2[] = {{8, 0, 0}, {2, -1, 0}}, four[] = {{4, -1, 0}}, n_only[] = {{-1, 0, 0}};
static const stepc_symbol scale_symbols[] = {{"n", offsetof(scale_feeds, n), 8}};
static const stepc_symbol same_symbols[] = {{"n", offsetof(same_feeds, n), -1}};
static const stepc_slot scale_in[] = {{"x", "x:0", STEPC_FLOAT32, 2, n_by_2, offsetof(scale_feeds, x), -1},
                                      {"s", "s:0", STEPC_FLOAT32, 0, NULL, offsetof(scale_feeds, s), -1}};
static const stepc_slot scale_out[] = {{"y", "y:0", STEPC_FLOAT32, 2, n_by_2, offsetof(scale_fetches, y), -1}};
static const stepc_slot head_in[] = {{"x", "x:0", STEPC_INT32, 1, four, offsetof(head_feeds, x), -1}};
static const stepc_slot head_out[] = {
    {"hits", "hits:0", STEPC_INT32, 1, four, offsetof(head_fetches, hits), offsetof(head_fetches, hits_rows)}};
static const stepc_slot same_in[] = {{"a", "a:0", STEPC_FLOAT32, 1, n_only, offsetof(same_feeds, a), -1},
                                     {"b", "b:0", STEPC_FLOAT32, 1, n_only, offsetof(same_feeds, b), -1}};
static const stepc_entry entries[] = {
    {"scale", 1, 2, 1, 0, 1, scale_in, scale_out, NULL, scale_symbols, sizeof(scale_feeds), sizeof(scale_fetches), 64, 0,
     scale_arena, scale_call, NULL},
    {"head", 2, 1, 1, 0, 0, head_in, head_out, NULL, NULL, sizeof(head_feeds), sizeof(head_fetches), 0, 0, NULL,
     head_call, NULL},
    {"same", 3, 2, 0, 0, 1, same_in, NULL, NULL, same_symbols, sizeof(same_feeds), 0, 0, 0, NULL, same_call, NULL},
};
static const stepc_module module = {STEPC_MODULE_ABI, sizeof module, "hand", "generic", 3, 0, entries, NULL, 0, 0, NULL};

static stepc_view view_of(void *data, size_t bytes, const int64_t *dims, int32_t rank, stepc_dtype dtype)
{
    return (stepc_view){data, bytes, dims, rank, (int32_t)dtype};
}

typedef struct scale_case {
    float x[16], s, y[16];
    int64_t dims[2];
    stepc_view feeds[2], fetch;
    _Alignas(64) char arena[64], work[256];
    stepc_env env;
    struct stepc_error error;
} scale_case;

static void prepare(scale_case *c, int64_t rows)
{
    memset(c, 0, sizeof *c);
    error_init(&c->error);
    c->dims[0] = rows;
    c->dims[1] = 2;
    for (int i = 0; i < 16; i++)
        c->x[i] = (float)i;
    c->s = 0.5f;
    c->feeds[0] = view_of(c->x, (size_t)rows * 8, c->dims, 2, STEPC_FLOAT32);
    c->feeds[1] = view_of(&c->s, 4, NULL, 0, STEPC_FLOAT32);
    c->fetch = (stepc_view){.data = c->y, .bytes = sizeof c->y};
    c->env = (stepc_env){.size = sizeof c->env, .arena = c->arena, .arena_bytes = sizeof c->arena};
}

static stepc_code call(scale_case *c)
{
    cr_assert_leq(module_work_bytes(&entries[0]), sizeof c->work);
    return module_call(&module, &entries[0], c->feeds, 2, &c->fetch, 1, &c->env, c->work, sizeof c->work, &c->error);
}

Test(call, a_symbol_takes_the_size_that_is_fed)
{
    for (int64_t rows = 0; rows <= 8; rows++) {
        scale_case c;
        prepare(&c, rows);
        cr_assert_eq(call(&c), STEPC_OK, "%s", stepc_error_message(&c.error));
        for (int i = 0; i < 16; i++)
            cr_assert_eq(c.y[i], i < rows * 2 ? (float)i / 2 : 0.0f);
        cr_assert_eq(c.fetch.dims[0], rows);
        cr_assert_eq(c.fetch.dims[1], 2);
        cr_assert_eq(c.fetch.bytes, (size_t)rows * 8);
        cr_assert_eq(c.fetch.dtype, STEPC_FLOAT32);
    }
}

Test(call, a_fault_tells_code_text_and_node)
{
    scale_case c;
    stepc_fault fault = {0, 0, NULL, NULL};
    prepare(&c, 2);
    c.s = 0.0f;
    c.env.fault = &fault;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error), "The scale is 0 [[{{node layer/scale}}]]");
    cr_assert_str_eq(stepc_error_node(&c.error), "layer/scale");
    cr_assert_str_eq(stepc_error_operator(&c.error), "Mul");
    cr_assert_eq(fault.check, 7);
}

Test(call, values_that_do_not_fit_are_refused)
{
    scale_case c;
    int64_t three[2] = {2, 3};

    prepare(&c, 2);
    c.feeds[0].dtype = STEPC_INT32;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error), "Type mismatch: actual int32 vs. expect float");

    prepare(&c, 2);
    c.feeds[0].dims = three;
    c.feeds[0].bytes = 24;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error),
                     "Cannot feed value of shape [2,3] for Tensor 'x:0', which has shape [n,2]");

    prepare(&c, 2);
    c.feeds[0].rank = 1;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);

    prepare(&c, 9);
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error),
                     "Dimension 0 of the value fed for Tensor 'x:0' is 9, but n is at most 8");

    prepare(&c, -1);
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);

    prepare(&c, 2);
    c.feeds[0].bytes = 15;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);

    prepare(&c, 2);
    cr_assert_eq(module_call(&module, &entries[0], c.feeds, 1, &c.fetch, 1, &c.env, c.work, sizeof c.work, &c.error),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error), "Expected 2 feed tensors, but got 1");
}

Test(call, equal_symbols_are_equal_sizes)
{
    float data[8] = {0};
    int64_t three = 3, four_rows = 4;
    _Alignas(8) char work[256];
    struct stepc_error error;
    stepc_env env = {.size = sizeof env};
    error_init(&error);
    stepc_view feeds[2] = {view_of(data, 12, &three, 1, STEPC_FLOAT32), view_of(data, 16, &four_rows, 1, STEPC_FLOAT32)};
    cr_assert_eq(module_call(&module, &entries[2], feeds, 2, NULL, 0, &env, work, sizeof work, &error),
                 STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&error),
                     "Dimension 0 of the value fed for Tensor 'b:0' is 4, but n is already 3");
    feeds[1] = feeds[0];
    cr_assert_eq(module_call(&module, &entries[2], feeds, 2, NULL, 0, &env, work, sizeof work, &error), STEPC_OK);
}

Test(call, buffers_that_are_too_small_or_overlap_are_refused)
{
    scale_case c;
    prepare(&c, 2);
    c.fetch.bytes = 15;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error),
                     "The buffer for fetch 'y:0' has too few bytes (16 needed, 15 given)");
    prepare(&c, 2);
    c.fetch.data = c.x + 3;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error), "The buffer for fetch 'y:0' overlaps the value fed for 'x:0'");
    prepare(&c, 2);
    c.env.arena_bytes = 15;
    cr_assert_eq(call(&c), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(stepc_error_message(&c.error), "'scale' needs an arena of 16 bytes, but 15 are given");
    prepare(&c, 2);
    cr_assert_eq(module_call(&module, &entries[0], c.feeds, 2, &c.fetch, 1, &c.env, c.work, 16, &c.error),
                 STEPC_INVALID_ARGUMENT);
}

Test(call, new_tensors_get_the_shape_that_the_step_wrote)
{
    int32_t x[4] = {5, -1, 7, 0};
    int64_t dims = 4;
    stepc_view feed = view_of(x, 16, &dims, 1, STEPC_INT32);
    stepc_tensor *hits = NULL;
    cr_assert_eq(module_call_new(NULL, &module, &entries[1], &feed, 1, &hits, 1, NULL, NULL), STEPC_OK);
    cr_assert_eq(stepc_tensor_length(hits), 2);
    cr_assert_eq(((int32_t *)stepc_tensor_data(hits))[0], 5);
    cr_assert_eq(((int32_t *)stepc_tensor_data(hits))[1], 7);
    stepc_tensor_release(hits);
}

Test(call, new_tensors_and_an_arena_are_made_where_none_are_given)
{
    scale_case c;
    stepc_tensor *y = NULL;
    prepare(&c, 3);
    cr_assert_eq(module_call_new(NULL, &module, &entries[0], c.feeds, 2, &y, 1, NULL, &c.error), STEPC_OK, "%s",
                 stepc_error_message(&c.error));
    cr_assert_eq(stepc_tensor_dims(y)[0], 3);
    cr_assert_eq(((float *)stepc_tensor_data(y))[5], 2.5f);
    stepc_tensor_release(y);
    c.s = 0.0f;
    cr_assert_eq(module_call_new(NULL, &module, &entries[0], c.feeds, 2, &y, 1, NULL, &c.error), STEPC_INVALID_ARGUMENT);
    cr_assert_null(y);
}
