/* SPDX-License-Identifier: Apache-2.0 */
/* Operators with operands like nobody else's: searches, orders, grids, layouts. */
#include "generate_parts.h"

#include <string.h>

static stepc_dtype index_dtype(generated_graph *g) { return generate_below(g, 2) ? STEPC_INT32 : STEPC_INT64; }

/* What a nest holds as it is: the others are refused by these operators. */
static bool is_whole_value(stepc_dtype dtype)
{
    return dtype_is_float(dtype) || dtype == STEPC_INT32 || dtype == STEPC_INT64 || dtype == STEPC_UINT32 || dtype == STEPC_UINT64;
}

/* ---- searches and orders ------------------------------------------------------------------------------------------- */

static bool make_bound(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype, out = index_dtype(g);
    if (!part_dtype(g, row, "T", &dtype) || !is_whole_value(dtype))
        return false;
    int64_t rows = 1 + generate_below(g, 4), dims[2] = {rows, generate_below(g, 40)}, wanted[2] = {rows, 1 + generate_below(g, 20)};
    generated_tensor *sorted = part_feed(g, dtype, dims, 2), *values = part_feed(g, dtype, wanted, 2);
    sorted->order = ORDER_SORTED;
    part_begin(g, row->name);
    part_input(g, sorted);
    part_input(g, values);
    part_type(g, "T", dtype);
    part_type(g, "out_type", out);
    part_output(g, 0, out, wanted, 2)->label_limit = 1;
    part_end(g);
    return true;
}

static bool make_histogram(generated_graph *g, const op_row *row)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_INT32};
    stepc_dtype dtype = dtypes[generate_below(g, 3)], out = index_dtype(g);
    int64_t two = 2, ends[2] = {-10, 5 + generate_below(g, 20)}, bins = 1 + generate_below(g, 20);
    generated_tensor *values = part_pick(g, row, dtype, -1);
    generated_tensor *range = dtype == STEPC_INT32 ? part_integers(g, ends, 2, 1) : part_feed(g, dtype, &two, 1);
    generated_tensor *count = part_integers(g, &bins, 1, 0);
    range->order = ORDER_SORTED;
    part_begin(g, row->name);
    part_input(g, values);
    part_input(g, range);
    part_input(g, count);
    part_type(g, "T", dtype);
    part_type(g, "dtype", out);
    part_output(g, 0, out, &bins, 1)->label_limit = 1;
    part_end(g);
    return true;
}

static bool make_nth(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!part_dtype(g, row, "T", &dtype) || !is_whole_value(dtype))
        return false;
    int64_t dims[3];
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    for (int32_t d = 0; d < rank; d++)
        dims[d] = 1 + generate_below(g, d == rank - 1 ? 40 : 4);
    int64_t n = generate_below(g, dims[rank - 1]);
    bool reverse = generate_below(g, 2);
    generated_tensor *x = part_feed(g, dtype, dims, rank), *place = part_integers(g, &n, 1, 0);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, place);
    part_type(g, "T", dtype);
    part_bool(g, "reverse", reverse);
    part_output(g, 0, dtype, dims, rank - 1);
    part_end(g);
    return true;
}

static bool make_unravel(generated_graph *g, const op_row *row)
{
    int64_t dims[4], rank = 1 + generate_below(g, 4), total = 1, out_dims[2] = {rank, generate_below(g, 40)};
    for (int64_t d = 0; d < rank; d++)
        total *= dims[d] = 1 + generate_below(g, 9);
    int32_t listed = (int32_t)generate_below(g, 2);
    generated_tensor *indices = part_feed(g, STEPC_INT32, out_dims + 1, listed), *shape = part_integers(g, dims, rank, 1);
    indices->label_limit = (int32_t)total;
    part_begin(g, row->name);
    part_input(g, indices);
    part_input(g, shape);
    part_type(g, "Tidx", STEPC_INT32);
    part_output(g, 0, STEPC_INT32, out_dims, listed + 1)->label_limit = 1;
    part_end(g);
    return true;
}

