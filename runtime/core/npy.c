/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/npy.h"

#include "runtime/core/checked.h"
#include "runtime/core/dtype.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "runtime/core/tensor.h"
#include "runtime/core/text.h"
#include "runtime/core/zip.h"

#include <string.h>

#define MAGIC       "\x93NUMPY"
#define MAGIC_BYTES ((size_t)6)
/* A shape of 254 dimensions of 19 digits fits; nothing honest is longer. */
#define HEADER_BYTES     ((size_t)16384)
#define DIMS             255
#define HEADER_ALIGNMENT ((size_t)64)

/* ---- the header: a Python dict literal with three known keys ---- */

typedef struct header {
    const char *name; /* of the file, for messages */
    const uint8_t *data;
    size_t at, end;
    bool has_descr, has_order, has_shape;
    stepc_dtype dtype;
    bool big_endian;
    bool fortran_order;
    int32_t rank;
    int64_t dims[DIMS];
} header;

static stepc_code broken(const header *h, stepc_error *error, const char *what)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "%s in the .npy header", what);
    error_at_file(error, h->name, (int64_t)h->at);
    return STEPC_INVALID_ARGUMENT;
}

static int peek(const header *h)
{
    return h->at < h->end ? h->data[h->at] : -1;
}

static void skip_space(header *h)
{
    while (peek(h) == ' ' || peek(h) == '\t' || peek(h) == '\n')
        h->at++;
}

/* Takes C if it comes next. */
static bool take(header *h, char c)
{
    skip_space(h);
    if (peek(h) != (unsigned char)c)
        return false;
    h->at++;
    return true;
}

/* Takes a quoted text without escapes. */
static bool take_quoted(header *h, const char **out, size_t *out_size)
{
    skip_space(h);
    int quote = peek(h);
    if (quote != '\'' && quote != '"')
        return false;
    size_t start = ++h->at;
    while (peek(h) >= 0x20 && peek(h) < 0x7F && peek(h) != quote && peek(h) != '\\')
        h->at++;
    if (peek(h) != quote)
        return false;
    *out = (const char *)h->data + start;
    *out_size = h->at - start;
    h->at++;
    return true;
}

static bool take_word(header *h, const char *word)
{
    size_t size = strlen(word);
    skip_space(h);
    if (h->end - h->at < size || memcmp(h->data + h->at, word, size) != 0)
        return false;
    h->at += size;
    return true;
}

static stepc_code unsupported(const header *h, const char *descr, size_t size, stepc_error *error)
{
    char shown[32];
    size_t length = size < sizeof shown - 1 ? size : sizeof shown - 1;
    memcpy(shown, descr, length);
    shown[length] = '\0';
    stepc_code code = STEPC_UNIMPLEMENTED;
    if (size > 1 && shown[1] == 'O') {
        code = error_set(error, STEPC_INVALID_ARGUMENT, "pickled objects ('%s') are refused", shown);
        error_mend(error, "save numbers, or strings as .strings.json");
    } else {
        error_set(error, code, "elements of type '%s' are not supported", shown);
        if (size > 1 && (shown[1] == 'S' || shown[1] == 'U' || shown[1] == 'a'))
            error_mend(error, "give strings as .strings.json");
    }
    error_at_file(error, h->name, (int64_t)h->at);
    return code;
}

