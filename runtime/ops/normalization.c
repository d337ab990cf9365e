/* SPDX-License-Identifier: Apache-2.0 */
/* Softmax and the losses on it. With m the greatest element of a row, all are made of
 * exp(x - m) and their sum; every intermediate value is a double, results are rounded once. */
#include "runtime/core/scalar.h"
#include "runtime/ops/kernels.h"

#include <string.h>

/* A row of logits, or of labels: STRIDE 0 repeats one element. */
typedef struct row_view {
    stepc_dtype dtype;
    const void *data;
    int64_t first, stride, count;
} row_view;

static double row_at(const row_view *r, int64_t i) { return load_f64(r->dtype, r->data, r->first + i * r->stride); }

/* The greatest element that is a number; NaN elements show up in the sum all the same. */
static double row_greatest(const row_view *r)
{
    double greatest = r->count > 0 ? row_at(r, 0) : 0.0;
    int64_t i;

    for (i = 1; i < r->count; i++) {
        double x = row_at(r, i);

        if (x > greatest || greatest != greatest)
            greatest = x;
    }
    return greatest;
}

static double row_exp_sum(const row_view *r, double greatest)
{
    double sum = 0.0;
    int64_t i;

    for (i = 0; i < r->count; i++)
        sum += scalar_exp(row_at(r, i) - greatest);
    return sum;
}

/* ---- Softmax and LogSoftmax ----------------------------------------------------------------------------- */

static stepc_code infer_softmax(infer_context *c)
{
    if (c->inputs[0]->rank == 0)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "logits must have >= 1 dimension, got []");
    return infer_same(c);
}

