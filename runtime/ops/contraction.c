/* SPDX-License-Identifier: Apache-2.0 */
/* Contractions. Products are summed in ascending order of the contracted index, floats in double
 * (complex numbers in complex double) and rounded once at the end, integers modulo 2^64. */
#include "runtime/ops/kernels.h"

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
} operand;

static operand operand_of(const stepc_tensor *t, bool transpose)
{
    const int64_t *dims = stepc_tensor_dims(t);
    operand o = {stepc_tensor_dtype(t), stepc_tensor_data(t), dims[0], dims[1], dims[1], 1};

    if (transpose)
        o = (operand){o.dtype, o.data, dims[1], dims[0], 1, dims[1]};
    return o;
}

static int64_t element_at(const operand *o, int64_t row, int64_t column)
{
    return row * o->row_stride + column * o->column_stride;
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

        total.re += x.re * y.re - x.im * y.im;
        total.im += x.re * y.im + x.im * y.re;
    }
    return total;
}

typedef struct product {
    const operand *a, *b;
    stepc_dtype dtype;
    void *to;
} product;

/* Elements first .. end-1 of the product, counted along its rows. */
static void multiply_part(void *argument, int64_t first, int64_t end)
{
    const product *p = argument;
    int64_t n;

    for (n = first; n < end; n++) {
        int64_t i = n / p->b->columns, j = n % p->b->columns;

        switch (dtype_carrier_of(p->dtype)) {
        case CARRIER_F64:
            store_f64(p->dtype, p->to, n, dot_f64(p->a, p->b, i, j));
            break;
        case CARRIER_I64:
            store_i64(p->dtype, p->to, n, (int64_t)dot_u64(p->a, p->b, i, j));
            break;
        case CARRIER_U64:
            store_u64(p->dtype, p->to, n, dot_u64(p->a, p->b, i, j));
            break;
        case CARRIER_C128:
            store_c128(p->dtype, p->to, n, dot_c128(p->a, p->b, i, j));
            break;
        case CARRIER_NONE:
            break;
        }
    }
}

/* Every element is summed by one thread, in order: the threads change nothing but the time. */
static stepc_code multiply(kernel_context *k, const operand *a, const operand *b, stepc_tensor *out)
{
    product p = {a, b, stepc_tensor_dtype(out), stepc_tensor_data(out)};
    double work = (double)a->rows * (double)b->columns * (double)a->columns;

    if (dtype_carrier_of(p.dtype) == CARRIER_NONE)
        return kernel_unsupported(k->error, k->op->type.data, p.dtype);
    kernel_split(k, a->rows * b->columns, work, multiply_part, &p);
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
    return code != STEPC_OK || stepc_tensor_length(out) == 0 ? code : multiply(k, &a, &b, out);
}

static const op_row rows[] = {
    {"MatMul", infer_mat_mul, kernel_mat_mul, 0, SAMPLE_MATMUL, 0, 0},
};

const op_family ops_contraction = {rows, sizeof rows / sizeof rows[0]};
