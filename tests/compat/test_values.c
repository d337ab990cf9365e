/* SPDX-License-Identifier: Apache-2.0 */
/* Versions, types, statuses, buffers, tensors, strings. */
#include "compat.h"

static void version(void) { CHECK(strncmp(TF_Version(), EXPECTED_VERSION, strlen(EXPECTED_VERSION)) == 0); }

/* Sizes as the table of types has them, by number. */
static void data_types(void)
{
    static const unsigned char sizes[] = {0, 4, 8, 4, 1, 2, 1, 0, 8, 8, 1, 1, 1, 4, 2, 2, 2, 2, 16, 2, 0, 0, 4, 8};

    for (int i = 0; i < (int)sizeof(sizes); i++)
        CHECK(TF_DataTypeSize((TF_DataType)i) == sizes[i]);
    CHECK(TF_DataTypeSize((TF_DataType)1000) == 0);
    CHECK(TF_FLOAT == 1 && TF_STRING == 7 && TF_COMPLEX == TF_COMPLEX64 && TF_HALF == 19 && TF_UINT64 == 23);
}

static void statuses(void)
{
    TF_Status *s = TF_NewStatus();
    char text[3000];

    CHECK_OK(s);
    TF_SetStatus(s, TF_CANCELLED, "cancel");
    CHECK_STATUS(s, TF_CANCELLED, "cancel");
    TF_SetStatus(s, TF_INVALID_ARGUMENT, "invalid");
    CHECK_STATUS(s, TF_INVALID_ARGUMENT, "invalid");
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    TF_SetStatus(s, TF_UNAUTHENTICATED, text);
    CHECK_STATUS(s, TF_UNAUTHENTICATED, text);
    TF_SetStatus(s, TF_INTERNAL, TF_Message(s));
    CHECK_STATUS(s, TF_INTERNAL, text);
    TF_SetStatus(s, TF_OK, "ignored");
    CHECK_OK(s);
    CHECK(TF_CANCELLED == 1 && TF_INTERNAL == 13 && TF_DATA_LOSS == 15 && TF_UNAUTHENTICATED == 16);
    TF_DeleteStatus(s);
}

static int freed;

static void free_counted(void *data, size_t length)
{
    (void)length;
    free(data);
    freed++;
}

static void buffers(void)
{
    TF_Buffer *b = TF_NewBuffer();

    CHECK(b->data == NULL && b->length == 0 && b->data_deallocator == NULL);
    freed = 0;
    b->data = malloc(3);
    b->length = 3;
    b->data_deallocator = free_counted;
    TF_Buffer value = TF_GetBuffer(b);
    CHECK(value.data == b->data && value.length == 3 && value.data_deallocator == free_counted);
    TF_DeleteBuffer(b);
    CHECK(freed == 1);

    char text[] = "a\0b";
    b = TF_NewBufferFromString(text, 3);
    text[0] = 'z';
    CHECK(b->length == 3 && memcmp(b->data, "a\0b", 3) == 0);
    TF_DeleteBuffer(b);
}

/* ---- tensors ---------------------------------------------------------------------------------------- */

typedef struct release {
    int count;
    void *data;
    size_t length;
} release;

static void note_release(void *data, size_t len, void *arg)
{
    release *r = arg;
    r->count++;
    r->data = data;
    r->length = len;
}

/* Aligned memory of the caller's is used as it is, and given back at the end only. */
static void tensor_adopts(void)
{
    static _Alignas(64) float values[6];
    const int64_t dims[2] = {2, 3};
    release r = {0, NULL, 0};
    TF_Tensor *t = TF_NewTensor(TF_FLOAT, dims, 2, values, sizeof(values), note_release, &r);

    CHECK(t != NULL && r.count == 0);
    CHECK(TF_TensorData(t) == (void *)values && TF_TensorIsAligned(t));
    CHECK(TF_TensorType(t) == TF_FLOAT && TF_NumDims(t) == 2 && TF_Dim(t, 0) == 2 && TF_Dim(t, 1) == 3);
    CHECK(TF_TensorByteSize(t) == sizeof(values) && TF_TensorElementCount(t) == 6);
    CHECK(TF_TensorMaybeMove(t) == NULL && r.count == 0);
    TF_DeleteTensor(t);
    CHECK(r.count == 1 && r.data == (void *)values && r.length == sizeof(values));
}

/* Memory that is not aligned is copied and given back at once. */
static void tensor_copies(void)
{
    static _Alignas(64) char memory[64];
    const int64_t dims[1] = {4};
    release r = {0, NULL, 0};

    for (int i = 0; i < 16; i++)
        memory[i + 4] = (char)i;
    TF_Tensor *t = TF_NewTensor(TF_INT32, dims, 1, memory + 4, 16, note_release, &r);
    CHECK(t != NULL && r.count == 1 && TF_TensorData(t) != (void *)(memory + 4));
    CHECK(memcmp(TF_TensorData(t), memory + 4, 16) == 0 && TF_TensorIsAligned(t));
    TF_DeleteTensor(t);
    CHECK(r.count == 1);
}

