/* SPDX-License-Identifier: 0BSD */
/* The element of a string tensor. Its layout and its use of malloc and free are part of the binary interface: programs
 * and the library change each other's strings.
 *
 * The two lowest bits of the first byte say which of four forms a string has; the size stands above them.
 *   SMALL  up to 22 bytes inside the record, and a NUL
 *   LARGE  bytes from malloc, and a NUL
 *   OFFSET bytes at a distance from the record; never made here
 *   VIEW   somebody else's bytes
 * Words are little-endian on every machine. A record of zeros is an empty SMALL string. */
#ifndef TENSORFLOW_C_TF_TSTRING_H_
#define TENSORFLOW_C_TF_TSTRING_H_

#include "tensorflow/c/c_api_macros.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum TF_TString_Type {
    TF_TSTR_SMALL = 0x00,
    TF_TSTR_LARGE = 0x01,
    TF_TSTR_OFFSET = 0x02,
    TF_TSTR_VIEW = 0x03,
    TF_TSTR_TYPE_MASK = 0x03
} TF_TString_Type;

typedef struct TF_TString_Large {
    size_t size;
    size_t cap;
    char *ptr;
} TF_TString_Large;

typedef struct TF_TString_Offset {
    uint32_t size;
    uint32_t offset;
    uint32_t count;
} TF_TString_Offset;

typedef struct TF_TString_View {
    size_t size;
    const char *ptr;
} TF_TString_View;

typedef struct TF_TString_Raw {
    uint8_t raw[24];
} TF_TString_Raw;

enum { TF_TString_SmallCapacity = 22 };

typedef struct TF_TString_Small {
    uint8_t size;
    char str[TF_TString_SmallCapacity + 1];
} TF_TString_Small;

typedef struct TF_TString {
    union {
        TF_TString_Small smll;
        TF_TString_Large large;
        TF_TString_Offset offset;
        TF_TString_View view;
        TF_TString_Raw raw;
    } u;
} TF_TString;

/* A size as it stands in a record, from its little-endian word, and back. */
static inline size_t TF_TString_SwapWord(size_t word)
{
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    size_t swapped = 0;
    for (size_t i = 0; i < sizeof(word); i++)
        swapped = swapped << 8 | (word >> (8 * i) & 0xff);
    return swapped;
#else
    return word;
#endif
}

static inline uint32_t TF_TString_SwapWord32(uint32_t word)
{
#if defined(__BYTE_ORDER__) && defined(__ORDER_BIG_ENDIAN__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return word << 24 | (word << 8 & 0xff0000u) | (word >> 8 & 0xff00u) | word >> 24;
#else
    return word;
#endif
}

static inline size_t TF_TString_ToActualSizeT(size_t size) { return TF_TString_SwapWord(size) >> 2; }

static inline size_t TF_TString_ToInternalSizeT(size_t size, TF_TString_Type type)
{
    return TF_TString_SwapWord(size << 2 | (size_t)type);
}

static inline void TF_TString_Init(TF_TString *str) { memset(str->u.raw.raw, 0, sizeof(str->u.raw.raw)); }

static inline TF_TString_Type TF_TString_GetType(const TF_TString *str)
{
    return (TF_TString_Type)(str->u.raw.raw[0] & TF_TSTR_TYPE_MASK);
}

static inline size_t TF_TString_GetSize(const TF_TString *str)
{
    switch (TF_TString_GetType(str)) {
    case TF_TSTR_SMALL:
        return (size_t)(str->u.smll.size >> 2);
    case TF_TSTR_LARGE:
        return TF_TString_ToActualSizeT(str->u.large.size);
    case TF_TSTR_OFFSET:
        return TF_TString_SwapWord32(str->u.offset.size) >> 2;
    case TF_TSTR_VIEW:
    default:
        return TF_TString_ToActualSizeT(str->u.view.size);
    }
}

