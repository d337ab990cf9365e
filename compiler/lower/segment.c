/* SPDX-License-Identifier: Apache-2.0 */
/* Reductions by label: segments, sorted and unsorted, and counts. They are scatters into one total per segment, whose
 * floats are kept as lower_widen keeps them and rounded once at the end. */
#include "compiler/lower/scatter.h"

#include <string.h>

typedef struct segments {
    scatter_rule rule;
    bool is_mean, is_sorted;
    stepc_dtype dtype, total_dtype; /* of the elements, of the totals */
    int32_t out, totals, counts;    /* counts: -1 none */
} segments;

/* The type that totals of DTYPE elements have until they are rounded. */
static stepc_dtype total_of(lower_context *l, const segments *s)
{
    if (s->rule == SCATTER_MAX || s->rule == SCATTER_MIN)
        return s->dtype;
    if (dtype_is_float(s->dtype))
        return l->program->exact ? STEPC_FLOAT64 : lower_value_dtype(s->dtype);
    return !s->is_mean ? s->dtype : dtype_is_signed(s->dtype) ? STEPC_INT64 : STEPC_UINT64;
}

/* By the end of the type: "SegmentSum", "UnsortedSegmentMax". */
static stepc_code read_rule(lower_context *l, segments *s)
{
    const char *word = strstr(l->op->type.data, "Segment") + 7; /* "Sum", "MaxV2" */
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    s->is_mean = strncmp(word, "Mean", 4) == 0;
    s->rule = strncmp(word, "Prod", 4) == 0  ? SCATTER_MUL
              : strncmp(word, "Max", 3) == 0 ? SCATTER_MAX
              : strncmp(word, "Min", 3) == 0 ? SCATTER_MIN
                                             : SCATTER_ADD;
    if ((dtype_is_complex(dtype) && s->rule != SCATTER_ADD) || dtype == STEPC_BOOL ||
        (!dtype_is_complex(dtype) && !dtype_is_float(dtype) && loop_value_dtype(dtype) != dtype)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of %s is not compiled", l->op->type.data, stepc_dtype_name(dtype));
        return error_mend(l->error, "run the step interpreted");
    }
    return STEPC_OK;
}