static void tensor_malformed(void)
{
    static _Alignas(64) float values[2];
    const int64_t dims[1] = {3}, negative[1] = {-1}, huge[3] = {INT64_MAX, INT64_MAX, 4};
    release r = {0, NULL, 0};

    CHECK(TF_NewTensor(TF_FLOAT, NULL, 0, NULL, 0, note_release, &r) == NULL);
    CHECK(r.count == 1);
    CHECK(TF_NewTensor(TF_FLOAT, dims, 1, values, sizeof(values), note_release, &r) == NULL);
    CHECK(r.count == 2);
    CHECK(TF_NewTensor(TF_FLOAT, negative, 1, values, sizeof(values), note_release, &r) == NULL);
    CHECK(TF_NewTensor(TF_FLOAT, huge, 3, values, sizeof(values), note_release, &r) == NULL);
    CHECK(r.count == 4);
    CHECK(TF_AllocateTensor(TF_FLOAT, dims, 1, 11) == NULL);
    CHECK(TF_AllocateTensor(TF_FLOAT, negative, 1, 100) == NULL);
}

static void tensor_allocated(void)
{
    const int64_t dims[2] = {2, 3}, other[1] = {6}, none[2] = {0, 7};
    TF_Tensor *t = TF_AllocateTensor(TF_FLOAT, dims, 2, 24);

    CHECK(t != NULL && TF_TensorByteSize(t) == 24 && TF_TensorElementCount(t) == 6);
    CHECK((uintptr_t)TF_TensorData(t) % 64 == 0 && TF_TensorIsAligned(t));
    CHECK(TF_TensorMaybeMove(t) == t);
    TF_SetShape(t, other, 1);
    CHECK(TF_NumDims(t) == 1 && TF_Dim(t, 0) == 6);
    TF_DeleteTensor(t);

    t = TF_AllocateTensor(TF_INT64, none, 2, 0);
    CHECK(t != NULL && TF_TensorElementCount(t) == 0 && TF_TensorByteSize(t) == 0 && TF_Dim(t, 1) == 7);
    TF_DeleteTensor(t);

    /* More dimensions than usual. */
    const int64_t many[9] = {1, 1, 2, 1, 1, 1, 1, 1, 3};
    t = TF_AllocateTensor(TF_UINT8, many, 9, 6);
    CHECK(t != NULL && TF_NumDims(t) == 9 && TF_Dim(t, 8) == 3 && TF_TensorElementCount(t) == 6);
    TF_DeleteTensor(t);
}

static void tensor_bitcast(void)
{
    const int64_t dims[2] = {2, 3}, flat[1] = {3}, odd[1] = {4};
    TF_Status *s = TF_NewStatus();
    TF_Tensor *a = TF_AllocateTensor(TF_FLOAT, dims, 2, 24);
    TF_Tensor *b = TF_AllocateTensor(TF_INT32, NULL, 0, 4);

    TF_TensorBitcastFrom(a, TF_DOUBLE, b, flat, 1, s);
    CHECK_OK(s);
    CHECK(TF_TensorData(b) == TF_TensorData(a) && TF_TensorType(b) == TF_DOUBLE && TF_Dim(b, 0) == 3);
    CHECK(TF_TensorMaybeMove(a) == NULL);
    TF_TensorBitcastFrom(a, TF_DOUBLE, b, odd, 1, s);
    CHECK(TF_GetCode(s) == TF_INVALID_ARGUMENT);
    TF_DeleteTensor(a);
    memset(TF_TensorData(b), 0, 24);
    TF_DeleteTensor(b);
    TF_DeleteStatus(s);
}

/* ---- strings ---------------------------------------------------------------------------------------- */

static void string_layout(void)
{
    TF_TString s;

    CHECK(sizeof(TF_TString) == 24);
    memset(&s, 0, sizeof(s)); /* zeros are an empty string */
    CHECK(TF_StringGetType(&s) == TF_TSTR_SMALL && TF_StringGetSize(&s) == 0 && TF_StringGetCapacity(&s) == 22);
    TF_StringInit(&s);
    TF_StringCopy(&s, "0123456789abcdefghijkl", 22);
    CHECK(TF_StringGetType(&s) == TF_TSTR_SMALL && s.u.raw.raw[0] == 22 << 2 && s.u.raw.raw[1] == '0');
    CHECK(s.u.raw.raw[23] == 0 && TF_StringGetDataPointer(&s) == (const char *)&s + 1);
    TF_StringCopy(&s, "0123456789abcdefghijklm", 23);
    CHECK(TF_StringGetType(&s) == TF_TSTR_LARGE && TF_StringGetSize(&s) == 23 && TF_StringGetCapacity(&s) == 31);
    CHECK(s.u.large.ptr == TF_StringGetDataPointer(&s) && (s.u.raw.raw[0] & 3) == 1);
    CHECK_TEXT(TF_StringGetDataPointer(&s), "0123456789abcdefghijklm");
    TF_StringDealloc(&s);
    CHECK(TF_StringGetType(&s) == TF_TSTR_SMALL && TF_StringGetSize(&s) == 0);

    const char *kept = "somebody else's";
    TF_StringAssignView(&s, kept, 8);
    CHECK(TF_StringGetType(&s) == TF_TSTR_VIEW && TF_StringGetDataPointer(&s) == kept && TF_StringGetSize(&s) == 8);
    CHECK(TF_StringGetCapacity(&s) == 0 && s.u.large.ptr == NULL);
    TF_StringCopy(&s, "own", 3);
    CHECK(TF_StringGetType(&s) == TF_TSTR_SMALL && memcmp(TF_StringGetDataPointer(&s), "own", 4) == 0);
    TF_StringDealloc(&s);

    /* {size << 2 | 2, offset, count}: the bytes lie behind the record. */
    struct {
        TF_TString s;
        char bytes[8];
    } o;
    memset(&o, 0, sizeof(o));
    uint32_t words[3] = {5 << 2 | 2, (uint32_t)sizeof(TF_TString), 1};
    memcpy(&o.s, words, sizeof(words));
    memcpy(o.bytes, "after", 5);
    if (o.s.u.raw.raw[0] == (5 << 2 | 2)) /* a little-endian machine */
        CHECK(TF_StringGetType(&o.s) == TF_TSTR_OFFSET && TF_StringGetSize(&o.s) == 5 &&
              TF_StringGetDataPointer(&o.s) == o.bytes);
}

