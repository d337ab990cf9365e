/* SPDX-License-Identifier: Apache-2.0 */
/* Programs, their buffers and views. */
#include "compiler/loops/loops.h"

#include "runtime/core/host.h"

#include <string.h>

#define HINT_BYTES 24

stepc_code loop_program_new(const stepc_host *host, arena *memory, size_pool *sizes, const char *name,
                            loop_program **out, stepc_error *error)
{
    *out = NULL;
    loop_program *p = ARENA_NEW(memory, loop_program);
    stepc_host *own = NULL;
    if (host == NULL) {
        own = ARENA_NEW(memory, stepc_host);
        if (own == NULL)
            return error_out_of_memory(error, "starting a loop program");
        *own = host_resolve(NULL);
        host = own;
    }
    if (p == NULL || (p->name = arena_text(memory, name, strlen(name))) == NULL)
        return error_out_of_memory(error, "starting a loop program");
    p->host = host;
    p->memory = memory;
    p->sizes = sizes;
    *out = p;
    return STEPC_OK;
}

/* ---- buffers ------------------------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Hints come from the graph and end up in identifiers. */
static const char *clean_hint(arena *memory, const char *hint)
{
    size_t size = 0;
    if (hint == NULL || hint[0] == '\0')
        hint = "b";
    while (size < HINT_BYTES && hint[size] != '\0')
        size++;
    char *clean = arena_text(memory, hint, size);
    for (size_t i = 0; clean != NULL && i < size; i++) {
        if (!is_word(clean[i]))
            clean[i] = '_';
    }
    return clean;
}

static loop_buffer *append_buffer(loop_program *p)
{
    if (p->buffer_count == INT32_MAX)
        return NULL;
    loop_buffer *grown = arena_grow(p->memory, p->buffers, &p->buffer_capacity, (size_t)p->buffer_count + 1,
                                    sizeof *grown);
    if (grown == NULL)
        return NULL;
    p->buffers = grown;
    return &grown[p->buffer_count];
}

size_ref *loop_sizes_copy(arena *memory, const size_ref *from, int32_t count)
{
    size_ref *to = ARENA_ARRAY(memory, size_ref, (size_t)count);
    if (to != NULL && count > 0)
        memcpy(to, from, (size_t)count * sizeof *to);
    return to;
}

int32_t loop_buffer_new(loop_program *p, buffer_kind kind, stepc_dtype dtype, const size_ref *extents, int32_t rank,
                        const char *hint)
{
    size_ref *dims = rank >= 0 ? loop_sizes_copy(p->memory, extents, rank) : NULL;
    size_ref *strides = dims != NULL ? ARENA_ARRAY(p->memory, size_ref, (size_t)rank) : NULL;
    const char *clean = clean_hint(p->memory, hint);
    loop_buffer *b = append_buffer(p);

    if (dims == NULL || strides == NULL || clean == NULL || b == NULL)
        return -1;
    size_ref stride = size_const(p->sizes, 1);
    for (int32_t k = rank - 1; k >= 0; k--) {
        strides[k] = stride;
        if (k > 0)
            stride = size_product(p->sizes, stride, dims[k]);
    }
    *b = (loop_buffer){.hint = clean, .dtype = dtype, .kind = kind, .rank = rank, .extents = dims, .strides = strides,
                       .offset = size_const(p->sizes, 0), .root = p->buffer_count, .slot = -1, .group = -1};
    return p->buffer_count++;
}

int32_t loop_view_new(loop_program *p, int32_t buffer, const size_ref *extents, const size_ref *strides, int32_t rank,
                      size_ref offset)
{
    if (buffer < 0 || buffer >= p->buffer_count || rank < 0)
        return -1;
    size_ref *dims = loop_sizes_copy(p->memory, extents, rank);
    size_ref *steps = loop_sizes_copy(p->memory, strides, rank);
    loop_buffer *b = append_buffer(p);
    if (dims == NULL || steps == NULL || b == NULL)
        return -1;
    *b = p->buffers[p->buffers[buffer].root];
    b->hint = p->buffers[buffer].hint;
    b->tensor = NULL;
    b->rank = rank;
    b->extents = dims;
    b->strides = steps;
    b->offset = offset;
    return p->buffer_count++;
}
