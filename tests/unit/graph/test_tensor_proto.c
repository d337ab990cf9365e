/* SPDX-License-Identifier: Apache-2.0 */
#include "graph_test.h"

/* Reads SOURCE as a TensorProto and decodes it; NULL with the error set when that fails. */
static stepc_tensor *decode(arena *memory, const char *source)
{
    message *tree;
    stepc_tensor *tensor = NULL;

    error_init(&test_error);
    cr_assert_code(message_read_text(NULL, memory, &message_tensor_proto, "t", source, strlen(source), &tree, &test_error),
                   STEPC_OK);
    stepc_code check = tensor_proto_check(NULL, tree, &test_error);
    stepc_code code = tensor_proto_decode(NULL, tree, &tensor, &test_error);
    cr_assert_eq(check, code);
    cr_assert_eq(tensor == NULL, code != STEPC_OK);
    return tensor;
}

static void check_bytes(const char *source, const void *expected, size_t size)
{
    arena memory;

    arena_init(&memory, NULL);
    stepc_tensor *tensor = decode(&memory, source);
    cr_assert_not_null(tensor, "%s: %s", source, test_error.message);
    cr_assert_eq(stepc_tensor_bytes(tensor), size, "%s: %zu", source, stepc_tensor_bytes(tensor));
    cr_assert(size == 0 || memcmp(stepc_tensor_data(tensor), expected, size) == 0, "%s", source);
    stepc_tensor_release(tensor);
    arena_release(&memory);
}

#define CHECK(source, type, ...) check_bytes(source, (type[]){__VA_ARGS__}, sizeof((type[]){__VA_ARGS__}))
#define SHAPE3 " tensor_shape { dim { size: 3 } } "

Test(tensor_proto, typed_values)
{
    CHECK("dtype: DT_FLOAT" SHAPE3 "float_val: 1 float_val: 2 float_val: 3", float, 1, 2, 3);
    CHECK("dtype: DT_DOUBLE" SHAPE3 "double_val: 1.5", double, 1.5, 1.5, 1.5);
    CHECK("dtype: DT_INT32" SHAPE3 "int_val: -1 int_val: 7", int32_t, -1, 7, 7);
    CHECK("dtype: DT_INT32" SHAPE3, int32_t, 0, 0, 0);
    CHECK("dtype: DT_INT64" SHAPE3 "int64_val: [1, 2, 3, 4, 5]", int64_t, 1, 2, 3);
    CHECK("dtype: DT_UINT8" SHAPE3 "int_val: 300 int_val: 255 int_val: -1", uint8_t, 44, 255, 255);
    CHECK("dtype: DT_INT8" SHAPE3 "int_val: -200", int8_t, 56, 56, 56);
    CHECK("dtype: DT_INT16" SHAPE3 "int_val: -2", int16_t, -2, -2, -2);
    CHECK("dtype: DT_UINT16" SHAPE3 "int_val: 65535", uint16_t, 65535, 65535, 65535);
    CHECK("dtype: DT_UINT32" SHAPE3 "uint32_val: 4294967295", uint32_t, UINT32_MAX, UINT32_MAX, UINT32_MAX);
    CHECK("dtype: DT_UINT64" SHAPE3 "uint64_val: 18446744073709551615 uint64_val: 0", uint64_t, UINT64_MAX, 0, 0);
    CHECK("dtype: DT_BOOL" SHAPE3 "bool_val: true bool_val: false", uint8_t, 1, 0, 0);
    CHECK("dtype: DT_HALF" SHAPE3 "half_val: 15360 half_val: 65535 half_val: 65536", uint16_t, 0x3c00, 0xffff, 0);
    CHECK("dtype: DT_BFLOAT16" SHAPE3 "half_val: 16256", uint16_t, 0x3f80, 0x3f80, 0x3f80);
    CHECK("dtype: DT_COMPLEX64 tensor_shape { dim { size: 2 } } scomplex_val: 1 scomplex_val: 2", float, 1, 2, 1, 2);
    CHECK("dtype: DT_COMPLEX128 tensor_shape { dim { size: 2 } } dcomplex_val: [1, 2, 3, 4, 5]", double, 1, 2, 3, 4);
    CHECK("dtype: DT_QINT8" SHAPE3 "int_val: 5", int8_t, 5, 5, 5);
    CHECK("dtype: DT_QINT32" SHAPE3 "int_val: 5", int32_t, 5, 5, 5);
    CHECK("dtype: DT_FLOAT float_val: 9", float, 9);
    CHECK("dtype: DT_FLOAT" SHAPE3 "int_val: 9", float, 0, 0, 0);
    check_bytes("dtype: DT_FLOAT tensor_shape { dim { size: 0 } } float_val: 9", NULL, 0);
}

