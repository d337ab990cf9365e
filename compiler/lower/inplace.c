/* SPDX-License-Identifier: Apache-2.0 */
/* Rows replaced, added to or subtracted from: InplaceUpdate, InplaceAdd, InplaceSub are scatters into a copy, at rows that are
 * counted modulo their number. DataFormatDimMap, DataFormatVecPermute: from one layout's order to another's. */
#include "compiler/lower/elementwise.h"
#include "compiler/lower/scatter.h"

#include <string.h>

/* ---- Inplace* --------------------------------------------------------------------------------------------------- */

/* The rows that vector INDICES names, each in 0 .. ROWS - 1. */
static int32_t wrapped(lower_context *l, int32_t indices, size_ref rows)
{
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[indices];
    int32_t to = lower_temporary(l, STEPC_INT64, from->extents, 1, "rows"), axis;
    nest_builder b;
    if (to < 0)
        return -1;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    axis = nest_axis(&b, l->program->buffers[to].extents[0], AXIS_SPACE);
    int32_t at = nest_cast(&b, nest_read(&b, indices, &axis), STEPC_INT64), zero = nest_const_i64(&b, STEPC_INT64, 0);
    int32_t count = nest_size(&b, size_max(p, rows, size_const(p, 1)));
    int32_t rest = nest_binary(&b, LOOP_SUB, at, nest_binary(&b, LOOP_MUL, nest_binary(&b, LOOP_DIV, at, count), count));
    rest = nest_select(&b, nest_binary(&b, LOOP_LT, rest, zero), nest_binary(&b, LOOP_ADD, rest, count), rest);
    nest_write(&b, to, &axis, rest);
    return nest_end(&b, l->error) ? -1 : to;
}

static stepc_code check_rows(lower_context *l, const size_ref *dims, int32_t rank)
{
    const infer_value *i = lower_info(l, 1), *v = lower_info(l, 2);
    stepc_code code = lower_require_rank(l, 1, 1);
    if (!code && (rank < 1 || v->rank != rank))
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "x and v shape doesn't match (ranks differ)");
    for (int32_t d = 0; !code && d < rank; d++)
        code = d == 0 ? lower_check_equal(l->state, i->dims[0], v->dims[0], "i and x shape doesn't match at index 0", l->op, l->error)
                      : lower_check_equal(l->state, dims[d], v->dims[d], "x and v shape doesn't match", l->op, l->error);
    return code;
}

static stepc_code lower_inplace(lower_context *l)
{
    char word = l->op->type.data[7]; /* Add, Sub, Update */
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    scatter s = {.rule = word == 'U' ? SCATTER_SET : word == 'A' ? SCATTER_ADD : SCATTER_SUB, .outer = 1, .width = 1, .dtype = dtype};
    const size_ref *dims;
    int32_t rank;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code && dtype == STEPC_BOOL && word != 'U') {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of bool is not compiled", l->op->type.data);
        return error_mend(l->error, "run the step interpreted");
    }
    if (!code)
        code = check_rows(l, dims, rank);
    int32_t x = code ? -1 : lower_input(l, 0), i = x < 0 ? -1 : lower_input(l, 1);
    s.updates = i < 0 ? -1 : lower_input(l, 2);
    s.to = s.updates < 0 ? -1 : lower_output(l, 0);
    s.indices = s.to < 0 ? -1 : wrapped(l, i, dims[0]);
    if (s.indices < 0)
        return code ? code : stepc_error_code(l->error);
    const size_node *rows = size_get(l->program->sizes, dims[0]);
    s.keep = rows && rows->min >= 1 ? SCATTER_ALL : SCATTER_BELOW; /* of no rows none is updated */
    code = lower_copy(l->state, s.to, x, l->op, l->error);
    return code ? code : lower_scatter_nest(l, &s);
}

/* ---- layouts ------------------------------------------------------------------------------------------------------ */

enum { LONGEST_LAYOUT = 5 };

/* An attribute's letters, without N and C when only the spatial ones are wanted. */
static size_t letters_of(lower_context *l, const char *attribute, bool spatial, char out[LONGEST_LAYOUT])
{
    stepc_string all = operation_string(l->op, attribute);
    size_t count = 0;
    for (size_t i = 0; i < all.size && count < LONGEST_LAYOUT; i++)
        if (!spatial || (all.data[i] != 'N' && all.data[i] != 'C'))
            out[count++] = all.data[i];
    return count;
}

