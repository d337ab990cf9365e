/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements: each has operands of its own, so each has a function of its own. */
#include "generate_parts.h"

#include <string.h>

/* A node with one data input X, whose result has DIMS. */
static bool simple(generated_graph *g, const op_row *row, generated_tensor *x, const int64_t *dims, int32_t rank)
{
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", x->dtype);
    part_output(g, 0, x->dtype, dims, rank);
    part_end(g);
    return true;
}

/* The same with an operand behind X. */
static bool with_operand(generated_graph *g, const op_row *row, generated_tensor *x, generated_tensor *operand,
                         const int64_t *dims, int32_t rank)
{
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, operand);
    part_type(g, "T", x->dtype);
    part_output(g, 0, x->dtype, dims, rank);
    part_end(g);
    return true;
}

static int64_t maybe_negative(generated_graph *g, int64_t axis, int32_t rank)
{
    return generate_below(g, 2) ? axis : axis - rank;
}

/* ---- parts -------------------------------------------------------------------------------------------- */

static bool make_slice(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t begin[4], size[4], dims[4];
    for (int32_t d = 0; d < x->rank; d++) {
        begin[d] = generate_below(g, x->dims[d] + 1);
        dims[d] = generate_below(g, x->dims[d] - begin[d] + 1);
        if (generate_below(g, 3) == 0)
            dims[d] = x->dims[d] - begin[d];
        size[d] = dims[d] == x->dims[d] - begin[d] && generate_below(g, 2) ? -1 : dims[d];
    }
    generated_tensor *b = part_integers(g, begin, x->rank, 1), *s = part_integers(g, size, x->rank, 1);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, b);
    part_input(g, s);
    part_type(g, "T", x->dtype);
    part_type(g, "Index", STEPC_INT32);
    part_output(g, 0, x->dtype, dims, x->rank);
    part_end(g);
    return true;
}

typedef struct strided {
    int64_t begin[6], end[6], strides[6], count;
    int64_t begin_mask, end_mask, ellipsis_mask, new_axis_mask, shrink_axis_mask;
    int64_t dims[8];
    int32_t rank;
} strided;

static int64_t clamp(int64_t x, int64_t low, int64_t high) { return x < low ? low : x > high ? high : x; }

/* A spec for a dimension of SIZE: NumPy's rules, worked out once more. */
static void add_range(generated_graph *g, strided *s, int64_t size)
{
    int64_t i = s->count++, stride = generate_below(g, 2) ? 1 : generate_below(g, 7) - 3;
    stride = stride == 0 ? -1 : stride;
    int64_t b = generate_below(g, 2 * size + 3) - size - 1, e = generate_below(g, 2 * size + 3) - size - 1;
    bool from_first = generate_below(g, 3) == 0, to_last = generate_below(g, 3) == 0;
    if (size > 0 && generate_below(g, 5) == 0) {
        b = generate_below(g, size);
        s->begin[i] = generate_below(g, 2) ? b : b - size;
        s->end[i] = b + 1;
        s->strides[i] = 1;
        s->shrink_axis_mask |= (int64_t)1 << i;
        return;
    }
    s->begin[i] = b;
    s->end[i] = e;
    s->strides[i] = stride;
    s->begin_mask |= (int64_t)from_first << i;
    s->end_mask |= (int64_t)to_last << i;
    int64_t low = stride > 0 ? 0 : -1, high = stride > 0 ? size : size - 1, length = 0;
    b = from_first ? (stride > 0 ? low : high) : clamp(b < 0 ? b + size : b, low, high);
    e = to_last ? (stride > 0 ? high : low) : clamp(e < 0 ? e + size : e, low, high);
    for (int64_t at = b; stride > 0 ? at < e : at > e; at += stride)
        length++;
    s->dims[s->rank++] = length;
}

static void make_specs(generated_graph *g, const generated_tensor *x, strided *s)
{
    bool has_ellipsis = generate_below(g, 4) == 0;
    int32_t skipped = has_ellipsis ? (int32_t)generate_below(g, x->rank + 1) : 0, place = 0;
    if (has_ellipsis)
        place = (int32_t)generate_below(g, x->rank - skipped + 1);
    int32_t used = has_ellipsis ? x->rank : (int32_t)generate_below(g, x->rank + 1);
    memset(s, 0, sizeof *s);
    for (int32_t d = 0; d <= used; d++) {
        if (has_ellipsis && d == place) {
            s->strides[s->count] = 1;
            s->ellipsis_mask = (int64_t)1 << s->count++;
            for (int32_t k = 0; k < skipped; k++)
                s->dims[s->rank++] = x->dims[d++];
        }
        if (s->count < 5 && s->rank < 4 && generate_below(g, 8) == 0) {
            s->strides[s->count] = 1;
            s->new_axis_mask |= (int64_t)1 << s->count++;
            s->dims[s->rank++] = 1;
        }
        if (d < used)
            add_range(g, s, x->dims[d]);
    }
    for (int32_t d = used; d < x->rank; d++)
        s->dims[s->rank++] = x->dims[d];
}

