/* SPDX-License-Identifier: Apache-2.0 */
/* How much of an enclosure is due to the order of additions: carried along, to first order, beside the ends. The rule that
 * is stricter than the enclosure (rule.c) allows a schedule what its own chains of additions may lose, not more. */
#include "bounds.h"

#include <math.h>

#define UNKNOWN ((real)INFINITY)

static real or_unknown(real x) { return x >= 0 ? x : UNKNOWN; }

static real size_of_bound(const bound *a) { return fabsl(a->lo) > fabsl(a->hi) ? fabsl(a->lo) : fabsl(a->hi); }

/* The least magnitude: 0 where zero is inside. */
static real distance(const bound *a) { return a->lo > 0 ? a->lo : a->hi < 0 ? -a->hi : 0; }

bound spread_as(bound out, bound from)
{
    out.spread = from.spread;
    out.most_spread = from.most_spread;
    return out;
}

void spread_meet(bound *out, bound a, bound b)
{
    bool some = a.most_spread > 0 || b.most_spread > 0;
    out->spread = out->most_spread = some ? UNKNOWN : 0;
}

static bool is_float(stepc_dtype dtype) { return dtype == STEPC_FLOAT32 || dtype == STEPC_FLOAT64; }

static real of_unary(const loop_value *value, const bound *a, real s)
{
    switch ((int)value->op) {
    case LOOP_NEG:
    case LOOP_ABS:
        return s;
    case LOOP_CAST:
    case LOOP_ROUND_TO:
        return is_float(value->dtype) ? s : UNKNOWN;
    case LOOP_SQRT:
        return a->lo > 0 ? s / (2 * sqrtl(a->lo)) : UNKNOWN;
    case LOOP_LOG:
        return a->lo > 0 ? s / a->lo : UNKNOWN;
    case LOOP_EXP:
        return s * expl(a->hi);
    default:
        return UNKNOWN;
    }
}

static real of_binary(const loop_value *value, const bound *a, const bound *b, real s, real t)
{
    real least;
    switch ((int)value->op) {
    case LOOP_ADD:
    case LOOP_SUB:
        return s + t;
    case LOOP_MUL:
        return s * size_of_bound(b) + t * size_of_bound(a);
    case LOOP_DIV:
        least = distance(b);
        return least > 0 ? s / least + t * size_of_bound(a) / (least * least) : UNKNOWN;
    case LOOP_MAX:
    case LOOP_MIN:
        return s > t ? s : t;
    default:
        return UNKNOWN;
    }
}

static real of_value(const loop_value *value, const bound *const args[3], const real spreads[3])
{
    if (spreads[0] == 0 && spreads[1] == 0 && spreads[2] == 0)
        return 0;
    if (value->op == LOOP_SELECT)
        return spreads[0] > 0 ? UNKNOWN
               : args[0]->lo > 0 ? spreads[1] : args[0]->hi < 1 ? spreads[2] : fmaxl(spreads[1], spreads[2]);
    if (value->op == LOOP_BETAINC)
        return UNKNOWN;
    if (args[1] == NULL)
        return or_unknown(of_unary(value, args[0], spreads[0]));
    return or_unknown(of_binary(value, args[0], args[1], spreads[0], spreads[1]));
}

void spread_value(const loop_value *value, const bound *const args[3], bound *out)
{
    real spreads[3] = {0, 0, 0}, most[3] = {0, 0, 0};
    for (int k = 0; k < 3; k++) {
        spreads[k] = args[k] != NULL ? args[k]->spread : 0;
        most[k] = args[k] != NULL ? args[k]->most_spread : 0;
    }
    out->spread = of_value(value, args, spreads);
    out->most_spread = of_value(value, args, most);
}

/* ---- accumulators ------------------------------------------------------------------------------------- */

void spread_acc_begin(bound_acc *a) { a->spread = a->most_spread = 0; }

void spread_acc_add(bound_acc *a, bound x)
{
    bool is_sum = a->kind == ACC_SUM && is_float(a->dtype), is_most = a->kind == ACC_MAX || a->kind == ACC_MIN;
    if (x.most_spread == 0)
        return;
    a->spread = is_sum ? a->spread + x.spread : is_most ? fmaxl(a->spread, x.spread) : UNKNOWN;
    a->most_spread = is_sum ? a->most_spread + x.most_spread : is_most ? fmaxl(a->most_spread, x.most_spread) : UNKNOWN;
}

void spread_acc_end(const bound_acc *a, int64_t chain, bound *out)
{
    bool is_added = (a->kind == ACC_SUM || a->kind == ACC_PROD) && is_float(a->dtype);
    real epsilon = a->dtype == STEPC_FLOAT64 ? 0x1p-52L : 0x1p-23L;
    real magnitude = a->kind == ACC_SUM ? a->magnitude : size_of_bound(&a->total);
    int64_t steps = chain > 0 && chain < a->count ? chain : a->count;
    out->spread = or_unknown(a->spread + (is_added ? (real)steps * (epsilon / 2) * magnitude : 0));
    out->most_spread = or_unknown(a->most_spread + (is_added ? (real)a->count * epsilon * magnitude : 0));
}
