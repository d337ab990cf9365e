/* SPDX-License-Identifier: Apache-2.0 */
#include "generate_parts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- numbers -------------------------------------------------------------------------------- */

uint64_t generate_next(generated_graph *g)
{
    uint64_t z = (g->random += UINT64_C(0x9E3779B97F4A7C15));
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

int64_t generate_below(generated_graph *g, int64_t limit)
{
    return (int64_t)(generate_next(g) % (uint64_t)limit);
}

static double unit(generated_graph *g)
{
    return (double)(generate_next(g) >> 11) / 9007199254740992.0;
}

#define LOW (-2.0)
#define HIGH 2.0

/* Powers of two far apart, some with a random significand, of either sign: in sums of these and of their products some
 * cancel, and what is left shows in which order and how precisely they were added. */
static double wide_value(generated_graph *g, stepc_dtype dtype)
{
    int step = dtype == STEPC_HALF ? 3 : dtype == STEPC_BFLOAT16 ? 6 : 20;
    double significand = generate_below(g, 4) ? 1 : 1 + unit(g);
    double value = ldexp(significand, step * (int)(generate_below(g, 5) - 2));
    return generate_below(g, 2) ? value : -value;
}

static bool is_above(stepc_dtype dtype, const void *data, int64_t i, int64_t j)
{
    if (dtype_is_float(dtype))
        return load_f64(dtype, data, i) > load_f64(dtype, data, j);
    return dtype_is_signed(dtype) ? load_i64(dtype, data, i) > load_i64(dtype, data, j)
                                  : load_u64(dtype, data, i) > load_u64(dtype, data, j);
}

static void sort_row(stepc_dtype dtype, void *data, int64_t first, int64_t count)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    char *at = data, keep[16];
    for (int64_t i = first + 1; i < first + count; i++)
        for (int64_t j = i; j > first && is_above(dtype, data, j - 1, j); j--) {
            memcpy(keep, at + (size_t)j * bytes, bytes);
            memcpy(at + (size_t)j * bytes, at + (size_t)(j - 1) * bytes, bytes);
            memcpy(at + (size_t)(j - 1) * bytes, keep, bytes);
        }
}

/* The numbers below COUNT, each once; int32 or int64. */
static void permute(generated_graph *g, stepc_dtype dtype, void *data, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        int64_t other = generate_below(g, i + 1);
        store_i64(dtype, data, i, other == i ? i : load_i64(dtype, data, other));
        store_i64(dtype, data, other, i);
    }
}

void generate_values(generated_graph *g, const generated_tensor *t, void *data, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        double value = t->low + (t->high - t->low) * unit(g);
        if (t->dtype == STEPC_BOOL)
            store_u64(t->dtype, data, i, (uint64_t)generate_below(g, 2));
        else if (t->label_limit && dtype_is_float(t->dtype))
            store_f64(t->dtype, data, i, (double)generate_below(g, t->label_limit));
        else if (t->label_limit)
            store_i64(t->dtype, data, i, generate_below(g, t->label_limit));
        else if (dtype_is_float(t->dtype))
            store_f64(t->dtype, data, i, t->is_wide && t->low == LOW && t->high == HIGH ? wide_value(g, t->dtype) : value);
        else if (dtype_is_signed(t->dtype))
            store_i64(t->dtype, data, i, t->low > 0 ? 1 + generate_below(g, 9) : generate_below(g, 4) == 0 ? (int64_t)generate_next(g)
                                                                                                            : generate_below(g, 41) - 20);
        else
            store_u64(t->dtype, data, i, t->low > 0 ? 1 + (uint64_t)generate_below(g, 9) : generate_next(g) >> generate_below(g, 60));
    }
    if (t->order == ORDER_PERMUTATION)
        permute(g, t->dtype, data, count);
    else if (t->order == ORDER_SORTED && t->rank > 0)
        for (int64_t row = 0, size = t->dims[t->rank - 1]; size > 0 && row < count / size; row++)
            sort_row(t->dtype, data, row * size, size);
}

/* ---- nodes ----------------------------------------------------------------------------------- */

static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT32, STEPC_FLOAT32, STEPC_FLOAT64, STEPC_FLOAT64, STEPC_HALF,
                                     STEPC_BFLOAT16, STEPC_INT32,  STEPC_INT32,   STEPC_INT64,   STEPC_INT8,    STEPC_INT16,
                                     STEPC_UINT8,    STEPC_UINT16, STEPC_UINT32,  STEPC_UINT64,  STEPC_BOOL};

static const char *wire_name(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_FLOAT32: return "DT_FLOAT";
    case STEPC_FLOAT64: return "DT_DOUBLE";
    case STEPC_HALF: return "DT_HALF";
    case STEPC_BFLOAT16: return "DT_BFLOAT16";
    case STEPC_INT8: return "DT_INT8";
    case STEPC_INT16: return "DT_INT16";
    case STEPC_INT32: return "DT_INT32";
    case STEPC_INT64: return "DT_INT64";
    case STEPC_UINT8: return "DT_UINT8";
    case STEPC_UINT16: return "DT_UINT16";
    case STEPC_UINT32: return "DT_UINT32";
    case STEPC_UINT64: return "DT_UINT64";
    case STEPC_COMPLEX64: return "DT_COMPLEX64";
    case STEPC_COMPLEX128: return "DT_COMPLEX128";
    default: return "DT_BOOL";
    }
}

static generated_tensor *new_tensor(generated_graph *g, stepc_dtype dtype, const int64_t *dims, int32_t rank)
{
    generated_tensor *t = &g->tensors[g->tensor_count++];
    memset(t, 0, sizeof *t);
    snprintf(t->name, sizeof t->name, "n%d:0", g->node_count);
    t->dtype = dtype;
    t->rank = rank;
    t->low = LOW;
    t->high = HIGH;
    if (rank)
        memcpy(t->dims, dims, (size_t)rank * sizeof *dims);
    return t;
}