static bool make_permutation(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype = index_dtype(g);
    int64_t count = generate_below(g, 70);
    generated_tensor *x = part_feed(g, dtype, &count, 1);
    x->order = ORDER_PERMUTATION;
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, &count, 1)->label_limit = 1;
    part_end(g);
    return true;
}

static bool make_bitpack(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    int64_t dims[3];
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    if (!part_dtype(g, row, "T", &dtype))
        return false;
    for (int32_t d = 0; d < rank; d++)
        dims[d] = d == rank - 1 ? 8 * generate_below(g, 7) : 1 + generate_below(g, 5);
    generated_tensor *x = part_feed(g, dtype, dims, rank), *least = part_feed(g, dtype, NULL, 0);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, least);
    part_type(g, "T", dtype);
    dims[rank - 1] /= 8;
    part_output(g, 0, STEPC_UINT8, dims, rank)->label_limit = 1; /* zeros are frequent */
    part_end(g);
    return true;
}

/* ---- normalisation and quantisation ----------------------------------------------------------------------------------- */

static bool make_fake_quant(generated_graph *g, const op_row *row)
{
    bool given = strcmp(row->name, "FakeQuantWithMinMaxArgs") == 0, per_channel = strstr(row->name, "Channel") != NULL;
    int64_t bits = 2 + generate_below(g, 15);
    bool narrow = generate_below(g, 2);
    generated_tensor *x = part_pick(g, row, STEPC_FLOAT32, per_channel ? 1 + (int32_t)generate_below(g, 3) : -1);
    const int64_t *channels = per_channel ? &x->dims[x->rank - 1] : NULL;
    generated_tensor *low = given ? NULL : part_feed(g, STEPC_FLOAT32, channels, per_channel);
    generated_tensor *high = given ? NULL : part_feed(g, STEPC_FLOAT32, channels, per_channel);
    if (!given) {
        low->low = -1.5;
        low->high = -0.5;
        high->low = 0.25;
        high->high = 1.75;
    }
    part_begin(g, row->name);
    part_input(g, x);
    if (!given) {
        part_input(g, low);
        part_input(g, high);
    } else {
        text_puts(&g->nodes, " attr { key: 'min' value { f: -1.25 } } attr { key: 'max' value { f: 1.5 } }");
    }
    part_int(g, "num_bits", bits);
    part_bool(g, "narrow_range", narrow);
    part_output(g, 0, STEPC_FLOAT32, x->dims, x->rank);
    part_end(g);
    return true;
}

static bool make_global_norm(generated_graph *g, const op_row *row)
{
    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64, STEPC_HALF, STEPC_BFLOAT16};
    stepc_dtype dtype = dtypes[generate_below(g, 4)];
    int64_t dims[4];
    for (int d = 0; d < 4; d++)
        dims[d] = 1 + generate_below(g, d == 3 ? 20 : 4);
    bool scaled = generate_below(g, 2);
    generated_tensor *in[5] = {part_feed(g, dtype, dims, 4)};
    for (int i = 1; i < 5; i++)
        in[i] = part_feed(g, dtype, &dims[3], 1);
    in[2]->low = 0.5; /* the variance */
    in[2]->high = 1.5;
    part_begin(g, row->name);
    for (int i = 0; i < 5; i++)
        part_input(g, in[i]);
    part_type(g, "T", dtype);
    part_bool(g, "scale_after_normalization", scaled);
    text_puts(&g->nodes, " attr { key: 'variance_epsilon' value { f: 0.1 } }");
    part_output(g, 0, dtype, dims, 4);
    part_end(g);
    return true;
}

/* ---- functions of several numbers ---------------------------------------------------------------------------------------- */

