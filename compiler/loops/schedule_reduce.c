/* SPDX-License-Identifier: Apache-2.0 */
/* Scheduling of reductions along lanes. */
#include "compiler/loops/schedule.h"

int32_t reduce_lanes(scheduler *s)
{
    int32_t axis = s->nest->axis_count - 1;
    if (s->f.p->exact || s->nest->acc_count == 0 || axis < s->space)
        return -1;
    for (int32_t i = 0; i < s->nest->acc_count; i++) {
        const loop_acc *acc = &s->nest->accs[i];
        if (acc->kind == ACC_ANY || acc->kind == ACC_ALL ||
            ((acc->kind == ACC_SUM || acc->kind == ACC_PROD) && !acc->reassociate))
            return -1;
    }
    return lanes_fit_writes(s, axis) && lanes_fit(s, axis) ? axis : -1;
}

void reduce_partials(const scheduler *s, nest_schedule *out)
{
    int64_t vectors = axis_nominal(s, out->vector_axis) / s->lanes;
    out->partial_sums = vectors >= 4 && s->nest->acc_count <= 2 ? 4 : vectors >= 2 ? 2 : 1;
}
