/* SPDX-License-Identifier: Apache-2.0 */
/* Random operators: Philox words by element number, so that order and lanes do not matter;
 * the generator itself is state of the module. */
#include "compiler/lower/state.h"

/* key0 key1 counter0..3 as TensorFlow seeds them. Two zero seeds ask for a random start: generated
 * code has no entropy, so the operation's name takes its place. */
static stepc_code initial_state(lower_context *l, const stepc_tensor **out)
{
    int64_t dims[1] = {6};
    stepc_tensor *tensor;
    stepc_code code = stepc_tensor_new(l->step->host, STEPC_UINT32, dims, 1, &tensor, l->error);
    if (code)
        return code;
    uint64_t seed = (uint64_t)operation_int(l->op, "seed", 0), seed2 = (uint64_t)operation_int(l->op, "seed2", 0);
    if (seed == 0 && seed2 == 0)
        seed2 = text_hash(l->op->name);
    uint32_t *words = stepc_tensor_data(tensor);
    words[0] = (uint32_t)seed;
    words[1] = (uint32_t)(seed >> 32);
    words[2] = words[3] = 0;
    words[4] = (uint32_t)seed2;
    words[5] = (uint32_t)(seed2 >> 32);
    *out = tensor;
    return step_own(l->step, tensor, l->error);
}

static int32_t generator(lower_context *l)
{
    const stepc_tensor *initial;
    size_ref six[1] = {size_const(l->program->sizes, 6)};
    infer_value info = {.dtype = STEPC_UINT32, .rank = 1, .dims = six};
    const char *name = arena_format(l->step->memory, "%s#generator", l->op->name.data);
    if (initial_state(l, &initial))
        return -1;
    info.dims = ARENA_ARRAY(l->step->memory, size_ref, 1);
    if (!name || !info.dims) {
        error_out_of_memory(l->error, "lowering");
        return -1;
    }
    info.dims[0] = six[0];
    return lower_state_buffer(l->state, name, &info, initial, l->op, l->error);
}

static int32_t uniform_double(nest_builder *b, int32_t state, int32_t index)
{
    int32_t first = nest_binary(b, LOOP_MUL, index, nest_const_i64(b, STEPC_INT64, 2));
    int32_t second = nest_binary(b, LOOP_ADD, first, nest_const_i64(b, STEPC_INT64, 1));
    int32_t high = nest_cast(b, nest_philox(b, state, first), STEPC_UINT64);
    int32_t low = nest_cast(b, nest_philox(b, state, second), STEPC_UINT64);
    high = nest_binary(b, LOOP_AND, high, nest_const_i64(b, STEPC_UINT64, 0xFFFFF));
    high = nest_binary(b, LOOP_SHL, high, nest_const_i64(b, STEPC_UINT64, 32));
    int32_t bits = nest_binary(b, LOOP_OR, nest_binary(b, LOOP_OR, high, low), nest_const_i64(b, STEPC_UINT64, (int64_t)1023 << 52));
    return nest_binary(b, LOOP_SUB, nest_bitcast(b, bits, STEPC_FLOAT64), nest_const_f64(b, STEPC_FLOAT64, 1.0));
}

/* The low bits of the word as a fraction, exact in the dtype. */
static int32_t uniform_fraction(nest_builder *b, int32_t state, int32_t index, stepc_dtype dtype)
{
    int32_t bits = dtype == STEPC_FLOAT32 ? 23 : dtype == STEPC_HALF ? 10 : 7;
    int32_t word = nest_philox(b, state, index);
    int32_t low = nest_binary(b, LOOP_AND, word, nest_const_i64(b, STEPC_UINT32, ((int64_t)1 << bits) - 1));
    int32_t scale = nest_const_f64(b, STEPC_FLOAT32, 1.0 / (double)((int64_t)1 << bits));
    return nest_binary(b, LOOP_MUL, nest_cast(b, low, STEPC_FLOAT32), scale);
}

static stepc_code lower_random_uniform(lower_context *l)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    int32_t out = lower_output(l, 0), state = out < 0 ? -1 : generator(l);
    if (state < 0)
        return stepc_error_code(l->error);
    size_pool *sizes = l->program->sizes;
    size_ref count = size_const(sizes, 1), one[1] = {count};
    for (int32_t d = 0; d < l->program->buffers[out].rank; d++)
        count = size_product(sizes, count, l->program->buffers[out].extents[d]);
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t index = nest_axis_value(&b, nest_axis(&b, count, AXIS_SPACE));
    int32_t value = dtype == STEPC_FLOAT64 ? uniform_double(&b, state, index) : uniform_fraction(&b, state, index, dtype);
    loop_index at = {.base = size_const(sizes, 0), .coefs = one, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                        .indirect_extent = SIZE_UNKNOWN};
    nest_write_index(&b, out, &at, value, -1);
    stepc_code code = nest_end(&b, l->error);
    if (code)
        return code;
    size_ref steps = size_product(sizes, count, size_const(sizes, 256));
    loop_call call = {.kind = CALL_PHILOX_ADVANCE, .buffers = {state, -1}, .sizes = {steps, SIZE_UNKNOWN}, .origin = l->op};
    return loop_call_add(l->program, &call, l->error);
}

static const lower_row rows[] = {
    {"RandomUniform", lower_random_uniform, 1u},
};

const lower_family lower_random = {rows, sizeof rows / sizeof rows[0]};
