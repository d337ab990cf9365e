/* SPDX-License-Identifier: Apache-2.0 */
/* Helpers for shape functions. */
#include "runtime/core/checked.h"
#include "runtime/ops/row.h"

#include <stdio.h>
#include <string.h>

/* Longer vectors are data, not shapes. */
#define ELEMENTS_MAX 1024

const char *infer_shape_text(const infer_context *c, const infer_value *value, char *buffer, size_t size)
{
    size_t used;
    int32_t i;

    if (value->rank < 0) {
        snprintf(buffer, size, "<unknown>");
        return buffer;
    }
    used = (size_t)snprintf(buffer, size, "[");
    for (i = 0; i < value->rank && used + 24 < size; i++) {
        int64_t dim;

        if (size_is_const(c->sizes, value->dims[i], &dim))
            used += (size_t)snprintf(buffer + used, size - used, "%s%lld", i > 0 ? "," : "", (long long)dim);
        else
            used += (size_t)snprintf(buffer + used, size - used, "%s?", i > 0 ? "," : "");
    }
    snprintf(buffer + used, size - used, i < value->rank ? ",..]" : "]");
    return buffer;
}

stepc_code infer_set_rank(infer_context *c, int32_t output, int32_t rank)
{
    infer_value *value = &c->outputs[output];
    int32_t i;

    if (rank > c->host->limits.rank)
        return error_limit(c->error, "rank", c->host->limits.rank, rank);
    value->dims = ARENA_ARRAY(c->memory, size_ref, (size_t)rank);
    if (!value->dims)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < rank; i++)
        value->dims[i] = SIZE_UNKNOWN;
    value->rank = rank;
    return STEPC_OK;
}

static bool passes_value(const stepc_operation *op)
{
    static const char *const types[] = {"Identity", "StopGradient", "PreventGradient", "Snapshot", "GuaranteeConst"};
    size_t i;

    for (i = 0; i < sizeof types / sizeof types[0]; i++)
        if (strcmp(op->type.data, types[i]) == 0)
            return true;
    return false;
}

stepc_code infer_same(infer_context *c)
{
    const infer_value *in = c->inputs[0];
    infer_value *out = &c->outputs[0];
    stepc_code code;

    if (in->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, in->rank);
    if (code != STEPC_OK)
        return code;
    memcpy(out->dims, in->dims, (size_t)in->rank * sizeof *in->dims);
    if (!passes_value(c->op))
        return infer_arithmetic(c);
    out->constant = in->constant;
    out->elements = in->elements;
    out->element_count = in->element_count;
    return STEPC_OK;
}

stepc_code infer_unknown(infer_context *c)
{
    (void)c;
    return STEPC_OK;
}

stepc_code infer_scalar(infer_context *c) { return infer_set_rank(c, 0, 0); }

bool infer_merge(infer_context *c, size_ref a, size_ref b, size_ref *out)
{
    const size_node *x = size_get(c->sizes, a), *y = size_get(c->sizes, b);

    if (x && y && (x->max < y->min || y->max < x->min))
        return false;
    if (!x || (y && y->kind == SIZE_CONST))
        *out = b;
    else
        *out = a;
    return true;
}

/* ---- broadcasting ------------------------------------------------------------------------ */

static int64_t least(const infer_context *c, size_ref s)
{
    const size_node *node = size_get(c->sizes, s);

    return node ? node->min : 0;
}

bool infer_broadcast_dim(infer_context *c, size_ref a, size_ref b, size_ref *out)
{
    int64_t x = -1, y = -1;

    size_is_const(c->sizes, a, &x);
    size_is_const(c->sizes, b, &y);
    if (x == 1 || (a == b && a != SIZE_UNKNOWN))
        *out = b;
    else if (y == 1)
        *out = a;
    else if (least(c, a) >= 2 && least(c, b) >= 2)
        return infer_merge(c, a, b, out);
    else if (x >= 0 || least(c, a) >= 2) /* the other is 1 or the same */
        *out = a;
    else if (y >= 0 || least(c, b) >= 2)
        *out = b;
    else if (least(c, a) >= 1 && least(c, b) >= 1)
        *out = size_max(c->sizes, a, b);
    else
        *out = SIZE_UNKNOWN;
    return x < 0 || y < 0 || x == y || x == 1 || y == 1;
}

