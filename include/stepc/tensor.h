/* SPDX-License-Identifier: 0BSD */
/* Tensors: counted, dense, row-major, immutable once shared. */
#ifndef STEPC_TENSOR_H
#define STEPC_TENSOR_H

#include "stepc/host.h"

#ifdef __cplusplus
extern "C" {
#endif

/* name, TensorFlow's number, element bytes, text as messages print it (TensorFlow's DataTypeString), NumPy descr.
 * A string element is a stepc_string (16 bytes on 64-bit hosts). clang-format off */
#define STEPC_DTYPE_LIST(X)                                 \
    X(FLOAT32,     1,  4, "float",      "f4")               \
    X(FLOAT64,     2,  8, "double",     "f8")               \
    X(INT32,       3,  4, "int32",      "i4")               \
    X(UINT8,       4,  1, "uint8",      "u1")               \
    X(INT16,       5,  2, "int16",      "i2")               \
    X(INT8,        6,  1, "int8",       "i1")               \
    X(STRING,      7, sizeof(stepc_string), "string", "")   \
    X(COMPLEX64,   8,  8, "complex64",  "c8")               \
    X(INT64,       9,  8, "int64",      "i8")               \
    X(BOOL,       10,  1, "bool",       "b1")               \
    X(QINT8,      11,  1, "qint8",      "i1")               \
    X(QUINT8,     12,  1, "quint8",     "u1")               \
    X(QINT32,     13,  4, "qint32",     "i4")               \
    X(BFLOAT16,   14,  2, "bfloat16",   "V2")               \
    X(QINT16,     15,  2, "qint16",     "i2")               \
    X(QUINT16,    16,  2, "quint16",    "u2")               \
    X(UINT16,     17,  2, "uint16",     "u2")               \
    X(COMPLEX128, 18, 16, "complex128", "c16")              \
    X(HALF,       19,  2, "half",       "f2")               \
    X(RESOURCE,   20,  0, "resource",   "")                 \
    X(VARIANT,    21,  0, "variant",    "")                 \
    X(UINT32,     22,  4, "uint32",     "u4")               \
    X(UINT64,     23,  8, "uint64",     "u8")
/* clang-format on */

#define STEPC_DTYPE_ENUM(name, number, bytes, text, descr) STEPC_##name = (number),
typedef enum stepc_dtype { STEPC_DTYPE_INVALID = 0, STEPC_DTYPE_LIST(STEPC_DTYPE_ENUM) STEPC_DTYPE_REF = 100 } stepc_dtype;
#undef STEPC_DTYPE_ENUM

typedef struct stepc_string {
    const char *data;
    size_t size;
} stepc_string;

/* A borrowed view of elements. data may be NULL when bytes is 0. */
typedef struct stepc_view {
    void *data;
    size_t bytes;
    const int64_t *dims;
    int32_t rank;
    int32_t dtype; /* stepc_dtype */
} stepc_view;

typedef struct stepc_tensor stepc_tensor;

/* Creates a tensor of RANK dimensions DIMS with uninitialised elements (strings: empty).
 * The count is 1 and belongs to the caller. INVALID_ARGUMENT for a negative dimension or
 * unknown dtype, RESOURCE_EXHAUSTED for a size beyond the limits. HOST NULL: defaults. */
stepc_code stepc_tensor_new(const stepc_host *host, stepc_dtype dtype, const int64_t *dims, int32_t rank,
                            stepc_tensor **out, stepc_error *error);
/* The same, with a copy of the elements of VIEW (strings are copied too). */
stepc_code stepc_tensor_copy(const stepc_host *host, const stepc_view *view, stepc_tensor **out, stepc_error *error);

stepc_tensor *stepc_tensor_retain(stepc_tensor *tensor); /* returns TENSOR */
void stepc_tensor_release(stepc_tensor *tensor);         /* frees at zero; NULL is fine */

stepc_dtype stepc_tensor_dtype(const stepc_tensor *tensor);
int32_t stepc_tensor_rank(const stepc_tensor *tensor);
const int64_t *stepc_tensor_dims(const stepc_tensor *tensor);
int64_t stepc_tensor_length(const stepc_tensor *tensor); /* number of elements */
size_t stepc_tensor_bytes(const stepc_tensor *tensor);
void *stepc_tensor_data(const stepc_tensor *tensor); /* aligned 64; write only while unshared */
stepc_view stepc_tensor_view(const stepc_tensor *tensor);
/* Sets string element INDEX to a copy of VALUE. */
stepc_code stepc_tensor_set_string(stepc_tensor *tensor, int64_t index, stepc_string value, stepc_error *error);

/* "float", "int32", ...; reference types as "float_ref"; "invalid" otherwise. */
const char *stepc_dtype_name(stepc_dtype dtype);
/* Reads "float32", "float", "int64", "bool", "half", "float16", ... ; STEPC_DTYPE_INVALID if unknown. */
stepc_dtype stepc_dtype_parse(const char *text, size_t size);
/* Bytes of one element; 0 for resource, variant and unknown types. */
size_t stepc_dtype_bytes(stepc_dtype dtype);

#ifdef __cplusplus
}
#endif
#endif
