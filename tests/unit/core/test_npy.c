/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/dtype.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/npy.h"
#include "runtime/core/tensor.h"
#include "runtime/core/zip.h"
#include "tests/unit/core/npy_files.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PARSE(file, out, error) npy_parse(NULL, "f.npy", file, sizeof file, out, error)

/* A version 1 file with this dict and so many zero bytes after it. */
static stepc_code parse_dict(const char *dict, size_t bytes, stepc_tensor **out, stepc_error *error)
{
    size_t length = strlen(dict), size = 10 + length + bytes;
    uint8_t *data = calloc(size, 1);
    cr_assert(data != NULL);
    memcpy(data, "\x93NUMPY\1\0", 8);
    data[8] = (uint8_t)(length & 255);
    data[9] = (uint8_t)(length >> 8);
    memcpy(data + 10, dict, length);
    stepc_code code = npy_parse(NULL, "f.npy", data, size, out, error);
    free(data);
    return code;
}

Test(npy, files_of_numpy_are_read)
{
    stepc_tensor *tensor;
    cr_assert(PARSE(file_f4, &tensor, NULL) == STEPC_OK);
    cr_assert(stepc_tensor_dtype(tensor) == STEPC_FLOAT32 && stepc_tensor_rank(tensor) == 2);
    cr_assert(stepc_tensor_dims(tensor)[0] == 2 && stepc_tensor_dims(tensor)[1] == 3);
    stepc_tensor *fortran;
    cr_assert(PARSE(file_f4_fortran, &fortran, NULL) == STEPC_OK);
    for (int i = 0; i < 6; i++)
        cr_assert(load_f64(STEPC_FLOAT32, stepc_tensor_data(tensor), i) == i);
    cr_assert(tensor_identical(tensor, fortran));
    stepc_tensor_release(tensor);
    stepc_tensor_release(fortran);
    static const int64_t values[] = {1, -2, 300, -32768};
    cr_assert(PARSE(file_i2_big, &tensor, NULL) == STEPC_OK && stepc_tensor_dtype(tensor) == STEPC_INT16);
    for (int i = 0; i < 4; i++)
        cr_assert(load_i64(STEPC_INT16, stepc_tensor_data(tensor), i) == values[i]);
    stepc_tensor_release(tensor);
    cr_assert(PARSE(file_c8_big_v2, &tensor, NULL) == STEPC_OK && stepc_tensor_dtype(tensor) == STEPC_COMPLEX64);
    complex_value value = load_c128(STEPC_COMPLEX64, stepc_tensor_data(tensor), 0);
    cr_assert(value.re == 1.0 && value.im == 2.0);
    stepc_tensor_release(tensor);
}

Test(npy, three_dimensions_in_fortran_order)
{
    /* Element (i,j,k) of shape (2,3,4) lies at i + 2j + 6k. */
    const char *dict = "{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3, 4), }";
    uint8_t file[10 + 64 + 24];
    size_t length = strlen(dict);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (uint8_t)length;
    file[9] = 0;
    memcpy(file + 10, dict, length);
    for (int i = 0; i < 24; i++)
        file[10 + length + (size_t)i] = (uint8_t)i;
    stepc_tensor *tensor;
    cr_assert(npy_parse(NULL, "f", file, 10 + length + 24, &tensor, NULL) == STEPC_OK);
    const uint8_t *data = stepc_tensor_data(tensor);
    for (int i = 0; i < 2; i++) {
        for (int j = 0; j < 3; j++) {
            for (int k = 0; k < 4; k++)
                cr_assert(data[(i * 3 + j) * 4 + k] == i + 2 * j + 6 * k);
        }
    }
    stepc_tensor_release(tensor);
}