/* '<f4', '|b1', '>i8', '<V2'. */
static stepc_code parse_descr(header *h, stepc_error *error)
{
    const char *descr;
    size_t size;
    skip_space(h);
    if (peek(h) == '[') {
        error_set(error, STEPC_UNIMPLEMENTED, "records (structured elements) are not supported");
        error_at_file(error, h->name, (int64_t)h->at);
        return STEPC_UNIMPLEMENTED;
    }
    if (!take_quoted(h, &descr, &size))
        return broken(h, error, "bad descr");
    if (size < 2 || (descr[0] != '<' && descr[0] != '>' && descr[0] != '|'))
        return broken(h, error, "bad descr");
    stepc_dtype found = STEPC_DTYPE_INVALID;
    /* The quantised types come after their plain namesakes in name only. */
#define MATCH(id, number, bytes, text, code)                                            \
    if (found == STEPC_DTYPE_INVALID && (text)[0] != 'q' && strlen(code) == size - 1 && \
        memcmp(descr + 1, code, size - 1) == 0)                                         \
        found = STEPC_##id;
    STEPC_DTYPE_LIST(MATCH)
#undef MATCH
    if (found == STEPC_DTYPE_INVALID)
        return unsupported(h, descr, size, error);
    bool needs_order = stepc_dtype_bytes(found) > 1 && found != STEPC_BFLOAT16;
    if ((needs_order && descr[0] == '|') || (found == STEPC_BFLOAT16 && descr[0] == '>'))
        return unsupported(h, descr, size, error);
    h->dtype = found;
    h->big_endian = descr[0] == '>' && stepc_dtype_bytes(found) > 1;
    h->has_descr = true;
    return STEPC_OK;
}

static stepc_code parse_shape(header *h, const stepc_host *host, stepc_error *error)
{
    if (!take(h, '('))
        return broken(h, error, "bad shape");
    bool comma = true;
    while (!take(h, ')')) {
        int64_t dim = 0;
        size_t start = h->at;
        if (!comma)
            return broken(h, error, "bad shape");
        if (h->rank >= host->limits.rank || h->rank >= DIMS) {
            error_limit(error, "rank", host->limits.rank < DIMS ? host->limits.rank : DIMS, (int64_t)h->rank + 1);
            error_at_file(error, h->name, (int64_t)h->at);
            return STEPC_RESOURCE_EXHAUSTED;
        }
        while (peek(h) >= '0' && peek(h) <= '9') {
            if (!checked_mul_i64(dim, 10, &dim) || !checked_add_i64(dim, peek(h) - '0', &dim))
                return broken(h, error, "a dimension beyond 64 bits");
            h->at++;
        }
        if (h->at == start)
            return broken(h, error, "bad shape");
        (void)take(h, 'L'); /* a long of Python 2 */
        h->dims[h->rank++] = dim;
        comma = take(h, ',');
    }
    h->has_shape = true;
    return STEPC_OK;
}

static stepc_code parse_entry(header *h, const stepc_host *host, stepc_error *error)
{
    const char *key;
    size_t size;
    if (!take_quoted(h, &key, &size) || !take(h, ':'))
        return broken(h, error, "bad key");
    stepc_string word = {key, size};
    if (text_equal(word, TEXT_LITERAL("descr")) && !h->has_descr)
        return parse_descr(h, error);
    if (text_equal(word, TEXT_LITERAL("shape")) && !h->has_shape)
        return parse_shape(h, host, error);
    if (text_equal(word, TEXT_LITERAL("fortran_order")) && !h->has_order) {
        h->has_order = true;
        h->fortran_order = take_word(h, "True");
        if (h->fortran_order || take_word(h, "False"))
            return STEPC_OK;
        return broken(h, error, "bad fortran_order");
    }
    return broken(h, error, "unknown or repeated key");
}

static stepc_code parse_dict(header *h, const stepc_host *host, stepc_error *error)
{
    bool comma = true;
    if (!take(h, '{'))
        return broken(h, error, "no dict");
    while (!take(h, '}')) {
        if (!comma)
            return broken(h, error, "missing comma");
        stepc_code code = parse_entry(h, host, error);
        if (code != STEPC_OK)
            return code;
        comma = take(h, ',');
    }
    skip_space(h);
    if (h->at != h->end)
        return broken(h, error, "more after the dict");
    if (!h->has_descr || !h->has_order || !h->has_shape)
        return broken(h, error, "missing descr, fortran_order or shape");
    return STEPC_OK;
}