static stepc_code kernel_softmax(kernel_context *k)
{
    const stepc_tensor *in = k->inputs[0];
    bool is_log = strcmp(k->op->type.data, "LogSoftmax") == 0;
    stepc_dtype dtype = stepc_tensor_dtype(in);
    row_view r = {dtype, stepc_tensor_data(in), 0, 1, 0};
    stepc_tensor *out;
    stepc_code code;
    int64_t i;

    if (stepc_tensor_rank(in) < 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "logits must have >= 1 dimension, got []");
    if (!dtype_is_float(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    r.count = stepc_tensor_dims(in)[stepc_tensor_rank(in) - 1];
    code = kernel_output(k, 0, dtype, stepc_tensor_dims(in), stepc_tensor_rank(in), &out);
    for (; code == STEPC_OK && r.first < stepc_tensor_length(in); r.first += r.count) {
        double greatest = row_greatest(&r), sum = row_exp_sum(&r, greatest), log_sum = scalar_log(sum);

        for (i = 0; i < r.count; i++) {
            double x = row_at(&r, i) - greatest;

            store_f64(dtype, stepc_tensor_data(out), r.first + i, is_log ? x - log_sum : scalar_exp(x) / sum);
        }
    }
    return code;
}

/* ---- SoftmaxCrossEntropyWithLogits --------------------------------------------------------- */

/* Outputs 0 (loss [B]) and 1 (backprop [B, C]). */
static stepc_code infer_loss(infer_context *c, size_ref batch, size_ref classes)
{
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code == STEPC_OK)
        code = infer_set_rank(c, 1, 2);
    if (code != STEPC_OK)
        return code;
    c->outputs[0].dims[0] = c->outputs[1].dims[0] = batch;
    c->outputs[1].dims[1] = classes;
    return STEPC_OK;
}

static stepc_code infer_cross_entropy(infer_context *c)
{
    const infer_value *a = c->inputs[0], *b = c->inputs[1];
    size_ref dims[2];
    int32_t i;

    if (a->rank < 0 || b->rank < 0)
        return infer_loss(c, SIZE_UNKNOWN, SIZE_UNKNOWN);
    if (a->rank > 2 || b->rank > 2 || (a->rank < 2 && b->rank < 2))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional");
    for (i = 1; i <= 2; i++) { /* from the right */
        size_ref one = size_const(c->sizes, 1);
        size_ref x = i > a->rank ? one : a->dims[a->rank - i], y = i > b->rank ? one : b->dims[b->rank - i];

        if (!infer_broadcast_dim(c, x, y, &dims[2 - i])) {
            char s[256], t[256];

            return error_set(c->error, STEPC_INVALID_ARGUMENT,
                             "logits and labels must be broadcastable: logits_size=%s labels_size=%s",
                             infer_shape_text(c, a, s, sizeof s), infer_shape_text(c, b, t, sizeof t));
        }
    }
    return infer_loss(c, dims[0], dims[1]);
}

/* Row ROW of T, broadcast to CLASSES columns. */
static row_view broadcast_row(const stepc_tensor *t, int64_t row, int64_t classes)
{
    const int64_t *dims = stepc_tensor_dims(t);
    int32_t rank = stepc_tensor_rank(t);
    int64_t columns = rank > 0 ? dims[rank - 1] : 1;
    row_view r = {stepc_tensor_dtype(t), stepc_tensor_data(t), 0, columns == 1 ? 0 : 1, classes};

    if (rank == 2 && dims[0] != 1)
        r.first = row * columns;
    return r;
}

static void cross_entropy_row(const row_view *logits, const row_view *labels, int64_t row, stepc_tensor *loss,
                              stepc_tensor *backprop)
{
    stepc_dtype dtype = logits->dtype;
    double greatest = row_greatest(logits), sum = row_exp_sum(logits, greatest), total = 0.0;
    double log_sum = scalar_log(sum);
    int64_t i;

    for (i = 0; i < logits->count; i++) {
        double x = row_at(logits, i) - greatest, label = row_at(labels, i);

        if (label != 0.0) /* 0 * inf counts as 0 */
            total += label * (log_sum - x);
        store_f64(dtype, stepc_tensor_data(backprop), row * logits->count + i, scalar_exp(x) / sum - label);
    }
    store_f64(dtype, stepc_tensor_data(loss), row, total);
}

static stepc_code kernel_cross_entropy(kernel_context *k)
{
    const stepc_tensor *logits = k->inputs[0], *labels = k->inputs[1];
    int32_t logits_rank = stepc_tensor_rank(logits), labels_rank = stepc_tensor_rank(labels), rank;
    stepc_dtype dtype = stepc_tensor_dtype(logits);
    stepc_tensor *loss, *backprop;
    int64_t dims[2], row;
    stepc_code code;

    if (!dtype_is_float(dtype))
        return kernel_unsupported(k->error, k->op->type.data, dtype);
    if (logits_rank > 2 || labels_rank > 2 || (logits_rank < 2 && labels_rank < 2))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "logits and labels must be either 2-dimensional, or broadcasted to be 2-dimensional");
    if (!broadcast_shapes(stepc_tensor_dims(logits), logits_rank, stepc_tensor_dims(labels), labels_rank, dims,
                          &rank)) {
        char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];

        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "logits and labels must be broadcastable: logits_size=%s labels_size=%s",
                         tensor_shape_text(logits, x), tensor_shape_text(labels, y));
    }
    code = kernel_output(k, 0, dtype, dims, 1, &loss);
    if (code == STEPC_OK)
        code = kernel_output(k, 1, dtype, dims, 2, &backprop);
    for (row = 0; code == STEPC_OK && row < dims[0]; row++) {
        row_view x = broadcast_row(logits, row, dims[1]), y = broadcast_row(labels, row, dims[1]);

        cross_entropy_row(&x, &y, row, loss, backprop);
    }
    return code;
}

/* ---- SparseSoftmaxCrossEntropyWithLogits ---------------------------------------------------- */

