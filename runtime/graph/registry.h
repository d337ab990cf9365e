/* SPDX-License-Identifier: Apache-2.0 */
/* The schemas of all operators, generated at build time from operators.tsv. */
#ifndef RUNTIME_GRAPH_REGISTRY_H
#define RUNTIME_GRAPH_REGISTRY_H

#include "stepc/tensor.h"

#include <stdbool.h>

typedef enum attr_kind {
    ATTR_NONE, ATTR_STRING, ATTR_INT, ATTR_FLOAT, ATTR_BOOL, ATTR_TYPE, ATTR_SHAPE, ATTR_TENSOR, ATTR_FUNCTION,
    ATTR_PLACEHOLDER
} attr_kind;

/* An input or output argument. Exactly one of dtype, type_attr (index into attrs, single
 * type) or list_attr (list of types) says the type; number_attr >= 0 repeats it. */
typedef struct op_arg {
    const char *name;
    stepc_dtype dtype;
    int32_t type_attr, list_attr, number_attr; /* -1: none */
    bool is_ref;
} op_arg;

typedef struct op_attr {
    const char *name;
    attr_kind kind;
    bool is_list, has_default, has_minimum;
    int64_t minimum;              /* of an int, or of a list's length */
    uint64_t allowed_types;       /* bit per dtype number; 0: any */
    const char *const *allowed;   /* allowed strings, NULL-ended; NULL: any */
    const char *default_text;     /* as the table spells it: "true", "\"NHWC\"", "0.0001", "[]", "f32", "<unknown>" */
} op_attr;

typedef struct op_def {
    const char *name;
    const char *family;
    const op_arg *inputs, *outputs;
    const op_attr *attrs;
    int32_t input_count, output_count, attr_count;
    int32_t tier;          /* 0..4 */
    int32_t deprecated_at; /* GraphDef producer version, 0: never */
    bool stateful;
    bool static_only, runtime_only; /* the table's aot column */
} op_def;

size_t op_def_count(void);
const op_def *op_def_at(size_t index); /* sorted by name */
const op_def *op_def_find(stepc_string name); /* NULL when not registered */
int32_t op_def_attr(const op_def *def, stepc_string name); /* index or -1 */

#endif
