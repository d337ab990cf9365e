/* SPDX-License-Identifier: Apache-2.0 */
/* Special functions of several operands: Zeta, Polygamma, Igamma, Igammac, Betainc; and NextAfter. All run in double and
 * are rounded once. */
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <math.h>
#include <string.h>

static stepc_code kernel_betainc(kernel_context *k)
{
    static const char names[] = "abx";
    stepc_dtype dtype = stepc_tensor_dtype(k->inputs[0]);
    const stepc_tensor *shape = k->inputs[0];
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    stepc_tensor *out;
    stepc_code code;

    for (int32_t i = 0; i < 3; i++) {
        for (int32_t j = i + 1; j < 3; j++)
            if (stepc_tensor_rank(k->inputs[i]) > 0 && stepc_tensor_rank(k->inputs[j]) > 0 &&
                !tensor_same_shape(k->inputs[i], k->inputs[j]))
                return error_set(k->error, STEPC_INVALID_ARGUMENT, "Shapes of %c and %c are inconsistent: %s vs. %s",
                                 names[i], names[j], tensor_shape_text(k->inputs[i], x),
                                 tensor_shape_text(k->inputs[j], y));
        if (stepc_tensor_rank(k->inputs[i]) > 0)
            shape = k->inputs[i];
    }
    code = kernel_output(k, 0, dtype, stepc_tensor_dims(shape), stepc_tensor_rank(shape), &out);
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(out); i++) {
        double v[3];

        for (int32_t j = 0; j < 3; j++)
            v[j] = load_f64(dtype, stepc_tensor_data(k->inputs[j]), stepc_tensor_rank(k->inputs[j]) > 0 ? i : 0);
        store_f64(dtype, stepc_tensor_data(out), i, scalar_betainc(v[0], v[1], v[2]));
    }
    return code;
}

static stepc_code infer_betainc(infer_context *c)
{
    const infer_value *shape = c->inputs[0];

    for (int32_t i = 1; i < 3; i++) {
        if (c->inputs[i]->rank != 0 && shape->rank != 0)
            return c->inputs[i]->rank < 0 && shape->rank < 0 ? STEPC_OK
                                                            : infer_merge_shapes(c, shape, c->inputs[i], 0);
        shape = shape->rank == 0 ? c->inputs[i] : shape;
    }
    return infer_copy_shape(c, shape, 0);
}

/* ---- two operands -------------------------------------------------------------------------------- */

/* The neighbour of X towards Y among the numbers of DTYPE, as the integers of their bits have it. */
static double next_after(stepc_dtype dtype, double x, double y)
{
    bool wide = dtype == STEPC_FLOAT64;
    uint64_t sign = (uint64_t)1 << (wide ? 63 : 31), bits = 0;
    float narrow = (float)x;

    if (x != x || y != y || x == y)
        return x != x || y != y ? (double)NAN : y;
    if (wide)
        memcpy(&bits, &x, 8);
    else {
        uint32_t half;

        memcpy(&half, &narrow, 4);
        bits = half;
    }
    if (x == 0)
        bits = y < 0 ? sign | 1 : 1;
    else
        bits = (x < y) == (x > 0) ? bits + 1 : bits - 1;
    if (wide) {
        memcpy(&x, &bits, 8);
    } else {
        uint32_t half = (uint32_t)bits;

        memcpy(&narrow, &half, 4);
        x = (double)narrow;
    }
    return x;
}

static double apply(const char *type, stepc_dtype dtype, double x, double y)
{
    switch (type[0]) {
    case 'N':
        return next_after(dtype, x, y);
    case 'P':
        return scalar_polygamma(x, y);
    case 'Z':
        return scalar_zeta(x, y);
    default:
        return strcmp(type, "Igamma") == 0 ? scalar_igamma(x, y) : scalar_igammac(x, y);
    }
}

static stepc_code kernel_special(kernel_context *k)
{
    const stepc_tensor *x = k->inputs[0], *y = k->inputs[1], *z;
    stepc_dtype dtype = stepc_tensor_dtype(x);
    stepc_code code;

    if (!dtype_is_float(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    code = broadcast_output(k->host, x, y, dtype, &k->outputs[0], k->error);
    z = k->outputs[0];
    for (int64_t i = 0; code == STEPC_OK && i < stepc_tensor_length(z); i++)
        store_f64(dtype, stepc_tensor_data(k->outputs[0]), i,
                  apply(k->op->type.data, dtype, load_f64(dtype, stepc_tensor_data(x), broadcast_index(x, z, i)),
                        load_f64(dtype, stepc_tensor_data(y), broadcast_index(y, z, i))));
    return code;
}

static const op_row rows[] = {
    {"Betainc", infer_betainc, kernel_betainc, 0, SAMPLE_SINGLE, 0, 0},
    {"Igamma", infer_broadcast, kernel_special, 0, SAMPLE_BINARY, 0.1, 9},
    {"Igammac", infer_broadcast, kernel_special, 0, SAMPLE_BINARY, 0.1, 9},
    {"NextAfter", infer_broadcast, kernel_special, 0, SAMPLE_BINARY, 0, 0},
    {"Polygamma", infer_broadcast, kernel_special, 0, SAMPLE_SINGLE, 0, 0},
    {"Zeta", infer_broadcast, kernel_special, 0, SAMPLE_BINARY, 1.5, 9},
};

const op_family ops_special = {rows, sizeof rows / sizeof rows[0]};
