/* SPDX-License-Identifier: 0BSD */
/* Members of zip archives that are stored without compression (numpy.savez). */
#ifndef RUNTIME_CORE_ZIP_H
#define RUNTIME_CORE_ZIP_H

#include "runtime/core/error.h"

#include <stdbool.h>

/* Finds MEMBER, or MEMBER with ".npy" after it, in the archive DATA and checks its CRC.
 * *out_member points into DATA. NOT_FOUND when there is none, UNIMPLEMENTED when it is
 * compressed. ARCHIVE stands in messages. */
stepc_code zip_member(const char *archive, const uint8_t *data, size_t size, const char *member,
                      const uint8_t **out_member, size_t *out_size, stepc_error *error);
uint32_t zip_crc32(const uint8_t *data, size_t size);

#endif
