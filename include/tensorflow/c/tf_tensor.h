/* SPDX-License-Identifier: 0BSD */
/* Tensors: dense, row-major. Elements of TF_STRING are TF_TString records of 24 bytes. */
#ifndef TENSORFLOW_C_TF_TENSOR_H_
#define TENSORFLOW_C_TF_TENSOR_H_

#include "tensorflow/c/c_api_macros.h"
#include "tensorflow/c/tf_datatype.h"
#include "tensorflow/c/tf_status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct TF_Tensor TF_Tensor;

/* A tensor over the caller's memory, which it owns from now on: DEALLOCATOR(data, len, arg) is called exactly
 * once, when the last user is gone; at once when DATA is not aligned (TF_TensorDefaultAlignment) and was copied,
 * or when the answer is NULL because LEN is too short for the shape. */
TF_CAPI_EXPORT extern TF_Tensor *TF_NewTensor(TF_DataType dtype, const int64_t *dims, int num_dims, void *data,
                                              size_t len, void (*deallocator)(void *data, size_t len, void *arg),
                                              void *deallocator_arg);
/* A tensor over new memory aligned to 64 bytes; elements are undefined, strings empty. NULL when LEN is too short
 * for the shape or there is no memory. */
TF_CAPI_EXPORT extern TF_Tensor *TF_AllocateTensor(TF_DataType dtype, const int64_t *dims, int num_dims, size_t len);
/* T itself when nobody else uses its memory and the library allocated it; else NULL. */
TF_CAPI_EXPORT extern TF_Tensor *TF_TensorMaybeMove(TF_Tensor *tensor);
TF_CAPI_EXPORT extern void TF_DeleteTensor(TF_Tensor *tensor);

TF_CAPI_EXPORT extern TF_DataType TF_TensorType(const TF_Tensor *tensor);
/* Gives the tensor another shape; the caller sees to it that the elements suffice. */
TF_CAPI_EXPORT extern void TF_SetShape(TF_Tensor *tensor, const int64_t *dims, int num_dims);
TF_CAPI_EXPORT extern int TF_NumDims(const TF_Tensor *tensor);
TF_CAPI_EXPORT extern int64_t TF_Dim(const TF_Tensor *tensor, int dim_index);
TF_CAPI_EXPORT extern size_t TF_TensorByteSize(const TF_Tensor *tensor);
TF_CAPI_EXPORT extern void *TF_TensorData(const TF_Tensor *tensor);
TF_CAPI_EXPORT extern int64_t TF_TensorElementCount(const TF_Tensor *tensor);

/* Makes TO show FROM's memory as TYPE with the new shape. INVALID_ARGUMENT when the byte counts differ. */
TF_CAPI_EXPORT extern void TF_TensorBitcastFrom(const TF_Tensor *from, TF_DataType type, TF_Tensor *to,
                                                const int64_t *new_dims, int num_new_dims, TF_Status *status);
/* What memory must be aligned to in order to be used without a copy, in bytes. */
TF_CAPI_EXPORT extern size_t TF_TensorDefaultAlignment(void);
TF_CAPI_EXPORT extern bool TF_TensorIsAligned(const TF_Tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
