/* SPDX-License-Identifier: Apache-2.0 */
/* Batch normalisation. What is one number per channel is made once per channel, in small buffers; what runs over the
 * data is an ordinary elementwise nest, so that it fuses with its neighbours. */
#include "compiler/lower/state.h"

typedef struct channel_shape {
    int32_t x, rank, axis;    /* the data, and which of its dimensions holds the channels */
    size_ref channels, count; /* channels; elements per channel */
    stepc_dtype carried;      /* of intermediate values */
} channel_shape;

static stepc_code open(lower_context *l, int32_t input, channel_shape *s)
{
    stepc_string format = operation_string(l->op, "data_format");
    s->x = lower_input(l, input);
    if (s->x < 0)
        return stepc_error_code(l->error);
    const loop_buffer *x = &l->program->buffers[s->x];
    s->rank = x->rank;
    s->axis = format.size > 1 && format.data[1] == 'C' ? 1 : x->rank - 1;
    s->channels = x->extents[s->axis];
    s->count = size_const(l->program->sizes, 1);
    for (int32_t d = 0; d < s->rank; d++)
        if (d != s->axis)
            s->count = size_product(l->program->sizes, s->count, x->extents[d]);
    s->carried = l->program->exact || x->dtype == STEPC_FLOAT64 ? STEPC_FLOAT64 : STEPC_FLOAT32;
    return STEPC_OK;
}

/* The buffer of a vector of one number per channel; -1 with the error set. */
static int32_t channel_input(lower_context *l, const channel_shape *s, int32_t input)
{
    int32_t buffer = lower_input(l, input);
    if (buffer < 0 || lower_check_equal(l->state, l->program->buffers[buffer].extents[0], s->channels,
                                        "must have the same number of elements as the channels of x", l->op, l->error))
        return -1;
    return buffer;
}

static int32_t channel_buffer(lower_context *l, const channel_shape *s, const char *hint)
{
    return lower_temporary(l, s->carried, &s->channels, 1, hint);
}

/* A nest over the channels; REDUCED: with all other dimensions of the data reduced, AXIS_OF then says which axis runs
 * along each. */
static void begin_channels(lower_context *l, nest_builder *b, const channel_shape *s, int32_t *axis_of)
{
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    int32_t channel = nest_axis(b, s->channels, AXIS_SPACE);
    for (int32_t d = 0; axis_of && d < s->rank; d++)
        axis_of[d] = d == s->axis ? channel : nest_axis(b, l->program->buffers[s->x].extents[d], AXIS_REDUCE);
}

static int32_t read_as(nest_builder *b, const channel_shape *s, int32_t buffer, const int32_t *axis_of)
{
    return nest_cast(b, nest_read(b, buffer, axis_of), s->carried);
}

/* A number of the channel: its axis is the first one, or that of the data. */
static int32_t read_first(nest_builder *b, const channel_shape *s, int32_t buffer)
{
    return read_as(b, s, buffer, (int32_t[1]){0});
}

static int32_t read_channel(nest_builder *b, const channel_shape *s, int32_t buffer)
{
    return read_as(b, s, buffer, &s->axis);
}

/* Stores VALUE per channel, rounded to the dtype of BUFFER. */
static stepc_code end_channels(lower_context *l, nest_builder *b, int32_t buffer, int32_t value)
{
    lower_write(b, buffer, lower_narrow(b, value, l->program->buffers[buffer].dtype));
    return nest_end(b, l->error);
}

static int32_t sum_of(lower_context *l, nest_builder *b, int32_t value)
{
    return nest_acc(b, ACC_SUM, value, !l->program->exact);
}

static int32_t over_count(nest_builder *b, const channel_shape *s, int32_t value)
{
    return nest_binary(b, LOOP_DIV, value, nest_cast(b, nest_size(b, s->count), s->carried));
}

static int32_t with_epsilon(lower_context *l, nest_builder *b, const channel_shape *s, int32_t variance,
                            const char *name)
{
    return nest_binary(b, LOOP_ADD, variance,
                       nest_const_f64(b, s->carried, (double)operation_float(l->op, name, 0.0001f)));
}

static int32_t inverse_root(nest_builder *b, const channel_shape *s, int32_t value)
{
    return nest_binary(b, LOOP_DIV, nest_const_f64(b, s->carried, 1.0), nest_unary(b, LOOP_SQRT, value));
}

