/* SPDX-License-Identifier: Apache-2.0 */
/* Text back to a program. The parser takes care of the form; whether the program makes sense
 * is the verifier's business. */
#include "compiler/loops/parse.h"

#include "runtime/core/checked.h"

#include <string.h>

#define MOST_HINT_BYTES 24

static void *room(parser *ps, void *array, size_t *capacity, int32_t count, size_t bytes)
{
    void *grown = count == INT32_MAX ? NULL : arena_grow(ps->p->memory, array, capacity, (size_t)count + 1, bytes);
    if (grown == NULL)
        parse_no_memory(ps);
    return grown;
}

/* ---- buffers ------------------------------------------------------------------------------------ */

/* "data=3f80000040000000" or "data=#3"; the latter has no data here. */
static bool parse_weight(parser *ps, loop_buffer *b)
{
    int64_t count = 1, extent;
    int32_t ignored;
    size_t bytes = stepc_dtype_bytes(b->dtype);
    if (!parse_expect(ps, "data="))
        return false;
    if (ps->at < ps->end && *ps->at == '#') {
        ps->at++;
        return parse_int32(ps, &ignored);
    }
    for (int32_t k = 0; k < b->rank; k++) {
        if (!size_is_const(ps->p->sizes, b->extents[k], &extent) || extent < 0 ||
            !checked_mul_i64(count, extent, &count) || count > TEXT_WEIGHT_BYTES)
            return parse_refuse(ps, "#, for so large a weight");
    }
    unsigned char *data = arena_alloc(ps->p->memory, (size_t)count * bytes);
    if (data == NULL)
        return parse_no_memory(ps);
    for (int64_t i = 0; i < count; i++) {
        uint64_t word = 0;
        for (size_t d = 0; d < bytes * 2; d++) {
            char c = ps->at < ps->end ? *ps->at : ' ';
            bool is_letter = c >= 'a' && c <= 'f';
            if (!is_letter && (c < '0' || c > '9'))
                return parse_refuse(ps, "more digits");
            word = word << 4 | (uint64_t)(is_letter ? c - 'a' + 10 : c - '0');
            ps->at++;
        }
        uint32_t w4 = (uint32_t)word;
        uint16_t w2 = (uint16_t)word;
        unsigned char w1 = (unsigned char)word;
        const void *from = &w1;
        if (bytes > 1)
            from = bytes == 8 ? (const void *)&word : bytes == 4 ? (const void *)&w4 : (const void *)&w2;
        memcpy(data + (size_t)i * bytes, from, bytes);
    }
    b->data = data;
    return true;
}

static bool parse_hint(parser *ps, loop_buffer *b)
{
    b->hint = "b";
    if (!parse_accept(ps, "hint="))
        return true;
    stepc_string word = parse_word(ps);
    if (word.size == 0 || word.size > MOST_HINT_BYTES)
        return parse_refuse(ps, "a hint");
    b->hint = arena_text(ps->p->memory, word.data, word.size);
    return b->hint != NULL || parse_no_memory(ps);
}

static bool parse_strides(parser *ps, loop_buffer *b)
{
    int32_t count;
    if (!parse_sizes(ps, &b->strides, &count) || !parse_expect(ps, "offset=") || !parse_size(ps, &b->offset))
        return false;
    return count == b->rank || parse_refuse(ps, "a stride for each dimension");
}

static bool row_major(parser *ps, loop_buffer *b)
{
    size_ref *strides = ARENA_ARRAY(ps->p->memory, size_ref, (size_t)b->rank);
    size_ref stride = size_const(ps->p->sizes, 1);
    if (strides == NULL)
        return parse_no_memory(ps);
    for (int32_t k = b->rank - 1; k >= 0; k--) {
        strides[k] = stride;
        if (k > 0)
            stride = size_product(ps->p->sizes, stride, b->extents[k]);
        if (stride == SIZE_UNKNOWN)
            return parse_refuse(ps, "a shape of less than 2^63 elements");
    }
    b->strides = strides;
    b->offset = size_const(ps->p->sizes, 0);
    return true;
}

static bool parse_root(parser *ps, loop_buffer *b)
{
    int32_t kind = name_find(buffer_kind_names, BUFFER_KIND_COUNT, parse_word(ps));
    if (kind == BUFFER_KIND_COUNT)
        return parse_refuse(ps, "a kind of buffer");
    b->kind = (buffer_kind)kind;
    b->slot = b->group = -1;
    b->root = ps->p->buffer_count;
    if (!parse_dtype(ps, &b->dtype))
        return false;
    if (loop_value_dtype(b->dtype) == STEPC_DTYPE_INVALID)
        return parse_refuse(ps, "a type that buffers may have");
    if (!parse_sizes(ps, &b->extents, &b->rank))
        return false;
    if (!(parse_accept(ps, "strides=") ? parse_strides(ps, b) : row_major(ps, b)))
        return false;
    if (parse_accept(ps, "slot=") && !parse_int32(ps, &b->slot))
        return false;
    if (parse_accept(ps, "group=") && !parse_int32(ps, &b->group))
        return false;
    if (b->kind != BUFFER_WEIGHT)
        return true;
    if (!parse_weight(ps, b))
        return false;
    return !parse_accept(ps, "panel=") ||
           (parse_int32(ps, &b->panel_dim) && parse_expect(ps, ":") && parse_int32(ps, &b->panel));
}