static bool make_betainc(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype = generate_below(g, 2) ? STEPC_FLOAT32 : STEPC_FLOAT64;
    int64_t count = generate_below(g, 40);
    int32_t single = (int32_t)generate_below(g, 4); /* which of the operands is a scalar; 3: none */
    generated_tensor *in[3];
    for (int32_t i = 0; i < 3; i++) {
        in[i] = part_feed(g, dtype, &count, i != single);
        in[i]->low = i < 2 ? 0.25 : 0;
        in[i]->high = i < 2 ? 20 : 1;
    }
    part_begin(g, row->name);
    for (int32_t i = 0; i < 3; i++)
        part_input(g, in[i]);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, &count, 1);
    part_end(g);
    return true;
}

/* Derivatives of whole orders: of others there are none. */
static bool make_polygamma(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype = generate_below(g, 2) ? STEPC_FLOAT32 : STEPC_FLOAT64;
    int64_t count = generate_below(g, 40);
    generated_tensor *order = part_feed(g, dtype, &count, (int32_t)generate_below(g, 2)), *x = part_feed(g, dtype, &count, 1);
    order->label_limit = 7;
    x->low = 0.125;
    x->high = 30;
    part_begin(g, row->name);
    part_input(g, order);
    part_input(g, x);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, &count, 1);
    part_end(g);
    return true;
}

/* ---- layouts ------------------------------------------------------------------------------------------------------------ */

static bool make_layout(generated_graph *g, const op_row *row)
{
    static const char *const layouts[][2] = {{"NHWC", "NCHW"}, {"NCHW", "NHWC"}, {"NHWC", "NHWC"}, {"NCHW", "HWNC"}};
    const char *const *pair = layouts[generate_below(g, 4)];
    bool maps = strcmp(row->name, "DataFormatDimMap") == 0;
    int64_t dims[2] = {maps ? generate_below(g, 9) : generate_below(g, 2) ? 4 : 2, 2};
    int32_t rank = maps ? (int32_t)generate_below(g, 3) : 1 + (int32_t)generate_below(g, 2);
    stepc_dtype dtype = index_dtype(g);
    generated_tensor *x = part_feed(g, dtype, dims, rank);
    x->label_limit = maps ? 4 : 0;
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", dtype);
    text_printf(&g->nodes, " attr { key: 'src_format' value { s: '%s' } } attr { key: 'dst_format' value { s: '%s' } }", pair[0], pair[1]);
    part_output(g, 0, dtype, dims, rank)->label_limit = 1;
    part_end(g);
    return true;
}

/* ---- joins, borders, sizes ------------------------------------------------------------------------------------------------ */

