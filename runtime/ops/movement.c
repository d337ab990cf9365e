/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements and compute nothing: every dtype, strings too. */
#include "runtime/core/checked.h"
#include "runtime/core/tensor.h"
#include "runtime/ops/move.h"

static void free_integers(const kernel_context *k, int64_t *values, int64_t count)
{
    host_free(k->host, values, count > 0 ? (size_t)count * sizeof *values : sizeof *values);
}

static stepc_code check_dimension(stepc_error *error, int64_t dim)
{
    if (dim < 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "Dimension %lld must be >= 0", (long long)dim);
    return STEPC_OK;
}

/* ---- Fill -------------------------------------------------------------------------------- */

static stepc_code infer_fill(infer_context *c)
{
    size_ref *dims, *value;
    int64_t count, value_count, i;
    infer_value *out = &c->outputs[0];
    stepc_code code;

    if (!infer_elements(c, 0, &dims, &count))
        return STEPC_OK;
    code = infer_set_rank(c, 0, (int32_t)count);
    for (i = 0; code == STEPC_OK && i < count; i++) {
        const size_node *node = size_get(c->sizes, dims[i]);

        out->dims[i] = dims[i];
        if (node && node->max < 0)
            code = check_dimension(c->error, node->max);
    }
    if (code != STEPC_OK || count > 1 || !infer_elements(c, 1, &value, &value_count) || value_count != 1)
        return code;
    value_count = 1;
    if (count == 1 && (!size_is_const(c->sizes, dims[0], &value_count) || value_count > 1024))
        return STEPC_OK;
    out->elements = ARENA_ARRAY(c->memory, size_ref, (size_t)value_count);
    if (!out->elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < value_count; i++)
        out->elements[i] = value[0];
    out->element_count = value_count;
    return STEPC_OK;
}

static stepc_code kernel_fill(kernel_context *k)
{
    const stepc_tensor *value = k->inputs[1];
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    int64_t *dims, count, i;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[0]) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "dims must be a vector, got shape %s",
                         tensor_shape_text(k->inputs[0], shape));
    if (stepc_tensor_rank(value) > 1 || stepc_tensor_length(value) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "value must be a scalar, got shape %s",
                         tensor_shape_text(value, shape));
    code = kernel_integers(k, 0, &dims, &count);
    if (code != STEPC_OK)
        return code;
    for (i = 0; code == STEPC_OK && i < count; i++)
        code = check_dimension(k->error, dims[i]);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(value), dims, (int32_t)count, &out);
    free_integers(k, dims, count);
    for (i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++)
        code = move_element(out, i, value, 0, k->error);
    return code;
}

/* ---- Reshape ----------------------------------------------------------------------------- */

/* Checks SIZE, the requested dimension INDEX; *INFERRED is the index of the -1 seen so far, or -1. */
static stepc_code check_requested(stepc_error *error, int64_t index, int64_t size, int64_t *inferred)
{
    if (size == -1) {
        if (*inferred >= 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "Only one input size may be -1, not both %lld and %lld",
                             (long long)*inferred, (long long)index);
        *inferred = index;
    } else if (size < 0) {
        return error_set(error, STEPC_INVALID_ARGUMENT, "Size %lld must be non-negative, not %lld", (long long)index,
                         (long long)size);
    }
    return STEPC_OK;
}

static stepc_code reshape_mismatch(stepc_error *error, int64_t have, bool multiple, int64_t want)
{
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Input to reshape is a tensor with %lld values, but the requested shape %s %lld", (long long)have,
                     multiple ? "requires a multiple of" : "has", (long long)want);
}

/* Replaces the -1 in DIMS, and checks the number of elements against HAVE. */
static stepc_code complete_shape(stepc_error *error, int64_t *dims, int64_t count, int64_t have)
{
    int64_t inferred = -1, product = 1, i;
    bool zero = false;
    stepc_code code;

    for (i = 0; i < count; i++) {
        code = check_requested(error, i, dims[i], &inferred);
        if (code != STEPC_OK)
            return code;
        zero = zero || dims[i] == 0;
    }
    for (i = 0; i < count; i++) {
        if (dims[i] == -1 || zero)
            continue;
        if (!checked_mul_i64(product, dims[i], &product))
            return error_set(error, STEPC_INVALID_ARGUMENT, "the requested shape of reshape has too many elements");
    }
    product = zero ? 0 : product;
    if (inferred >= 0) {
        if (product == 0)
            return error_set(error, STEPC_INVALID_ARGUMENT,
                             "reshape cannot infer the missing input size for an empty tensor unless all specified "
                             "input sizes are non-zero");
        if (have % product != 0)
            return reshape_mismatch(error, have, true, product);
        dims[inferred] = have / product;
        return STEPC_OK;
    }
    return product == have ? STEPC_OK : reshape_mismatch(error, have, false, product);
}

