/* SPDX-License-Identifier: Apache-2.0 */
/* Complex numbers: made of two tensors of reals, sent through an operator, and taken apart again, so that nothing but reals
 * is fed, fetched and judged. */
#include "generate_parts.h"

#include <string.h>

static stepc_dtype real_of(stepc_dtype dtype) { return dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64; }

static generated_tensor *of_parts(generated_graph *g, generated_tensor *re, generated_tensor *im)
{
    stepc_dtype dtype = re->dtype == STEPC_FLOAT32 ? STEPC_COMPLEX64 : STEPC_COMPLEX128;
    part_begin(g, "Complex");
    part_input(g, re);
    part_input(g, im);
    part_type(g, "T", re->dtype);
    part_type(g, "Tout", dtype);
    generated_tensor *z = part_output(g, 0, dtype, re->dims, re->rank);
    part_end(g);
    return z;
}

/* Real, Imag, ComplexAbs, Angle. */
static void to_real(generated_graph *g, const char *type, generated_tensor *z)
{
    part_begin(g, type);
    part_input(g, z);
    part_type(g, "T", z->dtype);
    part_type(g, "Tout", real_of(z->dtype));
    part_output(g, 0, real_of(z->dtype), z->dims, z->rank);
    part_end(g);
}

static generated_tensor *through(generated_graph *g, const char *type, generated_tensor *x, generated_tensor *y)
{
    part_begin(g, type);
    part_input(g, x);
    if (y)
        part_input(g, y);
    part_type(g, "T", x->dtype);
    generated_tensor *z = part_output(g, 0, x->dtype, x->dims, x->rank);
    part_end(g);
    return z;
}

/* Conj and what is none of its own rows but computes with complex numbers too. */
static generated_tensor *arithmetic(generated_graph *g, generated_tensor *z)
{
    static const char *const unary[] = {"Conj", "Neg", "Square", "Reciprocal"};
    static const char *const binary[] = {"Add", "AddV2", "Sub", "Mul", "RealDiv", "Div", "SquaredDifference", "DivNoNan"};
    if (generate_below(g, 2))
        return through(g, unary[generate_below(g, 4)], z, NULL);
    generated_tensor *re = part_feed(g, real_of(z->dtype), z->dims, z->rank), *im = part_feed(g, real_of(z->dtype), z->dims, z->rank);
    return through(g, binary[generate_below(g, 8)], z, of_parts(g, re, im));
}

/* Of any type; complex numbers change their sign on the way. */
static generated_tensor *transposed(generated_graph *g, generated_tensor *x)
{
    int64_t perm[GENERATE_RANK], dims[GENERATE_RANK];
    for (int32_t d = 0; d < x->rank; d++)
        perm[d] = d;
    for (int32_t d = x->rank - 1; d > 0; d--) {
        int64_t other = generate_below(g, d + 1), keep = perm[d];
        perm[d] = perm[other];
        perm[other] = keep;
    }
    for (int32_t d = 0; d < x->rank; d++)
        dims[d] = x->dims[perm[d]];
    generated_tensor *order = part_integers(g, perm, x->rank, 1);
    part_begin(g, "ConjugateTranspose");
    part_input(g, x);
    part_input(g, order);
    part_type(g, "T", x->dtype);
    part_type(g, "Tperm", STEPC_INT32);
    generated_tensor *y = part_output(g, 0, x->dtype, dims, x->rank);
    part_end(g);
    return y;
}

bool generate_complex(generated_graph *g, const op_row *row)
{
    bool is_part = strcmp(row->name, "Real") == 0 || strcmp(row->name, "Imag") == 0, ends = is_part;
    bool transposes = strcmp(row->name, "ConjugateTranspose") == 0;
    ends = ends || strcmp(row->name, "ComplexAbs") == 0 || strcmp(row->name, "Angle") == 0;
    if (transposes && generate_below(g, 3) == 0) {
        stepc_dtype dtype;
        return part_dtype(g, row, "T", &dtype) && transposed(g, part_pick(g, row, dtype, 2)) != NULL;
    }
    generated_tensor *re = part_pick(g, row, generate_below(g, 2) ? STEPC_FLOAT32 : STEPC_FLOAT64, transposes ? 2 : -1);
    generated_tensor *z = of_parts(g, re, part_feed(g, re->dtype, re->dims, re->rank));
    if (strcmp(row->name, "Conj") == 0)
        z = through(g, "Conj", z, NULL);
    else if (generate_below(g, 2))
        z = arithmetic(g, z);
    if (transposes)
        z = transposed(g, z);
    if (ends) {
        to_real(g, row->name, z);
        return true;
    }
    to_real(g, "Real", z);
    to_real(g, "Imag", z);
    return true;
}
