/* SPDX-License-Identifier: 0BSD */
/* Bytes with the function that frees them: serialised messages go in and come out in these. */
#ifndef TENSORFLOW_C_TF_BUFFER_H_
#define TENSORFLOW_C_TF_BUFFER_H_

#include "tensorflow/c/c_api_macros.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Callers may set the members themselves. data_deallocator may be NULL: then nobody frees the bytes. */
typedef struct TF_Buffer {
    const void *data;
    size_t length;
    void (*data_deallocator)(void *data, size_t length);
} TF_Buffer;

/* A buffer with a copy of PROTO. */
TF_CAPI_EXPORT extern TF_Buffer *TF_NewBufferFromString(const void *proto, size_t proto_len);
/* An empty one, for a function to fill. */
TF_CAPI_EXPORT extern TF_Buffer *TF_NewBuffer(void);
/* Frees the bytes by their own function, then the record. */
TF_CAPI_EXPORT extern void TF_DeleteBuffer(TF_Buffer *buffer);
/* The record by value; the bytes stay the buffer's. */
TF_CAPI_EXPORT extern TF_Buffer TF_GetBuffer(TF_Buffer *buffer);

#ifdef __cplusplus
}
#endif
#endif
