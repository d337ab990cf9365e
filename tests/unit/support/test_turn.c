/* SPDX-License-Identifier: Apache-2.0 */
/* Transposes of tiles: every small size, between pages that must not be touched. */
#define _DEFAULT_SOURCE
#include <criterion/criterion.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support_all.h"

/* Memory of whole pages with a page on either side that faults. */
typedef struct fenced {
    unsigned char *all, *first, *end;
    size_t bytes;
} fenced;

static fenced fenced_new(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE), inside = (bytes + page - 1) / page * page;
    fenced f = {.bytes = inside + 2 * page};
    f.all = mmap(NULL, f.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    cr_assert_neq((void *)f.all, MAP_FAILED);
    f.first = f.all + page;
    f.end = f.first + inside;
    cr_assert_eq(mprotect(f.all, page, PROT_NONE), 0);
    cr_assert_eq(mprotect(f.end, page, PROT_NONE), 0);
    return f;
}

static void fenced_free(fenced *f)
{
    munmap(f->all, f->bytes);
}

enum { MOST = 40, GAP = 3 };

/* Both ends of both memories; rows lie apart, and what lies between them stays as it is. */
#define TURN_TEST(T, element) \
    static void turn_##T(fenced *from, fenced *to, ptrdiff_t rows, ptrdiff_t columns, int at_end, ptrdiff_t gap) \
    { \
        ptrdiff_t pitch = columns + gap, step = rows + gap; \
        size_t in = (size_t)((rows - 1) * pitch + columns), out = (size_t)((columns - 1) * step + rows); \
        element *x = (element *)(void *)(at_end ? from->end - in * sizeof *x : from->first); \
        element *y = (element *)(void *)(at_end ? to->end - out * sizeof *y : to->first); \
        for (size_t i = 0; i < in; i++) \
            x[i] = (element)(i + 1); \
        memset(y, 0, out * sizeof *y); \
        v_turn_##T(y, step, x, pitch, rows, columns, rows); \
        for (ptrdiff_t b = 0; b < columns; b++) \
            for (ptrdiff_t a = 0; a < step && (size_t)(b * step + a) < out; a++) \
                cr_assert_eq(y[b * step + a], a < rows ? (element)(a * pitch + b + 1) : (element)0, \
                             #T ": %td x %td at %td, %td", rows, columns, a, b); \
    } \
    Test(turn, every_small_size_##T) \
    { \
        fenced from = fenced_new((MOST + GAP) * MOST * sizeof(element)), to = fenced_new(from.bytes); \
        for (ptrdiff_t rows = 1; rows <= MOST; rows++) \
            for (ptrdiff_t columns = 1; columns <= MOST; columns++) \
                for (int way = 0; way < 4; way++) \
                    turn_##T(&from, &to, rows, columns, way & 1, way & 2 ? GAP : 0); \
        fenced_free(&from); \
        fenced_free(&to); \
    }

TURN_TEST(f32, float)
TURN_TEST(u32, uint32_t)
TURN_TEST(f64, double)
TURN_TEST(i64, int64_t)
TURN_TEST(i16, int16_t)
TURN_TEST(u8, uint8_t)

/* Whole matrices: rows lie apart, and what lies between them stays as it is. */
#define MOVE_TEST(T, element) \
    typedef enum way_##T { MOVES_##T, ZIPS_##T, UNZIPS_##T } way_##T; \
    static void move_##T(fenced *from, fenced *to, ptrdiff_t rows, ptrdiff_t columns, int at_end, way_##T way) \
    { \
        ptrdiff_t pitch = columns + (way == UNZIPS_##T ? 0 : GAP), step = rows + (way == ZIPS_##T ? 0 : GAP); \
        size_t in = (size_t)((rows - 1) * pitch + columns), out = (size_t)((columns - 1) * step + rows); \
        element *x = (element *)(void *)(at_end ? from->end - in * sizeof *x : from->first); \
        element *y = (element *)(void *)(at_end ? to->end - out * sizeof *y : to->first); \
        for (size_t i = 0; i < in; i++) \
            x[i] = (element)(i + 1); \
        memset(y, 0, out * sizeof *y); \
        if (way == MOVES_##T) \
            v_move_##T(y, step, x, pitch, rows, columns); \
        else if (way == ZIPS_##T) \
            v_zip_##T(y, x, pitch, (int)rows, columns); \
        else \
            v_unzip_##T(y, step, x, rows, (int)columns); \
        for (ptrdiff_t b = 0; b < columns; b++) \
            for (ptrdiff_t a = 0; a < step && (size_t)(b * step + a) < out; a++) \
                cr_assert_eq(y[b * step + a], a < rows ? (element)(a * pitch + b + 1) : (element)0, \
                             #T ": way %d, %td x %td at %td, %td", (int)way, rows, columns, a, b); \
    } \
    Test(turn, every_few_elements_##T) \
    { \
        fenced from = fenced_new(4096), to = fenced_new(4096); \
        for (ptrdiff_t i = 0; i < 3 * 80 * 2; i++) { \
            ptrdiff_t apart = 2 + i / 2 / 80, count = 1 + i / 2 % 80, in = (count - 1) * apart + 1; \
            element *x = (element *)(void *)(i & 1 ? from.end - (size_t)in * sizeof *x : from.first); \
            element *y = (element *)(void *)(i & 1 ? to.end - (size_t)count * sizeof *y : to.first); \
            for (ptrdiff_t k = 0; k < in; k++) \
                x[k] = (element)(k + 1); \
            v_pick_##T(y, x, apart, count); \
            for (ptrdiff_t k = 0; k < count; k++) \
                cr_assert_eq(y[k], (element)(k * apart + 1), #T ": %td apart, %td of %td", apart, k, count); \
        } \
        fenced_free(&from); \
        fenced_free(&to); \
    } \
    Test(turn, whole_matrices_##T) \
    { \
        static const ptrdiff_t sides[] = {1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 144, 257, 271}; \
        enum { COUNT = sizeof sides / sizeof *sides }; \
        fenced from = fenced_new((271 + GAP) * 271 * sizeof(element)), to = fenced_new(from.bytes); \
        for (int i = 0; i < COUNT * COUNT * 2; i++) \
            move_##T(&from, &to, sides[i / 2 / COUNT], sides[i / 2 % COUNT], i & 1, MOVES_##T); \
        for (ptrdiff_t few = 2; few <= 4; few++) { \
            for (ptrdiff_t many = 1; many <= 70; many++) { \
                for (int end = 0; end < 2; end++) { \
                    move_##T(&from, &to, few, many, end, ZIPS_##T); \
                    move_##T(&from, &to, many, few, end, UNZIPS_##T); \
                } \
            } \
        } \
        fenced_free(&from); \
        fenced_free(&to); \
    }

MOVE_TEST(i8, int8_t)
MOVE_TEST(i16, int16_t)
MOVE_TEST(i32, int32_t)
MOVE_TEST(i64, int64_t)

Test(turn, streamed_stores_store_everywhere)
{
    fenced to = fenced_new(4096);
    for (size_t shift = 0; shift < 64; shift++) {
        float *y = (float *)(void *)(to.end - (64 + V_LANES) * sizeof *y) + shift;
        v_stream_f32(y, v_splat_f32((float)shift));
        v_stream_end();
        for (size_t i = 0; i < V_LANES; i++)
            cr_assert_eq(y[i], (float)shift);
    }
    fenced_free(&to);
}
