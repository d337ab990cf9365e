/* SPDX-License-Identifier: Apache-2.0 */
/* Contractions. Products are summed in ascending order of the contracted index, floats in double
 * (complex numbers in complex double) and rounded once at the end, integers modulo 2^64. */
#include "runtime/ops/kernels.h"

#include <string.h>

/* ---- MatMul ------------------------------------------------------------------------------ */

static stepc_code infer_mat_mul(infer_context *c)
{
    bool transpose_a = operation_bool(c->op, "transpose_a", false);
    bool transpose_b = operation_bool(c->op, "transpose_b", false);
    const infer_value *a = c->inputs[0], *b = c->inputs[1];
    size_ref inner;
    stepc_code code;
    int32_t i;

    for (i = 0; i < 2; i++)
        if (c->inputs[i]->rank >= 0 && c->inputs[i]->rank != 2)
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "In[%d] is not a matrix", (int)i);
    code = infer_set_rank(c, 0, 2);
    if (code != STEPC_OK)
        return code;
    if (a->rank == 2 && b->rank == 2 &&
        !infer_merge(c, a->dims[transpose_a ? 0 : 1], b->dims[transpose_b ? 1 : 0], &inner)) {
        char x[256], y[256];

        return error_set(c->error, STEPC_INVALID_ARGUMENT, "Matrix size-incompatible: In[0]: %s, In[1]: %s",
                         infer_shape_text(c, a, x, sizeof x), infer_shape_text(c, b, y, sizeof y));
    }
    if (a->rank == 2)
        c->outputs[0].dims[0] = a->dims[transpose_a ? 1 : 0];
    if (b->rank == 2)
        c->outputs[0].dims[1] = b->dims[transpose_b ? 0 : 1];
    return STEPC_OK;
}

/* A matrix as the product reads it. */
typedef struct operand {
    stepc_dtype dtype;
    const void *data;
    int64_t rows, columns, row_stride, column_stride;
    int64_t first; /* element */
    bool conjugate;
} operand;

/* The matrices of T lie in its last two dimensions. */
static operand operand_of(const stepc_tensor *t, bool transpose)
{
    const int64_t *dims = stepc_tensor_dims(t) + stepc_tensor_rank(t) - 2;
    operand o = {stepc_tensor_dtype(t), stepc_tensor_data(t), dims[0], dims[1], dims[1], 1, 0, false};

    if (transpose)
        o = (operand){o.dtype, o.data, dims[1], dims[0], 1, dims[1], 0, false};
    return o;
}

static int64_t element_at(const operand *o, int64_t row, int64_t column)
{
    return o->first + row * o->row_stride + column * o->column_stride;
}

static double dot_f64(const operand *a, const operand *b, int64_t i, int64_t j)
{
    double total = 0.0;
    int64_t k;

    for (k = 0; k < a->columns; k++)
        total += load_f64(a->dtype, a->data, element_at(a, i, k)) * load_f64(b->dtype, b->data, element_at(b, k, j));
    return total;
}

static uint64_t load_integer(const operand *o, int64_t index)
{
    if (dtype_is_signed(o->dtype))
        return (uint64_t)load_i64(o->dtype, o->data, index);
    return load_u64(o->dtype, o->data, index);
}

static uint64_t dot_u64(const operand *a, const operand *b, int64_t i, int64_t j)
{
    uint64_t total = 0;
    int64_t k;

    for (k = 0; k < a->columns; k++)
        total += load_integer(a, element_at(a, i, k)) * load_integer(b, element_at(b, k, j));
    return total;
}

static complex_value dot_c128(const operand *a, const operand *b, int64_t i, int64_t j)
{
    complex_value total = {0.0, 0.0};
    int64_t k;

    for (k = 0; k < a->columns; k++) {
        complex_value x = load_c128(a->dtype, a->data, element_at(a, i, k));
        complex_value y = load_c128(b->dtype, b->data, element_at(b, k, j));

        x.im = a->conjugate ? -x.im : x.im;
        y.im = b->conjugate ? -y.im : y.im;
        total.re += x.re * y.re - x.im * y.im;
        total.im += x.re * y.im + x.im * y.re;
    }
    return total;
}

typedef struct product {
    const operand *a, *b;
    stepc_dtype dtype;
    void *to;
    int64_t start; /* its first element in the output */
} product;

/* Elements first .. end-1 of the product, counted along its rows. */
static void multiply_part(void *argument, int64_t first, int64_t end)
{
    const product *p = argument;
    int64_t n;

    for (n = first; n < end; n++) {
        int64_t i = n / p->b->columns, j = n % p->b->columns, at = p->start + n;

        switch (dtype_carrier_of(p->dtype)) {
        case CARRIER_F64:
            store_f64(p->dtype, p->to, at, dot_f64(p->a, p->b, i, j));
            break;
        case CARRIER_I64:
            store_i64(p->dtype, p->to, at, (int64_t)dot_u64(p->a, p->b, i, j));
            break;
        case CARRIER_U64:
            store_u64(p->dtype, p->to, at, dot_u64(p->a, p->b, i, j));
            break;
        case CARRIER_C128:
            store_c128(p->dtype, p->to, at, dot_c128(p->a, p->b, i, j));
            break;
        case CARRIER_NONE:
            break;
        }
    }
}

