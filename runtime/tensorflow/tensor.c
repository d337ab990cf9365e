/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors: a shape over counted memory that is the caller's, the library's, or a fetched tensor's. */
#include "runtime/tensorflow/types.h"

#include "runtime/core/checked.h"
#include "runtime/core/tensor.h"

#include <string.h>

/* Memory that a caller gave is used as it is from this alignment on; what every malloc gives. */
#define CALLER_ALIGNMENT 16
#define OWN_ALIGNMENT    64
#define INLINE_DIMS      6

/* Elements, and how they are freed. */
typedef struct tensor_memory {
    atomic_int users;
    stepc_allocator allocator; /* of this record */
    void *data;
    size_t bytes;
    void (*deallocator)(void *data, size_t len, void *arg); /* of the caller's memory */
    void *argument;
    bool is_callers;
    stepc_tensor *tensor; /* a fetched one, or NULL */
    size_t strings;       /* TF_TString records that the library made */
    size_t block_bytes;   /* of this record with what lies behind it */
} tensor_memory;

struct TF_Tensor {
    stepc_allocator allocator; /* of this record */
    tensor_memory *memory;
    TF_DataType dtype;
    int rank;
    int64_t length; /* number of elements */
    int64_t *dims;  /* INLINE, or allocated */
    int64_t inline_dims[INLINE_DIMS];
};

/* ---- memory ----------------------------------------------------------------------------------------- */

/* A record with BYTES of own elements behind it, aligned; they are not set. */
static tensor_memory *memory_make(const stepc_allocator *allocator, size_t bytes)
{
    size_t header = (sizeof(tensor_memory) + OWN_ALIGNMENT - 1) / OWN_ALIGNMENT * OWN_ALIGNMENT;
    size_t block;

    if (!checked_add_size(header, bytes != 0 ? bytes : 1, &block))
        return NULL;
    tensor_memory *memory = allocator->allocate(allocator->context, block, OWN_ALIGNMENT);
    if (memory == NULL)
        return NULL;
    memset(memory, 0, sizeof(*memory));
    atomic_init(&memory->users, 1);
    memory->allocator = *allocator;
    memory->data = (char *)memory + header;
    memory->bytes = bytes;
    memory->block_bytes = block;
    return memory;
}

static void memory_release(tensor_memory *memory)
{
    if (memory == NULL || atomic_fetch_sub_explicit(&memory->users, 1, memory_order_acq_rel) != 1)
        return;
    TF_TString *strings = memory->data;
    for (size_t i = 0; i < memory->strings; i++)
        TF_TString_Dealloc(&strings[i]);
    if (memory->deallocator != NULL)
        memory->deallocator(memory->data, memory->bytes, memory->argument);
    stepc_tensor_release(memory->tensor);
    stepc_allocator allocator = memory->allocator;
    allocator.release(allocator.context, memory, memory->block_bytes);
}

/* ---- shapes ----------------------------------------------------------------------------------------- */

/* Bytes of COUNT elements in a tensor; resources and variants have none of their own. */
static bool element_bytes(TF_DataType dtype, int64_t count, size_t *out)
{
    size_t element = dtype == TF_STRING ? sizeof(TF_TString) : TF_DataTypeSize(dtype);
    return count >= 0 && (uint64_t)count <= SIZE_MAX && checked_mul_size((size_t)count, element, out);
}

static bool set_dims(TF_Tensor *t, const int64_t *dims, int rank)
{
    int64_t length;
    int64_t *place = t->inline_dims;

    if (rank < 0 || (rank > 0 && dims == NULL) || !shape_count(dims, rank, &length))
        return false;
    if (rank > INLINE_DIMS && (place = memory_new((size_t)rank * sizeof(*place))) == NULL)
        return false;
    if (rank > 0)
        memmove(place, dims, (size_t)rank * sizeof(*place));
    if (t->dims != t->inline_dims)
        memory_free(t->dims, (size_t)t->rank * sizeof(*t->dims));
    t->dims = place;
    t->rank = rank;
    t->length = length;
    return true;
}

/* A tensor over MEMORY, whose reference it takes, or NULL: then MEMORY stays the caller's. */
static TF_Tensor *tensor_make(TF_DataType dtype, const int64_t *dims, int rank, tensor_memory *memory)
{
    const stepc_allocator *allocator = &memory->allocator;
    TF_Tensor *t = allocator->allocate(allocator->context, sizeof(*t), _Alignof(TF_Tensor));

    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof(*t));
    t->allocator = *allocator;
    t->dims = t->inline_dims;
    t->dtype = dtype;
    t->memory = memory;
    if (!set_dims(t, dims, rank)) {
        allocator->release(allocator->context, t, sizeof(*t));
        return NULL;
    }
    return t;
}