static void strided_attrs(generated_graph *g, const strided *s, stepc_dtype dtype)
{
    part_type(g, "T", dtype);
    part_type(g, "Index", STEPC_INT32);
    part_int(g, "begin_mask", s->begin_mask);
    part_int(g, "end_mask", s->end_mask);
    part_int(g, "ellipsis_mask", s->ellipsis_mask);
    part_int(g, "new_axis_mask", s->new_axis_mask);
    part_int(g, "shrink_axis_mask", s->shrink_axis_mask);
}

static bool make_strided_slice(generated_graph *g, const op_row *row, generated_tensor *x)
{
    bool is_gradient = strcmp(row->name, "StridedSliceGrad") == 0;
    strided s;
    make_specs(g, x, &s);
    if (s.rank > 4)
        return false;
    generated_tensor *specs[3] = {part_integers(g, s.begin, s.count, 1), part_integers(g, s.end, s.count, 1),
                                  part_integers(g, s.strides, s.count, 1)};
    generated_tensor *shape = is_gradient ? part_integers(g, x->dims, x->rank, 1) : NULL;
    generated_tensor *dy = is_gradient ? part_feed(g, x->dtype, s.dims, s.rank) : NULL;
    part_begin(g, row->name);
    part_input(g, is_gradient ? shape : x);
    for (int k = 0; k < 3; k++)
        part_input(g, specs[k]);
    if (is_gradient)
        part_input(g, dy);
    strided_attrs(g, &s, x->dtype);
    part_output(g, 0, x->dtype, is_gradient ? x->dims : s.dims, is_gradient ? x->rank : s.rank);
    part_end(g);
    return true;
}

static bool make_split(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t axis = generate_below(g, x->rank), dims[4], sizes[4] = {0}, count = 1 + generate_below(g, 3);
    bool varies = strcmp(row->name, "SplitV") == 0;
    int64_t given = maybe_negative(g, axis, x->rank), rest = x->dims[axis];
    if (!varies && x->dims[axis] % count)
        count = 1;
    for (int64_t k = 0; k < count; k++) {
        sizes[k] = !varies ? x->dims[axis] / count : k + 1 == count ? rest : generate_below(g, rest + 1);
        rest -= sizes[k];
    }
    memcpy(dims, x->dims, sizeof dims);
    int64_t told[4];
    memcpy(told, sizes, sizeof told);
    if (generate_below(g, 2))
        told[generate_below(g, count)] = -1;
    generated_tensor *at = part_integers(g, &given, 1, 0), *pieces = varies ? part_integers(g, told, count, 1) : NULL;
    part_begin(g, row->name);
    part_input(g, varies ? x : at);
    part_input(g, varies ? pieces : x);
    if (varies)
        part_input(g, at);
    part_type(g, "T", x->dtype);
    if (varies)
        part_type(g, "Tlen", STEPC_INT32);
    part_int(g, "num_split", count);
    for (int32_t k = 0; k < count; k++) {
        dims[axis] = sizes[k];
        part_output(g, k, x->dtype, dims, x->rank);
    }
    part_end(g);
    return true;
}

static bool make_unpack(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t axis = generate_below(g, x->rank), dims[4];
    if (x->dims[axis] < 1 || x->dims[axis] > 4)
        return false;
    for (int32_t d = 0; d < x->rank - 1; d++)
        dims[d] = x->dims[d < axis ? d : d + 1];
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", x->dtype);
    part_int(g, "num", x->dims[axis]);
    part_int(g, "axis", maybe_negative(g, axis, x->rank));
    for (int32_t k = 0; k < x->dims[axis]; k++)
        part_output(g, k, x->dtype, dims, x->rank - 1);
    part_end(g);
    return true;
}

/* ---- joins ------------------------------------------------------------------------------------------------ */

enum { MOST_JOINED = 10 };