static stepc_code broadcast_refused(infer_context *c)
{
    char x[256], y[256];

    if (!operation_bool(c->op, "incompatible_shape_error", true)) {
        c->outputs[0].rank = -1;
        return STEPC_OK;
    }
    return error_set(c->error, STEPC_INVALID_ARGUMENT, "Incompatible shapes: %s vs. %s",
                     infer_shape_text(c, c->inputs[0], x, sizeof x), infer_shape_text(c, c->inputs[1], y, sizeof y));
}

stepc_code infer_broadcast(infer_context *c)
{
    const infer_value *a = c->inputs[0], *b = c->inputs[1];
    infer_value *out = &c->outputs[0];
    stepc_code code;
    int32_t i;

    if (a->rank < 0 || b->rank < 0)
        return STEPC_OK;
    code = infer_set_rank(c, 0, a->rank > b->rank ? a->rank : b->rank);
    if (code != STEPC_OK)
        return code;
    for (i = 1; i <= out->rank; i++) { /* from the right */
        size_ref *dim = &out->dims[out->rank - i];

        if (i > a->rank)
            *dim = b->dims[b->rank - i];
        else if (i > b->rank)
            *dim = a->dims[a->rank - i];
        else if (!infer_broadcast_dim(c, a->dims[a->rank - i], b->dims[b->rank - i], dim))
            return broadcast_refused(c);
    }
    /* Shapes that need not fit say nothing about a result that may be a scalar. */
    if (!operation_bool(c->op, "incompatible_shape_error", true))
        for (i = 0; i < out->rank; i++)
            if (!size_is_const(c->sizes, out->dims[i], NULL)) {
                out->rank = -1;
                return STEPC_OK;
            }
    return infer_arithmetic(c);
}

/* ---- values of small integer tensors ------------------------------------------------------- */

static bool is_index_type(stepc_dtype dtype) { return dtype == STEPC_INT32 || dtype == STEPC_INT64; }

bool infer_elements(infer_context *c, int32_t input, size_ref **out, int64_t *count)
{
    const infer_value *value = c->inputs[input];
    const stepc_tensor *t = value->constant;
    int64_t i, length = 1;

    if (!is_index_type(value->dtype))
        return false;
    if (!t && value->elements) {
        *out = value->elements;
        *count = value->element_count;
        return true;
    }
    if (t) {
        if (stepc_tensor_rank(t) > 1)
            return false;
        length = stepc_tensor_length(t);
    } else if (value->rank < 0 || value->rank > 1 ||
               (value->rank == 1 && !size_is_const(c->sizes, value->dims[0], &length))) {
        return false;
    }
    if (length > ELEMENTS_MAX)
        return false;
    *out = ARENA_ARRAY(c->memory, size_ref, (size_t)length);
    if (!*out)
        return false;
    for (i = 0; i < length; i++)
        (*out)[i] = t ? size_const(c->sizes, load_i64(value->dtype, stepc_tensor_data(t), i)) : SIZE_UNKNOWN;
    *count = length;
    return true;
}

stepc_code infer_set_elements(infer_context *c, int32_t output, int32_t rank, size_ref *elements, int64_t count)
{
    stepc_code code = infer_set_rank(c, output, rank);

    if (code != STEPC_OK)
        return code;
    if (rank == 1)
        c->outputs[output].dims[0] = size_const(c->sizes, count);
    c->outputs[output].elements = elements;
    c->outputs[output].element_count = count;
    return STEPC_OK;
}

typedef enum size_operator {
    OPERATOR_NONE,
    OPERATOR_COPY,
    OPERATOR_NEGATE,
    OPERATOR_SQUARE,
    OPERATOR_ADD,
    OPERATOR_SUB,
    OPERATOR_MUL,
    OPERATOR_FLOOR_DIV,
    OPERATOR_TRUNCATE_DIV,
    OPERATOR_FLOOR_MOD,
    OPERATOR_MAX,
    OPERATOR_MIN
} size_operator;

