/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions: kept dimensions become space axes, reduced ones reduce axes in row-major order. */
#include "compiler/lower/complex.h"

typedef struct reduction {
    int32_t in, out, rank;
    stepc_dtype dtype; /* of what is summed: of a complex number, its reals */
    int32_t pair;      /* 1: the last dimension is the pair of a complex number, which no axis names */
    bool reduced[LOWER_MAX_RANK];
    int32_t axis_of[LOWER_MAX_RANK];  /* axis of each input dimension */
    int32_t write_of[LOWER_MAX_RANK]; /* axis of each output dimension; -1 for kept ones of size 1 */
} reduction;

/* Opens the nest and says which axis runs along which dimension. */
static void begin(lower_context *l, nest_builder *b, reduction *r)
{
    const loop_buffer *in = &l->program->buffers[r->in];
    bool keep = l->program->buffers[r->out].rank == r->rank;
    int32_t written = 0;
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < r->rank; d++) {
        if (!r->reduced[d])
            r->axis_of[d] = nest_axis(b, in->extents[d], AXIS_SPACE);
        if (!r->reduced[d] || keep)
            r->write_of[written++] = r->reduced[d] ? -1 : r->axis_of[d];
    }
    for (int32_t d = 0; d < r->rank; d++)
        if (r->reduced[d])
            r->axis_of[d] = nest_axis(b, in->extents[d], AXIS_REDUCE);
}

static stepc_code open_any(lower_context *l, reduction *r)
{
    r->in = lower_input(l, 0);
    r->out = r->in < 0 ? -1 : lower_output(l, 0);
    if (r->out < 0)
        return stepc_error_code(l->error);
    r->rank = l->program->buffers[r->in].rank;
    r->pair = dtype_is_complex(lower_info(l, 0)->dtype) ? 1 : 0;
    r->dtype = r->pair ? l->program->buffers[r->out].dtype : lower_output_info(l, 0)->dtype;
    return STEPC_OK;
}