static bool make_concat(generated_graph *g, const op_row *row, generated_tensor *x)
{
    static const int64_t lengths[] = {1, 2, 3, 0, 5, 16, 20, 33};
    int64_t axis = generate_below(g, x->rank), dims[4], total = x->dims[axis], given = maybe_negative(g, axis, x->rank);
    bool is_long = g->shapes == SHAPES_PARTS, is_mixed = generate_below(g, 4) == 0;
    int32_t count = 2 + (int32_t)generate_below(g, is_long ? MOST_JOINED - 1 : 3); /* now and then more than readers are cut into */
    bool first = strcmp(row->name, "Concat") == 0;
    generated_tensor *all[MOST_JOINED] = {x}, *at = part_integers(g, &given, 1, 0);
    for (int32_t k = 1; k < count; k++) {
        memcpy(dims, x->dims, sizeof dims);
        dims[axis] = lengths[is_long && !is_mixed ? 5 + generate_below(g, 3) : generate_below(g, is_long ? 8 : 5)];
        all[k] = is_long && generate_below(g, 2) ? part_like(g, x) : part_feed(g, x->dtype, dims, x->rank);
        dims[axis] = all[k]->dims[axis];
        total += dims[axis];
    }
    part_begin(g, row->name);
    if (first)
        part_input(g, at);
    for (int32_t k = 0; k < count; k++)
        part_input(g, all[k]);
    if (!first)
        part_input(g, at);
    part_type(g, "T", x->dtype);
    part_int(g, "N", count);
    memcpy(dims, x->dims, sizeof dims);
    dims[axis] = total;
    part_output(g, 0, x->dtype, dims, x->rank);
    part_end(g);
    return true;
}

static bool make_pack(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t axis = generate_below(g, x->rank + 1), dims[4];
    int32_t count = 1 + (int32_t)generate_below(g, 3);
    generated_tensor *all[3] = {x};
    for (int32_t k = 1; k < count; k++)
        all[k] = generate_below(g, 2) ? x : part_feed(g, x->dtype, x->dims, x->rank);
    part_begin(g, row->name);
    for (int32_t k = 0; k < count; k++)
        part_input(g, all[k]);
    part_type(g, "T", x->dtype);
    part_int(g, "N", count);
    part_int(g, "axis", maybe_negative(g, axis, x->rank + 1));
    for (int32_t d = 0; d <= x->rank; d++)
        dims[d] = d == axis ? count : x->dims[d < axis ? d : d - 1];
    part_output(g, 0, x->dtype, dims, x->rank + 1);
    part_end(g);
    return true;
}

static bool make_pad(generated_graph *g, const op_row *row, generated_tensor *x)
{
    bool mirrors = strcmp(row->name, "MirrorPad") == 0, symmetric = generate_below(g, 2);
    int64_t pairs[8], dims[4];
    for (int32_t d = 0; d < x->rank; d++) {
        int64_t most = mirrors ? (symmetric ? x->dims[d] : x->dims[d] - 1) : 3;
        most = most < 0 ? 0 : most > 3 ? 3 : most;
        for (int k = 0; k < 2; k++)
            pairs[2 * d + k] = generate_below(g, 2) ? 0 : generate_below(g, most + 1);
        dims[d] = pairs[2 * d] + x->dims[d] + pairs[2 * d + 1];
    }
    generated_tensor *paddings = part_integers(g, pairs, x->rank, 2);
    generated_tensor *value = strcmp(row->name, "PadV2") == 0 ? part_pick(g, NULL, x->dtype, 0) : NULL;
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, paddings);
    if (value)
        part_input(g, value);
    part_type(g, "T", x->dtype);
    if (mirrors)
        text_printf(&g->nodes, " attr { key: 'mode' value { s: '%s' } }", symmetric ? "SYMMETRIC" : "REFLECT");
    part_output(g, 0, x->dtype, dims, x->rank);
    part_end(g);
    return true;
}

/* ---- orders and dimensions --------------------------------------------------------------------------------- */

static bool make_reverse(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t axes[4], count = 0;
    for (int32_t d = 0; d < x->rank; d++)
        if (generate_below(g, 2))
            axes[count++] = maybe_negative(g, d, x->rank);
    return with_operand(g, row, x, part_integers(g, axes, count, 1), x->dims, x->rank);
}

