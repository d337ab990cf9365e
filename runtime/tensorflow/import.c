/* SPDX-License-Identifier: Apache-2.0 */
/* Importing a GraphDef. */
#include "runtime/tensorflow/types.h"

#include "runtime/graph/graph.h"

#include <string.h>

/* An output, or with index -1 an operation, of the GraphDef that the caller wants to be told of. */
typedef struct wanted {
    stepc_string name;
    int32_t index;
} wanted;

struct TF_ImportGraphDefOptions {
    arena memory; /* of all below */
    const char *prefix;
    bool make_unique, failed; /* FAILED: out of memory while an option was set */
    stepc_import_input *inputs;
    const stepc_operation **controls;
    wanted *outputs, *operations;
    size_t input_count, input_room, control_count, control_room, output_count, output_room, operation_count,
        operation_room;
};

struct TF_ImportGraphDefResults {
    arena memory;
    TF_Output *outputs;
    TF_Operation **operations;
    size_t output_count, operation_count;
};

/* ---- options ---------------------------------------------------------------------------------------- */

TF_ImportGraphDefOptions *TF_NewImportGraphDefOptions(void)
{
    TF_ImportGraphDefOptions *opts = memory_new(sizeof(*opts));
    stepc_host host = host_resolve(NULL);

    if (opts != NULL)
        arena_init(&opts->memory, &host);
    return opts;
}

void TF_DeleteImportGraphDefOptions(TF_ImportGraphDefOptions *opts)
{
    if (opts == NULL)
        return;
    arena_release(&opts->memory);
    memory_free(opts, sizeof(*opts));
}

static const char *keep_text(TF_ImportGraphDefOptions *opts, const char *name, size_t size)
{
    const char *copy = arena_text(&opts->memory, name, size);
    opts->failed |= copy == NULL;
    return copy;
}

/* Room for one more in a list of OPTS; false, and OPTS is spoilt, when there is none. */
static bool grow(TF_ImportGraphDefOptions *opts, void **array, size_t *room, size_t count, size_t bytes)
{
    void *grown = arena_grow(&opts->memory, *array, room, count + 1, bytes);
    if (grown == NULL)
        opts->failed = true;
    else
        *array = grown;
    return grown != NULL;
}

void TF_ImportGraphDefOptionsSetPrefix(TF_ImportGraphDefOptions *opts, const char *prefix)
{
    if (opts == NULL)
        return;
    size_t size = prefix != NULL ? strlen(prefix) : 0;
    if (size > 0 && prefix[size - 1] == '/')
        size--; /* the import sets one */
    opts->prefix = size > 0 ? keep_text(opts, prefix, size) : NULL;
}

void TF_ImportGraphDefOptionsSetUniquifyNames(TF_ImportGraphDefOptions *opts, unsigned char uniquify_names)
{
    if (opts != NULL)
        opts->make_unique = uniquify_names != 0;
}

static void add_input(TF_ImportGraphDefOptions *opts, const char *name, int index, stepc_output at)
{
    void *array = opts != NULL ? opts->inputs : NULL;

    if (opts == NULL || name == NULL ||
        !grow(opts, &array, &opts->input_room, opts->input_count, sizeof(*opts->inputs)))
        return;
    opts->inputs = array;
    opts->inputs[opts->input_count++] = (stepc_import_input){keep_text(opts, name, strlen(name)), (int32_t)index, at};
}

void TF_ImportGraphDefOptionsAddInputMapping(TF_ImportGraphDefOptions *opts, const char *src_name, int src_index,
                                             TF_Output dst)
{
    add_input(opts, src_name, src_index, output_of(dst));
}

void TF_ImportGraphDefOptionsRemapControlDependency(TF_ImportGraphDefOptions *opts, const char *src_name,
                                                    TF_Operation *dst)
{
    add_input(opts, src_name, -1, (stepc_output){operation_of(dst), -1});
}

