/* SPDX-License-Identifier: Apache-2.0 */
/* Programs as text: one line per buffer, axis, value and effect (docs/loop-ir.md). */
#include "compiler/loops/names.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"

#include <string.h>

static void put_quoted(text *out, const char *z)
{
    text_puts(out, "\"");
    for (; z != NULL && *z != '\0'; z++) {
        unsigned char c = (unsigned char)*z;
        if (c < 0x20 || c > 0x7E || c == '"' || c == '\\')
            text_printf(out, "\\x%02x", c);
        else
            text_add(out, z, 1);
    }
    text_puts(out, "\"");
}

static void put_sizes(const loop_program *p, const size_ref *sizes, int32_t count, text *out)
{
    text_puts(out, "[");
    for (int32_t k = 0; k < count; k++) {
        text_puts(out, k > 0 ? "," : "");
        size_print(p->sizes, sizes[k], out);
    }
    text_puts(out, "]");
}

static void put_operation(text *out, const char *word, const stepc_operation *operation)
{
    if (operation == NULL)
        return;
    text_printf(out, " %s ", word);
    put_quoted(out, operation->name.data);
    text_puts(out, " ");
    put_quoted(out, operation->type.data);
}

/* ---- the program's head ------------------------------------------------------------------------- */

static bool is_row_major(const loop_program *p, const loop_buffer *b)
{
    int64_t zero;
    size_ref stride = size_const(p->sizes, 1);
    for (int32_t k = b->rank - 1; k >= 0; k--) {
        if (b->strides[k] != stride)
            return false;
        if (k > 0)
            stride = size_product(p->sizes, stride, b->extents[k]);
    }
    return size_is_const(p->sizes, b->offset, &zero) && zero == 0;
}

/* Elements as hexadecimal numbers of full width, so that the text knows no byte order. */
static void put_weight(const loop_program *p, const loop_buffer *b, int32_t number, text *out)
{
    int64_t count = 1, extent;
    bool is_small = b->data != NULL;
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype);
    for (int32_t k = 0; k < b->rank; k++)
        is_small = is_small && size_is_const(p->sizes, b->extents[k], &extent) && extent >= 0 &&
                   checked_mul_i64(count, extent, &count) && count <= TEXT_WEIGHT_BYTES;
    if (!is_small || count * bytes > TEXT_WEIGHT_BYTES) {
        text_printf(out, " data=#%d", (int)number);
        return;
    }
    text_puts(out, " data=");
    for (int64_t i = 0; i < count; i++) {
        const unsigned char *at = (const unsigned char *)b->data + i * bytes;
        uint64_t word = 0;
        uint32_t w4;
        uint16_t w2;
        if (bytes == 8) {
            memcpy(&word, at, 8);
        } else if (bytes == 4) {
            memcpy(&w4, at, 4);
            word = w4;
        } else if (bytes == 2) {
            memcpy(&w2, at, 2);
            word = w2;
        } else {
            word = *at;
        }
        text_printf(out, "%0*llx", (int)bytes * 2, (unsigned long long)word);
    }
}

static void put_buffer(const loop_program *p, int32_t number, text *out)
{
    const loop_buffer *b = &p->buffers[number];
    if (b->root != number) {
        text_printf(out, "buffer b%d view b%d ", (int)number, (int)b->root);
        put_sizes(p, b->extents, b->rank, out);
        text_puts(out, " strides=");
        put_sizes(p, b->strides, b->rank, out);
        text_puts(out, " offset=");
        size_print(p->sizes, b->offset, out);
    } else {
        text_printf(out, "buffer b%d %s %s ", (int)number,
                    (unsigned)b->kind < BUFFER_KIND_COUNT ? buffer_kind_names[b->kind] : "?",
                    loop_dtype_name(b->dtype));
        put_sizes(p, b->extents, b->rank, out);
        if (!is_row_major(p, b)) {
            text_puts(out, " strides=");
            put_sizes(p, b->strides, b->rank, out);
            text_puts(out, " offset=");
            size_print(p->sizes, b->offset, out);
        }
        if (b->slot >= 0)
            text_printf(out, " slot=%d", (int)b->slot);
        if (b->kind == BUFFER_LOCAL)
            text_printf(out, " group=%d", (int)b->group);
        if (b->kind == BUFFER_WEIGHT)
            put_weight(p, b, number, out);
        if (b->panel > 0)
            text_printf(out, " panel=%d:%d", (int)b->panel_dim, (int)b->panel);
    }
    text_printf(out, " hint=%s", b->hint);
    if (b->tensor != NULL) {
        text_puts(out, " tensor=");
        put_quoted(out, b->tensor);
    }
    text_puts(out, "\n");
}

