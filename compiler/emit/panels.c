/* SPDX-License-Identifier: Apache-2.0 */
/* Products whose weight lies in panels. A panel is whole to its end, so what is left of the columns is computed with all
 * vectors side by side, whatever their lanes are: other operands are read, and results stored, as far as there are
 * columns. */
#include "compiler/emit/inside_nest.h"

enum { LINE_BYTES = 64 /* no vector is longer */ };

bool panel_is_whole(const nest_text *n, const loop_buffer *b)
{
    return b->panel % (n->jam * LINE_BYTES / (int32_t)stepc_dtype_bytes(b->dtype)) == 0;
}

static bool is_plain(const nest_text *n, int32_t buffer, const loop_index *index, stepc_dtype dtype)
{
    int64_t step;
    return n->p->buffers[buffer].dtype == dtype && loop_value_bits(dtype) == n->lane_bits && index->indirect < 0 &&
           vector_step(n, index, &step) && step == 1;
}

void panel_choose(nest_text *n)
{
    bool has_panels = false;
    if (n->vector < 0 || n->vector_reduces || n->lane_bits < 32 || n->is_mixed || n->has_tiles)
        return;
    for (int32_t v = 0; v < n->nest->value_count; v++) {
        const loop_value *value = &n->nest->values[v];
        if (n->uses[v] == 0 || value->op != LOOP_READ)
            continue;
        const loop_buffer *b = &n->p->buffers[value->buffer];
        if (b->panel > 0 && !panel_is_whole(n, b))
            return;
        has_panels = has_panels || b->panel > 0;
        if (b->panel == 0 && value_is_vector(n, v) &&
            (n->guarded[v] || n->lazy[v] || !is_plain(n, value->buffer, &value->index, value->dtype)))
            return;
    }
    for (int32_t w = 0; w < n->nest->write_count; w++) {
        const loop_write *write = &n->nest->writes[w];
        if (write->predicate >= 0 || write_streams(n->nest, write) ||
            !is_plain(n, write->buffer, &write->index, n->nest->values[write->value].dtype))
            return;
    }
    n->whole_tail = has_panels;
}

static const char *skipped(nest_text *n, int32_t j)
{
    return j == 0 ? "0" : j == 1 ? lanes_text(n) : FORMAT(n, "%s * %d", lanes_text(n), (int)j);
}

const char *panel_part_read(nest_text *n, const char *suffix, const char *from, int32_t j)
{
    use(n->e, FORMAT(n, "v_load_upto_%s", suffix));
    return FORMAT(n, "v_load_upto_%s(%s, %s, rest)", suffix, from, skipped(n, j));
}

void panel_part_store(nest_text *n, const char *suffix, const char *to, const char *value, int32_t j, int32_t depth)
{
    use(n->e, FORMAT(n, "v_store_upto_%s", suffix));
    line(n->out, depth, "v_store_upto_%s(%s, %s, %s, rest);", suffix, to, skipped(n, j), value);
}
