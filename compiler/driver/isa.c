/* SPDX-License-Identifier: Apache-2.0 */
/* The named ISA profiles. A profile is a promise to the planner; the text itself asks the C
 * compiler's macros, so that a profile that does not fit its flags is refused by #error. */
#include "compiler/driver/driver.h"

#include <string.h>

#define KIB 1024

static const isa_profile profiles[] = {
    {"generic", "", NULL, 32, 16, 32 * KIB, 256 * KIB, false},
    {"c99", "", NULL, 0, 16, 32 * KIB, 256 * KIB, false},
    {"sse2", "-msse2", "defined(__SSE2__)", 16, 16, 32 * KIB, 256 * KIB, false},
    {"avx2", "-mavx2 -mfma", "defined(__AVX2__) && defined(__FMA__)", 32, 16, 32 * KIB, 512 * KIB, true},
    {"avx512", "-mavx512f -mavx512vl -mavx512dq -mavx512bw -mavx2 -mfma",
     "defined(__AVX512F__) && defined(__AVX512VL__) && defined(__AVX512DQ__) && defined(__FMA__)", 64, 32, 32 * KIB, 1024 * KIB, true},
    {"neon", "", "defined(__ARM_NEON)", 16, 32, 32 * KIB, 256 * KIB, true},
    {"vsx", "", "defined(__VSX__)", 16, 32, 32 * KIB, 256 * KIB, true},
    {"armv7m", "-mcpu=cortex-m4 -mthumb", "defined(__ARM_ARCH)", 0, 8, 16 * KIB, 64 * KIB, false},
    {"helium", "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard", "defined(__ARM_FEATURE_MVE)", 16, 8, 32 * KIB, 64 * KIB, true},
};

size_t isa_count(void)
{
    return sizeof profiles / sizeof profiles[0];
}

const isa_profile *isa_at(size_t index)
{
    return index < isa_count() ? &profiles[index] : NULL;
}

static const isa_profile *find(const char *name)
{
    for (size_t i = 0; i < isa_count(); i++)
        if (strcmp(profiles[i].name, name) == 0)
            return &profiles[i];
    return NULL;
}

const isa_profile *isa_host(void)
{
#if defined(__x86_64__) && defined(__GNUC__)
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma"))
        return find("avx512");
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return find("avx2");
    return find("sse2");
#elif defined(__ARM_NEON)
    return find("neon");
#else
    return find("generic");
#endif
}

const isa_profile *isa_find(const char *name)
{
    return strcmp(name, "host") == 0 ? isa_host() : find(name);
}

bool isa_runs_here(const char *name)
{
    const isa_profile *host = isa_host();
    if (strcmp(name, "generic") == 0 || strcmp(name, "c99") == 0 || strcmp(name, host->name) == 0)
        return true;
#if defined(__x86_64__)
    static const char *const ladder[] = {"sse2", "avx2", "avx512"};
    size_t want = 0, have = 0;
    while (want < 3 && strcmp(ladder[want], name) != 0)
        want++;
    while (have < 3 && strcmp(ladder[have], host->name) != 0)
        have++;
    return want <= have && want < 3;
#else
    return false;
#endif
}