static void node(generated_graph *g, const char *type)
{
    text_printf(&g->nodes, "node { name: 'n%d' op: '%s'", g->node_count, type);
}

static void input(generated_graph *g, const generated_tensor *t)
{
    text_printf(&g->nodes, " input: '%s'", t->name);
}

static void type_attr(generated_graph *g, const char *name, stepc_dtype dtype)
{
    text_printf(&g->nodes, " attr { key: '%s' value { type: %s } }", name, wire_name(dtype));
}

static void bool_attr(generated_graph *g, const char *name, bool value)
{
    text_printf(&g->nodes, " attr { key: '%s' value { b: %s } }", name, value ? "true" : "false");
}

static void finish(generated_graph *g)
{
    text_puts(&g->nodes, " }\n");
    g->node_count++;
}

static generated_tensor *feed(generated_graph *g, stepc_dtype dtype, const int64_t *dims, int32_t rank)
{
    node(g, "Placeholder");
    type_attr(g, "dtype", dtype);
    text_puts(&g->nodes, " attr { key: 'shape' value { shape {");
    for (int32_t d = 0; d < rank; d++)
        text_printf(&g->nodes, " dim { size: %lld }", g->symbolic && dims[d] > 1 ? -1LL : (long long)dims[d]);
    text_puts(&g->nodes, " } } }");
    generated_tensor *t = new_tensor(g, dtype, dims, rank);
    t->is_feed = true;
    t->is_wide = g->is_wide && dtype_is_float(dtype) && generate_below(g, 2);
    for (int32_t d = 0, used = 0; g->symbolic && d < rank; d++)
        used += snprintf(t->shape + used, sizeof t->shape - (size_t)used, "%s%s%lld", d ? "," : "", dims[d] > 1 ? "d" : "",
                         (long long)dims[d]);
    finish(g);
    return t;
}

/* A constant vector (or scalar, rank 0) of int32. */
static generated_tensor *integers(generated_graph *g, const int64_t *values, int64_t count, int32_t rank)
{
    int64_t dims[1] = {count};
    node(g, "Const");
    type_attr(g, "dtype", STEPC_INT32);
    text_puts(&g->nodes, " attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape {");
    if (rank)
        text_printf(&g->nodes, " dim { size: %lld }", (long long)count);
    text_puts(&g->nodes, " }");
    for (int64_t i = 0; i < count; i++)
        text_printf(&g->nodes, " int_val: %lld", (long long)values[i]);
    text_puts(&g->nodes, " } } }");
    generated_tensor *t = new_tensor(g, STEPC_INT32, dims, rank);
    t->is_used = true; /* never a fetch */
    finish(g);
    return t;
}

/* ---- choosing --------------------------------------------------------------------------------- */

static const op_def *def_of(const op_row *row)
{
    return op_def_find(text_view(row->name));
}

static bool attr_allows(const op_row *row, const char *attr, stepc_dtype dtype)
{
    const op_def *def = def_of(row);
    int32_t index = op_def_attr(def, text_view(attr));
    return index >= 0 && (!def->attrs[index].allowed_types || (def->attrs[index].allowed_types >> dtype & 1));
}

static bool choose_dtype(generated_graph *g, const op_row *row, const char *attr, stepc_dtype *out)
{
    if (g->shapes != SHAPES_SMALL && generate_below(g, 4) != 0 && attr_allows(row, attr, g->dtype)) {
        *out = g->dtype;
        return true;
    }
    for (int tries = 0; tries < 40; tries++) {
        *out = dtypes[generate_below(g, (int64_t)(sizeof dtypes / sizeof dtypes[0]))];
        if (attr_allows(row, attr, *out))
            return true;
    }
    return false;
}

/* Up to 3; what long rows and matrices are about begins with them. */
static int32_t some_rank(generated_graph *g, int32_t least)
{
    least = g->shapes == SHAPES_SMALL ? least : g->shapes == SHAPES_LONG || g->shapes == SHAPES_PARTS ? 1 : 2;
    return least + (int32_t)generate_below(g, 4 - least);
}

/* The last result that an operation of DTYPE may have as it is; NULL: none. */
static generated_tensor *pick_last(generated_graph *g, stepc_dtype dtype, int32_t rank)
{
    for (int32_t i = g->tensor_count - 1; i >= 0; i--) {
        generated_tensor *t = &g->tensors[i];
        if (!t->is_feed && !t->is_used && t->dtype == dtype && !t->label_limit && (rank < 0 ? t->rank <= 3 : t->rank == rank))
            return t;
    }
    return NULL;
}

/* An earlier tensor of that dtype (rank -1: any rank up to 3), or a fresh feed. */
static generated_tensor *pick(generated_graph *g, const op_row *row, stepc_dtype dtype, int32_t rank)
{
    bool ranged = row && (row->low != 0 || row->high != 0);
    generated_tensor *last;
    bool divides = ranged && row->low > 0 && !dtype_is_float(dtype); /* an earlier tensor may hold a zero */
    if (g->shapes != SHAPES_SMALL && !ranged && generate_below(g, 3) != 0 && (last = pick_last(g, dtype, rank)) != NULL)
        return last;
    for (int tries = 0; tries < 12 && !divides && !(ranged && generate_below(g, 10) != 0); tries++) {
        generated_tensor *t = &g->tensors[generate_below(g, g->tensor_count ? g->tensor_count : 1)];
        if (g->tensor_count && t->dtype == dtype && !t->label_limit && (rank < 0 ? t->rank <= 3 : t->rank == rank) && !strstr(t->name, "_"))
            return t;
    }
    int64_t dims[GENERATE_RANK];
    int32_t made = rank < 0 ? some_rank(g, 0) : rank;
    generate_dims(g, dims, made);
    generated_tensor *t = feed(g, dtype, dims, made);
    if (ranged) {
        t->low = row->low;
        t->high = row->high;
    }
    return t;
}

