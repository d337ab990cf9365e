/* SPDX-License-Identifier: Apache-2.0 */
/* Values on the command line: literals such as [[1,2],[3,4]], 5.0, "text", true, nan; and files. */
#include "compiler/cli/cli.h"

#include "runtime/core/dtype.h"
#include "runtime/core/npy.h"
#include "runtime/core/scalar.h"

#include <math.h>
#include <string.h>

#define LITERAL_RANK 254

typedef enum element_kind { ELEMENT_NUMBER, ELEMENT_BOOL, ELEMENT_STRING } element_kind;

typedef struct element {
    const char *data; /* within the spelling; a string with its quotes */
    size_t size;
    element_kind kind;
    bool yes; /* of a bool */
} element;

typedef struct literal {
    element *elements;
    size_t count;
    int64_t dims[LITERAL_RANK + 1]; /* from index 1 */
    int32_t rank;
} literal;

/* ---- reading --------------------------------------------------------------------------------- */

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t string_size(const char *z)
{
    size_t i = 1;
    while (z[i] && z[i] != '"')
        i += z[i] == '\\' && z[i + 1] ? 2 : 1;
    return z[i] == '"' ? i + 1 : 0;
}

static bool word_is(const element *e, const char *a, const char *b)
{
    return (strlen(a) == e->size && memcmp(a, e->data, e->size) == 0) ||
           (strlen(b) == e->size && memcmp(b, e->data, e->size) == 0);
}

/* One element at Z; its size 0 when there is none. */
static element read_element(const char *z)
{
    element e = {z, 0, ELEMENT_NUMBER, false};
    double ignored;
    if (*z == '"') {
        e.size = string_size(z);
        e.kind = ELEMENT_STRING;
        return e;
    }
    while (z[e.size] && !strchr(",[]\"", z[e.size]) && !is_space(z[e.size]))
        e.size++;
    if (word_is(&e, "true", "True") || word_is(&e, "false", "False")) {
        e.kind = ELEMENT_BOOL;
        e.yes = z[0] == 't' || z[0] == 'T';
    } else if (e.size && !parse_double(z, e.size, &ignored)) {
        e.size = 0;
    }
    return e;
}

typedef struct scanner {
    literal *out;
    int64_t counts[LITERAL_RANK + 1];
    int32_t depth, leaf_depth; /* leaf_depth -1: no element yet */
} scanner;

/* An element, or an empty list, at DEPTH: all must be equally deep. */
static bool at_leaf(scanner *s, int32_t depth)
{
    if (s->leaf_depth < 0)
        s->leaf_depth = depth;
    return s->leaf_depth == depth;
}

static bool close_list(scanner *s)
{
    int64_t *dim = &s->out->dims[s->depth];
    if (*dim < 0)
        *dim = s->counts[s->depth];
    if (*dim != s->counts[s->depth])
        return false;
    s->depth--;
    if (s->depth > 0)
        s->counts[s->depth]++;
    return true;
}

/* Iterative: nesting in the text is no nesting here. ELEMENTS NULL: only counted. */
static bool literal_scan(const char *z, literal *out)
{
    scanner s = {.out = out, .leaf_depth = -1};
    bool want = true, opened = false;
    out->count = 0;
    for (int32_t d = 0; d <= LITERAL_RANK; d++)
        out->dims[d] = -1;
    for (;; z++) {
        while (is_space(*z))
            z++;
        if (want && *z == '[') {
            if (s.depth == LITERAL_RANK)
                return false;
            s.counts[++s.depth] = 0;
            opened = true;
        } else if (*z == ']' && s.depth > 0 && (!want || opened)) {
            if ((want && !at_leaf(&s, s.depth)) || !close_list(&s))
                return false;
            want = opened = false;
        } else if (!want && *z == ',' && s.depth > 0) {
            want = true;
            opened = false;
        } else if (!want && !*z) {
            out->rank = s.leaf_depth;
            return s.depth == 0;
        } else {
            element e = want ? read_element(z) : (element){0};
            if (!e.size || !at_leaf(&s, s.depth))
                return false;
            s.counts[s.depth]++;
            if (out->elements)
                out->elements[out->count] = e;
            out->count++;
            want = opened = false;
            z += e.size - 1;
        }
    }
}