Test(npy, every_type)
{
    static const struct {
        const char *descr;
        stepc_dtype dtype;
        size_t bytes;
        stepc_code code;
    } cases[] = {{"|b1", STEPC_BOOL, 1, STEPC_OK},         {"|i1", STEPC_INT8, 1, STEPC_OK},
                 {"|u1", STEPC_UINT8, 1, STEPC_OK},        {"<i2", STEPC_INT16, 2, STEPC_OK},
                 {"<u2", STEPC_UINT16, 2, STEPC_OK},       {">u2", STEPC_UINT16, 2, STEPC_OK},
                 {"<i4", STEPC_INT32, 4, STEPC_OK},        {"<u4", STEPC_UINT32, 4, STEPC_OK},
                 {"<i8", STEPC_INT64, 8, STEPC_OK},        {"<u8", STEPC_UINT64, 8, STEPC_OK},
                 {"<f2", STEPC_HALF, 2, STEPC_OK},         {"<f4", STEPC_FLOAT32, 4, STEPC_OK},
                 {">f8", STEPC_FLOAT64, 8, STEPC_OK},      {"<V2", STEPC_BFLOAT16, 2, STEPC_OK},
                 {"|V2", STEPC_BFLOAT16, 2, STEPC_OK},     {"<c8", STEPC_COMPLEX64, 8, STEPC_OK},
                 {"<c16", STEPC_COMPLEX128, 16, STEPC_OK}, {"|O", 0, 8, STEPC_INVALID_ARGUMENT},
                 {"|S5", 0, 5, STEPC_UNIMPLEMENTED},       {"<U3", 0, 12, STEPC_UNIMPLEMENTED},
                 {"<f16", 0, 16, STEPC_UNIMPLEMENTED},     {"|f4", 0, 4, STEPC_UNIMPLEMENTED},
                 {">V2", 0, 2, STEPC_UNIMPLEMENTED},       {"<V4", 0, 4, STEPC_UNIMPLEMENTED},
                 {"<M8", 0, 8, STEPC_UNIMPLEMENTED},       {"=f4", 0, 4, STEPC_INVALID_ARGUMENT},
                 {"f4", 0, 4, STEPC_INVALID_ARGUMENT},     {"", 0, 0, STEPC_INVALID_ARGUMENT},
                 {"<", 0, 0, STEPC_INVALID_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char dict[128];
        stepc_tensor *tensor;
        snprintf(dict, sizeof dict, "{'descr': '%s', 'fortran_order': False, 'shape': (), }\n", cases[i].descr);
        stepc_code code = parse_dict(dict, cases[i].bytes, &tensor, NULL);
        cr_assert(code == cases[i].code, "%s: %d", cases[i].descr, (int)code);
        if (code == STEPC_OK)
            cr_assert(stepc_tensor_dtype(tensor) == cases[i].dtype, "%s", cases[i].descr);
        else
            cr_assert(tensor == NULL);
        stepc_tensor_release(tensor);
    }
}

Test(npy, headers_that_are_odd_but_right)
{
    const char *good[] = {"{\"shape\":(3,),\"fortran_order\":False,\"descr\":\"|u1\"}",
                          "{'descr':'|u1','fortran_order':True,'shape':(3L,),}   \n",
                          " { 'descr' : '|u1' , 'fortran_order' : False , 'shape' : ( 3 , ) } ",
                          "{'descr': '|u1', 'fortran_order': False, 'shape': (3, 1, 1)}"};
    stepc_tensor *tensor;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        cr_assert(parse_dict(good[i], 3, &tensor, NULL) == STEPC_OK, "%s", good[i]);
        cr_assert(stepc_tensor_length(tensor) == 3);
        stepc_tensor_release(tensor);
    }
    cr_assert(
        parse_dict("{'descr': '<f8', 'fortran_order': True, 'shape': (0, 9223372036854775807, 9223372036854775807)}", 0,
                   &tensor, NULL) == STEPC_OK);
    cr_assert(stepc_tensor_length(tensor) == 0);
    stepc_tensor_release(tensor);
}