/* What is summed: now and then a feed of which it shows how it was summed. */
static generated_tensor *pick_summed(generated_graph *g, const op_row *row, stepc_dtype dtype, int32_t rank)
{
    if (!dtype_is_float(dtype) || row->low != 0 || row->high != 0 || generate_below(g, 4) != 0)
        return pick(g, row, dtype, rank);
    int64_t dims[GENERATE_RANK];
    int32_t made = rank < 0 ? some_rank(g, 1) : rank;
    generate_dims(g, dims, made);
    generated_tensor *t = feed(g, dtype, dims, made);
    t->is_wide = true;
    return t;
}

static bool same_dims(const generated_tensor *a, const generated_tensor *b)
{
    return a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof *a->dims) == 0;
}

static generated_tensor *pick_like(generated_graph *g, const generated_tensor *like, const op_row *row)
{
    for (int tries = 0; tries < 20; tries++) {
        generated_tensor *t = &g->tensors[generate_below(g, g->tensor_count)];
        if (t->dtype == like->dtype && same_dims(t, like) && !(row && row->low > 0) && !t->label_limit)
            return t;
    }
    generated_tensor *t = feed(g, like->dtype, like->dims, like->rank);
    if (row && (row->low != 0 || row->high != 0)) {
        t->low = row->low;
        t->high = row->high;
    }
    return t;
}

/* ---- forms ------------------------------------------------------------------------------------- */

static void use(generated_tensor *t)
{
    t->is_used = true;
}

/* The type of the operands: that of attribute T, or bool. */
static bool operand_dtype(generated_graph *g, const op_row *row, stepc_dtype *out)
{
    *out = STEPC_BOOL;
    return op_def_attr(def_of(row), TEXT_LITERAL("T")) < 0 || choose_dtype(g, row, "T", out);
}

static void operand_attr(generated_graph *g, const op_row *row, stepc_dtype dtype)
{
    if (op_def_attr(def_of(row), TEXT_LITERAL("T")) >= 0)
        type_attr(g, "T", dtype);
}

/* The type of the result: the operands', unless the schema names one. */
static stepc_dtype result_dtype(const op_row *row, stepc_dtype dtype)
{
    const op_arg *result = &def_of(row)->outputs[0];
    return result->type_attr < 0 && result->list_attr < 0 ? result->dtype : dtype;
}

/* That of X, whose first dimension is said to be unknown. */
static void shape_attr(generated_graph *g, const generated_tensor *x)
{
    text_puts(&g->nodes, " attr { key: 'shape' value { shape {");
    for (int32_t d = 0; d < x->rank; d++)
        text_printf(&g->nodes, " dim { size: %lld }", g->symbolic || d == 0 ? -1LL : (long long)x->dims[d]);
    text_puts(&g->nodes, " } } }");
}

/* Operators that give on what they get have other attributes than T. */
static bool make_guard(generated_graph *g, const op_row *row)
{
    bool is_list = strcmp(row->name, "IdentityN") == 0, is_finite = row->sample == SAMPLE_FINITE;
    bool by_default = strcmp(row->name, "PlaceholderWithDefault") == 0, ensures = strcmp(row->name, "EnsureShape") == 0;
    stepc_dtype dtype = dtypes[generate_below(g, (int64_t)(sizeof dtypes / sizeof dtypes[0]))];
    if (is_finite && !dtype_is_float(dtype))
        return false;
    int64_t dims[GENERATE_RANK];
    int32_t rank = (int32_t)generate_below(g, 3);
    generate_dims(g, dims, rank);
    generated_tensor *x = is_finite ? feed(g, dtype, dims, rank) : pick(g, row, dtype, -1);
    node(g, row->name);
    input(g, x);
    if (is_list)
        text_printf(&g->nodes, " attr { key: 'T' value { list { type: %s } } }", wire_name(dtype));
    else
        type_attr(g, by_default ? "dtype" : "T", dtype);
    if (is_finite)
        text_puts(&g->nodes, " attr { key: 'message' value { s: 'odd' } }");
    if (by_default || ensures)
        shape_attr(g, x);
    new_tensor(g, dtype, x->dims, x->rank);
    use(x);
    finish(g);
    return true;
}

