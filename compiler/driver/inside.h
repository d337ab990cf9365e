/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the driver share: private folders, what a build hangs on, the cache of libraries. */
#ifndef COMPILER_DRIVER_INSIDE_H
#define COMPILER_DRIVER_INSIDE_H

#include "compiler/driver/driver.h"
#include "runtime/core/text.h"

#define FOLDER_BYTES 1024

/* A private folder (0700) under $TMPDIR or /tmp. */
stepc_code folder_make(char *path, stepc_error *error);
/* Removes the files of the folder and its folder "stepc", then itself. */
void folder_remove(const char *path);
/* A file in such a folder. */
stepc_code folder_write(const char *folder, const char *name, const void *data, size_t bytes, stepc_error *error);
/* The name that the module's table goes by: prefix and base name. */
const char *module_base_name(const stepc_product *product, char *name, size_t size);

/* Adds to OUT all that a build's result hangs on besides the text: the flags; the compiler's path, file and version. */
void build_describe_flags(const build_request *request, text *out);
stepc_code compiler_describe(const stepc_host *host, const char *cc, text *out, stepc_error *error);

/* ---- libraries kept on disk (cache.c) ----------------------------------------------------------------- */

/* A folder of files, one per library: a head, the manifest, the library. The file's name is the hash of the manifest; the
 * whole manifest is compared and the library's hash checked before the library is used. What is odd is not there. */
typedef struct build_cache build_cache;

/* Makes FOLDER (0700) where it is missing. PERMISSION_DENIED when it is not a folder of this user alone. LIMIT_BYTES: what
 * all files take together, the longest unused go first. */
stepc_code cache_open(const stepc_host *host, const char *folder, int64_t limit_bytes, build_cache **out,
                      stepc_error *error);
void cache_close(build_cache *cache); /* NULL is fine */

typedef struct cached_library {
    const uint8_t *data; /* NULL: not there */
    size_t size;
    uint8_t *memory; /* of the whole file */
    size_t memory_bytes;
} cached_library;

/* PERMISSION_DENIED when the folder is no longer safe. */
stepc_code cache_find(build_cache *cache, stepc_string manifest, cached_library *out, stepc_error *error);
void cache_release(build_cache *cache, cached_library *library);
/* Appears whole or not at all, in place of what was there. */
stepc_code cache_store(build_cache *cache, stepc_string manifest, const void *library, size_t bytes, stepc_error *error);

#endif
