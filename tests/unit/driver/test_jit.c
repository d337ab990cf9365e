/* SPDX-License-Identifier: Apache-2.0 */
/* Modules on demand: values, sharing, threads, compilers that misbehave. */
#include "tests/unit/driver/jit_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <time.h>

static int entries_of(const char *folder)
{
    int count = 0;
    DIR *open = opendir(folder);
    cr_assert_not_null(open);
    while (readdir(open) != NULL)
        count++;
    closedir(open);
    return count - 2;
}

Test(jit, gives_right_values_and_leaves_nothing)
{
    own_folder();
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = small_graph();
    const stepc_module *module = compile_small(jit, graph, 3);
    check_small(module);
    cr_assert_str_eq(module->entries[0].feeds[0].tensor, "x:0");
    cr_assert_str_eq(module->entries[0].fetches[0].tensor, "y:0");
    cr_assert_eq(module->entries[0].symbol_count, 0u);
    jit->release(jit->context, module);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    cr_assert_eq(entries_of(own_path), 0);
    remove_own_folder();
}

/* a: int32 scalar; b: int32[2,0] and back; two fetches of one tensor; a fetch that is fed. */
Test(jit, scalars_empty_tensors_and_repeated_fetches)
{
    static const char text[] = PLACEHOLDER("a", "INT32", "") PLACEHOLDER_ANY("b", "INT32")
        BINARY("ab", "Add", "INT32", "a", "a") BINARY("bb", "Mul", "INT32", "b", "b") VERSION(134);
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = graph_of(text);
    stepc_output feeds[2] = {output_of(graph, "a"), output_of(graph, "b")};
    stepc_output fetches[3] = {output_of(graph, "ab"), output_of(graph, "bb"), output_of(graph, "ab")};
    int32_t a = 21;
    int64_t dims[2] = {2, 0};
    stepc_view values[2] = {{.data = &a, .bytes = sizeof a, .rank = 0, .dtype = STEPC_INT32},
                            {.data = &a, .bytes = 0, .dims = dims, .rank = 2, .dtype = STEPC_INT32}};
    stepc_jit_request request = {.size = sizeof request,
                                 .feeds = feeds,
                                 .values = values,
                                 .feed_count = 2,
                                 .fetches = fetches,
                                 .fetch_count = 3};
    const stepc_module *module;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(jit->compile(jit->context, graph, &request, &module, NULL, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    stepc_tensor *out[3];
    cr_assert_eq(module_call_new(NULL, module, &module->entries[0], values, 2, out, 3, NULL, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    cr_assert_eq(*(const int32_t *)stepc_tensor_data(out[0]), 42);
    cr_assert_eq(stepc_tensor_length(out[1]), 0);
    cr_assert_eq(*(const int32_t *)stepc_tensor_data(out[2]), 42);
    for (int i = 0; i < 3; i++)
        stepc_tensor_release(out[i]);
    jit->release(jit->context, module);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    stepc_error_free(error);
}

/* A target that writes a variable; the module's state is where the caller keeps it. */
Test(jit, targets_and_state)
{
    static const char text[] = VARIABLE("v", "FLOAT", "") PLACEHOLDER("x", "FLOAT", "") NODE(
        "add", "AssignAdd", IN("v") IN("x") TYPE("T", "FLOAT")) VERSION(134);
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = graph_of(text);
    stepc_output x = output_of(graph, "x");
    const stepc_operation *target = stepc_graph_find(graph, "add");
    float two = 2;
    stepc_view value = {.data = &two, .bytes = sizeof two, .rank = 0, .dtype = STEPC_FLOAT32};
    stepc_jit_request request = {.size = sizeof request,
                                 .feeds = &x,
                                 .values = &value,
                                 .feed_count = 1,
                                 .targets = &target,
                                 .target_count = 1};
    const stepc_module *module;
    stepc_error *error = stepc_error_new();
    cr_assert_eq(jit->compile(jit->context, graph, &request, &module, NULL, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    cr_assert_str_eq(module->entries[0].targets[0], "add");
    /* The variable, and whether it has a value. */
    cr_assert_eq(module->state_count, 2u);
    cr_assert_str_eq(module->state[0].tensor, "v");
    static _Alignas(64) unsigned char state[256];
    stepc_env env = {.size = sizeof env, .state = state};
    float five = 5, seven;
    cr_assert_leq(module->state_bytes, sizeof state);
    cr_assert_eq(module->init(&env), 0);
    memcpy(state + module->state[0].offset, &five, sizeof five);
    state[module->state[1].offset] = 1;
    cr_assert_eq(module_call_new(NULL, module, &module->entries[0], &value, 1, NULL, 0, &env, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    memcpy(&seven, state + module->state[0].offset, sizeof seven);
    cr_assert_eq(seven, 7);
    stepc_jit_close(jit); /* also what was not released */
    stepc_graph_release(graph);
    stepc_error_free(error);
}

Test(jit, equal_steps_share_a_module_until_the_last_release)
{
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = small_graph(), *again = small_graph();
    const stepc_module *a = compile_small(jit, graph, 3), *b = compile_small(jit, again, 3);
    const stepc_module *c = compile_small(jit, graph, 4);
    cr_assert_eq(a, b, "the same content in another graph");
    cr_assert_neq(a, c, "other shapes");
    stepc_jit_statistics s = statistics(jit);
    cr_assert(s.built == 2 && s.shared == 1 && s.loaded == 2 && s.from_disk == 0 && s.failed == 0);
    stepc_graph_release(graph);
    stepc_graph_release(again); /* modules do not need their graph */
    jit->release(jit->context, a);
    check_small(b);
    cr_assert_eq(statistics(jit).loaded, 2);
    jit->release(jit->context, b);
    cr_assert_eq(statistics(jit).loaded, 1);
    jit->release(jit->context, c);
    cr_assert_eq(statistics(jit).loaded, 0);
    jit->release(jit->context, NULL);
    stepc_jit_close(jit);
}

typedef struct job {
    const stepc_jit *jit;
    stepc_graph *graph;
    int64_t length;
    const stepc_module *module;
    stepc_code code;
} job;

static void *run_job(void *context)
{
    job *j = context;
    j->code = request_small(j->jit, j->graph, j->length, &j->module, NULL);
    return NULL;
}

static void run_jobs(job *jobs, int count)
{
    pthread_t threads[8];
    for (int i = 0; i < count; i++)
        cr_assert_eq(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
}

Test(jit, threads_that_want_the_same_build_once)
{
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = small_graph();
    job jobs[8];
    for (int i = 0; i < 8; i++)
        jobs[i] = (job){jit, graph, i < 6 ? 3 : 5, NULL, STEPC_OK};
    run_jobs(jobs, 8);
    for (int i = 0; i < 8; i++)
        cr_assert(jobs[i].code == STEPC_OK && jobs[i].module == jobs[i < 6 ? 0 : 6].module);
    check_small(jobs[0].module);
    stepc_jit_statistics s = statistics(jit);
    cr_assert(s.built == 2 && s.shared == 6 && s.loaded == 2);
    for (int i = 0; i < 8; i++)
        jit->release(jit->context, jobs[i].module);
    cr_assert_eq(statistics(jit).loaded, 0);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
}

Test(jit, threads_that_wait_for_a_build_that_fails)
{
    own_folder();
    char script[200];
    snprintf(script, sizeof script, "%s/cc", own_path);
    put_file(script, "#!/bin/sh\n[ \"$1\" = --version ] && exit 0\nsleep 0.3\nexit 1\n", 0700);
    stepc_jit_options options = {.size = sizeof options, .cc = script};
    const stepc_jit *jit = open_jit(&options);
    stepc_graph *graph = small_graph();
    job jobs[4];
    for (int i = 0; i < 4; i++)
        jobs[i] = (job){jit, graph, 3, NULL, STEPC_OK};
    run_jobs(jobs, 4);
    for (int i = 0; i < 4; i++)
        cr_assert(jobs[i].code == STEPC_INTERNAL && jobs[i].module == NULL);
    stepc_jit_statistics s = statistics(jit);
    cr_assert(s.failed == 4 && s.built == 0 && s.loaded == 0);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    remove_own_folder();
}

Test(jit, compilers_that_misbehave)
{
    own_folder();
    stepc_graph *graph = small_graph();
    stepc_error *error = stepc_error_new();
    char script[200];
    snprintf(script, sizeof script, "%s/cc", own_path);
    static const struct {
        const char *body; /* NULL: no script */
        stepc_code code;
    } rows[] = {
        {NULL, STEPC_UNAVAILABLE},
        {"#!/bin/sh\nexit 1\n", STEPC_INTERNAL}, /* does not tell its version */
        {"#!/bin/sh\n[ \"$1\" = --version ]\n", STEPC_INTERNAL},
        {"#!/bin/sh\nexit 0\n", STEPC_NOT_FOUND}, /* says it worked, and wrote nothing */
        {"#!/bin/sh\n[ \"$1\" = --version ] || sleep 60\n", STEPC_DEADLINE_EXCEEDED},
        {"#!/bin/sh\n[ \"$1\" = --version ] || exec gcc -ffast-math \"$@\"\n", STEPC_INTERNAL},
        {"#!/bin/sh\nexec gcc \"$@\"\n", STEPC_OK},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const stepc_module *module;
        stepc_jit_options options = {.size = sizeof options, .cc = script, .timeout_ms = rows[i].code ? 300 : 0};
        if (rows[i].code == STEPC_INTERNAL)
            options.timeout_ms = 20000;
        if (rows[i].body)
            put_file(script, rows[i].body, 0700);
        time_t began = time(NULL);
        const stepc_jit *jit = open_jit(&options);
        cr_assert_eq(request_small(jit, graph, 3, &module, error), rows[i].code, "row %zu: %s", i,
                     stepc_error_message(error));
        cr_assert_lt(time(NULL) - began, 30);
        stepc_jit_close(jit);
        cr_assert_eq(entries_of(own_path), rows[i].body != NULL, "row %zu", i);
    }
    stepc_error_free(error);
    stepc_graph_release(graph);
    remove_own_folder();
}

/* The compiler sees no variable that redirects it, and its temporary files lie in the private folder. */
Test(jit, the_compiler_runs_in_a_reduced_environment)
{
    own_folder();
    char script[200], seen[200], body[400], line[4000];
    snprintf(script, sizeof script, "%s/cc", own_path);
    snprintf(seen, sizeof seen, "%s/seen", own_path);
    snprintf(body, sizeof body, "#!/bin/sh\nenv >> '%s'\nexec gcc \"$@\"\n", seen);
    put_file(script, body, 0700);
    setenv("CPATH", "/nowhere", 1);
    setenv("LIBRARY_PATH", "/nowhere", 1);
    setenv("GCC_EXEC_PREFIX", "/nowhere/", 1);
    setenv("COMPILER_PATH", "/nowhere", 1);
    setenv("LD_LIBRARY_PATH", "/nowhere", 1);
    setenv("LANG", "de_DE.UTF-8", 1);
    setenv("KEPT", "1", 1);
    stepc_jit_options options = {.size = sizeof options, .cc = script};
    const stepc_jit *jit = open_jit(&options);
    stepc_graph *graph = small_graph();
    check_small(compile_small(jit, graph, 3));
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    FILE *file = fopen(seen, "rb");
    cr_assert_not_null(file);
    int kept = 0, temporary = 0;
    char inside[220];
    snprintf(inside, sizeof inside, "TMPDIR=%s/stepc-", own_path);
    while (fgets(line, sizeof line, file)) {
        cr_assert_null(strstr(line, "/nowhere"), "%s", line);
        cr_assert_null(strstr(line, "de_DE"), "%s", line);
        kept += strcmp(line, "KEPT=1\n") == 0;
        temporary += strncmp(line, inside, strlen(inside)) == 0;
    }
    fclose(file);
    cr_assert(kept == 2 && temporary == 2, "one run for the version, one for the library");
    remove_own_folder();
}

Test(jit, what_cannot_be_compiled_is_said)
{
    static const char text[] = PLACEHOLDER("s", "STRING", "") NODE("out", "StringToHashBucketFast", IN("s") INT("num_buckets", 3))
        VERSION(134);
    stepc_graph *graph = graph_of(text);
    const stepc_jit *jit = open_jit(NULL);
    stepc_error *error = stepc_error_new();
    stepc_output s = output_of(graph, "s"), out = output_of(graph, "out");
    stepc_view value = {.rank = 0, .dtype = STEPC_STRING};
    stepc_jit_request request = {
        .size = sizeof request, .feeds = &s, .values = &value, .feed_count = 1, .fetches = &out, .fetch_count = 1};
    const stepc_module *module;
    cr_assert_eq(jit->compile(jit->context, graph, &request, &module, NULL, error), STEPC_UNIMPLEMENTED, "%s",
                 stepc_error_message(error));
    cr_assert_null(module);
    cr_assert_eq(statistics(jit).failed, 1);
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    stepc_error_free(error);
}

Test(jit, wrong_options_and_requests)
{
    const stepc_jit *jit;
    const stepc_module *module;
    stepc_jit_options options = {.size = sizeof options, .isa = "nonsense"};
    cr_assert_eq(stepc_jit_open(&options, &jit, NULL), STEPC_INVALID_ARGUMENT);
    options.isa = "armv7m";
    cr_assert_eq(stepc_jit_open(&options, &jit, NULL), STEPC_FAILED_PRECONDITION);
    options.isa = NULL;
    options.timeout_ms = -1;
    cr_assert_eq(stepc_jit_open(&options, &jit, NULL), STEPC_INVALID_ARGUMENT);
    options = (stepc_jit_options){.size = 0};
    cr_assert_eq(stepc_jit_open(&options, &jit, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_null(jit);
    cr_assert_eq(stepc_jit_open(NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    stepc_jit_close(NULL);
    jit = open_jit(NULL);
    stepc_graph *graph = small_graph();
    stepc_jit_request request = {.size = sizeof request};
    cr_assert_eq(jit->compile(jit->context, NULL, &request, &module, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(jit->compile(jit->context, graph, NULL, &module, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(jit->compile(jit->context, graph, &request, NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    request.fetch_count = 1;
    cr_assert_eq(jit->compile(jit->context, graph, &request, &module, NULL, NULL), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(stepc_jit_statistics_get(NULL, NULL, NULL), STEPC_INVALID_ARGUMENT);
    stepc_graph_release(graph);
    stepc_jit_close(jit);
}

static void run_small(stepc_session *session, stepc_graph *graph, int64_t length, stepc_engine engine)
{
    float x[4] = {1, -2, 0.25f, 10};
    static const float want[4] = {4, -2, 2.5f, 22};
    stepc_feed feed = {output_of(graph, "x"),
                       {.data = x, .bytes = (size_t)length * 4, .dims = &length, .rank = 1, .dtype = STEPC_FLOAT32}};
    stepc_fetch fetch = {.at = output_of(graph, "y")};
    stepc_run_options run = {.size = sizeof run, .engine = engine};
    stepc_error *error = stepc_error_new();
    cr_assert_eq(stepc_session_run(session, &feed, 1, &fetch, 1, NULL, 0, &run, error), STEPC_OK, "%s",
                 stepc_error_message(error));
    cr_assert_eq(stepc_tensor_length(fetch.out), length);
    cr_assert_eq(memcmp(stepc_tensor_data(fetch.out), want, (size_t)length * 4), 0);
    stepc_tensor_release(fetch.out);
    stepc_error_free(error);
}

Test(jit, a_session_compiles_on_first_use_and_sessions_share)
{
    own_folder();
    const stepc_jit *jit = open_jit(NULL);
    stepc_graph *graph = small_graph();
    stepc_session *sessions[2];
    stepc_session_options options = {.size = sizeof options, .jit = jit};
    for (int i = 0; i < 2; i++) {
        cr_assert_eq(stepc_session_open(graph, &options, &sessions[i], NULL), STEPC_OK);
        run_small(sessions[i], graph, 3, STEPC_ENGINE_JIT);
        run_small(sessions[i], graph, 3, STEPC_ENGINE_DEFAULT);
        run_small(sessions[i], graph, 4, STEPC_ENGINE_JIT);
        run_small(sessions[i], graph, 4, STEPC_ENGINE_INTERPRETED);
        stepc_session_statistics s = {.size = sizeof s};
        cr_assert_eq(stepc_session_statistics_get(sessions[i], &s, NULL), STEPC_OK);
        cr_assert(s.runs_jit == 3 && s.runs_interpreted == 1 && s.jit_compilations == 2 && s.jit_refusals == 0);
    }
    stepc_jit_statistics told = statistics(jit);
    cr_assert(told.built == 2 && told.shared == 2 && told.loaded == 2);
    stepc_session_free(sessions[0]);
    run_small(sessions[1], graph, 3, STEPC_ENGINE_JIT);
    stepc_session_free(sessions[1]);
    cr_assert_eq(statistics(jit).loaded, 0, "a session gives back what it asked for");
    stepc_jit_close(jit);
    stepc_graph_release(graph);
    cr_assert_eq(entries_of(own_path), 0);
    remove_own_folder();
}