static bool make_unary(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (row->sample == SAMPLE_FINITE || strcmp(row->name, "IdentityN") == 0 || strcmp(row->name, "EnsureShape") == 0 ||
        strcmp(row->name, "PlaceholderWithDefault") == 0)
        return make_guard(g, row);
    if (!operand_dtype(g, row, &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, -1);
    node(g, row->name);
    input(g, x);
    operand_attr(g, row, dtype);
    new_tensor(g, result_dtype(row, dtype), x->dims, x->rank);
    use(x);
    finish(g);
    return true;
}

/* A second operand whose dims are those of X, 1 in places, or missing in front. */
static generated_tensor *broadcastable(generated_graph *g, const op_row *row, const generated_tensor *x, generate_counts *counts)
{
    int64_t form = generate_below(g, 4);
    counts->broadcast[form]++;
    if (form == 0)
        return pick_like(g, x, row);
    int64_t dims[GENERATE_RANK];
    int32_t skip = form == 2 && x->rank ? 1 + (int32_t)generate_below(g, x->rank) : form == 3 ? x->rank : 0;
    for (int32_t d = skip; d < x->rank; d++)
        dims[d - skip] = generate_below(g, 2) && form != 2 ? 1 : x->dims[d];
    generated_tensor *y = feed(g, x->dtype, dims, x->rank - skip);
    if (row->low != 0 || row->high != 0) {
        y->low = row->low;
        y->high = row->high;
    }
    return y;
}

static bool make_binary(generated_graph *g, const op_row *row, generate_counts *counts)
{
    stepc_dtype dtype;
    if (!operand_dtype(g, row, &dtype))
        return false;
    generated_tensor *x = pick(g, NULL, dtype, -1), *y = broadcastable(g, row, x, counts);
    bool swap = generate_below(g, 2) && row->low == 0 && row->high == 0;
    int64_t dims[GENERATE_RANK];
    int32_t rank;
    if (!broadcast_shapes(x->dims, x->rank, y->dims, y->rank, dims, &rank))
        return false;
    node(g, row->name);
    input(g, swap ? y : x);
    input(g, swap ? x : y);
    operand_attr(g, row, dtype);
    new_tensor(g, result_dtype(row, dtype), dims, rank);
    use(x);
    use(y);
    finish(g);
    return true;
}

/* A condition and two tensors of one shape (Select) or that broadcast (SelectV2), or a tensor and two limits. */
static bool make_select(generated_graph *g, const op_row *row, generate_counts *counts)
{
    bool clips = strcmp(row->name, "ClipByValue") == 0, broadcasts = strcmp(row->name, "SelectV2") == 0;
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, -1), *y, *third;
    int64_t form = generate_below(g, 3), dims[GENERATE_RANK];
    int32_t rank;
    if (broadcasts)
        y = broadcastable(g, row, x, counts);
    else if (clips && generate_below(g, 2))
        y = feed(g, dtype, NULL, 0);
    else
        y = pick_like(g, x, row);
    if (!broadcast_shapes(x->dims, x->rank, y->dims, y->rank, dims, &rank))
        return false;
    if (clips)
        third = generate_below(g, 2) ? feed(g, dtype, NULL, 0) : pick_like(g, x, row);
    else /* a vector of truth values chooses rows, but for SelectV2 it broadcasts along the last dimension */
        third = feed(g, STEPC_BOOL, broadcasts && form == 1 && rank ? dims + rank - 1 : dims, form == 0 ? 0 : form == 1 && rank ? 1 : rank);
    node(g, row->name);
    input(g, clips ? x : third);
    input(g, clips ? y : x);
    input(g, clips ? third : y);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, dims, rank);
    use(x);
    use(y);
    use(third);
    finish(g);
    return true;
}

static bool make_variadic(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    int32_t count = 1 + (int32_t)generate_below(g, 5);
    generated_tensor *all[5] = {pick(g, row, dtype, -1)};
    for (int32_t k = 1; k < count; k++)
        all[k] = pick_like(g, all[0], row);
    node(g, row->name);
    for (int32_t k = 0; k < count; k++) {
        input(g, all[k]);
        use(all[k]);
    }
    type_attr(g, "T", dtype);
    text_printf(&g->nodes, " attr { key: 'N' value { i: %d } }", count);
    if (op_def_attr(def_of(row), TEXT_LITERAL("shape")) >= 0)
        shape_attr(g, all[0]);
    new_tensor(g, dtype, all[0]->dims, all[0]->rank);
    finish(g);
    return true;
}

/* All elements to one scalar. */
static bool make_reduce_all(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick_summed(g, row, dtype, -1);
    node(g, row->name);
    input(g, x);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, NULL, 0);
    use(x);
    finish(g);
    return true;
}

static bool make_reduce(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype = STEPC_BOOL;
    bool typed = op_def_attr(def_of(row), TEXT_LITERAL("T")) >= 0; /* Any and All are not */
    if (typed && !choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick_summed(g, row, dtype, -1);
    int64_t axes[GENERATE_RANK], dims[GENERATE_RANK], count = 0;
    int32_t rank = 0;
    bool keep = generate_below(g, 2), across = g->shapes == SHAPES_COLUMNS && generate_below(g, 2);
    for (int32_t d = 0; d < x->rank; d++) {
        bool reduced = across ? d == x->rank - 2 : generate_below(g, 2);
        if (reduced)
            axes[count++] = generate_below(g, 2) ? d : d - x->rank;
        if (!reduced || keep)
            dims[rank++] = reduced ? 1 : x->dims[d];
    }
    generated_tensor *over = integers(g, axes, count, 1);
    node(g, row->name);
    input(g, x);
    input(g, over);
    if (typed)
        type_attr(g, "T", dtype);
    bool_attr(g, "keep_dims", keep);
    new_tensor(g, dtype, dims, rank);
    use(x);
    finish(g);
    return true;
}

static bool make_arg(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, 1 + (int32_t)generate_below(g, 3));
    int64_t axis = generate_below(g, x->rank), dims[GENERATE_RANK];
    if (x->dims[axis] == 0)
        return false;
    generated_tensor *over = integers(g, &axis, 1, 0);
    int32_t rank = 0;
    for (int32_t d = 0; d < x->rank; d++)
        if (d != axis)
            dims[rank++] = x->dims[d];
    stepc_dtype out = generate_below(g, 2) ? STEPC_INT64 : STEPC_INT32;
    node(g, row->name);
    input(g, x);
    input(g, over);
    type_attr(g, "T", dtype);
    type_attr(g, "output_type", out);
    new_tensor(g, out, dims, rank);
    use(x);
    finish(g);
    return true;
}

