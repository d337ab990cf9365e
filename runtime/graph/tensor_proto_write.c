/* SPDX-License-Identifier: Apache-2.0 */
/* A view of elements to a TensorProto: numbers as content in little-endian order, strings one by one. */
#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/graph/build.h"

#include <string.h>

/* Bytes that swap together: a complex number is two parts. */
static size_t swapped_part(stepc_dtype dtype)
{
    size_t bytes = stepc_dtype_bytes(dtype);

    return dtype_is_complex(dtype) ? bytes / 2 : bytes;
}

static bool is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;

    memcpy(&first, &one, 1);
    return first == 1;
}

static void swap_parts(uint8_t *data, size_t bytes, size_t part)
{
    for (size_t i = 0; i + part <= bytes; i += part)
        for (size_t k = 0; k < part / 2; k++) {
            uint8_t low = data[i + k];
            data[i + k] = data[i + part - 1 - k];
            data[i + part - 1 - k] = low;
        }
}

static bool add_strings(arena *memory, message *proto, const stepc_string *strings, size_t count)
{
    bool done = true;

    for (size_t i = 0; i < count && done; i++) {
        const char *copy = arena_text(memory, strings[i].data, strings[i].size);
        done = copy != NULL && message_add_string(memory, proto, "string_val", (stepc_string){copy, strings[i].size});
    }
    return done;
}

static bool add_content(arena *memory, message *proto, const stepc_view *value)
{
    char *copy = arena_text(memory, value->data, value->bytes);

    if (copy == NULL)
        return false;
    if (!is_little_endian())
        swap_parts((uint8_t *)copy, value->bytes, swapped_part((stepc_dtype)value->dtype));
    return value->bytes == 0 || message_add_string(memory, proto, "tensor_content", (stepc_string){copy, value->bytes});
}

static stepc_code check_view(const stepc_view *value, int64_t *out_count, stepc_error *error)
{
    size_t element =
        value->dtype > 0 && value->dtype < STEPC_DTYPE_REF ? stepc_dtype_bytes((stepc_dtype)value->dtype) : 0;
    int64_t count = 1, bytes;

    if (element == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor attribute of dtype %s",
                         stepc_dtype_name((stepc_dtype)value->dtype));
    if (value->rank < 0 || (value->rank > 0 && value->dims == NULL) || (value->data == NULL && value->bytes > 0))
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor attribute without shape or data");
    for (int32_t i = 0; i < value->rank; i++)
        if (value->dims[i] < 0 || !checked_mul_i64(count, value->dims[i], &count))
            return error_set(error, STEPC_INVALID_ARGUMENT, "dimension %d of a tensor attribute is %lld", (int)i,
                             (long long)value->dims[i]);
    if (!checked_mul_i64(count, (int64_t)element, &bytes) || (uint64_t)bytes != value->bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "a tensor attribute of %lld elements of %zu bytes has %zu bytes", (long long)count, element,
                         value->bytes);
    *out_count = count;
    return STEPC_OK;
}

stepc_code tensor_proto_encode(arena *memory, const stepc_view *value, message **out, stepc_error *error)
{
    int64_t count = 0;
    stepc_code code = check_view(value, &count, error);

    if (code != STEPC_OK)
        return code;
    message *proto = message_new(memory, &message_tensor_proto);
    message_value *shape = NULL;
    bool done = proto != NULL && message_add_int(memory, proto, "dtype", value->dtype) &&
                (shape = message_add(memory, proto, "tensor_shape")) != NULL;
    for (int32_t i = 0; i < value->rank && done; i++) {
        message_value *dim = message_add(memory, shape->child, "dim");
        done = dim != NULL && message_add_int(memory, dim->child, "size", value->dims[i]);
    }
    if (done && value->dtype == STEPC_STRING)
        done = add_strings(memory, proto, value->data, (size_t)count);
    else if (done)
        done = add_content(memory, proto, value);
    *out = proto;
    return done ? STEPC_OK : error_out_of_memory(error, "copying a tensor");
}