bool literal_is(cli *c, const char *z)
{
    literal l = {0};
    (void)c;
    return literal_scan(z, &l);
}

/* ---- storing --------------------------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static size_t put_utf8(unsigned code, char *out)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    out[0] = (char)(0xE0 | code >> 12);
    out[1] = (char)(0x80 | (code >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code & 0x3F));
    return 3;
}

/* Hexadecimal digits at Z as one number; false unless there are COUNT. */
static bool read_hex(const char *z, size_t count, unsigned *out)
{
    *out = 0;
    for (size_t i = 0; i < count; i++) {
        int digit = hex_digit(z[i]);
        if (digit < 0)
            return false;
        *out = *out * 16 + (unsigned)digit;
    }
    return true;
}

/* JSON's escapes, and \xHH for any byte. OUT has room for E->size bytes. */
static bool unescape(const element *e, char *out, size_t *out_size)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *end = e->data + e->size - 1;
    *out_size = 0;
    for (const char *p = e->data + 1; p < end; p++) {
        unsigned code;
        if (*p != '\\') {
            out[(*out_size)++] = *p;
            continue;
        }
        const char *known = strchr(from, *++p);
        if (known) {
            out[(*out_size)++] = to[known - from];
        } else if (*p == 'x' && read_hex(p + 1, 2, &code)) {
            out[(*out_size)++] = (char)code;
            p += 2;
        } else if (*p == 'u' && read_hex(p + 1, 4, &code)) {
            *out_size += put_utf8(code, out + *out_size);
            p += 4;
        } else {
            return false;
        }
    }
    return true;
}

static stepc_code mismatch(cli *c, const element *e, stepc_dtype dtype)
{
    error_set(&c->error, STEPC_INVALID_ARGUMENT, "%.*s is no value of %s", (int)(e->size < 64 ? e->size : 64), e->data,
              dtype_spelled(dtype));
    return STEPC_INVALID_ARGUMENT;
}

/* Integers as such, or as a float that is one (1e6). */
static bool integer_of(const element *e, stepc_dtype dtype, int64_t *out_i, uint64_t *out_u)
{
    double real;
    bool is_signed = dtype_is_signed(dtype);
    if (e->kind == ELEMENT_BOOL && dtype == STEPC_BOOL) {
        *out_u = e->yes;
        return true;
    }
    if (e->kind != ELEMENT_NUMBER)
        return false;
    if (is_signed ? parse_i64(e->data, e->size, out_i) : parse_u64(e->data, e->size, out_u))
        return true;
    if (!parse_double(e->data, e->size, &real) || real != scalar_floor(real) || fabs(real) > 9007199254740992.0 ||
        (!is_signed && real < 0))
        return false;
    *out_i = (int64_t)real;
    *out_u = is_signed ? 0 : (uint64_t)real;
    return true;
}

static bool store_integer(const element *e, stepc_dtype dtype, void *data, int64_t index)
{
    int64_t i = 0;
    uint64_t u = 0;
    if (!integer_of(e, dtype, &i, &u))
        return false;
    if (dtype_is_signed(dtype)) {
        if (i < dtype_min_i64(dtype) || (i > 0 && (uint64_t)i > dtype_max_u64(dtype)))
            return false;
        store_i64(dtype, data, index, i);
        return true;
    }
    if (u > (dtype == STEPC_BOOL ? 1 : dtype_max_u64(dtype)))
        return false;
    store_u64(dtype, data, index, u);
    return true;
}

static bool store_real(const element *e, stepc_dtype dtype, void *data, int64_t index)
{
    double real;
    float single;
    if (e->kind != ELEMENT_NUMBER || !parse_double(e->data, e->size, &real))
        return false;
    if (dtype_is_complex(dtype))
        store_c128(dtype, data, index, (complex_value){real, 0});
    else if (dtype == STEPC_FLOAT32 && parse_float(e->data, e->size, &single))
        memcpy((char *)data + (size_t)index * sizeof single, &single, sizeof single);
    else
        store_f64(dtype, data, index, real);
    return true;
}

