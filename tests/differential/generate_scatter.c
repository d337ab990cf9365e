/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that go to places which a tensor names: places come more than once, and some are named by nobody. */
#include "generate_parts.h"

#include <string.h>

/* A feed of places below LIMIT. */
static generated_tensor *make_places(generated_graph *g, stepc_dtype dtype, const int64_t *dims, int32_t rank, int64_t limit)
{
    generated_tensor *places = part_feed(g, dtype, dims, rank);
    places->label_limit = (int32_t)limit;
    return places;
}

static stepc_dtype index_dtype(generated_graph *g) { return generate_below(g, 2) ? STEPC_INT32 : STEPC_INT64; }

/* A length, now and then one that fills vectors. */
static int64_t some_length(generated_graph *g) { return generate_below(g, 4) ? 1 + generate_below(g, 6) : 15 + generate_below(g, 40); }

/* ---- ScatterNd, TensorScatter* ------------------------------------------------------------------------------------ */

static bool make_scatter(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    bool from_zeros = strcmp(row->name, "ScatterNd") == 0;
    int64_t dims[4], index_dims[3], update_dims[5], least = 1000;
    int32_t rank = 1 + (int32_t)generate_below(g, 3), outer = (int32_t)generate_below(g, 3), width, count = 0;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = some_length(g);
    width = generate_below(g, 8) == 0 ? 0 : 1 + (int32_t)generate_below(g, rank);
    for (int32_t d = 0; d < width; d++)
        least = dims[d] < least ? dims[d] : least;
    for (int32_t d = 0; d < outer; d++)
        index_dims[d] = update_dims[count++] = generate_below(g, 7);
    index_dims[outer] = width;
    for (int32_t d = width; d < rank; d++)
        update_dims[count++] = dims[d];
    bool extreme = strcmp(row->name, "TensorScatterMax") == 0 || strcmp(row->name, "TensorScatterMin") == 0;
    if (count > 4 || (extreme && (dtype == STEPC_BOOL || dtype_is_complex(dtype))))
        return false;
    generated_tensor *shape = from_zeros ? part_integers(g, dims, rank, 1) : NULL, *x = from_zeros ? NULL : part_feed(g, dtype, dims, rank);
    stepc_dtype integer = from_zeros ? STEPC_INT32 : index_dtype(g);
    generated_tensor *indices = make_places(g, integer, index_dims, outer + 1, least);
    generated_tensor *updates = part_feed(g, dtype, update_dims, count);
    part_begin(g, row->name);
    if (!from_zeros)
        part_input(g, x);
    part_input(g, indices);
    part_input(g, updates);
    if (from_zeros)
        part_input(g, shape);
    part_type(g, "T", dtype);
    part_type(g, "Tindices", integer);
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

/* ---- DynamicStitch -------------------------------------------------------------------------------------------------- */

static bool make_stitch(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int32_t count = 1 + (int32_t)generate_below(g, 3), rest = (int32_t)generate_below(g, 2);
    int64_t dims[2] = {0, some_length(g)}, tail = dims[1];
    generated_tensor *indices[3], *data[3];
    for (int32_t i = 0; i < count; i++) {
        int64_t places[6], length = generate_below(g, 7), data_dims[2] = {length, tail};
        for (int64_t j = 0; j < length; j++) {
            places[j] = generate_below(g, 9);
            dims[0] = places[j] >= dims[0] ? places[j] + 1 : dims[0];
        }
        indices[i] = part_integers(g, places, length, 1);
        data[i] = part_feed(g, dtype, data_dims, 1 + rest);
    }
    part_begin(g, row->name);
    for (int32_t i = 0; i < count; i++)
        part_input(g, indices[i]);
    for (int32_t i = 0; i < count; i++)
        part_input(g, data[i]);
    part_type(g, "T", dtype);
    part_int(g, "N", count);
    part_output(g, 0, dtype, dims, 1 + rest);
    part_end(g);
    return true;
}

/* ---- segments ------------------------------------------------------------------------------------------------------- */

static bool make_segment(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t labels[12], dims[3], length = generate_below(g, 12), label = 0;
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    for (int64_t i = 0; i < length; i++) {
        label += generate_below(g, 2) ? 0 : generate_below(g, 3);
        labels[i] = label;
    }
    dims[0] = length;
    for (int32_t d = 1; d < rank; d++)
        dims[d] = some_length(g);
    generated_tensor *data = part_feed(g, dtype, dims, rank), *ids = part_integers(g, labels, length, 1);
    part_begin(g, row->name);
    part_input(g, data);
    part_input(g, ids);
    part_type(g, "T", dtype);
    part_type(g, "Tindices", STEPC_INT32);
    dims[0] = length > 0 ? label + 1 : 0;
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

/* As many segments as are told; the labels come in with the data, in order. */
static bool make_segment_told(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t dims[3], segments = 1 + generate_below(g, 8);
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    dims[0] = generate_below(g, 12);
    for (int32_t d = 1; d < rank; d++)
        dims[d] = some_length(g);
    generated_tensor *data = part_feed(g, dtype, dims, rank), *ids = make_places(g, index_dtype(g), dims, 1, segments);
    generated_tensor *number = part_integers(g, &segments, 1, 0);
    ids->order = ORDER_SORTED;
    part_begin(g, row->name);
    part_input(g, data);
    part_input(g, ids);
    part_input(g, number);
    part_type(g, "T", dtype);
    part_type(g, "Tindices", ids->dtype);
    part_type(g, "Tnumsegments", STEPC_INT32);
    dims[0] = segments;
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

/* Rows that indices pick, added up by label; the gradient goes back from segments to rows. */
static bool make_sparse(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    bool back = strstr(row->name, "Grad") != NULL, told = strstr(row->name, "With") != NULL;
    int64_t dims[3], rows = 1 + generate_below(g, 7), count = generate_below(g, 12), segments = 1 + generate_below(g, 6);
    int64_t labels[12], label = 0;
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    if (!dtype_is_float(dtype) && (stepc_dtype_bytes(dtype) < 4 || dtype == STEPC_BOOL))
        return false; /* not compiled */
    for (int64_t i = 0; i < count; i++)
        labels[i] = label += generate_below(g, 2) ? 0 : generate_below(g, 3);
    dims[0] = back ? segments : rows;
    for (int32_t d = 1; d < rank; d++)
        dims[d] = some_length(g);
    generated_tensor *x = part_feed(g, dtype, dims, rank), *indices = make_places(g, index_dtype(g), &count, 1, rows), *ids, *number = NULL;
    if (back || told) {
        ids = make_places(g, index_dtype(g), &count, 1, segments);
        ids->order = ORDER_SORTED;
        number = part_integers(g, back ? &rows : &segments, 1, 0);
    } else {
        ids = part_integers(g, labels, count, 1);
        segments = count > 0 ? label + 1 : 0;
    }
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, indices);
    part_input(g, ids);
    if (number)
        part_input(g, number);
    part_type(g, "T", dtype);
    part_type(g, "Tidx", indices->dtype);
    part_type(g, "Tsegmentids", ids->dtype);
    if (told)
        part_type(g, "Tnumsegments", STEPC_INT32);
    dims[0] = back ? rows : segments;
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

static bool make_unsorted(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t dims[3], out_dims[4], segments = 1 + generate_below(g, 6);
    int32_t rank = 1 + (int32_t)generate_below(g, 3), labelled = 1 + (int32_t)generate_below(g, rank), count = 0;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d < labelled ? generate_below(g, 8) : some_length(g);
    out_dims[count++] = segments;
    for (int32_t d = labelled; d < rank; d++)
        out_dims[count++] = dims[d];
    generated_tensor *data = part_feed(g, dtype, dims, rank);
    generated_tensor *ids = make_places(g, index_dtype(g), dims, labelled, segments);
    generated_tensor *number = part_integers(g, &segments, 1, 0);
    part_begin(g, row->name);
    part_input(g, data);
    part_input(g, ids);
    part_input(g, number);
    part_type(g, "T", dtype);
    part_type(g, "Tindices", ids->dtype);
    part_output(g, 0, dtype, out_dims, count);
    part_end(g);
    return true;
}

static bool make_bincount(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t dims[2] = {1 + generate_below(g, 30), 1 + generate_below(g, 4)}, none = 0, bins = generate_below(g, 9);
    bool dense = strcmp(row->name, "DenseBincount") == 0, weighted = generate_below(g, 2);
    int32_t rank = dense ? 1 : (int32_t)generate_below(g, 3);
    generated_tensor *values = part_feed(g, STEPC_INT32, dims, rank), *size = part_integers(g, &bins, 1, 0);
    generated_tensor *weights = weighted ? part_feed(g, dtype, dims, rank) : part_feed(g, dtype, &none, 1);
    values->label_limit = 10;
    part_begin(g, row->name);
    part_input(g, values);
    part_input(g, size);
    part_input(g, weights);
    if (dense)
        part_type(g, "Tidx", STEPC_INT32);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, &bins, 1);
    part_end(g);
    return true;
}

/* ---- orders --------------------------------------------------------------------------------------------------------- */

static bool make_top(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    bool by_input = strcmp(row->name, "TopKV2") == 0;
    int64_t dims[3];
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = some_length(g);
    int64_t count = generate_below(g, dims[rank - 1] + 1);
    generated_tensor *x = part_feed(g, dtype, dims, rank), *k = by_input ? part_integers(g, &count, 1, 0) : NULL;
    part_begin(g, row->name);
    part_input(g, x);
    if (by_input)
        part_input(g, k);
    else
        part_int(g, "k", count);
    part_type(g, "T", dtype);
    dims[rank - 1] = count;
    part_output(g, 0, dtype, dims, rank);
    part_output(g, 1, STEPC_INT32, dims, rank)->label_limit = 1; /* its values are no food for other operators */
    part_end(g);
    return true;
}

static bool make_in_top(generated_graph *g, const op_row *row, stepc_dtype ignored)
{
    bool by_input = strcmp(row->name, "InTopKV2") == 0;
    int64_t dims[2] = {1 + generate_below(g, 5), some_length(g)}, count = generate_below(g, dims[1] + 2);
    stepc_dtype integer = by_input ? STEPC_INT32 : index_dtype(g);
    generated_tensor *x = part_feed(g, STEPC_FLOAT32, dims, 2), *targets = part_feed(g, integer, dims, 1);
    generated_tensor *k = by_input ? part_integers(g, &count, 1, 0) : NULL;
    (void)ignored;
    targets->label_limit = (int32_t)dims[1] + 1;
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, targets);
    if (by_input)
        part_input(g, k);
    else
        part_int(g, "k", count);
    part_type(g, "T", integer);
    part_output(g, 0, STEPC_BOOL, dims, 1);
    part_end(g);
    return true;
}

/* ---- Bitcast ---------------------------------------------------------------------------------------------------------- */

/* Floats come of floats only: what bits happen to be no number would tell nothing. */
static bool make_bitcast(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    static const stepc_dtype integers[] = {STEPC_INT8,  STEPC_UINT8,  STEPC_INT16, STEPC_UINT16,
                                           STEPC_INT32, STEPC_UINT32, STEPC_INT64, STEPC_UINT64};
    stepc_dtype to = integers[generate_below(g, 8)];
    int64_t dims[4], a = (int64_t)stepc_dtype_bytes(dtype), b = (int64_t)stepc_dtype_bytes(to);
    int32_t rank = (int32_t)generate_below(g, 3), out_rank = rank;
    if (dtype_is_complex(dtype))
        return false;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = some_length(g);
    if (a != b)
        dims[rank] = a > b ? a / b : b / a;
    rank += a < b;
    out_rank += a > b;
    generated_tensor *x = part_feed(g, dtype, dims, rank);
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", dtype);
    part_type(g, "type", to);
    generated_tensor *bits = part_output(g, 0, to, dims, out_rank);
    if (dtype == STEPC_BOOL || dtype == STEPC_HALF || dtype == STEPC_BFLOAT16)
        bits->label_limit = 1; /* zeros are frequent: no food for operators that divide */
    part_end(g);
    return true;
}

/* ---- InplaceAdd, ... ------------------------------------------------------------------------------------------------ */

static bool make_inplace(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t dims[3], update_dims[3];
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    if (dtype == STEPC_BOOL && strcmp(row->name, "InplaceUpdate") != 0)
        return false;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = update_dims[d] = some_length(g);
    update_dims[0] = generate_below(g, 7);
    generated_tensor *x = part_feed(g, dtype, dims, rank), *i = make_places(g, STEPC_INT32, update_dims, 1, 50);
    generated_tensor *v = part_feed(g, dtype, update_dims, rank);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, i);
    part_input(g, v);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

bool generate_scatter(generated_graph *g, const op_row *row)
{
    static const struct {
        const char *begin;
        bool (*make)(generated_graph *g, const op_row *row, stepc_dtype dtype);
    } makers[] = {
        {"Bincount", make_bincount},       {"Bitcast", make_bitcast},       {"DenseBincount", make_bincount}, {"DynamicStitch", make_stitch},  {"InTopK", make_in_top},
        {"Inplace", make_inplace},
        {"ParallelDynamic", make_stitch},  {"Scatter", make_scatter},       {"SegmentMaxV2", make_segment_told},
        {"SegmentMinV2", make_segment_told}, {"SegmentProdV2", make_segment_told}, {"SegmentSumV2", make_segment_told},
        {"Segment", make_segment},         {"SparseSegment", make_sparse},
        {"TensorScatter", make_scatter},   {"TopK", make_top},              {"UnsortedSegment", make_unsorted},
    };
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        stepc_dtype dtype = STEPC_FLOAT32;
        if (strncmp(makers[i].begin, row->name, strlen(makers[i].begin)) != 0)
            continue;
        if (makers[i].make != make_in_top && !part_dtype(g, row, "T", &dtype))
            return false;
        return makers[i].make(g, row, dtype);
    }
    return false;
}
