/* SPDX-License-Identifier: Apache-2.0 */
/* Graphs as text: one macro per kind of node. Dtypes are spelled without DT_, shapes as DIM(2) DIM(3). */
#ifndef TESTS_UNIT_NODES_H
#define TESTS_UNIT_NODES_H

#define NODE(name, op, rest) "node { name: '" name "' op: '" op "' " rest "}\n"
#define IN(x)                "input: '" x "' "
#define TYPE(key, dt)        "attr { key: '" key "' value { type: DT_" dt " } } "
#define INT(key, i)          "attr { key: '" key "' value { i: " #i " } } "
#define FLAG(key, b)         "attr { key: '" key "' value { b: " #b " } } "
#define TEXT_ATTR(key, s)    "attr { key: '" key "' value { s: '" s "' } } "
#define DIM(n)               "dim { size: " #n " } "
#define SHAPE(dims)          "attr { key: 'shape' value { shape { " dims "} } } "
#define ANY_SHAPE            "attr { key: 'shape' value { shape { unknown_rank: true } } } "

#define PLACEHOLDER(name, dt, dims) NODE(name, "Placeholder", TYPE("dtype", dt) SHAPE(dims))
#define PLACEHOLDER_ANY(name, dt)   NODE(name, "Placeholder", TYPE("dtype", dt) ANY_SHAPE)
#define CONST_VALUE(dt, dims, values) \
    TYPE("dtype", dt) "attr { key: 'value' value { tensor { dtype: DT_" dt " tensor_shape { " dims "} " values "} } } "
#define CONST(name, dt, dims, values)         NODE(name, "Const", CONST_VALUE(dt, dims, values))
#define UNARY(name, op, dt, x)                NODE(name, op, IN(x) TYPE("T", dt))
#define UNARY_AFTER(name, op, dt, x, control) NODE(name, op, IN(x) IN("^" control) TYPE("T", dt))
#define BINARY(name, op, dt, x, y)            NODE(name, op, IN(x) IN(y) TYPE("T", dt))
#define SHAPE_OF(name, dt, x)                 NODE(name, "Shape", IN(x) TYPE("T", dt))
#define RESHAPE(name, dt, x, shape)           NODE(name, "Reshape", IN(x) IN(shape) TYPE("T", dt))
#define NO_OP(name, controls)                 NODE(name, "NoOp", controls)
#define VERSION(producer)                     "versions { producer: " #producer " }\n"

#define VARIABLE(name, dt, dims)           NODE(name, "VariableV2", TYPE("dtype", dt) SHAPE(dims))
#define HANDLE(name, dt, dims)             NODE(name, "VarHandleOp", TYPE("dtype", dt) SHAPE(dims) TEXT_ATTR("shared_name", name))
#define READ(name, dt, handle)             NODE(name, "ReadVariableOp", IN(handle) TYPE("dtype", dt))
#define ASSIGN_HANDLE(name, dt, handle, x) NODE(name, "AssignVariableOp", IN(handle) IN(x) TYPE("dtype", dt))

#endif