static stepc_code store_string(cli *c, const element *e, stepc_tensor *tensor, int64_t index)
{
    char *bytes = cli_alloc(c, e->size + 4, 1);
    size_t size;
    if (e->kind != ELEMENT_STRING || !unescape(e, bytes, &size))
        return mismatch(c, e, STEPC_STRING);
    return stepc_tensor_set_string(tensor, index, (stepc_string){bytes, size}, &c->error);
}

static stepc_code store_elements(cli *c, const literal *l, stepc_dtype dtype, stepc_tensor *tensor)
{
    void *data = stepc_tensor_data(tensor);
    dtype_carrier carrier = dtype_carrier_of(dtype);
    for (size_t i = 0; i < l->count; i++) {
        const element *e = &l->elements[i];
        bool ok = true;
        if (dtype == STEPC_STRING) {
            stepc_code code = store_string(c, e, tensor, (int64_t)i);
            if (code)
                return code;
        } else if (carrier == CARRIER_F64 || carrier == CARRIER_C128) {
            ok = store_real(e, dtype, data, (int64_t)i);
        } else {
            ok = store_integer(e, dtype, data, (int64_t)i);
        }
        if (!ok)
            return mismatch(c, e, dtype);
    }
    return STEPC_OK;
}

static stepc_code literal_tensor(cli *c, const char *spelled, literal *l, stepc_dtype dtype, stepc_tensor **out)
{
    if (dtype != STEPC_STRING && dtype_carrier_of(dtype) == CARRIER_NONE)
        return error_set(&c->error, STEPC_INVALID_ARGUMENT, "a value of type %s cannot be fed",
                         stepc_dtype_name(dtype));
    l->elements = CLI_ARRAY(c, element, l->count);
    (void)literal_scan(spelled, l);
    stepc_code code = stepc_tensor_new(&c->host, dtype, l->dims + 1, l->rank, out, &c->error);
    if (code)
        return code;
    code = store_elements(c, l, dtype, *out);
    if (code) {
        stepc_tensor_release(*out);
        *out = NULL;
    }
    return code;
}

/* ---- files ----------------------------------------------------------------------------------- */

/* A file of int8 serves a qint8 feed: NumPy knows no other name for it. */
static const char *numpy_descr(stepc_dtype dtype)
{
    switch ((int)dtype) {
#define DESCR(name, number, bytes, spelled, descr) \
    case number:                                   \
        return descr;
        STEPC_DTYPE_LIST(DESCR)
#undef DESCR
    default:
        return "";
    }
}

static stepc_code retype(cli *c, stepc_dtype dtype, stepc_tensor **tensor)
{
    stepc_view view = stepc_tensor_view(*tensor);
    stepc_tensor *same = NULL;
    const char *want = numpy_descr(dtype);
    if (view.dtype == (int32_t)dtype || !*want || strcmp(want, numpy_descr((stepc_dtype)view.dtype)) != 0)
        return STEPC_OK;
    view.dtype = (int32_t)dtype;
    stepc_code code = stepc_tensor_copy(&c->host, &view, &same, &c->error);
    stepc_tensor_release(*tensor);
    *tensor = same;
    return code;
}

stepc_code value_read(cli *c, const char *spelled, stepc_dtype dtype, stepc_tensor **out, cli_place *out_place)
{
    literal l = {0};
    *out = NULL;
    *out_place = IN_MODEL;
    if (literal_scan(spelled, &l))
        return literal_tensor(c, spelled, &l, dtype, out);
    *out_place = IN_FILES;
    stepc_code code = npy_read(&c->host, spelled, out, &c->error);
    if (code == STEPC_NOT_FOUND && strchr("[\"-0123456789", *spelled))
        error_mend(&c->error, "as a literal it would be rectangular, e.g. [[1,2],[3,4]]");
    return code ? code : retype(c, dtype, out);
}
