/* SPDX-License-Identifier: Apache-2.0 */
/* Fusion: the order of the moves. */
#include "compiler/loops/fuse.h"

#include "runtime/core/host.h"
#include "stepc/graph.h"

#include <stdio.h>

/* Reports about a merged nest of thousands of operations would drown the rest. */
#define MOST_EXPLAINED 4096

void fuse_explain(const fuse *f, const loop_nest *nest, const char *format, ...)
{
    char line[200];
    va_list arguments;
    if (f->p->host->report == NULL)
        return;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    for (int32_t i = 0; i < nest->origin_count && i < MOST_EXPLAINED; i++) {
        if (nest->origins[i] != NULL)
            host_report(f->p->host, "explain", stepc_operation_name(nest->origins[i]), line);
    }
}

bool fuse_is_intermediate(const fuse *f, int32_t root)
{
    return f->p->buffers[root].kind == BUFFER_ARENA && (root >= f->pinned_count || !f->pinned[root]);
}

/* Fetches may name buffers of other kinds. */
static stepc_code pin(fuse *f)
{
    uint8_t *pinned = ARENA_ARRAY(&f->scratch, uint8_t, (size_t)f->p->buffer_count);
    if (!pinned)
        return error_out_of_memory(f->error, "fusing");
    for (int32_t i = 0; i < f->p->fetch_count; i++) {
        if (f->p->fetches[i].buffer >= 0)
            pinned[f->p->buffers[f->p->fetches[i].buffer].root] = 1;
    }
    f->pinned = pinned;
    f->pinned_count = f->p->buffer_count;
    return STEPC_OK;
}

static stepc_code normalise(fuse *f)
{
    for (int32_t s = 0; s < f->p->statement_count; s++) {
        loop_statement *statement = &f->p->statements[s];
        if (statement->kind != STATEMENT_NEST)
            continue;
        statement->nest = nest_normalise(f, statement->nest);
        if (!statement->nest)
            return error_out_of_memory(f->error, "fusing");
    }
    return STEPC_OK;
}

static bool is_grouped(const loop_program *p, int32_t s)
{
    for (int32_t g = 0; g < p->group_count; g++) {
        if (s >= p->groups[g].first && s < p->groups[g].first + p->groups[g].count)
            return true;
    }
    return false;
}

static stepc_code flatten(fuse *f)
{
    for (int32_t s = 0; s < f->p->statement_count; s++) {
        loop_statement *statement = &f->p->statements[s];
        if (statement->kind != STATEMENT_NEST || is_grouped(f->p, s))
            continue;
        statement->nest = nest_flatten(f, statement->nest);
        if (!statement->nest)
            return error_out_of_memory(f->error, "fusing");
    }
    return STEPC_OK;
}

/* Inlining removes nests that stood between others, so merging may find more afterwards. */
static stepc_code merge_and_inline_rounds(fuse *f)
{
    stepc_code code = STEPC_OK;
    bool changed = true;
    for (int round = 0; round < 3 && changed && !code; round++) {
        changed = false;
        code = fuse_merge(f, false, &changed);
        if (!code && (changed || round == 0)) {
            bool inlined = false;
            code = fuse_inline(f, &inlined);
            changed = inlined;
        }
    }
    return code;
}

/* Chains are one nest each before joined buffers are taken apart, so that their readers are cut once. */
static stepc_code merge_and_inline(fuse *f)
{
    bool parted = false, more = false;
    stepc_code code = merge_and_inline_rounds(f);
    if (!code)
        code = fuse_parts(f, &parted);
    if (!code && parted)
        code = merge_and_inline_rounds(f);
    if (!code && f->p->host->report != NULL)
        code = fuse_merge(f, true, &more);
    return code;
}

stepc_code loop_fuse(loop_program *p, const isa_profile *isa, stepc_error *error)
{
    fuse f = {.p = p, .isa = isa, .error = error, .zero = size_const(p->sizes, 0), .one = size_const(p->sizes, 1)};
    if (p->group_count > 0)
        return STEPC_OK; /* fused already */
    arena_init(&f.scratch, p->host);
    stepc_code code = pin(&f);
    if (!code)
        code = normalise(&f);
    if (!code)
        code = fuse_clean(&f);
    if (!code)
        code = merge_and_inline(&f);
    if (!code)
        code = fuse_clean(&f);
    if (!code)
        code = fuse_streams(&f);
    if (!code)
        code = fuse_groups(&f);
    if (!code)
        code = flatten(&f);
    if (!code)
        code = fuse_strips(&f);
    if (!code)
        code = fuse_compact(&f);
    arena_release(&f.scratch);
    return code;
}