static bool parse_buffer(parser *ps)
{
    loop_program *p = ps->p;
    loop_buffer b;
    int32_t number;

    memset(&b, 0, sizeof b);
    if (!parse_number(ps, 'b', &number))
        return false;
    if (number != p->buffer_count)
        return parse_refuse(ps, "the next buffer");
    if (parse_accept(ps, "view ")) {
        if (!parse_number(ps, 'b', &number))
            return false;
        if (number < 0 || number >= p->buffer_count)
            return parse_refuse(ps, "an earlier buffer");
        b = p->buffers[number];
        b.tensor = NULL;
        b.root = number;
        if (!parse_sizes(ps, &b.extents, &b.rank) || !parse_expect(ps, "strides=") || !parse_strides(ps, &b))
            return false;
    } else if (!parse_root(ps, &b)) {
        return false;
    }
    if (!parse_hint(ps, &b) || (parse_accept(ps, "tensor=") && !parse_quoted(ps, &b.tensor)))
        return false;
    loop_buffer *grown = room(ps, p->buffers, &p->buffer_capacity, p->buffer_count, sizeof *grown);
    if (grown == NULL)
        return false;
    p->buffers = grown;
    grown[p->buffer_count++] = b;
    return true;
}

/* ---- the rest of the head --------------------------------------------------------------------------- */

static bool parse_slot(parser *ps, loop_slot **slots, int32_t *count, size_t *capacity)
{
    loop_slot s;
    int32_t number;
    memset(&s, 0, sizeof s);
    if (!parse_int32(ps, &number))
        return false;
    if (number != *count)
        return parse_refuse(ps, "the next number");
    if (!parse_dtype(ps, &s.dtype) || !parse_sizes(ps, &s.dims, &s.rank) || !parse_number(ps, 'b', &s.buffer) ||
        !parse_quoted(ps, &s.cname) || !parse_quoted(ps, &s.tensor))
        return false;
    if (parse_accept(ps, "at") && (!parse_operation(ps, &s.at.op) || !parse_int32(ps, &s.at.index)))
        return false;
    loop_slot *grown = room(ps, *slots, capacity, *count, sizeof *grown);
    if (grown == NULL)
        return false;
    *slots = grown;
    grown[(*count)++] = s;
    return true;
}

static bool parse_symbol(parser *ps)
{
    int64_t min, max;
    size_pool *sizes = ps->p->sizes;
    stepc_string word = parse_word(ps);
    if (word.size == 0 || word.size > 255 || (word.data[0] >= '0' && word.data[0] <= '9'))
        return parse_refuse(ps, "a name");
    const char *name = arena_text(ps->p->memory, word.data, word.size);
    if (name == NULL)
        return parse_no_memory(ps);
    if (!parse_integer(ps, &min) || !parse_integer(ps, &max))
        return false;
    if (min < 0 || max < min)
        return parse_refuse(ps, "a range of sizes");
    const size_node *known = size_get(sizes, size_symbol(sizes, name, min, max));
    if (known == NULL)
        return parse_no_memory(ps);
    return (known->min == min && known->max == max) || parse_refuse(ps, "the range that the symbol already has");
}

static bool parse_target(parser *ps)
{
    loop_program *p = ps->p;
    const char *name;
    if (!parse_quoted(ps, &name))
        return false;
    /* The program shows its targets as constant; they are this parser's to fill. */
    const char **grown = ARENA_ARRAY(p->memory, const char *, (size_t)p->target_count + 1);
    if (grown == NULL)
        return parse_no_memory(ps);
    for (int32_t i = 0; i < p->target_count; i++)
        grown[i] = p->targets[i];
    grown[p->target_count++] = name;
    p->targets = grown;
    return true;
}

/* ---- statements ---------------------------------------------------------------------------------------- */

static bool parse_group(parser *ps)
{
    loop_program *p = ps->p;
    loop_group g;
    memset(&g, 0, sizeof g);
    g.first = p->statement_count;
    if (!parse_int32(ps, &g.id) || !parse_expect(ps, "count=") || !parse_int32(ps, &g.count) ||
        !parse_expect(ps, "tile=[") || !parse_integer(ps, &g.tile[g.shared_count++]))
        return false;
    while (parse_accept(ps, ",")) {
        if (g.shared_count == 4)
            return parse_refuse(ps, "at most 4 shared axes");
        if (!parse_integer(ps, &g.tile[g.shared_count++]))
            return false;
    }
    if (!parse_expect(ps, "]"))
        return false;
    g.is_strip = parse_accept(ps, "strip");
    loop_group *grown = room(ps, p->groups, &p->group_capacity, p->group_count, sizeof *grown);
    if (grown == NULL)
        return false;
    p->groups = grown;
    grown[p->group_count++] = g;
    return true;
}