static bool make_reverse_flags(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int32_t number = g->node_count;
    text_printf(&g->nodes,
                "node { name: 'n%d' op: 'Const' attr { key: 'dtype' value { type: DT_BOOL } } attr { key: 'value' value { "
                "tensor { dtype: DT_BOOL tensor_shape { dim { size: %d } }",
                number, x->rank);
    for (int32_t d = 0; d < x->rank; d++)
        text_printf(&g->nodes, " bool_val: %s", generate_below(g, 2) ? "true" : "false");
    text_puts(&g->nodes, " } } }");
    int64_t count = x->rank;
    generated_tensor *flags = part_output(g, 0, STEPC_BOOL, &count, 1);
    flags->is_used = true;
    part_end(g);
    return with_operand(g, row, x, flags, x->dims, x->rank);
}

static bool make_reverse_sequence(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t batch = generate_below(g, x->rank), along = (batch + 1) % x->rank;
    if (x->rank < 2)
        return false;
    generated_tensor *lengths = part_feed(g, STEPC_INT32, &x->dims[batch], 1);
    lengths->label_limit = (int32_t)x->dims[along] + 1;
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, lengths);
    part_type(g, "T", x->dtype);
    part_type(g, "Tlen", STEPC_INT32);
    part_int(g, "seq_dim", along);
    part_int(g, "batch_dim", batch);
    part_output(g, 0, x->dtype, x->dims, x->rank);
    part_end(g);
    return true;
}

static bool make_roll(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t shifts[3], axes[3], count = 1 + generate_below(g, 3);
    for (int64_t i = 0; i < count; i++) {
        shifts[i] = generate_below(g, 15) - 7;
        axes[i] = maybe_negative(g, generate_below(g, x->rank), x->rank);
    }
    generated_tensor *s = part_integers(g, shifts, count, 1), *a = part_integers(g, axes, count, 1);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, s);
    part_input(g, a);
    part_type(g, "T", x->dtype);
    part_type(g, "Tshift", STEPC_INT32);
    part_type(g, "Taxis", STEPC_INT32);
    part_output(g, 0, x->dtype, x->dims, x->rank);
    part_end(g);
    return true;
}

static bool make_expand(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t axis = generate_below(g, x->rank + 1), dims[4], given = maybe_negative(g, axis, x->rank + 1);
    for (int32_t d = 0; d <= x->rank; d++)
        dims[d] = d == axis ? 1 : x->dims[d < axis ? d : d - 1];
    return with_operand(g, row, x, part_integers(g, &given, 1, 0), dims, x->rank + 1);
}

static bool make_squeeze(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t dims[4];
    int32_t rank = 0;
    bool listed = generate_below(g, 2);
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", x->dtype);
    if (listed)
        text_puts(&g->nodes, " attr { key: 'squeeze_dims' value { list {");
    bool any = false;
    for (int32_t d = 0; d < x->rank; d++)
        any = any || x->dims[d] == 1;
    for (int32_t d = 0; d < x->rank; d++) {
        if (x->dims[d] == 1) {
            if (listed)
                text_printf(&g->nodes, " i: %lld", (long long)maybe_negative(g, d, x->rank));
        } else {
            dims[rank++] = x->dims[d];
        }
    }
    if (listed)
        text_puts(&g->nodes, " } } }");
    part_output(g, 0, x->dtype, dims, rank);
    part_end(g);
    return any || !g->symbolic;
}

static bool make_broadcast_to(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t dims[4];
    int32_t added = (int32_t)generate_below(g, 2);
    if (g->symbolic)
        return false; /* the shape would have to name the symbols */
    for (int32_t d = 0; d < x->rank + added; d++)
        dims[d] = d >= added && x->dims[d - added] != 1 ? x->dims[d - added] : 1 + generate_below(g, 4);
    return with_operand(g, row, x, part_integers(g, dims, x->rank + added, 1), dims, x->rank + added);
}

/* ---- blocks --------------------------------------------------------------------------------------------------- */

static bool make_depth(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    bool to_depth = strcmp(row->name, "SpaceToDepth") == 0, first = generate_below(g, 2);
    int64_t block = 2 + generate_below(g, 2), y = 1 + generate_below(g, 3), x = 1 + generate_below(g, 3);
    int64_t channels = 1 + generate_below(g, 3), batch = generate_below(g, 3);
    int64_t wide[4] = {batch, y * block, x * block, channels}, deep[4] = {batch, y, x, channels * block * block};
    int64_t wide_first[4] = {batch, channels, y * block, x * block}, deep_first[4] = {batch, channels * block * block, y, x};
    const int64_t *spread = first ? wide_first : wide, *folded = first ? deep_first : deep;
    generated_tensor *in = part_feed(g, dtype, to_depth ? spread : folded, 4);
    part_begin(g, row->name);
    part_input(g, in);
    part_type(g, "T", dtype);
    part_int(g, "block_size", block);
    text_printf(&g->nodes, " attr { key: 'data_format' value { s: '%s' } }", first ? "NCHW" : "NHWC");
    part_output(g, 0, dtype, to_depth ? folded : spread, 4);
    part_end(g);
    return true;
}

