/* SPDX-License-Identifier: Apache-2.0 */
/* SparseSegment* and their gradients: rows that indices pick are laid out one behind the other, then scattered into one
 * total per place in the order of the labels, and rounded once. */
#include "compiler/lower/scatter.h"

#include <string.h>

typedef struct sparse_sums {
    bool is_mean, is_root;         /* what divides: the count of rows, or its root */
    stepc_dtype dtype, total_dtype; /* of the elements, of the totals */
    int32_t data, indices, labels, counts;
} sparse_sums;

/* A new buffer of as many rows as there are labels, each as a row of input 0. */
static int32_t rows_buffer(lower_context *l, const sparse_sums *s, stepc_dtype dtype)
{
    const loop_buffer *from = &l->program->buffers[s->data];
    size_ref extents[LOWER_MAX_RANK];
    memcpy(extents, from->extents, (size_t)from->rank * sizeof *extents);
    extents[0] = l->program->buffers[s->labels].extents[0];
    return lower_temporary(l, dtype, extents, from->rank, "picked");
}

/* The number in vector AT for the place of the first axis. */
static int32_t place(nest_builder *b, int32_t at)
{
    int32_t first = 0;
    return nest_cast(b, nest_read(b, at, &first), STEPC_INT64);
}

/* VALUE over what a sum of as many rows as label LABEL has is divided by. */
static int32_t divided(lower_context *l, nest_builder *b, const sparse_sums *s, int32_t value, int32_t label)
{
    const loop_buffer *counts = &l->program->buffers[s->counts];
    size_ref none[LOWER_MAX_RANK + 1];
    for (int32_t a = 0; a <= LOWER_MAX_RANK; a++)
        none[a] = size_const(l->program->sizes, 0);
    loop_index index = {.base = counts->offset, .coefs = none, .indirect = label, .indirect_scale = counts->strides[0],
                        .indirect_extent = counts->extents[0]};
    int32_t one = nest_const_i64(b, STEPC_INT64, 1);
    int32_t count = nest_binary(b, LOOP_MAX, nest_read_index(b, counts->root, &index), one);
    count = nest_cast(b, count, s->total_dtype);
    return nest_binary(b, LOOP_DIV, value, s->is_root ? nest_unary(b, LOOP_SQRT, count) : count);
}

/* The rows of input 0 that vector PICKS names; each over its divisor when DIVIDE, as totals are kept. */
static int32_t pick_rows(lower_context *l, const sparse_sums *s, int32_t picks, bool divide)
{
    int32_t rows = rows_buffer(l, s, divide ? s->total_dtype : s->dtype), axes[LOWER_MAX_RANK];
    if (rows < 0)
        return -1;
    const loop_buffer *from = &l->program->buffers[s->data], *to = &l->program->buffers[rows];
    size_ref coefs[LOWER_MAX_RANK + 1];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < to->rank; d++) {
        axes[d] = nest_axis(&b, to->extents[d], AXIS_SPACE);
        coefs[d] = d == 0 ? size_const(l->program->sizes, 0) : from->strides[d];
    }
    loop_index index = {.base = from->offset, .coefs = coefs, .indirect = place(&b, picks),
                        .indirect_scale = from->strides[0], .indirect_extent = from->extents[0]};
    int32_t value = nest_read_index(&b, from->root, &index);
    if (divide)
        value = divided(l, &b, s, nest_cast(&b, value, s->total_dtype), index.indirect);
    nest_write(&b, rows, axes, value);
    return nest_end(&b, l->error) ? -1 : rows;
}

static stepc_code count_labels(lower_context *l, sparse_sums *s, size_ref segments)
{
    s->counts = lower_temporary(l, STEPC_INT64, &segments, 1, "counts");
    scatter counts = {.rule = SCATTER_ADD, .to = s->counts, .updates = -1, .indices = s->labels, .outer = 1, .width = 1,
                      .keep = SCATTER_ALL, .dtype = STEPC_INT64};
    stepc_code code = s->counts < 0 ? stepc_error_code(l->error)
                                    : lower_scatter_fill(l, s->counts, SCATTER_ADD, STEPC_DTYPE_INVALID);
    return code ? code : lower_scatter_nest(l, &counts);
}

