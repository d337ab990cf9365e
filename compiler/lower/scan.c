/* SPDX-License-Identifier: Apache-2.0 */
/* Running sums and products: calls, for each element hangs on the one before it. */
#include "compiler/lower/state.h"

#include <float.h>

/* A new buffer of DTYPE with what FROM holds, or FROM itself when that is as good. */
static int32_t as_dtype(lower_context *l, int32_t from, stepc_dtype dtype)
{
    const loop_buffer *in = &l->program->buffers[from];
    if (in->dtype == dtype && lower_is_contiguous(l->program, from))
        return from;
    int32_t to = lower_temporary(l, dtype, in->extents, in->rank, in->hint), axes[LOWER_MAX_RANK];
    nest_builder b;
    if (to < 0)
        return -1;
    in = &l->program->buffers[from];
    nest_begin(&b, l->program);
    nest_origin(&b, l->op);
    for (int32_t d = 0; d < in->rank; d++)
        axes[d] = nest_axis(&b, in->extents[d], AXIS_SPACE);
    nest_write(&b, to, axes, nest_cast(&b, nest_read(&b, from, axes), dtype));
    return nest_end(&b, l->error) ? -1 : to;
}

/* Rounds FROM to DTYPE, the output's or that of its parts. */
static stepc_code narrow(lower_context *l, int32_t from, int32_t out, stepc_dtype dtype, bool is_logarithmic)
{
    nest_builder b;
    lower_begin(l, &b, 0);
    int32_t value = lower_read_same(&b, from);
    if (is_logarithmic && operation_bool(l->op, "exclusive", false)) { /* the least number, of each dtype its own */
        double least = dtype == STEPC_HALF ? -65504.0 : dtype == STEPC_BFLOAT16 ? -0x1.fep127 : -(double)FLT_MAX;
        int32_t is_least = nest_binary(&b, LOOP_EQ, value, nest_const_f64(&b, STEPC_FLOAT64, -DBL_MAX));
        value = nest_select(&b, is_least, nest_const_f64(&b, STEPC_FLOAT64, least), value);
    }
    lower_write(&b, out, lower_narrow(&b, value, dtype));
    return nest_end(&b, l->error);
}

static stepc_code check_dtype(lower_context *l, stepc_dtype dtype)
{
    if (dtype_is_float(dtype) || (dtype_is_integer(dtype) && loop_value_dtype(dtype) == dtype))
        return STEPC_OK;
    error_set(l->error, STEPC_UNIMPLEMENTED, "running sums of %s are not compiled", stepc_dtype_name(dtype));
    return error_mend(l->error, "run the step interpreted");
}

static stepc_code lower_running(lower_context *l, acc_kind kind, bool is_logarithmic)
{
    stepc_dtype dtype = lower_output_info(l, 0)->dtype;
    bool pairs = dtype_is_complex(dtype); /* sums: the parts run apart, as one more inner dimension */
    scan_form form = is_logarithmic ? SCAN_LOGARITHMS : pairs && kind == ACC_PROD ? SCAN_PAIRS : SCAN_PLAIN;
    const int64_t *axes;
    int64_t count, axis;
    if (pairs)
        dtype = dtype == STEPC_COMPLEX64 ? STEPC_FLOAT32 : STEPC_FLOAT64;
    stepc_dtype carried = l->program->exact && dtype_is_float(dtype) ? STEPC_FLOAT64 : lower_value_dtype(dtype);
    carried = form != SCAN_PLAIN ? STEPC_FLOAT64 : carried; /* that costs little beside the functions */
    stepc_code code = check_dtype(l, dtype);
    if (!code)
        code = lower_constant_integers(l, 1, &axes, &count);
    int32_t in = code ? -1 : lower_input(l, 0), out = in < 0 ? -1 : lower_output(l, 0);
    if (out < 0)
        return stepc_error_code(l->error);
    const loop_buffer *result = &l->program->buffers[out];
    int32_t rank = result->rank - (pairs ? 1 : 0);
    axis = count == 1 ? axes[0] + (axes[0] < 0 ? rank : 0) : -1;
    if (axis < 0 || axis >= rank)
        return error_set(l->error, STEPC_INVALID_ARGUMENT,
                         "ScanOp: Expected scan axis in the range [%d, %d), but got %lld", -rank, rank, (long long)axis);
    size_pool *sizes = l->program->sizes;
    loop_call call = {.kind = CALL_SCAN, .sizes = {size_const(sizes, 1), SIZE_UNKNOWN}, .origin = l->op};
    call.scan = (loop_scan){kind, form, result->extents[axis], size_const(sizes, 1),
                            operation_bool(l->op, "exclusive", false), operation_bool(l->op, "reverse", false)};
    for (int32_t d = 0; d < result->rank; d++) {
        call.sizes[0] = size_product(sizes, call.sizes[0], result->extents[d]);
        if (d > axis && (d < rank || form != SCAN_PAIRS))
            call.scan.inner = size_product(sizes, call.scan.inner, result->extents[d]);
    }
    call.buffers[0] = carried == dtype ? out : lower_temporary(l, carried, result->extents, result->rank, "running");
    call.buffers[1] = call.buffers[0] < 0 ? -1 : as_dtype(l, in, carried);
    if (call.buffers[1] < 0)
        return stepc_error_code(l->error);
    code = loop_call_add(l->program, &call, l->error);
    return code || carried == dtype ? code : narrow(l, call.buffers[0], out, dtype, is_logarithmic);
}

static stepc_code lower_cumsum(lower_context *l) { return lower_running(l, ACC_SUM, false); }
static stepc_code lower_cumulative_logsumexp(lower_context *l) { return lower_running(l, ACC_SUM, true); }

static stepc_code lower_cumprod(lower_context *l) { return lower_running(l, ACC_PROD, false); }

static const lower_row rows[] = {
    {"Cumprod", lower_cumprod, 1u << 1},
    {"Cumsum", lower_cumsum, 1u << 1},
    {"CumulativeLogsumexp", lower_cumulative_logsumexp, 1u << 1},
};

const lower_family lower_scan = {rows, sizeof rows / sizeof rows[0]};
