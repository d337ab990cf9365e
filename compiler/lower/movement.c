/* SPDX-License-Identifier: Apache-2.0 */
/* Movement: views where the indices allow it, else one copying nest. */
#include "compiler/lower/state.h"

#include <string.h>

static const size_ref *output_extents(lower_context *l, int32_t *out_rank)
{
    const infer_value *info = lower_output_info(l, 0);
    bool is_complex = dtype_is_complex(info->dtype);
    size_ref *extents = ARENA_ARRAY(l->step->memory, size_ref, (size_t)(info->rank < 0 ? 0 : info->rank) + 2);
    if (!extents || info->rank < 0 || info->rank >= LOWER_MAX_RANK)
        return NULL;
    for (int32_t d = 0; d < info->rank; d++) {
        if (info->dims[d] == SIZE_UNKNOWN)
            return NULL;
        extents[d] = info->dims[d];
    }
    if (is_complex)
        extents[info->rank] = size_const(l->program->sizes, 2);
    *out_rank = info->rank + (is_complex ? 1 : 0);
    return extents;
}

static stepc_code unknown_shape(lower_context *l)
{
    error_set(l->error, STEPC_UNIMPLEMENTED, "the output's shape is not known when the step is compiled");
    return error_mend(l->error, "narrow the feeds' shapes, or run the step interpreted");
}

/* ---- Reshape ------------------------------------------------------------------------------- */

static stepc_code lower_reshape(lower_context *l)
{
    int32_t rank;
    const size_ref *extents = output_extents(l, &rank);
    if (!extents)
        return unknown_shape(l);
    int32_t in = lower_stable_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    loop_program *p = l->program;
    if (!lower_is_contiguous(p, in)) {
        const loop_buffer *from = &p->buffers[in];
        int32_t packed = lower_temporary(l, from->dtype, from->extents, from->rank, "packed");
        stepc_code code = packed < 0 ? STEPC_RESOURCE_EXHAUSTED : lower_copy(l->state, packed, in, l->op, l->error);
        if (code)
            return code;
        in = packed;
    }
    size_ref strides[LOWER_MAX_RANK + 1];
    size_ref stride = size_const(p->sizes, 1);
    for (int32_t d = rank - 1; d >= 0; d--) {
        strides[d] = stride;
        stride = size_product(p->sizes, stride, extents[d]);
    }
    size_ref total = size_const(p->sizes, 1);
    for (int32_t d = 0; d < p->buffers[in].rank; d++)
        total = size_product(p->sizes, total, p->buffers[in].extents[d]);
    stepc_code code = lower_check_sizes(l->state, extents, rank, l->op, l->error);
    if (!code)
        code = lower_check_equal(l->state, total, stride, "The requested shape has another number of elements than the tensor",
                                 l->op, l->error);
    if (code)
        return code;
    int32_t view = loop_view_new(p, in, extents, strides, rank, p->buffers[in].offset);
    if (view < 0)
        return error_out_of_memory(l->error, "lowering");
    lower_alias(l, 0, view);
    return STEPC_OK;
}

/* ---- Transpose -------------------------------------------------------------------------------- */

static stepc_code lower_transpose(lower_context *l)
{
    const int64_t *perm;
    int64_t count;
    stepc_code code = lower_constant_integers(l, 1, &perm, &count);
    int32_t in = code ? -1 : lower_stable_input(l, 0);
    if (in < 0)
        return code ? code : stepc_error_code(l->error);
    const loop_buffer *from = &l->program->buffers[in];
    size_ref extents[LOWER_MAX_RANK], strides[LOWER_MAX_RANK];
    for (int32_t d = 0; d < from->rank; d++) {
        int32_t source = d < count ? (int32_t)perm[d] : d; /* the pair of a complex element stays last */
        if (source < 0 || source >= from->rank)
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "dimension %d of perm is out of range", d);
        extents[d] = from->extents[source];
        strides[d] = from->strides[source];
    }
    int32_t view = loop_view_new(l->program, in, extents, strides, from->rank, from->offset);
    if (view < 0)
        return error_out_of_memory(l->error, "lowering");
    lower_alias(l, 0, view);
    return STEPC_OK;
}

