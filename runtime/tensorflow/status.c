/* SPDX-License-Identifier: Apache-2.0 */
/* Statuses, buffers, and what the library says of itself. */
#include "runtime/tensorflow/types.h"

#include <stdio.h>
#include <string.h>

#ifndef STEPC_TENSORFLOW_VERSION
#define STEPC_TENSORFLOW_VERSION "2.21.0-stepc"
#endif

const char *TF_Version(void) { return STEPC_TENSORFLOW_VERSION; }

size_t TF_DataTypeSize(TF_DataType dt)
{
    int number = (int)dt;

    if (number >= (int)TF_FLOAT8_E5M2 && number <= (int)TF_FLOAT4_E2M1FN)
        return 1; /* types younger than the graphs that stepc reads */
    return number == (int)TF_STRING ? 0 : stepc_dtype_bytes((stepc_dtype)number);
}

void *memory_new(size_t bytes)
{
    return host_alloc(NULL, bytes);
}

void memory_free(void *memory, size_t bytes)
{
    host_free(NULL, memory, bytes);
}

/* ---- statuses --------------------------------------------------------------------------------------- */

TF_Status *TF_NewStatus(void)
{
    TF_Status *s = memory_new(sizeof(*s));
    if (s != NULL)
        s->text = s->short_text;
    return s;
}

void status_clear(TF_Status *s)
{
    if (s == NULL)
        return;
    if (s->text != s->short_text)
        memory_free(s->text, s->text_bytes);
    s->text = s->short_text;
    s->text_bytes = 0;
    s->short_text[0] = '\0';
    s->code = TF_OK;
}

void TF_DeleteStatus(TF_Status *s)
{
    if (s == NULL)
        return;
    status_clear(s);
    memory_free(s, sizeof(*s));
}

void TF_SetStatus(TF_Status *s, TF_Code code, const char *msg)
{
    if (s == NULL)
        return;
    /* MSG may be the text that S holds. */
    char *old = s->text != s->short_text ? s->text : NULL;
    size_t old_bytes = s->text_bytes;
    size_t bytes = code != TF_OK && msg != NULL ? strlen(msg) + 1 : 1;
    char *place = bytes > STATUS_BYTES ? memory_new(bytes) : NULL;

    s->code = code;
    if (place == NULL) {
        place = s->short_text;
        bytes = bytes > STATUS_BYTES ? STATUS_BYTES : bytes;
    }
    if (bytes > 1)
        memmove(place, msg, bytes - 1);
    place[bytes - 1] = '\0';
    s->text = place;
    s->text_bytes = bytes;
    memory_free(old, old_bytes);
}

TF_Code TF_GetCode(const TF_Status *s) { return s != NULL ? s->code : TF_OK; }

const char *TF_Message(const TF_Status *s) { return s != NULL ? s->text : ""; }

void status_set(TF_Status *status, stepc_code code, const char *format, ...)
{
    char message[STATUS_BYTES];
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);
    TF_SetStatus(status, (TF_Code)(int)code, message);
}

bool status_take(TF_Status *status, stepc_code code, const stepc_error *error)
{
    if (code == STEPC_OK)
        status_clear(status);
    else
        TF_SetStatus(status, (TF_Code)(int)code, stepc_error_message(error));
    return code == STEPC_OK;
}

void status_out_of_memory(TF_Status *status, const char *what)
{
    status_set(status, STEPC_RESOURCE_EXHAUSTED, "out of memory while %s", what);
}

/* ---- buffers ---------------------------------------------------------------------------------------- */

static void release_bytes(void *data, size_t length) { memory_free(data, length); }

TF_Buffer *TF_NewBuffer(void) { return memory_new(sizeof(TF_Buffer)); }

TF_Buffer *TF_NewBufferFromString(const void *proto, size_t proto_len)
{
    TF_Buffer *buffer = TF_NewBuffer();

    if (buffer != NULL && !buffer_fill(buffer, proto, proto != NULL ? proto_len : 0, NULL)) {
        memory_free(buffer, sizeof(*buffer));
        return NULL;
    }
    return buffer;
}

void TF_DeleteBuffer(TF_Buffer *buffer)
{
    if (buffer == NULL)
        return;
    if (buffer->data_deallocator != NULL)
        buffer->data_deallocator((void *)(uintptr_t)buffer->data, buffer->length);
    memory_free(buffer, sizeof(*buffer));
}

TF_Buffer TF_GetBuffer(TF_Buffer *buffer) { return buffer != NULL ? *buffer : (TF_Buffer){NULL, 0, NULL}; }

bool buffer_is_empty(const TF_Buffer *buffer, const char *what, TF_Status *status)
{
    if (buffer != NULL && buffer->data == NULL)
        return true;
    status_set(status, STEPC_INVALID_ARGUMENT, "%s", buffer == NULL ? "There is no TF_Buffer to fill." : what);
    return false;
}

bool buffer_fill(TF_Buffer *buffer, const void *data, size_t bytes, TF_Status *status)
{
    void *copy = memory_new(bytes != 0 ? bytes : 1);

    if (copy == NULL) {
        status_out_of_memory(status, "filling a buffer");
        return false;
    }
    if (bytes != 0)
        memcpy(copy, data, bytes);
    buffer->data = copy;
    buffer->length = bytes;
    buffer->data_deallocator = release_bytes;
    return true;
}
