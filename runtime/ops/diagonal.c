/* SPDX-License-Identifier: Apache-2.0 */
/* Diagonals and bands: Diag, DiagPart and the operators on the last two dimensions. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

/* ---- Diag, DiagPart ------------------------------------------------------------------------------------------- */

static stepc_code kernel_diag(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    int64_t dims[MOVE_RANK], steps[MOVE_RANK];
    move_region r = {.rank = rank};
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank <= MOVE_RANK / 2 ? rank : MOVE_RANK + 1);

    if (code != STEPC_OK)
        return code;
    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Input must be at least rank 1, got 0");
    for (int32_t d = 0; d < rank; d++)
        dims[d] = dims[d + rank] = r.dims[d] = stepc_tensor_dims(in)[d];
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, 2 * rank, &out);
    if (code != STEPC_OK)
        return code;
    move_clear(out);
    move_steps(dims, 2 * rank, steps);
    move_steps(dims, rank, r.from_steps);
    for (int32_t d = 0; d < rank; d++)
        r.to_steps[d] = steps[d] + steps[d + rank];
    return move_copy(out, in, &r, k->error);
}

static stepc_code kernel_diag_part(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    const int64_t *dims = stepc_tensor_dims(in);
    int32_t rank = stepc_tensor_rank(in), half = rank / 2;
    int64_t steps[MOVE_RANK];
    char shape[SHAPE_TEXT_BYTES];
    move_region r = {.rank = half};
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank);

    if (code != STEPC_OK)
        return code;
    if (rank < 2 || rank % 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "The rank of the tensor should be even and positive, got shape %s", tensor_shape_text(in, shape));
    for (int32_t d = 0; d < half; d++)
        if (dims[d] != dims[d + half])
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Invalid shape %s: dimensions %d and %d do not match.", tensor_shape_text(in, shape), d,
                             d + half);
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, half, &out);
    if (code != STEPC_OK)
        return code;
    move_steps(dims, rank, steps);
    move_steps(dims, half, r.to_steps);
    for (int32_t d = 0; d < half; d++) {
        r.dims[d] = dims[d];
        r.from_steps[d] = steps[d] + steps[d + half];
    }
    return move_copy(out, in, &r, k->error);
}

static stepc_code infer_diag(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, 2 * in->rank);
    for (int32_t d = 0; code == STEPC_OK && d < 2 * in->rank; d++)
        c->outputs[0].dims[d] = in->dims[d % in->rank];
    return code;
}

static stepc_code infer_diag_part(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_code code;

    if (in->rank < 2)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank / 2);
    for (int32_t d = 0; code == STEPC_OK && d < in->rank / 2; d++)
        if (!infer_merge(c, in->dims[d], in->dims[d + in->rank / 2], &c->outputs[0].dims[d]))
            code = error_set(c->error, STEPC_INVALID_ARGUMENT, "Invalid shape: dimensions %d and %d do not match.", d,
                             d + in->rank / 2);
    return code;
}

/* ---- matrices ---------------------------------------------------------------------------------------------------- */

static stepc_code check_least_rank(kernel_context *k, int32_t least)
{
    char shape[SHAPE_TEXT_BYTES];
    int32_t rank = stepc_tensor_rank(k->inputs[0]);

    if (rank < least)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input must be at least %d-dim, received shape: %s", least,
                         tensor_shape_text(k->inputs[0], shape));
    return move_check_rank(k, rank + 1);
}

/* The diagonals of MATRIX in the region's dims and STEPS; VECTOR has the steps of a tensor of that shape. */
static void diagonal_region(const stepc_tensor *matrix, move_region *r, int64_t *steps, int64_t *vector)
{
    const int64_t *dims = stepc_tensor_dims(matrix);
    int32_t rank = stepc_tensor_rank(matrix);
    int64_t all[MOVE_RANK];

    *r = (move_region){.rank = rank - 1};
    move_steps(dims, rank, all);
    for (int32_t d = 0; d < rank - 1; d++) {
        r->dims[d] = dims[d];
        steps[d] = all[d];
    }
    r->dims[rank - 2] = dims[rank - 2] < dims[rank - 1] ? dims[rank - 2] : dims[rank - 1];
    steps[rank - 2] = all[rank - 2] + all[rank - 1];
    move_steps(r->dims, rank - 1, vector);
    for (int32_t d = 0; d < rank - 1; d++) {
        r->to_steps[d] = steps[d];
        r->from_steps[d] = vector[d];
    }
}

static stepc_code kernel_matrix_diag(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t dims[MOVE_RANK], steps[MOVE_RANK], vector[MOVE_RANK];
    int32_t rank = stepc_tensor_rank(in);
    move_region r;
    stepc_tensor *out;
    stepc_code code = check_least_rank(k, 1);

    if (code != STEPC_OK)
        return code;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = stepc_tensor_dims(in)[d];
    dims[rank] = dims[rank - 1];
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, rank + 1, &out);
    if (code != STEPC_OK)
        return code;
    move_clear(out);
    diagonal_region(out, &r, steps, vector);
    return move_copy(out, in, &r, k->error);
}

