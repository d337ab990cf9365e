/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <pthread.h>
#include <stdlib.h>

stepc_error *problem(void)
{
    static _Thread_local struct stepc_error error;
    return &error;
}

void check_failure(const char *file, int line, stepc_code got, stepc_code code, const char *text, bool whole)
{
    const char *message = stepc_error_message(problem());
    if (got == code && (whole ? strcmp(message, text) == 0 : strstr(message, text) != NULL))
        return;
    row_fail(file, line, "want %s \"%s\", got %s \"%s\"", stepc_code_name(code), text, stepc_code_name(got),
             got == STEPC_OK ? "" : message);
}

/* ---- values ------------------------------------------------------------------------------------------ */

stepc_view view_of(stepc_dtype dtype, const int64_t *dims, int32_t rank, void *data)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    for (int32_t i = 0; i < rank; i++)
        bytes *= (size_t)dims[i];
    return (stepc_view){.data = data, .bytes = bytes, .dims = dims, .rank = rank, .dtype = (int32_t)dtype};
}

static bool elements_equal(const stepc_view *a, const stepc_view *b)
{
    if (a->bytes == 0)
        return true;
    if (a->dtype != STEPC_STRING)
        return memcmp(a->data, b->data, a->bytes) == 0;
    const stepc_string *x = a->data, *y = b->data;
    for (size_t i = 0; i < a->bytes / sizeof *x; i++)
        if (x[i].size != y[i].size || (x[i].size != 0 && memcmp(x[i].data, y[i].data, x[i].size) != 0))
            return false;
    return true;
}

void check_tensor(const char *file, int line, stepc_tensor *tensor, stepc_view value)
{
    if (tensor == NULL)
        row_fail(file, line, "no tensor");
    stepc_view got = stepc_tensor_view(tensor);
    if (got.dtype != value.dtype)
        row_fail(file, line, "want a tensor of %s, got one of %s", stepc_dtype_name((stepc_dtype)value.dtype),
                 stepc_dtype_name((stepc_dtype)got.dtype));
    if (got.rank != value.rank || (got.rank > 0 && memcmp(got.dims, value.dims, (size_t)got.rank * sizeof(int64_t)) != 0))
        row_fail(file, line, "the tensor has another shape (rank %d, want %d)", (int)got.rank, (int)value.rank);
    if (got.bytes != value.bytes || !elements_equal(&got, &value)) {
        double first = got.dtype == STEPC_FLOAT32 && got.bytes != 0 ? (double)*(const float *)got.data : 0;
        row_fail(file, line, "the tensor has other elements (first float %g)", first);
    }
    stepc_tensor_release(tensor);
}

float scalar(stepc_tensor *tensor)
{
    CHECK(tensor != NULL && stepc_tensor_dtype(tensor) == STEPC_FLOAT32 && stepc_tensor_length(tensor) == 1);
    float value = *(const float *)stepc_tensor_data(tensor);
    stepc_tensor_release(tensor);
    return value;
}

/* ---- graphs ------------------------------------------------------------------------------------------ */

stepc_graph *graph_of(const char *text)
{
    stepc_graph *g = NULL;
    MUST(stepc_graph_parse("row.pbtxt", text, strlen(text), NULL, &g, problem()));
    return g;
}

stepc_graph *graph_empty(void)
{
    stepc_graph *g = NULL;
    MUST(stepc_graph_new(NULL, &g, problem()));
    return g;
}

static stepc_builder *builder_of(stepc_graph *g, const char *type, const char *name)
{
    stepc_builder *b = NULL;
    MUST(stepc_builder_new(g, type, name, &b, problem()));
    return b;
}

static stepc_output finished(stepc_builder *b)
{
    const stepc_operation *op = NULL;
    MUST(stepc_builder_finish(b, &op, problem()));
    return (stepc_output){op, 0};
}

static stepc_dtype dtype_of(stepc_output at)
{
    int dtype = (int)stepc_operation_output_dtype(at.op, at.index);
    return (stepc_dtype)(dtype > 100 ? dtype - 100 : dtype);
}

stepc_output constant_on(stepc_graph *g, const char *name, stepc_view value, const char *device)
{
    stepc_builder *b = builder_of(g, "Const", name);
    stepc_builder_attr_type(b, "dtype", (stepc_dtype)value.dtype);
    stepc_builder_attr_tensor(b, "value", &value);
    if (device != NULL)
        stepc_builder_device(b, device);
    return finished(b);
}

stepc_output constant(stepc_graph *g, const char *name, stepc_view value) { return constant_on(g, name, value, NULL); }

