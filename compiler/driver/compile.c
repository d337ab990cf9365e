/* SPDX-License-Identifier: Apache-2.0 */
/* The whole way from signatures to text: one row per stage, each of which --dump-after names. */
#include "compiler/driver/driver.h"
#include "compiler/emit/emit.h"
#include "compiler/lower/lower.h"

#include <string.h>

struct stepc_product {
    stepc_host host;
    arena memory;
    stepc_graph *graph; /* folded constants may lie in its file */
    size_pool sizes;
    emit_result emitted;
    stepc_callable_figures *figures;
    size_t callable_count;
    step **steps;
};

typedef struct compilation {
    stepc_product *product;
    const stepc_compile_options *options;
    const isa_profile *isa;
    const char *dump_after;
    lower_shared shared;
    signature *signatures;
    loop_program **programs;
    memory_plan **plans;
    stepc_error *error;
} compilation;

/* ---- dumps --------------------------------------------------------------------------------------- */

typedef void (*print_fn)(const void *subject, text *out);

static void print_step(const void *subject, text *out)
{
    step_print(subject, out);
}

static void print_program(const void *subject, text *out)
{
    loop_print(subject, out);
}

static void print_plan(const void *subject, text *out)
{
    plan_print(subject, out);
}

static void dump(compilation *c, const char *stage, print_fn print, const void *subject)
{
    if (!c->dump_after || strcmp(c->dump_after, stage) != 0)
        return;
    text out;
    text_init(&out, &c->product->host);
    print(subject, &out);
    host_report(&c->product->host, "dump", stage, out.data);
    text_release(&out);
}

static const char *const loop_stages[] = {"prune", "lower", "fuse", "schedule", "plan"};

static stepc_code check_dump(compilation *c)
{
    if (!c->dump_after || pass_find(c->dump_after))
        return STEPC_OK;
    for (size_t i = 0; i < sizeof loop_stages / sizeof loop_stages[0]; i++)
        if (strcmp(loop_stages[i], c->dump_after) == 0)
            return STEPC_OK;
    error_set(c->error, STEPC_INVALID_ARGUMENT, "there is no pass \"%.64s\"", c->dump_after);
    return error_mend(c->error, "passes are: prune, supported, infer, lower, fuse, schedule, plan");
}

/* ---- one callable ----------------------------------------------------------------------------------- */

static stepc_code run_passes(compilation *c, step *s)
{
    dump(c, "prune", print_step, s);
    for (size_t i = 0; i < pass_count(); i++) {
        const pass_row *row = pass_at(i);
        stepc_code code = row->run(s, c->error);
        if (code)
            return code;
        dump(c, row->name, print_step, s);
    }
    return STEPC_OK;
}

static stepc_code run_loops(compilation *c, loop_program *p)
{
    dump(c, "lower", print_program, p);
    stepc_code code = loop_verify(p, c->error);
    if (!code)
        code = loop_fuse(p, c->isa, c->error);
    if (code)
        return code;
    dump(c, "fuse", print_program, p);
    code = loop_verify(p, c->error);
    if (!code)
        code = loop_schedule(p, c->isa, c->error);
    if (code)
        return code;
    dump(c, "schedule", print_program, p);
    return loop_verify(p, c->error);
}

static stepc_code run_plan(compilation *c, size_t index)
{
    stepc_code code = plan_make(c->programs[index], &c->plans[index], c->error);
    if (code)
        return code;
    dump(c, "plan", print_plan, c->plans[index]);
    return plan_check(c->plans[index], c->error);
}

static stepc_code compile_callable(compilation *c, const stepc_callable_spec *spec, size_t index)
{
    stepc_product *product = c->product;
    stepc_code code = signature_resolve(product->graph, &product->memory, spec, &c->signatures[index], c->error);
    if (code)
        return code;
    code = step_build(&product->host, &product->memory, &product->sizes, product->graph, &c->signatures[index],
                      c->options->no_fold, &product->steps[index], c->error);
    if (!code)
        code = run_passes(c, product->steps[index]);
    if (!code)
        code = lower_step(product->steps[index], c->options->exact, &c->shared, &c->programs[index], c->error);
    if (!code)
        code = run_loops(c, c->programs[index]);
    return code ? code : run_plan(c, index);
}

/* ---- the module --------------------------------------------------------------------------------------- */

static int64_t bound_of(const memory_plan *plan)
{
    return plan->arena_bound_bytes == INT64_MAX ? -1 : plan->arena_bound_bytes;
}

static void fill_figures(compilation *c, const module_plan *module)
{
    for (size_t i = 0; i < c->product->callable_count; i++) {
        loop_traffic traffic;
        loop_measure(c->programs[i], &traffic);
        c->product->figures[i] = (stepc_callable_figures){
            .name = c->signatures[i].name,
            .operations = c->programs[i]->operation_count,
            .nests = traffic.nests,
            .groups = traffic.groups,
            .chunks = traffic.chunks,
            .calls = traffic.calls,
            .bytes_moved = traffic.bytes_moved,
            .bytes_inputs_outputs = traffic.bytes_inputs_outputs,
            .local_bytes = traffic.local_bytes,
            .arena_bytes = bound_of(c->plans[i]),
            .live_bytes = c->plans[i]->live_bytes,
            .weights_bytes = module->weights_bytes,
            .state_bytes = module->state_bytes,
            .flops = traffic.flops,
        };
    }
}

/* Later callables may have added variables: all programs of the module see the same list. */
static void share_state(compilation *c)
{
    for (size_t i = 0; i < c->product->callable_count; i++) {
        c->programs[i]->state = c->shared.state;
        c->programs[i]->state_count = (int32_t)c->shared.count;
    }
}

