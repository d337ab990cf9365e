/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and the cross entropies: rows along the last dimension, as separate nests that
 * fusion puts into one group. Intermediates are double under --exact, rounded once at the end. */
#include "compiler/lower/state.h"

typedef struct rows_shape {
    int32_t rank;                 /* of the matrix; rows run along the last axis */
    const size_ref *extents;
    stepc_dtype dtype, carried;   /* of the tensor; of intermediate values */
} rows_shape;

static rows_shape shape_of(lower_context *l, int32_t buffer, stepc_dtype dtype)
{
    const loop_buffer *b = &l->program->buffers[buffer];
    stepc_dtype carried = l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    return (rows_shape){b->rank, b->extents, dtype, carried};
}

/* Opens a nest over the rows' elements, or over rows with the last axis reduced. */
static void begin_rows(lower_context *l, nest_builder *b, const rows_shape *s, axis_kind last)
{
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < s->rank; d++)
        nest_axis(b, s->extents[d], d == s->rank - 1 ? last : AXIS_SPACE);
}

static int32_t read_wide(nest_builder *b, const rows_shape *s, int32_t buffer)
{
    return nest_cast(b, lower_read_broadcast(b, buffer, s->rank), s->carried);
}

/* A per-row buffer read inside a nest over the rows: its dimensions are the leading axes. */
static int32_t read_row(nest_builder *b, int32_t buffer)
{
    int32_t axis_of[LOWER_MAX_RANK];
    for (int32_t d = 0; d < b->program->buffers[buffer].rank; d++)
        axis_of[d] = d;
    return nest_read(b, buffer, axis_of);
}

typedef struct row_values {
    int32_t max, exponents, sum; /* buffers: per row, per element, per row */
    int32_t scale;               /* 1 / sum, per row; -1 under --exact: there every element is divided */
} row_values;

static stepc_code reduce_rows(lower_context *l, const rows_shape *s, acc_kind kind, int32_t from, int32_t to)
{
    nest_builder b;
    begin_rows(l, &b, s, AXIS_REDUCE);
    lower_write(&b, to, nest_acc(&b, kind, read_wide(&b, s, from), kind == ACC_SUM && !l->program->exact));
    return nest_end(&b, l->error);
}

/* x - max of the row. */
static int32_t shifted(nest_builder *b, const rows_shape *s, int32_t x, const row_values *v)
{
    return nest_binary(b, LOOP_SUB, read_wide(b, s, x), read_row(b, v->max));
}

static stepc_code exponentials(lower_context *l, const rows_shape *s, int32_t x, row_values *v)
{
    v->max = lower_temporary(l, s->carried, s->extents, s->rank - 1, "row_max");
    v->exponents = lower_temporary(l, s->carried, s->extents, s->rank, "row_exp");
    v->sum = lower_temporary(l, s->carried, s->extents, s->rank - 1, "row_sum");
    if (v->max < 0 || v->exponents < 0 || v->sum < 0)
        return STEPC_RESOURCE_EXHAUSTED;
    stepc_code code = reduce_rows(l, s, ACC_MAX, x, v->max);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, s, AXIS_SPACE);
    lower_write(&b, v->exponents, nest_unary(&b, LOOP_EXP, shifted(&b, s, x, v)));
    code = nest_end(&b, l->error);
    return code ? code : reduce_rows(l, s, ACC_SUM, v->exponents, v->sum);
}

/* OUT: a buffer for a value per row. Opens the nest that fills it. */
static bool begin_per_row(lower_context *l, nest_builder *b, const rows_shape *s, const char *hint, int32_t *out)
{
    *out = lower_temporary(l, s->carried, s->extents, s->rank - 1, hint);
    if (*out < 0)
        return false;
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < s->rank - 1; d++)
        nest_axis(b, s->extents[d], AXIS_SPACE);
    return true;
}

