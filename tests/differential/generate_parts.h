/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of nodes, for the files that make them. */
#ifndef TESTS_DIFFERENTIAL_GENERATE_PARTS_H
#define TESTS_DIFFERENTIAL_GENERATE_PARTS_H

#include "generate.h"

void part_begin(generated_graph *g, const char *type);
void part_input(generated_graph *g, generated_tensor *t); /* which is in use from now on */
void part_type(generated_graph *g, const char *name, stepc_dtype dtype);
void part_bool(generated_graph *g, const char *name, bool value);
void part_int(generated_graph *g, const char *name, int64_t value);
/* Result number NUMBER of the node under construction. */
generated_tensor *part_output(generated_graph *g, int32_t number, stepc_dtype dtype, const int64_t *dims, int32_t rank);
void part_end(generated_graph *g);
/* A constant of int32: a scalar (RANK 0), a vector or a matrix of two columns. */
generated_tensor *part_integers(generated_graph *g, const int64_t *values, int64_t count, int32_t rank);
generated_tensor *part_feed(generated_graph *g, stepc_dtype dtype, const int64_t *dims, int32_t rank);
generated_tensor *part_pick(generated_graph *g, const op_row *row, stepc_dtype dtype, int32_t rank);
generated_tensor *part_like(generated_graph *g, const generated_tensor *like); /* of equal dtype and sizes */
bool part_dtype(generated_graph *g, const op_row *row, const char *attr, stepc_dtype *out);

/* Sizes of a feed, of the graph's class; small ones whatever that is (generate_shape.c). */
void generate_dims(generated_graph *g, int64_t *dims, int32_t rank);
void generate_small_dims(generated_graph *g, int64_t *dims, int32_t rank);
/* Makes G one of large or odd sizes; how many operations it has. */
int64_t generate_choose_shapes(generated_graph *g);
/* An operator that G's class is about, or NULL: any. */
const char *generate_preferred(generated_graph *g);

bool generate_complex(generated_graph *g, const op_row *row); /* generate_complex.c */
bool generate_single(generated_graph *g, const op_row *row);  /* generate_single.c */

bool generate_movement(generated_graph *g, const op_row *row); /* generate_movement.c */

bool generate_scatter(generated_graph *g, const op_row *row); /* generate_scatter.c */

#endif