/* scale * rsqrt(variance + epsilon), per channel; SCALE -1: rsqrt alone. */
static stepc_code make_factor(lower_context *l, const channel_shape *s, int32_t scale, int32_t variance,
                              const char *epsilon, int32_t *out)
{
    *out = channel_buffer(l, s, "factor");
    if (*out < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    nest_builder b;
    begin_channels(l, &b, s, NULL);
    int32_t root = inverse_root(&b, s, with_epsilon(l, &b, s, read_first(&b, s, variance), epsilon));
    return end_channels(l, &b, *out, scale < 0 ? root : nest_binary(&b, LOOP_MUL, read_first(&b, s, scale), root));
}

/* (x - mean) * factor + offset. */
static stepc_code normalise(lower_context *l, const channel_shape *s, int32_t mean, int32_t factor, int32_t offset)
{
    int32_t out = lower_output(l, 0);
    nest_builder b;
    if (out < 0)
        return stepc_error_code(l->error);
    lower_begin(l, &b, 0);
    int32_t x = nest_cast(&b, lower_read_same(&b, s->x), s->carried);
    int32_t y = nest_binary(&b, LOOP_SUB, x, read_channel(&b, s, mean));
    y = nest_binary(&b, LOOP_MUL, y, read_channel(&b, s, factor));
    y = nest_binary(&b, LOOP_ADD, y, read_channel(&b, s, offset));
    lower_write(&b, out, lower_narrow(&b, y, lower_output_info(l, 0)->dtype));
    return nest_end(&b, l->error);
}

/* ---- FusedBatchNorm ----------------------------------------------------------------------------- */

static stepc_code make_moments(lower_context *l, const channel_shape *s, int32_t *mean, int32_t *variance)
{
    int32_t axis_of[LOWER_MAX_RANK];
    nest_builder b;
    *mean = channel_buffer(l, s, "mean");
    *variance = *mean < 0 ? -1 : channel_buffer(l, s, "variance");
    if (*variance < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    begin_channels(l, &b, s, axis_of);
    stepc_code code = end_channels(l, &b, *mean, over_count(&b, s, sum_of(l, &b, read_as(&b, s, s->x, axis_of))));
    if (code)
        return code;
    begin_channels(l, &b, s, axis_of);
    int32_t d = nest_binary(&b, LOOP_SUB, read_as(&b, s, s->x, axis_of), read_first(&b, s, *mean));
    return end_channels(l, &b, *variance, over_count(&b, s, sum_of(l, &b, nest_binary(&b, LOOP_MUL, d, d))));
}

/* Output OUTPUT is what BUFFER holds, rounded. */
static stepc_code hand_out(lower_context *l, const channel_shape *s, int32_t output, int32_t buffer)
{
    if (l->program->buffers[buffer].dtype == lower_output_info(l, output)->dtype) {
        lower_alias(l, output, buffer);
        return STEPC_OK;
    }
    int32_t out = lower_output(l, output);
    nest_builder b;
    if (out < 0)
        return stepc_error_code(l->error);
    begin_channels(l, &b, s, NULL);
    return end_channels(l, &b, out, read_first(&b, s, buffer));
}

/* The statistic that goes out: that of the batch, mixed with the OLD one where a factor says so. The variance is
 * made unbiased. */
static stepc_code hand_out_running(lower_context *l, const channel_shape *s, int32_t output, int32_t buffer,
                                   int32_t old)
{
    double part = (double)operation_float(l->op, "exponential_avg_factor", 1.0f);
    if (output == 1 && old < 0)
        return hand_out(l, s, output, buffer);
    int32_t out = lower_output(l, output);
    nest_builder b;
    if (out < 0)
        return stepc_error_code(l->error);
    begin_channels(l, &b, s, NULL);
    int32_t value = read_first(&b, s, buffer);
    if (output == 2) {
        int32_t one = nest_const_i64(&b, STEPC_INT64, 1), count = nest_size(&b, s->count);
        int32_t less = nest_binary(&b, LOOP_MAX, nest_binary(&b, LOOP_SUB, count, one), one);
        int32_t ratio = nest_binary(&b, LOOP_DIV, nest_cast(&b, count, s->carried), nest_cast(&b, less, s->carried));
        value = nest_binary(&b, LOOP_MUL, value, ratio);
    }
    if (old >= 0) {
        int32_t share = nest_const_f64(&b, s->carried, part);
        int32_t rest = nest_binary(&b, LOOP_SUB, nest_const_f64(&b, s->carried, 1.0), share);
        value = nest_binary(&b, LOOP_ADD, nest_binary(&b, LOOP_MUL, rest, read_first(&b, s, old)),
                            nest_binary(&b, LOOP_MUL, share, value));
    }
    return end_channels(l, &b, out, value);
}

/* Mean and variance of the batch, and all outputs that tell of them. */
static stepc_code lower_statistics(lower_context *l, const channel_shape *s, int32_t *mean, int32_t *variance)
{
    bool mixed = operation_float(l->op, "exponential_avg_factor", 1.0f) != 1.0f;
    int32_t old_mean = mixed ? channel_input(l, s, 3) : -1, old_variance = mixed ? channel_input(l, s, 4) : -1;
    if (mixed && (old_mean < 0 || old_variance < 0))
        return stepc_error_code(l->error);
    stepc_code code = make_moments(l, s, mean, variance);
    if (!code)
        code = hand_out(l, s, 3, *mean);
    if (!code)
        code = hand_out(l, s, 4, *variance);
    if (!code)
        code = hand_out_running(l, s, 1, *mean, old_mean);
    return code ? code : hand_out_running(l, s, 2, *variance, old_variance);
}

/* The estimates that come in go out as they are. */
static stepc_code pass_estimates(lower_context *l, const channel_shape *s, int32_t *mean, int32_t *variance)
{
    *mean = channel_input(l, s, 3);
    *variance = *mean < 0 ? -1 : channel_input(l, s, 4);
    if (*variance < 0)
        return stepc_error_code(l->error);
    for (int32_t i = 1; i <= 4; i++) {
        int32_t kept = lower_stable_input(l, i % 2 ? 3 : 4);
        if (kept < 0)
            return stepc_error_code(l->error);
        lower_alias(l, i, kept);
    }
    return STEPC_OK;
}

static stepc_code lower_batch_norm_forward(lower_context *l)
{
    channel_shape s;
    int32_t mean = -1, variance = -1, factor = -1;
    stepc_code code = open(l, 0, &s);
    if (code)
        return code;
    int32_t scale = channel_input(l, &s, 1), offset = scale < 0 ? -1 : channel_input(l, &s, 2);
    if (offset < 0)
        return stepc_error_code(l->error);
    code = operation_bool(l->op, "is_training", true) ? lower_statistics(l, &s, &mean, &variance)
                                                      : pass_estimates(l, &s, &mean, &variance);
    if (!code)
        code = make_factor(l, &s, scale, variance, "epsilon", &factor);
    if (!code)
        code = normalise(l, &s, mean, factor, offset);
    if (code || l->op->output_count < 6)
        return code;
    int32_t reserve = lower_output(l, 5);
    nest_builder b;
    if (reserve < 0)
        return stepc_error_code(l->error);
    lower_begin(l, &b, 5);
    lower_write(&b, reserve, nest_const_f64(&b, STEPC_FLOAT32, 0.0));
    return nest_end(&b, l->error);
}

/* ---- FusedBatchNormGrad --------------------------------------------------------------------------- */

typedef struct channel_sums {
    int32_t dy, mean, variance;
    int32_t sum, product; /* of dy; of dy * (x - mean) */
} channel_sums;

static stepc_code make_sums(lower_context *l, const channel_shape *s, channel_sums *g)
{
    int32_t axis_of[LOWER_MAX_RANK];
    nest_builder b;
    g->sum = channel_buffer(l, s, "dy_sum");
    g->product = g->sum < 0 ? -1 : channel_buffer(l, s, "dy_product");
    if (g->product < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    begin_channels(l, &b, s, axis_of);
    stepc_code code = end_channels(l, &b, g->sum, sum_of(l, &b, read_as(&b, s, g->dy, axis_of)));
    if (code)
        return code;
    begin_channels(l, &b, s, axis_of);
    int32_t d = nest_binary(&b, LOOP_SUB, read_as(&b, s, s->x, axis_of), read_first(&b, s, g->mean));
    return end_channels(l, &b, g->product, sum_of(l, &b, nest_binary(&b, LOOP_MUL, read_as(&b, s, g->dy, axis_of), d)));
}

static stepc_code scale_gradients(lower_context *l, const channel_shape *s, const channel_sums *g)
{
    int32_t scale = lower_output(l, 1), none[2] = {lower_output(l, 3), lower_output(l, 4)};
    nest_builder b;
    if (scale < 0 || none[0] < 0 || none[1] < 0)
        return stepc_error_code(l->error);
    begin_channels(l, &b, s, NULL);
    int32_t root = inverse_root(&b, s, with_epsilon(l, &b, s, read_first(&b, s, g->variance), "epsilon"));
    stepc_code code = end_channels(l, &b, scale, nest_binary(&b, LOOP_MUL, read_first(&b, s, g->product), root));
    return code ? code : hand_out(l, s, 2, g->sum);
}

/* mean(dy * (x - m)) / (variance + epsilon), per channel. */
static stepc_code make_slope(lower_context *l, const channel_shape *s, const channel_sums *g, int32_t *out)
{
    nest_builder b;
    *out = channel_buffer(l, s, "slope");
    if (*out < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    begin_channels(l, &b, s, NULL);
    int32_t wide = with_epsilon(l, &b, s, read_first(&b, s, g->variance), "epsilon");
    int32_t product = over_count(&b, s, read_first(&b, s, g->product));
    return end_channels(l, &b, *out, nest_binary(&b, LOOP_DIV, product, wide));
}

static stepc_code make_shift(lower_context *l, const channel_shape *s, const channel_sums *g, int32_t *out)
{
    nest_builder b;
    *out = channel_buffer(l, s, "shift");
    if (*out < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    begin_channels(l, &b, s, NULL);
    return end_channels(l, &b, *out, over_count(&b, s, read_first(&b, s, g->sum)));
}

static stepc_code data_gradient(lower_context *l, const channel_shape *s, const channel_sums *g, int32_t factor)
{
    bool training = operation_bool(l->op, "is_training", true);
    int32_t out = lower_output(l, 0), slope = -1, shift = -1;
    stepc_code code = out < 0 ? stepc_error_code(l->error) : training ? make_slope(l, s, g, &slope) : STEPC_OK;
    if (!code && training)
        code = make_shift(l, s, g, &shift);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t d = nest_cast(&b, lower_read_same(&b, g->dy), s->carried);
    if (training) {
        int32_t x = nest_cast(&b, lower_read_same(&b, s->x), s->carried);
        int32_t away = nest_binary(&b, LOOP_SUB, x, read_channel(&b, s, g->mean));
        d = nest_binary(&b, LOOP_SUB, d, read_channel(&b, s, shift));
        d = nest_binary(&b, LOOP_SUB, d, nest_binary(&b, LOOP_MUL, away, read_channel(&b, s, slope)));
    }
    d = nest_binary(&b, LOOP_MUL, d, read_channel(&b, s, factor));
    lower_write(&b, out, lower_narrow(&b, d, lower_output_info(l, 0)->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_batch_norm_backward(lower_context *l)
{
    channel_shape s;
    channel_sums g;
    int32_t factor = -1;
    stepc_code code = open(l, 1, &s);
    if (code)
        return code;
    int32_t scale = channel_input(l, &s, 2);
    g.dy = scale < 0 ? -1 : lower_input(l, 0);
    g.mean = g.dy < 0 ? -1 : channel_input(l, &s, 3);
    g.variance = g.mean < 0 ? -1 : channel_input(l, &s, 4);
    if (g.variance < 0)
        return stepc_error_code(l->error);
    for (int32_t d = 0; d < s.rank && !code; d++)
        code = lower_check_equal(l->state, l->program->buffers[g.dy].extents[d], l->program->buffers[s.x].extents[d],
                                 "x and y_backprop must have same shape", l->op, l->error);
    if (!code)
        code = make_sums(l, &s, &g);
    if (!code)
        code = make_factor(l, &s, scale, g.variance, "epsilon", &factor);
    if (!code)
        code = scale_gradients(l, &s, &g);
    return code ? code : data_gradient(l, &s, &g, factor);
}

/* ---- BatchNormWithGlobalNormalization --------------------------------------------------------------- */

static stepc_code lower_global_norm(lower_context *l)
{
    channel_shape s;
    int32_t inputs[5], factor = -1;
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    if (!dtype_is_float(dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s batch normalisation is not compiled", stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    stepc_code code = open(l, 0, &s);
    if (code)
        return code;
    for (int32_t i = 1; i < 5; i++) {
        inputs[i] = channel_input(l, &s, i);
        if (inputs[i] < 0)
            return stepc_error_code(l->error);
    }
    bool scaled = operation_bool(l->op, "scale_after_normalization", false);
    code = make_factor(l, &s, scaled ? inputs[4] : -1, inputs[2], "variance_epsilon", &factor);
    return code ? code : normalise(l, &s, inputs[1], factor, inputs[3]);
}

static const lower_row rows[] = {
    {"BatchNormWithGlobalNormalization", lower_global_norm, 0}, {"FusedBatchNorm", lower_batch_norm_forward, 0},
    {"FusedBatchNormGrad", lower_batch_norm_backward, 0},       {"FusedBatchNormGradV2", lower_batch_norm_backward, 0},
    {"FusedBatchNormGradV3", lower_batch_norm_backward, 0},     {"FusedBatchNormV2", lower_batch_norm_forward, 0},
    {"FusedBatchNormV3", lower_batch_norm_forward, 0},
};

const lower_family lower_batch_norm = {rows, sizeof rows / sizeof rows[0]};
