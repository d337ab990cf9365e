/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/checked.h"

bool checked_add_i64(int64_t a, int64_t b, int64_t *out)
{
    if ((b > 0 && a > INT64_MAX - b) || (b < 0 && a < INT64_MIN - b))
        return false;
    *out = a + b;
    return true;
}

bool checked_sub_i64(int64_t a, int64_t b, int64_t *out)
{
    if ((b < 0 && a > INT64_MAX + b) || (b > 0 && a < INT64_MIN + b))
        return false;
    *out = a - b;
    return true;
}

bool checked_mul_i64(int64_t a, int64_t b, int64_t *out)
{
    if (a != 0 && b != 0) {
        /* INT64_MIN / -1 is the one quotient that does not exist. */
        if ((a == -1 && b == INT64_MIN) || (b == -1 && a == INT64_MIN))
            return false;
        if (a > 0 ? (b > 0 ? a > INT64_MAX / b : b < INT64_MIN / a) : (b > 0 ? a < INT64_MIN / b : a < INT64_MAX / b))
            return false;
    }
    *out = a * b;
    return true;
}

bool checked_align_size(size_t value, size_t alignment, size_t *out)
{
    size_t sum;
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || !checked_add_size(value, alignment - 1, &sum))
        return false;
    *out = sum & ~(alignment - 1);
    return true;
}

bool shape_count(const int64_t *dims, int32_t rank, int64_t *out)
{
    bool zero = false;
    if (rank < 0)
        return false;
    for (int32_t i = 0; i < rank; i++) {
        if (dims[i] < 0)
            return false;
        if (dims[i] == 0)
            zero = true;
    }
    int64_t count = 1;
    if (zero) {
        *out = 0;
        return true;
    }
    for (int32_t i = 0; i < rank; i++) {
        if (!checked_mul_i64(count, dims[i], &count))
            return false;
    }
    *out = count;
    return true;
}

bool shape_axis(int64_t axis, int32_t rank, int32_t *out)
{
    if (rank <= 0 || axis < -(int64_t)rank || axis >= rank)
        return false;
    *out = (int32_t)(axis < 0 ? axis + rank : axis);
    return true;
}

bool shape_equal(const int64_t *a, int32_t a_rank, const int64_t *b, int32_t b_rank)
{
    if (a_rank != b_rank)
        return false;
    for (int32_t i = 0; i < a_rank; i++) {
        if (a[i] != b[i])
            return false;
    }
    return true;
}

/* Writes VALUE ("?" for -1) into TEXT of at least 21 bytes and returns its length. */
static size_t dim_text(int64_t value, char *text)
{
    char digits[20];
    size_t count = 0, size = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    if (value == -1) {
        text[0] = '?';
        return 1;
    }
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        text[size++] = '-';
    while (count > 0)
        text[size++] = digits[--count];
    return size;
}

char *shape_text(const int64_t *dims, int32_t rank, char *text, size_t size)
{
    size_t used = 0;
    if (size == 0)
        return text;
    /* Keep room for ",...]" and the NUL, the end of a shape that does not fit. */
    if (size < 8) {
        text[0] = '\0';
        return text;
    }
    text[used++] = '[';
    for (int32_t i = 0; i < rank; i++) {
        char number[24];
        size_t length = dim_text(dims[i], number);
        size_t comma = i > 0 ? 1 : 0;
        if (used + comma + length + 6 > size) {
            if (comma != 0)
                text[used++] = ',';
            text[used++] = '.';
            text[used++] = '.';
            text[used++] = '.';
            break;
        }
        if (comma != 0)
            text[used++] = ',';
        for (size_t j = 0; j < length; j++)
            text[used++] = number[j];
    }
    text[used++] = ']';
    text[used] = '\0';
    return text;
}