static bool make_matmul(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *a = pick_summed(g, row, dtype, 2);
    bool ta = generate_below(g, 2), tb = generate_below(g, 2);
    int64_t n, k = a->dims[ta ? 0 : 1];
    generate_small_dims(g, &n, 1);
    int64_t b_dims[2] = {tb ? n : k, tb ? k : n}, dims[2] = {a->dims[ta ? 1 : 0], n};
    generated_tensor *b = feed(g, dtype, b_dims, 2);
    b->is_wide = b->is_wide || a->is_wide;
    node(g, row->name);
    input(g, a);
    input(g, b);
    type_attr(g, "T", dtype);
    bool_attr(g, "transpose_a", ta);
    bool_attr(g, "transpose_b", tb);
    new_tensor(g, dtype, dims, 2);
    use(a);
    use(b);
    finish(g);
    return true;
}

/* One or two batch dimensions; BatchMatMulV2 may broadcast them. */
static bool make_batch_matmul(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    bool adj_x = generate_below(g, 2), adj_y = generate_below(g, 2), may_differ = strstr(row->name, "V2") != NULL;
    int32_t rank = 3 + (int32_t)generate_below(g, 2), skip = may_differ ? (int32_t)generate_below(g, rank - 1) : 0;
    int64_t x_dims[4], y_dims[4], dims[4], m = 1 + generate_below(g, 17), n = 1 + generate_below(g, 17),
                                           k = 1 + generate_below(g, 17);
    for (int32_t d = 0; d < rank - 2; d++) {
        dims[d] = x_dims[d] = y_dims[d] = 1 + generate_below(g, 4);
        if (may_differ && generate_below(g, 3) == 0)
            x_dims[d] = 1;
        else if (may_differ && generate_below(g, 3) == 0)
            y_dims[d] = 1;
        dims[d] = d < skip ? x_dims[d] : x_dims[d] == 1 ? y_dims[d] : x_dims[d];
    }
    x_dims[rank - 2] = adj_x ? k : m;
    x_dims[rank - 1] = adj_x ? m : k;
    y_dims[rank - 2] = adj_y ? n : k;
    y_dims[rank - 1] = adj_y ? k : n;
    dims[rank - 2] = m;
    dims[rank - 1] = n;
    generated_tensor *x = feed(g, dtype, x_dims, rank), *y = feed(g, dtype, y_dims + skip, rank - skip);
    node(g, row->name);
    input(g, x);
    input(g, y);
    type_attr(g, "T", dtype);
    bool_attr(g, "adj_x", adj_x);
    bool_attr(g, "adj_y", adj_y);
    new_tensor(g, dtype, dims, rank);
    use(x);
    use(y);
    finish(g);
    return true;
}

static bool make_bias(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick_summed(g, row, dtype, 2 + (int32_t)generate_below(g, 2));
    bool has_format = op_def_attr(def_of(row), TEXT_LITERAL("data_format")) >= 0, first = has_format && generate_below(g, 2);
    int64_t channels = x->dims[first ? 1 : x->rank - 1];
    generated_tensor *bias = row->sample == SAMPLE_BIAS ? feed(g, dtype, &channels, 1) : NULL;
    node(g, row->name);
    input(g, x);
    if (bias)
        input(g, bias);
    type_attr(g, "T", dtype);
    if (has_format)
        text_printf(&g->nodes, " attr { key: 'data_format' value { s: '%s' } }", first ? "NCHW" : "NHWC");
    if (bias)
        new_tensor(g, dtype, x->dims, x->rank);
    else
        new_tensor(g, dtype, &channels, 1);
    use(x);
    finish(g);
    return true;
}

static bool make_reshape(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, -1);
    int64_t total = 1, dims[3], given[3];
    for (int32_t d = 0; d < x->rank; d++)
        total *= x->dims[d];
    int32_t rank = 1 + (int32_t)generate_below(g, 2);
    dims[0] = total;
    for (int64_t f = 2; rank == 2 && f < 6; f++)
        if (total % f == 0) {
            dims[0] = f;
            dims[1] = total / f;
            break;
        }
    rank = rank == 2 && dims[0] != total ? 2 : 1;
    memcpy(given, dims, sizeof dims);
    if (total && generate_below(g, 2))
        given[generate_below(g, rank)] = -1;
    generated_tensor *shape = integers(g, given, rank, 1);
    node(g, row->name);
    input(g, x);
    input(g, shape);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, dims, rank);
    use(x);
    finish(g);
    return true;
}

static bool make_transpose(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    bool turns = g->shapes == SHAPES_TURNED;
    generated_tensor *x = pick(g, row, dtype, turns && g->symbolic ? 3 : turns && generate_below(g, 3) ? 2 : 1 + (int32_t)generate_below(g, 3));
    int64_t perm[GENERATE_RANK], dims[GENERATE_RANK];
    bool is_reverse = turns && generate_below(g, 2); /* no two dimensions stay side by side */
    for (int32_t d = 0; d < x->rank; d++)
        perm[d] = is_reverse ? x->rank - 1 - d : d;
    for (int32_t d = x->rank - 1; d > 0 && !is_reverse; d--) {
        int64_t other = generate_below(g, turns ? d : d + 1), keep = perm[d];
        perm[d] = perm[other];
        perm[other] = keep;
    }
    for (int32_t d = 0; d < x->rank; d++)
        dims[d] = x->dims[perm[d]];
    generated_tensor *order = integers(g, perm, x->rank, 1);
    node(g, row->name);
    input(g, x);
    input(g, order);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, dims, x->rank);
    use(x);
    finish(g);
    return true;
}

static bool make_tile(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, 1 + (int32_t)generate_below(g, 2));
    int64_t times[GENERATE_RANK], dims[GENERATE_RANK];
    for (int32_t d = 0; d < x->rank; d++) {
        times[d] = generate_below(g, 4);
        dims[d] = x->dims[d] * times[d];
    }
    generated_tensor *multiples = integers(g, times, x->rank, 1);
    node(g, row->name);
    input(g, x);
    input(g, multiples);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, dims, x->rank);
    use(x);
    finish(g);
    return true;
}