static void put_slots(const loop_program *p, const char *word, const loop_slot *slots, int32_t count, text *out)
{
    for (int32_t i = 0; i < count; i++) {
        const loop_slot *s = &slots[i];
        text_printf(out, "%s %d %s ", word, (int)i, loop_dtype_name(s->dtype));
        put_sizes(p, s->dims, s->rank, out);
        text_printf(out, " b%d ", (int)s->buffer);
        put_quoted(out, s->cname);
        text_puts(out, " ");
        put_quoted(out, s->tensor);
        put_operation(out, "at", s->at.op);
        if (s->at.op != NULL)
            text_printf(out, " %d", (int)s->at.index);
        text_puts(out, "\n");
    }
}

static void put_head(const loop_program *p, text *out)
{
    text_puts(out, "loops 1\nprogram ");
    put_quoted(out, p->name);
    text_puts(out, p->exact ? " exact" : "");
    text_printf(out, " operations=%lld\n", (long long)p->operation_count);
    for (size_t i = 0; i < size_symbol_count(p->sizes); i++) {
        const size_node *symbol = size_get(p->sizes, size_symbol_at(p->sizes, i));
        text_printf(out, "symbol %s %lld %lld\n", symbol->name, (long long)symbol->min, (long long)symbol->max);
    }
    for (int32_t i = 0; i < p->target_count; i++) {
        text_puts(out, "target ");
        put_quoted(out, p->targets[i]);
        text_puts(out, "\n");
    }
    for (int32_t i = 0; i < p->buffer_count; i++)
        put_buffer(p, i, out);
    put_slots(p, "feed", p->feeds, p->feed_count, out);
    put_slots(p, "fetch", p->fetches, p->fetch_count, out);
    put_slots(p, "state", p->state, p->state_count, out);
}

/* ---- indices --------------------------------------------------------------------------------------- */

/* One term: "4*i0", "-4*i0", "(n*4)*i0", "i0"; NAME 0 for the base. Nothing for 0. */
static bool put_term(const loop_program *p, size_ref coef, char name, int32_t number, bool is_first, text *out)
{
    int64_t value;
    const char *plus = is_first ? "" : " + ";
    if (!size_is_const(p->sizes, coef, &value)) {
        text_printf(out, "%s(", plus);
        size_print(p->sizes, coef, out);
        text_puts(out, name != 0 ? ")*" : ")");
    } else if (value == 0) {
        return false;
    } else {
        uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
        text_puts(out, value > 0 ? plus : is_first ? "-" : " - ");
        if (name == 0 || size != 1)
            text_printf(out, name != 0 ? "%llu*" : "%llu", (unsigned long long)size);
    }
    if (name != 0)
        text_printf(out, "%c%d", name, (int)number);
    return true;
}

static void put_index(const loop_program *p, const loop_nest *nest, const loop_index *index, int32_t buffer, text *out)
{
    bool any = false;
    text_printf(out, "b%d[", (int)buffer);
    for (int32_t k = 0; k < nest->axis_count; k++)
        any = put_term(p, index->coefs[k], 'i', k, !any, out) || any;
    if (index->indirect >= 0) {
        int64_t zero;
        if (size_is_const(p->sizes, index->indirect_scale, &zero) && zero == 0) {
            text_printf(out, "%s0*v%d", any ? " + " : "", (int)index->indirect);
            any = true;
        } else {
            any = put_term(p, index->indirect_scale, 'v', index->indirect, !any, out) || any;
        }
        text_puts(out, ":");
        size_print(p->sizes, index->indirect_extent, out);
    }
    any = put_term(p, index->base, 0, 0, !any, out) || any;
    text_puts(out, any ? "]" : "0]");
}