/* Finds where the dict begins and ends from magic, version and length. */
static stepc_code parse_preamble(header *h, size_t size, stepc_error *error)
{
    size_t length, start;
    h->end = size;
    if (size < MAGIC_BYTES + 4 || memcmp(h->data, MAGIC, MAGIC_BYTES) != 0)
        return broken(h, error, "no magic");
    unsigned major = h->data[6];
    if (major < 1 || major > 3) {
        error_set(error, STEPC_UNIMPLEMENTED, ".npy version %u", major);
        error_at_file(error, h->name, 6);
        return STEPC_UNIMPLEMENTED;
    }
    start = major == 1 ? 10 : 12;
    if (size < start)
        return broken(h, error, "file ends early");
    length = (size_t)h->data[8] | (size_t)h->data[9] << 8;
    if (major > 1)
        length |= (size_t)h->data[10] << 16 | (size_t)h->data[11] << 24;
    h->at = 8;
    if (length > size - start)
        return broken(h, error, "file ends early");
    if (length > HEADER_BYTES)
        return broken(h, error, "more than 16384 bytes");
    h->at = start;
    h->end = start + length;
    return STEPC_OK;
}

/* ---- elements ---- */

static bool host_is_big_endian(void)
{
    const uint16_t probe = 1;
    uint8_t first;
    memcpy(&first, &probe, 1);
    return first == 0;
}

/* Bytes that change places together: a complex number is two. */
static size_t swap_bytes_of(stepc_dtype dtype)
{
    return dtype_is_complex(dtype) ? stepc_dtype_bytes(dtype) / 2 : stepc_dtype_bytes(dtype);
}

static void swap_all(uint8_t *data, size_t bytes, size_t unit)
{
    if (unit < 2)
        return;
    for (size_t at = 0; at + unit <= bytes; at += unit) {
        for (size_t i = 0; i < unit / 2; i++) {
            uint8_t kept = data[at + i];
            data[at + i] = data[at + unit - 1 - i];
            data[at + unit - 1 - i] = kept;
        }
    }
}

/* Copies from column-major FROM to row-major TO: walks the row-major order with a counter
 * per dimension. The steps fit: they are at most the size of the tensor. */
static void copy_transposed(const header *h, const uint8_t *from, uint8_t *to, size_t count)
{
    size_t unit = stepc_dtype_bytes(h->dtype);
    size_t steps[DIMS];
    int64_t counters[DIMS] = {0};
    size_t step = unit, at = 0;

    for (int32_t i = 0; i < h->rank; i++) {
        steps[i] = step;
        step *= (size_t)h->dims[i];
    }
    for (size_t element = 0; element < count; element++) {
        memcpy(to, from + at, unit);
        to += unit;
        for (int32_t i = h->rank - 1; i >= 0; i--) {
            at += steps[i];
            if (++counters[i] < h->dims[i])
                break;
            at -= steps[i] * (size_t)h->dims[i];
            counters[i] = 0;
        }
    }
}

static stepc_code parse_elements(const header *h, const stepc_host *host, const uint8_t *data, size_t size,
                                 stepc_tensor **out, stepc_error *error)
{
    stepc_tensor *tensor;
    stepc_code code = stepc_tensor_new(host, h->dtype, h->dims, h->rank, &tensor, error);
    if (code != STEPC_OK) {
        error_at_file(error, h->name, (int64_t)h->end);
        return code;
    }
    size_t bytes = stepc_tensor_bytes(tensor);
    uint8_t *to = stepc_tensor_data(tensor);
    if (bytes == 0) {
        /* Nothing to copy, whatever the other dimensions say. */
    } else if (h->fortran_order && h->rank > 1) {
        copy_transposed(h, data, to, (size_t)stepc_tensor_length(tensor));
    } else {
        memcpy(to, data, size);
    }
    if (h->big_endian != host_is_big_endian())
        swap_all(to, bytes, swap_bytes_of(h->dtype));
    /* A kernel may index a table of two with a bool. */
    for (size_t i = 0; h->dtype == STEPC_BOOL && i < bytes; i++)
        to[i] = to[i] != 0;
    *out = tensor;
    return STEPC_OK;
}

