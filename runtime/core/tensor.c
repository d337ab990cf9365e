/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/tensor.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"

#include <stdatomic.h>
#include <string.h>

#define DATA_ALIGNMENT 64

/* One block of memory: this record, the dimensions, and (if its own) the elements. */
struct stepc_tensor {
    atomic_size_t count;
    stepc_allocator allocator;
    size_t block_bytes;
    stepc_tensor *owner; /* whose memory an alias shows; retained */
    bool borrowed;       /* the elements are somebody else's */
    stepc_dtype dtype;
    int32_t rank;
    int64_t length;
    size_t bytes;
    void *data;
    int64_t dims[];
};

/* Checks dtype and shape against each other and the limits; gives the sizes. */
static stepc_code measure(const stepc_host *host, int64_t dtype, const int64_t *dims, int32_t rank, int64_t *out_length,
                          size_t *out_bytes, stepc_error *error)
{
    if (!dtype_is_known(dtype))
        return error_set(error, STEPC_INVALID_ARGUMENT, "unknown dtype %lld", (long long)dtype);
    if (dtype_is_ref((stepc_dtype)dtype))
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor cannot be of reference type %s",
                         stepc_dtype_name((stepc_dtype)dtype));
    if (rank < 0 || (rank > 0 && dims == NULL))
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor cannot have %d dimensions", (int)rank);
    if (rank > host->limits.rank)
        return error_limit(error, "rank", host->limits.rank, rank);
    char shape[256];
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "dimension %d of shape %s is negative", (int)i,
                             shape_text(dims, rank, shape, sizeof shape));
    }
    int64_t bytes;
    size_t element = stepc_dtype_bytes((stepc_dtype)dtype);
    if (!shape_count(dims, rank, out_length) || !checked_mul_i64(*out_length, (int64_t)element, &bytes)) {
        error_limit(error, "tensor_bytes", host->limits.tensor_bytes, INT64_MAX);
        error_append(error, " for shape %s", shape_text(dims, rank, shape, sizeof shape));
        return STEPC_RESOURCE_EXHAUSTED;
    }
    if (bytes > host->limits.tensor_bytes || (uint64_t)bytes > SIZE_MAX) {
        error_limit(error, "tensor_bytes", host->limits.tensor_bytes, bytes);
        error_append(error, " for shape %s", shape_text(dims, rank, shape, sizeof shape));
        return STEPC_RESOURCE_EXHAUSTED;
    }
    *out_bytes = (size_t)bytes;
    return STEPC_OK;
}

/* A record with room for ELEMENT_BYTES of elements, or without where they are elsewhere. */
static stepc_tensor *new_record(const stepc_allocator *allocator, const int64_t *dims, int32_t rank, bool own,
                                size_t element_bytes)
{
    size_t header, block;
    if (!checked_mul_size((size_t)rank, sizeof(int64_t), &header) ||
        !checked_add_size(header, sizeof(stepc_tensor), &header) ||
        !checked_align_size(header, DATA_ALIGNMENT, &header))
        return NULL;
    /* Elements of size zero still get an aligned address inside the block. */
    if (!checked_add_size(header, own ? (element_bytes != 0 ? element_bytes : 1) : 0, &block))
        return NULL;
    stepc_tensor *tensor = allocator_allocate(allocator, block, DATA_ALIGNMENT);
    if (tensor == NULL)
        return NULL;
    memset(tensor, 0, sizeof *tensor);
    atomic_init(&tensor->count, 1);
    tensor->allocator = *allocator;
    tensor->block_bytes = block;
    tensor->rank = rank;
    if (rank > 0)
        memcpy(tensor->dims, dims, (size_t)rank * sizeof(int64_t));
    if (own)
        tensor->data = (char *)tensor + header;
    return tensor;
}

stepc_code stepc_tensor_new(const stepc_host *host, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                            stepc_tensor **out, stepc_error *error)
{
    stepc_host scratch;
    const stepc_host *whole = host_for_tensors(host, &scratch);
    int64_t length;
    size_t bytes;
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the tensor.");
    *out = NULL;
    stepc_code code = measure(whole, dtype, dims, rank, &length, &bytes, error);
    if (code != STEPC_OK)
        return code;
    stepc_tensor *tensor = new_record(&whole->allocator, dims, rank, true, bytes);
    if (tensor == NULL)
        return error_out_of_memory(error, "creating a tensor");
    tensor->dtype = dtype;
    tensor->length = length;
    tensor->bytes = bytes;
    if (dtype == STEPC_STRING) {
        stepc_string *strings = tensor->data;
        for (int64_t i = 0; i < length; i++) {
            strings[i].data = "";
            strings[i].size = 0;
        }
    }
    *out = tensor;
    return STEPC_OK;
}

