/* SPDX-License-Identifier: Apache-2.0 */
/* Several neighbouring diagonals of matrices at once, packed in the rows of another matrix: MatrixDiagV2, MatrixDiagV3,
 * MatrixDiagPartV2, MatrixDiagPartV3, MatrixSetDiagV2, MatrixSetDiagV3. Row r of the packed form holds diagonal
 * upper - r; what is shorter than the row lies at its left or its right end. */
#include "runtime/core/checked.h"
#include "runtime/ops/move.h"

#include <string.h>

typedef struct band {
    int64_t lower, upper, rows, columns, longest;
    bool left_above, left_below; /* at which end of its row a diagonal above, or below, the main one lies */
} band;

/* V2 has no attribute and packs at the left. */
static void band_align(const stepc_operation *op, band *b)
{
    stepc_string align = operation_string(op, "align");
    bool v2 = op->type.data[op->type.size - 1] == '2';

    b->left_above = v2 || text_equal(align, TEXT_LITERAL("LEFT_LEFT")) || text_equal(align, TEXT_LITERAL("LEFT_RIGHT"));
    b->left_below = v2 || text_equal(align, TEXT_LITERAL("LEFT_LEFT")) || text_equal(align, TEXT_LITERAL("RIGHT_LEFT"));
}

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

static int64_t diagonal_length(const band *b, int64_t d)
{
    return greatest(0, least(b->rows + least(d, 0), b->columns - greatest(d, 0)));
}

/* The place of element (ROW, COLUMN) of a matrix in its packed form, or -1 outside the band. */
static int64_t packed_place(const band *b, int64_t row, int64_t column)
{
    int64_t d = column - row;
    bool left = (d >= 0 && b->left_above) || (d <= 0 && b->left_below);

    if (d < b->lower || d > b->upper)
        return -1;
    return (b->upper - d) * b->longest + (left ? 0 : b->longest - diagonal_length(b, d)) + (d >= 0 ? row : column);
}

static stepc_code range_order(stepc_error *error, const band *b)
{
    if (b->lower <= b->upper)
        return STEPC_OK;
    return error_set(error, STEPC_INVALID_ARGUMENT, "lower_diag_index must not be larger than upper_diag_index: %lld > %lld",
                     (long long)b->lower, (long long)b->upper);
}

/* The diagonals that input INPUT names: one number, or two. */
static stepc_code read_range(kernel_context *k, int32_t input, band *b)
{
    const stepc_tensor *t = k->inputs[input];
    char shape[SHAPE_TEXT_BYTES];

    if (stepc_tensor_rank(t) > 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "diag_index must be a scalar or vector, received shape: %s",
                         tensor_shape_text(t, shape));
    if (stepc_tensor_length(t) < 1 || stepc_tensor_length(t) > 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "diag_index must have only one or two elements, received %lld elements.",
                         (long long)stepc_tensor_length(t));
    b->lower = integer_at(t, 0);
    b->upper = integer_at(t, stepc_tensor_length(t) - 1);
    return STEPC_OK;
}

/* The diagonals must cross the matrix; the main one may be empty. */
static stepc_code check_range(stepc_error *error, const band *b)
{
    if (!(-b->rows < b->lower && b->lower < b->columns) && b->lower != 0)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "lower_diag_index is out of bound: %lld. It must be between %lld and %lld", (long long)b->lower,
                         (long long)-b->rows, (long long)b->columns);
    if (!(-b->rows < b->upper && b->upper < b->columns) && b->upper != 0)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "upper_diag_index is out of bound: %lld It must be between %lld and %lld", (long long)b->upper,
                         (long long)-b->rows, (long long)b->columns);
    return range_order(error, b);
}

static void set_longest(band *b)
{
    b->longest = greatest(0, least(b->rows + least(b->upper, 0), b->columns - greatest(b->lower, 0)));
}

/* Elements of one matrix, and of its packed form. */
static int64_t matrix_size(const band *b) { return b->rows * b->columns; }

static int64_t packed_size(const band *b) { return (b->upper - b->lower + 1) * b->longest; }

static stepc_code scalar_input(kernel_context *k, int32_t input, const char *name)
{
    char shape[SHAPE_TEXT_BYTES];

    if (stepc_tensor_length(k->inputs[input]) == 1)
        return STEPC_OK;
    return error_set(k->error, STEPC_INVALID_ARGUMENT, "%s must be a scalar, received shape: %s", name,
                     tensor_shape_text(k->inputs[input], shape));
}

/* ---- MatrixDiag --------------------------------------------------------------------------------------------- */