stepc_code npy_parse(const stepc_host *host, const char *name, const uint8_t *data, size_t size, stepc_tensor **out,
                     stepc_error *error)
{
    stepc_host whole = host_resolve(host);
    header h;
    int64_t count, bytes;
    *out = NULL;
    memset(&h, 0, sizeof h);
    h.name = name;
    h.data = data;
    stepc_code code = parse_preamble(&h, size, error);
    if (code == STEPC_OK)
        code = parse_dict(&h, &whole, error);
    if (code != STEPC_OK)
        return code;
    /* Before memory is taken: a short file must not ask for a large tensor. */
    size_t given = size - h.end;
    if (!shape_count(h.dims, h.rank, &count) || !checked_mul_i64(count, (int64_t)stepc_dtype_bytes(h.dtype), &bytes) ||
        bytes > whole.limits.tensor_bytes || (uint64_t)bytes > SIZE_MAX) {
        /* The tensor's own check words the refusal. */
        stepc_tensor *none = NULL;
        code = stepc_tensor_new(&whole, h.dtype, h.dims, h.rank, &none, error);
        stepc_tensor_release(none);
        error_at_file(error, name, (int64_t)h.at);
        return code != STEPC_OK ? code : STEPC_RESOURCE_EXHAUSTED;
    }
    if ((uint64_t)bytes != given) {
        char shape[256];
        error_set(error, STEPC_INVALID_ARGUMENT, "%s of shape %s takes %lld bytes, but the file holds %zu",
                  stepc_dtype_name(h.dtype), shape_text(h.dims, h.rank, shape, sizeof shape), (long long)bytes, given);
        error_at_file(error, name, (int64_t)h.end);
        return STEPC_INVALID_ARGUMENT;
    }
    return parse_elements(&h, &whole, data + h.end, given, out, error);
}

/* ---- files ---- */

static bool ends_in(const char *path, const char *suffix)
{
    size_t length = strlen(path), bytes = strlen(suffix);
    return length >= bytes && strcmp(path + length - bytes, suffix) == 0;
}

/* Where the member's name begins in "x.npz:member", or NULL: the last such place, since
 * folders may be called anything. */
static const char *member_of(const char *path)
{
    const char *member = NULL;
    for (const char *at = strstr(path, ".npz:"); at != NULL; at = strstr(at + 1, ".npz:"))
        member = at + 5;
    return member != NULL && *member != '\0' ? member : NULL;
}

static stepc_code read_member(const stepc_host *host, const char *path, const char *member, stepc_tensor **out,
                              stepc_error *error)
{
    text archive;
    file_bytes file;
    const uint8_t *data;
    size_t size;
    text_init(&archive, host);
    text_add(&archive, path, (size_t)(member - 1 - path));
    stepc_code code = archive.failed ? error_out_of_memory(error, "naming a file") : STEPC_OK;
    if (code == STEPC_OK)
        code = file_read(host, archive.data, &file, error);
    if (code == STEPC_OK) {
        code = zip_member(archive.data, file.data, file.size, member, &data, &size, error);
        if (code == STEPC_OK)
            code = npy_parse(host, path, data, size, out, error);
        file_release(host, &file);
    }
    text_release(&archive);
    return code;
}

stepc_code npy_read(const stepc_host *host, const char *path, stepc_tensor **out, stepc_error *error)
{
    file_bytes file;
    *out = NULL;
    const char *member = member_of(path);
    if (member != NULL)
        return read_member(host, path, member, out, error);
    if (ends_in(path, ".npz")) {
        error_set(error, STEPC_INVALID_ARGUMENT, "an archive holds many tensors");
        error_mend(error, "name one as FILE.npz:MEMBER");
        error_at_file(error, path, -1);
        return STEPC_INVALID_ARGUMENT;
    }
    stepc_code code = file_read(host, path, &file, error);
    if (code != STEPC_OK)
        return code;
    if (ends_in(path, ".strings.json"))
        code = strings_json_parse(host, path, file.data, file.size, out, error);
    else
        code = npy_parse(host, path, file.data, file.size, out, error);
    file_release(host, &file);
    return code;
}

/* ---- writing ---- */