Test(tensor_proto, content)
{
    CHECK("dtype: DT_INT16 tensor_shape { dim { size: 2 } } tensor_content: '\\001\\002\\003\\004'", uint8_t, 1, 2, 3, 4);
    CHECK("dtype: DT_BOOL" SHAPE3 "tensor_content: '\\000\\002\\377'", uint8_t, 0, 1, 1);
    CHECK("dtype: DT_FLOAT tensor_shape { } tensor_content: '\\000\\000\\200\\177'", uint8_t, 0, 0, 0x80, 0x7f);
    CHECK("dtype: DT_UINT8" SHAPE3 "tensor_content: 'abc' int_val: 1", uint8_t, 'a', 'b', 'c');
}

static void check_strings(const char *source, size_t count, const char *const *expected, const size_t *sizes)
{
    arena memory;

    arena_init(&memory, NULL);
    stepc_tensor *tensor = decode(&memory, source);
    cr_assert_not_null(tensor, "%s: %s", source, test_error.message);
    const stepc_string *strings = stepc_tensor_data(tensor);
    for (size_t i = 0; i < count; i++)
        cr_assert(strings[i].size == sizes[i] && (sizes[i] == 0 || memcmp(strings[i].data, expected[i], sizes[i]) == 0),
                  "%s: %zu", source, i);
    stepc_tensor_release(tensor);
    arena_release(&memory);
}

Test(tensor_proto, strings)
{
    check_strings("dtype: DT_STRING" SHAPE3 "string_val: 'ab' string_val: '\\000'", 3, (const char *[]){"ab", "\0", "\0"},
                  (size_t[]){2, 1, 1});
    check_strings("dtype: DT_STRING" SHAPE3 "tensor_content: '\\002\\000\\001abc'", 3, (const char *[]){"ab", "", "c"},
                  (size_t[]){2, 0, 1});
    check_strings("dtype: DT_STRING" SHAPE3, 3, (const char *[]){"", "", ""}, (size_t[]){0, 0, 0});
}

/* Values that lie aligned in the file are not copied. */
Test(tensor_proto, borrows)
{
    arena memory;

    arena_init(&memory, NULL);
    message *tree = message_new(&memory, &message_tensor_proto);
    float *values = arena_aligned(&memory, 64, 64);
    stepc_tensor *tensor;
    message_add_int(&memory, tree, "dtype", STEPC_FLOAT32);
    message_add_int(&memory, message_add(&memory, message_add(&memory, tree, "tensor_shape")->child, "dim")->child, "size", 15);
    values[1] = 4.0f;
    message_add_string(&memory, tree, "tensor_content", (stepc_string){(const char *)(values + 1), 60});
    error_init(&test_error);
    cr_assert_code(tensor_proto_decode(NULL, tree, &tensor, &test_error), STEPC_OK);
    cr_assert_eq(stepc_tensor_data(tensor), (void *)(values + 1));
    stepc_tensor_release(tensor);
    tree->last->data = (const char *)values + 2;
    cr_assert_code(tensor_proto_decode(NULL, tree, &tensor, &test_error), STEPC_OK);
    cr_assert_neq(stepc_tensor_data(tensor), (void *)((char *)values + 2));
    stepc_tensor_release(tensor);
    arena_release(&memory);
}