static bool make_batch(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    bool to_batch = strncmp(row->name, "Space", 5) == 0, listed = strstr(row->name, "ND") != NULL;
    int64_t blocks[2], pairs[4], whole[4], parts[4], count = listed ? 1 + generate_below(g, 2) : 2, product = 1;
    whole[0] = 1 + generate_below(g, 2);
    whole[count + 1] = parts[count + 1] = 1 + generate_below(g, 3);
    for (int64_t i = 0; i < count; i++) {
        blocks[i] = listed || i == 0 ? 2 + generate_below(g, 2) : blocks[0];
        parts[i + 1] = 1 + generate_below(g, 3);
        int64_t all = parts[i + 1] * blocks[i];
        pairs[2 * i] = generate_below(g, all + 1);
        pairs[2 * i + 1] = generate_below(g, all - pairs[2 * i] + 1);
        whole[i + 1] = all - pairs[2 * i] - pairs[2 * i + 1];
        product *= blocks[i];
    }
    parts[0] = whole[0] * product;
    int32_t rank = (int32_t)count + 2;
    generated_tensor *in = part_feed(g, dtype, to_batch ? whole : parts, rank);
    generated_tensor *shape = listed ? part_integers(g, blocks, count, 1) : NULL, *borders = part_integers(g, pairs, count, 2);
    part_begin(g, row->name);
    part_input(g, in);
    if (listed)
        part_input(g, shape);
    part_input(g, borders);
    part_type(g, "T", dtype);
    if (!listed)
        part_int(g, "block_size", blocks[0]);
    part_output(g, 0, dtype, to_batch ? parts : whole, rank);
    part_end(g);
    return true;
}

/* ---- places ------------------------------------------------------------------------------------------------------ */

static bool make_gather(generated_graph *g, const op_row *row, generated_tensor *x)
{
    bool has_axis = strcmp(row->name, "GatherV2") == 0, of_rows = strcmp(row->name, "GatherNd") == 0;
    int64_t axis = has_axis ? generate_below(g, x->rank) : 0, batch = has_axis ? generate_below(g, axis + 1) : 0;
    int64_t index_dims[4], dims[8], width = generate_below(g, x->rank + 1), least = 1000;
    int32_t index_rank = (int32_t)batch, rank = 0;
    for (int32_t d = 0; d < batch; d++)
        index_dims[d] = x->dims[d];
    if (generate_below(g, 4))
        index_dims[index_rank++] = generate_below(g, 5);
    if (of_rows) {
        for (int32_t d = 0; d < width; d++)
            least = x->dims[d] < least ? x->dims[d] : least;
        index_dims[index_rank++] = width;
    } else {
        least = x->dims[axis];
    }
    if (least == 0 || least == 1000)
        return false;
    generated_tensor *indices = part_feed(g, generate_below(g, 2) ? STEPC_INT32 : STEPC_INT64, index_dims, index_rank);
    indices->label_limit = (int32_t)least;
    generated_tensor *at = has_axis ? part_integers(g, &axis, 1, 0) : NULL;
    for (int32_t d = 0; !of_rows && d < axis; d++)
        dims[rank++] = x->dims[d];
    for (int32_t d = (int32_t)batch; d < index_rank - (of_rows ? 1 : 0); d++)
        dims[rank++] = index_dims[d];
    for (int32_t d = of_rows ? (int32_t)width : (int32_t)axis + 1; d < x->rank; d++)
        dims[rank++] = x->dims[d];
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, indices);
    if (at)
        part_input(g, at);
    part_type(g, "Tparams", x->dtype);
    part_type(g, "Tindices", indices->dtype);
    if (has_axis)
        part_type(g, "Taxis", STEPC_INT32);
    if (has_axis)
        part_int(g, "batch_dims", batch);
    part_output(g, 0, x->dtype, dims, rank);
    part_end(g);
    return true;
}

