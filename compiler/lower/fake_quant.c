/* SPDX-License-Identifier: Apache-2.0 */
/* FakeQuantWithMinMax*: values rounded to a grid that has 0 among its points; all in float32, step by step. */
#include "compiler/lower/elementwise.h"

typedef struct grid {
    int32_t low, high, scale, inverse; /* values of the nest */
} grid;

static int32_t two(nest_builder *b, loop_op op, int32_t x, int32_t y) { return nest_binary(b, op, x, y); }

static int32_t number(nest_builder *b, double x) { return nest_const_f64(b, STEPC_FLOAT32, x); }

/* X, which is not negative, to the nearest integer, halves up. */
static int32_t round_up(nest_builder *b, int32_t x)
{
    int32_t below = nest_unary(b, LOOP_FLOOR, x), half = two(b, LOOP_LE, number(b, 0.5), two(b, LOOP_SUB, x, below));
    return nest_select(b, half, two(b, LOOP_ADD, below, number(b, 1)), below);
}

static void nudge(lower_context *l, nest_builder *b, int32_t low, int32_t high, grid *g)
{
    int32_t least = number(b, operation_bool(l->op, "narrow_range", false) ? 1 : 0);
    int32_t most = number(b, (double)(((int64_t)1 << operation_int(l->op, "num_bits", 8)) - 1));
    g->scale = two(b, LOOP_DIV, two(b, LOOP_SUB, high, low), two(b, LOOP_SUB, most, least));
    g->inverse = two(b, LOOP_DIV, number(b, 1), g->scale);
    int32_t zero = two(b, LOOP_SUB, least, two(b, LOOP_DIV, low, g->scale));
    int32_t inside = nest_select(b, two(b, LOOP_LT, most, zero), most, round_up(b, zero));
    zero = nest_select(b, two(b, LOOP_LT, zero, least), least, inside);
    g->low = two(b, LOOP_MUL, two(b, LOOP_SUB, least, zero), g->scale);
    g->high = two(b, LOOP_MUL, two(b, LOOP_SUB, most, zero), g->scale);
}

static int32_t quantised(nest_builder *b, const grid *g, int32_t x)
{
    int32_t half = number(b, 0.5);
    int32_t clamped = nest_select(b, two(b, LOOP_LT, x, g->low), g->low, nest_select(b, two(b, LOOP_LT, g->high, x), g->high, x));
    int32_t zero = two(b, LOOP_ADD, two(b, LOOP_MUL, nest_unary(b, LOOP_NEG, g->low), g->inverse), half);
    int32_t steps = two(b, LOOP_MUL, two(b, LOOP_SUB, clamped, g->low), g->inverse);
    steps = two(b, LOOP_ADD, two(b, LOOP_SUB, steps, nest_unary(b, LOOP_FLOOR, zero)), half);
    return two(b, LOOP_MUL, nest_unary(b, LOOP_FLOOR, steps), g->scale);
}

static stepc_code check_attributes(lower_context *l)
{
    int64_t bits = operation_int(l->op, "num_bits", 8);
    if (bits < 2 || bits > 16)
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "num_bits must be between 2 and 16, inclusive");
    if (l->op->input_count == 1 && !(operation_float(l->op, "min", -6.0f) < operation_float(l->op, "max", 6.0f)))
        return error_set(l->error, STEPC_INVALID_ARGUMENT, "min has to be smaller than max");
    return STEPC_OK;
}

/* Ends of the range: attributes, scalars, or one per element of the last dimension. */
static stepc_code lower_fake_quant(lower_context *l)
{
    stepc_code code = check_attributes(l);
    int32_t in = code ? -1 : lower_input(l, 0), ends[2] = {-1, -1}, values[2], out = in;
    for (int32_t i = 0; i < 2 && out >= 0 && l->op->input_count > 1; i++)
        out = ends[i] = lower_input(l, i + 1);
    out = out < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return code ? code : stepc_error_code(l->error);
    int32_t rank = l->program->buffers[out].rank, last = rank - 1;
    for (int32_t i = 0; i < 2; i++) {
        const loop_buffer *end = ends[i] < 0 ? NULL : &l->program->buffers[ends[i]];
        if (end && end->rank > (rank > 0 ? 1 : 0))
            return error_set(l->error, STEPC_INVALID_ARGUMENT, "min and max must have rank 0, or 1 per channel");
        if (end && end->rank == 1 && end->extents[0] != l->program->buffers[out].extents[last])
            return lower_refuse_size(l, last);
    }
    nest_builder b;
    grid g;
    lower_begin(l, &b, 0);
    for (int32_t i = 0; i < 2; i++)
        values[i] = ends[i] >= 0 ? nest_read(&b, ends[i], &last)
                                 : number(&b, (double)operation_float(l->op, i ? "max" : "min", i ? 6.0f : -6.0f));
    int32_t zero = number(&b, 0);
    int32_t is_nothing = two(&b, LOOP_AND, two(&b, LOOP_EQ, values[0], zero), two(&b, LOOP_EQ, values[1], zero));
    nudge(l, &b, values[0], values[1], &g);
    lower_write(&b, out, nest_select(&b, is_nothing, zero, quantised(&b, &g, lower_read_same(&b, in))));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"FakeQuantWithMinMaxArgs", lower_fake_quant, 0},
    {"FakeQuantWithMinMaxVars", lower_fake_quant, 0},
    {"FakeQuantWithMinMaxVarsPerChannel", lower_fake_quant, 0},
};

const lower_family lower_fake_quants = {rows, sizeof rows / sizeof rows[0]};