/* Writes the product from element START of OUT on. Every element is summed by one thread, in order: the threads change
 * nothing but the time. */
static stepc_code multiply(kernel_context *k, const operand *a, const operand *b, stepc_tensor *out, int64_t start)
{
    product p = {a, b, stepc_tensor_dtype(out), stepc_tensor_data(out), start};
    double work = (double)a->rows * (double)b->columns * (double)a->columns;

    if (dtype_carrier_of(p.dtype) == CARRIER_NONE)
        return kernel_unsupported(k->error, k->op->type.data, p.dtype);
    kernel_spread(k, a->rows * b->columns, work, multiply_part, &p);
    return STEPC_OK;
}

static stepc_code kernel_mat_mul(kernel_context *k)
{
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    operand a, b;
    int64_t dims[2];
    stepc_tensor *out;
    stepc_code code;
    int32_t i;

    for (i = 0; i < 2; i++)
        if (stepc_tensor_rank(k->inputs[i]) != 2)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[%d] is not a matrix", (int)i);
    a = operand_of(k->inputs[0], operation_bool(k->op, "transpose_a", false));
    b = operand_of(k->inputs[1], operation_bool(k->op, "transpose_b", false));
    if (a.columns != b.rows)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Matrix size-incompatible: In[0]: %s, In[1]: %s",
                         tensor_shape_text(k->inputs[0], x), tensor_shape_text(k->inputs[1], y));
    dims[0] = a.rows;
    dims[1] = b.columns;
    code = kernel_output(k, 0, a.dtype, dims, 2, &out);
    /* A product without elements may still have 2^40 rows. */
    return code != STEPC_OK || stepc_tensor_length(out) == 0 ? code : multiply(k, &a, &b, out, 0);
}

/* ---- BatchMatMul -------------------------------------------------------------------------- */

enum { BATCH_RANK = 32 };

static bool broadcasts(const stepc_operation *op) { return strcmp(op->type.data, "BatchMatMul") != 0; }

static stepc_code bad_batch(stepc_error *error, const char *x, const char *y)
{
    return error_set(error, STEPC_INVALID_ARGUMENT, "In[0] and In[1] must have compatible batch dimensions: %s vs. %s",
                     x, y);
}

/* Dimension BATCH of the output, counted from its first. */
static bool infer_batch_dim(infer_context *c, int32_t rank, int32_t batch, size_ref *out)
{
    size_ref sides[2];
    int32_t i;

    for (i = 0; i < 2; i++) {
        int32_t at = c->inputs[i]->rank - rank + batch;

        sides[i] = at < 0 ? size_const(c->sizes, 1) : c->inputs[i]->dims[at];
    }
    return broadcasts(c->op) ? infer_broadcast_dim(c, sides[0], sides[1], out)
                             : infer_merge(c, sides[0], sides[1], out);
}

static stepc_code infer_batch_mat_mul(infer_context *c)
{
    bool adj_x = operation_bool(c->op, "adj_x", false), adj_y = operation_bool(c->op, "adj_y", false);
    const infer_value *a = c->inputs[0], *b = c->inputs[1];
    char x[256], y[256];
    size_ref inner;
    stepc_code code;
    int32_t i, rank;

    for (i = 0; i < 2; i++)
        if (c->inputs[i]->rank >= 0 && c->inputs[i]->rank < 2)
            return error_set(c->error, STEPC_INVALID_ARGUMENT, "In[%d] ndims must be >= 2: %d", (int)i,
                             (int)c->inputs[i]->rank);
    if (a->rank < 0 || b->rank < 0)
        return STEPC_OK;
    infer_shape_text(c, a, x, sizeof x);
    infer_shape_text(c, b, y, sizeof y);
    if (!broadcasts(c->op) && a->rank != b->rank)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "In[0] and In[1] has different ndims: %s vs. %s", x, y);
    rank = a->rank > b->rank ? a->rank : b->rank;
    code = infer_set_rank(c, 0, rank);
    if (code != STEPC_OK)
        return code;
    for (i = 0; i < rank - 2; i++)
        if (!infer_batch_dim(c, rank, i, &c->outputs[0].dims[i]))
            return bad_batch(c->error, x, y);
    if (!infer_merge(c, a->dims[a->rank - (adj_x ? 2 : 1)], b->dims[b->rank - (adj_y ? 1 : 2)], &inner))
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "In[0] mismatch In[1] shape: %s %s %d %d", x, y, (int)adj_x,
                         (int)adj_y);
    c->outputs[0].dims[rank - 2] = a->dims[a->rank - (adj_x ? 1 : 2)];
    c->outputs[0].dims[rank - 1] = b->dims[b->rank - (adj_y ? 2 : 1)];
    return STEPC_OK;
}