/* Buffers of output 0, its totals and the counts. */
static stepc_code make_buffers(lower_context *l, segments *s)
{
    s->out = lower_output(l, 0);
    if (s->out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *out = &l->program->buffers[s->out];
    s->dtype = out->dtype; /* of a complex number, its reals */
    s->total_dtype = total_of(l, s);
    bool counts = s->is_sorted && (s->is_mean || s->rule == SCATTER_MAX || s->rule == SCATTER_MIN);
    s->totals = s->total_dtype == s->dtype ? s->out : lower_temporary(l, s->total_dtype, out->extents, out->rank, "totals");
    s->counts = -1;
    if (s->totals >= 0 && counts)
        s->counts = lower_temporary(l, STEPC_INT64, l->program->buffers[s->out].extents, 1, "counts");
    return s->totals < 0 || (counts && s->counts < 0) ? stepc_error_code(l->error) : STEPC_OK;
}

/* Totals to results: means, 0 for segments without elements, one rounding. */
static stepc_code finish(lower_context *l, const segments *s)
{
    if (s->totals == s->out && s->counts < 0)
        return STEPC_OK;
    nest_builder b;
    int32_t first = 0;
    lower_begin(l, &b, 0);
    int32_t value = lower_read_same(&b, s->totals), zero = nest_const_i64(&b, STEPC_INT64, 0);
    int32_t count = s->counts < 0 ? -1 : nest_read(&b, s->counts, &first);
    int32_t is_empty = count < 0 ? -1 : nest_binary(&b, LOOP_EQ, count, zero);
    stepc_dtype type = lower_value_dtype(s->total_dtype);
    if (s->is_mean) {
        count = nest_select(&b, is_empty, nest_const_i64(&b, STEPC_INT64, 1), count);
        value = nest_binary(&b, LOOP_DIV, value, nest_cast(&b, count, type));
    } else if (s->counts >= 0) {
        value = nest_select(&b, is_empty, nest_const_i64(&b, type, 0), value);
    }
    value = dtype_is_float(s->dtype) ? lower_narrow(&b, value, s->dtype) : nest_cast(&b, value, s->dtype);
    lower_write(&b, s->out, value);
    return nest_end(&b, l->error);
}

/* Labels in input 1, of rank LABEL_RANK, of the rows of input 0. */
static stepc_code reduce(lower_context *l, segments *s, int32_t label_rank, scatter_keep keep)
{
    stepc_code code = make_buffers(l, s);
    scatter all = {.rule = s->rule, .to = s->totals, .outer = label_rank, .width = 1, .keep = keep, .dtype = s->dtype};
    all.indices = code ? -1 : lower_input(l, 1);
    all.updates = all.indices < 0 ? -1 : lower_input(l, 0);
    if (all.updates < 0)
        return code ? code : stepc_error_code(l->error);
    if (s->total_dtype != s->dtype)
        all.dtype = s->total_dtype;
    code = lower_scatter_fill(l, s->totals, s->rule, s->is_sorted ? STEPC_DTYPE_INVALID : s->dtype);
    if (!code)
        code = lower_scatter_nest(l, &all);
    scatter counts = {.rule = SCATTER_ADD, .to = s->counts, .updates = -1, .indices = all.indices, .outer = label_rank,
                      .width = 1, .keep = keep, .dtype = STEPC_INT64};
    if (!code && s->counts >= 0)
        code = lower_scatter_fill(l, s->counts, SCATTER_ADD, STEPC_DTYPE_INVALID);
    if (!code && s->counts >= 0)
        code = lower_scatter_nest(l, &counts);
    return code ? code : finish(l, s);
}

/* ---- Segment* ------------------------------------------------------------------------------------------------- */

stepc_code lower_check_order(lower_context *l, int32_t input)
{
    const stepc_tensor *known = lower_info(l, input)->constant;
    bool rises = known != NULL;
    for (int64_t i = 1; rises && i < stepc_tensor_length(known); i++)
        rises = load_i64(stepc_tensor_dtype(known), stepc_tensor_data(known), i - 1) <=
                load_i64(stepc_tensor_dtype(known), stepc_tensor_data(known), i);
    int32_t labels = rises ? -1 : lower_input(l, input);
    if (labels < 0)
        return rises ? STEPC_OK : stepc_error_code(l->error);
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[labels];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_axis(&b, size_max(p, size_const(p, 0), size_sub(p, from->extents[0], size_const(p, 1))), AXIS_SPACE);
    loop_index index = {.base = from->offset, .coefs = from->strides, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                        .indirect_extent = SIZE_UNKNOWN};
    int32_t here = nest_read_index(&b, from->root, &index);
    index.base = size_sum(p, from->offset, from->strides[0]);
    nest_check(&b, nest_binary(&b, LOOP_LE, here, nest_read_index(&b, from->root, &index)), STEPC_INVALID_ARGUMENT,
               "segment ids are not increasing", l->op);
    return nest_end(&b, l->error);
}

/* As many segments as the last label says: known only when the labels are. */
static stepc_code lower_sorted(lower_context *l)
{
    segments s = {.is_sorted = true};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = read_rule(l, &s);
    if (!code)
        code = lower_known_output(l, 0, &dims, &rank);
    if (!code && lower_info(l, 0)->rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "data should be at least a vector.");
    if (!code)
        code = lower_require_rank(l, 1, 1);
    if (!code)
        code = lower_check_equal(l->state, lower_info(l, 0)->dims[0], lower_info(l, 1)->dims[0],
                                 "segment_ids should be the same size as dimension 0 of input.", l->op, l->error);
    if (!code)
        code = lower_scatter_check(l, 1, dims[0], false, "segment ids must be >= 0");
    if (!code)
        code = lower_check_order(l, 1);
    return code ? code : reduce(l, &s, 1, SCATTER_ALL);
}

/* V2 says how many segments there are, and fills those without rows as the unsorted ones are. */
static stepc_code lower_sorted_v2(lower_context *l)
{
    segments s = {.is_sorted = false};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = read_rule(l, &s);
    if (!code)
        code = lower_require_rank(l, 2, 0);
    if (!code)
        code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_require_rank(l, 1, 1);
    if (!code)
        code = lower_check_equal(l->state, lower_info(l, 0)->dims[0], lower_info(l, 1)->dims[0],
                                 "segment_ids should be the same size as dimension 0 of input.", l->op, l->error);
    if (!code)
        code = lower_scatter_check(l, 1, dims[0], false, "segment ids must be >= 0 and < num_segments");
    if (!code)
        code = lower_check_order(l, 1);
    return code ? code : reduce(l, &s, 1, SCATTER_ALL);
}

/* ---- UnsortedSegment* ------------------------------------------------------------------------------------------- */

static const char *label_message(lower_context *l, size_ref dim)
{
    int64_t size;
    const char *words = NULL;
    if (size_is_const(l->program->sizes, dim, &size))
        words = arena_format(l->step->memory, "an element of segment_ids is out of range [0, %lld)", (long long)size);
    return words ? words : "an element of segment_ids is out of range";
}

static bool has_negative(lower_context *l, int32_t input)
{
    const stepc_tensor *known = lower_info(l, input)->constant;
    for (int64_t i = 0; known && i < stepc_tensor_length(known); i++)
        if (load_i64(stepc_tensor_dtype(known), stepc_tensor_data(known), i) < 0)
            return true;
    return known == NULL;
}

static stepc_code lower_unsorted(lower_context *l)
{
    segments s = {.is_sorted = false};
    const infer_value *data = lower_info(l, 0), *labels = lower_info(l, 1);
    const size_ref *dims;
    int32_t rank;
    stepc_code code = read_rule(l, &s);
    if (!code)
        code = lower_require_rank(l, 2, 0);
    if (!code)
        code = lower_known_output(l, 0, &dims, &rank);
    if (!code && labels->rank > data->rank)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "data.shape does not start with segment_ids.shape");
    for (int32_t d = 0; !code && d < labels->rank; d++)
        code = lower_check_equal(l->state, data->dims[d], labels->dims[d], "data.shape does not start with segment_ids.shape",
                                 l->op, l->error);
    if (!code)
        code = lower_scatter_check(l, 1, dims[0], true, label_message(l, dims[0]));
    return code ? code : reduce(l, &s, labels->rank, has_negative(l, 1) ? SCATTER_NOT_NEGATIVE : SCATTER_ALL);
}