static stepc_code kernel_reshape(kernel_context *k)
{
    char shape[SHAPE_TEXT_BYTES];
    int64_t *dims, count;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[1]) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "sizes input must be 1-D, not %s",
                         tensor_shape_text(k->inputs[1], shape));
    code = kernel_integers(k, 1, &dims, &count);
    if (code != STEPC_OK)
        return code;
    if (count > k->host->limits.rank)
        code = error_limit(k->error, "rank", k->host->limits.rank, count);
    if (code == STEPC_OK)
        code = complete_shape(k->error, dims, count, stepc_tensor_length(k->inputs[0]));
    if (code == STEPC_OK)
        code = tensor_alias(k->inputs[0], dims, (int32_t)count, &k->outputs[0], k->error);
    free_integers(k, dims, count);
    return code;
}

/* Number of elements; SIZE_UNKNOWN where a dimension is. */
static size_ref element_total(infer_context *c, const infer_value *value)
{
    size_ref total = value->rank < 0 ? SIZE_UNKNOWN : size_const(c->sizes, 1);
    int32_t i;

    for (i = 0; i < value->rank; i++) {
        int64_t dim;

        if (size_is_const(c->sizes, value->dims[i], &dim) && dim == 0)
            return value->dims[i];
        total = size_product(c->sizes, total, value->dims[i]);
    }
    return total;
}

/* Sizes taken from the requested shape as they are; *OPEN is the one that follows from the number of elements
 * (-1, or unknown), or -1; *REST the product of the others. */
static stepc_code read_requested(infer_context *c, const size_ref *sizes, int64_t count, int64_t *open, size_ref *rest)
{
    int64_t inferred = -1, unknown = -1, unknown_count = 0, i;
    infer_value *out = &c->outputs[0];

    *rest = size_const(c->sizes, 1);
    for (i = 0; i < count; i++) {
        const size_node *node = size_get(c->sizes, sizes[i]);
        stepc_code code =
            node && node->kind == SIZE_CONST ? check_requested(c->error, i, node->value, &inferred) : STEPC_OK;

        if (code != STEPC_OK)
            return code;
        if (node && node->min >= 0) {
            out->dims[i] = sizes[i];
            *rest = size_product(c->sizes, *rest, sizes[i]);
        } else if (inferred != i) {
            unknown = i;
            unknown_count++;
        }
    }
    *open = inferred >= 0 ? inferred : unknown;
    if (unknown_count > (inferred >= 0 ? 0 : 1)) {
        *rest = SIZE_UNKNOWN;
    } else if (inferred < 0 && unknown >= 0) {
        /* A size that the graph computes: it follows from the others unless one of them is 0. */
        const size_node *node = size_get(c->sizes, *rest);

        if (!node || node->min < 1)
            *rest = SIZE_UNKNOWN;
    }
    return STEPC_OK;
}

static stepc_code infer_reshape(infer_context *c)
{
    size_ref *sizes, rest, total = element_total(c, c->inputs[0]), *elements;
    int64_t count, open, have, want, element_count;
    infer_value *out = &c->outputs[0];
    stepc_code code;

    if (!infer_elements(c, 1, &sizes, &count))
        return STEPC_OK;
    code = infer_set_rank(c, 0, (int32_t)count);
    if (code == STEPC_OK)
        code = read_requested(c, sizes, count, &open, &rest);
    if (code != STEPC_OK)
        return code;
    if (size_is_const(c->sizes, total, &have) && size_is_const(c->sizes, rest, &want)) {
        if (open >= 0 && want == 0)
            return error_set(c->error, STEPC_INVALID_ARGUMENT,
                             "reshape cannot infer the missing input size for an empty tensor unless all specified "
                             "input sizes are non-zero");
        if (open >= 0 ? have % want != 0 : have != want)
            return reshape_mismatch(c->error, have, open >= 0, want);
    }
    if (open >= 0)
        out->dims[open] = size_floor_div(c->sizes, total, rest);
    if (count <= 1 && infer_elements(c, 0, &elements, &element_count)) {
        out->elements = elements;
        out->element_count = element_count;
    }
    return STEPC_OK;
}