static stepc_code infer_sparse_cross_entropy(infer_context *c)
{
    const infer_value *logits = c->inputs[0], *labels = c->inputs[1];
    size_ref batch = SIZE_UNKNOWN;
    char x[256], y[256];

    if (logits->rank >= 0 && logits->rank != 2)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "logits must be 2-D, but got shape %s",
                         infer_shape_text(c, logits, x, sizeof x));
    if (labels->rank >= 0 && labels->rank != 1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "labels must be 1-D, but got shape %s",
                         infer_shape_text(c, labels, x, sizeof x));
    if (!infer_merge(c, logits->rank == 2 ? logits->dims[0] : SIZE_UNKNOWN,
                     labels->rank == 1 ? labels->dims[0] : SIZE_UNKNOWN, &batch))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "logits and labels must have the same first dimension, got logits shape %s and labels "
                         "shape %s",
                         infer_shape_text(c, logits, x, sizeof x), infer_shape_text(c, labels, y, sizeof y));
    return infer_loss(c, batch, logits->rank == 2 ? logits->dims[1] : SIZE_UNKNOWN);
}

static stepc_code check_sparse(kernel_context *k, const stepc_tensor *logits, const stepc_tensor *labels)
{
    const int64_t *dims = stepc_tensor_dims(logits);
    char x[SHAPE_TEXT_BYTES], y[SHAPE_TEXT_BYTES];
    int64_t i;

    if (!dtype_is_float(stepc_tensor_dtype(logits)))
        return kernel_unsupported(k->error, k->op->type.data, stepc_tensor_dtype(logits));
    if (stepc_tensor_rank(logits) != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "logits must be 2-D, but got shape %s",
                         tensor_shape_text(logits, x));
    if (stepc_tensor_rank(labels) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "labels must be 1-D, but got shape %s",
                         tensor_shape_text(labels, x));
    if (dims[0] != stepc_tensor_dims(labels)[0])
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "logits and labels must have the same first dimension, got logits shape %s and labels "
                         "shape %s",
                         tensor_shape_text(logits, x), tensor_shape_text(labels, y));
    if (dims[1] == 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "Must have at least one class, but got logits shape %s",
                         tensor_shape_text(logits, x));
    for (i = 0; i < dims[0]; i++) {
        int64_t label = load_i64(stepc_tensor_dtype(labels), stepc_tensor_data(labels), i);

        if (label < 0 || label >= dims[1])
            return error_set(k->error, STEPC_INVALID_ARGUMENT,
                             "Received a label value of %lld which is outside the valid range of [0, %lld)",
                             (long long)label, (long long)dims[1]);
    }
    return STEPC_OK;
}

static stepc_code kernel_sparse_cross_entropy(kernel_context *k)
{
    const stepc_tensor *logits = k->inputs[0], *labels = k->inputs[1];
    const int64_t *dims = stepc_tensor_dims(logits);
    stepc_dtype dtype = stepc_tensor_dtype(logits);
    stepc_tensor *loss, *backprop;
    stepc_code code = check_sparse(k, logits, labels);
    int64_t row, i;

    if (code == STEPC_OK)
        code = kernel_output(k, 0, dtype, dims, 1, &loss);
    if (code == STEPC_OK)
        code = kernel_output(k, 1, dtype, dims, 2, &backprop);
    for (row = 0; code == STEPC_OK && row < dims[0]; row++) {
        row_view x = {dtype, stepc_tensor_data(logits), row * dims[1], 1, dims[1]};
        int64_t label = load_i64(stepc_tensor_dtype(labels), stepc_tensor_data(labels), row);
        double greatest = row_greatest(&x), sum = row_exp_sum(&x, greatest);

        store_f64(dtype, stepc_tensor_data(loss), row, scalar_log(sum) - (row_at(&x, label) - greatest));
        for (i = 0; i < dims[1]; i++)
            store_f64(dtype, stepc_tensor_data(backprop), x.first + i,
                      scalar_exp(row_at(&x, i) - greatest) / sum - (i == label ? 1.0 : 0.0));
    }
    return code;
}

/* ---- InTopK --------------------------------------------------------------------------------- */