static bool make_one_hot(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t index_dims[2] = {1 + generate_below(g, 4), 1 + generate_below(g, 3)}, depth = generate_below(g, 5), dims[3];
    int32_t rank = (int32_t)generate_below(g, 3);
    int64_t axis = generate_below(g, rank + 1);
    generated_tensor *indices = part_feed(g, generate_below(g, 2) ? STEPC_INT32 : STEPC_UINT8, index_dims, rank);
    generated_tensor *size = part_integers(g, &depth, 1, 0);
    generated_tensor *on = part_pick(g, NULL, dtype, 0), *off = part_pick(g, NULL, dtype, 0);
    indices->label_limit = (int32_t)depth + 2;
    for (int32_t d = 0; d <= rank; d++)
        dims[d] = d == axis ? depth : index_dims[d < axis ? d : d - 1];
    part_begin(g, row->name);
    part_input(g, indices);
    part_input(g, size);
    part_input(g, on);
    part_input(g, off);
    part_type(g, "T", dtype);
    part_type(g, "TI", indices->dtype);
    part_int(g, "axis", axis == rank && generate_below(g, 2) ? -1 : axis);
    part_output(g, 0, dtype, dims, rank + 1);
    part_end(g);
    return true;
}

/* From 0 up to the number of elements that another tensor has. */
static bool make_range(generated_graph *g, const op_row *row, generated_tensor *x)
{
    int64_t zero = 0, three = 3, dims[1] = {1};
    for (int32_t d = 0; d < x->rank; d++)
        dims[0] *= x->dims[d];
    if (dims[0] > 200)
        return false;
    part_begin(g, "Size");
    part_input(g, x);
    part_type(g, "T", x->dtype);
    generated_tensor *size = part_output(g, 0, STEPC_INT32, NULL, 0);
    size->label_limit = 1;
    part_end(g);
    generated_tensor *start = part_integers(g, &zero, 1, 0), *delta = part_integers(g, &three, 1, 0);
    part_begin(g, row->name);
    part_input(g, start);
    part_input(g, size);
    part_input(g, delta);
    part_type(g, "Tidx", STEPC_INT32);
    dims[0] = (dims[0] + 2) / 3;
    part_output(g, 0, STEPC_INT32, dims, 1)->label_limit = 1;
    part_end(g);
    return true;
}

static bool make_lin_space(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t count = 1 + generate_below(g, 9);
    generated_tensor *start = part_feed(g, dtype, NULL, 0), *stop = part_feed(g, dtype, NULL, 0);
    generated_tensor *num = part_integers(g, &count, 1, 0);
    part_begin(g, row->name);
    part_input(g, start);
    part_input(g, stop);
    part_input(g, num);
    part_type(g, "T", dtype);
    part_type(g, "Tidx", STEPC_INT32);
    part_output(g, 0, dtype, &count, 1);
    part_end(g);
    return true;
}

/* ---- diagonals ----------------------------------------------------------------------------------------------------- */

static generated_tensor *wide_integer(generated_graph *g, int64_t value)
{
    part_begin(g, "Const");
    part_type(g, "dtype", STEPC_INT64);
    text_printf(&g->nodes, " attr { key: 'value' value { tensor { dtype: DT_INT64 tensor_shape { } int64_val: %lld } } }",
                (long long)value);
    generated_tensor *t = part_output(g, 0, STEPC_INT64, NULL, 0);
    t->is_used = true; /* never a fetch */
    t->label_limit = 1;
    part_end(g);
    return t;
}

static bool make_diagonal(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t n = 1 + generate_below(g, 4), m = 1 + generate_below(g, 4), dims[4] = {2, n, m, m}, short_dims[2] = {2, n < m ? n : m};
    int64_t square[2] = {n, n}, vector[2] = {n, m}, cube[4] = {2, n, n, n};
    const char *name = strncmp(row->name, "Batch", 5) == 0 ? row->name + 5 : row->name;
    if (strcmp(name, "Diag") == 0)
        return simple(g, row, part_feed(g, dtype, &n, 1), square, 2);
    if (strcmp(name, "DiagPart") == 0)
        return simple(g, row, part_feed(g, dtype, square, 2), &n, 1);
    if (strcmp(name, "MatrixDiag") == 0)
        return simple(g, row, part_feed(g, dtype, vector, 2), (int64_t[]){n, m, m}, 3);
    if (strcmp(name, "MatrixDiagPart") == 0)
        return simple(g, row, part_feed(g, dtype, dims, 3), short_dims, 2);
    if (g->symbolic && n != m && strcmp(name, "MatrixSetDiag") == 0)
        memcpy(dims, cube, sizeof dims);
    if (g->symbolic)
        short_dims[1] = dims[1] < dims[2] ? dims[1] : dims[2];
    generated_tensor *x = part_feed(g, dtype, dims, 3);
    if (strcmp(name, "MatrixSetDiag") == 0)
        return with_operand(g, row, x, part_feed(g, dtype, short_dims, 2), dims, 3);
    int64_t bands[2] = {generate_below(g, dims[1] + 2) - 1, generate_below(g, dims[2] + 2) - 1};
    bool is_wide = name != row->name; /* int64, and no attribute that says so */
    generated_tensor *low = is_wide ? wide_integer(g, bands[0]) : part_integers(g, &bands[0], 1, 0);
    generated_tensor *high = is_wide ? wide_integer(g, bands[1]) : part_integers(g, &bands[1], 1, 0);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, low);
    part_input(g, high);
    part_type(g, "T", dtype);
    if (!is_wide)
        part_type(g, "Tindex", STEPC_INT32);
    part_output(g, 0, dtype, dims, 3);
    part_end(g);
    return true;
}