static bool make_fill(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    int64_t dims[GENERATE_RANK];
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    int32_t rank = (int32_t)generate_below(g, 3);
    generate_dims(g, dims, rank);
    generated_tensor *value = pick(g, row, dtype, 0), *shape = integers(g, dims, rank, 1);
    node(g, row->name);
    input(g, shape);
    input(g, value);
    type_attr(g, "T", dtype);
    new_tensor(g, dtype, dims, rank);
    use(value);
    finish(g);
    return true;
}

static bool make_shape(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, -1);
    int64_t dims[1] = {x->rank};
    node(g, row->name);
    input(g, x);
    type_attr(g, "T", dtype);
    type_attr(g, "out_type", generate_below(g, 2) ? STEPC_INT64 : STEPC_INT32);
    new_tensor(g, STEPC_INT32, dims, 1);
    g->tensors[g->tensor_count - 1].label_limit = 1; /* its values are no food for other operators */
    use(x);
    finish(g);
    return true;
}

static bool make_cast(generated_graph *g, const op_row *row)
{
    size_t count = sizeof dtypes / sizeof dtypes[0];
    stepc_dtype from = dtypes[generate_below(g, (int64_t)count)], to = dtypes[generate_below(g, (int64_t)count)];
    generated_tensor *x = pick(g, row, from, -1);
    node(g, row->name);
    input(g, x);
    type_attr(g, "SrcT", from);
    type_attr(g, "DstT", to);
    if (dtype_is_float(from) && dtype_is_float(to) && generate_below(g, 4) == 0)
        bool_attr(g, "Truncate", true);
    new_tensor(g, to, x->dims, x->rank);
    use(x);
    finish(g);
    return true;
}

static void second_output(generated_graph *g, const generated_tensor *like)
{
    generated_tensor *t = new_tensor(g, like->dtype, like->dims, like->rank);
    snprintf(t->name, sizeof t->name, "n%d:1", g->node_count);
}

static bool make_rows(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    bool softmax = row->sample == SAMPLE_ROWS;
    generated_tensor *x = pick(g, row, dtype, softmax ? 1 + (int32_t)generate_below(g, 3) : 2), *labels = NULL;
    if (!softmax && x->dims[1] == 0)
        return false;
    stepc_dtype label_dtype = generate_below(g, 2) ? STEPC_INT64 : STEPC_INT32;
    if (row->sample == SAMPLE_ROWS_PAIR) {
        labels = feed(g, dtype, x->dims, 2);
        labels->low = 0;
        labels->high = 1;
    } else if (!softmax) {
        labels = feed(g, label_dtype, x->dims, 1);
        labels->label_limit = (int32_t)x->dims[1];
    }
    node(g, row->name);
    input(g, x);
    if (labels)
        input(g, labels);
    type_attr(g, "T", dtype);
    if (row->sample == SAMPLE_ROWS_LABELS)
        type_attr(g, "Tlabels", label_dtype);
    new_tensor(g, dtype, x->dims, softmax ? x->rank : 1);
    if (!softmax)
        second_output(g, x);
    use(x);
    finish(g);
    return true;
}

static bool make_scan(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick_summed(g, row, dtype, 1 + (int32_t)generate_below(g, 3));
    int64_t axis = generate_below(g, 2 * x->rank) - x->rank;
    generated_tensor *along = integers(g, &axis, 1, 0);
    node(g, row->name);
    input(g, x);
    input(g, along);
    type_attr(g, "T", dtype);
    bool_attr(g, "exclusive", generate_below(g, 2));
    bool_attr(g, "reverse", generate_below(g, 2));
    new_tensor(g, dtype, x->dims, x->rank);
    use(x);
    finish(g);
    return true;
}

static generated_tensor *channel_feed(generated_graph *g, stepc_dtype dtype, int64_t channels, double low, double high)
{
    generated_tensor *t = feed(g, dtype, &channels, 1);
    t->low = low;
    t->high = high;
    return t;
}

/* Output NUMBER of the node just written. */
static void channel_output(generated_graph *g, int number, stepc_dtype dtype, int64_t channels)
{
    generated_tensor *t = new_tensor(g, dtype, &channels, 1);
    snprintf(t->name, sizeof t->name, "n%d:%d", g->node_count, number);
}

static generated_tensor *small_image(generated_graph *g, stepc_dtype dtype)
{
    int64_t dims[4];
    for (int d = 0; d < 4; d++)
        dims[d] = 1 + generate_below(g, 5);
    return feed(g, dtype, dims, 4);
}

/* Data, scale and offset, and the statistics that come in; or a gradient, data, scale and statistics. */
static bool make_batch_norm(generated_graph *g, const op_row *row)
{
    bool backward = row->sample == SAMPLE_BATCH_NORM_GRAD, first = generate_below(g, 2), training = generate_below(g, 2);
    bool third = strstr(row->name, "V3") != NULL, typed = third || strstr(row->name, "V2") != NULL;
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = small_image(g, dtype), *dy = backward ? feed(g, dtype, x->dims, 4) : NULL;
    int64_t channels = x->dims[first ? 1 : 3];
    generated_tensor *in[4];
    in[0] = channel_feed(g, STEPC_FLOAT32, channels, 0.5, 1.5);
    in[1] = channel_feed(g, STEPC_FLOAT32, channels, LOW, HIGH);
    in[2] = backward ? NULL : channel_feed(g, STEPC_FLOAT32, channels, LOW, HIGH);
    in[3] = channel_feed(g, STEPC_FLOAT32, channels, 0.5, 1.5);
    node(g, row->name);
    if (dy)
        input(g, dy);
    input(g, x);
    for (int i = 0; i < 4; i++)
        if (in[i])
            input(g, in[i]);
    if (backward && third)
        input(g, in[3]);
    type_attr(g, "T", dtype);
    if (typed)
        type_attr(g, "U", STEPC_FLOAT32);
    bool_attr(g, "is_training", training);
    text_printf(&g->nodes, " attr { key: 'data_format' value { s: '%s' } } attr { key: 'epsilon' value { f: 0.1 } }",
                first ? "NCHW" : "NHWC");
    if (!backward && generate_below(g, 2))
        text_puts(&g->nodes, " attr { key: 'exponential_avg_factor' value { f: 0.3 } }");
    new_tensor(g, dtype, x->dims, 4);
    for (int i = 1; i <= (backward ? 2 : 4); i++)
        channel_output(g, i, STEPC_FLOAT32, channels);
    finish(g);
    return true;
}

