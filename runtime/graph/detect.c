/* SPDX-License-Identifier: Apache-2.0 */
/* What a file is, told by its content, so that a wrong file gets a useful answer. */
#include "runtime/graph/import.h"
#include "runtime/graph/message_internal.h"

#include <string.h>

typedef struct file_magic {
    size_t offset, size;
    const char *bytes, *what, *mend;
} file_magic;

#define MAGIC(offset, bytes, what, mend) {offset, sizeof(bytes) - 1, bytes, what, mend}

static const char freeze_mend[] = "export a frozen GraphDef or a SavedModel from TensorFlow";

static const file_magic magics[] = {
    MAGIC(0, "\x89HDF\r\n\x1a\n", "an HDF5 file (Keras .h5)", freeze_mend),
    MAGIC(0, "PK\x03\x04", "a zip archive", "unpack it first"),
    MAGIC(0, "PK\x05\x06", "an empty zip archive", "unpack it first"),
    MAGIC(4, "TFL3", "a TensorFlow Lite model", "stepc reads TensorFlow graphs; use the graph that it was converted from"),
    MAGIC(0, "\x1f\x8b", "a gzip file", "unpack it first (gunzip)"),
    MAGIC(0, "BZh", "a bzip2 file", "unpack it first (bunzip2)"),
    MAGIC(0, "\xfd" "7zXZ", "an xz file", "unpack it first (unxz)"),
    MAGIC(0, "\x7f" "ELF", "an ELF program or library", "give the graph, not a program"),
    MAGIC(0, "\x93NUMPY", "a NumPy array", "give the graph, not a value"),
    MAGIC(0, "version https://git-lfs", "a git-lfs pointer, not the file itself", "run 'git lfs pull'"),
    MAGIC(257, "ustar", "a tar archive", "unpack it first"),
    MAGIC(0, "\xef\xbb\xbf", "text with a byte order mark", "save it without the mark"),
    MAGIC(0, "\0\0\0\0\0\0\0\0", "a file of zeros", "the file was probably not written to its end"),
    MAGIC(0, "{", "JSON", "stepc reads protobuf (binary or text), not JSON"),
    MAGIC(0, "<", "XML or HTML", "check the download"),
    MAGIC(0, "%PDF", "a PDF", "check the path"),
};

static bool ends_like_table(const uint8_t *data, size_t size)
{
    return size >= 48 && memcmp(data + size - 8, "\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8) == 0;
}

const char *foreign_format(const uint8_t *data, size_t size, const char **out_mend)
{
    for (size_t i = 0; i < sizeof(magics) / sizeof(magics[0]); i++) {
        const file_magic *m = &magics[i];
        if (size >= m->offset + m->size && memcmp(data + m->offset, m->bytes, m->size) == 0) {
            *out_mend = m->mend;
            return m->what;
        }
    }
    if (ends_like_table(data, size)) {
        *out_mend = "give the graph; a checkpoint goes with --checkpoint";
        return "a checkpoint's index";
    }
    return NULL;
}

bool content_is_text(const uint8_t *data, size_t size)
{
    size_t start = 0;
    size_t looked = size < 65536 ? size : 65536;

    while (start < size && (data[start] == ' ' || (data[start] >= '\t' && data[start] <= '\r')))
        start++;
    if (start == size)
        return size > 0;
    uint8_t first = data[start];
    if (!((first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z') || first == '#' || first == '_' || first == '['))
        return false;
    /* Wire format holds tags like 0x12 within its first few bytes; text holds no such bytes. */
    for (size_t i = start; i < looked; i++)
        if (data[i] < 0x20 && !(data[i] >= '\t' && data[i] <= '\r'))
            return false;
    return true;
}

/* ---- TensorFlow's own messages ---------------------------------------------------------------- */

/* A field of wire bytes; false when it is damaged. */
typedef struct wire_field {
    uint32_t number;
    int wire;
    const uint8_t *data; /* of length-delimited fields */
    size_t size;
} wire_field;

static bool next_field(const uint8_t *data, size_t size, size_t *at, wire_field *out)
{
    uint64_t value;
    size_t used = varint_read(data + *at, size - *at, &value);

    if (used == 0 || value > UINT32_MAX || value < 8)
        return false;
    *at += used;
    out->number = (uint32_t)value >> 3;
    out->wire = (int)(value & 7);
    out->size = 0;
    if (out->wire == WIRE_FIXED32 || out->wire == WIRE_FIXED64) {
        out->size = out->wire == WIRE_FIXED32 ? 4 : 8;
    } else if (out->wire == WIRE_VARINT || out->wire == WIRE_BYTES) {
        used = varint_read(data + *at, size - *at, &value);
        if (used == 0)
            return false;
        *at += used;
        if (out->wire == WIRE_BYTES)
            out->size = value > (uint64_t)(size - *at) ? SIZE_MAX : (size_t)value;
    } else {
        return false;
    }
    if (out->size > size - *at)
        return false;
    out->data = data + *at;
    *at += out->size;
    return true;
}

/* True when the bytes begin like a GraphDef: field 1 is a NodeDef whose operator is registered. */
static bool begins_like_graph(const uint8_t *data, size_t size)
{
    wire_field node, field;
    size_t at = 0;
    bool named = false;

    if (!next_field(data, size, &at, &node) || node.number != 1 || node.wire != WIRE_BYTES)
        return false;
    at = 0;
    while (next_field(node.data, node.size, &at, &field)) {
        named = named || (field.number == 1 && field.wire == WIRE_BYTES);
        if (field.number == 2 && field.wire == WIRE_BYTES)
            return named && op_def_find((stepc_string){(const char *)field.data, field.size}) != NULL;
    }
    return false;
}

/* True when the bytes begin like a MetaGraphDef: meta_info_def, then a GraphDef as field 2. */
static bool begins_like_meta_graph(const uint8_t *data, size_t size)
{
    wire_field info, graph;
    size_t at = 0;

    return next_field(data, size, &at, &info) && info.number == 1 && info.wire == WIRE_BYTES &&
           next_field(data, size, &at, &graph) && graph.number == 2 && graph.wire == WIRE_BYTES &&
           begins_like_graph(graph.data, graph.size);
}

const char *foreign_message(const uint8_t *data, size_t size, const char **out_mend)
{
    wire_field first, field;
    size_t at = 0;

    if (!next_field(data, size, &at, &first))
        return NULL;
    *out_mend = "give the SavedModel's folder instead of its saved_model.pb";
    if (first.number == 1 && first.wire == WIRE_VARINT) {
        /* SavedModel {schema version, meta graphs}, or ONNX {ir_version, producer_name, ..., graph = 7} */
        bool only_two = true;
        while (next_field(data, size, &at, &field)) {
            only_two = only_two && field.number == 2;
            if ((field.number == 7 || field.number == 8) && field.wire == WIRE_BYTES) {
                *out_mend = freeze_mend;
                return "an ONNX model";
            }
        }
        return only_two ? "a SavedModel" : NULL;
    }
    if (first.number == 2 && first.wire == WIRE_BYTES && begins_like_meta_graph(first.data, first.size))
        return "a SavedModel";
    if (begins_like_meta_graph(data, size)) {
        *out_mend = "load it as a MetaGraphDef (.meta), with its checkpoint";
        return "a MetaGraphDef";
    }
    return NULL;
}