static stepc_code emit_all(compilation *c, const stepc_callable_spec *specs)
{
    stepc_product *product = c->product;
    size_t count = product->callable_count;
    module_plan *module;
    const loop_program **programs = ARENA_ARRAY(&product->memory, const loop_program *, count);
    emit_callable *callables = ARENA_ARRAY(&product->memory, emit_callable, count);
    if (!programs || !callables)
        return error_out_of_memory(c->error, "compiling");
    for (size_t i = 0; i < count; i++) {
        programs[i] = c->programs[i];
        callables[i] = (emit_callable){c->programs[i], c->plans[i]};
    }
    stepc_code code = plan_module(&product->host, &product->memory, programs, (int32_t)count, &module, c->error);
    if (code)
        return code;
    const char *name = c->options->module ? c->options->module : specs[0].name ? specs[0].name : "step";
    emit_options options = {
        .module = signature_identifier(&product->memory, name),
        .prefix = c->options->prefix ? c->options->prefix : "",
        .isa = c->isa,
        .weights = c->options->weights,
        .exact = c->options->exact,
        .parallel = c->options->parallel,
        .optimize_size = c->options->optimize_size,
    };
    code = options.module ? emit_module(&product->host, &product->memory, &options, callables, count, module, &product->emitted, c->error)
                          : error_out_of_memory(c->error, "compiling");
    if (!code)
        fill_figures(c, module);
    return code;
}

static stepc_code check_names(compilation *c)
{
    for (size_t i = 0; i < c->product->callable_count; i++)
        for (size_t j = 0; j < i; j++)
            if (strcmp(c->signatures[i].name, c->signatures[j].name) == 0)
                return error_set(c->error, STEPC_INVALID_ARGUMENT, "two callables are named \"%s\"", c->signatures[i].name);
    return STEPC_OK;
}

static stepc_code compile_all(compilation *c, const stepc_callable_spec *specs)
{
    stepc_product *product = c->product;
    size_t count = product->callable_count;
    product->figures = ARENA_ARRAY(&product->memory, stepc_callable_figures, count);
    product->steps = ARENA_ARRAY(&product->memory, step *, count);
    c->signatures = ARENA_ARRAY(&product->memory, signature, count);
    c->programs = ARENA_ARRAY(&product->memory, loop_program *, count);
    c->plans = ARENA_ARRAY(&product->memory, memory_plan *, count);
    if (!product->figures || !product->steps || !c->signatures || !c->programs || !c->plans)
        return error_out_of_memory(c->error, "compiling");
    stepc_code code = check_dump(c);
    for (size_t i = 0; !code && i < count; i++)
        code = compile_callable(c, &specs[i], i);
    if (!code)
        code = check_names(c);
    if (code)
        return code;
    share_state(c);
    return emit_all(c, specs);
}

static stepc_code find_isa(const stepc_compile_options *options, const isa_profile **out, stepc_error *error)
{
    const char *name = options->isa ? options->isa : "generic";
    *out = isa_find(name);
    if (*out)
        return STEPC_OK;
    error_set(error, STEPC_INVALID_ARGUMENT, "there is no ISA profile \"%.64s\"", name);
    return error_mend(error, "stepc help isa lists them");
}

stepc_code stepc_compile(stepc_graph *graph, const stepc_callable_spec *callables, size_t callable_count,
                         const stepc_compile_options *options, stepc_product **out, stepc_error *error)
{
    stepc_compile_options none = {.size = sizeof none};
    stepc_error scratch;
    error = error_or(error, &scratch);
    if (out)
        *out = NULL;
    if (!out || !graph || !callables || callable_count == 0)
        return error_set(error, STEPC_INVALID_ARGUMENT, "stepc_compile needs a graph, a callable and a place for the result");
    if (!options)
        options = &none;
    if (options->size < sizeof options->size || options->weights > STEPC_WEIGHTS_FILE)
        return error_set(error, STEPC_INVALID_ARGUMENT, "the size member or the weights of the options are not set");
    if (options->variables_const)
        return error_set(error, STEPC_UNIMPLEMENTED, "this build does not freeze variables");
    compilation c = {.options = options, .dump_after = options->dump_after, .error = error};
    stepc_host host = host_resolve(options->host ? options->host : &graph->host);
    stepc_code code = find_isa(options, &c.isa, c.error);
    if (code)
        return code;
    stepc_product *product = host_alloc(&host, sizeof *product);
    if (!product)
        return error_out_of_memory(error, "compiling");
    product->host = host;
    product->graph = stepc_graph_retain(graph);
    product->callable_count = callable_count;
    arena_init(&product->memory, &product->host);
    size_pool_init(&product->sizes, &product->memory);
    c.product = product;
    code = compile_all(&c, callables);
    if (code)
        stepc_product_free(product);
    else
        *out = product;
    return code;
}

/* ---- the product ---------------------------------------------------------------------------------------- */

size_t stepc_product_file_count(const stepc_product *product)
{
    return product ? product->emitted.file_count : 0;
}

stepc_file stepc_product_file(const stepc_product *product, size_t index)
{
    stepc_file none = {"", "", 0};
    return index < stepc_product_file_count(product) ? product->emitted.files[index] : none;
}

size_t stepc_product_callable_count(const stepc_product *product)
{
    return product ? product->callable_count : 0;
}

const stepc_callable_figures *stepc_product_figures(const stepc_product *product, size_t index)
{
    return index < stepc_product_callable_count(product) ? &product->figures[index] : NULL;
}

void stepc_product_free(stepc_product *product)
{
    if (!product)
        return;
    for (size_t i = 0; product->steps && i < product->callable_count; i++)
        step_release(product->steps[i]);
    stepc_graph_release(product->graph);
    stepc_host host = product->host;
    arena_release(&product->memory);
    host_free(&host, product, sizeof *product);
}
