/* SPDX-License-Identifier: Apache-2.0 */
/* Bands of diagonals: every diagonal is one copy between a view of the matrices and a view of its row in the packed
 * form (runtime/ops/bands.c says how that lies). */
#include "compiler/lower/move.h"

/* A copy per diagonal: more of them are better interpreted than compiled. */
enum { MOST_DIAGONALS = 64 };

typedef struct band {
    int64_t lower, upper, rows, columns, longest;
    bool left_above, left_below;
} band;

static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

static int64_t greatest(int64_t a, int64_t b) { return a > b ? a : b; }

/* The diagonals that constant input INPUT names, of matrices as big as the last two of DIMS. */
static stepc_code band_of(lower_context *l, int32_t input, const size_ref *dims, int32_t rank, band *b)
{
    const int64_t *numbers;
    int64_t count;
    stepc_string align = operation_string(l->op, "align");
    bool v2 = l->op->type.data[l->op->type.size - 1] == '2';
    stepc_code code = lower_constant_integers(l, input, &numbers, &count);
    if (code)
        return code;
    if (count < 1 || count > 2 || rank < 2 || !size_is_const(l->program->sizes, dims[rank - 2], &b->rows) ||
        !size_is_const(l->program->sizes, dims[rank - 1], &b->columns)) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "diagonals of matrices of unknown sizes are not compiled");
        return error_mend(l->error, "fix the fed shapes, or run the step interpreted");
    }
    b->lower = numbers[0];
    b->upper = numbers[count - 1];
    b->left_above = v2 || text_equal(align, TEXT_LITERAL("LEFT_LEFT")) || text_equal(align, TEXT_LITERAL("LEFT_RIGHT"));
    b->left_below = v2 || text_equal(align, TEXT_LITERAL("LEFT_LEFT")) || text_equal(align, TEXT_LITERAL("RIGHT_LEFT"));
    if (b->upper - b->lower >= MOST_DIAGONALS) {
        error_set(l->error, STEPC_UNIMPLEMENTED, "%s of more than %d diagonals is not compiled", l->op->type.data,
                  MOST_DIAGONALS);
        return error_mend(l->error, "run the step interpreted");
    }
    bool crosses = (b->lower == 0 || (-b->rows < b->lower && b->lower < b->columns)) &&
                   (b->upper == 0 || (-b->rows < b->upper && b->upper < b->columns)) && b->lower <= b->upper;
    if (!crosses)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "the diagonals %lld to %lld do not cross the matrix",
                         (long long)b->lower, (long long)b->upper);
    b->longest = greatest(0, least(b->rows + least(b->upper, 0), b->columns - greatest(b->lower, 0)));
    return STEPC_OK;
}

static int64_t length_of(const band *b, int64_t d)
{
    return greatest(0, least(b->rows + least(d, 0), b->columns - greatest(d, 0)));
}

/* Diagonal D of the matrices in V, which loses a dimension. */
static void take_diagonal(lower_context *l, const band *b, int64_t d, lower_view *v)
{
    size_pool *p = l->program->sizes;
    int32_t row = v->rank - 2, column = v->rank - 1;
    lower_view_shift(l, v, d >= 0 ? column : row, size_const(p, d >= 0 ? d : -d));
    v->strides[row] = size_sum(p, v->strides[row], v->strides[column]);
    v->extents[row] = size_const(p, length_of(b, d));
    v->rank--;
}

/* What the packed form in V keeps of diagonal D. */
static void take_packed(lower_context *l, const band *b, int64_t d, lower_view *v)
{
    size_pool *p = l->program->sizes;
    int64_t length = length_of(b, d);
    bool left = (d >= 0 && b->left_above) || (d <= 0 && b->left_below);
    int32_t last = v->rank - 1;
    lower_view_shift(l, v, last, size_const(p, left ? 0 : b->longest - length));
    v->extents[last] = size_const(p, length);
    if (b->lower == b->upper)
        return;
    lower_view_shift(l, v, last - 1, size_const(p, b->upper - d));
    v->extents[last - 1] = v->extents[last];
    v->strides[last - 1] = v->strides[last];
    v->rank--;
}

/* Every diagonal from the packed form to the matrices, or back. */
static stepc_code copy_diagonals(lower_context *l, const band *b, const lower_view *matrices, const lower_view *packed,
                                 bool back)
{
    stepc_code code = STEPC_OK;
    for (int64_t d = b->upper; !code && d >= b->lower; d--) {
        lower_view m = *matrices, r = *packed;
        take_diagonal(l, b, d, &m);
        take_packed(l, b, d, &r);
        code = back ? lower_view_copy(l, &r, &m) : lower_view_copy(l, &m, &r);
    }
    return code;
}

