/* SPDX-License-Identifier: Apache-2.0 */
/* NAME_init: the initial state, and whether the weights are this module's. */
#include "compiler/emit/inside.h"

#include "runtime/core/dtype.h"

static void write_initial_table(const loop_slot *slot, int32_t number, text *out)
{
    const stepc_tensor *t = slot->initial;
    stepc_dtype dtype = slot->dtype;
    int64_t count = stepc_tensor_length(t) * (dtype_is_complex(dtype) ? 2 : 1);
    stepc_dtype kept = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : dtype == STEPC_COMPLEX128 ? STEPC_FLOAT64 : dtype;
    size_t bytes = stepc_dtype_bytes(kept);
    /* As words: initial values are moved, and may be any bits. */
    stepc_dtype words = bytes == 8 ? STEPC_UINT64 : bytes == 4 ? STEPC_UINT32 : bytes == 2 ? STEPC_UINT16 : STEPC_UINT8;
    text_printf(out, "static const %s initial%d[%lld] = {", storage_type(words), (int)number, (long long)count);
    for (int64_t i = 0; i < count; i++) {
        text_puts(out, i % 12 == 0 ? "\n    " : " ");
        put_element(out, words, stepc_tensor_data(t), i);
        text_puts(out, ",");
    }
    text_puts(out, "\n};\n");
}

static bool has_initial(const emitter *e, int32_t v)
{
    const loop_program *p = e->callables[0].program;
    return v < p->state_count && e->module->variables[v].is_used && p->state[v].initial != NULL &&
           stepc_tensor_length(p->state[v].initial) > 0;
}

bool init_write(emitter *e, text *out)
{
    for (int32_t v = 0; v < e->module->variable_count; v++)
        if (has_initial(e, v))
            write_initial_table(&e->callables[0].program->state[v], v, out);
    line(out, 0, "int32_t %s_init(const stepc_env *env)", e->name);
    line(out, 0, "{");
    line(out, 1, "if (env == NULL || env->size < sizeof(stepc_env))");
    line(out, 2, "return 3;");
    if (e->weights == STEPC_WEIGHTS_FILE) {
        line(out, 1, "if (!%s_weights_fit(env->weights) || !%s_weights_whole((const unsigned char *)env->weights))",
             e->name, e->name);
        line(out, 2, "return %s_refuse(env, \"the weights are not there, not aligned to 64 or not this module's\");",
             e->name);
    }
    if (e->module->state_bytes > 0) {
        line(out, 1, "if (env->state == NULL || ((uintptr_t)env->state & 63) != 0)");
        line(out, 2, "return %s_refuse(env, \"the state is not there or not aligned to 64\");", e->name);
        line(out, 1, "memset(env->state, 0, %s_STATE_BYTES);", e->macro);
        for (int32_t v = 0; v < e->module->variable_count; v++)
            if (has_initial(e, v))
                line(out, 1, "memcpy((unsigned char *)env->state + %lld, initial%d, sizeof initial%d);",
                     (long long)e->module->variables[v].offset, (int)v, (int)v);
    }
    line(out, 1, "return 0;");
    line(out, 0, "}\n");
    return !out->failed || !emit_failed(e, "writing the initial state");
}
