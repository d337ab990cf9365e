/* SPDX-License-Identifier: Apache-2.0 */
/* Moves of half and bfloat16: a nest that only carries elements from place to place carries their bits, and neither
 * widens nor rounds them. */
#include "compiler/emit/inside_nest.h"

static bool is_short_float(stepc_dtype storage) { return storage == STEPC_HALF || storage == STEPC_BFLOAT16; }

/* Whether V, a float, is only carried: *STORAGE is the one type of all buffers it goes through. */
static bool is_carried(const nest_text *n, const loop_value *v, stepc_dtype *storage)
{
    stepc_dtype own = v->op == LOOP_READ       ? n->p->buffers[v->buffer].dtype
                      : v->op == LOOP_ROUND_TO ? v->target
                                               : *storage;
    if (v->op != LOOP_READ && v->op != LOOP_CONST && v->op != LOOP_SELECT && v->op != LOOP_ROUND_TO)
        return false;
    if (*storage == STEPC_FLOAT32)
        *storage = own;
    return own == *storage;
}

static bool takes_float(const nest_text *n, const loop_value *v)
{
    for (int i = 0; i < 3; i++)
        if (v->args[i] >= 0 && n->nest->values[v->args[i]].dtype == STEPC_FLOAT32)
            return true;
    return false;
}

void raw_choose(nest_text *n)
{
    const loop_nest *nest = n->nest;
    stepc_dtype storage = STEPC_FLOAT32; /* not known yet */
    for (int32_t w = 0; w < nest->write_count; w++) {
        stepc_dtype own = n->p->buffers[nest->writes[w].buffer].dtype;
        if (nest->values[nest->writes[w].value].dtype != STEPC_FLOAT32)
            continue;
        if (!is_short_float(own) || (storage != STEPC_FLOAT32 && own != storage))
            return;
        storage = own;
    }
    if (storage == STEPC_FLOAT32 || nest->acc_count > 0)
        return;
    for (int32_t v = 0; v < nest->value_count; v++) {
        const loop_value *value = &nest->values[v];
        if (n->uses[v] == 0)
            continue;
        if (value->dtype == STEPC_FLOAT32 ? !is_carried(n, value, &storage) : takes_float(n, value))
            return;
    }
    n->raw_storage = storage;
}

bool value_is_raw(const nest_text *n, int32_t v)
{
    return n->raw_storage != 0 && n->nest->values[v].dtype == STEPC_FLOAT32;
}