/* ---- making ----------------------------------------------------------------------------------------- */

/* Whether LEN bytes hold a tensor of that shape. */
static bool fits(TF_DataType dtype, const int64_t *dims, int rank, size_t len, size_t *out_needed)
{
    int64_t count;

    if (rank < 0 || (rank > 0 && dims == NULL) || !shape_count(dims, rank, &count) ||
        !element_bytes(dtype, count, out_needed))
        return false;
    return len >= *out_needed;
}

TF_Tensor *TF_NewTensor(TF_DataType dtype, const int64_t *dims, int num_dims, void *data, size_t len,
                        void (*deallocator)(void *data, size_t len, void *arg), void *deallocator_arg)
{
    size_t needed;
    /* Records of strings, resources and variants stay where they are: copying them would not copy what they hold. */
    bool plain = TF_DataTypeSize(dtype) != 0;
    bool copied = plain && (uintptr_t)data % CALLER_ALIGNMENT != 0;
    stepc_host host = host_resolve(NULL);
    bool legible = plain || (uintptr_t)data % sizeof(void *) == 0;
    TF_Tensor *t = NULL;

    if (legible && fits(dtype, dims, num_dims, len, &needed) && (data != NULL || needed == 0)) {
        tensor_memory *memory = memory_make(&host.allocator, copied ? len : 0);
        if (memory != NULL && (t = tensor_make(dtype, dims, num_dims, memory)) == NULL)
            memory_release(memory);
    }
    if (t == NULL || copied) {
        if (t != NULL && len != 0)
            memcpy(t->memory->data, data, len);
        if (deallocator != NULL)
            deallocator(data, len, deallocator_arg);
        return t;
    }
    t->memory->data = data;
    t->memory->bytes = len;
    t->memory->is_callers = true;
    t->memory->deallocator = deallocator;
    t->memory->argument = deallocator_arg;
    return t;
}

TF_Tensor *TF_AllocateTensor(TF_DataType dtype, const int64_t *dims, int num_dims, size_t len)
{
    size_t needed;
    bool enough = fits(dtype, dims, num_dims, dtype == TF_STRING ? SIZE_MAX : len, &needed);

    if (!enough)
        return NULL;
    /* Callers from the time of another string layout ask for less than the records take. */
    size_t bytes = len > needed ? len : needed;
    stepc_host host = host_resolve(NULL);
    tensor_memory *memory = memory_make(&host.allocator, bytes);
    if (memory == NULL)
        return NULL;
    if (TF_DataTypeSize(dtype) == 0)
        memset(memory->data, 0, bytes);
    TF_Tensor *t = tensor_make(dtype, dims, num_dims, memory);
    if (t == NULL)
        memory_release(memory);
    return t;
}

void TF_DeleteTensor(TF_Tensor *tensor)
{
    if (tensor == NULL)
        return;
    memory_release(tensor->memory);
    if (tensor->dims != tensor->inline_dims)
        memory_free(tensor->dims, (size_t)tensor->rank * sizeof(*tensor->dims));
    stepc_allocator allocator = tensor->allocator;
    allocator.release(allocator.context, tensor, sizeof(*tensor));
}

TF_Tensor *TF_TensorMaybeMove(TF_Tensor *tensor)
{
    if (tensor == NULL)
        return NULL;
    const tensor_memory *memory = tensor->memory;
    bool own = memory->tensor != NULL ? tensor_is_unique(memory->tensor) != 0 : !memory->is_callers;
    return own && atomic_load_explicit(&memory->users, memory_order_acquire) == 1 ? tensor : NULL;
}

/* ---- asking ----------------------------------------------------------------------------------------- */

TF_DataType TF_TensorType(const TF_Tensor *tensor) { return tensor != NULL ? tensor->dtype : (TF_DataType)0; }

void TF_SetShape(TF_Tensor *tensor, const int64_t *dims, int num_dims)
{
    size_t needed;

    if (tensor != NULL && fits(tensor->dtype, dims, num_dims, tensor->memory->bytes, &needed))
        set_dims(tensor, dims, num_dims);
}

int TF_NumDims(const TF_Tensor *tensor) { return tensor != NULL ? tensor->rank : 0; }

int64_t TF_Dim(const TF_Tensor *tensor, int dim_index)
{
    return tensor != NULL && dim_index >= 0 && dim_index < tensor->rank ? tensor->dims[dim_index] : -1;
}

size_t TF_TensorByteSize(const TF_Tensor *tensor) { return tensor != NULL ? tensor->memory->bytes : 0; }

