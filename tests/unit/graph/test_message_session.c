/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of sessions, bytes against text: bytes by hand from the field numbers of config.proto and
 * step_stats.proto, text as protobuf prints it. */
#include "runtime/core/host.h"
#include "runtime/graph/message.h"

#include <criterion/criterion.h>
#include <string.h>

static struct stepc_error error;

static void must_match(const message_type *type, const uint8_t *bytes, size_t size, const char *expected)
{
    stepc_host host = host_resolve(NULL);
    message *tree;
    arena memory;
    text out;
    error_init(&error);
    arena_init(&memory, &host);
    text_init(&out, &host);
    cr_assert_eq(message_read_binary(&host, &memory, type, "test", bytes, size, &tree, &error), STEPC_OK, "%s",
                 error.message);
    cr_assert_eq(message_write_text(&host, tree, &out, &error), STEPC_OK);
    cr_assert_str_eq(out.data, expected);
    cr_assert_eq(message_read_text(&host, &memory, type, "test", expected, strlen(expected), &tree, &error), STEPC_OK,
                 "%s", error.message);
    text_release(&out);
    cr_assert_eq(message_write_binary(&host, tree, &out, &error), STEPC_OK);
    cr_assert(out.size == size && memcmp(out.data, bytes, size) == 0, "%s", expected);
    text_release(&out);
    arena_release(&memory);
}

Test(message_session, config_proto)
{
    static const uint8_t bytes[] = {
        0x0a, 0x07, 0x0a, 0x03, 'C',  'P',  'U',  0x10, 0x02, 0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0x01, 0x32, 0x02, 0x20, 0x01, 0x52, 0x0d, 0x1a, 0x0b, 0x18, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x62, 0x06, 0x08, 0x02, 0x12, 0x02, 't',  '1',
    };
    must_match(&message_config_proto, bytes, sizeof bytes,
               "device_count {\n  key: \"CPU\"\n  value: 2\n}\ninter_op_parallelism_threads: -1\n"
               "gpu_options {\n  allow_growth: true\n}\n"
               "graph_options {\n  optimizer_options {\n    opt_level: L0\n  }\n}\n"
               "session_inter_op_thread_pool {\n  num_threads: 2\n  global_name: \"t1\"\n}\n");
}

Test(message_session, run_options)
{
    static const uint8_t bytes[] = {0x08, 0x03, 0x10, 0x14, 0x18, 0x02, 0x28, 0x01, 0x38, 0x01, 0x42, 0x02, 0x10, 0x01};
    must_match(&message_run_options, bytes, sizeof bytes,
               "trace_level: FULL_TRACE\ntimeout_in_ms: 20\ninter_op_thread_pool: 2\noutput_partition_graphs: true\n"
               "report_tensor_allocations_upon_oom: true\nexperimental {\n  use_run_handler_pool: true\n}\n");
}

Test(message_session, callable_options)
{
    static const uint8_t bytes[] = {
        0x0a, 0x03, 'a',  ':',  '0',  0x0a, 0x01, 'b',  0x12, 0x03, 'y', ':',  '0',  0x1a, 0x01, 't',
        0x22, 0x02, 0x08, 0x03, 0x2a, 0x0a, 0x0a, 0x03, 'x',  ':',  '0', 0x12, 0x03, 'z',  ':',  '1',
    };
    must_match(
        &message_callable_options, bytes, sizeof bytes,
        "feed: \"a:0\"\nfeed: \"b\"\nfetch: \"y:0\"\ntarget: \"t\"\nrun_options {\n  trace_level: FULL_TRACE\n}\n"
        "tensor_connection {\n  from_tensor: \"x:0\"\n  to_tensor: \"z:1\"\n}\n");
}

Test(message_session, run_metadata)
{
    static const uint8_t bytes[] = {
        0x0a, 0x1c, 0x0a, 0x1a, 0x0a, 0x01, 'd',  0x12, 0x15, 0x0a, 0x01, 'n',  0x10,
        0x07, 0x20, 0x05, 0x32, 0x07, 0x0a, 0x03, 'c',  'p',  'u',  0x10, 0x08, 0x42,
        0x01, 'l',  0x78, 0x09, 0x1a, 0x05, 0x0a, 0x03, 0x0a, 0x01, 'x',
    };
    must_match(
        &message_run_metadata, bytes, sizeof bytes,
        "step_stats {\n  dev_stats {\n    device: \"d\"\n    node_stats {\n      node_name: \"n\"\n"
        "      all_start_micros: 7\n      op_end_rel_micros: 5\n      memory {\n        allocator_name: \"cpu\"\n"
        "        total_bytes: 8\n      }\n      timeline_label: \"l\"\n      op_end_rel_nanos: 9\n    }\n  }\n}\n"
        "partition_graphs {\n  node {\n    name: \"x\"\n  }\n}\n");
}
