/* SPDX-License-Identifier: Apache-2.0 */
/* Dimensions of size 1 and repeated dimensions: ExpandDims, Squeeze, BroadcastTo; and Bitcast. */
#include "runtime/core/checked.h"
#include "runtime/core/tensor.h"
#include "runtime/ops/move.h"

#include <string.h>

/* ---- ExpandDims ----------------------------------------------------------------------------------------- */

static stepc_code expand_axis(stepc_error *error, int64_t axis, int32_t rank, int32_t *out)
{
    if (axis < -(int64_t)rank - 1 || axis > rank)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Tried to expand dim index %lld for tensor with %d dimensions.",
                         (long long)axis, rank);
    *out = (int32_t)(axis < 0 ? axis + rank + 1 : axis);
    return STEPC_OK;
}

static stepc_code kernel_expand_dims(kernel_context *k)
{
    int64_t dims[MOVE_RANK + 1];
    int32_t rank = stepc_tensor_rank(k->inputs[0]), axis = 0;
    stepc_code code = move_check_rank(k, rank + 1);

    if (code != STEPC_OK)
        return code;
    if (rank >= k->host->limits.rank)
        return error_limit(k->error, "rank", k->host->limits.rank, rank + 1);
    if (stepc_tensor_length(k->inputs[1]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "'dim' must be a tensor with a single value");
    code = expand_axis(k->error, integer_at(k->inputs[1], 0), rank, &axis);
    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d <= rank; d++)
        dims[d] = d == axis ? 1 : stepc_tensor_dims(k->inputs[0])[d < axis ? d : d - 1];
    return tensor_alias(k->inputs[0], dims, rank + 1, &k->outputs[0], k->error);
}

static stepc_code infer_expand_dims(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t *axes, count;
    int32_t axis = 0;
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank + 1);
    if (code != STEPC_OK || !infer_numbers(c, 1, &axes, &count) || count != 1)
        return code;
    code = expand_axis(c->error, axes[0], in->rank, &axis);
    for (int32_t d = 0; code == STEPC_OK && d <= in->rank; d++)
        c->outputs[0].dims[d] = d == axis ? size_const(c->sizes, 1) : in->dims[d < axis ? d : d - 1];
    if (code == STEPC_OK)
        infer_pass_elements(c, 0, 0);
    return code;
}

/* ---- Squeeze ---------------------------------------------------------------------------------------------- */

/* Which dimensions the attribute names; *ANY is false when it names none. */
static stepc_code squeezed_dims(stepc_error *error, const stepc_operation *op, int32_t rank, bool *dropped, bool *any)
{
    const attr_value *list = operation_attr(op, "squeeze_dims");

    *any = list && list->count > 0;
    for (size_t i = 0; list && i < list->count; i++) {
        int64_t dim = list->as.i_list[i];
        int32_t place;

        if (!shape_axis(dim, rank, &place))
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "Tried to squeeze dim index %lld for tensor with %d dimensions.", (long long)dim, rank);
        dropped[place] = true;
    }
    return STEPC_OK;
}

static stepc_code not_one(stepc_error *error, int32_t dim, int64_t size)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "Can not squeeze dim[%d], expected a dimension of 1, got %lld", dim,
                     (long long)size);
}

static stepc_code kernel_squeeze(kernel_context *k)
{
    bool dropped[MOVE_RANK] = {false}, any = false;
    int64_t dims[MOVE_RANK];
    int32_t rank = stepc_tensor_rank(k->inputs[0]), count = 0;
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK)
        code = squeezed_dims(k->error, k->op, rank, dropped, &any);
    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d < rank; d++) {
        int64_t size = stepc_tensor_dims(k->inputs[0])[d];

        if (dropped[d] && size != 1)
            return not_one(k->error, d, size);
        if (any ? !dropped[d] : size != 1)
            dims[count++] = size;
    }
    return tensor_alias(k->inputs[0], dims, count, &k->outputs[0], k->error);
}

/* Without a list the rank is known only when every dimension surely is 1 or surely is not. */
static stepc_code infer_squeeze(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    bool dropped[MOVE_RANK] = {false}, any = false;
    int32_t count = 0;
    stepc_code code;

    if (in->rank < 0 || in->rank > MOVE_RANK)
        return STEPC_OK;
    code = squeezed_dims(c->error, c->op, in->rank, dropped, &any);
    for (int32_t d = 0; code == STEPC_OK && d < in->rank; d++) {
        const size_node *node = size_get(c->sizes, in->dims[d]);

        if (!any && node && node->min == 1 && node->max == 1)
            dropped[d] = true;
        else if (!any && !(node && (node->min > 1 || node->max < 1)))
            return STEPC_OK;
        else if (dropped[d] && node && (node->min > 1 || node->max < 1))
            code = not_one(c->error, d, node->min);
        count += !dropped[d];
    }
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, count);
    count = 0;
    for (int32_t d = 0; code == STEPC_OK && d < in->rank; d++)
        if (!dropped[d])
            c->outputs[0].dims[count++] = in->dims[d];
    if (code == STEPC_OK)
        infer_pass_elements(c, 0, 0);
    return code;
}

/* ---- BroadcastTo ------------------------------------------------------------------------------------------- */

