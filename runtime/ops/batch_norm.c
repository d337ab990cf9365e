/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation, forward and backward. Everything between the inputs and the outputs is a double; sums run in
 * row-major order of the reduced axes, results are rounded once. */
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <string.h>

/* ---- layout ------------------------------------------------------------------------------ */

static bool channels_first(const stepc_operation *op)
{
    stepc_string format = operation_string(op, "data_format");

    return format.size > 1 && format.data[1] == 'C';
}

static bool is_training(const stepc_operation *op) { return operation_bool(op, "is_training", true); }

/* Where a tensor keeps its channels: OUTER blocks of CHANNELS runs of INNER elements. */
typedef struct layout {
    int64_t outer, channels, inner;
} layout;

static layout layout_of(const stepc_operation *op, const stepc_tensor *x)
{
    int32_t rank = stepc_tensor_rank(x), axis = channels_first(op) ? 1 : rank - 1, d;
    layout l = {1, stepc_tensor_dims(x)[axis], 1};

    if (stepc_tensor_length(x) == 0)
        return (layout){0, l.channels, 0};
    for (d = 0; d < rank; d++) {
        if (d < axis)
            l.outer *= stepc_tensor_dims(x)[d];
        if (d > axis)
            l.inner *= stepc_tensor_dims(x)[d];
    }
    return l;
}

/* Element NUMBER, row-major, of channel C. */
static int64_t channel_at(const layout *l, int64_t c, int64_t number)
{
    return (number / l->inner * l->channels + c) * l->inner + number % l->inner;
}

static double load(const stepc_tensor *t, int64_t index)
{
    return load_f64(stepc_tensor_dtype(t), stepc_tensor_data(t), index);
}

static void store(stepc_tensor *t, int64_t index, double value)
{
    store_f64(stepc_tensor_dtype(t), stepc_tensor_data(t), index, value);
}

/* ---- shape functions --------------------------------------------------------------------- */

static bool is_v3(const stepc_operation *op)
{
    return op->type.size > 2 && strcmp(op->type.data + op->type.size - 2, "V3") == 0;
}

static stepc_code bad_rank(stepc_error *error, bool v3, const char *what, const char *shape)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "%s must be %s-dimensional%s", what, v3 ? "4 or 5" : "4", shape);
}

static bool rank_fits(const stepc_operation *op, int32_t rank) { return rank == 4 || (rank == 5 && is_v3(op)); }

/* Merges SIZE with the one dimension of input INPUT, named WHAT in messages. */
static stepc_code merge_channels(infer_context *c, int32_t input, const char *what, size_ref *size)
{
    const infer_value *v = c->inputs[input];
    char shape[256];

    if (v->rank < 0)
        return STEPC_OK;
    if (v->rank != 1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "%s must be 1-dimensional%s", what,
                         infer_shape_text(c, v, shape, sizeof shape));
    if (!infer_merge(c, *size, v->dims[0], size))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "%s must have the same number of elements as the channels of x", what);
    return STEPC_OK;
}

/* Output 0 like input X; CHANNELS: the size of its channels. */
static stepc_code infer_data(infer_context *c, int32_t x, size_ref *channels)
{
    const infer_value *in = c->inputs[x];
    char shape[256];
    stepc_code code;

    *channels = SIZE_UNKNOWN;
    if (in->rank < 0)
        return STEPC_OK;
    if (!rank_fits(c->op, in->rank))
        return bad_rank(c->error, is_v3(c->op), "input", infer_shape_text(c, in, shape, sizeof shape));
    code = infer_copy_shape(c, in, 0);
    *channels = in->dims[channels_first(c->op) ? 1 : in->rank - 1];
    return code;
}

static stepc_code set_channels(infer_context *c, int32_t first, int32_t last, size_ref channels)
{
    stepc_code code = STEPC_OK;
    int32_t i;

    for (i = first; i <= last && code == STEPC_OK; i++) {
        code = infer_set_rank(c, i, 1);
        if (code == STEPC_OK)
            c->outputs[i].dims[0] = channels;
    }
    return code;
}

/* Whether the mean and variance that come in matter. */
static bool uses_estimates(const stepc_operation *op)
{
    return !is_training(op) || operation_float(op, "exponential_avg_factor", 1.0f) != 1.0f;
}

