/* SPDX-License-Identifier: Apache-2.0 */
/* Assert: nothing, or a failure that shows the first elements of its data as TensorFlow's Tensor::SummarizeValue does. */
#include "runtime/core/text.h"
#include "runtime/ops/kernels.h"

static void add_complex(text *out, stepc_dtype dtype, const void *data, int64_t i)
{
    complex_value z = load_c128(dtype, data, i);

    text_puts(out, "(");
    text_double(out, z.re);
    text_puts(out, ",");
    text_double(out, z.im);
    text_puts(out, ")");
}

/* C's escapes, so that a message stays on one line. */
static void add_escaped(text *out, stepc_string s)
{
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];

        if (c == '\n' || c == '\r' || c == '\t')
            text_puts(out, c == '\n' ? "\\n" : c == '\r' ? "\\r" : "\\t");
        else if (c == '"' || c == '\'' || c == '\\')
            text_printf(out, "\\%c", (int)c);
        else if (c < 32 || c > 126)
            text_printf(out, "\\%d%d%d", c >> 6, c >> 3 & 7, c & 7);
        else
            text_add(out, &s.data[i], 1);
    }
}

static void add_element(text *out, const stepc_tensor *t, int64_t i)
{
    stepc_dtype dtype = stepc_tensor_dtype(t);
    const void *data = stepc_tensor_data(t);

    if (dtype == STEPC_STRING)
        add_escaped(out, ((const stepc_string *)data)[i]);
    else if (dtype == STEPC_FLOAT64)
        text_double(out, load_f64(dtype, data, i));
    else if (dtype_is_float(dtype))
        text_float(out, (float)load_f64(dtype, data, i));
    else if (dtype_is_complex(dtype))
        add_complex(out, dtype, data, i);
    else if (dtype == STEPC_BOOL || dtype_is_signed(dtype))
        text_printf(out, "%lld", (long long)load_i64(dtype, data, i));
    else
        text_printf(out, "%llu", (unsigned long long)load_u64(dtype, data, i));
}

/* Whether element I begins (ends, at END) a block of dimension D: a multiple of what the dimensions from D on hold. */
static bool at_block(const stepc_tensor *t, int32_t d, int64_t i)
{
    int64_t block = 1;

    for (int32_t k = d; k < stepc_tensor_rank(t); k++)
        block *= stepc_tensor_dims(t)[k];
    return i % block == 0;
}

/* "1 2 3...", "[1 2][3...]...": a bracket per row, the outermost none; not more than MOST elements. */
static void add_summary(text *out, const stepc_tensor *t, int64_t most)
{
    int64_t length = stepc_tensor_length(t), shown = most < 0 || most > length ? length : most;
    int32_t rank = stepc_tensor_rank(t);

    for (int64_t i = 0; i < shown; i++) {
        if (i > 0 && (rank < 2 || !at_block(t, rank - 1, i)))
            text_puts(out, " ");
        for (int32_t d = 1; d < rank; d++)
            if (at_block(t, d, i))
                text_puts(out, "[");
        add_element(out, t, i);
        for (int32_t d = rank - 1; d >= 1; d--)
            if (at_block(t, d, i + 1))
                text_puts(out, "]");
    }
    for (int32_t d = rank - 1; d >= 1; d--) /* rows that the last element shown leaves open */
        if (shown < length && !at_block(t, d, shown))
            text_puts(out, d == rank - 1 ? "...]" : "]");
    if (shown < length)
        text_puts(out, "...");
}

static stepc_code kernel_assert(kernel_context *k)
{
    const stepc_tensor *condition = k->inputs[0];
    char shape[SHAPE_TEXT_BYTES];
    text said;

    if (stepc_tensor_rank(condition) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "In[0] should be a scalar: %s",
                         tensor_shape_text(condition, shape));
    if (load_u64(STEPC_BOOL, stepc_tensor_data(condition), 0))
        return STEPC_OK;
    text_init(&said, k->host);
    for (int32_t i = 1; i < k->input_count; i++) {
        text_puts(&said, i > 1 ? " [" : "[");
        add_summary(&said, k->inputs[i], operation_int(k->op, "summarize", 3));
        text_puts(&said, "]");
    }
    error_set(k->error, STEPC_INVALID_ARGUMENT, "assertion failed: %s", said.data);
    text_release(&said);
    return STEPC_INVALID_ARGUMENT;
}

static stepc_code infer_nothing(infer_context *c)
{
    (void)c;
    return STEPC_OK;
}

static const op_row rows[] = {
    {"Assert", infer_nothing, kernel_assert, OP_STATE, SAMPLE_NONE, 0, 0},
};

const op_family ops_assert = {rows, sizeof rows / sizeof rows[0]};
