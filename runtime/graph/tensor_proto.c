/* SPDX-License-Identifier: Apache-2.0 */
/* TensorProto: checks, and decoding to tensors. Values beyond the shape are ignored, the last
 * value repeats, and values of another kind than the dtype's do not count, all as in TensorFlow. */
#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/core/tensor.h"
#include "runtime/graph/graph.h"

#include <string.h>

enum { RANK_MAX = 254 };

/* A proto's header once checked. */
typedef struct proto_header {
    stepc_dtype dtype;
    int32_t rank;
    int64_t dims[RANK_MAX];
    int64_t count;
    size_t bytes;         /* of all elements */
    stepc_string content; /* tensor_content; size 0: typed values */
    const char *values;   /* the field of typed values */
} proto_header;

static const char *values_field(stepc_dtype dtype)
{
    switch (dtype) {
    case STEPC_FLOAT32: return "float_val";
    case STEPC_FLOAT64: return "double_val";
    case STEPC_INT32:
    case STEPC_INT16:
    case STEPC_INT8:
    case STEPC_UINT8:
    case STEPC_UINT16:
    case STEPC_QINT8:
    case STEPC_QUINT8:
    case STEPC_QINT16:
    case STEPC_QUINT16:
    case STEPC_QINT32: return "int_val";
    case STEPC_STRING: return "string_val";
    case STEPC_COMPLEX64: return "scomplex_val";
    case STEPC_COMPLEX128: return "dcomplex_val";
    case STEPC_INT64: return "int64_val";
    case STEPC_BOOL: return "bool_val";
    case STEPC_HALF:
    case STEPC_BFLOAT16: return "half_val";
    case STEPC_UINT32: return "uint32_val";
    case STEPC_UINT64: return "uint64_val";
    case STEPC_RESOURCE:
    case STEPC_VARIANT:
    case STEPC_DTYPE_INVALID:
    case STEPC_DTYPE_REF: break;
    }
    return NULL;
}