static stepc_code infer_batch_norm(infer_context *c)
{
    static const char *const names[] = {"x", "scale", "offset", "mean", "variance"};
    size_ref channels, dims;
    int32_t i, count = uses_estimates(c->op) ? 5 : 3;
    stepc_code code = infer_data(c, 0, &channels);

    for (i = 1; i < count && code == STEPC_OK; i++)
        code = merge_channels(c, i, names[i], &channels);
    if (code == STEPC_OK && c->outputs[0].rank >= 0) { /* X's channels may be known from the others only */
        dims = channels_first(c->op) ? 1 : c->outputs[0].rank - 1;
        c->outputs[0].dims[dims] = channels;
    }
    if (code == STEPC_OK)
        code = set_channels(c, 1, 4, channels);
    return code == STEPC_OK && c->output_count > 5 ? infer_set_rank(c, 5, 0) : code;
}

static stepc_code infer_batch_norm_grad(infer_context *c)
{
    static const char *const names[] = {"y_backprop", "x", "scale", "reserve_space_1", "reserve_space_2"};
    size_ref channels;
    stepc_code code;
    int32_t i;

    if (c->inputs[0]->rank >= 0 && c->inputs[1]->rank >= 0) {
        code = infer_merge_shapes(c, c->inputs[0], c->inputs[1], 0);
        if (code != STEPC_OK)
            return code;
    }
    code = infer_data(c, 1, &channels);
    for (i = 2; i < 5 && code == STEPC_OK; i++)
        code = merge_channels(c, i, names[i], &channels);
    if (code == STEPC_OK)
        code = set_channels(c, 1, 2, channels);
    return code == STEPC_OK ? set_channels(c, 3, 4, size_const(c->sizes, 0)) : code;
}

/* ---- checks ------------------------------------------------------------------------------ */

static stepc_code check_vector(kernel_context *k, int32_t input, const char *prefix, const char *name, int64_t channels)
{
    const stepc_tensor *t = k->inputs[input];
    char shape[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(t) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s must be 1-dimensional%s", name,
                         tensor_shape_text(t, shape));
    if (stepc_tensor_length(t) != channels)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "%s%s must have the same number of elements as the channels of x, got %lld and %lld", prefix,
                         name, (long long)stepc_tensor_length(t), (long long)channels);
    return STEPC_OK;
}

static stepc_code check_data(kernel_context *k, int32_t input, const char *name)
{
    const stepc_tensor *x = k->inputs[input];
    char shape[SHAPE_TEXT_BYTES];

    if (!dtype_is_float(stepc_tensor_dtype(x)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(x));
    if (!rank_fits(k->op, stepc_tensor_rank(x)))
        return bad_rank(k->error, is_v3(k->op), name, tensor_shape_text(x, shape));
    return STEPC_OK;
}

/* ---- FusedBatchNorm ---------------------------------------------------------------------- */

static void channel_moments(const stepc_tensor *x, const layout *l, int64_t c, double *mean, double *variance)
{
    int64_t count = l->outer * l->inner, i;
    double sum = 0.0, squares = 0.0;

    for (i = 0; i < count; i++)
        sum += load(x, channel_at(l, c, i));
    *mean = sum / (double)count;
    for (i = 0; i < count; i++) {
        double d = load(x, channel_at(l, c, i)) - *mean;

        squares += d * d;
    }
    *variance = squares / (double)count;
}

/* The statistics that go out: those of the batch, mixed with the old ones where a factor says so. */
static void store_statistics(kernel_context *k, const layout *l, int64_t c, double mean, double variance)
{
    double factor = (double)operation_float(k->op, "exponential_avg_factor", 1.0f);
    int64_t count = l->outer * l->inner;
    double unbiased = variance * ((double)count / (double)(count > 1 ? count - 1 : 1));

    store(k->outputs[3], c, mean);
    store(k->outputs[4], c, variance);
    if (factor != 1.0) {
        mean = (1.0 - factor) * load(k->inputs[3], c) + factor * mean;
        unbiased = (1.0 - factor) * load(k->inputs[4], c) + factor * unbiased;
    }
    store(k->outputs[1], c, mean);
    store(k->outputs[2], c, unbiased);
}

static void normalise_channel(kernel_context *k, const layout *l, int64_t c)
{
    double epsilon = (double)operation_float(k->op, "epsilon", 0.0001f), mean, variance, factor;
    double offset = load(k->inputs[2], c);
    int64_t i;

    if (is_training(k->op)) {
        channel_moments(k->inputs[0], l, c, &mean, &variance);
        store_statistics(k, l, c, mean, variance);
    } else {
        mean = load(k->inputs[3], c);
        variance = load(k->inputs[4], c);
        for (i = 1; i <= 4; i++)
            store(k->outputs[i], c, i % 2 ? mean : variance);
    }
    factor = load(k->inputs[1], c) * (1.0 / scalar_sqrt(variance + epsilon));
    for (i = 0; i < l->outer * l->inner; i++) {
        int64_t at = channel_at(l, c, i);

        store(k->outputs[0], at, (load(k->inputs[0], at) - mean) * factor + offset);
    }
}

/* All outputs that exist, elements unset. */
static stepc_code batch_norm_outputs(kernel_context *k, int64_t channels)
{
    const stepc_tensor *x = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[1]);
    stepc_tensor *out;
    stepc_code code = kernel_output(k, 0, stepc_tensor_dtype(x), stepc_tensor_dims(x), stepc_tensor_rank(x), &out);
    int32_t i;

    for (i = 1; i <= 4 && code == STEPC_OK; i++)
        code = kernel_output(k, i, dtype, &channels, 1, &out);
    if (code != STEPC_OK || k->output_count < 6)
        return code;
    code = kernel_output(k, 5, dtype, NULL, 0, &out); /* only a GPU keeps something there */
    if (code == STEPC_OK)
        store(out, 0, 0.0);
    return code;
}