static bool make_parallel_concat(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    int64_t dims[3] = {1};
    int32_t rank = 1 + (int32_t)generate_below(g, 3), count = 1 + (int32_t)generate_below(g, 5);
    generated_tensor *all[5];
    if (g->symbolic || !part_dtype(g, row, "T", &dtype)) /* the shape would have to name the symbols */
        return false;
    generate_small_dims(g, dims + 1, rank - 1);
    for (int32_t k = 0; k < count; k++)
        all[k] = part_feed(g, dtype, dims, rank);
    part_begin(g, row->name);
    for (int32_t k = 0; k < count; k++)
        part_input(g, all[k]);
    part_type(g, "T", dtype);
    part_int(g, "N", count);
    dims[0] = count;
    text_puts(&g->nodes, " attr { key: 'shape' value { shape {");
    for (int32_t d = 0; d < rank; d++)
        text_printf(&g->nodes, " dim { size: %lld }", (long long)dims[d]);
    text_puts(&g->nodes, " } } }");
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

static bool make_mirror_gradient(generated_graph *g, const op_row *row)
{
    bool symmetric = generate_below(g, 2);
    int64_t pairs[6], dims[3], padded[3];
    int32_t rank = 1 + (int32_t)generate_below(g, 3);
    stepc_dtype dtype;
    if (!part_dtype(g, row, "T", &dtype) || !(dtype_is_float(dtype) || dtype_is_integer(dtype)))
        return false;
    for (int32_t d = 0; d < rank; d++) {
        dims[d] = 1 + generate_below(g, 9);
        for (int k = 0; k < 2; k++)
            pairs[2 * d + k] = generate_below(g, 2) ? 0 : generate_below(g, symmetric ? dims[d] + 1 : dims[d]);
        padded[d] = pairs[2 * d] + dims[d] + pairs[2 * d + 1];
    }
    generated_tensor *dy = part_feed(g, dtype, padded, rank), *paddings = part_integers(g, pairs, rank, 2);
    part_begin(g, row->name);
    part_input(g, dy);
    part_input(g, paddings);
    part_type(g, "T", dtype);
    part_type(g, "Tpaddings", STEPC_INT32);
    text_printf(&g->nodes, " attr { key: 'mode' value { s: '%s' } }", symmetric ? "SYMMETRIC" : "REFLECT");
    part_output(g, 0, dtype, dims, rank);
    part_end(g);
    return true;
}

/* Where the parts of a join of one tensor with itself begin. */
static bool make_concat_offset(generated_graph *g, const op_row *row)
{
    generated_tensor *x = part_pick(g, row, STEPC_FLOAT32, 1 + (int32_t)generate_below(g, 3));
    int64_t axis = generate_below(g, x->rank), rank = x->rank, count = 2 + generate_below(g, 2);
    generated_tensor *at = part_integers(g, &axis, 1, 0);
    part_begin(g, "Shape");
    part_input(g, x);
    part_type(g, "T", x->dtype);
    part_type(g, "out_type", STEPC_INT32);
    generated_tensor *sizes = part_output(g, 0, STEPC_INT32, &rank, 1);
    sizes->label_limit = 1;
    part_end(g);
    part_begin(g, row->name);
    part_input(g, at);
    for (int64_t k = 0; k < count; k++)
        part_input(g, sizes);
    part_int(g, "N", count);
    for (int32_t k = 0; k < count; k++)
        part_output(g, k, STEPC_INT32, &rank, 1)->label_limit = 1;
    part_end(g);
    return true;
}

/* With zeros in it: what else it holds is anything. */
static bool make_empty(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    int64_t dims[3];
    int32_t rank = (int32_t)generate_below(g, 4);
    if (!part_dtype(g, row, "dtype", &dtype))
        return false;
    generate_dims(g, dims, rank);
    generated_tensor *shape = part_integers(g, dims, rank, 1);
    part_begin(g, row->name);
    part_input(g, shape);
    part_type(g, "dtype", dtype);
    part_bool(g, "init", true);
    part_output(g, 0, dtype, dims, rank)->label_limit = 1; /* no food for operators that divide */
    part_end(g);
    return true;
}

bool generate_single(generated_graph *g, const op_row *row)
{
    static const struct {
        const char *name;
        bool (*make)(generated_graph *g, const op_row *row);
    } makers[] = {
        {"BatchNormWithGlobalNormalization", make_global_norm},
        {"Betainc", make_betainc},
        {"CompareAndBitpack", make_bitpack},
        {"ConcatOffset", make_concat_offset},
        {"DataFormatDimMap", make_layout},
        {"DataFormatVecPermute", make_layout},
        {"Empty", make_empty},
        {"FakeQuantWithMinMaxArgs", make_fake_quant},
        {"FakeQuantWithMinMaxVars", make_fake_quant},
        {"FakeQuantWithMinMaxVarsPerChannel", make_fake_quant},
        {"HistogramFixedWidth", make_histogram},
        {"InvertPermutation", make_permutation},
        {"LowerBound", make_bound},
        {"MirrorPadGrad", make_mirror_gradient},
        {"NthElement", make_nth},
        {"ParallelConcat", make_parallel_concat},
        {"Polygamma", make_polygamma},
        {"UnravelIndex", make_unravel},
        {"UpperBound", make_bound},
    };
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++)
        if (strcmp(makers[i].name, row->name) == 0)
            return makers[i].make(g, row);
    return false;
}