/* ---- Tile -------------------------------------------------------------------------------- */

static stepc_code check_multiple_count(stepc_error *error, int64_t rank, int64_t count)
{
    if (rank == count)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT,
                     "Expected multiples argument to be a vector of length %lld but got length %lld", (long long)rank,
                     (long long)count);
}

static stepc_code check_multiple(stepc_error *error, int64_t index, int64_t multiple)
{
    if (multiple >= 0)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT, "Expected multiples[%lld] >= 0, but got %lld", (long long)index,
                     (long long)multiple);
}

static stepc_code infer_tile(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    infer_value *out = &c->outputs[0];
    size_ref *multiples, *elements;
    int64_t count, element_count, total, i;
    stepc_code code;

    if (!infer_elements(c, 1, &multiples, &count))
        return in->rank < 0 ? STEPC_OK : infer_set_rank(c, 0, in->rank);
    code = in->rank < 0 ? STEPC_OK : check_multiple_count(c->error, in->rank, count);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, (int32_t)count);
    for (i = 0; code == STEPC_OK && i < count; i++) {
        const size_node *node = size_get(c->sizes, multiples[i]);

        if (node && node->max < 0)
            code = check_multiple(c->error, i, node->max);
        if (in->rank >= 0)
            out->dims[i] = size_product(c->sizes, in->dims[i], multiples[i]);
    }
    if (code != STEPC_OK || count != 1 || !infer_elements(c, 0, &elements, &element_count) || element_count < 1 ||
        !size_is_const(c->sizes, out->dims[0], &total) || total > 1024)
        return code;
    out->elements = ARENA_ARRAY(c->memory, size_ref, (size_t)total);
    if (!out->elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < total; i++)
        out->elements[i] = elements[i % element_count];
    out->element_count = total;
    return STEPC_OK;
}

static stepc_code tile_elements(kernel_context *k, stepc_tensor *out)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *in_dims = stepc_tensor_dims(in), *out_dims = stepc_tensor_dims(out);
    stepc_code code = STEPC_OK;
    int64_t i;

    for (i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t rest = i, from = 0, stride = 1;
        int32_t d;

        for (d = stepc_tensor_rank(in) - 1; d >= 0; d--) {
            from += rest % out_dims[d] % in_dims[d] * stride;
            stride *= in_dims[d];
            rest /= out_dims[d];
        }
        code = move_element(out, i, in, from, k->error);
    }
    return code;
}

static stepc_code kernel_tile(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    char shape[SHAPE_TEXT_BYTES];
    int64_t *dims, count, i;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[1]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Expected `multiples` to be 1-D, but got shape %s",
                         tensor_shape_text(k->inputs[1], shape));
    code = kernel_integers(k, 1, &dims, &count);
    if (code != STEPC_OK)
        return code;
    code = check_multiple_count(k->error, stepc_tensor_rank(in), count);
    for (i = 0; code == STEPC_OK && i < count; i++) {
        code = check_multiple(k->error, i, dims[i]);
        if (code == STEPC_OK && !checked_mul_i64(dims[i], stepc_tensor_dims(in)[i], &dims[i]))
            code = error_limit(k->error, "tensor_bytes", k->host->limits.tensor_bytes, INT64_MAX);
    }
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, (int32_t)count, &out);
    free_integers(k, dims, count);
    return code == STEPC_OK ? tile_elements(k, out) : code;
}

/* ---- Transpose --------------------------------------------------------------------------- */

static stepc_code check_permutation(stepc_error *error, const int64_t *perm, int64_t count, int64_t rank)
{
    int64_t i, j;

    if (rank >= 0 && count != rank)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "transpose expects a vector of size %lld. But input(1) is a vector of size %lld",
                         (long long)rank, (long long)count);
    for (i = 0; i < count; i++)
        if (perm[i] < 0 || perm[i] >= count)
            return error_set(error, STEPC_INVALID_ARGUMENT, "%lld is out of range [0 .. %lld)", (long long)perm[i],
                             (long long)count);
    for (i = 0; i < count; i++) {
        for (j = 0; j < count && perm[j] != i; j++)
            continue;
        if (j == count) {
            error_set(error, STEPC_INVALID_ARGUMENT, "%lld is missing from {", (long long)i);
            for (j = 0; j < count; j++)
                error_append(error, "%s%lld", j > 0 ? "," : "", (long long)perm[j]);
            error_append(error, "}.");
            return STEPC_INVALID_ARGUMENT;
        }
    }
    return STEPC_OK;
}