static stepc_code kernel_batch_norm(kernel_context *k)
{
    static const char *const names[] = {"x", "scale", "offset", "mean", "variance"};
    const char *prefix = is_training(k->op) ? "When exponential_avg_factor != 1, " : "When is_training=false, ";
    stepc_code code = check_data(k, 0, "input");
    int32_t i, count = uses_estimates(k->op) ? 5 : 3;
    int64_t c;
    layout l;

    if (code != STEPC_OK)
        return code;
    l = layout_of(k->op, k->inputs[0]);
    for (i = 1; i < count && code == STEPC_OK; i++)
        code = check_vector(k, i, i < 3 ? "" : prefix, names[i], l.channels);
    if (code == STEPC_OK)
        code = batch_norm_outputs(k, l.channels);
    for (c = 0; code == STEPC_OK && c < l.channels; c++)
        normalise_channel(k, &l, c);
    return code;
}

/* ---- FusedBatchNormGrad ------------------------------------------------------------------- */

/* dx = scale * r * (dy - mean(dy) - (x - m) * mean(dy * (x - m)) * r * r) in training, with r = rsqrt(v + epsilon);
 * scale * r * dy in inference. */
static void differentiate_channel(kernel_context *k, const layout *l, int64_t c)
{
    const stepc_tensor *dy = k->inputs[0], *x = k->inputs[1];
    double epsilon = (double)operation_float(k->op, "epsilon", 0.0001f), mean = load(k->inputs[3], c);
    double wide = load(k->inputs[4], c) + epsilon, root = 1.0 / scalar_sqrt(wide);
    double scale = load(k->inputs[2], c) * root, sum = 0.0, product = 0.0, slope, shift;
    int64_t count = l->outer * l->inner, i;

    for (i = 0; i < count; i++) {
        int64_t at = channel_at(l, c, i);

        sum += load(dy, at);
        product += load(dy, at) * (load(x, at) - mean);
    }
    store(k->outputs[1], c, product * root);
    store(k->outputs[2], c, sum);
    shift = sum / (double)count;
    slope = product / (double)count / wide;
    for (i = 0; i < count; i++) {
        int64_t at = channel_at(l, c, i);
        double d = load(dy, at);

        if (is_training(k->op))
            d = d - shift - (load(x, at) - mean) * slope;
        store(k->outputs[0], at, d * scale);
    }
}

