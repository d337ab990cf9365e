/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/error.h"
#include "runtime/core/tensor.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

typedef struct counter {
    size_t bytes;
    long calls, fail_at;
} counter;

static void *count_allocate(void *context, size_t bytes, size_t alignment)
{
    counter *c = context;
    void *memory = NULL;
    if (++c->calls == c->fail_at || posix_memalign(&memory, alignment < 8 ? 8 : alignment, bytes) != 0)
        return NULL;
    memset(memory, 0xA5, bytes);
    c->bytes += bytes;
    return memory;
}

static void count_release(void *context, void *memory, size_t bytes)
{
    counter *c = context;
    c->bytes -= bytes;
    free(memory);
}

static stepc_host counted(counter *c)
{
    stepc_host host;
    stepc_host_init(&host);
    host.allocator = (stepc_allocator){c, count_allocate, count_release};
    return host;
}

Test(tensor, lives_while_it_is_held)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    stepc_tensor *tensor;
    const int64_t dims[] = {2, 3};
    cr_assert(stepc_tensor_new(&host, STEPC_INT32, dims, 2, &tensor, NULL) == STEPC_OK);
    memset(&host, 0, sizeof host); /* the host record need not outlive it */
    cr_assert(stepc_tensor_dtype(tensor) == STEPC_INT32 && stepc_tensor_rank(tensor) == 2);
    cr_assert(stepc_tensor_length(tensor) == 6 && stepc_tensor_bytes(tensor) == 24);
    cr_assert((uintptr_t)stepc_tensor_data(tensor) % 64 == 0 && stepc_tensor_dims(tensor)[1] == 3);
    memset(stepc_tensor_data(tensor), 7, 24);
    cr_assert(tensor_is_unique(tensor));
    cr_assert(stepc_tensor_retain(tensor) == tensor && !tensor_is_unique(tensor));
    stepc_tensor_release(tensor);
    cr_assert(tensor_is_unique(tensor) && c.bytes > 0);
    stepc_tensor_release(tensor);
    cr_assert(c.bytes == 0);
    stepc_tensor_release(NULL);
}

Test(tensor, strings_are_copies)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    stepc_tensor *tensor, *copy;
    const int64_t dims[] = {3};
    char word[] = "word";
    cr_assert(stepc_tensor_new(&host, STEPC_STRING, dims, 1, &tensor, NULL) == STEPC_OK);
    stepc_string *strings = stepc_tensor_data(tensor);
    cr_assert(strings[2].size == 0 && strings[2].data != NULL);
    cr_assert(stepc_tensor_set_string(tensor, 1, (stepc_string){word, 4}, NULL) == STEPC_OK);
    word[0] = 'X';
    cr_assert(strings[1].size == 4 && memcmp(strings[1].data, "word", 5) == 0);
    stepc_view view = stepc_tensor_view(tensor);
    cr_assert(stepc_tensor_copy(&host, &view, &copy, NULL) == STEPC_OK);
    cr_assert(tensor_identical(tensor, copy));
    cr_assert(stepc_tensor_set_string(tensor, 1, (stepc_string){"", 0}, NULL) == STEPC_OK);
    cr_assert(!tensor_identical(tensor, copy));
    cr_assert(stepc_tensor_set_string(tensor, 3, (stepc_string){"a", 1}, NULL) == STEPC_OUT_OF_RANGE);
    cr_assert(stepc_tensor_set_string(tensor, -1, (stepc_string){"a", 1}, NULL) == STEPC_OUT_OF_RANGE);
    stepc_tensor_release(tensor);
    cr_assert(memcmp(((stepc_string *)stepc_tensor_data(copy))[1].data, "word", 5) == 0);
    stepc_tensor_release(copy);
    cr_assert(c.bytes == 0);
}

Test(tensor, aliases_keep_their_elements)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    stepc_tensor *tensor, *alias, *second, *none;
    const int64_t dims[] = {2, 3}, flat[] = {6}, wrong[] = {5}, negative[] = {-6};
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 2, &tensor, NULL) == STEPC_OK);
    memset(stepc_tensor_data(tensor), 0, stepc_tensor_bytes(tensor));
    cr_assert(tensor_alias(tensor, flat, 1, &alias, NULL) == STEPC_OK);
    cr_assert(stepc_tensor_data(alias) == stepc_tensor_data(tensor) && stepc_tensor_rank(alias) == 1);
    cr_assert(!tensor_is_unique(tensor) && !tensor_is_unique(alias));
    cr_assert(tensor_alias(alias, dims, 2, &second, NULL) == STEPC_OK);
    stepc_tensor_release(tensor);
    stepc_tensor_release(alias);
    cr_assert(tensor_is_unique(second) && ((float *)stepc_tensor_data(second))[5] == 0.0f);
    cr_assert(tensor_alias(second, wrong, 1, &none, NULL) == STEPC_INVALID_ARGUMENT && none == NULL);
    cr_assert(tensor_alias(second, negative, 1, &none, NULL) == STEPC_INVALID_ARGUMENT);
    stepc_tensor_release(second);
    cr_assert(c.bytes == 0);
}

