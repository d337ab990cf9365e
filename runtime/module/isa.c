/* SPDX-License-Identifier: 0BSD */
/* Which ISA profiles this CPU runs. */
#include "runtime/module/call.h"

#include <string.h>

bool module_isa_runs(const char *isa)
{
    if (strcmp(isa, "generic") == 0 || strcmp(isa, "c99") == 0)
        return true;
#if (defined(__x86_64__) || defined(__i386__)) && defined(__GNUC__)
    __builtin_cpu_init();
    if (strcmp(isa, "sse2") == 0)
        return __builtin_cpu_supports("sse2") != 0;
    if (strcmp(isa, "avx2") == 0)
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (strcmp(isa, "avx512") == 0)
        return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
               __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
#endif
#if defined(__ARM_NEON)
    if (strcmp(isa, "neon") == 0)
        return true;
#endif
#if defined(__VSX__)
    if (strcmp(isa, "vsx") == 0)
        return true;
#endif
#if defined(__ARM_FEATURE_MVE)
    if (strcmp(isa, "helium") == 0)
        return true;
#endif
#if defined(__ARM_ARCH_7EM__) || defined(__ARM_ARCH_7M__)
    if (strcmp(isa, "armv7m") == 0)
        return true;
#endif
    return false;
}
