/* SPDX-License-Identifier: Apache-2.0 */
/* Axis numbers and sizes from one layout's order to another's: DataFormatDimMap, DataFormatVecPermute. */
#include "runtime/ops/move.h"

#include <string.h>

enum { LONGEST_LAYOUT = 5 };

/* Place in the layout of attribute TO of each letter of FROM's; their number, 0 where they are no such layouts. */
static int64_t layout_places(const stepc_operation *op, const char *from, const char *to, int64_t places[LONGEST_LAYOUT])
{
    stepc_string a = operation_string(op, from), b = operation_string(op, to);

    if (a.size != b.size || a.size < 4 || a.size > LONGEST_LAYOUT)
        return 0;
    for (size_t i = 0; i < a.size; i++) {
        const char *found = memchr(b.data, a.data[i], b.size);

        if (!found || memchr(a.data, a.data[i], i))
            return 0;
        places[i] = found - b.data;
    }
    return (int64_t)a.size;
}

static stepc_code bad_layouts(kernel_context *k)
{
    stepc_string a = operation_string(k->op, "src_format"), b = operation_string(k->op, "dst_format");

    return error_set(k->error, STEPC_INVALID_ARGUMENT,
                     "Source and destination format must be of the same 4 or 5 characters, received \"%.*s\" and \"%.*s\"",
                     (int)a.size, a.data, (int)b.size, b.data);
}

/* The number that an axis has in the other layout; negative ones count from the end. */
static stepc_code kernel_dim_map(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    stepc_dtype dtype = stepc_tensor_dtype(in);
    int64_t places[LONGEST_LAYOUT], count = layout_places(k->op, "src_format", "dst_format", places);
    stepc_tensor *out;
    stepc_code code = count == 0 ? bad_layouts(k) : STEPC_OK;

    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++)
        if (integer_at(in, i) < -count || integer_at(in, i) >= count)
            code = error_set(k->error, STEPC_INVALID_ARGUMENT, "an axis is out of range [%lld, %lld): %lld",
                             (long long)-count, (long long)count, (long long)integer_at(in, i));
    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++)
        store_i64(dtype, stepc_tensor_data(out), i, places[(integer_at(in, i) + count) % count]);
    return code;
}

/* The rows of SOURCE: which row of the input each row of the output is. With two rows fewer than the layout has letters, the
 * spatial ones (all but N and C) are meant. Their number; 0 where they do not fit. */
static int64_t permuted_rows(const stepc_operation *op, int64_t count, int64_t rows[LONGEST_LAYOUT])
{
    int64_t places[LONGEST_LAYOUT], of[LONGEST_LAYOUT] = {0}, letters = layout_places(op, "dst_format", "src_format", places);
    stepc_string from = operation_string(op, "src_format"), to = operation_string(op, "dst_format");
    int64_t at = 0;

    if (letters == 0 || (count != letters && count != letters - 2))
        return 0;
    for (int64_t i = 0; i < letters; i++) /* places of the letters among those that count */
        if (count == letters || (from.data[i] != 'N' && from.data[i] != 'C'))
            of[i] = at++;
    at = 0;
    for (int64_t i = 0; i < letters && at < count; i++)
        if (count == letters || (to.data[i] != 'N' && to.data[i] != 'C'))
            rows[at++] = of[places[i]];
    return at == count ? count : 0;
}

static stepc_code kernel_vec_permute(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    int64_t rows[LONGEST_LAYOUT], count, width;
    char shape[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code;

    if (rank != 1 && rank != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input must be a vector or 2D tensor, but got shape %s",
                         tensor_shape_text(in, shape));
    width = rank == 2 ? stepc_tensor_dims(in)[1] : 1;
    if (rank == 2 && width != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Second dimension of 2D input must be of size 2, but got shape %s",
                         tensor_shape_text(in, shape));
    count = permuted_rows(k->op, stepc_tensor_dims(in)[0], rows);
    if (count == 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "the layouts do not fit an input of shape %s",
                         tensor_shape_text(in, shape));
    code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), rank, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++)
        code = move_element(out, i, in, rows[i / width] * width + i % width, k->error);
    return code;
}

static stepc_code infer_layout(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

/* Sizes move as their numbers do. */
static stepc_code infer_vec_permute(infer_context *c)
{
    int64_t count, rows[LONGEST_LAYOUT];
    size_ref *elements, *moved = ARENA_ARRAY(c->memory, size_ref, LONGEST_LAYOUT);
    stepc_code code = infer_copy_shape(c, c->inputs[0], 0);

    if (code != STEPC_OK || c->inputs[0]->rank != 1 || !infer_elements(c, 0, &elements, &count) ||
        count > LONGEST_LAYOUT || permuted_rows(c->op, count, rows) == 0)
        return code;
    if (!moved)
        return error_out_of_memory(c->error, "inferring a shape");
    for (int64_t i = 0; i < count; i++)
        moved[i] = elements[rows[i]];
    return infer_set_elements(c, 0, 1, moved, count);
}

static const op_row rows[] = {
    {"DataFormatDimMap", infer_layout, kernel_dim_map, 0, SAMPLE_SINGLE, 0, 0},
    {"DataFormatVecPermute", infer_vec_permute, kernel_vec_permute, 0, SAMPLE_SINGLE, 0, 0},
};

const op_family ops_layout = {rows, sizeof rows / sizeof rows[0]};
