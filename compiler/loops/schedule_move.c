/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling of nests that move elements about. */
#include "compiler/loops/schedule.h"

int32_t move_crossing(const scheduler *s, int32_t axis)
{
    for (int32_t v = 0; v < s->nest->value_count && s->nest->acc_count == 0; v++) {
        const loop_value *value = &s->nest->values[v];
        if (value->op != LOOP_READ || coef_is_zero(s, value->index.coefs[axis]) || value->index.coefs[axis] == s->f.one)
            continue;
        for (int32_t k = 0; k < axis; k++) {
            if (value->index.coefs[k] == s->f.one && axis_nominal(s, k) > 1)
                return k;
        }
    }
    return -1;
}

void move_rows(const scheduler *s, int32_t crossing, int32_t rows, nest_schedule *out)
{
    out->jam = 1;
    out->row_axis = crossing;
    out->row_tile = axis_nominal(s, crossing) < rows ? (int32_t)axis_nominal(s, crossing) : rows;
}