static inline size_t TF_TString_GetCapacity(const TF_TString *str)
{
    switch (TF_TString_GetType(str)) {
    case TF_TSTR_SMALL:
        return TF_TString_SmallCapacity;
    case TF_TSTR_LARGE:
        return str->u.large.cap;
    case TF_TSTR_OFFSET:
    case TF_TSTR_VIEW:
    default:
        return 0;
    }
}

static inline const char *TF_TString_GetDataPointer(const TF_TString *str)
{
    switch (TF_TString_GetType(str)) {
    case TF_TSTR_SMALL:
        return str->u.smll.str;
    case TF_TSTR_LARGE:
        return str->u.large.ptr;
    case TF_TSTR_OFFSET:
        return (const char *)str + TF_TString_SwapWord32(str->u.offset.offset);
    case TF_TSTR_VIEW:
    default:
        return str->u.view.ptr;
    }
}

/* Frees what the string owns and leaves it empty. */
static inline void TF_TString_Dealloc(TF_TString *str)
{
    if (TF_TString_GetType(str) == TF_TSTR_LARGE)
        free(str->u.large.ptr);
    TF_TString_Init(str);
}

/* Gives a string its own memory for CAP bytes at least and keeps its value, shortened to CAP where it is longer.
 * NULL, and the string as it was, when there is no memory. */
static inline char *TF_TString_OwnMemory(TF_TString *str, size_t cap)
{
    size_t size = TF_TString_GetSize(str);
    size_t kept = size < cap ? size : cap;
    int is_large = TF_TString_GetType(str) == TF_TSTR_LARGE;

    if (cap <= TF_TString_SmallCapacity) {
        char *old = is_large ? str->u.large.ptr : NULL;
        TF_TString_Small small;
        memset(&small, 0, sizeof(small));
        if (kept != 0)
            memcpy(small.str, TF_TString_GetDataPointer(str), kept);
        small.size = (uint8_t)(kept << 2);
        TF_TString_Init(str);
        str->u.smll = small;
        free(old);
        return str->u.smll.str;
    }
    if (cap > SIZE_MAX / 4 - 32)
        return NULL;
    size_t whole = (cap + 1 + 15) / 16 * 16;
    char *data = (char *)(is_large ? realloc(str->u.large.ptr, whole) : malloc(whole));
    if (data == NULL)
        return NULL;
    if (!is_large && kept != 0)
        memcpy(data, TF_TString_GetDataPointer(str), kept);
    data[kept] = '\0';
    TF_TString_Init(str);
    str->u.large.size = TF_TString_ToInternalSizeT(kept, TF_TSTR_LARGE);
    str->u.large.cap = whole - 1;
    str->u.large.ptr = data;
    return data;
}

/* Makes the string NEW_SIZE bytes long; bytes that it did not have before are undefined. NULL when there is no
 * memory. */
static inline char *TF_TString_ResizeUninitialized(TF_TString *str, size_t new_size)
{
    char *data;
    if (new_size <= TF_TString_SmallCapacity) {
        data = TF_TString_OwnMemory(str, new_size);
        str->u.smll.size = (uint8_t)(new_size << 2);
        data[new_size] = '\0';
        return data;
    }
    if (TF_TString_GetType(str) == TF_TSTR_LARGE && str->u.large.cap >= new_size && str->u.large.cap / 2 <= new_size)
        data = str->u.large.ptr;
    else
        data = TF_TString_OwnMemory(str, new_size);
    if (data == NULL)
        return NULL;
    str->u.large.size = TF_TString_ToInternalSizeT(new_size, TF_TSTR_LARGE);
    data[new_size] = '\0';
    return data;
}

/* The bytes for writing: a view becomes a copy first. */
static inline char *TF_TString_GetMutableDataPointer(TF_TString *str)
{
    switch (TF_TString_GetType(str)) {
    case TF_TSTR_SMALL:
        return str->u.smll.str;
    case TF_TSTR_LARGE:
        return str->u.large.ptr;
    case TF_TSTR_OFFSET:
    case TF_TSTR_VIEW:
    default:
        return TF_TString_ResizeUninitialized(str, TF_TString_GetSize(str));
    }
}

