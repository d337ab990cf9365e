/* SPDX-License-Identifier: Apache-2.0 */
/* Variables: the callables of one module share them, and order within a step is the graph's. */
#include "rig.h"

#define ONE   CONST("one", "FLOAT", "", "float_val: 1")
#define START CONST("start", "FLOAT", "", "float_val: 20")
#define COUNTER                                                                                                 \
    VARIABLE("v", "FLOAT", "")                                                                                  \
    ONE START BINARY("assign", "Assign", "FLOAT", "v", "start") BINARY("add", "AssignAdd", "FLOAT", "v", "one") \
        UNARY("read", "Identity", "FLOAT", "v")
#define RESOURCE                                                                                                \
    HANDLE("v", "FLOAT", DIM(2))                                                                                \
    CONST("start", "FLOAT", DIM(2), "float_val: 3 float_val: 5") ASSIGN_HANDLE("assign", "FLOAT", "v", "start") \
        READ("read", "FLOAT", "v")

Test(variables, uninitialised_variables_fail)
{
    rig r;
    rig_open(&r, COUNTER);
    int read = rig_add(&r, "", "read", ""), value = rig_add(&r, "", "v", ""), add = rig_add(&r, "", "", "add");
    rig_run_fails(&r, read, STEPC_FAILED_PRECONDITION, "Attempting to use uninitialized value v");
    cr_assert_str_eq(r.error.node, "read");
    rig_run_fails(&r, value, STEPC_FAILED_PRECONDITION, "ninitialized value v");
    rig_run_fails(&r, add, STEPC_FAILED_PRECONDITION, "ninitialized");
    rig_close(&r);
    rig_open(&r, RESOURCE);
    read = rig_add(&r, "", "read", "");
    rig_run_fails(
        &r, read, STEPC_FAILED_PRECONDITION,
        "Error while reading resource variable v from Container: localhost. This could mean that the variable was uninitialized.");
    rig_close(&r);
}

Test(variables, callables_of_a_module_share_them)
{
    rig r;
    rig_open(&r, COUNTER);
    int assign = rig_add(&r, "", "", "assign"), add = rig_add(&r, "", "add", ""), read = rig_add(&r, "", "read", "");
    cr_assert_eq(r.shared[0].count, 2, "the value and its flag");
    rig_run(&r, assign);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 20.0f);
    for (int i = 1; i <= 3; i++) {
        rig_run(&r, add);
        cr_assert_eq(got_float(&r, 0, 0), 20.0f + (float)i, "a fetched reference is the value after the update");
    }
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 23.0f);
    rig_run(&r, assign);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 20.0f);
    rig_close(&r);
}

Test(variables, a_read_before_the_write_keeps_what_it_saw)
{
    rig r;
    rig_open(&r, COUNTER NODE("after", "AssignAdd", IN("v") IN("one") IN("^read") TYPE("T", "FLOAT"))
                     BINARY("sum", "Add", "FLOAT", "read", "after") RESHAPE("flat", "FLOAT", "v", "minus")
                         CONST("minus", "INT32", DIM(1), "int_val: -1")
                             NODE("later", "AssignAdd", IN("v") IN("one") IN("^flat") TYPE("T", "FLOAT")));
    int assign = rig_add(&r, "", "", "assign"), both = rig_add(&r, "", "read after sum", "");
    int view = rig_add(&r, "", "flat later", "");
    rig_run(&r, assign);
    rig_run(&r, both);
    cr_assert_eq(got_float(&r, 1, 0), 21.0f);
    rig_run(&r, assign);
    rig_run(&r, view);
    cr_assert_eq(got_float(&r, 1, 0), 21.0f);
    rig_close(&r);
}

Test(variables, resources)
{
    rig r;
    rig_open(&r, RESOURCE UNARY("alias", "Identity", "RESOURCE", "v") READ("again", "FLOAT", "alias")
                     PLACEHOLDER("x", "FLOAT", DIM(2))
                         NODE("set", "AssignVariableOp", IN("alias") IN("x") IN("^read") TYPE("dtype", "FLOAT"))
                             NODE("seen", "ReadVariableOp", IN("v") IN("^set") TYPE("dtype", "FLOAT")));
    int assign = rig_add(&r, "", "", "assign"), read = rig_add(&r, "", "read again", "");
    int exchange = rig_add(&r, "x", "read seen", "");
    rig_run(&r, assign);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 1, 1), 5.0f);
    rig_feed(&r, floats(DIMS(2), 8.0, -9.0));
    rig_run(&r, exchange);
    cr_assert_eq(got_float(&r, 0, 0), 3.0f, "the value read does not change with the assignment");
    cr_assert_eq(got_float(&r, 1, 1), -9.0f);
    rig_forget(&r);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 8.0f);
    rig_close(&r);
}