static stepc_code kernel_batch_norm_grad(kernel_context *k)
{
    static const char *const names[] = {"y_backprop", "x", "scale", "saved mean", "saved variance"};
    const stepc_tensor *x = k->inputs[1];
    stepc_code code = check_data(k, 0, "out_backprop");
    int64_t c, none = 0;
    stepc_tensor *out;
    layout l;
    int32_t i;

    if (code == STEPC_OK)
        code = check_data(k, 1, "input");
    if (code != STEPC_OK)
        return code;
    if (!tensor_same_shape(k->inputs[0], x))
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "x and y_backprop must have same shape");
    l = layout_of(k->op, x);
    for (i = 2; i < 5 && code == STEPC_OK; i++)
        code = check_vector(k, i, "", names[i], l.channels);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(x), stepc_tensor_dims(x), stepc_tensor_rank(x), &out);
    for (i = 1; i < 5 && code == STEPC_OK; i++)
        code = kernel_output(k, i, stepc_tensor_dtype(k->inputs[3]), i < 3 ? &l.channels : &none, 1, &out);
    for (c = 0; code == STEPC_OK && c < l.channels; c++)
        differentiate_channel(k, &l, c);
    return code;
}

/* ---- BatchNormWithGlobalNormalization ------------------------------------------------------- */

static stepc_code infer_global_norm(infer_context *c)
{
    static const char *const names[] = {"input", "mean", "var", "beta", "gamma"};
    const infer_value *in = c->inputs[0];
    size_ref channels = SIZE_UNKNOWN;
    stepc_code code = STEPC_OK;
    char shape[256];
    int32_t i;

    if (in->rank >= 0) {
        if (in->rank != 4)
            return bad_rank(c->error, false, "input", infer_shape_text(c, in, shape, sizeof shape));
        code = infer_copy_shape(c, in, 0);
        channels = in->dims[3];
    }
    for (i = 1; i < 5 && code == STEPC_OK; i++)
        code = merge_channels(c, i, names[i], &channels);
    return code;
}

static stepc_code kernel_global_norm(kernel_context *k)
{
    static const char *const names[] = {"input", "mean", "var", "beta", "gamma"};
    bool scaled = operation_bool(k->op, "scale_after_normalization", false);
    double epsilon = (double)operation_float(k->op, "variance_epsilon", 0.0f);
    const stepc_tensor *x = k->inputs[0];
    stepc_code code = check_data(k, 0, "input");
    stepc_tensor *out;
    int64_t i, channels;
    int32_t n;

    if (code != STEPC_OK)
        return code;
    channels = stepc_tensor_dims(x)[3];
    for (n = 1; n < 5 && code == STEPC_OK; n++)
        code = check_vector(k, n, "", names[n], channels);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(x), stepc_tensor_dims(x), 4, &out);
    for (i = 0; code == STEPC_OK && i < stepc_tensor_length(x); i++) {
        int64_t c = i % channels;
        double factor = 1.0 / scalar_sqrt(load(k->inputs[2], c) + epsilon);

        factor = scaled ? load(k->inputs[4], c) * factor : factor;
        store(out, i, (load(x, i) - load(k->inputs[1], c)) * factor + load(k->inputs[3], c));
    }
    return code;
}

static const op_row rows[] = {
    {"BatchNormWithGlobalNormalization", infer_global_norm, kernel_global_norm, 0, SAMPLE_SINGLE, 0, 0},
    {"FusedBatchNorm", infer_batch_norm, kernel_batch_norm, 0, SAMPLE_BATCH_NORM, 0, 0},
    {"FusedBatchNormGrad", infer_batch_norm_grad, kernel_batch_norm_grad, 0, SAMPLE_BATCH_NORM_GRAD, 0, 0},
    {"FusedBatchNormGradV2", infer_batch_norm_grad, kernel_batch_norm_grad, 0, SAMPLE_BATCH_NORM_GRAD, 0, 0},
    {"FusedBatchNormGradV3", infer_batch_norm_grad, kernel_batch_norm_grad, 0, SAMPLE_BATCH_NORM_GRAD, 0, 0},
    {"FusedBatchNormV2", infer_batch_norm, kernel_batch_norm, 0, SAMPLE_BATCH_NORM, 0, 0},
    {"FusedBatchNormV3", infer_batch_norm, kernel_batch_norm, 0, SAMPLE_BATCH_NORM, 0, 0},
};

const op_family ops_batch_norm = {rows, sizeof rows / sizeof rows[0]};