static inline void TF_TString_Reserve(TF_TString *str, size_t new_cap)
{
    if (new_cap > TF_TString_GetCapacity(str) && new_cap >= TF_TString_GetSize(str))
        TF_TString_OwnMemory(str, new_cap);
}

/* The same for strings that will grow again. */
static inline void TF_TString_ReserveAmortized(TF_TString *str, size_t new_cap)
{
    size_t cap = TF_TString_GetCapacity(str);
    if (new_cap > cap)
        TF_TString_Reserve(str, new_cap > 2 * cap ? new_cap : 2 * cap);
}

static inline char *TF_TString_Resize(TF_TString *str, size_t new_size, char c)
{
    size_t size = TF_TString_GetSize(str);
    char *data = TF_TString_ResizeUninitialized(str, new_size);
    if (data != NULL && new_size > size)
        memset(data + size, c, new_size - size);
    return data;
}

/* DST shows SRC, which the caller keeps as long. */
static inline void TF_TString_AssignView(TF_TString *dst, const char *src, size_t size)
{
    TF_TString_Dealloc(dst);
    dst->u.view.size = TF_TString_ToInternalSizeT(size, TF_TSTR_VIEW);
    dst->u.view.ptr = src;
}

static inline void TF_TString_AppendN(TF_TString *dst, const char *src, size_t src_size)
{
    size_t size = TF_TString_GetSize(dst);
    if (src_size == 0 || src_size > SIZE_MAX / 8 || size > SIZE_MAX / 8)
        return;
    TF_TString_ReserveAmortized(dst, size + src_size);
    char *data = TF_TString_ResizeUninitialized(dst, size + src_size);
    if (data != NULL)
        memcpy(data + size, src, src_size);
}

static inline void TF_TString_Append(TF_TString *dst, const TF_TString *src)
{
    TF_TString_AppendN(dst, TF_TString_GetDataPointer(src), TF_TString_GetSize(src));
}

static inline void TF_TString_Copy(TF_TString *dst, const char *src, size_t size)
{
    char *data = TF_TString_ResizeUninitialized(dst, size);
    if (data != NULL && size != 0)
        memcpy(data, src, size);
}

/* DST gets SRC's value; of a view another view, not a copy. */
static inline void TF_TString_Assign(TF_TString *dst, const TF_TString *src)
{
    if (dst == src)
        return;
    if (TF_TString_GetType(src) == TF_TSTR_VIEW)
        TF_TString_AssignView(dst, TF_TString_GetDataPointer(src), TF_TString_GetSize(src));
    else
        TF_TString_Copy(dst, TF_TString_GetDataPointer(src), TF_TString_GetSize(src));
}

/* DST gets SRC's value and memory; SRC becomes empty. */
static inline void TF_TString_Move(TF_TString *dst, TF_TString *src)
{
    if (dst == src)
        return;
    TF_TString_Dealloc(dst);
    if (TF_TString_GetType(src) == TF_TSTR_OFFSET) {
        TF_TString_Copy(dst, TF_TString_GetDataPointer(src), TF_TString_GetSize(src));
        return;
    }
    *dst = *src;
    TF_TString_Init(src);
}

/* The same for programs that do not compile the above. */
TF_CAPI_EXPORT extern void TF_StringInit(TF_TString *t);
TF_CAPI_EXPORT extern void TF_StringCopy(TF_TString *dst, const char *src, size_t size);
TF_CAPI_EXPORT extern void TF_StringAssignView(TF_TString *dst, const char *src, size_t size);
TF_CAPI_EXPORT extern const char *TF_StringGetDataPointer(const TF_TString *tstr);
TF_CAPI_EXPORT extern TF_TString_Type TF_StringGetType(const TF_TString *str);
TF_CAPI_EXPORT extern size_t TF_StringGetSize(const TF_TString *tstr);
TF_CAPI_EXPORT extern size_t TF_StringGetCapacity(const TF_TString *str);
TF_CAPI_EXPORT extern void TF_StringDealloc(TF_TString *tstr);

#ifdef __cplusplus
}
#endif
#endif