static bool make_grads(generated_graph *g, const op_row *row)
{
    stepc_dtype dtype;
    if (!choose_dtype(g, row, "T", &dtype))
        return false;
    generated_tensor *x = pick(g, row, dtype, -1), *y = pick_like(g, x, row);
    node(g, row->name);
    input(g, x);
    input(g, y);
    type_attr(g, "T", dtype);
    new_tensor(g, result_dtype(row, dtype), x->dims, x->rank);
    use(x);
    use(y);
    finish(g);
    return true;
}

/* Constant shapes in, so that the result is folded; a Reshape target keeps it in use. */
static bool make_broadcast_args(generated_graph *g, const op_row *row)
{
    int64_t a[2] = {2, 3}, b[2] = {1, 3};
    generated_tensor *x = integers(g, a, 2, 1), *y = integers(g, b, 2, 1);
    node(g, row->name);
    input(g, x);
    input(g, y);
    type_attr(g, "T", STEPC_INT32);
    int64_t dims[1] = {0};
    new_tensor(g, STEPC_INT32, dims, 1)->label_limit = 1;
    finish(g);
    return true;
}

static bool make(generated_graph *g, const op_row *row, generate_counts *counts)
{
    switch (row->sample) {
    case SAMPLE_UNARY:
    case SAMPLE_FINITE: return make_unary(g, row);
    case SAMPLE_SELECT: return make_select(g, row, counts);
    case SAMPLE_BINARY: return make_binary(g, row, counts);
    case SAMPLE_VARIADIC: return make_variadic(g, row);
    case SAMPLE_REDUCE: return make_reduce(g, row);
    case SAMPLE_REDUCE_ALL: return make_reduce_all(g, row);
    case SAMPLE_ARG: return make_arg(g, row);
    case SAMPLE_MATMUL: return make_matmul(g, row);
    case SAMPLE_BATCH_MATMUL: return make_batch_matmul(g, row);
    case SAMPLE_BIAS:
    case SAMPLE_BIAS_GRAD: return make_bias(g, row);
    case SAMPLE_RESHAPE: return make_reshape(g, row);
    case SAMPLE_TRANSPOSE: return make_transpose(g, row);
    case SAMPLE_TILE: return make_tile(g, row);
    case SAMPLE_FILL: return make_fill(g, row);
    case SAMPLE_SHAPE: return make_shape(g, row);
    case SAMPLE_CAST: return make_cast(g, row);
    case SAMPLE_ROWS:
    case SAMPLE_ROWS_PAIR:
    case SAMPLE_ROWS_LABELS: return make_rows(g, row);
    case SAMPLE_SCAN: return make_scan(g, row);
    case SAMPLE_BATCH_NORM:
    case SAMPLE_BATCH_NORM_GRAD: return make_batch_norm(g, row);
    case SAMPLE_GRADS: return make_grads(g, row);
    case SAMPLE_BROADCAST_ARGS: return make_broadcast_args(g, row);
    case SAMPLE_MOVEMENT: return generate_movement(g, row);
    case SAMPLE_SCATTER: return generate_scatter(g, row);
    case SAMPLE_COMPLEX: return generate_complex(g, row);
    case SAMPLE_SINGLE: return generate_single(g, row);
    case SAMPLE_NONE: break;
    }
    return false;
}

/* A long chain over one shape, so that bodies are cut into chunks. */
static void make_chain(generated_graph *g, generate_counts *counts)
{
    static const char *const links[] = {"Sin", "Add", "Mul", "Tanh", "Sub", "Cos", "Maximum", "Sigmoid"};
    int64_t dims[1] = {generate_below(g, 2000)};
    stepc_dtype dtype = generate_below(g, 3) ? STEPC_FLOAT32 : STEPC_FLOAT64;
    generated_tensor *a = feed(g, dtype, dims, 1), *b = feed(g, dtype, dims, 1), *z = a;
    int64_t period = 2 + generate_below(g, 6), steps = 10 + generate_below(g, 20);
    int64_t pattern[8];
    for (int64_t i = 0; i < period; i++)
        pattern[i] = generate_below(g, 8);
    for (int64_t i = 0; i < period * steps && g->tensor_count < GENERATE_TENSORS - 4; i++) {
        const op_row *row = op_row_find(text_view(links[pattern[i % period]]));
        node(g, row->name);
        input(g, z);
        if (row->sample == SAMPLE_BINARY)
            input(g, i % 2 ? a : b);
        type_attr(g, "T", dtype);
        use(z);
        z = new_tensor(g, dtype, dims, 1);
        finish(g);
        g->operation_count++;
    }
    use(a);
    use(b);
    counts->by_size[3]++;
}

static bool is_wanted(const op_row *row, const generate_counts *counts)
{
    char name[80];
    snprintf(name, sizeof name, ",%s,", row->name);
    return !counts->only || strstr(counts->only, name);
}

static int producer_of(const generated_graph *g) { return g->is_old ? OLD_PRODUCER : NEW_PRODUCER; }

