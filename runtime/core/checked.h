/* SPDX-License-Identifier: 0BSD */
/* The only size arithmetic: every sum and product of sizes that input can influence goes
 * through these. Each returns false on overflow and leaves *out alone. */
#ifndef RUNTIME_CORE_CHECKED_H
#define RUNTIME_CORE_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool checked_add_size(size_t a, size_t b, size_t *out)
{
    if (a > SIZE_MAX - b)
        return false;
    *out = a + b;
    return true;
}

static inline bool checked_mul_size(size_t a, size_t b, size_t *out)
{
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *out = a * b;
    return true;
}

bool checked_add_i64(int64_t a, int64_t b, int64_t *out);
bool checked_sub_i64(int64_t a, int64_t b, int64_t *out);
bool checked_mul_i64(int64_t a, int64_t b, int64_t *out);
/* Rounds up to a multiple of ALIGNMENT, a power of two. */
bool checked_align_size(size_t value, size_t alignment, size_t *out);

/* Number of elements of a shape, all dims >= 0; the only place that multiplies dims.
 * A zero dimension gives 0 however large the others are, if they are not negative. */
bool shape_count(const int64_t *dims, int32_t rank, int64_t *out);
/* Normalises an axis in [-rank, rank) to [0, rank). */
bool shape_axis(int64_t axis, int32_t rank, int32_t *out);
bool shape_equal(const int64_t *a, int32_t a_rank, const int64_t *b, int32_t b_rank);
/* Writes "[2,3]" ("[]" for scalars; -1 as "?") into TEXT and returns it. */
char *shape_text(const int64_t *dims, int32_t rank, char *text, size_t size);

#endif
