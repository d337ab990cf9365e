/* SPDX-License-Identifier: 0BSD */
/* NumPy .npy files (versions 1-3), stored .npz members, and .strings.json files. */
#ifndef RUNTIME_CORE_NPY_H
#define RUNTIME_CORE_NPY_H

#include "stepc/tensor.h"

/* Reads PATH: "x.npy", "x.npz:member", or "x.strings.json" ({"shape":[..],"hex":[..]}).
 * Fortran order and big-endian are converted; "<V2" is bfloat16; pickles are refused. */
stepc_code npy_read(const stepc_host *host, const char *path, stepc_tensor **out, stepc_error *error);
/* The same from bytes in memory (no .npz); NAME stands in messages. */
stepc_code npy_parse(const stepc_host *host, const char *name, const uint8_t *data, size_t size, stepc_tensor **out,
                     stepc_error *error);
stepc_code strings_json_parse(const stepc_host *host, const char *name, const uint8_t *data, size_t size,
                              stepc_tensor **out, stepc_error *error);
/* Writes VIEW as version 1 little-endian .npy, or as .strings.json when it holds strings. All or nothing. */
stepc_code npy_write(const stepc_host *host, const char *path, const stepc_view *view, stepc_error *error);

#endif