/* "sum 4 8 exclusive reverse": extent and inner. */
static bool parse_scan(parser *ps, loop_scan *scan)
{
    int32_t kind = name_find(acc_kind_names, ACC_KIND_COUNT, parse_word(ps));
    if (kind == ACC_KIND_COUNT)
        return parse_refuse(ps, "sum or prod");
    scan->kind = (acc_kind)kind;
    if (!parse_size(ps, &scan->extent) || !parse_size(ps, &scan->inner))
        return false;
    scan->form = parse_accept(ps, "logarithms") ? SCAN_LOGARITHMS : parse_accept(ps, "pairs") ? SCAN_PAIRS : SCAN_PLAIN;
    scan->is_exclusive = parse_accept(ps, "exclusive");
    scan->is_reverse = parse_accept(ps, "reverse");
    return true;
}

static bool parse_call(parser *ps)
{
    loop_call call = {.buffers = {-1, -1},
                      .sizes = {SIZE_UNKNOWN, SIZE_UNKNOWN},
                      .scan = {.extent = SIZE_UNKNOWN, .inner = SIZE_UNKNOWN},
                      .top = {.extent = SIZE_UNKNOWN, .count = SIZE_UNKNOWN}};
    int32_t kind = name_find(call_kind_names, CALL_KIND_COUNT, parse_word(ps));
    if (kind == CALL_KIND_COUNT)
        return parse_refuse(ps, "a routine");
    call.kind = (call_kind)kind;
    if (!parse_number(ps, 'b', &call.buffers[0]))
        return false;
    if (loop_call_buffers(&call) == 2 && !parse_number(ps, 'b', &call.buffers[1]))
        return false;
    if (!parse_size(ps, &call.sizes[0]) || (call.kind == CALL_SCAN && !parse_scan(ps, &call.scan)))
        return false;
    if (call.kind == CALL_TOP && (!parse_size(ps, &call.sizes[1]) || !parse_size(ps, &call.top.count) ||
                                  !parse_size(ps, &call.top.extent)))
        return false;
    if (parse_accept(ps, "origin") && !parse_operation(ps, &call.origin))
        return false;
    return loop_call_add(ps->p, &call, ps->error) == STEPC_OK;
}

static bool parse_program_line(parser *ps)
{
    if (!parse_quoted(ps, &ps->p->name))
        return false;
    ps->p->exact = parse_accept(ps, "exact");
    return parse_expect(ps, "operations=") && parse_integer(ps, &ps->p->operation_count);
}

static bool parse_line(parser *ps)
{
    loop_program *p = ps->p;
    stepc_string word = parse_word(ps);
    const char *start = word.data;
#define LINE(name) (word.size == sizeof(name) - 1 && memcmp(word.data, name, word.size) == 0)
    if (LINE("nest"))
        return parse_nest(ps);
    if (LINE("buffer"))
        return parse_buffer(ps);
    if (LINE("call"))
        return parse_call(ps);
    if (LINE("group"))
        return parse_group(ps);
    if (LINE("feed"))
        return parse_slot(ps, &p->feeds, &p->feed_count, &ps->feed_capacity);
    if (LINE("fetch"))
        return parse_slot(ps, &p->fetches, &p->fetch_count, &ps->fetch_capacity);
    if (LINE("state"))
        return parse_slot(ps, &p->state, &p->state_count, &ps->state_capacity);
    if (LINE("symbol"))
        return parse_symbol(ps);
    if (LINE("target"))
        return parse_target(ps);
    if (LINE("program"))
        return parse_program_line(ps);
#undef LINE
    ps->at = start;
    return parse_refuse(ps, "a line of a program");
}

static bool parse_all(parser *ps)
{
    if (!parse_expect(ps, "loops 1") || !parse_end_line(ps))
        return false;
    while (!parse_accept(ps, "end\n")) {
        if (ps->at == ps->end)
            return parse_refuse(ps, "\"end\"");
        if (!parse_at_end(ps) && !parse_line(ps))
            return false;
        if (!parse_end_line(ps))
            return false;
    }
    while (ps->at < ps->end) {
        if (!parse_end_line(ps))
            return false;
    }
    return true;
}

stepc_code loop_parse(const stepc_host *host, arena *memory, size_pool *sizes, const char *name, const char *data,
                      size_t size, loop_program **out, stepc_error *error)
{
    stepc_error own;
    parser ps;
    *out = NULL;
    if (error == NULL) {
        error_init(&own);
        error = &own;
    }
    memset(&ps, 0, sizeof ps);
    ps.name = name;
    ps.data = ps.at = ps.line_start = data;
    ps.end = data + size;
    ps.line = 1;
    ps.error = error;
    stepc_code code = loop_program_new(host, memory, sizes, name, &ps.p, error);
    if (code != STEPC_OK)
        return code;
    if (!parse_all(&ps))
        return error->code;
    if (sizes->failed)
        return error_out_of_memory(error, "parsing loops");
    *out = ps.p;
    return STEPC_OK;
}