/* What is -1 of the number of rows and columns becomes the least that holds the diagonals; a square where both are. */
static stepc_code fit(stepc_error *error, band *b)
{
    int64_t rows, columns;

    if (!checked_sub_i64(b->longest, least(b->upper, 0), &rows) ||
        !checked_add_i64(b->longest, greatest(b->lower, 0), &columns))
        return error_set(error, STEPC_RESOURCE_EXHAUSTED, "a matrix with a diagonal of %lld elements", (long long)b->longest);
    if (b->rows != -1 && b->rows < rows)
        return error_set(error, STEPC_INVALID_ARGUMENT, "The number of rows is too small.");
    if (b->columns != -1 && b->columns < columns)
        return error_set(error, STEPC_INVALID_ARGUMENT, "The number of columns is too small.");
    if (b->rows == -1 && b->columns == -1)
        b->rows = b->columns = greatest(rows, columns);
    b->rows = b->rows == -1 ? rows : b->rows;
    b->columns = b->columns == -1 ? columns : b->columns;
    if (b->rows != rows && b->columns != columns)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "The number of rows or columns is not consistent with the specified d_lower, d_upper, and diagonal.");
    return STEPC_OK;
}

static const char count_refusal[] =
    "The number of diagonals provided in the input does not match the lower_diag_index and upper_diag_index range.";

static stepc_code read_diag(kernel_context *k, band *b)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = read_range(k, 1, b);

    if (code == STEPC_OK)
        code = scalar_input(k, 2, "num_rows");
    if (code == STEPC_OK)
        code = scalar_input(k, 3, "num_cols");
    if (code == STEPC_OK)
        code = scalar_input(k, 4, "padding_value");
    if (code != STEPC_OK)
        return code;
    if (rank < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "diagonal must be at least 1-dim, received shape: %s",
                         tensor_shape_text(in, shape));
    code = range_order(k->error, b);
    if (code == STEPC_OK && b->lower != b->upper &&
        (rank < 2 || stepc_tensor_dims(in)[rank - 2] != b->upper - b->lower + 1))
        code = error_set(k->error, STEPC_INVALID_ARGUMENT, "%s", count_refusal);
    if (code != STEPC_OK)
        return code;
    b->rows = integer_at(k->inputs[2], 0);
    b->columns = integer_at(k->inputs[3], 0);
    b->longest = stepc_tensor_dims(in)[rank - 1];
    return fit(k->error, b);
}

static stepc_code kernel_bands(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in), lead;
    int64_t dims[MOVE_RANK + 2];
    band b;
    stepc_tensor *out;
    stepc_code code = move_check_rank(k, rank);

    if (code == STEPC_OK)
        code = read_diag(k, &b);
    if (code != STEPC_OK)
        return code;
    band_align(k->op, &b);
    lead = rank - (b.lower == b.upper ? 1 : 2);
    memcpy(dims, stepc_tensor_dims(in), (size_t)lead * sizeof *dims);
    dims[lead] = b.rows;
    dims[lead + 1] = b.columns;
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, lead + 2, &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        int64_t at = packed_place(&b, i / b.columns % b.rows, i % b.columns);

        code = at < 0 ? move_element(out, i, k->inputs[4], 0, k->error)
                      : move_element(out, i, in, i / matrix_size(&b) * packed_size(&b) + at, k->error);
    }
    return code;
}

/* ---- MatrixDiagPart, MatrixSetDiag ------------------------------------------------------------------------------ */

static stepc_code read_matrix(kernel_context *k, int32_t range, band *b)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t rank = stepc_tensor_rank(in);
    char shape[SHAPE_TEXT_BYTES];
    stepc_code code = read_range(k, range, b);

    if (code != STEPC_OK)
        return code;
    if (rank < 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "input must be at least 2-dim, received shape: %s",
                         tensor_shape_text(in, shape));
    b->rows = stepc_tensor_dims(in)[rank - 2];
    b->columns = stepc_tensor_dims(in)[rank - 1];
    set_longest(b);
    band_align(k->op, b);
    code = check_range(k->error, b);
    return code == STEPC_OK ? move_check_rank(k, rank) : code;
}

static stepc_code kernel_band_parts(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    int32_t lead = stepc_tensor_rank(in) - 2;
    int64_t dims[MOVE_RANK], count;
    band b;
    stepc_tensor *out;
    stepc_code code = read_matrix(k, 1, &b);

    if (code == STEPC_OK)
        code = scalar_input(k, 2, "padding_value");
    if (code != STEPC_OK)
        return code;
    memcpy(dims, stepc_tensor_dims(in), (size_t)lead * sizeof *dims);
    if (b.lower != b.upper)
        dims[lead++] = b.upper - b.lower + 1;
    dims[lead++] = b.longest;
    code = kernel_output(k, 0, stepc_tensor_dtype(in), dims, lead, &out);
    if (code == STEPC_OK)
        code = move_fill(out, k->inputs[2], 0, k->error);
    count = matrix_size(&b) > 0 ? stepc_tensor_length(in) : 0;
    for (int64_t i = 0; code == STEPC_OK && i < count; i++) {
        int64_t at = packed_place(&b, i / b.columns % b.rows, i % b.columns);

        if (at >= 0)
            code = move_element(out, i / matrix_size(&b) * packed_size(&b) + at, in, i, k->error);
    }
    return code;
}

