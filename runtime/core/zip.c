/* SPDX-License-Identifier: 0BSD */
#include "runtime/core/zip.h"

#include <string.h>

#define END_BYTES      22
#define ENTRY_BYTES    46
#define LOCAL_BYTES    30
#define COMMENT_BYTES  65535
#define METHOD_STORED  0
#define FLAG_ENCRYPTED 1u
/* In the place of a number: it stands in the zip64 extension. */
#define IN_ZIP64 0xFFFFFFFFu

static uint32_t u16_at(const uint8_t *data)
{
    return (uint32_t)data[0] | (uint32_t)data[1] << 8;
}

static uint32_t u32_at(const uint8_t *data)
{
    return u16_at(data) | u16_at(data + 2) << 16;
}

uint32_t zip_crc32(const uint8_t *data, size_t size)
{
    uint32_t table[256];
    uint32_t crc = 0xFFFFFFFFu;
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value >> 1 ^ ((value & 1) != 0 ? 0xEDB88320u : 0);
        table[i] = value;
    }
    for (size_t i = 0; i < size; i++)
        crc = crc >> 8 ^ table[(crc ^ data[i]) & 0xFF];
    return ~crc;
}

static stepc_code broken(stepc_error *error, const char *archive, size_t offset, const char *what)
{
    error_set(error, STEPC_INVALID_ARGUMENT, "%s", what);
    error_at_file(error, archive, (int64_t)offset);
    return STEPC_INVALID_ARGUMENT;
}

/* The end record lies before a comment of unknown length: look from the end. */
static bool find_end(const uint8_t *data, size_t size, size_t *out)
{
    if (size < END_BYTES)
        return false;
    for (size_t back = 0; back <= COMMENT_BYTES && back <= size - END_BYTES; back++) {
        size_t at = size - END_BYTES - back;
        if (memcmp(data + at, "PK\5\6", 4) == 0 && u16_at(data + at + 20) == back) {
            *out = at;
            return true;
        }
    }
    return false;
}

static bool is_member(const uint8_t *name, size_t size, const char *member)
{
    size_t length = strlen(member);
    if (size < length || memcmp(name, member, length) != 0)
        return false;
    return size == length || (size == length + 4 && memcmp(name + length, ".npy", 4) == 0);
}

/* Reads the entry at offset AT of the directory, whose fixed part lies inside the archive. */
static stepc_code read_entry(const char *archive, const uint8_t *data, size_t size, size_t at, const char *member,
                             const uint8_t **out_member, size_t *out_size, stepc_error *error)
{
    const uint8_t *entry = data + at;
    uint32_t packed = u32_at(entry + 20), bytes = u32_at(entry + 24), local = u32_at(entry + 42);

    if (u32_at(entry + 20) == IN_ZIP64 || bytes == IN_ZIP64 || local == IN_ZIP64) {
        error_set(error, STEPC_UNIMPLEMENTED, "member '%s' is larger than 4 GiB (zip64)", member);
        error_mend(error, "save it as a .npy file of its own");
        error_at_file(error, archive, (int64_t)at);
        return STEPC_UNIMPLEMENTED;
    }
    if ((u16_at(entry + 8) & FLAG_ENCRYPTED) != 0 || u16_at(entry + 10) != METHOD_STORED) {
        error_set(error, STEPC_UNIMPLEMENTED, "member '%s' is compressed or encrypted", member);
        error_mend(error, "write the archive with numpy.savez, not savez_compressed");
        error_at_file(error, archive, (int64_t)at);
        return STEPC_UNIMPLEMENTED;
    }
    if (packed != bytes)
        return broken(error, archive, at, "stored member has two sizes");
    if (size < LOCAL_BYTES || local > size - LOCAL_BYTES || memcmp(data + local, "PK\3\4", 4) != 0)
        return broken(error, archive, at, "member lies outside the archive");
    size_t start = (size_t)local + LOCAL_BYTES + u16_at(data + local + 26) + u16_at(data + local + 28);
    if (start > size || bytes > size - start)
        return broken(error, archive, local, "member lies outside the archive");
    if (zip_crc32(data + start, bytes) != u32_at(entry + 16)) {
        error_set(error, STEPC_DATA_LOSS, "member '%s' does not match its checksum", member);
        error_at_file(error, archive, (int64_t)start);
        return STEPC_DATA_LOSS;
    }
    *out_member = data + start;
    *out_size = bytes;
    return STEPC_OK;
}

stepc_code zip_member(const char *archive, const uint8_t *data, size_t size, const char *member,
                      const uint8_t **out_member, size_t *out_size, stepc_error *error)
{
    size_t end;
    *out_member = NULL;
    *out_size = 0;
    if (!find_end(data, size, &end))
        return broken(error, archive, 0, "not a zip archive");
    size_t at = u32_at(data + end + 16);
    uint32_t entries = u16_at(data + end + 10);
    if (at > end)
        return broken(error, archive, end, "the archive's directory lies outside it");
    for (uint32_t i = 0; i < entries; i++) {
        if (end - at < ENTRY_BYTES || memcmp(data + at, "PK\1\2", 4) != 0)
            return broken(error, archive, at, "broken entry in the archive's directory");
        size_t name = u16_at(data + at + 28);
        size_t whole = ENTRY_BYTES + name + u16_at(data + at + 30) + u16_at(data + at + 32);
        if (whole > end - at)
            return broken(error, archive, at, "broken entry in the archive's directory");
        if (is_member(data + at + ENTRY_BYTES, name, member))
            return read_entry(archive, data, size, at, member, out_member, out_size, error);
        at += whole;
    }
    error_set(error, STEPC_NOT_FOUND, "no member '%s' in the archive", member);
    error_at_file(error, archive, -1);
    return STEPC_NOT_FOUND;
}