void TF_ImportGraphDefOptionsAddControlDependency(TF_ImportGraphDefOptions *opts, TF_Operation *oper)
{
    void *array = opts != NULL ? (void *)opts->controls : NULL;

    if (opts == NULL || !grow(opts, &array, &opts->control_room, opts->control_count, sizeof(const stepc_operation *)))
        return;
    opts->controls = array;
    opts->controls[opts->control_count++] = operation_of(oper);
}

static void add_wanted(TF_ImportGraphDefOptions *opts, wanted **list, size_t *room, size_t *count, const char *name,
                       int index)
{
    void *array = *list;

    if (name == NULL || !grow(opts, &array, room, *count, sizeof(**list)))
        return;
    *list = array;
    (*list)[(*count)++] = (wanted){{keep_text(opts, name, strlen(name)), strlen(name)}, (int32_t)index};
}

void TF_ImportGraphDefOptionsAddReturnOutput(TF_ImportGraphDefOptions *opts, const char *oper_name, int index)
{
    if (opts != NULL)
        add_wanted(opts, &opts->outputs, &opts->output_room, &opts->output_count, oper_name, index);
}

int TF_ImportGraphDefOptionsNumReturnOutputs(const TF_ImportGraphDefOptions *opts)
{
    return opts != NULL ? (int)opts->output_count : 0;
}

void TF_ImportGraphDefOptionsAddReturnOperation(TF_ImportGraphDefOptions *opts, const char *oper_name)
{
    if (opts != NULL)
        add_wanted(opts, &opts->operations, &opts->operation_room, &opts->operation_count, oper_name, -1);
}

int TF_ImportGraphDefOptionsNumReturnOperations(const TF_ImportGraphDefOptions *opts)
{
    return opts != NULL ? (int)opts->operation_count : 0;
}

/* ---- importing -------------------------------------------------------------------------------------- */

/* Whether the bytes are a message at all; asked when they are no graph. */
static bool is_message(const TF_Buffer *graph_def)
{
    stepc_host host = host_resolve(NULL);
    message *tree;
    arena memory;

    arena_init(&memory, &host);
    stepc_code code = message_read_binary(&host, &memory, &message_graph_def, "GraphDef", graph_def->data,
                                          graph_def->length, &tree, NULL);
    arena_release(&memory);
    return code == STEPC_OK;
}

static bool import(TF_Graph *graph, const TF_Buffer *graph_def, const TF_ImportGraphDefOptions *opts, TF_Status *status)
{
    stepc_import_options options = {.size = sizeof(options)};
    struct stepc_error error;

    status_clear(status);
    if (graph == NULL || graph_def == NULL || (graph_def->length != 0 && graph_def->data == NULL)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "A graph and a GraphDef must be given.");
        return false;
    }
    if (opts != NULL && opts->failed) {
        status_out_of_memory(status, "setting import options");
        return false;
    }
    if (graph_def->length == 0)
        return true; /* a GraphDef without operations */
    if (opts != NULL) {
        options.prefix = opts->prefix;
        options.inputs = opts->inputs;
        options.input_count = opts->input_count;
        options.controls = opts->controls;
        options.control_count = opts->control_count;
        options.make_unique = opts->make_unique;
    }
    error_init(&error);
    stepc_code code =
        stepc_graph_import(graph->graph, "GraphDef", graph_def->data, graph_def->length, &options, &error);
    if (status_take(status, code, &error))
        return true;
    if ((code == STEPC_DATA_LOSS || code == STEPC_INVALID_ARGUMENT) && !is_message(graph_def))
        status_set(status, STEPC_INVALID_ARGUMENT, "Invalid GraphDef");
    return false;
}

void TF_GraphImportGraphDef(TF_Graph *graph, const TF_Buffer *graph_def, const TF_ImportGraphDefOptions *options,
                            TF_Status *status)
{
    import(graph, graph_def, options, status);
}

/* ---- what the caller wants to be told of ------------------------------------------------------------- */

