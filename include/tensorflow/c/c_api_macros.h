/* SPDX-License-Identifier: 0BSD */
/* How functions of TensorFlow's C API are declared. */
#ifndef TENSORFLOW_C_C_API_MACROS_H_
#define TENSORFLOW_C_C_API_MACROS_H_

#if defined(SWIG)
#define TF_CAPI_EXPORT
#elif defined(_WIN32)
#ifdef TF_COMPILE_LIBRARY
#define TF_CAPI_EXPORT __declspec(dllexport)
#else
#define TF_CAPI_EXPORT __declspec(dllimport)
#endif
#else
#define TF_CAPI_EXPORT __attribute__((visibility("default")))
#endif

/* A truth value in a signature; TF_BOOL is the element type. */
#ifndef TF_Bool
#define TF_Bool unsigned char
#endif

#endif