/* Adds ROWS up at PLACES and rounds the totals; over the divisors of the output's own rows when DIVIDE. */
static stepc_code add_rows(lower_context *l, const sparse_sums *s, int32_t rows, int32_t places, bool divide)
{
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *result = &l->program->buffers[out];
    int32_t totals = s->total_dtype == s->dtype && !divide
                         ? out
                         : lower_temporary(l, s->total_dtype, result->extents, result->rank, "totals");
    scatter all = {.rule = SCATTER_ADD, .to = totals, .updates = rows, .indices = places, .outer = 1, .width = 1,
                   .keep = SCATTER_ALL, .dtype = s->total_dtype};
    stepc_code code = totals < 0 ? stepc_error_code(l->error)
                                 : lower_scatter_fill(l, totals, SCATTER_ADD, STEPC_DTYPE_INVALID);
    if (!code)
        code = lower_scatter_nest(l, &all);
    if (code || totals == out)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t value = lower_read_same(&b, totals);
    if (divide)
        value = divided(l, &b, s, value, nest_axis_value(&b, 0));
    lower_write(&b, out, lower_narrow(&b, value, s->dtype));
    return nest_end(&b, l->error);
}

/* What both directions begin with; FROM: the rows of what indices pick from or put to, SEGMENTS: how many labels there are. */
static stepc_code open_sums(lower_context *l, sparse_sums *s, size_ref from, size_ref segments)
{
    const char *word = l->op->type.data + strlen("SparseSegment");
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    s->is_mean = strncmp(word, "Mean", 4) == 0;
    s->is_root = strncmp(word, "SqrtN", 5) == 0;
    s->dtype = dtype;
    s->total_dtype = !dtype_is_float(dtype) ? dtype : l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    s->counts = -1;
    if (!dtype_is_float(dtype) && (!dtype_is_integer(dtype) || loop_value_dtype(dtype) != dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of %s is not compiled", l->op->type.data, stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    stepc_code code = lower_require_rank(l, 1, 1);
    if (!code)
        code = lower_require_rank(l, 2, 1);
    if (!code)
        code = lower_check_equal(l->state, lower_info(l, 1)->dims[0], lower_info(l, 2)->dims[0],
                                 "segment_ids and indices should have same size.", l->op, l->error);
    if (!code)
        code = lower_scatter_check(l, 2, segments, false, "segment ids must be >= 0 and < num_segments");
    if (!code)
        code = lower_scatter_check(l, 1, from, false, "Bad: an element of indices is out of range");
    s->data = code ? -1 : lower_input(l, 0);
    s->indices = s->data < 0 ? -1 : lower_input(l, 1);
    s->labels = s->indices < 0 ? -1 : lower_input(l, 2);
    if (s->labels < 0)
        return code ? code : stepc_error_code(l->error);
    return s->is_mean || s->is_root ? count_labels(l, s, segments) : STEPC_OK;
}

static stepc_code lower_sparse_sum(lower_context *l)
{
    sparse_sums s = {0};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_check_order(l, 2);
    if (!code)
        code = open_sums(l, &s, lower_info(l, 0)->dims[0], dims[0]);
    int32_t rows = code ? -1 : pick_rows(l, &s, s.indices, false);
    if (rows < 0)
        return code ? code : stepc_error_code(l->error);
    return add_rows(l, &s, rows, s.labels, s.is_mean || s.is_root);
}

static stepc_code lower_sparse_gradient(lower_context *l)
{
    sparse_sums s = {0};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = open_sums(l, &s, dims[0], lower_info(l, 0)->dims[0]);
    int32_t rows = code ? -1 : pick_rows(l, &s, s.labels, s.is_mean || s.is_root);
    if (rows < 0)
        return code ? code : stepc_error_code(l->error);
    return add_rows(l, &s, rows, s.indices, false);
}

static const lower_row rows[] = {
    {"SparseSegmentMean", lower_sparse_sum, 0},
    {"SparseSegmentMeanGrad", lower_sparse_gradient, 1u << 3},
    {"SparseSegmentMeanWithNumSegments", lower_sparse_sum, 1u << 3},
    {"SparseSegmentSqrtN", lower_sparse_sum, 0},
    {"SparseSegmentSqrtNGrad", lower_sparse_gradient, 1u << 3},
    {"SparseSegmentSqrtNWithNumSegments", lower_sparse_sum, 1u << 3},
    {"SparseSegmentSum", lower_sparse_sum, 0},
    {"SparseSegmentSumGrad", lower_sparse_gradient, 1u << 3},
    {"SparseSegmentSumWithNumSegments", lower_sparse_sum, 1u << 3},
};

const lower_family lower_sparse_segment = {rows, sizeof rows / sizeof rows[0]};
