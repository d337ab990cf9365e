/* SPDX-License-Identifier: Apache-2.0 */
/* Elements into lanes and back. What a last vector does not fill is never touched. */
#include "compiler/emit/inside_lanes.h"

static bool is_short_float(stepc_dtype storage) { return storage == STEPC_HALF || storage == STEPC_BFLOAT16; }

bool lane_storage_possible(const nest_text *n, stepc_dtype storage, stepc_dtype dtype, int64_t step)
{
    if (loop_value_dtype(storage) != dtype)
        return false;
    if (storage == STEPC_BOOL)
        return step == 1 || n->lane_bits == 32;
    return step == 1 || !(is_short_float(storage) || lane_is_short(n, dtype));
}

/* "v_load", "32_u8": the word for elements of STORAGE, between which "_part" and the like go. */
typedef struct lane_words {
    char kind;
    const char *middle, *suffix;
} lane_words;

static lane_words words_for(const nest_text *n, stepc_dtype storage, stepc_dtype dtype)
{
    lane_words w = {.kind = 'v', .middle = "", .suffix = lane_suffix(n, dtype)};
    if (is_short_float(storage))
        w.suffix = storage == STEPC_HALF ? "f16" : "bf16";
    if (lane_is_short(n, dtype)) {
        w.middle = "32";
        w.suffix = type_suffix(dtype);
    }
    if (lane_is_pair(n, dtype))
        w.kind = 'w';
    return w;
}

/* ---- reads ------------------------------------------------------------------------------------- */

static const char *guarded_read(nest_text *n, const loop_value *value, const char *base, const char *at)
{
    const char *suffix = type_suffix(value->dtype), *count = size_text(n, root_count(n->p, value->buffer));
    const char *stride = stride_text(n, &value->index, value->buffer);
    if (stride[0] == '1' && stride[1] == '\0' && !n->tail)
        return lane_call(n, FORMAT(n, "v_load_edge_%s", suffix), FORMAT(n, "%s, %s, %s", base, at, count));
    return lane_call(n, FORMAT(n, "v_load_guard_%s", suffix), FORMAT(n, "%s, %s, %s, %s", base, at, stride, count));
}

/* Backwards, or every second element: two loads and a shuffle at most. */
static const char *shuffled_read(nest_text *n, const loop_value *value, const lane_words *w, const char *from)
{
    int64_t step;
    bool is_const = vector_step(n, &value->index, &step) && n->p->buffers[value->buffer].kind != BUFFER_LOCAL;
    if (!is_const || (step != -1 && step != 2) || n->tail || n->lane_bits < 32 || w->kind == 'w')
        return NULL;
    return lane_call(n, FORMAT(n, "v_load_%s_%s", step == 2 ? "second" : "reverse", w->suffix), from);
}

const char *lane_read(nest_text *n, int32_t v, int32_t r, int32_t j)
{
    const loop_value *value = &n->nest->values[v];
    stepc_dtype storage = n->p->buffers[value->buffer].dtype;
    const char *base = n->turned[v] ? tile_name(n, v) : param_name(n, value->buffer, false);
    const char *at = n->turned[v] ? tile_index(n, j) : index_text(n, &value->index, value->buffer, r, j);
    lane_words w = words_for(n, storage, value->dtype);
    if (n->guarded[v] && !n->lazy[v])
        return guarded_read(n, value, base, at);
    bool is_packed = n->p->buffers[value->buffer].panel > 0;
    const char *stride = n->turned[v] || is_packed ? "1" : stride_text(n, &value->index, value->buffer);
    const char *from = pointer_text(n, base, at);
    bool part = lane_is_part(n, value->buffer) && !is_packed;
    if (part && n->whole_tail)
        return panel_part_read(n, w.suffix, pointer_text(n, base, index_text(n, &value->index, value->buffer, r, 0)), j);
    bool is_unit = stride[0] == '1' && stride[1] == '\0';
    if (is_unit)
        return lane_call(n, FORMAT(n, "%c_load%s%s_%s", w.kind, w.middle, part ? "_part" : "", w.suffix),
                         FORMAT(n, part ? "%s, rest" : "%s", from));
    if (storage == STEPC_BOOL)
        return lane_call(n, "v_load_bool", FORMAT(n, "%s, %s, %s", from, stride, part ? "rest" : lanes_text(n)));
    const char *shuffled = shuffled_read(n, value, &w, from);
    if (shuffled != NULL)
        return shuffled;
    return lane_call(n, FORMAT(n, "%c_load_stride_%s%s", w.kind, part ? "part_" : "", w.suffix),
                     FORMAT(n, part ? "%s, %s, rest" : "%s, %s", from, stride));
}

/* ---- stores -------------------------------------------------------------------------------------- */

void lane_store(nest_text *n, const loop_write *write, int32_t r, int32_t j, int32_t depth)
{
    stepc_dtype storage = n->p->buffers[write->buffer].dtype, dtype = n->nest->values[write->value].dtype;
    const char *at = index_text(n, &write->index, write->buffer, r, j);
    bool part = lane_is_part(n, write->buffer);
    const char *to = pointer_text(n, param_name(n, write->buffer, true), at), *name;
    const char *value = vector_ref(n, write->value, r, j), *count = part ? "rest" : lanes_text(n);
    lane_words w = words_for(n, storage, dtype);
    int64_t step = 0;
    if (part && n->whole_tail) {
        const char *first = index_text(n, &write->index, write->buffer, r, 0);
        panel_part_store(n, w.suffix, pointer_text(n, param_name(n, write->buffer, true), first), value, j, depth);
        return;
    }
    if (vector_step(n, &write->index, &step) && step == 1) {
        bool is_plain = storage == dtype && w.kind == 'v' && w.middle[0] == '\0' && n->lane_bits >= 32;
        bool streams = vector_streams(n) && !part && is_plain;
        const char *word = streams ? "stream" : "store";
        name = FORMAT(n, "%c_%s%s%s_%s", w.kind, word, w.middle, part ? "_part" : "", w.suffix);
        line(n->out, depth, "%s(%s, %s%s);", name, to, value, part ? ", rest" : "");
    } else {
        name = storage == STEPC_BOOL ? "v_store_bool" : FORMAT(n, "%c_store_stride_%s", w.kind, w.suffix);
        const char *stride = stride_text(n, &write->index, write->buffer);
        line(n->out, depth, "%s(%s, %s, %s, %s);", name, to, stride, value, count);
    }
    use(n->e, name);
}