static stepc_code open(lower_context *l, reduction *r)
{
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    if (dtype_is_complex(dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s reductions are not compiled", stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    return open_any(l, r);
}

static stepc_code read_axes(lower_context *l, reduction *r)
{
    const int64_t *axes;
    int64_t count;
    int32_t rank = r->rank - r->pair;
    stepc_code code = lower_constant_integers(l, 1, &axes, &count);
    for (int64_t i = 0; !code && i < count; i++) {
        int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
        if (axis < 0 || axis >= rank)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "Invalid reduction dimension (%lld for input with %d dimension(s)",
                             (long long)axes[i], rank);
        if (r->reduced[axis])
            return error_set(l->error, STEPC_INVALID_ARGUMENT,
                             "Invalid reduction arguments: Axes contains duplicate dimension: %lld", (long long)axis);
        r->reduced[axis] = true;
    }
    return code;
}

static size_ref reduced_count(lower_context *l, const reduction *r)
{
    size_ref count = size_const(l->program->sizes, 1);
    for (int32_t d = 0; d < r->rank; d++)
        if (r->reduced[d])
            count = size_product(l->program->sizes, count, l->program->buffers[r->in].extents[d]);
    return count;
}

/* The mean of no elements is NaN for floats and 0 for integers. */
static int32_t divide_by_count(nest_builder *b, int32_t sum, size_ref count, stepc_dtype dtype, stepc_dtype carried)
{
    int32_t size = nest_size(b, count);
    if (dtype_is_float(dtype))
        return nest_binary(b, LOOP_DIV, sum, nest_cast(b, size, carried));
    int32_t divisor = nest_binary(b, LOOP_MAX, size, nest_const_i64(b, STEPC_INT64, 1));
    return nest_cast(b, nest_binary(b, LOOP_DIV, sum, nest_cast(b, divisor, carried)), dtype);
}

/* Over no axis there is no sum: 0 + x would lose the sign of -0. */
static bool reduces(const reduction *r)
{
    for (int32_t d = 0; d < r->rank; d++)
        if (r->reduced[d])
            return true;
    return false;
}

static stepc_code lower_fold(lower_context *l, acc_kind kind, bool mean)
{
    reduction r = {0};
    stepc_code code = kind == ACC_SUM ? open_any(l, &r) : open(l, &r);
    if (!code)
        code = read_axes(l, &r);
    if (code)
        return code;
    stepc_dtype dtype = r.dtype;
    nest_builder b;
    begin(l, &b, &r);
    int32_t value = nest_read(&b, r.in, r.axis_of);
    if (!reduces(&r)) {
        nest_write(&b, r.out, r.write_of, value);
        return nest_end(&b, l->error);
    }
    value = lower_widen(l, &b, value, dtype);
    stepc_dtype carried = l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    if (mean && !dtype_is_float(dtype)) {
        carried = dtype_is_signed(dtype) ? STEPC_INT64 : STEPC_UINT64;
        value = nest_cast(&b, value, carried);
    }
    value = nest_acc(&b, kind, value, !l->program->exact && dtype_is_float(dtype));
    if (mean)
        value = divide_by_count(&b, value, reduced_count(l, &r), dtype, carried);
    nest_write(&b, r.out, r.write_of, lower_narrow(&b, value, dtype));
    return nest_end(&b, l->error);
}

/* One accumulator over values of the input's dtype: the extremes, any and all. */
static stepc_code lower_pick(lower_context *l, acc_kind kind)
{
    reduction r = {0};
    stepc_code code = open(l, &r);
    if (!code)
        code = read_axes(l, &r);
    if (code)
        return code;
    nest_builder b;
    begin(l, &b, &r);
    int32_t value = nest_read(&b, r.in, r.axis_of);
    nest_write(&b, r.out, r.write_of, reduces(&r) ? nest_acc(&b, kind, value, false) : value);
    return nest_end(&b, l->error);
}

static stepc_code lower_max(lower_context *l) { return lower_pick(l, ACC_MAX); }
static stepc_code lower_min(lower_context *l) { return lower_pick(l, ACC_MIN); }
static stepc_code lower_any(lower_context *l) { return lower_pick(l, ACC_ANY); }
static stepc_code lower_all(lower_context *l) { return lower_pick(l, ACC_ALL); }

static int32_t sum_of_squares(lower_context *l, nest_builder *b, const reduction *r, stepc_dtype dtype)
{
    int32_t x = lower_widen(l, b, nest_read(b, r->in, r->axis_of), dtype);
    return nest_acc(b, ACC_SUM, nest_binary(b, LOOP_MUL, x, x), !l->program->exact && dtype_is_float(dtype));
}

/* Integers: the root of the wrapped sum, truncated; the root of a negative one is no number, which a cast makes 0. */
static stepc_code lower_norm(lower_context *l)
{
    reduction r = {0};
    stepc_code code = open(l, &r);
    if (!code)
        code = read_axes(l, &r);
    if (code)
        return code;
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    nest_builder b;
    begin(l, &b, &r);
    int32_t value;
    if (!reduces(&r))
        value = nest_read(&b, r.in, r.axis_of);
    else if (dtype_is_float(dtype))
        value = lower_narrow(&b, nest_unary(&b, LOOP_SQRT, sum_of_squares(l, &b, &r, dtype)), dtype);
    else
        value = nest_cast(&b, nest_unary(&b, LOOP_SQRT, nest_cast(&b, sum_of_squares(l, &b, &r, dtype), STEPC_FLOAT64)),
                          dtype);
    nest_write(&b, r.out, r.write_of, value);
    return nest_end(&b, l->error);
}

static stepc_code lower_l2_loss(lower_context *l)
{
    reduction r = {0};
    stepc_code code = open(l, &r);
    if (code)
        return code;
    stepc_dtype dtype = lower_output_info(l, 0)->dtype, carried = l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    for (int32_t d = 0; d < r.rank; d++)
        r.reduced[d] = true;
    nest_builder b;
    begin(l, &b, &r);
    int32_t half = nest_binary(&b, LOOP_MUL, sum_of_squares(l, &b, &r, dtype), nest_const_f64(&b, carried, 0.5));
    nest_write(&b, r.out, r.write_of, lower_narrow(&b, half, dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_sum(lower_context *l) { return lower_fold(l, ACC_SUM, false); }
static stepc_code lower_prod(lower_context *l)
{
    return dtype_is_complex(lower_info(l, 0)->dtype) ? lower_complex_prod(l) : lower_fold(l, ACC_PROD, false);
}
static stepc_code lower_mean(lower_context *l) { return lower_fold(l, ACC_SUM, true); }

/* All dimensions but the channel. */
static stepc_code lower_bias_add_grad(lower_context *l)
{
    reduction r = {0};
    stepc_code code = open(l, &r);
    if (code)
        return code;
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    bool first = text_equal(operation_string(l->op, "data_format"), TEXT_LITERAL("NCHW"));
    for (int32_t d = 0; d < r.rank; d++)
        r.reduced[d] = d != (first ? 1 : r.rank - 1);
    nest_builder b;
    begin(l, &b, &r);
    int32_t value = lower_widen(l, &b, nest_read(&b, r.in, r.axis_of), dtype);
    value = nest_acc(&b, ACC_SUM, value, !l->program->exact && dtype_is_float(dtype));
    nest_write(&b, r.out, r.write_of, lower_narrow(&b, value, dtype));
    return nest_end(&b, l->error);
}

static stepc_code check_not_empty(lower_context *l, const reduction *r, int32_t axis)
{
    int64_t size;
    size_ref extent = l->program->buffers[r->in].extents[axis];
    if (size_get(l->program->sizes, extent)->min > 0)
        return STEPC_OK;
    if (size_is_const(l->program->sizes, extent, &size))
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Reduction axis %d is empty", axis);
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t zero = nest_const_i64(&b, STEPC_INT64, 0);
    nest_check(&b, nest_binary(&b, LOOP_LT, zero, nest_size(&b, extent)), STEPC_INVALID_ARGUMENT,
               "Reduction axis is empty", l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_arg(lower_context *l, acc_kind kind)
{
    reduction r = {0};
    const int64_t *axes;
    int64_t count;
    int32_t axis;
    stepc_code code = open(l, &r);
    if (!code)
        code = lower_constant_integers(l, 1, &axes, &count);
    if (code)
        return code;
    axis = (int32_t)(axes[0] < 0 ? axes[0] + r.rank : axes[0]);
    if (count != 1 || axis < 0 || axis >= r.rank)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Expected dimension in the range [%d, %d), but got %lld", -r.rank,
                         r.rank, count ? (long long)axes[0] : 0);
    r.reduced[axis] = true;
    code = check_not_empty(l, &r, axis);
    if (code)
        return code;
    nest_builder b;
    begin(l, &b, &r);
    int32_t index = nest_acc(&b, kind, nest_read(&b, r.in, r.axis_of), false);
    nest_write(&b, r.out, r.write_of, nest_cast(&b, index, lower_output_info(l, 0)->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_arg_max(lower_context *l) { return lower_arg(l, ACC_ARG_MAX); }
static stepc_code lower_arg_min(lower_context *l) { return lower_arg(l, ACC_ARG_MIN); }

static const lower_row rows[] = {
    {"All", lower_all, 1u << 1},
    {"Any", lower_any, 1u << 1},
    {"ArgMax", lower_arg_max, 1u << 1},
    {"ArgMin", lower_arg_min, 1u << 1},
    {"BiasAddGrad", lower_bias_add_grad, 0},
    {"EuclideanNorm", lower_norm, 1u << 1},
    {"L2Loss", lower_l2_loss, 0},
    {"Max", lower_max, 1u << 1},
    {"Mean", lower_mean, 1u << 1},
    {"Min", lower_min, 1u << 1},
    {"Prod", lower_prod, 1u << 1},
    {"Sum", lower_sum, 1u << 1},
};

const lower_family lower_reduction = {rows, sizeof rows / sizeof rows[0]};