/* What programs compile into themselves works on the same records. */
static void string_inline(void)
{
    char text[1001];
    TF_TString a, b;

    memset(text, 'q', 1000);
    text[1000] = '\0';
    TF_TString_Init(&a);
    TF_TString_Init(&b);
    for (int i = 0; i < 1000; i++)
        TF_TString_AppendN(&a, "q", 1);
    CHECK(TF_TString_GetSize(&a) == 1000 && memcmp(TF_StringGetDataPointer(&a), text, 1001) == 0);
    TF_TString_Assign(&b, &a);
    CHECK(TF_StringGetDataPointer(&b) != TF_StringGetDataPointer(&a) && TF_StringGetSize(&b) == 1000);
    TF_TString_Move(&b, &a);
    CHECK(TF_TString_GetSize(&a) == 0 && TF_TString_GetSize(&b) == 1000);
    TF_TString_Resize(&b, 10, 'x');
    CHECK(TF_TString_GetType(&b) == TF_TSTR_SMALL && memcmp(TF_TString_GetDataPointer(&b), "qqqqqqqqqq", 11) == 0);
    TF_TString_Resize(&b, 40, 'x');
    CHECK(TF_TString_GetType(&b) == TF_TSTR_LARGE && TF_TString_GetDataPointer(&b)[39] == 'x' &&
          TF_TString_GetDataPointer(&b)[9] == 'q' && TF_TString_GetDataPointer(&b)[40] == '\0');
    TF_TString_Reserve(&b, 100);
    CHECK(TF_TString_GetCapacity(&b) == 111 && TF_TString_GetSize(&b) == 40);
    TF_TString_AssignView(&a, text, 5);
    TF_TString_GetMutableDataPointer(&a)[0] = 'w';
    CHECK(text[0] == 'q' && TF_TString_GetSize(&a) == 5 && memcmp(TF_TString_GetDataPointer(&a), "wqqqq", 6) == 0);
    TF_TString_Append(&a, &b);
    CHECK(TF_TString_GetSize(&a) == 45);
    TF_StringDealloc(&a);
    TF_TString_Dealloc(&b);
}

static void string_tensor(void)
{
    const int64_t dims[1] = {3};
    TF_Tensor *t = TF_AllocateTensor(TF_STRING, dims, 1, 3 * sizeof(TF_TString));
    TF_TString *strings = TF_TensorData(t);

    CHECK(TF_TensorByteSize(t) == 72 && TF_StringGetSize(&strings[2]) == 0);
    TF_StringInit(&strings[0]);
    TF_StringCopy(&strings[0], "a\0b", 3);
    CHECK(memcmp(TF_StringGetDataPointer(&strings[0]), "a\0b", 4) == 0);
    TF_StringDealloc(&strings[0]);
    TF_DeleteTensor(t);
}

static void deleting_null(void)
{
    TF_Status *s = TF_NewStatus();

    TF_DeleteStatus(NULL);
    TF_DeleteBuffer(NULL);
    TF_DeleteTensor(NULL);
    TF_DeleteGraph(NULL);
    TF_DeleteImportGraphDefOptions(NULL);
    TF_DeleteImportGraphDefResults(NULL);
    TF_DeleteSessionOptions(NULL);
    TF_DeleteSession(NULL, s);
    CHECK_OK(s);
    TF_DeletePRunHandle(NULL);
    TF_DeleteDeviceList(NULL);
    TF_DeleteStatus(s);
}

void test_values(void)
{
    version();
    data_types();
    statuses();
    buffers();
    tensor_adopts();
    tensor_copies();
    tensor_malformed();
    tensor_allocated();
    tensor_bitcast();
    string_layout();
    string_inline();
    string_tensor();
    deleting_null();
}