/* A view whose bytes fit its shape. */
static stepc_code check_view(const stepc_host *host, const stepc_view *view, int64_t *out_length, stepc_error *error)
{
    size_t bytes;
    stepc_code code = measure(host, view->dtype, view->dims, view->rank, out_length, &bytes, error);
    if (code != STEPC_OK)
        return code;
    if (bytes != view->bytes || (bytes != 0 && view->data == NULL)) {
        char shape[256];
        return error_set(error, STEPC_INVALID_ARGUMENT, "%s of shape %s takes %zu bytes, but %zu are given",
                         stepc_dtype_name((stepc_dtype)view->dtype),
                         shape_text(view->dims, view->rank, shape, sizeof shape), bytes,
                         view->data != NULL ? view->bytes : 0);
    }
    return STEPC_OK;
}

stepc_code stepc_tensor_copy(const stepc_host *host, const stepc_view *view, stepc_tensor **out, stepc_error *error)
{
    stepc_host scratch;
    const stepc_host *whole = host_for_tensors(host, &scratch);
    int64_t length;
    stepc_tensor *tensor;
    if (out == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no place for the tensor.");
    *out = NULL;
    if (view == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no view to copy.");
    stepc_code code = check_view(whole, view, &length, error);
    if (code == STEPC_OK)
        code = stepc_tensor_new(whole, (stepc_dtype)view->dtype, view->dims, view->rank, &tensor, error);
    if (code != STEPC_OK)
        return code;
    if (view->dtype == STEPC_STRING) {
        const stepc_string *strings = view->data;
        for (int64_t i = 0; i < length && code == STEPC_OK; i++)
            code = stepc_tensor_set_string(tensor, i, strings[i], error);
    } else if (view->bytes != 0) {
        memcpy(tensor->data, view->data, view->bytes);
    }
    if (code != STEPC_OK) {
        stepc_tensor_release(tensor);
        return code;
    }
    *out = tensor;
    return STEPC_OK;
}

stepc_code tensor_borrow(const stepc_host *host, const stepc_view *view, stepc_tensor **out, stepc_error *error)
{
    stepc_host scratch;
    const stepc_host *whole = host_for_tensors(host, &scratch);
    int64_t length;
    *out = NULL;
    stepc_code code = check_view(whole, view, &length, error);
    if (code != STEPC_OK)
        return code;
    /* Without elements there may be no address; the data of a tensor is never NULL. */
    bool own = view->data == NULL;
    stepc_tensor *tensor = new_record(&whole->allocator, view->dims, view->rank, own, 0);
    if (tensor == NULL)
        return error_out_of_memory(error, "creating a tensor");
    tensor->borrowed = true;
    tensor->dtype = (stepc_dtype)view->dtype;
    tensor->length = length;
    tensor->bytes = view->bytes;
    if (!own)
        tensor->data = view->data;
    *out = tensor;
    return STEPC_OK;
}

stepc_code tensor_alias(stepc_tensor *elements, const int64_t *dims, int32_t rank, stepc_tensor **out,
                        stepc_error *error)
{
    int64_t length;
    *out = NULL;
    if (rank < 0 || !shape_count(dims, rank, &length) || length != elements->length) {
        char shape[256], old[256];
        return error_set(error, STEPC_INVALID_ARGUMENT, "shape %s does not have the %lld elements of shape %s",
                         rank < 0 ? "of negative rank" : shape_text(dims, rank, shape, sizeof shape),
                         (long long)elements->length, shape_text(elements->dims, elements->rank, old, sizeof old));
    }
    stepc_tensor *tensor = new_record(&elements->allocator, dims, rank, false, 0);
    if (tensor == NULL)
        return error_out_of_memory(error, "creating a tensor");
    /* Of an alias take the root, so that no chain grows. */
    tensor->owner = stepc_tensor_retain(elements->owner != NULL ? elements->owner : elements);
    tensor->dtype = elements->dtype;
    tensor->length = length;
    tensor->bytes = elements->bytes;
    tensor->data = elements->data;
    *out = tensor;
    return STEPC_OK;
}

stepc_tensor *stepc_tensor_retain(stepc_tensor *tensor)
{
    if (tensor != NULL)
        atomic_fetch_add_explicit(&tensor->count, 1, memory_order_relaxed);
    return tensor;
}

static void free_string(const stepc_allocator *allocator, stepc_string *string)
{
    void *memory;
    if (string->size == 0)
        return;
    memcpy(&memory, &string->data, sizeof memory); /* ours, though shown as const */
    allocator_release(allocator, memory, string->size + 1);
    string->data = "";
    string->size = 0;
}

void stepc_tensor_release(stepc_tensor *tensor)
{
    while (tensor != NULL) {
        if (atomic_fetch_sub_explicit(&tensor->count, 1, memory_order_acq_rel) != 1)
            return;
        stepc_tensor *owner = tensor->owner;
        stepc_allocator allocator = tensor->allocator;
        if (tensor->dtype == STEPC_STRING && owner == NULL && !tensor->borrowed) {
            stepc_string *strings = tensor->data;
            for (int64_t i = 0; i < tensor->length; i++)
                free_string(&allocator, &strings[i]);
        }
        allocator_release(&allocator, tensor, tensor->block_bytes);
        tensor = owner;
    }
}

stepc_dtype stepc_tensor_dtype(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->dtype : STEPC_DTYPE_INVALID;
}

int32_t stepc_tensor_rank(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->rank : 0;
}

const int64_t *stepc_tensor_dims(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->dims : NULL;
}

int64_t stepc_tensor_length(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->length : 0;
}

size_t stepc_tensor_bytes(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->bytes : 0;
}

void *stepc_tensor_data(const stepc_tensor *tensor)
{
    return tensor != NULL ? tensor->data : NULL;
}

stepc_view stepc_tensor_view(const stepc_tensor *tensor)
{
    stepc_view view = {NULL, 0, NULL, 0, STEPC_DTYPE_INVALID};
    if (tensor != NULL)
        view = (stepc_view){tensor->data, tensor->bytes, tensor->dims, tensor->rank, (int32_t)tensor->dtype};
    return view;
}

stepc_code stepc_tensor_set_string(stepc_tensor *tensor, int64_t index, stepc_string value, stepc_error *error)
{
    if (tensor == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "There is no tensor to set a string in.");
    const stepc_tensor *root = tensor->owner != NULL ? tensor->owner : tensor;
    if (tensor->dtype != STEPC_STRING)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor of %s holds no strings",
                         stepc_dtype_name(tensor->dtype));
    if (root->borrowed)
        return error_set(error, STEPC_FAILED_PRECONDITION, "the elements of a borrowed tensor cannot be set");
    if (index < 0 || index >= tensor->length)
        return error_set(error, STEPC_OUT_OF_RANGE, "index %lld is outside a tensor of %lld elements", (long long)index,
                         (long long)tensor->length);
    char *copy = NULL;
    size_t bytes;
    if (value.size != 0 && value.data == NULL)
        return error_set(error, STEPC_INVALID_ARGUMENT, "A string of %zu bytes has no data.", value.size);
    if (value.size != 0) {
        if (checked_add_size(value.size, 1, &bytes))
            copy = allocator_allocate(&root->allocator, bytes, 1);
        if (copy == NULL)
            return error_out_of_memory(error, "copying a string");
        memcpy(copy, value.data, value.size);
        copy[value.size] = '\0';
    }
    stepc_string *string = (stepc_string *)tensor->data + index;
    free_string(&root->allocator, string);
    if (copy != NULL) {
        string->data = copy;
        string->size = value.size;
    }
    return STEPC_OK;
}

int tensor_is_unique(const stepc_tensor *tensor)
{
    const stepc_tensor *root = tensor->owner != NULL ? tensor->owner : tensor;
    if (root->borrowed || atomic_load_explicit(&tensor->count, memory_order_acquire) != 1)
        return 0;
    return root == tensor || atomic_load_explicit(&root->count, memory_order_acquire) == 1;
}

int tensor_is_borrowed(const stepc_tensor *tensor)
{
    return (tensor->owner != NULL ? tensor->owner : tensor)->borrowed;
}

int tensor_identical(const stepc_tensor *a, const stepc_tensor *b)
{
    if (a->dtype != b->dtype || !shape_equal(a->dims, a->rank, b->dims, b->rank))
        return 0;
    if (a->dtype != STEPC_STRING)
        return a->bytes == 0 || a->data == b->data || memcmp(a->data, b->data, a->bytes) == 0;
    const stepc_string *x = a->data, *y = b->data;
    for (int64_t i = 0; i < a->length; i++) {
        if (x[i].size != y[i].size || (x[i].size != 0 && memcmp(x[i].data, y[i].data, x[i].size) != 0))
            return 0;
    }
    return 1;
}