Test(tensor, borrowed_memory_is_neither_copied_nor_freed)
{
    counter c = {0, 0, 0};
    stepc_host host = counted(&c);
    stepc_tensor *tensor;
    double values[] = {1.0, 2.0};
    const int64_t dims[] = {2}, empty[] = {0, 7};
    stepc_view view = {values, sizeof values, dims, 1, STEPC_FLOAT64};
    cr_assert(tensor_borrow(&host, &view, &tensor, NULL) == STEPC_OK);
    cr_assert(stepc_tensor_data(tensor) == values && !tensor_is_unique(tensor));
    stepc_tensor_release(tensor);
    view.bytes = 15;
    cr_assert(tensor_borrow(&host, &view, &tensor, NULL) == STEPC_INVALID_ARGUMENT && tensor == NULL);
    cr_assert(stepc_tensor_copy(&host, &view, &tensor, NULL) == STEPC_INVALID_ARGUMENT && tensor == NULL);
    view = (stepc_view){NULL, 16, dims, 1, STEPC_FLOAT64};
    cr_assert(stepc_tensor_copy(&host, &view, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    view = (stepc_view){NULL, 0, empty, 2, STEPC_FLOAT64};
    cr_assert(tensor_borrow(&host, &view, &tensor, NULL) == STEPC_OK && stepc_tensor_data(tensor) != NULL);
    stepc_tensor_release(tensor);
    stepc_string words[] = {{"a", 1}, {"b", 1}};
    view = (stepc_view){words, sizeof words, dims, 1, STEPC_STRING};
    cr_assert(tensor_borrow(&host, &view, &tensor, NULL) == STEPC_OK);
    cr_assert(stepc_tensor_set_string(tensor, 0, (stepc_string){"c", 1}, NULL) == STEPC_FAILED_PRECONDITION);
    stepc_tensor_release(tensor);
    cr_assert(c.bytes == 0);
}

Test(tensor, bad_shapes_and_types_are_refused)
{
    stepc_host host;
    stepc_host_init(&host);
    host.limits.tensor_bytes = 1000;
    stepc_tensor *tensor;
    int64_t dims[300];
    for (int i = 0; i < 300; i++)
        dims[i] = 1;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 254, &tensor, NULL) == STEPC_OK);
    stepc_tensor_release(tensor);
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 255, &tensor, NULL) == STEPC_RESOURCE_EXHAUSTED &&
              tensor == NULL);
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, -1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, NULL, 1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    cr_assert(stepc_tensor_new(&host, (stepc_dtype)0, dims, 1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    cr_assert(stepc_tensor_new(&host, (stepc_dtype)101, dims, 1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    cr_assert(stepc_tensor_new(&host, (stepc_dtype)24, dims, 1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    dims[0] = -1;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 1, &tensor, NULL) == STEPC_INVALID_ARGUMENT);
    dims[0] = 250;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 1, &tensor, NULL) == STEPC_OK);
    stepc_tensor_release(tensor);
    dims[0] = 251;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 1, &tensor, NULL) == STEPC_RESOURCE_EXHAUSTED);
    dims[0] = INT64_MAX;
    cr_assert(stepc_tensor_new(&host, STEPC_INT8, dims, 1, &tensor, NULL) == STEPC_RESOURCE_EXHAUSTED);
    dims[1] = INT64_MAX;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 2, &tensor, NULL) == STEPC_RESOURCE_EXHAUSTED);
    dims[2] = 0;
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, dims, 3, &tensor, NULL) == STEPC_OK &&
              stepc_tensor_length(tensor) == 0);
    cr_assert(stepc_tensor_data(tensor) != NULL);
    stepc_tensor_release(tensor);
    cr_assert(stepc_tensor_new(&host, STEPC_FLOAT32, NULL, 0, &tensor, NULL) == STEPC_OK &&
              stepc_tensor_length(tensor) == 1);
    stepc_tensor_release(tensor);
}

Test(tensor, any_failing_allocation_leaves_nothing)
{
    stepc_string words[] = {{"a", 1}, {"", 0}, {"ccc", 3}};
    const int64_t dims[] = {3};
    stepc_view view = {words, sizeof words, dims, 1, STEPC_STRING};
    for (long fail_at = 1;; fail_at++) {
        counter c = {0, 0, fail_at};
        stepc_host host = counted(&c);
        stepc_tensor *tensor, *alias = NULL;
        stepc_code code = stepc_tensor_copy(&host, &view, &tensor, NULL);
        if (code == STEPC_OK)
            code = tensor_alias(tensor, dims, 1, &alias, NULL);
        cr_assert(code == STEPC_OK || code == STEPC_RESOURCE_EXHAUSTED);
        stepc_tensor_release(alias);
        stepc_tensor_release(tensor);
        cr_assert(c.bytes == 0, "%ld", fail_at);
        if (code == STEPC_OK) {
            cr_assert(fail_at == 5, "%ld", fail_at);
            break;
        }
    }
}

Test(tensor, null_is_safe)
{
    stepc_tensor *tensor;

    cr_expect_eq(stepc_tensor_dtype(NULL), STEPC_DTYPE_INVALID);
    cr_expect_eq(stepc_tensor_rank(NULL), 0);
    cr_expect_null(stepc_tensor_dims(NULL));
    cr_expect_eq(stepc_tensor_length(NULL), 0);
    cr_expect_eq(stepc_tensor_bytes(NULL), 0);
    cr_expect_null(stepc_tensor_data(NULL));
    cr_expect_null(stepc_tensor_view(NULL).data);
    cr_expect_null(stepc_tensor_retain(NULL));
    stepc_tensor_release(NULL);
    cr_expect_eq(stepc_tensor_new(NULL, STEPC_FLOAT32, NULL, 0, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_expect_eq(stepc_tensor_copy(NULL, NULL, &tensor, NULL), STEPC_INVALID_ARGUMENT);
    cr_expect_eq(stepc_tensor_set_string(NULL, 0, (stepc_string){"a", 1}, NULL), STEPC_INVALID_ARGUMENT);
    cr_expect_eq(stepc_dtype_parse(NULL, 4), STEPC_DTYPE_INVALID);
    stepc_host_init(NULL);
}
