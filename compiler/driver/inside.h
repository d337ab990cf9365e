/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of the driver share: private folders. */
#ifndef COMPILER_DRIVER_INSIDE_H
#define COMPILER_DRIVER_INSIDE_H

#include "compiler/driver/driver.h"

#define FOLDER_BYTES 1024

/* A private folder (0700) under $TMPDIR or /tmp. */
stepc_code folder_make(char *path, stepc_error *error);
/* Removes the files of the folder and its folder "stepc", then itself. */
void folder_remove(const char *path);
/* The name that the module's table goes by: prefix and base name. */
const char *module_base_name(const stepc_product *product, char *name, size_t size);

#endif