static stepc_code infer_in_top_k(infer_context *c)
{
    const infer_value *predictions = c->inputs[0], *targets = c->inputs[1];
    size_ref batch = SIZE_UNKNOWN;
    stepc_code code = infer_set_rank(c, 0, 1);

    if (code != STEPC_OK)
        return code;
    if (predictions->rank >= 0 && predictions->rank != 2)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "predictions must be 2-dimensional");
    if (targets->rank >= 0 && targets->rank != 1)
        return error_set(c->error, STEPC_INVALID_ARGUMENT, "targets must be 1-dimensional");
    if (!infer_merge(c, predictions->rank == 2 ? predictions->dims[0] : SIZE_UNKNOWN,
                     targets->rank == 1 ? targets->dims[0] : SIZE_UNKNOWN, &batch))
        return error_set(c->error, STEPC_INVALID_ARGUMENT,
                         "First dimension of predictions must match length of targets");
    c->outputs[0].dims[0] = batch;
    return STEPC_OK;
}

/* Fewer than K elements of the row are greater than that of TARGET; false where anything is not finite. */
static bool row_in_top_k(const row_view *row, int64_t target, int64_t k)
{
    int64_t greater = 0, i;

    if (target < 0 || target >= row->count)
        return false;
    for (i = 0; i < row->count; i++) {
        double x = row_at(row, i);

        if (x - x != 0.0)
            return false;
        greater += x > row_at(row, target);
    }
    return greater < k;
}

static stepc_code kernel_in_top_k(kernel_context *k)
{
    const stepc_tensor *predictions = k->inputs[0], *targets = k->inputs[1];
    const int64_t *dims = stepc_tensor_dims(predictions);
    char shape[SHAPE_TEXT_BYTES];
    int64_t wanted, row;
    stepc_tensor *out;
    stepc_code code;

    if (stepc_tensor_rank(predictions) != 2)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "predictions must be 2-dimensional");
    if (stepc_tensor_rank(targets) != 1)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "targets must be 1-dimensional");
    if (dims[0] != stepc_tensor_length(targets))
        return error_set(k->error, STEPC_INVALID_ARGUMENT,
                         "First dimension of predictions %lld must match length of targets %lld", (long long)dims[0],
                         (long long)stepc_tensor_length(targets));
    if (k->input_count > 2 && stepc_tensor_rank(k->inputs[2]) != 0)
        return error_set(k->error, STEPC_INVALID_ARGUMENT, "k must be 0-D, got shape %s",
                         tensor_shape_text(k->inputs[2], shape));
    wanted = k->input_count > 2 ? load_i64(stepc_tensor_dtype(k->inputs[2]), stepc_tensor_data(k->inputs[2]), 0)
                                : operation_int(k->op, "k", 0);
    code = kernel_output(k, 0, STEPC_BOOL, dims, 1, &out);
    for (row = 0; code == STEPC_OK && row < dims[0]; row++) {
        row_view r = {stepc_tensor_dtype(predictions), stepc_tensor_data(predictions), row * dims[1], 1, dims[1]};
        int64_t target = load_i64(stepc_tensor_dtype(targets), stepc_tensor_data(targets), row);

        store_u64(STEPC_BOOL, stepc_tensor_data(out), row, row_in_top_k(&r, target, wanted));
    }
    return code;
}

static const op_row rows[] = {
    {"InTopK", infer_in_top_k, kernel_in_top_k, 0, SAMPLE_SCATTER, 0, 0},
    {"InTopKV2", infer_in_top_k, kernel_in_top_k, 0, SAMPLE_SCATTER, 0, 0},
    {"LogSoftmax", infer_softmax, kernel_softmax, 0, SAMPLE_ROWS, 0, 0},
    {"Softmax", infer_softmax, kernel_softmax, 0, SAMPLE_ROWS, 0, 0},
    {"SoftmaxCrossEntropyWithLogits", infer_cross_entropy, kernel_cross_entropy, 0, SAMPLE_ROWS_PAIR, 0, 0},
    {"SparseSoftmaxCrossEntropyWithLogits", infer_sparse_cross_entropy, kernel_sparse_cross_entropy, 0,
     SAMPLE_ROWS_LABELS, 0, 0},
};

const op_family ops_normalization = {rows, sizeof rows / sizeof rows[0]};