Test(variables, two_operations_may_name_one_variable)
{
    rig r;
    rig_open(&r, NODE("a", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "w"))
                     NODE("b", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "w"))
                         NODE("other", "VarHandleOp",
                              TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "w")
                                  TEXT_ATTR("container", "box")) ONE START ASSIGN_HANDLE("set", "FLOAT", "a", "one")
                             ASSIGN_HANDLE("set_other", "FLOAT", "other", "start") READ("read", "FLOAT", "b")
                                 READ("read_other", "FLOAT", "other"));
    int set = rig_add(&r, "", "", "set set_other"), read = rig_add(&r, "", "read read_other", "");
    rig_run(&r, set);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 1.0f);
    cr_assert_eq(got_float(&r, 1, 0), 20.0f, "a container of its own");
    rig_close(&r);
}

/* "box/w" in no container and "w" in container "box", "w#set" and the flag of "w": four variables. */
Test(variables, names_do_not_run_together)
{
    rig r;
    rig_open(&r, NODE("a", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "box/w"))
                     NODE("b", "VarHandleOp",
                          TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "w") TEXT_ATTR("container", "box"))
                         NODE("c", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE("") TEXT_ATTR("shared_name", "w"))
                             NODE("d", "VarHandleOp", TYPE("dtype", "BOOL") SHAPE("") TEXT_ATTR("shared_name", "w#set"))
                                 ONE START CONST("no", "BOOL", "", "bool_val: false") ASSIGN_HANDLE(
                                     "set_a", "FLOAT", "a", "one") ASSIGN_HANDLE("set_b", "FLOAT", "b", "start")
                                     ASSIGN_HANDLE("set_c", "FLOAT", "c", "one")
                                         NODE("set_d", "AssignVariableOp", IN("d") IN("no") TYPE("dtype", "BOOL"))
                                             READ("read_a", "FLOAT", "a") READ("read_b", "FLOAT", "b")
                                                 READ("read_c", "FLOAT", "c") READ("read_d", "BOOL", "d"));
    int set = rig_add(&r, "", "", "set_a set_b set_c"), d = rig_add(&r, "", "", "set_d");
    int read = rig_add(&r, "", "read_a read_b read_c", ""), read_d = rig_add(&r, "", "read_d", "");
    rig_run(&r, set);
    rig_run_fails(&r, read_d, STEPC_FAILED_PRECONDITION, "ninitialized");
    rig_run(&r, d);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 1.0f);
    cr_assert_eq(got_float(&r, 1, 0), 20.0f);
    rig_run(&r, read_d);
    rig_close(&r);
}

Test(variables, control_dependencies_order_updates)
{
    rig r;
    rig_open(&r, COUNTER CONST("three", "FLOAT", "", "float_val: 3")
                     NODE("first", "AssignAdd", IN("v") IN("one") TYPE("T", "FLOAT"))
                         NODE("second", "Assign", IN("v") IN("three") IN("^first") TYPE("T", "FLOAT"))
                             NODE("third", "AssignAdd", IN("v") IN("one") IN("^second") TYPE("T", "FLOAT"))
                                 NO_OP("group", IN("^third"))
                                     NODE("last", "Identity", IN("v") IN("^group") TYPE("T", "FLOAT")));
    int assign = rig_add(&r, "", "", "assign"), group = rig_add(&r, "", "", "group"),
        last = rig_add(&r, "", "last", "");
    int read = rig_add(&r, "", "read", "");
    rig_run(&r, assign);
    rig_run(&r, group);
    rig_run(&r, read);
    cr_assert_eq(got_float(&r, 0, 0), 4.0f);
    rig_run(&r, assign);
    rig_run(&r, last);
    cr_assert_eq(got_float(&r, 0, 0), 4.0f);
    rig_close(&r);
}

