/* SPDX-License-Identifier: Apache-2.0 */
/* Writing at places that a tensor names: ScatterNd, TensorScatter*, DynamicStitch. A nest runs in row-major order, so
 * updates of one place apply one after the other. Indices are checked in a nest of their own before anything is written. */
#include "compiler/lower/scatter.h"

#include "runtime/core/dtype.h"

#include <float.h>
#include <math.h>

/* ---- the nest ------------------------------------------------------------------------------------------------- */

static double greatest_finite(stepc_dtype dtype)
{
    return dtype == STEPC_HALF       ? 65504.0
           : dtype == STEPC_BFLOAT16 ? 0x1.fep127
           : dtype == STEPC_FLOAT32  ? (double)FLT_MAX
                                     : DBL_MAX;
}

int32_t lower_scatter_start(nest_builder *b, scatter_rule rule, stepc_dtype dtype, stepc_dtype finite)
{
    stepc_dtype carried = lower_value_dtype(dtype);
    if (rule == SCATTER_MUL)
        return nest_const_i64(b, carried, 1);
    if (rule != SCATTER_MAX && rule != SCATTER_MIN)
        return nest_const_i64(b, carried, 0);
    if (dtype_is_float(dtype)) {
        double most = finite == STEPC_DTYPE_INVALID ? (double)INFINITY : greatest_finite(finite);
        return nest_const_f64(b, carried, rule == SCATTER_MAX ? -most : most);
    }
    return nest_const_i64(b, carried, rule == SCATTER_MAX ? dtype_min_i64(dtype) : (int64_t)dtype_max_u64(dtype));
}

/* What a place that holds X holds after an update by Y. */
static int32_t combined(nest_builder *b, const scatter *s, stepc_dtype type, int32_t x, int32_t y)
{
    static const loop_op ops[] = {LOOP_ADD, LOOP_ADD, LOOP_SUB, LOOP_MUL, LOOP_MAX, LOOP_MIN};
    if (type == STEPC_BOOL) /* a bool is a number that is 0 or not */
        return nest_binary(b, s->rule == SCATTER_SUB ? LOOP_XOR : LOOP_OR, x, y);
    return lower_round(b, nest_binary(b, ops[s->rule], x, y), s->dtype);
}

/* The number of the place that a row of indices names, and how many places there are. */
static int32_t flat_index(lower_context *l, nest_builder *b, const scatter *s, int32_t axis_count, size_ref *extent)
{
    size_pool *p = l->program->sizes;
    int32_t flat = -1, axes[LOWER_MAX_RANK];
    *extent = size_const(p, 1);
    for (int32_t d = 0; d < s->outer; d++)
        axes[d] = d;
    for (int64_t k = 0; k < s->width; k++) {
        size_ref dim = l->program->buffers[s->to].extents[k];
        int32_t at = s->has_columns ? lower_read_column(b, l, s->indices, axis_count, k)
                                    : nest_cast(b, nest_read(b, s->indices, axes), STEPC_INT64);
        if (flat >= 0)
            at = nest_binary(b, LOOP_ADD, nest_binary(b, LOOP_MUL, flat, nest_size(b, dim)), at);
        flat = at;
        *extent = size_product(p, *extent, dim);
    }
    return flat >= 0 ? flat : nest_const_i64(b, STEPC_INT64, 0);
}

static int32_t begin_nest(lower_context *l, nest_builder *b, const scatter *s, int32_t *axes)
{
    int32_t buffer = s->updates >= 0 ? s->updates : s->indices, count = l->program->buffers[buffer].rank;
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < count; d++)
        axes[d] = nest_axis(b, l->program->buffers[buffer].extents[d], AXIS_SPACE);
    return count;
}

/* Whether the update counts; -1: it does. */
static int32_t is_kept(nest_builder *b, const scatter *s, int32_t index, size_ref extent)
{
    if (s->keep == SCATTER_BELOW)
        return nest_binary(b, LOOP_LT, index, nest_size(b, extent));
    return s->keep == SCATTER_NOT_NEGATIVE ? nest_binary(b, LOOP_LE, nest_const_i64(b, STEPC_INT64, 0), index) : -1;
}