static const char *descr_of(stepc_dtype dtype)
{
#define DESCR(name, number, bytes, text, code) \
    if (dtype == STEPC_##name)                 \
        return code;
    STEPC_DTYPE_LIST(DESCR)
#undef DESCR
    return "";
}

static void write_header(text *t, const stepc_view *view)
{
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    text dict;
    text_init(&dict, &t->host);
    text_printf(&dict, "{'descr': '%c%s', 'fortran_order': False, 'shape': (",
                stepc_dtype_bytes(dtype) == 1 ? '|' : '<', descr_of(dtype));
    for (int32_t i = 0; i < view->rank; i++)
        text_printf(&dict, "%s%lld", i > 0 ? ", " : "", (long long)view->dims[i]);
    text_puts(&dict, view->rank == 1 ? ",), }" : "), }");
    /* Spaces and a newline bring the elements to a multiple of 64 bytes. */
    while (!dict.failed && (MAGIC_BYTES + 4 + dict.size + 1) % HEADER_ALIGNMENT != 0)
        text_add(&dict, " ", 1);
    text_add(&dict, "\n", 1);
    char length[4] = {1, 0, (char)(dict.size & 0xFF), (char)(dict.size >> 8 & 0xFF)};
    text_add(t, MAGIC, MAGIC_BYTES);
    text_add(t, length, sizeof length);
    text_add(t, dict.data, dict.size);
    /* 254 dimensions of 19 digits stay below what version 1 can say. */
    t->failed = t->failed || dict.failed || dict.size > 65535;
    text_release(&dict);
}

static void write_elements(text *t, const stepc_view *view)
{
    size_t start = t->size;
    text_add(t, view->data, view->bytes);
    if (!t->failed && host_is_big_endian())
        swap_all((uint8_t *)t->data + start, view->bytes, swap_bytes_of((stepc_dtype)view->dtype));
}

static void write_strings(text *t, const stepc_view *view, int64_t count)
{
    static const char hex[] = "0123456789abcdef";
    const stepc_string *strings = view->data;
    text_puts(t, "{\"shape\": [");
    for (int32_t i = 0; i < view->rank; i++)
        text_printf(t, "%s%lld", i > 0 ? ", " : "", (long long)view->dims[i]);
    text_puts(t, "], \"hex\": [");
    for (int64_t i = 0; i < count; i++) {
        text_puts(t, i > 0 ? ", \"" : "\"");
        for (size_t j = 0; j < strings[i].size; j++) {
            unsigned char byte = (unsigned char)strings[i].data[j];
            char pair[2] = {hex[byte >> 4], hex[byte & 15]};
            text_add(t, pair, 2);
        }
        text_puts(t, "\"");
    }
    text_puts(t, "]}\n");
}

static stepc_code write_file(const stepc_host *host, const char *path, const text *t, stepc_error *error)
{
    output_set *set;
    stepc_code code = output_begin(host, &set, error);
    if (code != STEPC_OK)
        return code;
    code = output_add(set, path, t->data, t->size, error);
    if (code != STEPC_OK) {
        output_abandon(set);
        return code;
    }
    return output_commit(set, error);
}

stepc_code npy_write(const stepc_host *host, const char *path, const stepc_view *view, stepc_error *error)
{
    text t;
    int64_t count, bytes;
    stepc_dtype dtype = (stepc_dtype)view->dtype;
    if (stepc_dtype_bytes(dtype) == 0)
        return error_set(error, STEPC_UNIMPLEMENTED, "elements of type %s cannot be written", stepc_dtype_name(dtype));
    if (!shape_count(view->dims, view->rank, &count) ||
        !checked_mul_i64(count, (int64_t)stepc_dtype_bytes(dtype), &bytes) || (uint64_t)bytes != view->bytes)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the bytes of a tensor do not fit its shape");
    text_init(&t, host);
    if (dtype == STEPC_STRING) {
        write_strings(&t, view, count);
    } else {
        write_header(&t, view);
        write_elements(&t, view);
    }
    stepc_code code = t.failed ? error_out_of_memory(error, "writing a tensor") : write_file(host, path, &t, error);
    text_release(&t);
    return code;
}