/* The exponentials, and what turns them into probabilities: one division per row, but under --exact. */
static stepc_code weights(lower_context *l, const rows_shape *s, int32_t x, row_values *v)
{
    nest_builder b;
    stepc_code code = exponentials(l, s, x, v);
    v->scale = -1;
    if (code || l->program->exact)
        return code;
    if (!begin_per_row(l, &b, s, "row_scale", &v->scale))
        return STEPC_RESOURCE_EXHAUSTED;
    lower_write(&b, v->scale, nest_binary(&b, LOOP_DIV, nest_const_f64(&b, s->carried, 1.0), read_row(&b, v->sum)));
    return nest_end(&b, l->error);
}

static int32_t probability(nest_builder *b, const rows_shape *s, const row_values *v)
{
    int32_t exponent = lower_read_broadcast(b, v->exponents, s->rank);
    return v->scale >= 0 ? nest_binary(b, LOOP_MUL, exponent, read_row(b, v->scale))
                         : nest_binary(b, LOOP_DIV, exponent, read_row(b, v->sum));
}

/* ---- Softmax ------------------------------------------------------------------------------- */

static stepc_code lower_softmax(lower_context *l)
{
    int32_t x = lower_input(l, 0), out = x < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    rows_shape s = shape_of(l, out, lower_output_info(l, 0)->dtype);
    row_values v;
    stepc_code code = weights(l, &s, x, &v);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, &s, AXIS_SPACE);
    lower_write(&b, out, lower_narrow(&b, probability(&b, &s, &v), s.dtype));
    return nest_end(&b, l->error);
}

/* ---- LogSoftmax and the cross entropies -------------------------------------------------------------------------- */

/* One logarithm per row, shared by its elements. */
static stepc_code log_sums(lower_context *l, const rows_shape *s, const row_values *v, int32_t *out)
{
    nest_builder b;
    if (!begin_per_row(l, &b, s, "row_log", out))
        return STEPC_RESOURCE_EXHAUSTED;
    lower_write(&b, *out, nest_unary(&b, LOOP_LOG, read_row(&b, v->sum)));
    return nest_end(&b, l->error);
}

static stepc_code lower_log_softmax(lower_context *l)
{
    int32_t x = lower_input(l, 0), out = x < 0 ? -1 : lower_output(l, 0), logs;
    if (out < 0)
        return stepc_error_code(l->error);
    rows_shape s = shape_of(l, out, lower_output_info(l, 0)->dtype);
    row_values v;
    stepc_code code = exponentials(l, &s, x, &v);
    if (!code)
        code = log_sums(l, &s, &v, &logs);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, &s, AXIS_SPACE);
    lower_write(&b, out, lower_narrow(&b, nest_binary(&b, LOOP_SUB, shifted(&b, &s, x, &v), read_row(&b, logs)), s.dtype));
    return nest_end(&b, l->error);
}

/* loss = sum(labels * (log(sum) - (x - max))), where a label of 0 adds 0 even to infinities. */
static stepc_code dense_loss(lower_context *l, const rows_shape *s, int32_t x, int32_t labels, const row_values *v, int32_t loss)
{
    int32_t logs;
    stepc_code code = log_sums(l, s, v, &logs);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, s, AXIS_REDUCE);
    int32_t label = read_wide(&b, s, labels), zero = nest_const_f64(&b, s->carried, 0.0);
    int32_t term = nest_binary(&b, LOOP_MUL, label, nest_binary(&b, LOOP_SUB, read_row(&b, logs), shifted(&b, s, x, v)));
    term = nest_select(&b, nest_binary(&b, LOOP_EQ, label, zero), zero, term);
    lower_write(&b, loss, lower_narrow(&b, nest_acc(&b, ACC_SUM, term, !l->program->exact), s->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_cross_entropy(lower_context *l)
{
    int32_t x = lower_input(l, 0), labels = x < 0 ? -1 : lower_input(l, 1);
    int32_t loss = labels < 0 ? -1 : lower_output(l, 0), backprop = loss < 0 ? -1 : lower_output(l, 1);
    if (backprop < 0)
        return stepc_error_code(l->error);
    rows_shape s = shape_of(l, backprop, lower_output_info(l, 1)->dtype);
    row_values v;
    stepc_code code = lower_check_broadcast(l, x, backprop);
    if (!code)
        code = lower_check_broadcast(l, labels, backprop);
    if (!code)
        code = weights(l, &s, x, &v);
    if (!code)
        code = dense_loss(l, &s, x, labels, &v, loss);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, &s, AXIS_SPACE);
    int32_t difference = nest_binary(&b, LOOP_SUB, probability(&b, &s, &v), read_wide(&b, &s, labels));
    lower_write(&b, backprop, lower_narrow(&b, difference, s.dtype));
    return nest_end(&b, l->error);
}

static stepc_code check_labels(lower_context *l, const rows_shape *s, int32_t labels)
{
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_axis(&b, s->extents[0], AXIS_SPACE);
    int32_t label = nest_cast(&b, read_row(&b, labels), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, label, s->extents[1]), STEPC_INVALID_ARGUMENT,
               "Received a label value which is outside the valid range", l->op);
    return nest_end(&b, l->error);
}

