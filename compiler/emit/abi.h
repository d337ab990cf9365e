/* SPDX-License-Identifier: Apache-2.0 */
/* The ABI of generated code, as text. */
#ifndef COMPILER_EMIT_ABI_H
#define COMPILER_EMIT_ABI_H

#include "runtime/core/text.h"

/* What stands between `#ifndef STEPC_ABI_1` with its `#define` and the `#endif` of stepc/module.h. */
void abi_write(text *out);
/* The whole header: for a C compiler that has no folder with stepc's headers. */
void abi_write_module_header(text *out);

#endif
