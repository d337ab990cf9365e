/* SPDX-License-Identifier: Apache-2.0 */
/* Names and types of the loop IR's operations. */
#include "compiler/loops/loops.h"

#include <string.h>

typedef struct op_entry {
    const char *name;
    int32_t arity;
} op_entry;

#define OP_ENTRY(name, text, arity) {text, arity},
static const op_entry op_entries[LOOP_OP_COUNT] = {LOOP_OP_LIST(OP_ENTRY)};
#undef OP_ENTRY

const char *loop_op_name(loop_op op)
{
    return (unsigned)op < (unsigned)LOOP_OP_COUNT ? op_entries[op].name : "?";
}

int32_t loop_op_arity(loop_op op)
{
    return (unsigned)op < (unsigned)LOOP_OP_COUNT ? op_entries[op].arity : 0;
}

loop_op loop_op_find(stepc_string name)
{
    for (int i = 0; i < LOOP_OP_COUNT; i++) {
        if (strlen(op_entries[i].name) == name.size && memcmp(op_entries[i].name, name.data, name.size) == 0)
            return (loop_op)i;
    }
    return LOOP_OP_COUNT;
}

int32_t loop_call_buffers(const loop_call *call) { return call->kind == CALL_PHILOX_ADVANCE ? 1 : 2; }

stepc_dtype loop_value_dtype(stepc_dtype storage)
{
    switch ((int)storage) {
    case STEPC_FLOAT32:
    case STEPC_HALF:
    case STEPC_BFLOAT16:
        return STEPC_FLOAT32;
    case STEPC_QINT8:
        return STEPC_INT8;
    case STEPC_QUINT8:
        return STEPC_UINT8;
    case STEPC_QINT16:
        return STEPC_INT16;
    case STEPC_QUINT16:
        return STEPC_UINT16;
    case STEPC_QINT32:
        return STEPC_INT32;
    default:
        return loop_value_bits(storage) != 0 ? storage : STEPC_DTYPE_INVALID;
    }
}

int32_t loop_value_bits(stepc_dtype dtype)
{
    switch ((int)dtype) {
    case STEPC_INT8:
    case STEPC_UINT8:
    case STEPC_BOOL:
        return 8;
    case STEPC_INT16:
    case STEPC_UINT16:
        return 16;
    case STEPC_FLOAT32:
    case STEPC_INT32:
    case STEPC_UINT32:
        return 32;
    case STEPC_FLOAT64:
    case STEPC_INT64:
    case STEPC_UINT64:
        return 64;
    default:
        return 0;
    }
}