/* ---- bands of diagonals ----------------------------------------------------------------------------------------------- */

/* Diagonals LOWER to UPPER of matrices of N rows and M columns, the longest of which has LONGEST elements. */
static bool make_bands(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    static const char *const aligns[] = {"LEFT_RIGHT", "RIGHT_LEFT", "LEFT_LEFT", "RIGHT_RIGHT"};
    bool part = strncmp(row->name, "MatrixDiagPart", 14) == 0, set = strncmp(row->name, "MatrixSet", 9) == 0;
    int64_t n = 1 + generate_below(g, 4), m = 1 + generate_below(g, 4), range[2], matrix[3] = {2, n, m}, packed[3] = {2};
    range[0] = generate_below(g, n + m - 1) - n + 1;
    range[1] = range[0] + generate_below(g, m - range[0]);
    bool many = range[0] != range[1];
    int64_t above = range[0] > 0 ? range[0] : 0, below = range[1] < 0 ? range[1] : 0;
    packed[many ? 2 : 1] = n + below < m - above ? n + below : m - above;
    if (many)
        packed[1] = range[1] - range[0] + 1;
    generated_tensor *first = part_feed(g, dtype, part || set ? matrix : packed, part || set ? 3 : 2 + many);
    generated_tensor *second = set ? part_feed(g, dtype, packed, 2 + many) : NULL;
    generated_tensor *k = part_integers(g, range, 1 + many, many), *rows = part_integers(g, &n, 1, 0);
    generated_tensor *columns = part_integers(g, &m, 1, 0), *padding = part_feed(g, dtype, NULL, 0);
    part_begin(g, row->name);
    part_input(g, first);
    if (set)
        part_input(g, second);
    part_input(g, k);
    if (!part && !set) {
        part_input(g, rows);
        part_input(g, columns);
    }
    if (!set)
        part_input(g, padding);
    part_type(g, "T", dtype);
    if (row->name[strlen(row->name) - 1] == '3')
        text_printf(&g->nodes, " attr { key: 'align' value { s: '%s' } }", aligns[generate_below(g, 4)]);
    part_output(g, 0, dtype, part ? packed : matrix, part ? 2 + many : 3);
    part_end(g);
    return true;
}

/* ---- rows of three, buckets ---------------------------------------------------------------------------------------------- */

static bool make_cross(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    int64_t dims[2] = {1 + generate_below(g, 5), 3};
    generated_tensor *x = part_feed(g, dtype, dims, 2), *y = part_feed(g, dtype, dims, 2);
    part_begin(g, row->name);
    part_input(g, x);
    part_input(g, y);
    part_type(g, "T", dtype);
    part_output(g, 0, dtype, dims, 2);
    part_end(g);
    return true;
}

static bool make_buckets(generated_graph *g, const op_row *row, generated_tensor *x)
{
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", x->dtype);
    text_printf(&g->nodes, " attr { key: 'boundaries' value { list { f: [ -1.5, 0.0, 0.25, 1.0 ] } } }");
    part_output(g, 0, STEPC_INT32, x->dims, x->rank);
    part_end(g);
    return true;
}

/* ---- shapes ------------------------------------------------------------------------------------------------------------ */

static bool make_shape_numbers(generated_graph *g, const op_row *row, generated_tensor *x)
{
    bool many = strcmp(row->name, "ShapeN") == 0;
    int64_t rank = x->rank;
    part_begin(g, row->name);
    part_input(g, x);
    part_type(g, "T", x->dtype);
    if (strcmp(row->name, "Rank") != 0)
        part_type(g, "out_type", STEPC_INT32);
    if (many)
        part_int(g, "N", 1);
    part_output(g, 0, STEPC_INT32, &rank, many)->label_limit = 1; /* its values are no food for other operators */
    part_end(g);
    return true;
}

