/* SPDX-License-Identifier: Apache-2.0 */
/* The devices of a session, their names, and where operations are placed. */
#include "runtime/core/host.h"
#include "runtime/session/devices.h"
#include "tests/unit/nodes.h"
#include "tests/unit/session/session_fixture.h"

#define ON(device)                 "device: '" device "' "
#define VALUE(name, device, value) NODE(name, "Const", ON(device) CONST_VALUE("FLOAT", , "float_val: " value))
#define NEG(name, device, x)       NODE(name, "Neg", ON(device) IN(x) TYPE("T", "FLOAT"))
#define CPU0                       "/job:localhost/replica:0/task:0/device:CPU:0"
#define CPU1                       "/job:localhost/replica:0/task:0/device:CPU:1"

static const uint8_t two_cpus[] = {0x0a, 0x07, 0x0a, 0x03, 'C', 'P', 'U', 0x10, 0x02, /* device_count { CPU: 2 } */
                                   0x0a, 0x07, 0x0a, 0x03, 'G', 'P', 'U', 0x10, 0x00};

static struct stepc_error error;

static device_list list_of(int32_t count, arena *memory)
{
    session_config config = {.cpu_devices = count};
    stepc_host host = host_resolve(NULL);
    device_list list;
    error_init(&error);
    arena_init(memory, &host);
    cr_assert_eq(device_list_make(&config, memory, &list, &error), STEPC_OK);
    return list;
}

Test(session_devices, list)
{
    arena memory;
    device_list list = list_of(3, &memory);
    cr_assert_eq(list.count, 3);
    cr_assert_str_eq(list.devices[0].name, CPU0);
    cr_assert_str_eq(list.devices[1].name, CPU1);
    for (size_t i = 0; i < list.count; i++) {
        cr_assert_str_eq(list.devices[i].type, "CPU");
        cr_assert_eq(list.devices[i].memory_limit_bytes, 268435456);
        cr_assert_neq(list.devices[i].incarnation, 0);
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(list.devices[i].incarnation, list.devices[j].incarnation);
    }
    arena_release(&memory);
}

Test(session_devices, device_attributes_canonicalization)
{
    static const struct {
        const char *name;
        int32_t device;
    } cases[] = {
        {"", 0},
        {"/", 0},
        {"/cpu:0", 0},
        {"/cpu:1", 1},
        {"/CPU:1", 1},
        {"/device:CPU:0", 0},
        {"/device:CPU:1", 1},
        {"/device:cpu:1", 1},
        {"/device:CPU:*", 0},
        {"/cpu:*", 0},
        {"/device:CPU", 0},
        {"/device:*", 0},
        {"/device:*:1", 1},
        {CPU0, 0},
        {CPU1, 1},
        {"/job:localhost", 0},
        {"/job:*/device:CPU:1", 1},
        {"/replica:0/task:0/cpu:1", 1},
        {"/task:0", 0},
        {"/task:*/replica:*", 0},
        {"/device:CPU:1/job:localhost", 1},
        {"CPU:*", 0},
        {"CPU:1", 1},
        {"cpu", 0},
        {"/cpu:2", -1},
        {"/device:CPU:2", -1},
        {"/gpu:0", -1},
        {"/device:GPU:0", -1},
        {"/device:XLA_CPU:0", -1},
        {"/job:worker", -1},
        {"/job:worker/cpu:0", -1},
        {"/replica:1", -1},
        {"/task:1/cpu:0", -1},
        {"GPU:0", -1},
        {"/device:CPU:2147483647", -1},
        {"/cpu", -2},
        {"/cpu:", -2},
        {"/cpu:x", -2},
        {"/device:", -2},
        {"/device:CPU:", -2},
        {"/device:CPU:0 ", -2},
        {"//device:CPU:0", -2},
        {"/job:", -2},
        {"/job:1", -2},
        {"/replica:-1", -2},
        {"/task:", -2},
        {"nonsense!", -2},
        {"/foo:0", -2},
        {"/cpu:99999999999999999999", -2},
        {"/cpu:0/", -2},
        {":0", -2},
    };
    arena memory;
    device_list list = list_of(2, &memory);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert_eq(device_find(&list, text_view(cases[i].name)), cases[i].device, "%s gave %d", cases[i].name,
                     (int)device_find(&list, text_view(cases[i].name)));
    arena_release(&memory);
}