static stepc_code check_batch(kernel_context *k, const operand *a, const operand *b, int64_t *dims, int32_t *rank)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1];
    int32_t x_rank = stepc_tensor_rank(x), y_rank = stepc_tensor_rank(y), i;
    char x_text[SHAPE_TEXT_BYTES], y_text[SHAPE_TEXT_BYTES];

    tensor_shape_text(x, x_text);
    tensor_shape_text(y, y_text);
    for (i = 0; !broadcasts(k->op) && i < x_rank - 2; i++)
        if (stepc_tensor_dims(x)[i] != stepc_tensor_dims(y)[i])
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "In[0].dim(%d) and In[1].dim(%d) must be the same: %s vs %s", (int)i, (int)i, x_text,
                             y_text);
    if (!broadcast_shapes(stepc_tensor_dims(x), x_rank - 2, stepc_tensor_dims(y), y_rank - 2, dims, rank))
        return bad_batch(k->error, x_text, y_text);
    if (a->columns != b->rows)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[0] mismatch In[1] shape: %lld vs. %lld: %s %s %d %d",
                         (long long)a->columns, (long long)b->rows, x_text, y_text,
                         (int)operation_bool(k->op, "adj_x", false), (int)operation_bool(k->op, "adj_y", false));
    dims[(*rank)++] = a->rows;
    dims[(*rank)++] = b->columns;
    return STEPC_OK;
}

/* First element of the matrix of T that is broadcast to number BATCH of OUT. */
static int64_t batch_first(const stepc_tensor *t, const stepc_tensor *out, int64_t batch)
{
    int32_t rank = stepc_tensor_rank(t), d;
    const int64_t *dims = stepc_tensor_dims(t), *out_dims = stepc_tensor_dims(out) + stepc_tensor_rank(out) - rank;
    int64_t stride = dims[rank - 2] * dims[rank - 1], first = 0;

    for (d = rank - 3; d >= 0; d--) {
        first += dims[d] == 1 ? 0 : batch % out_dims[d] * stride;
        batch /= out_dims[d];
        stride *= dims[d];
    }
    return first;
}

static stepc_code kernel_batch_mat_mul(kernel_context *k)
{
    int64_t dims[BATCH_RANK], batch;
    stepc_tensor *out;
    operand m[2];
    stepc_code code;
    int32_t rank, i;

    for (i = 0; i < 2; i++) {
        rank = stepc_tensor_rank(k->inputs[i]);
        if (rank < 2)
            return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[%d] ndims must be >= 2: %d", (int)i, (int)rank);
        if (rank > BATCH_RANK)
            return error_set(k->error, STEPC_UNIMPLEMENTED, "%s is not implemented for rank %d", k->op->type.data,
                             (int)rank);
        m[i] = operand_of(k->inputs[i], operation_bool(k->op, i ? "adj_y" : "adj_x", false));
        m[i].conjugate = operation_bool(k->op, i ? "adj_y" : "adj_x", false);
    }
    if (!broadcasts(k->op) && stepc_tensor_rank(k->inputs[0]) != stepc_tensor_rank(k->inputs[1])) {
        char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

        return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[0] and In[1] has different ndims: %s vs. %s",
                         tensor_shape_text(k->inputs[0], x), tensor_shape_text(k->inputs[1], y));
    }
    code = check_batch(k, &m[0], &m[1], dims, &rank);
    if (code == STEPC_OK)
        code = kernel_output(k, 0, m[0].dtype, dims, rank, &out);
    if (code != STEPC_OK || stepc_tensor_length(out) == 0)
        return code;
    for (batch = 0; code == STEPC_OK && batch < stepc_tensor_length(out) / (m[0].rows * m[1].columns); batch++) {
        for (i = 0; i < 2; i++)
            m[i].first = batch_first(k->inputs[i], out, batch);
        code = multiply(k, &m[0], &m[1], out, batch * m[0].rows * m[1].columns);
    }
    return code;
}

static const op_row rows[] = {
    {"BatchMatMul", infer_batch_mat_mul, kernel_batch_mat_mul, 0, SAMPLE_BATCH_MATMUL, 0, 0},
    {"BatchMatMulV2", infer_batch_mat_mul, kernel_batch_mat_mul, 0, SAMPLE_BATCH_MATMUL, 0, 0},
    {"MatMul", infer_mat_mul, kernel_mat_mul, 0, SAMPLE_MATMUL, 0, 0},
};

const op_family ops_contraction = {rows, sizeof rows / sizeof rows[0]};