void *TF_TensorData(const TF_Tensor *tensor) { return tensor != NULL ? tensor->memory->data : NULL; }

int64_t TF_TensorElementCount(const TF_Tensor *tensor) { return tensor != NULL ? tensor->length : 0; }

size_t TF_TensorDefaultAlignment(void) { return CALLER_ALIGNMENT; }

bool TF_TensorIsAligned(const TF_Tensor *tensor)
{
    return tensor != NULL && (uintptr_t)tensor->memory->data % CALLER_ALIGNMENT == 0;
}

void TF_TensorBitcastFrom(const TF_Tensor *from, TF_DataType type, TF_Tensor *to, const int64_t *new_dims,
                          int num_new_dims, TF_Status *status)
{
    size_t have, want;
    int64_t count;

    status_clear(status);
    if (from == NULL || to == NULL || TF_DataTypeSize(from->dtype) == 0 || TF_DataTypeSize(type) == 0) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Only tensors of numbers can be shown as another type.");
        return;
    }
    if (num_new_dims < 0 || (num_new_dims > 0 && new_dims == NULL) || !shape_count(new_dims, num_new_dims, &count) ||
        !element_bytes(type, count, &want) || !element_bytes(from->dtype, from->length, &have) || want != have) {
        status_set(status, STEPC_INVALID_ARGUMENT,
                   "Cannot bitcast from %s to %s: the shapes do not take the same bytes.",
                   stepc_dtype_name((stepc_dtype)(int)from->dtype), stepc_dtype_name((stepc_dtype)(int)type));
        return;
    }
    if (!set_dims(to, new_dims, num_new_dims)) {
        status_out_of_memory(status, "setting a shape");
        return;
    }
    atomic_fetch_add_explicit(&from->memory->users, 1, memory_order_relaxed);
    memory_release(to->memory);
    to->memory = from->memory;
    to->dtype = type;
}

/* ---- to and from the session ------------------------------------------------------------------------ */

/* Strings change their form: each value is copied. */
static tensor_memory *strings_copy(const stepc_allocator *allocator, const stepc_tensor *tensor)
{
    const stepc_string *from = stepc_tensor_data(tensor);
    size_t count = (size_t)stepc_tensor_length(tensor), bytes;
    tensor_memory *memory = checked_mul_size(count, sizeof(TF_TString), &bytes) ? memory_make(allocator, bytes) : NULL;

    if (memory == NULL)
        return NULL;
    memset(memory->data, 0, bytes);
    memory->strings = count;
    TF_TString *to = memory->data;
    for (size_t i = 0; i < count; i++) {
        TF_TString_Copy(&to[i], from[i].data, from[i].size);
        if (TF_TString_GetSize(&to[i]) != from[i].size) {
            memory_release(memory);
            return NULL;
        }
    }
    return memory;
}

TF_Tensor *tensor_wrap(const stepc_allocator *allocator, stepc_tensor *tensor, TF_Status *status)
{
    bool is_string = stepc_tensor_dtype(tensor) == STEPC_STRING;
    tensor_memory *memory = is_string ? strings_copy(allocator, tensor) : memory_make(allocator, 0);
    TF_Tensor *t = NULL;

    if (memory != NULL && !is_string) {
        memory->tensor = stepc_tensor_retain(tensor);
        memory->data = stepc_tensor_data(tensor);
        memory->bytes = stepc_tensor_bytes(tensor);
    }
    if (memory != NULL)
        t = tensor_make((TF_DataType)(int)stepc_tensor_dtype(tensor), stepc_tensor_dims(tensor),
                        stepc_tensor_rank(tensor), memory);
    if (t == NULL) {
        memory_release(memory);
        status_out_of_memory(status, "giving a tensor to its caller");
    }
    return t;
}

size_t tensor_string_count(const TF_Tensor *tensor)
{
    return tensor != NULL && tensor->dtype == TF_STRING ? (size_t)tensor->length : 0;
}

stepc_view tensor_view(const TF_Tensor *tensor, stepc_string *strings)
{
    stepc_view view = {tensor->memory->data, 0, tensor->dims, tensor->rank, (int32_t)tensor->dtype};

    if (tensor->dtype == TF_STRING) {
        const TF_TString *from = tensor->memory->data;
        for (int64_t i = 0; i < tensor->length; i++)
            strings[i] = (stepc_string){TF_TString_GetDataPointer(&from[i]), TF_TString_GetSize(&from[i])};
        view.data = strings;
        view.bytes = (size_t)tensor->length * sizeof(*strings);
        return view;
    }
    if (!element_bytes(tensor->dtype, tensor->length, &view.bytes))
        view.bytes = tensor->memory->bytes;
    return view;
}
