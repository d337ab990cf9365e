/* SPDX-License-Identifier: Apache-2.0 */
/* Places among values, and values of a given place: HistogramFixedWidth, LowerBound, UpperBound, NthElement, UnravelIndex,
 * InvertPermutation; and NextAfter. */
#include "compiler/lower/elementwise.h"
#include "compiler/lower/ordered.h"
#include "compiler/lower/scatter.h"

static void begin_over(lower_context *l, nest_builder *b, int32_t buffer, int32_t *axes)
{
    const loop_buffer *over = &l->program->buffers[buffer];
    nest_begin(b, l->program);
    nest_origin(b, l->op);
    for (int32_t d = 0; d < over->rank; d++)
        axes[d] = nest_axis(b, over->extents[d], AXIS_SPACE);
}

static stepc_code refuse_dtype(lower_context *l, stepc_dtype dtype)
{
    if (dtype_is_float(dtype) || (dtype_is_integer(dtype) && loop_value_dtype(dtype) == dtype))
        return STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "%s of %s is not compiled", l->op->type.data, stepc_dtype_name(dtype));
    return error_mend(l->error, "run the step interpreted");
}

/* ---- HistogramFixedWidth: a scatter of ones -------------------------------------------------------------------- */

/* Element I of the range, in double. */
static int32_t range_end(lower_context *l, nest_builder *b, int32_t range, int64_t i)
{
    const loop_buffer *ends = &l->program->buffers[range];
    size_pool *p = l->program->sizes;
    size_ref none[LOWER_MAX_RANK];
    for (int32_t d = 0; d < LOWER_MAX_RANK; d++)
        none[d] = size_const(p, 0);
    loop_index index = {.base = size_sum(p, ends->offset, size_product(p, ends->strides[0], size_const(p, i))), .coefs = none,
                        .indirect = -1, .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
    return nest_cast(b, nest_read_index(b, ends->root, &index), STEPC_FLOAT64);
}

/* A - B, in double, rounded to what DTYPE keeps. */
static int32_t difference(nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    int32_t value = nest_binary(b, LOOP_SUB, x, y);
    return dtype_is_float(dtype) && dtype != STEPC_FLOAT64 ? nest_round_to(b, value, dtype) : value;
}

/* The bin of each value: those beyond the range are in the first and the last one, NaN in the first. */
static stepc_code find_bins(lower_context *l, int32_t values, int32_t range, int32_t bins, size_ref count)
{
    int32_t axes[LOWER_MAX_RANK];
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    nest_builder b;
    begin_over(l, &b, values, axes);
    int32_t x = nest_cast(&b, nest_read(&b, values, axes), STEPC_FLOAT64), number = nest_size(&b, count);
    int32_t low = range_end(l, &b, range, 0), high = range_end(l, &b, range, 1);
    int32_t width = nest_binary(&b, LOOP_DIV, difference(&b, high, low, dtype), nest_cast(&b, number, STEPC_FLOAT64));
    int32_t place = nest_binary(&b, LOOP_DIV, difference(&b, x, low, dtype), width);
    int32_t last = nest_binary(&b, LOOP_SUB, number, nest_const_i64(&b, STEPC_INT64, 1));
    place = nest_select(&b, nest_binary(&b, LOOP_LT, low, x), place, nest_const_f64(&b, STEPC_FLOAT64, 0));
    int32_t before = nest_binary(&b, LOOP_LT, place, nest_cast(&b, last, STEPC_FLOAT64));
    nest_write(&b, bins, axes, nest_select(&b, before, nest_cast(&b, place, STEPC_INT64), last));
    return nest_end(&b, l->error);
}

static stepc_code check_range(lower_context *l, int32_t range)
{
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    nest_check(&b, nest_binary(&b, LOOP_LT, range_end(l, &b, range, 0), range_end(l, &b, range, 1)), STEPC_INVALID_ARGUMENT,
               "value_range should satisfy value_range[0] < value_range[1]", l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_histogram(lower_context *l)
{
    const size_ref *dims;
    int32_t rank;
    size_pool *p = l->program->sizes;
    stepc_code code = refuse_dtype(l, lower_info(l, 0)->dtype);
    if (!code)
        code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = lower_require_rank(l, 1, 1);
    if (!code)
        code = lower_check_equal(l->state, lower_info(l, 1)->dims[0], size_const(p, 2),
                                 "value_range should be a vector of 2 elements.", l->op, l->error);
    if (!code)
        code = lower_require_at_most(l, size_const(p, 1), dims[0], "nbins should be a positive number");
    int32_t values = code ? -1 : lower_input(l, 0), range = values < 0 ? -1 : lower_input(l, 1);
    int32_t out = range < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    const loop_buffer *given = &l->program->buffers[values];
    scatter all = {.rule = SCATTER_ADD, .to = out, .updates = -1, .outer = given->rank, .width = 1,
                   .dtype = lower_output_info(l, 0)->dtype};
    all.indices = lower_temporary(l, STEPC_INT64, given->extents, given->rank, "bins");
    if (all.indices < 0)
        return stepc_error_code(l->error);
    code = check_range(l, range);
    if (!code)
        code = find_bins(l, values, range, all.indices, dims[0]);
    if (!code)
        code = lower_scatter_fill(l, out, SCATTER_ADD, STEPC_DTYPE_INVALID);
    return code ? code : lower_scatter_nest(l, &all);
}

/* ---- LowerBound, UpperBound: as many halvings as the rows' length asks for ------------------------------------------ */

static stepc_code search_rows(lower_context *l, int32_t sorted, int32_t values, int32_t out, int64_t columns)
{
    const loop_buffer *rows = &l->program->buffers[sorted];
    bool upper = l->op->type.data[0] == 'U';
    int32_t axes[2];
    nest_builder b;
    begin_over(l, &b, out, axes);
    int32_t x = nest_read(&b, values, axes), low = nest_const_i64(&b, STEPC_INT64, 0), one = nest_const_i64(&b, STEPC_INT64, 1);
    int32_t high = nest_const_i64(&b, STEPC_INT64, columns), last = nest_const_i64(&b, STEPC_INT64, columns - 1);
    size_ref coefs[2] = {rows->strides[0], size_const(l->program->sizes, 0)};
    loop_index index = {.base = rows->offset, .coefs = coefs, .indirect_scale = rows->strides[1], .indirect_extent = rows->extents[1]};
    for (int64_t left = columns; left > 0; left /= 2) {
        int32_t middle = nest_binary(&b, LOOP_ADD, low, nest_binary(&b, LOOP_SHR, nest_binary(&b, LOOP_SUB, high, low), one));
        index.indirect = nest_binary(&b, LOOP_MIN, middle, last);
        int32_t y = nest_read_index(&b, rows->root, &index);
        int32_t beyond = upper ? nest_unary(&b, LOOP_NOT, nest_binary(&b, LOOP_LT, x, y)) : nest_binary(&b, LOOP_LT, y, x);
        int32_t open = nest_binary(&b, LOOP_LT, low, high), next = nest_binary(&b, LOOP_ADD, middle, one);
        int32_t right = nest_binary(&b, LOOP_AND, open, beyond);
        int32_t kept = nest_select(&b, nest_binary(&b, LOOP_AND, open, nest_unary(&b, LOOP_NOT, beyond)), middle, high);
        low = nest_select(&b, right, next, low);
        high = kept;
    }
    nest_write(&b, out, axes, nest_cast(&b, low, l->program->buffers[out].dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_bound(lower_context *l)
{
    const infer_value *sorted = lower_info(l, 0), *values = lower_info(l, 1);
    int64_t columns;
    stepc_code code = refuse_dtype(l, sorted->dtype);
    if (!code)
        code = lower_require_rank(l, 0, 2);
    if (!code)
        code = lower_require_rank(l, 1, 2);
    if (code)
        return code;
    if (!size_is_const(l->program->sizes, sorted->dims[1], &columns)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s in rows of unknown length is not compiled", l->op->type.data);
        return error_mend(l->error, "fix the fed shapes, or run the step interpreted");
    }
    code = lower_check_equal(l->state, sorted->dims[0], values->dims[0], "Leading dim_size of both tensors must match.", l->op,
                             l->error);
    int32_t rows = code ? -1 : lower_input(l, 0), wanted = rows < 0 ? -1 : lower_input(l, 1), out = wanted < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    return search_rows(l, rows, wanted, out, columns);
}

/* ---- NthElement: the last of the least ones ----------------------------------------------------------------------------- */

/* The element of each row of IN whose place is the last of its PLACES. */
static stepc_code take_last(lower_context *l, int32_t in, int32_t places, int32_t out)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[in], *chosen = &l->program->buffers[places];
    int32_t axes[LOWER_MAX_RANK], last = from->rank - 1;
    size_ref past = size_product(p, size_sub(p, chosen->extents[last], size_const(p, 1)), chosen->strides[last]);
    nest_builder b;
    begin_over(l, &b, out, axes);
    loop_index at = {.base = size_sum(p, chosen->offset, past), .coefs = chosen->strides, .indirect = -1,
                     .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
    loop_index index = {.base = from->offset, .coefs = from->strides, .indirect_scale = from->strides[last],
                        .indirect_extent = from->extents[last]};
    index.indirect = nest_cast(&b, nest_read_index(&b, chosen->root, &at), STEPC_INT64);
    nest_write(&b, out, axes, nest_read_index(&b, from->root, &index));
    return nest_end(&b, l->error);
}

static stepc_code lower_nth(lower_context *l)
{
    size_pool *p = l->program->sizes;
    const infer_value *info = lower_info(l, 0);
    size_ref n, extents[LOWER_MAX_RANK], size;
    stepc_code code = refuse_dtype(l, info->dtype);
    if (!code)
        code = lower_require_rank(l, 1, 0);
    if (!code)
        code = lower_operand_size(l, 1, 0, &n);
    if (!code && info->rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Input must be at least rank 1 but is rank 0");
    int32_t in = code ? -1 : lower_stable_input(l, 0);
    if (in < 0)
        return code ? code : stepc_error_code(l->error);
    for (int32_t d = 0; d < info->rank; d++)
        extents[d] = l->program->buffers[in].extents[d];
    size = extents[info->rank - 1];
    code = lower_require_at_most(l, size_const(p, 0), n, "n must be non-negative");
    if (!code)
        code = lower_require_at_most(l, size_sum(p, n, size_const(p, 1)), size, "Input must have last dimension > n");
    if (!code)
        code = lower_require_at_most(l, size, size_const(p, INT32_MAX), "rows of more than 2147483647 elements");
    /* At least one, also for sizes that the checks refuse. */
    extents[info->rank - 1] = operation_bool(l->op, "reverse", false) ? size_max(p, size_sub(p, size, n), size_const(p, 1))
                                                                      : size_sum(p, n, size_const(p, 1));
    int32_t places = code ? -1 : lower_temporary(l, STEPC_INT32, extents, info->rank, "places");
    int32_t from = places < 0 ? -1 : lower_ordered(l, in, true), out = from < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    loop_call call = {.kind = CALL_TOP, .buffers = {places, from}, .origin = l->op, .top = {size, extents[info->rank - 1]}};
    call.sizes[0] = lower_element_count(l, places);
    call.sizes[1] = lower_element_count(l, from);
    if (call.sizes[0] == SIZE_UNKNOWN || call.sizes[1] == SIZE_UNKNOWN)
        return lower_unknown_operand(l, 0);
    code = loop_call_add(l->program, &call, l->error);
    return code ? code : take_last(l, in, places, out);
}

/* ---- UnravelIndex --------------------------------------------------------------------------------------------------- */

static stepc_code check_flat(lower_context *l, int32_t in, size_ref total)
{
    int32_t axes[LOWER_MAX_RANK];
    nest_builder b;
    begin_over(l, &b, in, axes);
    nest_check(&b, nest_in_range(&b, nest_cast(&b, nest_read(&b, in, axes), STEPC_INT64), total), STEPC_INVALID_ARGUMENT,
               "index is out of bound as with dims", l->op);
    return nest_end(&b, l->error);
}

/* Row D of OUT: the flat index over STRIDE, modulo DIM. */
static stepc_code unravel_row(lower_context *l, int32_t in, int32_t out, int64_t d, size_ref dim, size_ref stride)
{
    lower_view row;
    int32_t axes[LOWER_MAX_RANK];
    size_pool *p = l->program->sizes;
    lower_view_of(l, out, false, &row);
    lower_view_shift(l, &row, 0, size_const(p, d));
    for (int32_t k = 1; k < row.rank; k++) {
        row.extents[k - 1] = row.extents[k];
        row.strides[k - 1] = row.strides[k];
    }
    row.rank--;
    int32_t view = lower_view_make(l, &row);
    if (view < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    begin_over(l, &b, in, axes);
    int32_t x = nest_cast(&b, nest_read(&b, in, axes), STEPC_INT64), by = nest_size(&b, dim);
    x = nest_binary(&b, LOOP_DIV, x, nest_size(&b, stride));
    x = nest_binary(&b, LOOP_SUB, x, nest_binary(&b, LOOP_MUL, nest_binary(&b, LOOP_DIV, x, by), by));
    nest_write(&b, view, axes, nest_cast(&b, x, l->program->buffers[out].dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_unravel(lower_context *l)
{
    size_pool *p = l->program->sizes;
    const size_ref *known;
    size_ref dims[LOWER_MAX_RANK], total = size_const(p, 1);
    int32_t rank;
    int64_t count;
    stepc_code code = lower_known_output(l, 0, &known, &rank);
    if (!code)
        code = lower_require_rank(l, 1, 1);
    if (!code)
        code = lower_operand_count(l, 1, &count);
    if (!code && (count > LOWER_MAX_RANK || lower_info(l, 0)->rank > 1))
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "The indices can only be scalar or vector");
    for (int64_t d = 0; !code && d < count; d++) {
        code = lower_operand_size(l, 1, d, &dims[d]);
        if (!code)
            code = lower_require_at_most(l, size_const(p, 1), dims[d], "Input dims cannot contain a dim of zero or less");
        if (!code)
            total = size_product(p, total, dims[d]);
    }
    if (!code && total == SIZE_UNKNOWN)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Input dims product is causing integer overflow");
    int32_t in = code ? -1 : lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    code = check_flat(l, in, total);
    size_ref stride = size_const(p, 1);
    for (int64_t d = count - 1; !code && d >= 0; d--) {
        code = unravel_row(l, in, out, d, dims[d], stride);
        stride = size_product(p, stride, dims[d]);
    }
    return code;
}

/* ---- InvertPermutation ------------------------------------------------------------------------------------------------ */

/* Every place must be named once: a count per place, before anything is written. */
static stepc_code check_named_once(lower_context *l, int32_t in)
{
    int32_t axis, counts = lower_temporary(l, STEPC_INT32, l->program->buffers[in].extents, 1, "counts");
    if (counts < 0)
        return stepc_error_code(l->error);
    scatter all = {.rule = SCATTER_ADD, .to = counts, .updates = -1, .indices = in, .outer = 1, .width = 1, .dtype = STEPC_INT32};
    stepc_code code = lower_scatter_fill(l, counts, SCATTER_ADD, STEPC_DTYPE_INVALID);
    if (!code)
        code = lower_scatter_nest(l, &all);
    if (code)
        return code;
    nest_builder b;
    begin_over(l, &b, counts, &axis);
    int32_t one = nest_const_i64(&b, STEPC_INT32, 1);
    nest_check(&b, nest_binary(&b, LOOP_EQ, nest_read(&b, counts, &axis), one), STEPC_INVALID_ARGUMENT,
               "an element is duplicated in the input.", l->op);
    return nest_end(&b, l->error);
}

static stepc_code lower_invert(lower_context *l)
{
    int32_t axis;
    stepc_code code = lower_require_rank(l, 0, 1);
    if (!code)
        code = lower_scatter_check(l, 0, lower_info(l, 0)->dims[0], false, "an element is not a place in the input");
    int32_t in = code ? -1 : lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    const loop_buffer *to = &l->program->buffers[out];
    int32_t places = lower_temporary(l, to->dtype, to->extents, 1, "places");
    if (places < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    begin_over(l, &b, places, &axis);
    nest_write(&b, places, &axis, nest_cast(&b, nest_axis_value(&b, axis), l->program->buffers[places].dtype));
    code = nest_end(&b, l->error);
    if (!code)
        code = check_named_once(l, in);
    if (!code) /* every place is named, but only the check knows it */
        code = lower_scatter_fill(l, out, SCATTER_SET, STEPC_DTYPE_INVALID);
    scatter all = {.rule = SCATTER_SET, .to = out, .updates = places, .indices = in, .outer = 1, .width = 1,
                   .dtype = lower_output_info(l, 0)->dtype};
    return code ? code : lower_scatter_nest(l, &all);
}

/* ---- NextAfter: neighbours are neighbours as integers --------------------------------------------------------------- */

static int32_t neighbour(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)
{
    (void)l;
    stepc_dtype word = dtype == STEPC_FLOAT64 ? STEPC_INT64 : STEPC_INT32;
    int32_t one = nest_const_i64(b, word, 1), zero = lower_number(b, dtype, 0);
    int32_t least = nest_const_i64(b, word, dtype == STEPC_FLOAT64 ? INT64_MIN : INT32_MIN), bits = nest_bitcast(b, x, word);
    int32_t up = nest_binary(b, LOOP_EQ, nest_binary(b, LOOP_LT, x, y), nest_binary(b, LOOP_LT, zero, x));
    int32_t next = nest_select(b, up, nest_binary(b, LOOP_ADD, bits, one), nest_binary(b, LOOP_SUB, bits, one));
    int32_t from_zero = nest_select(b, nest_binary(b, LOOP_LT, y, zero), nest_binary(b, LOOP_OR, least, one), one);
    next = nest_bitcast(b, nest_select(b, nest_binary(b, LOOP_EQ, x, zero), from_zero, next), dtype);
    int32_t odd = nest_binary(b, LOOP_OR, nest_binary(b, LOOP_NE, x, x), nest_binary(b, LOOP_NE, y, y));
    return nest_select(b, odd, nest_binary(b, LOOP_ADD, x, y), nest_select(b, nest_binary(b, LOOP_EQ, x, y), y, next));
}

static stepc_code lower_next_after(lower_context *l)
{
    stepc_dtype dtype = lower_info(l, 0)->dtype;
    if (dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64)
        return lower_binary(l, neighbour);
    error_set(l->error, STEPC_UNIMPLEMENTED, "NextAfter of %s is not compiled", stepc_dtype_name(dtype));
    return error_mend(l->error, "run the step interpreted");
}

static const lower_row rows[] = {
    {"HistogramFixedWidth", lower_histogram, 1u << 2},
    {"InvertPermutation", lower_invert, 0},
    {"LowerBound", lower_bound, 0},
    {"NextAfter", lower_next_after, 0},
    {"NthElement", lower_nth, 1u << 1},
    {"UnravelIndex", lower_unravel, 1u << 1},
    {"UpperBound", lower_bound, 0},
};

const lower_family lower_search = {rows, sizeof rows / sizeof rows[0]};