/* Both layouts: as many letters, the same ones. Their number. */
static stepc_code read_layouts(lower_context *l, bool spatial, char from[LONGEST_LAYOUT], char to[LONGEST_LAYOUT], size_t *count)
{
    bool fits;
    *count = letters_of(l, "src_format", spatial, from);
    fits = *count == letters_of(l, "dst_format", spatial, to) && *count >= (spatial ? 2 : 4);
    for (size_t i = 0; fits && i < *count; i++)
        fits = memchr(to, from[i], *count) && memchr(from, to[i], *count);
    return fits ? STEPC_OK
                : error_set(l->error, STEPC_INVALID_ARGUMENT, "Source and destination format must be of the same 4 or 5 characters");
}

static int32_t mapped_axis(lower_context *l, nest_builder *b, int32_t x, stepc_dtype dtype)
{
    char from[LONGEST_LAYOUT], to[LONGEST_LAYOUT];
    size_t count;
    if (read_layouts(l, false, from, to, &count))
        return -1;
    int32_t negative = nest_binary(b, LOOP_LT, x, lower_number(b, dtype, 0)), y = -1;
    x = nest_select(b, negative, nest_binary(b, LOOP_ADD, x, lower_number(b, dtype, (double)count)), x);
    for (size_t i = count; i-- > 0;) {
        int32_t place = lower_number(b, dtype, (double)((const char *)memchr(to, from[i], count) - to));
        y = y < 0 ? place : nest_select(b, nest_binary(b, LOOP_EQ, x, lower_number(b, dtype, (double)i)), place, y);
    }
    return y;
}

static stepc_code lower_dim_map(lower_context *l)
{
    char from[LONGEST_LAYOUT], to[LONGEST_LAYOUT];
    size_t count;
    int32_t axes[LOWER_MAX_RANK], in = lower_input(l, 0);
    stepc_code code = in < 0 ? stepc_error_code(l->error) : read_layouts(l, false, from, to, &count);
    if (code)
        return code;
    const loop_buffer *numbers = &l->program->buffers[in];
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < numbers->rank; d++)
        axes[d] = nest_axis(&b, numbers->extents[d], AXIS_SPACE);
    int32_t x = nest_read(&b, in, axes), low = nest_const_i64(&b, numbers->dtype, -(int64_t)count);
    int32_t inside = nest_binary(&b, LOOP_AND, nest_binary(&b, LOOP_LE, low, x),
                                 nest_binary(&b, LOOP_LT, x, nest_const_i64(&b, numbers->dtype, (int64_t)count)));
    nest_check(&b, inside, STEPC_INVALID_ARGUMENT, "an axis is out of range", l->op);
    code = nest_end(&b, l->error);
    return code ? code : lower_unary(l, mapped_axis);
}

static stepc_code lower_vec_permute(lower_context *l)
{
    char from[LONGEST_LAYOUT], to[LONGEST_LAYOUT];
    const infer_value *in = lower_info(l, 0);
    int64_t rows = 0;
    size_t count;
    size_pool *p = l->program->sizes;
    if (in->rank != 1 && in->rank != 2)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "input must be a vector or 2D tensor");
    if (!size_is_const(p, in->dims[0], &rows))
        return lower_unknown_operand(l, 0);
    stepc_code code = read_layouts(l, (size_t)rows != operation_string(l->op, "src_format").size, from, to, &count);
    if (!code && (size_t)rows != count)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "the layouts do not fit the input");
    int32_t given = code ? -1 : lower_input(l, 0), out = given < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    for (int64_t r = 0; !code && r < rows; r++) {
        lower_view source, target;
        lower_view_of(l, given, false, &source);
        lower_view_of(l, out, false, &target);
        lower_view_shift(l, &source, 0, size_const(p, (const char *)memchr(from, to[r], count) - from));
        lower_view_shift(l, &target, 0, size_const(p, r));
        source.extents[0] = target.extents[0] = size_const(p, 1);
        code = lower_view_copy(l, &target, &source);
    }
    return code;
}

static const lower_row rows[] = {
    {"DataFormatDimMap", lower_dim_map, 0},
    {"DataFormatVecPermute", lower_vec_permute, 0},
    {"InplaceAdd", lower_inplace, 0},
    {"InplaceSub", lower_inplace, 0},
    {"InplaceUpdate", lower_inplace, 0},
};

const lower_family lower_inplace_rows = {rows, sizeof rows / sizeof rows[0]};