/* A constant behind an assignment is known early, but the assignment still runs. */
Test(variables, updates_run_though_the_value_that_waits_for_them_is_known)
{
    rig r;
    rig_open(&r, COUNTER NODE("done", "Const", IN("^add") CONST_VALUE("FLOAT", "", "float_val: 7"))
                     NODE("named", "Identity", IN("start") IN("^add") TYPE("T", "FLOAT"))
                         BINARY("sum", "Add", "FLOAT", "named", "one") SHAPE_OF("rank", "FLOAT", "add")
                             NODE("waits", "Fill", IN("two") IN("done") TYPE("T", "FLOAT"))
                                 CONST("two", "INT32", DIM(1), "int_val: 2"));
    int assign = rig_add(&r, "", "", "assign"), read = rig_add(&r, "", "read", "");
    static const char *const fetched[] = {"done", "named", "sum", "rank", "waits"};
    rig_run(&r, assign);
    for (int i = 0; i < 5; i++) {
        rig_run(&r, rig_add(&r, "", fetched[i], ""));
        rig_run(&r, read);
        cr_assert_eq(got_float(&r, 0, 0), 21.0f + (float)i, "%s", fetched[i]);
    }
    rig_close(&r);
}

Test(variables, an_unknown_declared_shape_comes_from_the_value)
{
    rig r;
    rig_open(&r,
             NODE("v", "VariableV2", TYPE("dtype", "FLOAT") ANY_SHAPE) CONST("start", "FLOAT", DIM(3), "float_val: 2")
                 NODE("assign", "Assign", IN("v") IN("start") TYPE("T", "FLOAT") FLAG("validate_shape", false))
                     UNARY("read", "Identity", "FLOAT", "v"));
    int assign = rig_add(&r, "", "", "assign"), both = rig_add(&r, "", "assign", "");
    rig_run(&r, assign);
    rig_run(&r, both);
    cr_assert_eq(stepc_tensor_length(r.got[0]), 3);
    rig_close(&r);
}

Test(variables, all_dtypes_and_in_place_updates)
{
    static const char *const dtypes[] = {"INT32", "INT64", "INT8", "DOUBLE", "HALF", "BFLOAT16"};
    static const char *const values[] = {"int_val: 2147483647", "int64_val: 5",     "int_val: 127",
                                         "double_val: 0.1",     "half_val: 0x3C01", "half_val: 0x3F81"};
    for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++) {
        char source[1500];
        snprintf(source, sizeof source,
                 NODE("v", "VariableV2", "attr { key: 'dtype' value { type: DT_%s } } " SHAPE(DIM(2)))
                     NODE("start", "Const",
                          "attr { key: 'dtype' value { type: DT_%s } } attr { key: 'value' value { tensor { "
                          "dtype: DT_%s tensor_shape { dim { size: 2 } } %s } } } ")
                         NODE("assign", "Assign", IN("v") IN("start") "attr { key: 'T' value { type: DT_%s } } ")
                             NODE("add", "AssignAdd", IN("v") IN("start") "attr { key: 'T' value { type: DT_%s } } ")
                                 NODE("self", "AssignAdd", IN("v") IN("v") "attr { key: 'T' value { type: DT_%s } } "),
                 dtypes[i], dtypes[i], dtypes[i], values[i], dtypes[i], dtypes[i], dtypes[i]);
        rig r;
        rig_open(&r, source);
        int assign = rig_add(&r, "", "", "assign"), add = rig_add(&r, "", "add", ""),
            self = rig_add(&r, "", "self", "");
        r.tolerance = 0; /* one addition: nothing to reorder */
        rig_run(&r, assign);
        rig_run(&r, add);
        if (i == 0)
            cr_assert_eq(*(int32_t *)stepc_tensor_data(r.got[0]), -2, "integers wrap");
        rig_run(&r, add);
        rig_run(&r, self);
        rig_close(&r);
    }
}

Test(variables, a_fed_variable_is_not_read)
{
    rig r;
    rig_open(&r, COUNTER BINARY("sum", "Add", "FLOAT", "read", "one"));
    int sum = rig_add(&r, "read[]", "sum", "");
    cr_assert_eq(r.shared[0].count, 0);
    rig_feed(&r, floats(SCALAR, 4.0));
    rig_run(&r, sum);
    cr_assert_eq(got_float(&r, 0, 0), 5.0f);
    rig_close(&r);
}

Test(variables, shapes_that_never_fit_are_refused)
{
    rig r;
    rig_open(&r, VARIABLE("v", "FLOAT", DIM(2)) CONST("three", "FLOAT", DIM(3), "float_val: 1")
                     BINARY("assign", "Assign", "FLOAT", "v", "three") PLACEHOLDER("x", "FLOAT", DIM(-1))
                         BINARY("set", "Assign", "FLOAT", "v", "x") HANDLE("h", "FLOAT", DIM(2))
                             ASSIGN_HANDLE("give", "FLOAT", "h", "three"));
    rig_refuses(&r, "", "", "assign", STEPC_INVALID_ARGUMENT, "must be equal");
    rig_refuses(&r, "", "", "give", STEPC_INVALID_ARGUMENT, "must be equal");
    rig_refuses(&r, "x", "", "set", STEPC_UNIMPLEMENTED, "shape");
    cr_assert_str_eq(r.error.node, "set");
    rig_close(&r);
}