static stepc_code read_dims(const message *shape, proto_header *h, stepc_error *error)
{
    if (message_int(shape, "unknown_rank", 0) != 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor's shape must be known, its rank is not");
    for (const message_value *v = message_next(shape, "dim", NULL); v != NULL; v = message_next(shape, "dim", v)) {
        if (h->rank == RANK_MAX)
            return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor's shape has more than %d dimensions", RANK_MAX);
        int64_t dim = message_int(v->child, "size", 0);
        if (dim < 0)
            return error_set(error, STEPC_INVALID_ARGUMENT, "dimension %d of a tensor's shape is %lld", (int)h->rank,
                             (long long)dim);
        h->dims[h->rank++] = dim;
    }
    return STEPC_OK;
}

/* The lengths of a string tensor's content: as varints in front of all bytes. */
static stepc_code check_string_content(const proto_header *h, stepc_error *error)
{
    const uint8_t *data = (const uint8_t *)h->content.data;
    size_t at = 0;
    size_t total = 0;

    for (int64_t i = 0; i < h->count; i++) {
        uint64_t length;
        size_t used = 0;
        for (size_t k = at; k < h->content.size && k < at + 5; k++)
            if (data[k] < 0x80) {
                used = k + 1 - at;
                break;
            }
        if (used == 0)
            return error_set(error, STEPC_DATA_LOSS, "string tensor: the length of string %lld is cut off", (long long)i);
        length = 0;
        for (size_t k = 0; k < used; k++)
            length |= (uint64_t)(data[at + k] & 0x7f) << (7 * k);
        at += used;
        if (length > h->content.size - at || !checked_add_size(total, (size_t)length, &total) ||
            total > h->content.size - at)
            return error_set(error, STEPC_DATA_LOSS, "string tensor: string %lld reaches beyond the content", (long long)i);
    }
    if (total != h->content.size - at)
        return error_set(error, STEPC_DATA_LOSS, "string tensor: %zu bytes of content left over",
                         h->content.size - at - total);
    return STEPC_OK;
}

static stepc_code read_header(const stepc_host *host, const message *proto, proto_header *h, stepc_error *error)
{
    int64_t dtype = message_int(proto, "dtype", 0);
    const message_value *shape = message_get(proto, "tensor_shape");
    stepc_code code;

    memset(h, 0, offsetof(proto_header, dims));
    if (!dtype_is_known(dtype) || dtype > STEPC_DTYPE_REF)
        return error_set(error, dtype >= 24 && dtype <= 33 ? STEPC_UNIMPLEMENTED : STEPC_INVALID_ARGUMENT,
                         "a tensor of dtype %lld, which stepc does not know", (long long)dtype);
    h->dtype = (stepc_dtype)dtype;
    if (shape != NULL) {
        code = read_dims(shape->child, h, error);
        if (code != STEPC_OK)
            return code;
    }
    h->values = values_field(h->dtype);
    if (h->values == NULL)
        return error_set(error, STEPC_UNIMPLEMENTED, "a constant of dtype %s", stepc_dtype_name(h->dtype));
    size_t element = stepc_dtype_bytes(h->dtype);
    if (!shape_count(h->dims, h->rank, &h->count) || (uint64_t)h->count > SIZE_MAX ||
        !checked_mul_size((size_t)h->count, element, &h->bytes)) {
        char shape_words[256];
        return error_set(error, STEPC_INVALID_ARGUMENT, "a tensor of shape %s has more bytes than can be counted",
                         shape_text(h->dims, h->rank, shape_words, sizeof(shape_words)));
    }
    if ((uint64_t)h->bytes > (uint64_t)host->limits.tensor_bytes)
        return error_limit(error, "tensor_bytes", host->limits.tensor_bytes, (int64_t)h->bytes);
    h->content = message_string(proto, "tensor_content");
    if (h->count == 0)
        h->content.size = 0;
    if (h->content.size == 0)
        return STEPC_OK;
    if (h->dtype == STEPC_STRING)
        return check_string_content(h, error);
    if (h->content.size != h->bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT,
                         "tensor_content has %zu bytes, but the shape needs %lld elements of %zu bytes", h->content.size,
                         (long long)h->count, element);
    return STEPC_OK;
}

stepc_code tensor_proto_check(const stepc_host *host, const message *proto, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    proto_header h;

    return read_header(&resolved, proto, &h, error);
}

/* ---- decoding --------------------------------------------------------------------------- */

static bool host_is_little_endian(void)
{
    const uint16_t one = 1;
    uint8_t first;

    memcpy(&first, &one, 1);
    return first == 1;
}

static size_t element_part(stepc_dtype dtype) /* what byte order applies to */
{
    size_t bytes = stepc_dtype_bytes(dtype);

    return dtype_is_complex(dtype) ? bytes / 2 : bytes;
}

/* Elements that lie in the file as the tensor needs them: borrowed. */
static bool can_borrow(const proto_header *h, const char *data)
{
    if ((element_part(h->dtype) > 1 && !host_is_little_endian()) || (uintptr_t)data % element_part(h->dtype) != 0)
        return false;
    if (h->dtype != STEPC_BOOL)
        return true;
    for (size_t i = 0; i < h->bytes; i++)
        if ((uint8_t)data[i] > 1)
            return false; /* must become 1, so a copy is needed */
    return true;
}

static void copy_elements(const proto_header *h, uint8_t *to, const char *data)
{
    size_t part = element_part(h->dtype);

    memcpy(to, data, h->bytes);
    if (h->dtype == STEPC_BOOL)
        for (size_t i = 0; i < h->bytes; i++)
            to[i] = to[i] != 0;
    if (part == 1 || host_is_little_endian())
        return;
    for (size_t at = 0; at < h->bytes; at += part)
        for (size_t i = 0; i < part / 2; i++) {
            uint8_t byte = to[at + i];
            to[at + i] = to[at + part - 1 - i];
            to[at + part - 1 - i] = byte;
        }
}

static stepc_code decode_raw(const stepc_host *host, const proto_header *h, const char *data, stepc_tensor **out,
                             stepc_error *error)
{
    if (can_borrow(h, data)) {
        stepc_view view = {(void *)(uintptr_t)data, h->bytes, h->dims, h->rank, (int32_t)h->dtype};
        return tensor_borrow(host, &view, out, error);
    }
    stepc_code code = stepc_tensor_new(host, h->dtype, h->dims, h->rank, out, error);
    if (code == STEPC_OK)
        copy_elements(h, stepc_tensor_data(*out), data);
    return code;
}

static stepc_code decode_string_content(const proto_header *h, stepc_tensor *tensor, stepc_error *error)
{
    const uint8_t *data = (const uint8_t *)h->content.data;
    size_t at = 0;
    size_t bytes = 0; /* where the strings begin */
    stepc_code code = STEPC_OK;

    for (int64_t i = 0; i < h->count; bytes++)
        i += data[bytes] < 0x80;
    for (int64_t i = 0; i < h->count && code == STEPC_OK; i++) {
        size_t length = 0;
        for (unsigned shift = 0;; shift += 7) {
            uint8_t byte = data[at++];
            length |= (size_t)(byte & 0x7f) << shift;
            if (byte < 0x80)
                break;
        }
        code = stepc_tensor_set_string(tensor, i, (stepc_string){h->content.data + bytes, length}, error);
        bytes += length;
    }
    return code;
}

static stepc_code decode_string_values(const proto_header *h, const message *proto, stepc_tensor *tensor,
                                       stepc_error *error)
{
    stepc_string last = {"", 0};
    stepc_code code = STEPC_OK;
    const message_value *v = message_next(proto, "string_val", NULL);

    for (int64_t i = 0; i < h->count && code == STEPC_OK; i++) {
        if (v != NULL) {
            last = (stepc_string){v->data, v->size};
            v = message_next(proto, "string_val", v);
        } else if (last.size == 0) {
            break; /* the rest is empty already */
        }
        code = stepc_tensor_set_string(tensor, i, last, error);
    }
    return code;
}

/* Stores number BITS, as the field holds it, as part PART of the tensor: the low bits of whole
 * numbers and halves, the whole of floats. */
static void store_part(uint8_t *data, size_t part, int64_t index, uint64_t bits)
{
    uint8_t *to = data + (size_t)index * part;
    uint16_t u16 = (uint16_t)bits;
    uint32_t u32 = (uint32_t)bits;

    switch (part) {
    case 1: to[0] = (uint8_t)bits; break;
    case 2: memcpy(to, &u16, 2); break;
    case 4: memcpy(to, &u32, 4); break;
    default: memcpy(to, &bits, 8); break;
    }
}

static void decode_numbers(const proto_header *h, const message *proto, uint8_t *data)
{
    number_cursor cursor = number_begin(proto, h->values);
    size_t part = element_part(h->dtype);
    int64_t parts = dtype_is_complex(h->dtype) ? 2 : 1;
    uint64_t last[2] = {0, 0};
    int64_t i = 0;

    for (; i < h->count; i++) {
        uint64_t now[2] = {0, 0};
        if (!number_next(&cursor, &now[0]) || (parts == 2 && !number_next(&cursor, &now[1])))
            break;
        last[0] = now[0];
        last[1] = now[1];
        for (int64_t k = 0; k < parts; k++)
            store_part(data, part, i * parts + k, now[k]);
    }
    if (last[0] == 0 && last[1] == 0) {
        memset(data + (size_t)(i * parts) * part, 0, (size_t)((h->count - i) * parts) * part);
        return;
    }
    for (; i < h->count; i++)
        for (int64_t k = 0; k < parts; k++)
            store_part(data, part, i * parts + k, last[k]);
}

/* Typed floats that fill the tensor in one packed run are as good as content. */
static const char *whole_run(const proto_header *h, const message *proto)
{
    const message_value *first = message_next(proto, h->values, NULL);

    if (!dtype_is_float(h->dtype) && !dtype_is_complex(h->dtype))
        return NULL;
    if (first == NULL || !first->packed || first->size != h->bytes || h->dtype == STEPC_HALF || h->dtype == STEPC_BFLOAT16)
        return NULL;
    return message_next(proto, h->values, first) == NULL ? first->data : NULL;
}

stepc_code tensor_proto_decode(const stepc_host *host, const message *proto, stepc_tensor **out, stepc_error *error)
{
    stepc_host resolved = host_resolve(host);
    proto_header h;

    *out = NULL;
    stepc_code code = read_header(&resolved, proto, &h, error);
    if (code != STEPC_OK)
        return code;
    const char *raw = h.content.size > 0 ? h.content.data : h.count > 0 ? whole_run(&h, proto) : NULL;
    if (raw != NULL && h.dtype != STEPC_STRING)
        return decode_raw(&resolved, &h, raw, out, error);
    code = stepc_tensor_new(&resolved, h.dtype, h.dims, h.rank, out, error);
    if (code != STEPC_OK || h.count == 0)
        return code;
    if (h.dtype != STEPC_STRING)
        decode_numbers(&h, proto, stepc_tensor_data(*out));
    else if (h.content.size > 0)
        code = decode_string_content(&h, *out, error);
    else
        code = decode_string_values(&h, proto, *out, error);
    if (code != STEPC_OK) {
        stepc_tensor_release(*out);
        *out = NULL;
    }
    return code;
}