static stepc_code kernel_matrix_diag_part(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t steps[MOVE_RANK], vector[MOVE_RANK];
    move_region r;
    stepc_tensor *out;
    stepc_code code = check_least_rank(k, 2);

    if (code != STEPC_OK)
        return code;
    diagonal_region(in, &r, steps, vector);
    for (int32_t d = 0; d < r.rank; d++) {
        r.to_steps[d] = vector[d];
        r.from_steps[d] = steps[d];
    }
    code = kernel_output(k, 0, stepc_tensor_dtype(in), r.dims, r.rank, &out);
    return code == STEPC_OK ? move_copy(out, in, &r, k->error) : code;
}

static stepc_code kernel_matrix_set_diag(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *diagonal = k->inputs[1];
    int64_t steps[MOVE_RANK], vector[MOVE_RANK];
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    move_region r;
    stepc_tensor *out;
    stepc_code code = check_least_rank(k, 2);

    if (code != STEPC_OK)
        return code;
    diagonal_region(in, &r, steps, vector);
    if (!shape_equal(r.dims, r.rank, stepc_tensor_dims(diagonal), stepc_tensor_rank(diagonal)))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "must have diagonal.shape == input.shape[:-2] + min(input.shape[-2:]), but received input shape: "
                         "%s and diagonal shape: %s",
                         tensor_shape_text(in, x), tensor_shape_text(diagonal, y));
    code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++)
        code = move_element(out, i, in, i, k->error);
    return code == STEPC_OK ? move_copy(out, diagonal, &r, k->error) : code;
}

static stepc_code check_band(kernel_context *k, int32_t input, const char *name, const char *side, int64_t size)
{
    const stepc_tensor *t = k->inputs[input];

    if (stepc_tensor_rank(t) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s must be scalar, got rank %d", name, stepc_tensor_rank(t));
    if (integer_at(t, 0) > size)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "%s must be negative or less or equal to number of %s (%lld) got: %lld", name, side,
                         (long long)size, (long long)integer_at(t, 0));
    return STEPC_OK;
}

static stepc_code kernel_matrix_band_part(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int64_t rows_count, columns, lower, upper;
    stepc_tensor *out;
    stepc_code code = check_least_rank(k, 2);

    if (code != STEPC_OK)
        return code;
    rows_count = stepc_tensor_dims(in)[stepc_tensor_rank(in) - 2];
    columns = stepc_tensor_dims(in)[stepc_tensor_rank(in) - 1];
    code = check_band(k, 1, "num_lower", "rows", rows_count);
    if (code == STEPC_OK)
        code = check_band(k, 2, "num_upper", "columns", columns);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    if (code != STEPC_OK)
        return code;
    lower = integer_at(k->inputs[1], 0);
    upper = integer_at(k->inputs[2], 0);
    move_clear(out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++) {
        int64_t n = i % columns, m = i / columns % rows_count;

        if ((lower < 0 || m - n <= lower) && (upper < 0 || n - m <= upper))
            code = move_element(out, i, in, i, k->error);
    }
    return code;
}

static stepc_code infer_matrix_diag(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_code code;

    if (in->rank < 1)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank + 1);
    for (int32_t d = 0; code == STEPC_OK && d <= in->rank; d++)
        c->outputs[0].dims[d] = in->dims[d < in->rank ? d : d - 1];
    return code;
}

static stepc_code infer_matrix_diag_part(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    stepc_code code;

    if (in->rank < 2)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank - 1);
    for (int32_t d = 0; code == STEPC_OK && d < in->rank - 1; d++)
        c->outputs[0].dims[d] =
            d == in->rank - 2 ? size_min(c->sizes, in->dims[d], in->dims[d + 1]) : in->dims[d];
    return code;
}

static stepc_code infer_matrix(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

static const op_row rows[] = {
    {"BatchMatrixBandPart", infer_matrix, kernel_matrix_band_part, 0, SAMPLE_MOVEMENT, 0, 0},
    {"BatchMatrixDiag", infer_matrix_diag, kernel_matrix_diag, 0, SAMPLE_MOVEMENT, 0, 0},
    {"BatchMatrixDiagPart", infer_matrix_diag_part, kernel_matrix_diag_part, 0, SAMPLE_MOVEMENT, 0, 0},
    {"BatchMatrixSetDiag", infer_matrix, kernel_matrix_set_diag, 0, SAMPLE_MOVEMENT, 0, 0},
    {"Diag", infer_diag, kernel_diag, 0, SAMPLE_MOVEMENT, 0, 0},
    {"DiagPart", infer_diag_part, kernel_diag_part, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixBandPart", infer_matrix, kernel_matrix_band_part, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixDiag", infer_matrix_diag, kernel_matrix_diag, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixDiagPart", infer_matrix_diag_part, kernel_matrix_diag_part, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixSetDiag", infer_matrix, kernel_matrix_set_diag, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_diagonal = {rows, sizeof rows / sizeof rows[0]};