/* ---- Bincount ------------------------------------------------------------------------------------------------------ */

static stepc_code check_counted(lower_context *l, int32_t values)
{
    int32_t axes[LOWER_MAX_RANK];
    const loop_buffer *from = &l->program->buffers[values];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < from->rank; d++)
        axes[d] = nest_axis(&b, from->extents[d], AXIS_SPACE);
    int32_t value = nest_read(&b, values, axes);
    nest_check(&b, nest_binary(&b, LOOP_LE, nest_const_i64(&b, lower_info(l, 0)->dtype, 0), value), STEPC_INVALID_ARGUMENT,
               "Input arr must be non-negative!", l->op);
    return nest_end(&b, l->error);
}

/* Whether there are weights. */
static stepc_code has_weights(lower_context *l, bool *out)
{
    const infer_value *weights = lower_info(l, 2), *values = lower_info(l, 0);
    size_pool *p = l->program->sizes;
    size_ref count = size_const(p, 1), wanted = size_const(p, 1);
    int64_t length;
    for (int32_t d = 0; d < weights->rank; d++)
        count = size_product(p, count, weights->dims[d]);
    for (int32_t d = 0; d < values->rank; d++)
        wanted = size_product(p, wanted, values->dims[d]);
    *out = !size_is_const(p, count, &length) || length > 0;
    if (*out && (weights->rank < 0 || weights->rank != values->rank || count != wanted || size_get(p, count)->min < 1))
        return lower_unknown_operand(l, 2);
    return STEPC_OK;
}

/* Totals of counts are whole numbers, exact below 2^53 as the doubles that the reference engine counts in. */
static stepc_code lower_bincount(lower_context *l)
{
    segments s = {.rule = SCATTER_ADD, .counts = -1};
    const size_ref *dims;
    int32_t rank;
    bool weighted;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_require_rank(l, 1, 0);
    if (!code)
        code = has_weights(l, &weighted);
    if (!code)
        code = make_buffers(l, &s);
    int32_t values = code ? -1 : lower_input(l, 0);
    if (values < 0)
        return code ? code : stepc_error_code(l->error);
    if (!weighted && dtype_is_float(s.dtype)) {
        s.total_dtype = STEPC_INT64;
        s.totals = lower_temporary(l, STEPC_INT64, dims, 1, "counts");
    }
    scatter all = {.rule = SCATTER_ADD, .to = s.totals, .indices = values, .outer = lower_info(l, 0)->rank, .width = 1,
                   .keep = SCATTER_BELOW, .dtype = s.total_dtype};
    all.updates = weighted ? lower_input(l, 2) : -1;
    if (s.totals < 0 || (weighted && all.updates < 0))
        return stepc_error_code(l->error);
    code = check_counted(l, values);
    if (!code)
        code = lower_scatter_fill(l, s.totals, SCATTER_ADD, STEPC_DTYPE_INVALID);
    if (!code)
        code = lower_scatter_nest(l, &all);
    return code ? code : finish(l, &s);
}

static stepc_code lower_dense_bincount(lower_context *l)
{
    if (lower_info(l, 0)->rank == 1 && !operation_bool(l->op, "binary_output", false))
        return lower_bincount(l);
    error_set(l->error, STEPC_UNIMPLEMENTED, "DenseBincount of rows, or with a binary output, is not compiled");
    return error_mend(l->error, "run the step interpreted");
}

static const lower_row rows[] = {
    {"Bincount", lower_bincount, 1u << 1},
    {"DenseBincount", lower_dense_bincount, 1u << 1},
    {"SegmentMax", lower_sorted, 0},
    {"SegmentMaxV2", lower_sorted_v2, 1u << 2},
    {"SegmentMean", lower_sorted, 0},
    {"SegmentMin", lower_sorted, 0},
    {"SegmentMinV2", lower_sorted_v2, 1u << 2},
    {"SegmentProd", lower_sorted, 0},
    {"SegmentProdV2", lower_sorted_v2, 1u << 2},
    {"SegmentSum", lower_sorted, 0},
    {"SegmentSumV2", lower_sorted_v2, 1u << 2},
    {"UnsortedSegmentMax", lower_unsorted, 1u << 2},
    {"UnsortedSegmentMin", lower_unsorted, 1u << 2},
    {"UnsortedSegmentProd", lower_unsorted, 1u << 2},
    {"UnsortedSegmentSum", lower_unsorted, 1u << 2},
};

const lower_family lower_segment = {rows, sizeof rows / sizeof rows[0]};