static stepc_code infer_transpose(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    infer_value *out = &c->outputs[0];
    size_ref *sizes = NULL;
    int64_t count = 0, *perm, i;
    bool known = infer_elements(c, 1, &sizes, &count);
    stepc_code code;

    if (!known && in->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank >= 0 ? in->rank : (int32_t)count);
    perm = ARENA_ARRAY(c->memory, int64_t, (size_t)count);
    if (code != STEPC_OK)
        return code;
    if (!perm)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < count; i++)
        known = size_is_const(c->sizes, sizes[i], &perm[i]) && known;
    if (!known)
        return STEPC_OK;
    code = check_permutation(c->error, perm, count, in->rank);
    for (i = 0; code == STEPC_OK && in->rank >= 0 && i < count; i++)
        out->dims[i] = in->dims[perm[i]];
    if (code == STEPC_OK && in->rank >= 0 && in->rank <= 1) {
        out->elements = in->elements;
        out->element_count = in->element_count;
    }
    return code;
}

static stepc_code transpose_elements(kernel_context *k, const int64_t *perm)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *dims = stepc_tensor_dims(in);
    int32_t rank = stepc_tensor_rank(in), d;
    /* dimensions of the output, then the step in the input that each of them makes */
    size_t bytes = (size_t)rank * 2 * sizeof(int64_t) + sizeof(int64_t);
    int64_t *out_dims = host_alloc(k->host, bytes), *steps = out_dims + rank, i;
    stepc_tensor *out;
    stepc_code code;

    if (!out_dims)
        return error_out_of_memory(k->error, "transposing");
    for (d = 0; d < rank; d++) {
        int32_t inner;

        out_dims[d] = dims[perm[d]];
        steps[d] = 1;
        for (inner = (int32_t)perm[d] + 1; stepc_tensor_length(in) > 0 && inner < rank; inner++)
            steps[d] *= dims[inner];
    }
    code = kernel_output(k, 0, stepc_tensor_dtype(in), out_dims, rank, &out);
    for (i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t rest = i, from = 0;

        for (d = rank - 1; d >= 0; d--) {
            from += rest % out_dims[d] * steps[d];
            rest /= out_dims[d];
        }
        code = move_element(out, i, in, from, k->error);
        if (code == STEPC_OK && dtype_is_complex(stepc_tensor_dtype(in)) && k->op->type.data[0] == 'C') {
            complex_value z = load_c128(stepc_tensor_dtype(in), stepc_tensor_data(in), from);

            store_c128(stepc_tensor_dtype(in), stepc_tensor_data(out), i, (complex_value){z.re, -z.im});
        }
    }
    host_free(k->host, out_dims, bytes);
    return code;
}

static stepc_code kernel_transpose(kernel_context *k)
{
    char shape[SHAPE_TEXT_BYTES];
    int64_t *perm, count;
    stepc_code code;

    if (stepc_tensor_rank(k->inputs[1]) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "perm must be a vector, not %s",
                         tensor_shape_text(k->inputs[1], shape));
    code = kernel_integers(k, 1, &perm, &count);
    if (code != STEPC_OK)
        return code;
    code = check_permutation(k->error, perm, count, stepc_tensor_rank(k->inputs[0]));
    if (code == STEPC_OK)
        code = transpose_elements(k, perm);
    free_integers(k, perm, count);
    return code;
}

static const op_row rows[] = {
    {"ConjugateTranspose", infer_transpose, kernel_transpose, 0, SAMPLE_COMPLEX, 0, 0},
    {"Fill", infer_fill, kernel_fill, 0, SAMPLE_FILL, 0, 0},
    {"Reshape", infer_reshape, kernel_reshape, 0, SAMPLE_RESHAPE, 0, 0},
    {"Tile", infer_tile, kernel_tile, 0, SAMPLE_TILE, 0, 0},
    {"Transpose", infer_transpose, kernel_transpose, 0, SAMPLE_TRANSPOSE, 0, 0},
};

const op_family ops_movement = {rows, sizeof rows / sizeof rows[0]};