static bool is_available(const generated_graph *g, const op_row *row)
{
    int32_t removed = def_of(row)->deprecated_at;
    return removed == 0 || producer_of(g) < removed;
}

static size_t choose_operator(generated_graph *g, const generate_counts *counts)
{
    const char *preferred = counts->only ? NULL : generate_preferred(g);
    for (size_t i = 0; preferred != NULL && i < op_row_count(); i++)
        if (strcmp(op_row_at(i)->name, preferred) == 0)
            return i;
    size_t start = (size_t)generate_below(g, (int64_t)op_row_count()), i = start;
    if (g->is_old && !counts->only && generate_below(g, 4) == 0) /* what only old graphs have is rare enough */
        for (i = start + 1; i < start + op_row_count() && def_of(op_row_at(i % op_row_count()))->deprecated_at == 0;)
            i++;
    return i % op_row_count();
}

/* Tiles of tiles of large tensors grow without need. */
static bool is_huge(const generated_tensor *t)
{
    int64_t total = 1;
    for (int32_t d = 0; d < t->rank; d++)
        total *= t->dims[d];
    return total > GENERATE_ELEMENTS;
}

void generate_graph(generated_graph *g, uint64_t seed, generate_counts *counts)
{
    stepc_host host;
    stepc_host_init(&host);
    memset(g, 0, sizeof *g);
    text_init(&g->nodes, &host);
    g->random = seed * UINT64_C(0x2545F4914F6CDD1D) + 1;
    g->is_old = generate_below(g, counts->only ? 2 : 6) == 0;
    text_printf(&g->nodes, "versions { producer: %d }\n", producer_of(g));
    g->symbolic = generate_below(g, 6) == 0;
    if (generate_below(g, 12) == 0 && (!counts->large || generate_below(g, 2) == 0)) {
        make_chain(g, counts);
        return;
    }
    g->is_wide = generate_below(g, 8) == 0;
    int64_t wanted = 1 + generate_below(g, generate_below(g, 3) ? 8 : 30);
    if (counts->large || generate_below(g, 16) == 0)
        wanted = generate_choose_shapes(g);
    counts->by_shapes[g->shapes]++;
    counts->by_size[wanted < 3 ? 0 : wanted < 9 ? 1 : 2]++;
    for (int tries = 0; tries < (counts->only ? 20000 : 200) && g->operation_count < wanted && g->tensor_count < GENERATE_TENSORS - 12; tries++) {
        size_t index = choose_operator(g, counts);
        const op_row *row = op_row_at(index);
        if (row->sample == SAMPLE_NONE || !is_wanted(row, counts) || !is_available(g, row))
            continue;
        size_t size = g->nodes.size;
        int32_t tensors = g->tensor_count, nodes = g->node_count;
        if (!make(g, row, counts) || is_huge(&g->tensors[g->tensor_count - 1])) {
            g->nodes.size = size; /* feeds made for nothing go too */
            g->nodes.data[size] = 0;
            g->tensor_count = tensors;
            g->node_count = nodes;
            continue;
        }
        g->operation_count++;
        counts->by_operator[index]++;
        counts->by_dtype[g->tensors[g->tensor_count - 1].dtype]++;
    }
}

void generate_release(generated_graph *g)
{
    text_release(&g->nodes);
}

/* ---- for other files ------------------------------------------------------------------------------- */

void part_begin(generated_graph *g, const char *type) { node(g, type); }

void part_input(generated_graph *g, generated_tensor *t)
{
    input(g, t);
    use(t);
}

void part_type(generated_graph *g, const char *name, stepc_dtype dtype) { type_attr(g, name, dtype); }

void part_bool(generated_graph *g, const char *name, bool value) { bool_attr(g, name, value); }

void part_int(generated_graph *g, const char *name, int64_t value)
{
    text_printf(&g->nodes, " attr { key: '%s' value { i: %lld } }", name, (long long)value);
}

generated_tensor *part_output(generated_graph *g, int32_t number, stepc_dtype dtype, const int64_t *dims, int32_t rank)
{
    generated_tensor *t = new_tensor(g, dtype, dims, rank);
    snprintf(t->name, sizeof t->name, "n%d:%d", g->node_count, (int)number);
    return t;
}

void part_end(generated_graph *g) { finish(g); }

generated_tensor *part_integers(generated_graph *g, const int64_t *values, int64_t count, int32_t rank)
{
    if (rank < 2)
        return integers(g, values, count, rank);
    int64_t dims[2] = {count, 2};
    node(g, "Const");
    type_attr(g, "dtype", STEPC_INT32);
    text_printf(&g->nodes, " attr { key: 'value' value { tensor { dtype: DT_INT32 tensor_shape { dim { size: %lld } dim { size: 2 } }",
                (long long)count);
    for (int64_t i = 0; i < 2 * count; i++)
        text_printf(&g->nodes, " int_val: %lld", (long long)values[i]);
    text_puts(&g->nodes, " } } }");
    generated_tensor *t = new_tensor(g, STEPC_INT32, dims, 2);
    t->is_used = true; /* never a fetch */
    finish(g);
    return t;
}

generated_tensor *part_feed(generated_graph *g, stepc_dtype dtype, const int64_t *dims, int32_t rank)
{
    return feed(g, dtype, dims, rank);
}

generated_tensor *part_pick(generated_graph *g, const op_row *row, stepc_dtype dtype, int32_t rank)
{
    return pick(g, row, dtype, rank);
}

bool part_dtype(generated_graph *g, const op_row *row, const char *attr, stepc_dtype *out)
{
    return choose_dtype(g, row, attr, out);
}

generated_tensor *part_like(generated_graph *g, const generated_tensor *like) { return pick_like(g, like, NULL); }