/* The conjugate of a view of reals is that view. */
static stepc_code lower_conjugate_transpose(lower_context *l)
{
    stepc_code code = lower_transpose(l);
    if (code || !dtype_is_complex(lower_output_info(l, 0)->dtype))
        return code;
    int32_t view = *lower_buffer_slot(l->state, (stepc_output){l->op, 0}), out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t x = lower_read_same(&b, view), zero = nest_const_i64(&b, STEPC_INT64, 0);
    int32_t is_real = nest_binary(&b, LOOP_EQ, nest_axis_value(&b, l->program->buffers[out].rank - 1), zero);
    lower_write(&b, out, nest_select(&b, is_real, x, nest_unary(&b, LOOP_NEG, x)));
    return nest_end(&b, l->error);
}

/* ---- Tile ---------------------------------------------------------------------------------------- */

/* Two axes per dimension, repetition and place, so that no index needs a modulo. */
static stepc_code lower_tile(lower_context *l)
{
    const infer_value *multiples = lower_info(l, 1);
    int32_t in = lower_input(l, 0);
    if (in < 0)
        return stepc_error_code(l->error);
    int32_t rank = l->program->buffers[in].rank, given = lower_info(l, 0)->rank;
    if (rank * 2 > LOWER_MAX_RANK)
        return error_set(l->error, STEPC_UNIMPLEMENTED, "Tile of rank %d is not compiled", rank);
    if (given > 0 && (!multiples->elements || multiples->element_count != given))
        return unknown_shape(l);
    int32_t out = lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *from = &l->program->buffers[in], *to = &l->program->buffers[out];
    size_pool *sizes = l->program->sizes;
    nest_builder b;
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    int32_t place[LOWER_MAX_RANK];
    size_ref coefs[LOWER_MAX_RANK];
    for (int32_t d = 0; d < rank; d++) {
        size_ref times = d < given ? multiples->elements[d] : size_const(sizes, 1);
        nest_axis(&b, times, AXIS_SPACE);
        place[d] = nest_axis(&b, from->extents[d], AXIS_SPACE);
        coefs[2 * d] = size_product(sizes, to->strides[d], from->extents[d]);
        coefs[2 * d + 1] = to->strides[d];
    }
    loop_index index = {.base = to->offset, .coefs = coefs, .indirect = -1, .indirect_scale = SIZE_UNKNOWN,
                        .indirect_extent = SIZE_UNKNOWN};
    nest_write_index(&b, to->root, &index, nest_read(&b, in, place), -1);
    return nest_end(&b, l->error);
}

/* ---- Fill ----------------------------------------------------------------------------------------- */

static stepc_code lower_fill(lower_context *l)
{
    int32_t value = lower_input(l, 1), out = value < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const infer_value *info = lower_info(l, 1);
    static const char what[] = "value must be a scalar, got another shape";
    if (info->rank > 1)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "%s", what);
    stepc_code code = info->rank < 1 ? STEPC_OK
                                     : lower_check_equal(l->state, info->dims[0], size_const(l->program->sizes, 1), what,
                                                         l->op, l->error);
    if (code)
        return code;
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t rank = l->program->buffers[out].rank, value_rank = l->program->buffers[value].rank;
    int32_t axis_of[2] = {-1, -1};
    if (dtype_is_complex(lower_info(l, 1)->dtype))
        axis_of[value_rank - 1] = rank - 1;
    lower_write(&b, out, nest_read(&b, value, axis_of));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"ConjugateTranspose", lower_conjugate_transpose, 1u << 1},
    {"Fill", lower_fill, 1u << 0},
    {"Reshape", lower_reshape, 1u << 1},
    {"Tile", lower_tile, 1u << 1},
    {"Transpose", lower_transpose, 1u << 1},
};

const lower_family lower_movement = {rows, sizeof rows / sizeof rows[0]};
