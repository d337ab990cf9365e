/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that small tensors never have: what the schedule does to long rows, many columns, short rows, transposes and joins
 * begins where vectors, strips, blocks and tiles are full, and goes wrong where the last one is not. A few graphs are of
 * one such class each: one or some operations, most of them of those that the class is about. */
#include "generate_parts.h"

#include <string.h>

enum {
    MOST_ELEMENTS = 18000, /* of a feed */
    OPENING = 3,
    CHOICES = 8
};

typedef void (*dims_fn)(generated_graph *g, int64_t *dims, int32_t rank);

static int64_t one_of(generated_graph *g, const int64_t *from, int64_t count) { return from[generate_below(g, count)]; }

#define ONE_OF(g, list) one_of(g, list, (int64_t)(sizeof(list) / sizeof(list)[0]))

static void dims_small(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 0};
    for (int32_t d = 0; d < rank; d++)
        dims[d] = sizes[generate_below(g, generate_below(g, 20) == 0 ? 12 : 11)];
}

/* Longer than a strip of a body (512), a block of a sum (1024), 4 Ki elements. */
static void dims_long(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t rows[] = {1, 2, 3}, lengths[] = {513, 600, 777, 1025, 1100, 1600}, longest[] = {2049, 4099, 5000};
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d < rank - 1 ? ONE_OF(g, rows) : rank == 1 ? ONE_OF(g, longest) : ONE_OF(g, lengths);
}

/* Many rows of many columns: sums over rows in strips of columns, and in blocks. */
static void dims_columns(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t columns[] = {64, 70, 100, 133}, rows[] = {70, 90, 129}, few[] = {3, 16, 17}, many[] = {1025, 1040, 1056};
    bool is_tall = generate_below(g, 2);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d == rank - 1   ? (is_tall ? ONE_OF(g, few) : ONE_OF(g, columns))
                  : d == rank - 2 ? (is_tall ? ONE_OF(g, many) : ONE_OF(g, rows))
                                  : 1 + generate_below(g, 2);
}

/* [N, 3]: rows shorter than a vector. */
static void dims_narrow(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t widths[] = {1, 2, 3, 3, 3, 4, 5}, counts[] = {50, 129, 257, 700, 1400}, few[] = {2, 7, 33};
    for (int32_t d = 0; d < rank; d++)
        dims[d] = rank > 1 && d == rank - 1 ? ONE_OF(g, widths) : rank > 2 && d < rank - 2 ? ONE_OF(g, few) : ONE_OF(g, counts);
}

/* No size a multiple of anything, so that rows begin anywhere. */
static void dims_odd(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t sizes[] = {7, 13, 19, 37, 61}, longest[] = {1021, 2503};
    for (int32_t d = 0; d < rank; d++)
        dims[d] = rank == 1 ? ONE_OF(g, longest) : ONE_OF(g, sizes);
}

/* Beyond one tile of what is turned: 64 rows of 256 float32, 32 of 128 float64. */
static void dims_turned(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t pairs[][2] = {{33, 130}, {35, 140}, {66, 260}, {68, 261}, {70, 70}, {130, 33}, {131, 5}, {9, 300}};
    int64_t bytes = (int64_t)stepc_dtype_bytes(g->dtype), place = rank == 3 ? generate_below(g, 3) : -1; /* of some matrices */
    int64_t pair = (bytes == 8 ? 0 : bytes == 4 ? 2 : 4) + generate_below(g, bytes < 4 ? 4 : 2);
    if (generate_below(g, 3) == 0)
        pair = generate_below(g, 8);
    for (int32_t d = 0, at = 0; d < rank; d++)
        dims[d] = d == place ? 2 + generate_below(g, 2) : pairs[pair][at++ % 2];
}

/* Rows long enough that a join of them is cut into its parts. */
static void dims_parts(generated_graph *g, int64_t *dims, int32_t rank)
{
    static const int64_t rows[] = {1, 2, 3, 5}, lengths[] = {16, 17, 20, 33, 64, 100};
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d < rank - 1 ? ONE_OF(g, rows) : ONE_OF(g, lengths);
}

typedef struct shape_row {
    dims_fn dims;
    int64_t share;                 /* of 100 graphs that are not small */
    int64_t operations;            /* at most */
    const char *opening[OPENING];   /* the operators that come first */
    const char *preferred[CHOICES]; /* and those that most others are */
} shape_row;

static const shape_row classes[SHAPES_COUNT] = {
    [SHAPES_SMALL] = {dims_small, 0, 0, {NULL}, {NULL}},
    [SHAPES_LONG] = {dims_long, 20, 4, {"Mul", "Sum", "Softmax"},
                     {"Sum", "Softmax", "Cast", "Mean", "Add", "Mul", "Tanh", "LogSoftmax"}},
    [SHAPES_COLUMNS] = {dims_columns, 20, 2, {"Sum", NULL, NULL},
                        {"Sum", "Sum", "Mean", "Max", "BiasAddGrad", "Prod", "ArgMax", "Sub"}},
    [SHAPES_NARROW] = {dims_narrow, 10, 4, {"MatMul", NULL, NULL},
                       {"Softmax", "Sum", "Mul", "Add", "Max", "Cast", "Mean", "MatMul"}},
    [SHAPES_ODD] = {dims_odd, 10, 4, {NULL},
                    {"StridedSlice", "Slice", "Transpose", "ReverseV2", "Pad", "Add", "Sum", "Roll"}},
    [SHAPES_TURNED] = {dims_turned, 20, 2, {"Transpose", NULL, NULL},
                       {"Transpose", "Transpose", "Transpose", "Transpose", "Add", "Cast", "Exp", "Sum"}},
    [SHAPES_PARTS] = {dims_parts, 20, 6, {"Square", "ConcatV2", "Mul"},
                      {"ConcatV2", "ConcatV2", "Pack", "Split", "Relu", "Add", "Sum", "Slice"}},
};

void generate_dims(generated_graph *g, int64_t *dims, int32_t rank)
{
    int64_t total = 1;
    classes[g->shapes].dims(g, dims, rank);
    for (int32_t d = 0; d < rank; d++)
        total *= dims[d];
    if (total > MOST_ELEMENTS)
        dims_small(g, dims, rank);
}

void generate_small_dims(generated_graph *g, int64_t *dims, int32_t rank) { dims_small(g, dims, rank); }

int64_t generate_choose_shapes(generated_graph *g)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT32, STEPC_FLOAT32, STEPC_FLOAT64, STEPC_FLOAT64,
                                         STEPC_HALF,    STEPC_BFLOAT16, STEPC_INT32,  STEPC_UINT8};
    int64_t at = generate_below(g, 100);
    g->dtype = dtypes[generate_below(g, 9)];
    g->shapes = SHAPES_SMALL;
    for (int c = 1; c < SHAPES_COUNT && at >= 0; c++) {
        g->shapes = (shape_class)c;
        at -= classes[c].share;
    }
    /* A transpose is written past the caches where nobody knows that it is small. */
    g->symbolic = g->symbolic || (g->shapes == SHAPES_TURNED && generate_below(g, 4) == 0);
    return 1 + generate_below(g, classes[g->shapes].operations);
}

const char *generate_preferred(generated_graph *g)
{
    const shape_row *row = &classes[g->shapes];
    if (g->operation_count < OPENING && row->opening[g->operation_count] != NULL && generate_below(g, 8) != 0)
        return row->opening[g->operation_count];
    return row->preferred[0] != NULL && generate_below(g, 3) != 0 ? row->preferred[generate_below(g, CHOICES)] : NULL;
}