static stepc_code kernel_broadcast_to(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t dims[MOVE_RANK], rank = stepc_tensor_length(k->inputs[1]);
    int32_t missing;
    char shape[SHAPE_TEXT_BYTES], want[SHAPE_TEXT_BYTES];
    move_region region;
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank > MOVE_RANK ? MOVE_RANK + 1 : (int32_t)rank);

    if (code != STEPC_OK)
        return code;
    if (stepc_tensor_rank(k->inputs[1]) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "shape must be a vector, not %s",
                         tensor_shape_text(k->inputs[1], shape));
    for (int64_t d = 0; d < rank; d++)
        dims[d] = integer_at(k->inputs[1], d);
    if (stepc_tensor_rank(in) > rank)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Rank of input (%d) must be no greater than rank of output shape (%lld).",
                         stepc_tensor_rank(in), (long long)rank);
    missing = (int32_t)rank - stepc_tensor_rank(in);
    move_steps(stepc_tensor_dims(in), stepc_tensor_rank(in), &region.from_steps[missing]);
    for (int32_t d = 0; d < rank; d++) {
        int64_t have = d < missing ? 1 : stepc_tensor_dims(in)[d - missing];

        if (have != 1 && have != dims[d])
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: %s vs. %s",
                             tensor_shape_text(in, shape), shape_text(dims, (int32_t)rank, want, sizeof want));
        if (have == 1)
            region.from_steps[d] = 0;
        region.dims[d] = dims[d];
    }
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, (int32_t)rank, &out);
    if (code != STEPC_OK)
        return code;
    region.rank = (int32_t)rank;
    region.from_base = region.to_base = 0;
    move_steps(dims, region.rank, region.to_steps);
    return move_copy(out, in, &region, k->error);
}

static stepc_code infer_broadcast_to(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    size_ref *dims;
    int64_t count, have, want;
    stepc_code code;

    if (!infer_elements(c, 1, &dims, &count))
        return STEPC_OK;
    code = infer_set_rank(c, 0, (int32_t)count);
    for (int64_t d = 0; code == STEPC_OK && d < count; d++) {
        int64_t from = d - count + in->rank;
        const size_node *node = size_get(c->sizes, dims[d]);

        if (node && node->min >= 0)
            c->outputs[0].dims[d] = dims[d];
        if (in->rank >= 0 && from >= 0 && size_is_const(c->sizes, in->dims[from], &have) && have != 1 &&
            size_is_const(c->sizes, dims[d], &want) && have != want)
            code = error_set(c->error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: %lld vs. %lld in dimension %lld",
                             (long long)have, (long long)want, (long long)d);
    }
    if (code == STEPC_OK && in->rank > count)
        code = error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "Rank of input (%d) must be no greater than rank of output shape (%lld).", in->rank,
                         (long long)count);
    return code;
}

/* ---- Bitcast ------------------------------------------------------------------------------------------------ */

/* How many elements of the narrower dtype make one of the wider. */
static int64_t bitcast_ratio(stepc_dtype from, stepc_dtype to)
{
    size_t a = stepc_dtype_bytes(from), b = stepc_dtype_bytes(to);

    return a == 0 || b == 0 ? 0 : (int64_t)(a > b ? a / b : b / a);
}

static stepc_code bitcast_refused(stepc_error *error, stepc_dtype from, stepc_dtype to, const char *shape)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "Cannot bitcast from %s to %s: shape %s", stepc_dtype_name(from),
                     stepc_dtype_name(to), shape);
}

static stepc_code kernel_bitcast(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype from = stepc_tensor_dtype(in), to = operation_type(k->op, "type");
    int64_t ratio = bitcast_ratio(from, to), dims[MOVE_RANK + 1];
    int32_t rank = stepc_tensor_rank(in);
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank + 1);

    if (code != STEPC_OK)
        return code;
    if (ratio == 0 || from == STEPC_STRING || to == STEPC_STRING)
        return kernel_unsupported(k->error, "Bitcast", ratio == 0 ? to : STEPC_STRING);
    memcpy(dims, stepc_tensor_dims(in), (size_t)rank * sizeof *dims);
    if (stepc_dtype_bytes(from) > stepc_dtype_bytes(to)) {
        dims[rank++] = ratio;
    } else if (ratio > 1) {
        if (rank == 0 || dims[rank - 1] != ratio)
            return bitcast_refused(k->error, from, to, tensor_shape_text(in, shape));
        rank--;
    }
    code = kernel_output(k, 0, to, dims, rank, &out);
    if (code == STEPC_OK && stepc_tensor_bytes(out) > 0)
        memcpy(stepc_tensor_data(out), stepc_tensor_data(in), stepc_tensor_bytes(out));
    return code;
}

static stepc_code infer_bitcast(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_dtype to = c->outputs[0].dtype;
    int64_t ratio = bitcast_ratio(in->dtype, to), last;
    bool narrows = stepc_dtype_bytes(in->dtype) > stepc_dtype_bytes(to), widens = !narrows && ratio > 1;
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code;

    if (in->rank < 0 || ratio == 0)
        return STEPC_OK;
    if (widens && (in->rank == 0 || (size_is_const(c->sizes, in->dims[in->rank - 1], &last) && last != ratio)))
        return bitcast_refused(c->error, in->dtype, to, infer_shape_text(c, in, shape, sizeof shape));
    code = infer_set_rank(c, 0, in->rank + (narrows && ratio > 1) - widens);
    for (int32_t d = 0; code == STEPC_OK && d < c->outputs[0].rank; d++)
        c->outputs[0].dims[d] = d < in->rank ? in->dims[d] : size_const(c->sizes, ratio);
    return code;
}

static const op_row rows[] = {
    {"Bitcast", infer_bitcast, kernel_bitcast, 0, SAMPLE_SCATTER, 0, 0},
    {"BroadcastTo", infer_broadcast_to, kernel_broadcast_to, 0, SAMPLE_MOVEMENT, 0, 0},
    {"ExpandDims", infer_expand_dims, kernel_expand_dims, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Squeeze", infer_squeeze, kernel_squeeze, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_reshape = {rows, sizeof rows / sizeof rows[0]};
