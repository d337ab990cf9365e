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