Test(npy, hostile_headers)
{
    static const struct {
        const char *dict;
        size_t bytes;
        stepc_code code;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1,), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", 4, STEPC_RESOURCE_EXHAUSTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,), }", 4, STEPC_RESOURCE_EXHAUSTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 3, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }", 5, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1 1), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,,), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': [1], }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': 0, 'shape': (1,), }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, }", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'shape': (1,)}", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': (1,)}", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4' 'fortran_order': False, 'shape': (1,)}", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} x", 4, STEPC_INVALID_ARGUMENT},
        {"{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", 4, STEPC_UNIMPLEMENTED},
        {"", 4, STEPC_INVALID_ARGUMENT},
        {"{}", 4, STEPC_INVALID_ARGUMENT},
        {"{{{{{{{{{{{{", 4, STEPC_INVALID_ARGUMENT},
        {"__import__('os').system('id')", 4, STEPC_INVALID_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stepc_tensor *tensor;
        stepc_error error;
        error_init(&error);
        stepc_code code = parse_dict(cases[i].dict, cases[i].bytes, &tensor, &error);
        cr_assert(code == cases[i].code && code == error.code, "%s: %d", cases[i].dict, (int)code);
        cr_assert(tensor == NULL);
        cr_assert_str_eq(error.file, "f.npy");
    }
    /* One dimension too many. */
    char dict[2000] = "{'descr': '|u1', 'fortran_order': False, 'shape': (";
    stepc_tensor *tensor;
    for (int i = 0; i < 254; i++)
        strcat(dict, "1,");
    size_t end = strlen(dict);
    strcpy(dict + end, ")}");
    cr_assert(parse_dict(dict, 1, &tensor, NULL) == STEPC_OK);
    stepc_tensor_release(tensor);
    strcpy(dict + end, "1)}");
    cr_assert(parse_dict(dict, 1, &tensor, NULL) == STEPC_RESOURCE_EXHAUSTED && tensor == NULL);
}

/* Every prefix and every change of a byte: an error or a tensor, no more. */
static void torture(const uint8_t *file, size_t size)
{
    static const uint8_t changes[] = {0x00, 0x01, 0x20, 0x27, 0x28, 0x39, 0x4f, 0x7f, 0x80, 0xff};
    for (size_t cut = 0; cut < size; cut++) {
        /* Its own memory, so that the sanitizer sees a read beyond. */
        uint8_t *data = malloc(cut != 0 ? cut : 1);
        stepc_tensor *tensor;
        memcpy(data, file, cut);
        cr_assert(npy_parse(NULL, "f", data, cut, &tensor, NULL) != STEPC_OK, "%zu", cut);
        cr_assert(tensor == NULL);
        free(data);
    }
    uint8_t *data = malloc(size);
    for (size_t at = 0; at < size; at++) {
        for (size_t i = 0; i < sizeof changes; i++) {
            stepc_tensor *tensor;
            stepc_error error;
            char line[600];
            error_init(&error);
            memcpy(data, file, size);
            data[at] = changes[i];
            stepc_code code = npy_parse(NULL, "f", data, size, &tensor, &error);
            cr_assert((code == STEPC_OK) == (tensor != NULL) && code == error.code, "%zu", at);
            cr_assert(code == STEPC_OK || stepc_error_format(&error, line, sizeof line) > 10);
            stepc_tensor_release(tensor);
        }
    }
    free(data);
}

Test(npy, truncated_and_changed_files)
{
    torture(file_f4, sizeof file_f4);
    torture(file_f4_fortran, sizeof file_f4_fortran);
    torture(file_c8_big_v2, sizeof file_c8_big_v2);
}

Test(npy, bools_become_zero_or_one)
{
    uint8_t file[128];
    const char *dict = "{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}";
    size_t length = strlen(dict);
    memcpy(file, "\x93NUMPY\1\0", 8);
    file[8] = (uint8_t)length;
    file[9] = 0;
    memcpy(file + 10, dict, length);
    memcpy(file + 10 + length, "\0\1\x80", 3);
    stepc_tensor *tensor;
    cr_assert(npy_parse(NULL, "f", file, 13 + length, &tensor, NULL) == STEPC_OK);
    cr_assert(memcmp(stepc_tensor_data(tensor), "\0\1\1", 3) == 0);
    stepc_tensor_release(tensor);
}

static char folder[64];

static const char *in_folder(const char *name)
{
    static char path[160];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *data, size_t size)
{
    FILE *file = fopen(in_folder(name), "wb");
    cr_assert(file != NULL);
    cr_assert(fwrite(data, 1, size, file) == size);
    fclose(file);
}

