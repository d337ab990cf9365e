/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors as NumPy prints them, and as JSON. */
#include "compiler/cli/cli.h"

#include "runtime/core/dtype.h"

#include <math.h>
#include <string.h>

#define WHOLE_ELEMENTS 1000 /* longer tensors are cut to their edges */
#define EDGE_ELEMENTS  3

static void put_real(text *out, stepc_dtype dtype, double value)
{
    size_t before = out->size;
    if (dtype == STEPC_FLOAT64)
        text_double(out, value);
    else
        text_float(out, (float)value);
    /* NumPy's 5. for an integral float, within lists; "5.0" alone. The plain form reads back as a literal. */
    bool plain = isfinite(value) && !memchr(out->data + before, '.', out->size - before) &&
                 !memchr(out->data + before, 'e', out->size - before);
    text_puts(out, plain ? ".0" : "");
}

static void put_element(text *out, const stepc_view *view, int64_t index)
{
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    complex_value z;
    const stepc_string *s;
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        put_real(out, dtype, load_f64(dtype, view->data, index));
        return;
    case CARRIER_I64:
        text_printf(out, "%lld", (long long)load_i64(dtype, view->data, index));
        return;
    case CARRIER_U64:
        if (dtype == STEPC_BOOL)
            text_puts(out, load_u64(dtype, view->data, index) ? "True" : "False");
        else
            text_printf(out, "%llu", (unsigned long long)load_u64(dtype, view->data, index));
        return;
    case CARRIER_C128:
        z = load_c128(dtype, view->data, index);
        put_real(out, dtype == STEPC_COMPLEX128 ? STEPC_FLOAT64 : STEPC_FLOAT32, z.re);
        text_puts(out, signbit(z.im) ? "" : "+");
        put_real(out, dtype == STEPC_COMPLEX128 ? STEPC_FLOAT64 : STEPC_FLOAT32, z.im);
        text_puts(out, "j");
        return;
    case CARRIER_NONE:
        break;
    }
    if (dtype == STEPC_STRING) {
        s = (const stepc_string *)view->data + index;
        text_json(out, s->data, s->size);
    } else {
        text_puts(out, "?");
    }
}

static int64_t element_count(const stepc_view *view)
{
    int64_t count = 1;
    for (int32_t d = 0; d < view->rank; d++)
        count *= view->dims[d];
    return count;
}

static void put_newlines(text *out, int32_t closed, int32_t depth)
{
    for (int32_t i = 0; i < closed; i++)
        text_puts(out, "\n");
    for (int32_t i = 0; i < depth; i++)
        text_puts(out, " ");
}

/* A walk over the positions of all elements but those that are cut, as a counter with one wheel per dimension. */
typedef struct walk {
    int64_t at[256];
    bool cut;
} walk;

/* Elements of one position along dimension D. */
static int64_t stride_of(const stepc_view *view, int32_t d)
{
    int64_t stride = 1;
    for (int32_t k = d + 1; k < view->rank; k++)
        stride *= view->dims[k];
    return stride;
}

/* Moves wheel D on; true when it came round. *OUT_GAP: elements were left out. */
static bool turn(const stepc_view *view, walk *w, int32_t d, bool *out_gap)
{
    w->at[d]++;
    *out_gap = w->cut && view->dims[d] > 2 * EDGE_ELEMENTS && w->at[d] == EDGE_ELEMENTS;
    if (*out_gap)
        w->at[d] = view->dims[d] - EDGE_ELEMENTS;
    if (w->at[d] < view->dims[d])
        return false;
    w->at[d] = 0;
    return true;
}

static void print_list(text *out, const stepc_view *view, bool cut)
{
    walk w = {.cut = cut};
    int32_t rank = view->rank;
    for (int32_t d = 0; d < rank; d++)
        text_puts(out, "[");
    for (bool more = true; more;) {
        int64_t index = 0;
        bool gap = false;
        int32_t d = rank - 1, closed = 0;
        for (int32_t k = 0; k < rank; k++)
            index += w.at[k] * stride_of(view, k);
        put_element(out, view, index);
        while (d >= 0 && turn(view, &w, d, &gap)) {
            text_puts(out, "]");
            closed++;
            d--;
        }
        more = d >= 0;
        if (!more)
            break;
        if (closed == 0) {
            text_puts(out, gap ? " ... " : " ");
            continue;
        }
        put_newlines(out, closed, rank - closed);
        if (gap) {
            text_puts(out, "...");
            put_newlines(out, closed, rank - closed);
        }
        for (int32_t i = 0; i < closed; i++)
            text_puts(out, "[");
    }
}

void tensor_print(cli *c, const stepc_view *view, bool whole)
{
    int64_t count = element_count(view);
    if (view->rank == 0)
        put_element(&c->out, view, 0);
    else if (count == 0)
        text_printf(&c->out, "[] shape %s", shape_spelled(c, view->dims, view->rank));
    else
        print_list(&c->out, view, !whole && count > WHOLE_ELEMENTS);
    text_puts(&c->out, "\n");
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_element(json *j, const stepc_view *view, int64_t index)
{
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    complex_value z;
    const stepc_string *s;
    switch (dtype_carrier_of(dtype)) {
    case CARRIER_F64:
        if (dtype == STEPC_FLOAT64)
            json_real(j, NULL, load_f64(dtype, view->data, index));
        else
            json_float(j, NULL, (float)load_f64(dtype, view->data, index));
        return;
    case CARRIER_I64:
        json_i64(j, NULL, load_i64(dtype, view->data, index));
        return;
    case CARRIER_U64:
        if (dtype == STEPC_BOOL)
            json_bool(j, NULL, load_u64(dtype, view->data, index) != 0);
        else
            json_u64(j, NULL, load_u64(dtype, view->data, index));
        return;
    case CARRIER_C128:
        z = load_c128(dtype, view->data, index);
        json_open(j, NULL, '[');
        json_real(j, NULL, z.re);
        json_real(j, NULL, z.im);
        json_close(j, ']');
        return;
    case CARRIER_NONE:
        break;
    }
    s = dtype == STEPC_STRING ? (const stepc_string *)view->data + index : NULL;
    if (s)
        json_bytes(j, NULL, s->data, s->size);
    else
        json_text(j, NULL, NULL);
}

void tensor_json(json *j, const stepc_view *view)
{
    int64_t count = element_count(view);
    json_text(j, "dtype", dtype_spelled((stepc_dtype)view->dtype));
    json_open(j, "shape", '[');
    for (int32_t d = 0; d < view->rank; d++)
        json_i64(j, NULL, view->dims[d]);
    json_close(j, ']');
    /* Flat, in row-major order: the shape says the rest. */
    json_open(j, "values", '[');
    for (int64_t i = 0; i < count; i++)
        json_element(j, view, i);
    json_close(j, ']');
}
