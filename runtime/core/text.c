/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/text.h"

#include "runtime/core/checked.h"
#include "runtime/core/host.h"

#include <stdio.h>
#include <string.h>

#define FIRST_CAPACITY ((size_t)256)

void text_init(text *t, const stepc_host *host)
{
    static const char nothing[1] = "";
    const char *empty = nothing;
    t->host = host_resolve(host);
    /* Never written: capacity 0 says that it is not ours. */
    memcpy(&t->data, &empty, sizeof t->data);
    t->size = 0;
    t->capacity = 0;
    t->limit = 0;
    t->failed = false;
}

void text_release(text *t)
{
    stepc_host host = t->host;
    if (t->capacity != 0)
        allocator_release(&host.allocator, t->data, t->capacity);
    text_init(t, &host);
}

/* Makes room for MORE bytes and a NUL. */
static bool text_room(text *t, size_t more)
{
    size_t size, needed;
    if (t->failed)
        return false;
    if (!checked_add_size(t->size, more, &size) || !checked_add_size(size, 1, &needed) ||
        (t->limit != 0 && size > t->limit)) {
        t->failed = true;
        return false;
    }
    if (needed <= t->capacity)
        return true;
    size_t capacity = t->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : t->capacity;
    while (capacity < needed) {
        if (!checked_mul_size(capacity, 2, &capacity))
            capacity = needed;
    }
    char *data = allocator_allocate(&t->host.allocator, capacity, 16);
    if (data == NULL) {
        t->failed = true;
        return false;
    }
    memcpy(data, t->data, t->size + 1);
    if (t->capacity != 0)
        allocator_release(&t->host.allocator, t->data, t->capacity);
    t->data = data;
    t->capacity = capacity;
    return true;
}

void text_add(text *t, const char *data, size_t size)
{
    if (size == 0 || !text_room(t, size))
        return;
    memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void text_puts(text *t, const char *data)
{
    text_add(t, data, strlen(data));
}

void text_printf(text *t, const char *format, ...)
{
    char few[256];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(few, sizeof few, format, arguments);
    va_end(arguments);
    if (length < 0) {
        t->failed = true;
    } else if ((size_t)length < sizeof few) {
        text_add(t, few, (size_t)length);
    } else if (text_room(t, (size_t)length)) {
        va_start(arguments, format);
        (void)vsnprintf(t->data + t->size, (size_t)length + 1, format, arguments);
        va_end(arguments);
        t->size += (size_t)length;
    }
}

/* Bytes of the valid UTF-8 sequence at DATA, or 0: no overlong forms, surrogates or
 * numbers above 10FFFF. */
static size_t utf8_bytes(const unsigned char *data, size_t size)
{
    unsigned char first = data[0];
    size_t bytes = first < 0x80                     ? 1
                   : first >= 0xC2 && first <= 0xDF ? 2
                   : first >= 0xE0 && first <= 0xEF ? 3
                   : first >= 0xF0 && first <= 0xF4 ? 4
                                                    : 0;
    if (bytes == 0 || bytes > size)
        return 0;
    for (size_t i = 1; i < bytes; i++) {
        if ((data[i] & 0xC0) != 0x80)
            return 0;
    }
    if ((first == 0xE0 && data[1] < 0xA0) || (first == 0xED && data[1] > 0x9F) || (first == 0xF0 && data[1] < 0x90) ||
        (first == 0xF4 && data[1] > 0x8F))
        return 0;
    return bytes;
}

void text_json(text *t, const char *data, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    size_t i = 0;

    text_add(t, "\"", 1);
    while (i < size) {
        unsigned char rest[4] = {0};
        size_t left = size - i;
        memcpy(rest, data + i, left < 4 ? left : 4);
        size_t bytes = utf8_bytes(rest, left);
        if (rest[0] == '"' || rest[0] == '\\') {
            text_add(t, rest[0] == '"' ? "\\\"" : "\\\\", 2);
            i++;
        } else if (bytes == 0 || rest[0] < 0x20 || rest[0] == 0x7F) {
            char escape[6] = {'\\', 'u', '0', '0', hex[rest[0] >> 4], hex[rest[0] & 15]};
            text_add(t, escape, sizeof escape);
            i++;
        } else {
            text_add(t, data + i, bytes);
            i += bytes;
        }
    }
    text_add(t, "\"", 1);
}

bool text_equal(stepc_string a, stepc_string b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

stepc_string text_view(const char *z)
{
    stepc_string view = {z, z != NULL ? strlen(z) : 0};
    return view;
}

uint64_t text_hash(stepc_string s)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < s.size; i++) {
        hash ^= (unsigned char)s.data[i];
        hash *= 1099511628211u;
    }
    return hash;
}