Test(npy, written_files_are_numpys_to_the_byte)
{
    strcpy(folder, "/tmp/stepc-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    stepc_tensor *tensor;
    file_bytes file;
    cr_assert(PARSE(file_f4, &tensor, NULL) == STEPC_OK);
    stepc_view view = stepc_tensor_view(tensor);
    cr_assert(npy_write(NULL, in_folder("x.npy"), &view, NULL) == STEPC_OK);
    cr_assert(file_read(NULL, in_folder("x.npy"), &file, NULL) == STEPC_OK);
    cr_assert(file.size == sizeof file_f4 && memcmp(file.data, file_f4, file.size) == 0);
    file_release(NULL, &file);
    stepc_tensor_release(tensor);

    static const stepc_dtype dtypes[] = {STEPC_FLOAT32, STEPC_FLOAT64,    STEPC_INT32, STEPC_UINT8,  STEPC_INT16,
                                         STEPC_INT8,    STEPC_COMPLEX64,  STEPC_INT64, STEPC_BOOL,   STEPC_BFLOAT16,
                                         STEPC_UINT16,  STEPC_COMPLEX128, STEPC_HALF,  STEPC_UINT32, STEPC_UINT64};
    static const int64_t shapes[4][3] = {{0}, {3}, {2, 3}, {2, 0, 5}};
    for (size_t i = 0; i < sizeof dtypes / sizeof dtypes[0]; i++) {
        for (int32_t rank = 0; rank < 4; rank++) {
            stepc_tensor *made, *back;
            cr_assert(stepc_tensor_new(NULL, dtypes[i], shapes[rank], rank, &made, NULL) == STEPC_OK);
            uint8_t *data = stepc_tensor_data(made);
            for (size_t j = 0; j < stepc_tensor_bytes(made); j++)
                data[j] = (uint8_t)(dtypes[i] == STEPC_BOOL ? j & 1 : j * 37 + 11);
            view = stepc_tensor_view(made);
            cr_assert(npy_write(NULL, in_folder("x.npy"), &view, NULL) == STEPC_OK);
            cr_assert(npy_read(NULL, in_folder("x.npy"), &back, NULL) == STEPC_OK);
            cr_assert(tensor_identical(made, back), "%s rank %d", stepc_dtype_name(dtypes[i]), rank);
            stepc_tensor_release(made);
            stepc_tensor_release(back);
        }
    }
    remove(in_folder("x.npy"));
    cr_assert(rmdir(folder) == 0);
}

Test(npy, strings_round_trip)
{
    strcpy(folder, "/tmp/stepc-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    stepc_string words[] = {{"", 0}, {"a\0b", 3}, {"\xff\x00\x7f", 3}, {"word", 4}};
    const int64_t dims[] = {2, 2};
    stepc_view view = {words, sizeof words, dims, 2, STEPC_STRING};
    stepc_tensor *copy, *back;
    file_bytes file;
    cr_assert(stepc_tensor_copy(NULL, &view, &copy, NULL) == STEPC_OK);
    cr_assert(npy_write(NULL, in_folder("x.strings.json"), &view, NULL) == STEPC_OK);
    cr_assert(file_read(NULL, in_folder("x.strings.json"), &file, NULL) == STEPC_OK);
    const char *expected = "{\"shape\": [2, 2], \"hex\": [\"\", \"610062\", \"ff007f\", \"776f7264\"]}\n";
    cr_assert(file.size == strlen(expected) && memcmp(file.data, expected, file.size) == 0);
    for (size_t cut = 0; cut < file.size - 1; cut++) {
        uint8_t *data = malloc(cut != 0 ? cut : 1);
        memcpy(data, file.data, cut);
        cr_assert(strings_json_parse(NULL, "f", data, cut, &back, NULL) == STEPC_INVALID_ARGUMENT && back == NULL);
        free(data);
    }
    uint8_t *changed = malloc(file.size);
    for (size_t at = 0; at < file.size; at++) {
        for (unsigned change = 0; change < 256; change += 3) {
            memcpy(changed, file.data, file.size);
            changed[at] = (uint8_t)change;
            stepc_code code = strings_json_parse(NULL, "f", changed, file.size, &back, NULL);
            cr_assert((code == STEPC_OK) == (back != NULL));
            stepc_tensor_release(back);
        }
    }
    free(changed);
    file_release(NULL, &file);
    cr_assert(npy_read(NULL, in_folder("x.strings.json"), &back, NULL) == STEPC_OK && tensor_identical(copy, back));
    stepc_tensor_release(copy);
    stepc_tensor_release(back);
    remove(in_folder("x.strings.json"));
    cr_assert(rmdir(folder) == 0);
}

Test(npy, strings_json_forms)
{
    static const struct {
        const char *json;
        stepc_code code;
    } cases[] = {{"{\"hex\":[\"30\",\"3A\"],\"dtype\":\"string\",\"shape\":[2]}", STEPC_OK},
                 {"{\"shape\":[],\"hex\":[\"\"]}", STEPC_OK},
                 {"{\"shape\":[0,3],\"hex\":[]}", STEPC_OK},
                 {"{\"shape\":[2],\"hex\":[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[-1],\"hex\":[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[\"3\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[\"3g\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[\"30\",]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1,],\"hex\":[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[\"30\"],}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[\"30\"]}x", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"hex\":[[[[[[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[99999999999999999999],\"hex\":[]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[4294967296,4294967296],\"hex\":[]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"shape\":[1],\"hex\":[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1],\"dtype\":\"int32\",\"hex\":[\"30\"]}", STEPC_INVALID_ARGUMENT},
                 {"{\"shape\":[1]}", STEPC_INVALID_ARGUMENT},
                 {"", STEPC_INVALID_ARGUMENT}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        stepc_tensor *tensor;
        stepc_code code =
            strings_json_parse(NULL, "f", (const uint8_t *)cases[i].json, strlen(cases[i].json), &tensor, NULL);
        cr_assert(code == cases[i].code, "%s", cases[i].json);
        stepc_tensor_release(tensor);
    }
}

Test(npy, members_of_archives)
{
    strcpy(folder, "/tmp/stepc-test-XXXXXX");
    cr_assert(mkdtemp(folder) != NULL);
    put("x.npz", file_npz, sizeof file_npz);
    put("packed.npz", file_npz_packed, sizeof file_npz_packed);
    stepc_tensor *tensor;
    stepc_error error;
    error_init(&error);
    cr_assert(npy_read(NULL, in_folder("x.npz:a"), &tensor, &error) == STEPC_OK);
    cr_assert(stepc_tensor_length(tensor) == 3 && load_i64(STEPC_INT64, stepc_tensor_data(tensor), 2) == 9);
    stepc_tensor_release(tensor);
    cr_assert(npy_read(NULL, in_folder("x.npz:b.npy"), &tensor, &error) == STEPC_OK);
    cr_assert(stepc_tensor_dtype(tensor) == STEPC_BOOL && stepc_tensor_rank(tensor) == 0);
    stepc_tensor_release(tensor);
    cr_assert(npy_read(NULL, in_folder("x.npz:c"), &tensor, &error) == STEPC_NOT_FOUND && tensor == NULL);
    cr_assert(npy_read(NULL, in_folder("y.npz:a"), &tensor, &error) == STEPC_NOT_FOUND);
    cr_assert(npy_read(NULL, in_folder("x.npz"), &tensor, &error) == STEPC_INVALID_ARGUMENT);
    cr_assert(npy_read(NULL, in_folder("packed.npz:a"), &tensor, &error) == STEPC_UNIMPLEMENTED);
    cr_assert(strstr(stepc_error_mend(&error), "savez") != NULL);
    remove(in_folder("x.npz"));
    remove(in_folder("packed.npz"));
    cr_assert(rmdir(folder) == 0);
}

Test(npy, hostile_archives)
{
    const uint8_t *member;
    size_t size;
    /* The check value of CRC-32. */
    cr_assert(zip_crc32((const uint8_t *)"123456789", 9) == 0xCBF43926u);
    for (size_t cut = 0; cut < sizeof file_npz; cut++) {
        uint8_t *data = malloc(cut != 0 ? cut : 1);
        memcpy(data, file_npz, cut);
        cr_assert(zip_member("f", data, cut, "a", &member, &size, NULL) != STEPC_OK);
        free(data);
    }
    uint8_t *data = malloc(sizeof file_npz);
    for (size_t at = 0; at < sizeof file_npz; at++) {
        for (unsigned change = 0; change < 256; change += 15) {
            memcpy(data, file_npz, sizeof file_npz);
            data[at] = (uint8_t)change;
            stepc_code code = zip_member("f", data, sizeof file_npz, "a", &member, &size, NULL);
            if (code == STEPC_OK) {
                cr_assert(member >= data && size <= sizeof file_npz &&
                          (size_t)(member - data) <= sizeof file_npz - size);
                cr_assert(zip_crc32(member, size) == zip_crc32(member, size));
            }
        }
    }
    free(data);
}