/* loss = log(sum) - (x[label] - max): the label picks the element that is read. */
static stepc_code sparse_loss(lower_context *l, const rows_shape *s, int32_t x, int32_t labels, const row_values *v, int32_t loss)
{
    const loop_buffer *from = &l->program->buffers[x];
    size_ref coefs[1] = {from->strides[0]};
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_axis(&b, s->extents[0], AXIS_SPACE);
    int32_t label = nest_cast(&b, read_row(&b, labels), STEPC_INT64);
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect = label, .indirect_scale = from->strides[1],
                        .indirect_extent = from->extents[1]};
    int32_t picked = nest_cast(&b, nest_read_index(&b, from->root, &index), s->carried);
    int32_t log_sum = nest_unary(&b, LOOP_LOG, read_row(&b, v->sum));
    int32_t value = nest_binary(&b, LOOP_SUB, log_sum, nest_binary(&b, LOOP_SUB, picked, read_row(&b, v->max)));
    lower_write(&b, loss, lower_narrow(&b, value, s->dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_sparse_cross_entropy(lower_context *l)
{
    int32_t x = lower_input(l, 0), labels = x < 0 ? -1 : lower_input(l, 1);
    int32_t loss = labels < 0 ? -1 : lower_output(l, 0), backprop = loss < 0 ? -1 : lower_output(l, 1);
    if (backprop < 0)
        return stepc_error_code(l->error);
    rows_shape s = shape_of(l, backprop, lower_output_info(l, 1)->dtype);
    row_values v;
    stepc_code code = lower_check_broadcast(l, x, backprop);
    if (!code)
        code = lower_check_broadcast(l, labels, loss);
    if (!code)
        code = check_labels(l, &s, labels);
    if (!code)
        code = weights(l, &s, x, &v);
    if (!code)
        code = sparse_loss(l, &s, x, labels, &v, loss);
    if (code)
        return code;
    nest_builder b;
    begin_rows(l, &b, &s, AXIS_SPACE);
    int32_t label = nest_cast(&b, read_row(&b, labels), STEPC_INT64);
    int32_t hit = nest_binary(&b, LOOP_EQ, label, nest_axis_value(&b, s.rank - 1));
    int32_t one = nest_const_f64(&b, s.carried, 1.0), zero = nest_const_f64(&b, s.carried, 0.0);
    int32_t difference = nest_binary(&b, LOOP_SUB, probability(&b, &s, &v), nest_select(&b, hit, one, zero));
    lower_write(&b, backprop, lower_narrow(&b, difference, s.dtype));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"LogSoftmax", lower_log_softmax, 0},
    {"Softmax", lower_softmax, 0},
    {"SoftmaxCrossEntropyWithLogits", lower_cross_entropy, 0},
    {"SparseSoftmaxCrossEntropyWithLogits", lower_sparse_cross_entropy, 0},
};

const lower_family lower_normalization = {rows, sizeof rows / sizeof rows[0]};
