/* SPDX-License-Identifier: Apache-2.0 */
/* Refuses a step that needs operators without an implementation, naming all of them. */
#include "compiler/passes/step.h"

#include "runtime/graph/import.h"

#include <string.h>

#define NAMED_IN_MESSAGE 8

stepc_code pass_supported(step *s, stepc_error *error)
{
    char names[NAMED_IN_MESSAGE * 64];
    size_t used = 0, count = 0;
    const stepc_operation *first = NULL;
    name_set seen = {0};
    names[0] = 0;
    for (size_t i = 0; i < s->operations.count; i++) {
        const stepc_operation *op = s->operations.items[i];
        size_t before = seen.count;
        if (op_row_find(op->type))
            continue;
        if (name_set_add(s->memory, &seen, op->type) < 0)
            return error_out_of_memory(error, "looking for operators");
        if (seen.count == before)
            continue;
        host_report(s->host, "missing-operator", op->type.data, op->name.data);
        first = first ? first : op;
        if (count++ < NAMED_IN_MESSAGE && op->type.size < 60 && used + op->type.size + 3 < sizeof names) {
            memcpy(names + used, used ? ", " : "", used ? 2 : 0);
            used += used ? 2 : 0;
            memcpy(names + used, op->type.data, op->type.size);
            used += op->type.size;
            names[used] = 0;
        }
    }
    if (!count)
        return STEPC_OK;
    error_set(error, STEPC_UNIMPLEMENTED, "the step needs %zu operator%s that %s not implemented: %s%s", count,
              count == 1 ? "" : "s", count == 1 ? "is" : "are", names, count > NAMED_IN_MESSAGE ? ", ..." : "");
    error_at_node(error, first->name.data, first->type.data, NULL);
    error_mend(error, "feed their outputs, or fetch a part of the graph that does not need them");
    return STEPC_UNIMPLEMENTED;
}
