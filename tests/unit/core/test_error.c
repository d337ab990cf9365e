/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/core/error.h"

#include <criterion/criterion.h>
#include <string.h>

static const char *line_of(const stepc_error *error)
{
    static char text[2048];
    size_t size = stepc_error_format(error, text, sizeof text);
    cr_assert(size == strlen(text) && size <= 497, "%zu", size);
    for (size_t i = 0; i < size; i++)
        cr_assert(text[i] >= 0x20 && text[i] <= 0x7E, "byte %zu", i);
    return text;
}

Test(error, line_holds_code_place_text_and_mend)
{
    stepc_error *error = stepc_error_new();
    cr_assert(error != NULL);
    cr_assert(error_set(error, STEPC_NOT_FOUND, "no %s", "thing") == STEPC_NOT_FOUND);
    cr_assert_str_eq(line_of(error), "NOT_FOUND: no thing");
    cr_assert(error_at_file(error, "m.pb", 12) == STEPC_NOT_FOUND);
    cr_assert(error_at_node(error, "a/b", "MatMul", "T") == STEPC_NOT_FOUND);
    cr_assert(error_mend(error, "try %d", 3) == STEPC_NOT_FOUND);
    cr_assert_str_eq(line_of(error), "NOT_FOUND: m.pb, byte 12: node a/b (MatMul) attribute T: no thing (try 3)");
    /* The first place stays. */
    error_at_file(error, "other", 1);
    error_at_node(error, "other", NULL, NULL);
    error_append(error, " [[%s]]", "x");
    cr_assert_str_eq(line_of(error), "NOT_FOUND: m.pb, byte 12: node a/b (MatMul) attribute T: no thing [[x]] (try 3)");
    cr_assert(stepc_error_offset(error) == 12);
    cr_assert_str_eq(stepc_error_operator(error), "MatMul");
    error_set(error, STEPC_INTERNAL, "second");
    cr_assert_str_eq(line_of(error), "INTERNAL: second");
    stepc_error_clear(error);
    cr_assert(stepc_error_code(error) == STEPC_OK && stepc_error_offset(error) == -1);
    stepc_error_free(error);
    stepc_error_free(NULL);
}

Test(error, null_record_is_accepted_and_never_ok)
{
    cr_assert(error_set(NULL, STEPC_ABORTED, "x") == STEPC_ABORTED);
    cr_assert(error_at_file(NULL, "f", 1) != STEPC_OK);
    cr_assert(error_at_node(NULL, "n", "o", "a") != STEPC_OK);
    cr_assert(error_mend(NULL, "m") != STEPC_OK);
    cr_assert(error_limit(NULL, "nodes", 1, 2) == STEPC_RESOURCE_EXHAUSTED);
    cr_assert(error_out_of_memory(NULL, "testing") == STEPC_RESOURCE_EXHAUSTED);
    error_append(NULL, "x");
    error_copy(NULL, NULL);
    cr_assert_str_eq(stepc_error_message(NULL), "");
    cr_assert(stepc_error_code(NULL) == STEPC_OK);
}

Test(error, hostile_bytes_are_escaped)
{
    stepc_error error;
    error_init(&error);
    error_set(&error, STEPC_INVALID_ARGUMENT, "a\nb\x1b[2J\xff");
    error_at_node(&error, "n\tm", "O\x7f", "");
    cr_assert_str_eq(line_of(&error), "INVALID_ARGUMENT: node n\\011m (O\\177): a\\012b\\033[2J\\377");
}

Test(error, long_texts_are_cut_with_a_mark)
{
    stepc_error error;
    char name[5000];
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = '\0';
    error_init(&error);
    error_set(&error, STEPC_INTERNAL, "%s", name);
    error_at_file(&error, name, 5);
    error_at_node(&error, name, name, name);
    error_mend(&error, "do this");
    cr_assert(strlen(error.node) == 131 && strcmp(error.node + 128, "...") == 0);
    const char *line = line_of(&error);
    cr_assert(strlen(line) > 400);
    cr_assert(strstr(line, "... (do this)") != NULL, "%s", line);
    /* Escapes take four bytes: still within the line. */
    memset(name, '\x01', sizeof name - 1);
    error_set(&error, STEPC_INTERNAL, "%s", name);
    error_at_file(&error, name, 5);
    error_at_node(&error, name, name, name);
    error_mend(&error, "%s", name);
    cr_assert(line_of(&error) != NULL);
    for (int i = 0; i < 100; i++)
        error_append(&error, "%s", name);
    cr_assert(strlen(error.message) == ERROR_MESSAGE_BYTES - 1);
    cr_assert(line_of(&error) != NULL);
}

Test(error, every_size_of_buffer_is_respected)
{
    stepc_error error;
    error_init(&error);
    error_set(&error, STEPC_INTERNAL, "some \n message");
    error_at_file(&error, "file.pb", 7);
    error_mend(&error, "mend \n it");
    for (size_t size = 0; size < 80; size++) {
        char text[81];
        memset(text, '#', sizeof text);
        size_t wrote = stepc_error_format(&error, text, size);
        if (size == 0)
            cr_assert(wrote == 0);
        else
            cr_assert(wrote < size && text[wrote] == '\0', "%zu", size);
        for (size_t i = size; i < sizeof text; i++)
            cr_assert(text[i] == '#', "%zu", size);
    }
}

Test(error, codes_have_names)
{
    cr_assert_str_eq(stepc_code_name(STEPC_DATA_LOSS), "DATA_LOSS");
    cr_assert_str_eq(stepc_code_name((stepc_code)99), "UNKNOWN");
    cr_assert((int)STEPC_UNIMPLEMENTED == 12);
}