/* The operation that became of NAME in the GraphDef. With names made unique that is not known: told by its absence. */
static const stepc_operation *imported(TF_Graph *graph, const TF_ImportGraphDefOptions *opts, stepc_string name,
                                       arena *memory)
{
    const char *prefix = opts->prefix != NULL ? opts->prefix : "";
    const char *full = arena_format(memory, "%s%s%.*s", prefix, *prefix != '\0' ? "/" : "", (int)name.size, name.data);
    return full != NULL ? stepc_graph_find(graph->graph, full) : NULL;
}

static TF_Output wanted_output(TF_Graph *graph, const TF_ImportGraphDefOptions *opts, const wanted *w, arena *memory,
                               TF_Status *status)
{
    for (size_t i = 0; i < opts->input_count; i++)
        if (opts->inputs[i].index == w->index && strcmp(opts->inputs[i].name, w->name.data) == 0)
            return (TF_Output){operation_handle(opts->inputs[i].at.op), (int)opts->inputs[i].at.index};
    const stepc_operation *op = imported(graph, opts, w->name, memory);
    if (op == NULL)
        status_set(status, STEPC_INVALID_ARGUMENT, "Requested return tensor '%s:%d' not found in graph def",
                   w->name.data, (int)w->index);
    else if (w->index < 0 || w->index >= stepc_operation_output_count(op))
        status_set(status, STEPC_INVALID_ARGUMENT, "Invalid return output %d of node '%s', which has %d output(s)",
                   (int)w->index, w->name.data, (int)stepc_operation_output_count(op));
    else
        return (TF_Output){operation_handle(op), (int)w->index};
    return (TF_Output){NULL, -1};
}

/* Whether everything that is wanted is in the GraphDef; asked before anything is imported. */
static bool wanted_is_there(const TF_Buffer *graph_def, const TF_ImportGraphDefOptions *opts, TF_Status *status)
{
    stepc_host host = host_resolve(NULL);
    message *tree = NULL;
    arena memory;
    bool fine = true;

    arena_init(&memory, &host);
    if (message_read_binary(&host, &memory, &message_graph_def, "GraphDef", graph_def->data, graph_def->length, &tree,
                            NULL) != STEPC_OK)
        tree = NULL; /* the import says what is wrong */
    for (size_t i = 0; i < opts->output_count + opts->operation_count && tree != NULL && fine; i++) {
        bool is_output = i < opts->output_count;
        const wanted *w = is_output ? &opts->outputs[i] : &opts->operations[i - opts->output_count];
        bool found = false;
        for (size_t k = 0; is_output && k < opts->input_count; k++)
            found |= opts->inputs[k].index == w->index && strcmp(opts->inputs[k].name, w->name.data) == 0;
        for (const message_value *v = message_next(tree, "node", NULL); v != NULL && !found;
             v = message_next(tree, "node", v))
            found = text_equal(message_string(v->child, "name"), w->name);
        fine = found;
        if (!found && is_output)
            status_set(status, STEPC_INVALID_ARGUMENT, "Requested return tensor '%s:%d' not found in graph def",
                       w->name.data, (int)w->index);
        else if (!found)
            status_set(status, STEPC_INVALID_ARGUMENT, "Requested return node '%s' not found in graph def",
                       w->name.data);
    }
    arena_release(&memory);
    return fine;
}

/* With names made unique, a wanted name that is taken would be told wrongly. */
static bool names_are_free(TF_Graph *graph, const TF_ImportGraphDefOptions *opts, arena *memory, TF_Status *status)
{
    for (size_t i = 0; i < opts->output_count + opts->operation_count && opts->make_unique; i++) {
        const wanted *w = i < opts->output_count ? &opts->outputs[i] : &opts->operations[i - opts->output_count];
        if (imported(graph, opts, w->name, memory) == NULL)
            continue;
        status_set(status, STEPC_UNIMPLEMENTED, "Node '%s' would be renamed: its new name cannot be returned.",
                   w->name.data);
        return false;
    }
    return true;
}

