/* SPDX-License-Identifier: Apache-2.0 */
/* Values rounded to a grid as a quantised network would see them: FakeQuantWithMinMaxArgs, FakeQuantWithMinMaxVars,
 * FakeQuantWithMinMaxVarsPerChannel. Every step rounds to float32, as TensorFlow's functors compute. */
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

/* The grid: SCALE apart, from LOW to HIGH, 0 among its points. */
typedef struct grid {
    float low, high, scale, inverse;
} grid;

static float floor_of(float x) { return (float)scalar_floor((double)x); }

/* X, which is not negative, to the nearest integer, halves up. */
static float round_up(float x)
{
    float below = floor_of(x);

    return x - below >= 0.5f ? below + 1 : below;
}

static void nudge(grid *g, float low, float high, float least, float most)
{
    float zero;

    g->scale = (high - low) / (most - least);
    zero = least - low / g->scale;
    zero = zero < least ? least : zero > most ? most : round_up(zero);
    g->inverse = 1.0f / g->scale;
    g->low = (least - zero) * g->scale;
    g->high = (most - zero) * g->scale;
}

static float quantised(const grid *g, float x)
{
    float clamped = x < g->low ? g->low : x > g->high ? g->high : x;
    float zero = floor_of(-g->low * g->inverse + 0.5f);

    return floor_of((clamped - g->low) * g->inverse - zero + 0.5f) * g->scale;
}

static stepc_code read_levels(kernel_context *k, float *least, float *most)
{
    int64_t bits = operation_int(k->op, "num_bits", 8);

    if (bits < 2 || bits > 16)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "num_bits must be between 2 and 16, inclusive");
    *least = operation_bool(k->op, "narrow_range", false) ? 1.0f : 0.0f;
    *most = (float)(((int64_t)1 << bits) - 1);
    return STEPC_OK;
}

/* COUNT grids, one per element of the last dimension in turn. */
static stepc_code fake_quant(kernel_context *k, const float *low, const float *high, int64_t count)
{
    const stepc_tensor *in = k->inputs[0];
    float least = 0, most = 0, *to;
    const float *from = stepc_tensor_data(in);
    stepc_tensor *out;
    stepc_code code = read_levels(k, &least, &most);

    if (code == STEPC_OK)
        code = kernel_output(k, 0, STEPC_FLOAT32, stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    if (code != STEPC_OK)
        return code;
    to = stepc_tensor_data(out);
    for (int64_t i = 0; i < stepc_tensor_length(in); i++) {
        int64_t c = i % count;
        grid g;

        if (low[c] == 0 && high[c] == 0) {
            to[i] = 0;
            continue;
        }
        nudge(&g, low[c], high[c], least, most);
        to[i] = quantised(&g, from[i]);
    }
    return STEPC_OK;
}

static stepc_code kernel_args(kernel_context *k)
{
    float low = operation_float(k->op, "min", -6.0f), high = operation_float(k->op, "max", 6.0f);

    if (!(low < high))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "min has to be smaller than max, was: %g >= %g", (double)low,
                         (double)high);
    return fake_quant(k, &low, &high, 1);
}

static stepc_code kernel_vars(kernel_context *k)
{
    if (stepc_tensor_length(k->inputs[1]) != 1 || stepc_tensor_length(k->inputs[2]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "`min` and `max` must be rank 0");
    return fake_quant(k, stepc_tensor_data(k->inputs[1]), stepc_tensor_data(k->inputs[2]), 1);
}

static stepc_code kernel_per_channel(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t depth = stepc_tensor_rank(in) < 1 ? -1 : stepc_tensor_dims(in)[stepc_tensor_rank(in) - 1];

    for (int32_t i = 1; i < 3; i++)
        if (stepc_tensor_rank(k->inputs[i]) != 1 || stepc_tensor_length(k->inputs[i]) != depth)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s has incorrect size, expected %lld was %lld",
                             i == 1 ? "min" : "max", (long long)depth, (long long)stepc_tensor_length(k->inputs[i]));
    return fake_quant(k, stepc_tensor_data(k->inputs[1]), stepc_tensor_data(k->inputs[2]), depth);
}

static stepc_code infer_quantised(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

static const op_row rows[] = {
    {"FakeQuantWithMinMaxArgs", infer_quantised, kernel_args, 0, SAMPLE_SINGLE, 0, 0},
    {"FakeQuantWithMinMaxVars", infer_quantised, kernel_vars, 0, SAMPLE_SINGLE, 0, 0},
    {"FakeQuantWithMinMaxVarsPerChannel", infer_quantised, kernel_per_channel, 0, SAMPLE_SINGLE, 0, 0},
};

const op_family ops_fake_quant = {rows, sizeof rows / sizeof rows[0]};