static void must_place(const device_list *list, const session_config *config, stepc_graph *graph, const char *name,
                       int32_t device)
{
    int32_t placed = -7;
    cr_assert_eq(device_place(list, config, stepc_graph_find(graph, name), &placed, &error), STEPC_OK, "%s: %s", name,
                 error.message);
    cr_assert_eq(placed, device, "%s", name);
}

static void must_not_place(const device_list *list, const session_config *config, stepc_graph *graph, const char *name,
                           const char *expected)
{
    int32_t placed = -7;
    cr_assert_eq(device_place(list, config, stepc_graph_find(graph, name), &placed, &error), STEPC_INVALID_ARGUMENT,
                 "%s", name);
    cr_assert_str_eq(error.message, expected);
    cr_assert_str_eq(error.node, name);
}

Test(session_devices, placement_and_soft_placement)
{
    stepc_graph *graph =
        graph_of(VALUE("none", "", "1") VALUE("one", "/cpu:1", "1") VALUE("gpu", "/device:GPU:0", "1")
                     VALUE("two", "/cpu:2", "1") VALUE("worker", "/job:worker/cpu:0", "1") VALUE("bad", "/cpu:x", "1"));
    session_config hard = {.cpu_devices = 2}, soft = {.cpu_devices = 2, .allow_soft_placement = true};
    arena memory;
    device_list list = list_of(2, &memory);
    must_place(&list, &hard, graph, "none", 0);
    must_place(&list, &hard, graph, "one", 1);
    must_not_place(&list, &hard, graph, "gpu",
                   "{{node gpu}} was explicitly assigned to /device:GPU:0 but available devices are [ " CPU0 ", " CPU1
                   " ]. Make sure the device specification refers to a valid device.");
    must_not_place(&list, &hard, graph, "two",
                   "{{node two}} was explicitly assigned to /cpu:2 but available devices are [ " CPU0 ", " CPU1
                   " ]. Make sure the device specification refers to a valid device.");
    must_place(&list, &soft, graph, "one", 1);
    must_place(&list, &soft, graph, "gpu", 0);
    must_place(&list, &soft, graph, "two", 0);
    must_not_place(&list, &soft, graph, "worker",
                   "{{node worker}} was explicitly assigned to /job:worker/cpu:0 but available devices are [ " CPU0
                   ", " CPU1 " ]. Make sure the device specification refers to a valid device.");
    must_not_place(&list, &soft, graph, "bad", "Malformed device specification '/cpu:x' in node: {{node bad}}");
    arena_release(&memory);
    stepc_graph_release(graph);
}

/* ---- in sessions -------------------------------------------------------------------------------- */

/* As step_open, with options. */
static void open_with(step *s, const char *nodes, const stepc_session_options *options)
{
    memset(s, 0, sizeof *s);
    error_init(&s->error);
    s->graph = graph_of(nodes);
    cr_assert_eq(stepc_session_open(s->graph, options, &s->session, &s->error), STEPC_OK, "%s", s->error.message);
}

Test(session_devices, many_cpus)
{
    stepc_session_options options = {.size = sizeof options, .config = two_cpus, .config_bytes = sizeof two_cpus};
    step s;
    open_with(&s, VALUE("a", "/cpu:1", "10") NEG("b", "/cpu:0", "a"), &options);
    cr_assert_eq(stepc_session_device_count(s.session), 2);
    cr_assert_str_eq(stepc_session_device_at(s.session, 0)->name, CPU0);
    cr_assert_str_eq(stepc_session_device_at(s.session, 1)->name, CPU1);
    cr_assert_null(stepc_session_device_at(s.session, 2));
    cr_assert_eq(run_fetch(&s, "b"), -10);
    step_close(&s);
}

Test(session_devices, invalid_device)
{
    stepc_session_options options = {.size = sizeof options, .cpu_devices = 2};
    step s;
    open_with(&s, VALUE("a", "/cpu:2", "10"), &options);
    step_fetch(&s, "a");
    must_fail(&s, STEPC_INVALID_ARGUMENT,
              "{{node a}} was explicitly assigned to /cpu:2 but available devices are [ " CPU0 ", " CPU1
              " ]. Make sure the device specification refers to a valid device.");
    step_close(&s);
    open_with(&s, VALUE("a", "/cpu:1", "10"), &options);
    cr_assert_eq(run_fetch(&s, "a"), 10);
    step_close(&s);
}