/* ---- nests ------------------------------------------------------------------------------------------- */

static void put_const(const loop_value *v, text *out)
{
    if (v->dtype == STEPC_FLOAT32) {
        uint32_t bits = (uint32_t)v->bits;
        float value;
        memcpy(&value, &bits, sizeof value);
        text_printf(out, "0x%08lx # ", (unsigned long)bits);
        text_float(out, value);
    } else if (v->dtype == STEPC_FLOAT64) {
        double value;
        memcpy(&value, &v->bits, sizeof value);
        text_printf(out, "0x%016llx # ", (unsigned long long)v->bits);
        text_double(out, value);
    } else if (dtype_is_signed(v->dtype)) {
        int shift = 64 - loop_value_bits(v->dtype);
        text_printf(out, "%lld", (long long)((int64_t)(v->bits << (shift & 63)) >> (shift & 63)));
    } else {
        text_printf(out, "%llu", (unsigned long long)v->bits);
    }
}

static void put_value(const loop_program *p, const loop_nest *nest, int32_t number, text *out)
{
    const loop_value *v = &nest->values[number];
    text_printf(out, "  v%d:%s = %s", (int)number, loop_dtype_name(v->dtype), loop_op_name(v->op));
    for (int32_t i = 0; i < loop_op_arity(v->op); i++)
        text_printf(out, " v%d", (int)v->args[i]);
    if (loop_op_arity(v->op) == 0 || v->op == LOOP_IN_RANGE || v->op == LOOP_PHILOX || v->op == LOOP_ROUND_TO)
        text_puts(out, " ");
    switch ((int)v->op) {
    case LOOP_READ:
        put_index(p, nest, &v->index, v->buffer, out);
        break;
    case LOOP_CONST:
        put_const(v, out);
        break;
    case LOOP_AXIS:
        text_printf(out, "i%d", (int)v->axis);
        break;
    case LOOP_SIZE:
    case LOOP_IN_RANGE:
        size_print(p->sizes, v->size, out);
        break;
    case LOOP_ACC:
        text_printf(out, "a%d", (int)v->acc);
        break;
    case LOOP_PHILOX:
        text_printf(out, "b%d", (int)v->buffer);
        break;
    case LOOP_ROUND_TO:
        text_puts(out, loop_dtype_name(v->target));
        break;
    default:
        break;
    }
    text_puts(out, "\n");
    for (int32_t i = 0; i < nest->acc_count; i++) {
        const loop_acc *a = &nest->accs[i];
        if (a->value == number)
            text_printf(out, "  a%d:%s = %s v%d%s\n", (int)i, loop_dtype_name(a->dtype),
                        (unsigned)a->kind < ACC_KIND_COUNT ? acc_kind_names[a->kind] : "?", (int)a->value,
                        a->reassociate ? " reassociate" : "");
    }
}

static void put_effects(const loop_program *p, const loop_nest *nest, text *out)
{
    for (int32_t i = 0; i < nest->write_count; i++) {
        const loop_write *w = &nest->writes[i];
        text_puts(out, "  write ");
        put_index(p, nest, &w->index, w->buffer, out);
        text_printf(out, " = v%d", (int)w->value);
        if (w->predicate >= 0)
            text_printf(out, " if v%d", (int)w->predicate);
        text_puts(out, "\n");
    }
    for (int32_t i = 0; i < nest->check_count; i++) {
        const loop_check *c = &nest->checks[i];
        text_printf(out, "  check v%d %s ", (int)c->value, stepc_code_name(c->code));
        put_quoted(out, c->message);
        put_operation(out, "at", c->operation);
        text_puts(out, "\n");
    }
}

