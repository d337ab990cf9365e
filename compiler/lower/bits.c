/* SPDX-License-Identifier: Apache-2.0 */
/* Bitcast: the same bytes as elements of another type. A wider element is made of the narrower ones of its row, the first
 * in its lowest bits, as a little-endian machine has them in memory. Half, bfloat16, bool and the quantised types are no
 * types of values: their bytes are copied from or to integers. CompareAndBitpack: eight comparisons in a byte. */
#include "compiler/lower/state.h"

static stepc_code refuse(lower_context *l, stepc_dtype from, stepc_dtype to)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "Bitcast from %s to %s is not compiled", stepc_dtype_name(from),
              stepc_dtype_name(to));
    return error_mend(l->error, "run the step interpreted");
}

/* The unsigned integer that has as many bits. */
static stepc_dtype bits_of(stepc_dtype dtype)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    return bytes == 1 ? STEPC_UINT8 : bytes == 2 ? STEPC_UINT16 : bytes == 4 ? STEPC_UINT32 : STEPC_UINT64;
}

/* Complex numbers are pairs of reals already: only the shape is seen anew. */
static stepc_code cast_pairs(lower_context *l, stepc_dtype from, stepc_dtype to)
{
    stepc_dtype whole = dtype_is_complex(from) ? from : to, part = dtype_is_complex(from) ? to : from;
    if (part != (whole == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64))
        return refuse(l, from, to);
    int32_t in = lower_stable_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    if (!dtype_is_complex(from)) {
        const loop_buffer *pairs = &l->program->buffers[in];
        size_ref two = size_const(l->program->sizes, 2);
        stepc_code code = lower_check_equal(l->state, pairs->extents[pairs->rank - 1], two, "Cannot bitcast: the last dimension",
                                            l->op, l->error);
        if (code)
            return code;
    }
    lower_alias(l, 0, in);
    return STEPC_OK;
}

/* Element K of the RATIO that VALUE is made of; K is the last axis. */
static int32_t part_of(nest_builder *b, int32_t value, int32_t axis, stepc_dtype wide, stepc_dtype narrow)
{
    int64_t bits = (int64_t)stepc_dtype_bytes(narrow) * 8;
    int32_t shift = nest_binary(b, LOOP_MUL, nest_axis_value(b, axis), nest_const_i64(b, STEPC_INT64, bits));
    return nest_cast(b, nest_binary(b, LOOP_SHR, value, nest_cast(b, shift, wide)), narrow);
}

/* The RATIO elements of the row of IN that the axes name, in one. */
static int32_t joined(lower_context *l, nest_builder *b, int32_t in, int64_t ratio, stepc_dtype narrow, stepc_dtype wide)
{
    const loop_buffer *from = &l->program->buffers[in];
    size_pool *p = l->program->sizes;
    int32_t all = -1, last = from->rank - 1;
    for (int64_t k = 0; k < ratio; k++) {
        loop_index index = {.base = size_sum(p, from->offset, size_product(p, from->strides[last], size_const(p, k))),
                            .coefs = from->strides, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                            .indirect_extent = SIZE_UNKNOWN};
        int32_t part = nest_cast(b, nest_bitcast(b, nest_read_index(b, from->root, &index), narrow), wide);
        if (k > 0)
            part = nest_binary(b, LOOP_SHL, part, nest_const_i64(b, wide, k * (int64_t)stepc_dtype_bytes(narrow) * 8));
        all = all < 0 ? part : nest_binary(b, LOOP_OR, all, part);
    }
    return all;
}

/* Whether values of the type are its bits. */
static bool has_bits(stepc_dtype dtype) { return dtype != STEPC_BOOL && loop_value_dtype(dtype) == dtype; }

/* TO := the bytes of FROM, of as many elements of equal width; both contiguous. */
static stepc_code copy_bytes(lower_context *l, int32_t to, int32_t from)
{
    size_pool *p = l->program->sizes;
    loop_call call = {.kind = CALL_COPY, .buffers = {to, from}, .sizes = {size_const(p, 1), SIZE_UNKNOWN}, .origin = l->op};
    for (int32_t d = 0; d < l->program->buffers[to].rank; d++)
        call.sizes[0] = size_product(p, call.sizes[0], l->program->buffers[to].extents[d]);
    return loop_call_add(l->program, &call, l->error);
}

/* Input 0 in one piece. */
static int32_t packed_input(lower_context *l)
{
    int32_t in = lower_input(l, 0);
    if (in < 0 || lower_is_contiguous(l->program, in))
        return in;
    const loop_buffer *from = &l->program->buffers[in];
    int32_t packed = lower_temporary(l, from->dtype, from->extents, from->rank, "packed");
    return packed < 0 || lower_copy(l->state, packed, in, l->op, l->error) ? -1 : packed;
}

/* Input 0 as a buffer whose values are bits. */
static int32_t bits_input(lower_context *l)
{
    stepc_dtype from = lower_info(l, 0)->dtype;
    int32_t in = has_bits(from) ? lower_input(l, 0) : packed_input(l);
    if (in < 0 || has_bits(from))
        return in;
    const loop_buffer *given = &l->program->buffers[in];
    int32_t bits = lower_temporary(l, bits_of(from), given->extents, given->rank, "bits");
    return bits < 0 || copy_bytes(l, bits, in) ? -1 : bits;
}