static stepc_code kernel_set_bands(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0], *diagonal = k->inputs[1];
    int32_t lead = stepc_tensor_rank(in) - 2;
    int64_t dims[MOVE_RANK];
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    band b;
    stepc_tensor *out;
    stepc_code code = read_matrix(k, 2, &b);

    if (code != STEPC_OK)
        return code;
    memcpy(dims, stepc_tensor_dims(in), (size_t)lead * sizeof *dims);
    if (b.lower != b.upper)
        dims[lead++] = b.upper - b.lower + 1;
    dims[lead++] = b.longest;
    if (!shape_equal(dims, lead, stepc_tensor_dims(diagonal), stepc_tensor_rank(diagonal)))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "Either first dimensions of diagonal don't match input.shape[:-2], or the number of diagonals or "
                         "their longest length does not fit: input shape: %s and diagonal shape: %s",
                         tensor_shape_text(in, x), tensor_shape_text(diagonal, y));
    code = kernel_output(k, 0, stepc_tensor_dtype(in), stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(in); i++) {
        int64_t at = packed_place(&b, i / b.columns % b.rows, i % b.columns);

        code = at < 0 ? move_element(out, i, in, i, k->error)
                      : move_element(out, i, diagonal, i / matrix_size(&b) * packed_size(&b) + at, k->error);
    }
    return code;
}

/* ---- in sizes --------------------------------------------------------------------------------------------------- */

static bool infer_range(infer_context *c, int32_t input, band *b)
{
    int64_t *numbers, count;

    if (!infer_numbers(c, input, &numbers, &count) || count < 1 || count > 2)
        return false;
    b->lower = numbers[0];
    b->upper = numbers[count - 1];
    return true;
}

static stepc_code infer_bands(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int64_t count;
    int32_t lead;
    band b;
    stepc_code code;

    if (in->rank < 1 || !infer_range(c, 1, &b))
        return STEPC_OK;
    code = range_order(c->error, &b);
    lead = in->rank - (b.lower == b.upper ? 1 : 2);
    if (code == STEPC_OK && (lead < 0 || (b.lower != b.upper && size_is_const(c->sizes, in->dims[lead], &count) &&
                                          count != b.upper - b.lower + 1)))
        code = error_set(c->error, STEPC_INVALID_ARGUMENT, "%s", count_refusal);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, lead + 2);
    for (int32_t d = 0; code == STEPC_OK && d < lead; d++)
        c->outputs[0].dims[d] = in->dims[d];
    if (code != STEPC_OK || !size_is_const(c->sizes, in->dims[in->rank - 1], &b.longest) ||
        !size_is_const(c->sizes, infer_element(c, 2, 0), &b.rows) ||
        !size_is_const(c->sizes, infer_element(c, 3, 0), &b.columns))
        return code;
    code = fit(c->error, &b);
    c->outputs[0].dims[lead] = size_const(c->sizes, b.rows);
    c->outputs[0].dims[lead + 1] = size_const(c->sizes, b.columns);
    return code;
}

static stepc_code infer_band_parts(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    int32_t lead = in->rank - 2;
    bool many;
    band b;
    stepc_code code;

    if (in->rank < 2 || !infer_range(c, 1, &b))
        return STEPC_OK;
    many = b.lower != b.upper;
    code = range_order(c->error, &b);
    if (code == STEPC_OK)
        code = infer_set_rank(c, 0, lead + (many ? 2 : 1));
    for (int32_t d = 0; code == STEPC_OK && d < lead; d++)
        c->outputs[0].dims[d] = in->dims[d];
    if (code == STEPC_OK && many)
        c->outputs[0].dims[lead] = size_const(c->sizes, b.upper - b.lower + 1);
    if (code != STEPC_OK || !size_is_const(c->sizes, in->dims[lead], &b.rows) ||
        !size_is_const(c->sizes, in->dims[lead + 1], &b.columns))
        return code;
    set_longest(&b);
    c->outputs[0].dims[c->outputs[0].rank - 1] = size_const(c->sizes, b.longest);
    return check_range(c->error, &b);
}

static stepc_code infer_set_bands(infer_context *c) { return infer_copy_shape(c, c->inputs[0], 0); }

static const op_row rows[] = {
    {"MatrixDiagPartV2", infer_band_parts, kernel_band_parts, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixDiagPartV3", infer_band_parts, kernel_band_parts, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixDiagV2", infer_bands, kernel_bands, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixDiagV3", infer_bands, kernel_bands, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixSetDiagV2", infer_set_bands, kernel_set_bands, 0, SAMPLE_MOVEMENT, 0, 0},
    {"MatrixSetDiagV3", infer_set_bands, kernel_set_bands, 0, SAMPLE_MOVEMENT, 0, 0},
};

const op_family ops_bands = {rows, sizeof rows / sizeof rows[0]};
