/* SPDX-License-Identifier: Apache-2.0 */
/* Weights in panels: the order in which a product's kernel reads them. loops.h says what it is. */
#include "compiler/loops/loops.h"

#include "runtime/core/checked.h"

#include <string.h>

static int64_t constant(const loop_program *p, size_ref s)
{
    int64_t value;
    return size_is_const(p->sizes, s, &value) ? value : -1;
}

/* Indices of the dimensions of B in [FROM, TO) but its panel's. */
static int64_t others(const loop_program *p, const loop_buffer *b, int32_t from, int32_t to)
{
    int64_t count = 1;
    for (int32_t d = from; d < to; d++)
        count *= d == b->panel_dim ? 1 : constant(p, b->extents[d]);
    return count;
}

int64_t panel_rows(const loop_program *p, const loop_buffer *b) { return others(p, b, 0, b->rank); }

int64_t panel_stride(const loop_program *p, const loop_buffer *b, int32_t dim)
{
    return others(p, b, dim + 1, b->rank) * b->panel;
}

int64_t panel_bytes(const loop_program *p, const loop_buffer *b)
{
    int64_t bytes = (int64_t)stepc_dtype_bytes(b->dtype), up;
    for (int32_t d = 0; d < b->rank; d++) {
        int64_t extent = constant(p, b->extents[d]);
        if (d == b->panel_dim) {
            if (!checked_add_i64(extent, b->panel - 1, &up))
                return -1;
            extent = up / b->panel * b->panel;
        }
        if (extent < 0 || !checked_mul_i64(bytes, extent, &bytes))
            return -1;
    }
    return bytes;
}

void panel_pack(const loop_program *p, const loop_buffer *b, void *to)
{
    size_t unit = stepc_dtype_bytes(b->dtype);
    int64_t width = constant(p, b->extents[b->panel_dim]), inner = others(p, b, b->panel_dim + 1, b->rank),
            outer = others(p, b, 0, b->panel_dim);
    const char *from = b->data;
    char *at = to;
    for (int64_t first = 0; first < width; first += b->panel)
        for (int64_t o = 0; o < outer; o++)
            for (int64_t i = 0; i < inner; i++)
                for (int64_t k = first; k < first + b->panel; k++, at += unit) {
                    if (k < width)
                        memcpy(at, from + (size_t)((o * width + k) * inner + i) * unit, unit);
                    else
                        memset(at, 0, unit);
                }
}

/* ---- indices ----------------------------------------------------------------------------------- */

/* The dimensions [*FIRST, *LAST] of B that AXIS runs over: all their indices, in row-major order. */
static bool find_dimensions(const loop_program *p, const loop_nest *nest, const loop_buffer *b,
                            const loop_index *index, int32_t axis, int32_t *first, int32_t *last)
{
    int64_t coef = constant(p, index->coefs[axis]), extent = constant(p, nest->axes[axis].extent), covered = 1;
    for (int32_t d = b->rank - 1; d >= 0 && coef > 0 && extent > 1; d--) {
        int64_t here = constant(p, b->extents[d]);
        if (here <= 1 || (covered == 1 && constant(p, b->strides[d]) != coef))
            continue;
        if (covered == 1)
            *last = d;
        if (here > extent / covered)
            return false;
        covered *= here;
        *first = d;
        if (covered == extent)
            return true;
    }
    return false;
}

int32_t panel_dimension(const loop_program *p, const loop_nest *nest, int32_t buffer, const loop_index *index,
                        int32_t axis)
{
    int32_t first, last = -1;
    return find_dimensions(p, nest, &p->buffers[buffer], index, axis, &first, &last) ? last : -1;
}

bool panel_index_fits(const loop_program *p, const loop_nest *nest, int32_t buffer, const loop_index *index,
                      int32_t dim)
{
    const loop_buffer *b = &p->buffers[buffer];
    uint64_t taken = 0;
    if (index->indirect >= 0 || constant(p, index->base) != 0 || b->rank > 32 || dim < 0 || dim >= b->rank)
        return false;
    for (int32_t k = 0; k < nest->axis_count; k++) {
        int32_t first, last;
        if (constant(p, index->coefs[k]) == 0 || constant(p, nest->axes[k].extent) == 1)
            continue;
        if (!find_dimensions(p, nest, b, index, k, &first, &last) || (first <= dim && dim <= last && first != last))
            return false;
        for (int32_t d = first; d <= last; d++) {
            if (constant(p, b->extents[d]) > 1 && (taken >> d & 1))
                return false;
            taken |= UINT64_C(1) << d;
        }
    }
    return taken >> dim & 1;
}
