/* SPDX-License-Identifier: Apache-2.0 */
/* What an operation is: name, type, inputs, outputs, and who reads them. */
#include "runtime/tensorflow/types.h"

#include "runtime/graph/graph.h"

#include <limits.h>
#include <string.h>

const stepc_operation *operation_of(const TF_Operation *oper) { return (const stepc_operation *)(const void *)oper; }

TF_Operation *operation_handle(const stepc_operation *op)
{
    return (TF_Operation *)(uintptr_t)op; /* operations never change: nothing is written through it */
}

stepc_output output_of(TF_Output output) { return (stepc_output){operation_of(output.oper), (int32_t)output.index}; }

static TF_Output output_handle(stepc_output output)
{
    return (TF_Output){operation_handle(output.op), (int)output.index};
}

const char *TF_OperationName(TF_Operation *oper) { return stepc_operation_name(operation_of(oper)); }

const char *TF_OperationOpType(TF_Operation *oper) { return stepc_operation_type(operation_of(oper)); }

const char *TF_OperationDevice(TF_Operation *oper) { return stepc_operation_device(operation_of(oper)); }

int TF_OperationNumOutputs(TF_Operation *oper) { return (int)stepc_operation_output_count(operation_of(oper)); }

TF_DataType TF_OperationOutputType(TF_Output oper_out)
{
    return (TF_DataType)(int)stepc_operation_output_dtype(operation_of(oper_out.oper), (int32_t)oper_out.index);
}

int TF_OperationNumInputs(TF_Operation *oper) { return (int)stepc_operation_input_count(operation_of(oper)); }

TF_DataType TF_OperationInputType(TF_Input oper_in)
{
    return (TF_DataType)(int)stepc_operation_input_dtype(operation_of(oper_in.oper), (int32_t)oper_in.index);
}

TF_Output TF_OperationInput(TF_Input oper_in)
{
    const stepc_operation *op = operation_of(oper_in.oper);

    if (op == NULL || oper_in.index < 0 || oper_in.index >= (int)stepc_operation_input_count(op))
        return (TF_Output){NULL, -1};
    return output_handle(stepc_operation_input(op, (int32_t)oper_in.index));
}

void TF_OperationAllInputs(TF_Operation *oper, TF_Output *inputs, int max_inputs)
{
    int count = TF_OperationNumInputs(oper);

    for (int i = 0; i < count && i < max_inputs && inputs != NULL; i++)
        inputs[i] = TF_OperationInput((TF_Input){oper, i});
}

/* ---- arguments that are lists ----------------------------------------------------------------------- */

static int list_length(const stepc_operation *op, const char *name, bool is_output, TF_Status *status)
{
    const op_def *def = op != NULL ? op->def : NULL;
    const op_arg *args = def == NULL ? NULL : is_output ? def->outputs : def->inputs;
    int32_t count = def == NULL ? 0 : is_output ? def->output_count : def->input_count;

    for (int32_t i = 0; i < count && name != NULL; i++) {
        if (strcmp(args[i].name, name) != 0)
            continue;
        status_clear(status);
        if (args[i].number_attr >= 0)
            return (int)operation_int(op, def->attrs[args[i].number_attr].name, 1);
        if (args[i].list_attr < 0)
            return 1;
        const attr_value *types = operation_attr(op, def->attrs[args[i].list_attr].name);
        return types != NULL && types->is_list ? (int)types->count : 0;
    }
    status_set(status, STEPC_INVALID_ARGUMENT, "%s arg '%s' not found", is_output ? "Output" : "Input",
               name != NULL ? name : "");
    return -1;
}

int TF_OperationOutputListLength(TF_Operation *oper, const char *arg_name, TF_Status *status)
{
    return list_length(operation_of(oper), arg_name, true, status);
}

int TF_OperationInputListLength(TF_Operation *oper, const char *arg_name, TF_Status *status)
{
    return list_length(operation_of(oper), arg_name, false, status);
}

/* ---- readers ---------------------------------------------------------------------------------------- */

/* Walks the graph for what reads WHAT. The same walk counts (CONSUMERS NULL) and stores. */
int TF_OperationOutputConsumers(TF_Output oper_out, TF_Input *consumers, int max_consumers)
{
    const stepc_operation *from = operation_of(oper_out.oper);
    const stepc_graph *graph = stepc_operation_graph(from);
    int64_t operations = graph != NULL ? stepc_graph_operation_count(graph) : 0;
    int found = 0;

    for (int64_t i = 0; i < operations; i++) {
        const stepc_operation *op = stepc_graph_operation_at(graph, i);
        for (int32_t k = 0; k < stepc_operation_input_count(op); k++) {
            stepc_output input = stepc_operation_input(op, k);
            if (input.op != from || input.index != (int32_t)oper_out.index || found == INT_MAX)
                continue;
            if (consumers != NULL && found >= max_consumers)
                return found;
            if (consumers != NULL)
                consumers[found] = (TF_Input){operation_handle(op), (int)k};
            found++;
        }
    }
    return found;
}

int TF_OperationOutputNumConsumers(TF_Output oper_out) { return TF_OperationOutputConsumers(oper_out, NULL, 0); }

int TF_OperationNumControlInputs(TF_Operation *oper)
{
    return (int)stepc_operation_control_input_count(operation_of(oper));
}

int TF_OperationGetControlInputs(TF_Operation *oper, TF_Operation **control_inputs, int max_control_inputs)
{
    int count = TF_OperationNumControlInputs(oper), stored = 0;

    for (; stored < count && stored < max_control_inputs && control_inputs != NULL; stored++)
        control_inputs[stored] = operation_handle(stepc_operation_control_input(operation_of(oper), (int32_t)stored));
    return stored;
}

/* As above: counts when there is no array. */
int TF_OperationGetControlOutputs(TF_Operation *oper, TF_Operation **control_outputs, int max_control_outputs)
{
    const stepc_operation *from = operation_of(oper);
    const stepc_graph *graph = stepc_operation_graph(from);
    int64_t operations = graph != NULL ? stepc_graph_operation_count(graph) : 0;
    int found = 0;

    for (int64_t i = 0; i < operations; i++) {
        const stepc_operation *op = stepc_graph_operation_at(graph, i);
        for (int32_t k = 0; k < stepc_operation_control_input_count(op); k++) {
            if (stepc_operation_control_input(op, k) != from || found == INT_MAX)
                continue;
            if (control_outputs != NULL && found >= max_control_outputs)
                return found;
            if (control_outputs != NULL)
                control_outputs[found] = operation_handle(op);
            found++;
        }
    }
    return found;
}

int TF_OperationNumControlOutputs(TF_Operation *oper) { return TF_OperationGetControlOutputs(oper, NULL, 0); }
