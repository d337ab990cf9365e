/* SPDX-License-Identifier: Apache-2.0 */
#include "compiler/loops/names.h"

#include <string.h>

static const struct {
    stepc_dtype dtype;
    const char *name;
} dtype_words[] = {
    {STEPC_FLOAT32, "f32"},   {STEPC_FLOAT64, "f64"},    {STEPC_HALF, "f16"},       {STEPC_BFLOAT16, "bf16"},
    {STEPC_INT8, "i8"},       {STEPC_INT16, "i16"},      {STEPC_INT32, "i32"},      {STEPC_INT64, "i64"},
    {STEPC_UINT8, "u8"},      {STEPC_UINT16, "u16"},     {STEPC_UINT32, "u32"},     {STEPC_UINT64, "u64"},
    {STEPC_BOOL, "bool"},     {STEPC_COMPLEX64, "c64"},  {STEPC_COMPLEX128, "c128"}, {STEPC_QINT8, "qi8"},
    {STEPC_QUINT8, "qu8"},    {STEPC_QINT16, "qi16"},    {STEPC_QUINT16, "qu16"},   {STEPC_QINT32, "qi32"},
};

const char *const buffer_kind_names[BUFFER_KIND_COUNT] = {"feed", "fetch", "weight", "state", "arena", "local"};
const char *const acc_kind_names[ACC_KIND_COUNT] = {"sum", "prod", "max", "min", "any", "all", "argmax", "argmin"};
const char *const call_kind_names[CALL_KIND_COUNT] = {"philox_advance", "copy", "scan", "top"};

static bool is_word(const char *name, stepc_string word)
{
    return strlen(name) == word.size && memcmp(name, word.data, word.size) == 0;
}

const char *loop_dtype_name(stepc_dtype dtype)
{
    for (size_t i = 0; i < sizeof dtype_words / sizeof dtype_words[0]; i++) {
        if (dtype_words[i].dtype == dtype)
            return dtype_words[i].name;
    }
    return "?";
}

stepc_dtype loop_dtype_find(stepc_string word)
{
    for (size_t i = 0; i < sizeof dtype_words / sizeof dtype_words[0]; i++) {
        if (is_word(dtype_words[i].name, word))
            return dtype_words[i].dtype;
    }
    return STEPC_DTYPE_INVALID;
}

int32_t name_find(const char *const *names, int32_t count, stepc_string word)
{
    int32_t i = 0;
    while (i < count && !is_word(names[i], word))
        i++;
    return i;
}