static void put_schedule(const nest_schedule *s, text *out)
{
    text_printf(out, "  schedule vector=%d jam=%d row=%d rows=%d partial=%d", (int)s->vector_axis, (int)s->jam,
                (int)s->row_axis, (int)s->row_tile, (int)s->partial_sums);
    if (s->strip > 0)
        text_printf(out, " strip=%d:%d", (int)s->strip, (int)s->strip_rows);
    if (s->block > 0)
        text_printf(out, " block=%d", (int)s->block);
    text_puts(out, s->columns ? " columns" : "");
    text_puts(out, s->outline ? " outline" : "");
    text_puts(out, s->ahead ? " ahead" : "");
    if (s->turn_tile[0] > 0)
        text_printf(out, " turn=%d:%d,%d:%d", (int)s->turn_rows, (int)s->turn_tile[0], (int)s->turn_columns,
                    (int)s->turn_tile[1]);
    text_puts(out, s->stream ? " stream\n" : "\n");
}

static void put_nest(const loop_program *p, const loop_nest *nest, text *out)
{
    const nest_schedule *s = &nest->schedule;
    text_puts(out, "nest {\n");
    for (int32_t i = 0; i < nest->origin_count; i++) {
        text_puts(out, " ");
        put_operation(out, "origin", nest->origins[i]);
        text_puts(out, "\n");
    }
    for (int32_t k = 0; k < nest->axis_count; k++) {
        text_printf(out, "  axis i%d:", (int)k);
        size_print(p->sizes, nest->axes[k].extent, out);
        text_puts(out, nest->axes[k].kind == AXIS_SPACE ? " space\n" : " reduce\n");
    }
    for (int32_t v = 0; v < nest->value_count; v++)
        put_value(p, nest, v, out);
    put_effects(p, nest, out);
    if (s->is_set)
        put_schedule(s, out);
    text_puts(out, "}\n");
}

static void put_call(const loop_program *p, const loop_call *call, text *out)
{
    text_printf(out, "call %s b%d ", (unsigned)call->kind < CALL_KIND_COUNT ? call_kind_names[call->kind] : "?",
                (int)call->buffers[0]);
    if (loop_call_buffers(call) == 2)
        text_printf(out, "b%d ", (int)call->buffers[1]);
    size_print(p->sizes, call->sizes[0], out);
    if (call->kind == CALL_SCAN) {
        text_printf(out, " %s ", (unsigned)call->scan.kind < ACC_KIND_COUNT ? acc_kind_names[call->scan.kind] : "?");
        size_print(p->sizes, call->scan.extent, out);
        text_puts(out, " ");
        size_print(p->sizes, call->scan.inner, out);
        text_puts(out, call->scan.form == SCAN_LOGARITHMS ? " logarithms" : call->scan.form == SCAN_PAIRS ? " pairs" : "");
        text_puts(out, call->scan.is_exclusive ? " exclusive" : "");
        text_puts(out, call->scan.is_reverse ? " reverse" : "");
    }
    if (call->kind == CALL_TOP) {
        const size_ref sizes[3] = {call->sizes[1], call->top.count, call->top.extent};
        for (int i = 0; i < 3; i++) {
            text_puts(out, " ");
            size_print(p->sizes, sizes[i], out);
        }
    }
    put_operation(out, "origin", call->origin);
    text_puts(out, "\n");
}

void loop_print(const loop_program *p, text *out)
{
    put_head(p, out);
    for (int32_t i = 0; i < p->statement_count; i++) {
        for (int32_t k = 0; k < p->group_count; k++) {
            const loop_group *g = &p->groups[k];
            if (g->first != i)
                continue;
            text_printf(out, "group %d count=%d tile=[", (int)g->id, (int)g->count);
            for (int32_t a = 0; a < g->shared_count && a < 4; a++)
                text_printf(out, a > 0 ? ",%lld" : "%lld", (long long)g->tile[a]);
            text_puts(out, g->is_strip ? "] strip\n" : "]\n");
        }
        if (p->statements[i].kind == STATEMENT_NEST)
            put_nest(p, p->statements[i].nest, out);
        else
            put_call(p, p->statements[i].call, out);
    }
    text_puts(out, "end\n");
}
