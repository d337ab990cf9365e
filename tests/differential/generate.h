/* SPDX-License-Identifier: Apache-2.0 */
/* Random graphs driven by the operator rows: each is valid, small, and its feeds keep most outputs finite. */
#ifndef TESTS_DIFFERENTIAL_GENERATE_H
#define TESTS_DIFFERENTIAL_GENERATE_H

#include "runtime/core/text.h"
#include "runtime/ops/row.h"

#define GENERATE_TENSORS 400
#define GENERATE_RANK 4
#define GENERATE_ELEMENTS 20000 /* of one tensor, at most */

/* What a feed's values are, beside random. */
typedef enum value_order { ORDER_NONE, ORDER_SORTED /* rising in every row */, ORDER_PERMUTATION } value_order;

enum { OLD_PRODUCER = 6, NEW_PRODUCER = 27 }; /* of a graph: operators have been removed in between */

typedef struct generated_tensor {
    char name[24]; /* "n3:0" */
    stepc_dtype dtype;
    int32_t rank;
    int64_t dims[GENERATE_RANK + 1];
    bool is_feed, is_used;
    bool is_wide;      /* a feed of values of very different size, unless LOW and HIGH say otherwise */
    double low, high; /* of a feed's values */
    char shape[80];      /* of a feed, as a signature spells it: "d3,1,d17" with symbols, "" without */
    int32_t label_limit; /* feeds of labels: values in [0, limit); 0 else */
    value_order order;
} generated_tensor;

/* The sizes that feeds of a graph have (generate_shape.c). */
typedef enum shape_class {
    SHAPES_SMALL, SHAPES_LONG, SHAPES_COLUMNS, SHAPES_NARROW, SHAPES_ODD, SHAPES_TURNED, SHAPES_PARTS, SHAPES_COUNT
} shape_class;

typedef struct generated_graph {
    text nodes; /* pbtxt */
    generated_tensor tensors[GENERATE_TENSORS];
    int32_t tensor_count, node_count, operation_count;
    uint64_t random;
    shape_class shapes;
    stepc_dtype dtype; /* that most operations of a graph that is not small have, so that they meet */
    bool is_old;       /* of a producer that still had operators which are gone by now */
    bool is_wide;  /* half of the float feeds are */
    bool symbolic; /* dimensions above 1 are unknown to the graph: one symbol per size, named d<size> */
} generated_graph;

/* What has been generated, for the report: none of these may stay zero. */
typedef struct generate_counts {
    const char *only; /* ",Add,Mul,": no other operators; NULL: all */
    bool large;       /* no graphs of small tensors */
    int64_t by_operator[512], by_dtype[32], broadcast[4], by_size[4], by_shapes[SHAPES_COUNT];
} generate_counts;

uint64_t generate_next(generated_graph *g);
int64_t generate_below(generated_graph *g, int64_t limit);
void generate_graph(generated_graph *g, uint64_t seed, generate_counts *counts);
void generate_release(generated_graph *g);
/* Random elements for feed tensor T. */
void generate_values(generated_graph *g, const generated_tensor *t, void *data, int64_t count);

#endif