/* Output 0, all of it the scalar in input INPUT. */
static stepc_code fill_output(lower_context *l, int32_t input, int32_t *out)
{
    int32_t value = lower_input(l, input);
    nest_builder b;
    *out = value < 0 ? -1 : lower_output(l, 0);
    if (*out < 0)
        return stepc_error_code(l->error);
    lower_begin(l, &b, 0);
    lower_write(&b, *out, lower_read_broadcast(&b, value, l->program->buffers[*out].rank));
    return nest_end(&b, l->error);
}

static stepc_code views_of(lower_context *l, int32_t input, int32_t out, lower_view *in, lower_view *result)
{
    bool is_complex = dtype_is_complex(lower_output_info(l, 0)->dtype);
    int32_t buffer = lower_input(l, input);
    if (buffer < 0)
        return stepc_error_code(l->error);
    lower_view_of(l, buffer, is_complex, in);
    lower_view_of(l, out, is_complex, result);
    return STEPC_OK;
}

static stepc_code lower_packed(lower_context *l)
{
    const size_ref *dims;
    int32_t rank, out = -1;
    band b = {0};
    lower_view packed, matrices;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = band_of(l, 1, dims, rank, &b);
    if (!code)
        code = fill_output(l, 4, &out);
    if (!code)
        code = views_of(l, 0, out, &packed, &matrices);
    /* The packed rows may be longer than the longest diagonal of a matrix that was asked to be larger. */
    if (!code && (packed.rank < 1 || !size_is_const(l->program->sizes, packed.extents[packed.rank - 1], &b.longest)))
        code = lower_unknown_operand(l, 0);
    if (!code && b.lower != b.upper)
        code = lower_check_equal(l->state, packed.extents[packed.rank - 2],
                                 size_const(l->program->sizes, b.upper - b.lower + 1),
                                 "The number of diagonals provided in the input does not match the lower_diag_index and "
                                 "upper_diag_index range.",
                                 l->op, l->error);
    return code ? code : copy_diagonals(l, &b, &matrices, &packed, false);
}

static stepc_code lower_band_parts(lower_context *l)
{
    const infer_value *in = lower_info(l, 0);
    const size_ref *dims;
    int32_t rank, out = -1;
    band b = {0};
    lower_view packed, matrices;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = band_of(l, 1, in->dims, in->rank, &b);
    if (!code)
        code = fill_output(l, 2, &out);
    if (!code)
        code = views_of(l, 0, out, &matrices, &packed);
    return code ? code : copy_diagonals(l, &b, &matrices, &packed, true);
}

static stepc_code lower_set_bands(lower_context *l)
{
    const size_ref *dims;
    int32_t rank, out = -1;
    band b = {0};
    lower_view packed, matrices, whole;
    stepc_code code = lower_known_output(l, 0, &dims, &rank);
    if (!code)
        code = band_of(l, 2, dims, rank, &b);
    if (!code)
        out = lower_output(l, 0);
    if (!code && out < 0)
        code = stepc_error_code(l->error);
    if (!code)
        code = views_of(l, 0, out, &whole, &matrices);
    if (!code)
        code = lower_view_copy(l, &matrices, &whole);
    if (!code)
        code = views_of(l, 1, out, &packed, &matrices);
    if (code)
        return code;
    int32_t more = b.lower == b.upper ? 0 : 1;
    bool fits = packed.rank == matrices.rank - 1 + more;
    for (int32_t d = 0; fits && d < packed.rank; d++) {
        size_ref wanted = d < rank - 2                 ? dims[d]
                          : more > 0 && d == rank - 2 ? size_const(l->program->sizes, b.upper - b.lower + 1)
                                                      : size_const(l->program->sizes, b.longest);
        code = lower_check_equal(l->state, packed.extents[d], wanted, "the diagonals do not fit the matrices", l->op, l->error);
        if (code)
            return code;
    }
    if (!fits)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "the diagonals do not fit the matrices");
    return copy_diagonals(l, &b, &matrices, &packed, false);
}

static const lower_row rows[] = {
    {"MatrixDiagPartV2", lower_band_parts, 1u << 1},
    {"MatrixDiagPartV3", lower_band_parts, 1u << 1},
    {"MatrixDiagV2", lower_packed, 1u << 1 | 1u << 2 | 1u << 3},
    {"MatrixDiagV3", lower_packed, 1u << 1 | 1u << 2 | 1u << 3},
    {"MatrixSetDiagV2", lower_set_bands, 1u << 2},
    {"MatrixSetDiagV3", lower_set_bands, 1u << 2},
};

const lower_family lower_bands = {rows, sizeof rows / sizeof rows[0]};