Test(variables, one_name_has_one_dtype_and_one_shape)
{
    rig r;
    rig_open(&r, NODE("a", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE(DIM(2)) TEXT_ATTR("shared_name", "w"))
                     NODE("b", "VarHandleOp", TYPE("dtype", "INT32") SHAPE(DIM(2)) TEXT_ATTR("shared_name", "w"))
                         NODE("c", "VarHandleOp", TYPE("dtype", "FLOAT") SHAPE(DIM(3)) TEXT_ATTR("shared_name", "w"))
                             NODE("read_a", "ReadVariableOp", IN("a") TYPE("dtype", "FLOAT"))
                                 NODE("read_b", "ReadVariableOp", IN("b") TYPE("dtype", "INT32"))
                                     NODE("read_c", "ReadVariableOp", IN("c") TYPE("dtype", "FLOAT"))
                                         NODE("odd", "ReadVariableOp", IN("a") TYPE("dtype", "INT32")));
    rig_refuses(&r, "", "read_a read_b", "", STEPC_INVALID_ARGUMENT, "wrong dtype");
    rig_refuses(&r, "", "read_a read_c", "", STEPC_UNIMPLEMENTED, "several shapes");
    rig_refuses(&r, "", "odd", "", STEPC_INVALID_ARGUMENT, "wrong dtype");
    rig_close(&r);
}

/* A long chain of updates of many variables must not cost its length squared. */
Test(variables, long_chains, .timeout = 20)
{
    enum { VARIABLES = 300, LENGTH = 20000 };
    size_t room = (size_t)LENGTH * 160 + VARIABLES * 200, used = 0;
    char *source = malloc(room);
    for (int i = 0; i < VARIABLES; i++)
        used += (size_t)snprintf(
            source + used, room - used,
            "node { name: 'v%d' op: 'VariableV2' attr { key: 'dtype' value { type: DT_FLOAT } } attr { key: 'shape' value { shape { } } } }\n",
            i);
    used += (size_t)snprintf(source + used, room - used, "%s", ONE BINARY("u0", "Assign", "FLOAT", "v0", "one"));
    for (int i = 1; i < LENGTH; i++)
        used += (size_t)snprintf(
            source + used, room - used,
            "node { name: 'u%d' op: 'AssignAdd' input: 'u%d' input: 'one' attr { key: 'T' value { type: DT_FLOAT } } }\n",
            i, i - 1);
    for (int i = 1; i < VARIABLES; i++)
        used += (size_t)snprintf(
            source + used, room - used,
            "node { name: 'w%d' op: 'Assign' input: 'v%d' input: 'one' attr { key: 'T' value { type: DT_FLOAT } } }\n",
            i, i);
    rig r;
    rig_spec s;
    rig_begin(&r);
    cr_assert_eq(stepc_graph_parse("test.pbtxt", source, used, NULL, &r.graph, &r.error), STEPC_OK, "%s",
                 r.error.message);
    rig_spell(&r, &s, "", "u19999", "w299 w298");
    cr_assert_eq(rig_lower(&r, &r.callables[r.count++], 1, &s.spec), STEPC_OK, "%s", r.error.message);
    cr_assert_eq(r.shared[1].count, 6, "three variables with their flags");
    free(source);
    rig_close(&r);
}

Test(variables, handles_are_no_values)
{
    rig r;
    rig_open(&r, RESOURCE UNARY("alias", "Identity", "RESOURCE", "v"));
    rig_refuses(&r, "", "v", "", STEPC_UNIMPLEMENTED, "resource");
    rig_refuses(&r, "", "alias", "", STEPC_UNIMPLEMENTED, "resource");
    rig_refuses(&r, "v[]", "read", "", STEPC_UNIMPLEMENTED, "resource");
    rig_close(&r);
}

/* A fed reference is a value: nothing can be assigned to it. */
Test(variables, updates_of_a_fed_reference_are_refused)
{
    rig r;
    rig_open(&r, COUNTER);
    rig_refuses(&r, "v[]", "assign", "", STEPC_INVALID_ARGUMENT,
                "Input 0 of node assign was passed float from v:0 incompatible with expected float_ref.");
    rig_close(&r);
}