static size_operator operator_of(const stepc_operation *op)
{
    static const struct {
        const char *type;
        size_operator operator;
    } operators[] = {
        {"Cast", OPERATOR_COPY},
        {"Neg", OPERATOR_NEGATE},
        {"Square", OPERATOR_SQUARE},
        {"Add", OPERATOR_ADD},
        {"AddV2", OPERATOR_ADD},
        {"Sub", OPERATOR_SUB},
        {"Mul", OPERATOR_MUL},
        {"FloorDiv", OPERATOR_FLOOR_DIV},
        {"Div", OPERATOR_TRUNCATE_DIV},
        {"TruncateDiv", OPERATOR_TRUNCATE_DIV},
        {"FloorMod", OPERATOR_FLOOR_MOD},
        {"Maximum", OPERATOR_MAX},
        {"Minimum", OPERATOR_MIN},
    };
    size_t i;

    for (i = 0; i < sizeof operators / sizeof operators[0]; i++)
        if (strcmp(op->type.data, operators[i].type) == 0)
            return operators[i].operator;
    return OPERATOR_NONE;
}

static size_ref compute(infer_context *c, size_operator operator, size_ref a, size_ref b)
{
    size_pool *pool = c->sizes;
    bool known = size_get(pool, a) && size_get(pool, b);
    /* Size expressions divide by what is positive; a divisor of 0 fails the step. */
    bool divides = known && least(c, b) >= 0;

    switch (operator) {
    case OPERATOR_COPY:
        return a;
    case OPERATOR_NEGATE:
        return size_product(pool, a, size_const(pool, -1));
    case OPERATOR_SQUARE:
        return size_product(pool, a, a);
    case OPERATOR_ADD:
        return size_sum(pool, a, b);
    case OPERATOR_SUB:
        return size_sub(pool, a, b);
    case OPERATOR_MUL:
        return size_product(pool, a, b);
    case OPERATOR_FLOOR_DIV:
        return divides || size_is_const(pool, b, NULL) ? size_floor_div(pool, a, b) : SIZE_UNKNOWN;
    case OPERATOR_TRUNCATE_DIV:
        return divides && least(c, a) >= 0 ? size_floor_div(pool, a, b) : SIZE_UNKNOWN;
    case OPERATOR_FLOOR_MOD:
        return divides ? size_sub(pool, a, size_product(pool, size_floor_div(pool, a, b), b)) : SIZE_UNKNOWN;
    case OPERATOR_MAX:
        return size_max(pool, a, b);
    case OPERATOR_MIN:
        return size_min(pool, a, b);
    case OPERATOR_NONE:
        break;
    }
    return SIZE_UNKNOWN;
}

stepc_code infer_arithmetic(infer_context *c)
{
    infer_value *out = &c->outputs[0];
    size_operator operator= operator_of(c->op);
    size_ref *a, *b = NULL;
    int64_t na, nb = 1, count, i;

    if (operator== OPERATOR_NONE || out->rank<0 || out->rank> 1 || !is_index_type(out->dtype))
        return STEPC_OK;
    if (!infer_elements(c, 0, &a, &na) || (c->input_count > 1 && !infer_elements(c, 1, &b, &nb)))
        return STEPC_OK;
    count = na == 1 ? nb : na;
    if (na != count && na != 1)
        return STEPC_OK;
    if (nb != count && nb != 1)
        return STEPC_OK;
    out->elements = ARENA_ARRAY(c->memory, size_ref, (size_t)count);
    if (!out->elements)
        return error_out_of_memory(c->error, "inferring shapes");
    for (i = 0; i < count; i++)
        out->elements[i] = compute(c, operator, a[na == 1 ? 0 : i], b ? b[nb == 1 ? 0 : i] : SIZE_UNKNOWN);
    out->element_count = count;
    return STEPC_OK;
}