stepc_code lower_scatter_nest(lower_context *l, const scatter *s)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *to = &l->program->buffers[s->to];
    stepc_dtype type = lower_value_dtype(to->dtype);
    int32_t axes[LOWER_MAX_RANK], predicate = -1;
    size_ref coefs[LOWER_MAX_RANK + 1], extent;
    nest_builder b;
    int32_t count = begin_nest(l, &b, s, axes), index = flat_index(l, &b, s, count, &extent);
    int32_t value = s->updates >= 0 ? nest_cast(&b, nest_read(&b, s->updates, axes), type) : nest_const_i64(&b, type, 1);
    int32_t kept = is_kept(&b, s, index, extent);
    const size_node *places = size_get(p, extent);
    if (kept >= 0 && places && places->min >= 1) { /* lanes want no branch: what changes nothing goes to place 0 */
        index = nest_select(&b, kept, index, nest_const_i64(&b, STEPC_INT64, 0));
        value = nest_select(&b, kept, value, lower_scatter_start(&b, s->rule, to->dtype, s->dtype));
    } else {
        predicate = kept;
    }
    for (int32_t a = 0; a < count; a++)
        coefs[a] = a < s->outer ? size_const(p, 0) : to->strides[s->width + a - s->outer];
    loop_index at = {.base = to->offset, .coefs = coefs, .indirect = index, .indirect_extent = extent,
                     .indirect_scale = s->width > 0 ? to->strides[s->width - 1] : size_const(p, 0)};
    if (s->rule != SCATTER_SET)
        value = combined(&b, s, type, nest_read_index(&b, to->root, &at), value);
    nest_write_index(&b, to->root, &at, value, predicate);
    return nest_end(&b, l->error);
}

stepc_code lower_scatter_fill(lower_context *l, int32_t buffer, scatter_rule rule, stepc_dtype finite)
{
    const loop_buffer *to = &l->program->buffers[buffer];
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < to->rank; d++)
        axes[d] = nest_axis(&b, to->extents[d], AXIS_SPACE);
    nest_write(&b, buffer, axes, lower_scatter_start(&b, rule, to->dtype, finite));
    return nest_end(&b, l->error);
}

/* Whether the elements of input INPUT are known, and all as they must be. */
static bool passes_for_certain(lower_context *l, int32_t input, size_ref dim, bool may_be_negative)
{
    const stepc_tensor *known = lower_info(l, input)->constant;
    const size_node *limit = size_get(l->program->sizes, dim);
    for (int64_t i = 0; known && limit && i < stepc_tensor_length(known); i++) {
        int64_t index = load_i64(stepc_tensor_dtype(known), stepc_tensor_data(known), i);
        if ((index < 0 && !may_be_negative) || index >= limit->min)
            return false;
    }
    return known && limit;
}

stepc_code lower_scatter_check(lower_context *l, int32_t input, size_ref dim, bool may_be_negative, const char *what)
{
    int32_t indices = lower_input(l, input), axes[LOWER_MAX_RANK];
    if (indices < 0)
        return stepc_error_code(l->error);
    if (passes_for_certain(l, input, dim, may_be_negative))
        return STEPC_OK;
    const loop_buffer *from = &l->program->buffers[indices];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < from->rank; d++)
        axes[d] = nest_axis(&b, from->extents[d], AXIS_SPACE);
    int32_t index = nest_cast(&b, nest_read(&b, indices, axes), STEPC_INT64);
    nest_check(&b, may_be_negative ? nest_binary(&b, LOOP_LT, index, nest_size(&b, dim)) : nest_in_range(&b, index, dim),
               STEPC_INVALID_ARGUMENT, what, l->op);
    return nest_end(&b, l->error);
}

/* ---- ScatterNd, TensorScatter* ------------------------------------------------------------------------------------ */

/* The updates have the shape of the indices' rows followed by what is left of the output. */
static stepc_code check_updates(lower_context *l, const infer_value *indices, const infer_value *updates,
                                const infer_value *out, int64_t width)
{
    static const char what[] = "Must have updates.shape = indices.shape[:batch_dim] + buffer_shape[num_index_dims:]";
    int32_t outer = indices->rank - 1;
    if (width > out->rank || updates->rank != outer + out->rank - width)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "%s", what);
    stepc_code code = STEPC_OK;
    for (int32_t d = 0; !code && d < updates->rank; d++)
        code = lower_check_equal(l->state, updates->dims[d], d < outer ? indices->dims[d] : out->dims[width + d - outer],
                                 what, l->op, l->error);
    return code;
}

static stepc_code check_rows(lower_context *l, int32_t indices, int32_t out, int64_t width)
{
    int32_t rank = l->program->buffers[indices].rank;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < rank - 1; d++)
        nest_axis(&b, l->program->buffers[indices].extents[d], AXIS_SPACE);
    for (int64_t k = 0; k < width; k++)
        nest_check(&b, nest_in_range(&b, lower_read_column(&b, l, indices, rank - 1, k), l->program->buffers[out].extents[k]),
                   STEPC_INVALID_ARGUMENT, "a row of indices does not index into the shape", l->op);
    return nest_end(&b, l->error);
}