/* Equal widths, where one of the types has no bits: the bytes are all there is to do. */
static stepc_code cast_bytes(lower_context *l)
{
    int32_t in = packed_input(l), out = in < 0 ? -1 : lower_output(l, 0);
    return out < 0 ? stepc_error_code(l->error) : copy_bytes(l, out, in);
}

/* OUT := what row-wise joining or parting makes of the bits in IN. */
static stepc_code cast_elements(lower_context *l, int32_t in, int32_t out, stepc_dtype from, stepc_dtype to)
{
    int64_t a = (int64_t)stepc_dtype_bytes(from), c = (int64_t)stepc_dtype_bytes(to);
    const loop_buffer *result = &l->program->buffers[out];
    int32_t axes[LOWER_MAX_RANK], value, last = result->rank - 1;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d <= last; d++)
        axes[d] = nest_axis(&b, result->extents[d], AXIS_SPACE);
    if (a < c)
        value = joined(l, &b, in, c / a, bits_of(from), bits_of(to));
    else
        value = nest_read(&b, in, axes);
    if (a > c)
        value = part_of(&b, nest_bitcast(&b, value, bits_of(from)), last, bits_of(from), bits_of(to));
    lower_write(&b, out, nest_bitcast(&b, value, l->program->buffers[out].dtype));
    return nest_end(&b, l->error);
}

static stepc_code lower_bitcast(lower_context *l)
{
    stepc_dtype from = lower_info(l, 0)->dtype, to = lower_output_info(l, 0)->dtype;
    int64_t a = (int64_t)stepc_dtype_bytes(from), c = (int64_t)stepc_dtype_bytes(to);
    if (from == to) {
        int32_t same = lower_stable_input(l, 0);
        if (same >= 0)
            lower_alias(l, 0, same);
        return same < 0 ? stepc_error_code(l->error) : STEPC_OK;
    }
    if (dtype_is_complex(from) || dtype_is_complex(to))
        return cast_pairs(l, from, to);
    if (to == STEPC_BOOL) /* a byte that is 0 or 1: no other has its bits */
        return refuse(l, from, to);
    if (a == c && !(has_bits(from) && has_bits(to)))
        return cast_bytes(l);
    int32_t in = bits_input(l), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *pieces = &l->program->buffers[in];
    stepc_code code = STEPC_OK;
    if (a < c)
        code = lower_check_equal(l->state, pieces->extents[pieces->rank - 1], size_const(l->program->sizes, c / a),
                                 "Cannot bitcast: the last dimension must hold one element", l->op, l->error);
    if (code)
        return code;
    const loop_buffer *result = &l->program->buffers[out];
    int32_t bits = has_bits(to) ? out : lower_temporary(l, bits_of(to), result->extents, result->rank, "bits");
    if (bits < 0)
        return stepc_error_code(l->error);
    code = cast_elements(l, in, bits, from, to);
    return code || bits == out ? code : copy_bytes(l, out, bits);
}

/* ---- CompareAndBitpack: the first element of eight in the highest bit ------------------------------------- */

static stepc_code lower_bitpack(lower_context *l)
{
    if (lower_info(l, 0)->rank < 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Input should be at least a vector, but saw a scalar.");
    if (lower_info(l, 1)->rank != 0)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "Compare must be a scalar");
    for (int32_t d = 0; d < lower_output_info(l, 0)->rank; d++)
        if (lower_output_info(l, 0)->dims[d] == SIZE_UNKNOWN) {
            error_set(l->error, STEPC_UNIMPLEMENTED, "CompareAndBitpack of rows of unknown length is not compiled");
            return error_mend(l->error, "fix the fed shapes, or run the step interpreted");
        }
    int32_t in = lower_input(l, 0), threshold = in < 0 ? -1 : lower_input(l, 1), out = threshold < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    size_pool *p = l->program->sizes;
    const loop_buffer *from = &l->program->buffers[in];
    size_ref coefs[LOWER_MAX_RANK];
    int32_t last = from->rank - 1, byte = -1;
    for (int32_t d = 0; d <= last; d++)
        coefs[d] = d < last ? from->strides[d] : size_product(p, from->strides[d], size_const(p, 8));
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t limit = nest_read(&b, threshold, NULL), none = nest_const_i64(&b, STEPC_UINT8, 0);
    for (int64_t k = 0; k < 8; k++) {
        loop_index index = {.base = size_sum(p, from->offset, size_product(p, from->strides[last], size_const(p, k))),
                            .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN, .indirect_extent = SIZE_UNKNOWN};
        int32_t x = nest_read_index(&b, from->root, &index);
        int32_t above = from->dtype == STEPC_BOOL ? x : nest_binary(&b, LOOP_LT, limit, x);
        int32_t bit = nest_select(&b, above, nest_const_i64(&b, STEPC_UINT8, 128 >> k), none);
        byte = byte < 0 ? bit : nest_binary(&b, LOOP_OR, byte, bit);
    }
    lower_write(&b, out, byte);
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Bitcast", lower_bitcast, 0},
    {"CompareAndBitpack", lower_bitpack, 0},
};

const lower_family lower_bits = {rows, sizeof rows / sizeof rows[0]};