Test(session_devices, place_pruned_graph)
{
    static const char nodes[] = VALUE("vgpu", "/device:GPU:0", "1") VALUE("v", "", "2");
    static const char refusal[] =
        "{{node vgpu}} was explicitly assigned to /device:GPU:0 but available devices are [ " CPU0
        " ]. Make sure the device specification refers to a valid device.";
    static const uint8_t pruned[] = {0x52, 0x02, 0x30, 0x01}; /* graph_options { place_pruned_graph } */
    stepc_session_options options = {.size = sizeof options};
    step s;
    open_with(&s, nodes, &options); /* DefaultSessionPlacePrunedGraph: every run fails */
    step_fetch(&s, "v");
    must_fail(&s, STEPC_INVALID_ARGUMENT, refusal);
    step_close(&s);
    options.config = pruned;
    options.config_bytes = sizeof pruned;
    open_with(&s, nodes, &options); /* InteractivePlacePrunedGraph: only that one */
    cr_assert_eq(run_fetch(&s, "v"), 2);
    step_fetch(&s, "vgpu");
    must_fail(&s, STEPC_INVALID_ARGUMENT, refusal);
    step_close(&s);
}

Test(session_devices, soft_placement_runs_what_was_made_for_a_gpu)
{
    static const uint8_t soft[] = {0x38, 0x01};
    stepc_session_options options = {.size = sizeof options, .config = soft, .config_bytes = sizeof soft};
    step s;
    open_with(&s, VALUE("a", "/device:GPU:0", "10") NEG("b", "/gpu:3", "a"), &options);
    cr_assert_eq(run_fetch(&s, "b"), -10);
    step_close(&s);
}

typedef struct placement_log {
    char lines[512];
} placement_log;

static void keep_placement(void *context, const char *kind, const char *subject, const char *device)
{
    placement_log *log = context;
    size_t used = strlen(log->lines);
    if (strcmp(kind, "placement") == 0)
        snprintf(log->lines + used, sizeof log->lines - used, "%s %s\n", subject, device);
}

Test(session_devices, default_log_device_placement)
{
    static const uint8_t logged[] = {0x40, 0x01};
    placement_log log = {""};
    stepc_host host;
    stepc_host_init(&host);
    host.report = keep_placement;
    host.report_context = &log;
    stepc_session_options options = {
        .size = sizeof options, .config = logged, .config_bytes = sizeof logged, .host = &host};
    step s;
    open_with(&s, VALUE("a", "", "10") NEG("b", "/cpu:0", "a"), &options);
    cr_assert_eq(run_fetch(&s, "b"), -10);
    cr_assert_eq(run_fetch(&s, "b"), -10); /* said once */
    cr_assert_str_eq(log.lines, "a " CPU0 "\nb " CPU0 "\n");
    step_close(&s);
}

Test(session_devices, session_inter_op_thread_pool_of_a_run)
{
    static const uint8_t pools[] = {0x62, 0x00, 0x62, 0x02, 0x08, 0x01};
    stepc_session_options options = {.size = sizeof options, .config = pools, .config_bytes = sizeof pools};
    step s;
    open_with(&s, VALUE("a", "", "10"), &options);
    for (int32_t pool = -2; pool <= 2; pool++) {
        stepc_run_options run = {.size = sizeof run, .inter_op_thread_pool = pool};
        char expected[64];
        snprintf(expected, sizeof expected, "Invalid inter_op_thread_pool: %d", (int)pool);
        step_reset(&s);
        step_fetch(&s, "a");
        stepc_code code = stepc_session_run(s.session, NULL, 0, s.fetches, 1, NULL, 0, &run, &s.error);
        cr_assert_eq(code, pool == -2 || pool == 2 ? STEPC_INVALID_ARGUMENT : STEPC_OK, "%d", (int)pool);
        if (code != STEPC_OK)
            cr_assert_str_eq(s.error.message, expected);
    }
    step_close(&s);
}