/* Scatters input UPDATES into output 0, which holds input FROM first, or zeros when that is -1. */
static stepc_code scatter_rows(lower_context *l, int32_t from, int32_t indices_input, int32_t updates_input, scatter_rule rule)
{
    const size_ref *dims;
    int32_t rank;
    int64_t width;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    const infer_value *indices = lower_info(l, indices_input), *result = lower_output_info(l, 0);
    if (code)
        return code;
    if (indices->rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "indices must be at least a vector");
    if (!size_is_const(l->program->sizes, indices->dims[indices->rank - 1], &width))
        return lower_unknown_operand(l, indices_input);
    code = check_updates(l, indices, lower_info(l, updates_input), result, width);
    scatter s = {.rule = rule, .outer = indices->rank - 1, .width = width, .has_columns = true, .dtype = result->dtype};
    s.indices = code ? -1 : lower_input(l, indices_input);
    s.updates = s.indices < 0 ? -1 : lower_input(l, updates_input);
    int32_t start = s.updates < 0 || from < 0 ? s.updates : lower_input(l, from);
    s.to = start < 0 ? -1 : lower_output(l, 0);
    if (s.to < 0)
        return code ? code : stepc_error_code(l->error);
    if (width > 0)
        code = check_rows(l, s.indices, s.to, width);
    if (!code)
        code = from < 0 ? lower_scatter_fill(l, s.to, SCATTER_SET, STEPC_DTYPE_INVALID)
                        : lower_copy(l->state, s.to, start, l->op, l->error);
    return code ? code : lower_scatter_nest(l, &s);
}

static stepc_code lower_scatter_nd(lower_context *l) { return scatter_rows(l, -1, 0, 1, SCATTER_ADD); }
static stepc_code lower_update(lower_context *l) { return scatter_rows(l, 0, 1, 2, SCATTER_SET); }
static stepc_code lower_scatter_add(lower_context *l) { return scatter_rows(l, 0, 1, 2, SCATTER_ADD); }
static stepc_code lower_scatter_sub(lower_context *l) { return scatter_rows(l, 0, 1, 2, SCATTER_SUB); }

static stepc_code scatter_extreme(lower_context *l, scatter_rule rule)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    if (!dtype_is_complex(dtype) && dtype != STEPC_BOOL)
        return scatter_rows(l, 0, 1, 2, rule);
    error_set(l->error, STEPC_UNIMPLEMENTED, "%s of %s is not compiled", l->op->type.data, stepc_dtype_name(dtype));
    return error_mend(l->error, "run the step interpreted");
}

static stepc_code lower_scatter_max(lower_context *l) { return scatter_extreme(l, SCATTER_MAX); }
static stepc_code lower_scatter_min(lower_context *l) { return scatter_extreme(l, SCATTER_MIN); }

/* ---- DynamicStitch ------------------------------------------------------------------------------------------------ */

static stepc_code check_stitch(lower_context *l, int32_t input, const infer_value *out)
{
    const infer_value *indices = lower_info(l, input), *data = lower_info(l, l->op->input_count / 2 + input);
    const char *what = "data.shape does not start with indices.shape, or ends in another shape than data[0]";
    if (indices->rank < 0 || data->rank != indices->rank + out->rank - 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "%s", what);
    stepc_code code = STEPC_OK;
    for (int32_t d = 0; !code && d < data->rank; d++)
        code = lower_check_equal(l->state, data->dims[d], d < indices->rank ? indices->dims[d] : out->dims[d - indices->rank + 1],
                                 what, l->op, l->error);
    return code ? code : lower_scatter_check(l, input, out->dims[0], false, "an element of indices is out of range");
}

/* Its output is as long as the greatest index says: known only when all indices are. */
static stepc_code lower_stitch(lower_context *l)
{
    const size_ref *dims;
    int32_t rank, count = l->op->input_count / 2;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    for (int32_t i = 0; !code && i < count; i++)
        code = check_stitch(l, i, lower_output_info(l, 0));
    int32_t out = code ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    code = lower_scatter_fill(l, out, SCATTER_SET, STEPC_DTYPE_INVALID); /* rows that nothing names */
    for (int32_t i = 0; !code && i < count; i++) {
        scatter s = {.to = out, .width = 1, .rule = SCATTER_SET, .dtype = lower_output_info(l, 0)->dtype};
        s.indices = lower_input(l, i);
        s.updates = s.indices < 0 ? -1 : lower_input(l, count + i);
        s.outer = lower_info(l, i)->rank;
        code = s.updates < 0 ? stepc_error_code(l->error) : lower_scatter_nest(l, &s);
    }
    return code;
}

static const lower_row rows[] = {
    {"DynamicStitch", lower_stitch, 0},
    {"ParallelDynamicStitch", lower_stitch, 0},
    {"ScatterNd", lower_scatter_nd, 1u << 2},
    {"TensorScatterAdd", lower_scatter_add, 0},
    {"TensorScatterMax", lower_scatter_max, 0},
    {"TensorScatterMin", lower_scatter_min, 0},
    {"TensorScatterSub", lower_scatter_sub, 0},
    {"TensorScatterUpdate", lower_update, 0},
};

const lower_family lower_scatter = {rows, sizeof rows / sizeof rows[0]};