static bool import_and_tell(TF_ImportGraphDefResults *results, TF_Graph *graph, const TF_Buffer *graph_def,
                            const TF_ImportGraphDefOptions *opts, TF_Status *status)
{
    results->outputs = ARENA_ARRAY(&results->memory, TF_Output, opts->output_count);
    results->operations = ARENA_ARRAY(&results->memory, TF_Operation *, opts->operation_count);
    if (results->outputs == NULL || results->operations == NULL) {
        status_out_of_memory(status, "importing a graph");
        return false;
    }
    if (!wanted_is_there(graph_def, opts, status) || !names_are_free(graph, opts, &results->memory, status) ||
        !import(graph, graph_def, opts, status))
        return false;
    for (size_t i = 0; i < opts->output_count; i++) {
        results->outputs[i] = wanted_output(graph, opts, &opts->outputs[i], &results->memory, status);
        if (results->outputs[i].oper == NULL)
            return false;
    }
    for (size_t i = 0; i < opts->operation_count; i++)
        results->operations[i] = operation_handle(imported(graph, opts, opts->operations[i].name, &results->memory));
    results->output_count = opts->output_count;
    results->operation_count = opts->operation_count;
    return true;
}

TF_ImportGraphDefResults *TF_GraphImportGraphDefWithResults(TF_Graph *graph, const TF_Buffer *graph_def,
                                                            const TF_ImportGraphDefOptions *options, TF_Status *status)
{
    TF_ImportGraphDefResults *results = memory_new(sizeof(*results));
    stepc_host host = host_resolve(NULL);
    bool fine;

    status_clear(status);
    if (results == NULL) {
        status_out_of_memory(status, "importing a graph");
        return NULL;
    }
    arena_init(&results->memory, &host);
    bool tells = graph != NULL && graph_def != NULL && options != NULL && !options->failed &&
                 options->output_count + options->operation_count > 0;
    fine =
        tells ? import_and_tell(results, graph, graph_def, options, status) : import(graph, graph_def, options, status);
    if (fine)
        return results;
    TF_DeleteImportGraphDefResults(results);
    return NULL;
}

void TF_GraphImportGraphDefWithReturnOutputs(TF_Graph *graph, const TF_Buffer *graph_def,
                                             const TF_ImportGraphDefOptions *options, TF_Output *return_outputs,
                                             int num_return_outputs, TF_Status *status)
{
    if (num_return_outputs != TF_ImportGraphDefOptionsNumReturnOutputs(options)) {
        status_set(status, STEPC_INVALID_ARGUMENT, "Expected 'num_return_outputs' to be %d, got %d",
                   TF_ImportGraphDefOptionsNumReturnOutputs(options), num_return_outputs);
        return;
    }
    if (num_return_outputs > 0 && return_outputs == NULL) {
        status_set(status, STEPC_INVALID_ARGUMENT, "'return_outputs' must be preallocated to length %d",
                   num_return_outputs);
        return;
    }
    TF_ImportGraphDefResults *results = TF_GraphImportGraphDefWithResults(graph, graph_def, options, status);
    if (results != NULL && results->output_count > 0)
        memcpy(return_outputs, results->outputs, results->output_count * sizeof(*return_outputs));
    TF_DeleteImportGraphDefResults(results);
}

void TF_ImportGraphDefResultsReturnOutputs(TF_ImportGraphDefResults *results, int *num_outputs, TF_Output **outputs)
{
    *num_outputs = results != NULL ? (int)results->output_count : 0;
    *outputs = results != NULL ? results->outputs : NULL;
}

void TF_ImportGraphDefResultsReturnOperations(TF_ImportGraphDefResults *results, int *num_opers, TF_Operation ***opers)
{
    *num_opers = results != NULL ? (int)results->operation_count : 0;
    *opers = results != NULL ? results->operations : NULL;
}

void TF_DeleteImportGraphDefResults(TF_ImportGraphDefResults *results)
{
    if (results == NULL)
        return;
    arena_release(&results->memory);
    memory_free(results, sizeof(*results));
}
