/* SPDX-License-Identifier: Apache-2.0 */
/* Special functions of several operands, lane by lane: Zeta, Polygamma, Igamma, Igammac, Betainc. */
#include "compiler/lower/elementwise.h"

#define BINARY(name, op)                                                                                               \
    static int32_t name##_of(lower_context *l, nest_builder *b, int32_t x, int32_t y, stepc_dtype dtype)               \
    {                                                                                                                  \
        return lower_transcendental_2(l, b, op, x, y, dtype);                                                          \
    }                                                                                                                  \
    static stepc_code name(lower_context *l) { return lower_binary(l, name##_of); }

BINARY(igamma, LOOP_IGAMMA)
BINARY(igammac, LOOP_IGAMMAC)
BINARY(polygamma, LOOP_POLYGAMMA)
BINARY(zeta, LOOP_ZETA)

/* Operands have one shape or are scalars. */
static stepc_code betainc(lower_context *l)
{
    int32_t in[3], args[3], out;
    for (int32_t i = 0; i < 3; i++)
        if ((in[i] = lower_input(l, i)) < 0)
            return stepc_error_code(l->error);
    if ((out = lower_output(l, 0)) < 0)
        return stepc_error_code(l->error);
    for (int32_t i = 0; i < 3; i++) {
        stepc_code code = l->program->buffers[in[i]].rank == 0 ? STEPC_OK : lower_require_same(l, in[i], out);
        if (code)
            return code;
    }
    nest_builder b;
    lower_begin(l, &b, 0);
    for (int32_t i = 0; i < 3; i++)
        args[i] = lower_read_broadcast(&b, in[i], l->program->buffers[out].rank);
    lower_write(&b, out, nest_ternary(&b, LOOP_BETAINC, args[0], args[1], args[2]));
    return nest_end(&b, l->error);
}

static const lower_row rows[] = {
    {"Betainc", betainc, 0}, {"Igamma", igamma, 0},   {"Igammac", igammac, 0},
    {"Polygamma", polygamma, 0}, {"Zeta", zeta, 0},
};

const lower_family lower_special = {rows, sizeof rows / sizeof rows[0]};