stepc_output fill(stepc_graph *g, const char *name, float value, const int64_t *dims, int32_t rank)
{
    float elements[64];
    size_t count = 1;
    for (int32_t i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    CHECK(count <= 64);
    for (size_t i = 0; i < count; i++)
        elements[i] = value;
    return constant(g, name, view_of(STEPC_FLOAT32, dims, rank, elements));
}

stepc_output placeholder(stepc_graph *g, const char *name, stepc_dtype dtype)
{
    stepc_builder *b = builder_of(g, "Placeholder", name);
    stepc_builder_attr_type(b, "dtype", dtype);
    stepc_builder_attr_shape(b, "shape", NULL, -1);
    return finished(b);
}

stepc_output unary_on(stepc_graph *g, const char *type, const char *name, stepc_output a, const char *device)
{
    stepc_builder *b = builder_of(g, type, name);
    stepc_builder_input(b, a);
    stepc_builder_attr_type(b, "T", dtype_of(a));
    if (device != NULL)
        stepc_builder_device(b, device);
    return finished(b);
}

stepc_output unary(stepc_graph *g, const char *type, const char *name, stepc_output a)
{
    return unary_on(g, type, name, a, NULL);
}

stepc_output binary(stepc_graph *g, const char *type, const char *name, stepc_output a, stepc_output other)
{
    stepc_builder *b = builder_of(g, type, name);
    stepc_builder_input(b, a);
    stepc_builder_input(b, other);
    stepc_builder_attr_type(b, "T", dtype_of(a));
    return finished(b);
}

stepc_output variable(stepc_graph *g, const char *name, stepc_output initial)
{
    int64_t dims[8];
    int32_t rank;
    char assign[80];
    MUST(stepc_graph_output_shape(g, initial, dims, 8, &rank, problem()));
    stepc_builder *b = builder_of(g, "VariableV2", name);
    stepc_builder_attr_type(b, "dtype", dtype_of(initial));
    stepc_builder_attr_shape(b, "shape", dims, rank);
    stepc_output v = finished(b);
    snprintf(assign, sizeof assign, "%s/Assign", name);
    binary(g, "Assign", assign, v, initial);
    return v;
}

const stepc_operation *no_op(stepc_graph *g, const char *name, const stepc_operation *const *controls, size_t count)
{
    stepc_builder *b = builder_of(g, "NoOp", name);
    for (size_t i = 0; i < count; i++)
        stepc_builder_control_input(b, controls[i]);
    return finished(b).op;
}

stepc_output output_of(stepc_graph *g, const char *name)
{
    stepc_output at = {NULL, 0};
    MUST(stepc_graph_find_output(g, name, &at, problem()));
    return at;
}

const stepc_operation *operation_of(stepc_graph *g, const char *name)
{
    const stepc_operation *op = stepc_graph_find(g, name);
    if (op == NULL)
        FAIL("there is no operation '%s'", name);
    return op;
}

/* ---- sessions, steps --------------------------------------------------------------------------------- */

stepc_session *open_session(stepc_graph *g)
{
    stepc_session *s = NULL;
    MUST(stepc_session_open(g, NULL, &s, problem()));
    return s;
}

stepc_session *open_config(stepc_graph *g, const void *config, size_t bytes)
{
    stepc_session *s = NULL;
    stepc_session_options options = {.size = sizeof options, .config = config, .config_bytes = bytes};
    MUST(stepc_session_open(g, &options, &s, problem()));
    return s;
}

void feed(shot *s, const char *name, stepc_view value)
{
    CHECK(s->feed_count < sizeof s->feeds / sizeof *s->feeds);
    s->feeds[s->feed_count++] = (stepc_named_feed){name, value};
}

static size_t names_count(const char *const *names)
{
    size_t count = 0;
    while (names[count] != NULL)
        count++;
    return count;
}

stepc_code shoot(shot *s, const char *const *fetches, const char *const *targets)
{
    size_t count = names_count(fetches);
    CHECK(count <= sizeof s->out / sizeof *s->out);
    stepc_code code = stepc_session_run_named(s->session, s->feeds, s->feed_count, fetches, count, targets,
                                              names_count(targets), s->out, s->options, problem());
    for (size_t i = 0; i < count; i++)
        if ((s->out[i] != NULL) != (code == STEPC_OK))
            FAIL("fetch '%s' of a step that %s", fetches[i], code == STEPC_OK ? "succeeded has no tensor" : "failed has a tensor");
    return code;
}

stepc_code try_fetch_with(stepc_session *s, const char *name, const stepc_run_options *options)
{
    shot one = {.session = s, .options = options};
    stepc_code code = shoot(&one, NAMES(name), NONE);
    stepc_tensor_release(one.out[0]);
    return code;
}

stepc_code try_fetch(stepc_session *s, const char *name) { return try_fetch_with(s, name, NULL); }

stepc_tensor *fetch(stepc_session *s, const char *name)
{
    shot one = {.session = s};
    MUST(shoot(&one, NAMES(name), NONE));
    return one.out[0];
}

stepc_tensor *fetch_fed(stepc_session *s, const char *name, const char *fed, stepc_view value)
{
    shot one = {.session = s};
    feed(&one, fed, value);
    MUST(shoot(&one, NAMES(name), NONE));
    return one.out[0];
}

void run_target(stepc_session *s, const char *name)
{
    shot one = {.session = s};
    MUST(shoot(&one, NONE, NAMES(name)));
}

/* ---- operators that are not there yet ------------------------------------------------------------------ */

/* NAME stands in the list "A, B, C". */
static bool list_has(const char *list, const char *name, size_t size)
{
    while (*list != '\0') {
        size_t length = strcspn(list, ",");
        if (length == size && memcmp(list, name, size) == 0)
            return true;
        list += length;
        list += strspn(list, ", ");
    }
    return false;
}

static bool list_within(const char *inner, const char *outer)
{
    while (*inner != '\0') {
        size_t length = strcspn(inner, ",");
        if (!list_has(outer, inner, length))
            return false;
        inner += length;
        inner += strspn(inner, ", ");
    }
    return true;
}

void needs_operators(stepc_code got)
{
    static const char before[] = "not implemented: ";
    const char *want = row_current()->text, *message = stepc_error_message(problem());
    if (got != STEPC_UNIMPLEMENTED)
        FAIL("row %s can be tested now: it asked for %s, and the step ended with %s: %s", row_current()->name, want,
             stepc_code_name(got), got == STEPC_OK ? "" : message);
    const char *names = strstr(message, before);
    if (names == NULL)
        FAIL("UNIMPLEMENTED without the operators' names: %s", message);
    names += sizeof before - 1;
    if (!list_within(names, want))
        FAIL("the row needs more than %s: %s", want, message);
    if (!list_within(want, names))
        FAIL("some of %s are there now, the row needs only %s: shorten its list", want, names);
}

/* ---- threads ----------------------------------------------------------------------------------------- */

typedef struct worker {
    pthread_t thread;
    void (*body)(void *argument, int number);
    void *argument;
    int number;
} worker;

static void *work(void *argument)
{
    worker *w = argument;
    w->body(w->argument, w->number);
    return NULL;
}

void parallel(int count, void (*body)(void *argument, int number), void *argument)
{
    worker *workers = calloc((size_t)count, sizeof *workers);
    CHECK(workers != NULL);
    for (int i = 0; i < count; i++) {
        workers[i] = (worker){.body = body, .argument = argument, .number = i};
        CHECK(pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0);
    }
    for (int i = 0; i < count; i++)
        pthread_join(workers[i].thread, NULL);
    free(workers);
}

/* ---- serialised messages ----------------------------------------------------------------------------- */

static uint64_t wire_varint(const unsigned char **p, const unsigned char *end)
{
    uint64_t value = 0;
    for (unsigned shift = 0; *p < end; shift += 7) {
        unsigned char byte = *(*p)++;
        if (shift < 64)
            value |= (uint64_t)(byte & 127u) << shift;
        if (byte < 128)
            return value;
    }
    FAIL("a damaged message");
}

typedef struct wire_field {
    unsigned number, type;
    const unsigned char *data;
    size_t bytes;
} wire_field;

static bool wire_next(const unsigned char **p, const unsigned char *end, wire_field *out)
{
    if (*p >= end)
        return false;
    uint64_t key = wire_varint(p, end), size;
    out->number = (unsigned)(key >> 3);
    out->type = (unsigned)(key & 7u);
    if (out->type == 0) {
        out->data = *p;
        wire_varint(p, end);
        out->bytes = (size_t)(*p - out->data);
        return true;
    }
    CHECK(out->type == 1 || out->type == 2 || out->type == 5);
    size = out->type == 2 ? wire_varint(p, end) : out->type == 1 ? 8 : 4;
    CHECK(size <= (uint64_t)(end - *p));
    out->data = *p;
    out->bytes = (size_t)size;
    *p += size;
    return true;
}

size_t wire_count(const void *data, size_t bytes, unsigned number)
{
    const unsigned char *p = data, *end = p + bytes;
    wire_field field;
    size_t count = 0;
    while (wire_next(&p, end, &field))
        count += field.number == number;
    return count;
}

bool wire_find(const void *data, size_t bytes, unsigned number, size_t nth, const void **out, size_t *out_bytes)
{
    const unsigned char *p = data, *end = p + bytes;
    wire_field field;
    while (wire_next(&p, end, &field))
        if (field.number == number && field.type == 2 && nth-- == 0) {
            *out = field.data;
            *out_bytes = field.bytes;
            return true;
        }
    return false;
}