typedef bool (*make_fn)(generated_graph *g, const op_row *row, generated_tensor *x);
typedef bool (*make_dtype_fn)(generated_graph *g, const op_row *row, stepc_dtype dtype);

bool generate_movement(generated_graph *g, const op_row *row)
{
    static const struct {
        const char *name;
        make_fn make; /* of a tensor of LEAST dimensions at least */
        int32_t least;
        make_dtype_fn make_dtype;
    } makers[] = {
        {"BatchMatrixBandPart", NULL, 0, make_diagonal},
        {"BatchMatrixDiag", NULL, 0, make_diagonal},
        {"BatchMatrixDiagPart", NULL, 0, make_diagonal},
        {"BatchMatrixSetDiag", NULL, 0, make_diagonal},
        {"BatchToSpace", NULL, 0, make_batch},
        {"BatchToSpaceND", NULL, 0, make_batch},
        {"BroadcastTo", make_broadcast_to, 0, NULL},
        {"Bucketize", make_buckets, 0, NULL},
        {"Concat", make_concat, 1, NULL},
        {"ConcatV2", make_concat, 1, NULL},
        {"Cross", NULL, 0, make_cross},
        {"DepthToSpace", NULL, 0, make_depth},
        {"Diag", NULL, 0, make_diagonal},
        {"DiagPart", NULL, 0, make_diagonal},
        {"ExpandDims", make_expand, 0, NULL},
        {"Gather", make_gather, 1, NULL},
        {"GatherNd", make_gather, 1, NULL},
        {"GatherV2", make_gather, 1, NULL},
        {"LinSpace", NULL, 0, make_lin_space},
        {"MatrixBandPart", NULL, 0, make_diagonal},
        {"MatrixDiag", NULL, 0, make_diagonal},
        {"MatrixDiagPart", NULL, 0, make_diagonal},
        {"MatrixDiagPartV2", NULL, 0, make_bands},
        {"MatrixDiagPartV3", NULL, 0, make_bands},
        {"MatrixDiagV2", NULL, 0, make_bands},
        {"MatrixDiagV3", NULL, 0, make_bands},
        {"MatrixSetDiag", NULL, 0, make_diagonal},
        {"MatrixSetDiagV2", NULL, 0, make_bands},
        {"MatrixSetDiagV3", NULL, 0, make_bands},
        {"MirrorPad", make_pad, 1, NULL},
        {"OneHot", NULL, 0, make_one_hot},
        {"Pack", make_pack, 0, NULL},
        {"Pad", make_pad, 0, NULL},
        {"PadV2", make_pad, 0, NULL},
        {"Range", make_range, 0, NULL},
        {"Rank", make_shape_numbers, 0, NULL},
        {"Reverse", make_reverse_flags, 1, NULL},
        {"ReverseSequence", make_reverse_sequence, 2, NULL},
        {"ReverseV2", make_reverse, 0, NULL},
        {"Roll", make_roll, 1, NULL},
        {"ShapeN", make_shape_numbers, 0, NULL},
        {"Size", make_shape_numbers, 0, NULL},
        {"Slice", make_slice, 0, NULL},
        {"SpaceToBatch", NULL, 0, make_batch},
        {"SpaceToBatchND", NULL, 0, make_batch},
        {"SpaceToDepth", NULL, 0, make_depth},
        {"Split", make_split, 1, NULL},
        {"SplitV", make_split, 1, NULL},
        {"Squeeze", make_squeeze, 0, NULL},
        {"StridedSlice", make_strided_slice, 1, NULL},
        {"StridedSliceGrad", make_strided_slice, 1, NULL},
        {"Unpack", make_unpack, 1, NULL},
    };
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        stepc_dtype dtype;
        if (strcmp(makers[i].name, row->name) != 0)
            continue;
        const char *attr = strncmp(row->name, "Gather", 6) == 0 ? "Tparams" : strcmp(row->name, "Range") == 0 ? "Tidx" : "T";
        if (!part_dtype(g, row, attr, &dtype))
            return false;
        if (makers[i].make_dtype)
            return makers[i].make_dtype(g, row, dtype);
        int32_t least = makers[i].least;
        return makers[i].make(g, row, part_pick(g, row, dtype, least + (int32_t)generate_below(g, 4 - least)));
    }
    return false;
}
