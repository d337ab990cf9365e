/* SPDX-License-Identifier: Apache-2.0 */
/* Options of sessions and runs. Protos are bytes worked out by hand from the field numbers of config.proto:
 * a tag is number << 3 | wire type (0 varint, 2 length-delimited). */
#include "runtime/core/text.h"
#include "runtime/session/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MINUS_ONE    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01
#define BYTES(array) array, sizeof(array)

static struct stepc_error error;

static stepc_code resolve(const void *proto, size_t bytes, session_config *out)
{
    stepc_session_options options = {.size = sizeof options, .config = proto, .config_bytes = bytes};
    error_init(&error);
    return session_config_resolve(NULL, &options, out, &error);
}

static void must_resolve(const void *proto, size_t bytes, session_config *out)
{
    cr_assert_eq(resolve(proto, bytes, out), STEPC_OK, "%s", error.message);
}

static void must_refuse(const void *proto, size_t bytes, stepc_code code, const char *expected)
{
    session_config config;
    cr_assert_eq(resolve(proto, bytes, &config), code, "%s", error.message);
    cr_assert_str_eq(error.message, expected);
}

/* ---- ConfigProto ------------------------------------------------------------------------------ */

Test(session_config, defaults)
{
    session_config config;
    error_init(&error);
    cr_assert_eq(session_config_resolve(NULL, NULL, &config, &error), STEPC_OK);
    cr_assert_eq(config.cpu_devices, 1);
    cr_assert_eq(config.pool_count, 1);
    cr_assert_eq(config.operation_timeout_ms, 0);
    cr_assert_eq(config.intra_op_threads, 0);
    cr_assert_eq(config.inter_op_threads, 0);
    cr_assert_not(config.allow_soft_placement || config.log_device_placement || config.place_pruned_graph);
    cr_assert_not(config.infer_shapes || config.optimize_for_static_graph || config.has_metadata);
    static const uint8_t none[] = {0};
    must_resolve(none, 0, &config); /* an empty ConfigProto */
    cr_assert_eq(config.cpu_devices, 1);
}

Test(session_config, every_field_that_counts)
{
    static const uint8_t proto[] = {
        0x0a, 0x07, 0x0a, 0x03, 'G',  'P',  'U', 0x10, 0x00, /* device_count { GPU: 0 } */
        0x0a, 0x07, 0x0a, 0x03, 'C',  'P',  'U', 0x10, 0x02, /* device_count { CPU: 2 } */
        0x10, 0x03,                                          /* intra_op_parallelism_threads: 3 */
        0x28, 0x01,                                          /* inter_op_parallelism_threads: 1 */
        0x38, 0x01,                                          /* allow_soft_placement */
        0x40, 0x01,                                          /* log_device_placement */
        0x48, 0x01,                                          /* use_per_session_threads */
        0x52, 0x04, 0x28, 0x01, 0x30, 0x01,                  /* graph_options { infer_shapes place_pruned_graph } */
        0x58, 0xac, 0x02,                                    /* operation_timeout_in_ms: 300 */
        0x62, 0x00,                                          /* session_inter_op_thread_pool { } */
        0x62, 0x02, 0x08, 0x01,                              /* session_inter_op_thread_pool { num_threads: 1 } */
        0x82, 0x01, 0x0c,                                    /* experimental { */
        0x5a, 0x08, 0x0a, 0x04, 'n',  'a',  'm', 'e',  0x10, 0x01, /* session_metadata { name version: 1 } */
        0x60, 0x01,                                                /* optimize_for_static_graph } */
        0xa2, 0x06, 0x02, 0x01, 0x02,                              /* 100, unknown */
    };
    session_config config;
    must_resolve(BYTES(proto), &config);
    cr_assert_eq(config.cpu_devices, 2);
    cr_assert_eq(config.intra_op_threads, 3);
    cr_assert_eq(config.inter_op_threads, 1);
    cr_assert(config.allow_soft_placement && config.log_device_placement && config.place_pruned_graph);
    cr_assert(config.infer_shapes && config.optimize_for_static_graph);
    cr_assert_eq(config.operation_timeout_ms, 300);
    cr_assert_eq(config.pool_count, 2);
    cr_assert(config.has_metadata);
    cr_assert_eq(config.metadata_version, 1);
    cr_assert(text_equal(config.metadata_name, text_view("name")));
}

Test(session_config, members_that_are_set_win_over_the_proto)
{
    static const uint8_t proto[] = {0x0a, 0x07, 0x0a, 0x03, 'C',  'P',  'U', 0x10,
                                    0x02, 0x10, 0x03, 0x28, 0x01, 0x58, 0x07};
    stepc_session_options options = {.size = sizeof options,
                                     .config = proto,
                                     .config_bytes = sizeof proto,
                                     .cpu_devices = 3,
                                     .intra_op_threads = 8,
                                     .inter_op_threads = -1,
                                     .operation_timeout_ms = 9,
                                     .allow_soft_placement = 1,
                                     .place_pruned_graph = 1};
    session_config config;
    error_init(&error);
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_OK, "%s", error.message);
    cr_assert_eq(config.cpu_devices, 3);
    cr_assert_eq(config.intra_op_threads, 8);
    cr_assert_eq(config.inter_op_threads, -1);
    cr_assert_eq(config.operation_timeout_ms, 9);
    cr_assert(config.allow_soft_placement && config.place_pruned_graph);
}

Test(session_config, last_occurrence_wins_and_parts_merge)
{
    static const uint8_t proto[] = {0x28, 0x05, 0x52, 0x02, 0x28, 0x01, 0x28, 0x02, 0x52, 0x02, 0x30, 0x01};
    session_config config;
    must_resolve(BYTES(proto), &config);
    cr_assert_eq(config.inter_op_threads, 2);
    cr_assert(config.infer_shapes && config.place_pruned_graph);
}

Test(session_config, options_of_an_older_caller)
{
    stepc_session_options options = {.size = offsetof(stepc_session_options, cpu_devices), .cpu_devices = 7};
    session_config config;
    error_init(&error);
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_OK);
    cr_assert_eq(config.cpu_devices, 1, "members beyond the size are not read");
    options.size = 0;
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message, "The size member of the session options is not set.");
    options.size = sizeof options;
    options.engine = (stepc_engine)9;
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message, "There is no engine number 9.");
}

Test(session_config, counts_that_cannot_be)
{
    static const uint8_t no_cpu[] = {0x0a, 0x07, 0x0a, 0x03, 'C', 'P', 'U', 0x10, 0x00};
    static const uint8_t many_cpus[] = {0x0a, 0x0b, 0x0a, 0x03, 'C', 'P', 'U', 0x10, 0xff, 0xff, 0xff, 0xff, 0x07};
    static const uint8_t intra[] = {0x10, MINUS_ONE};
    session_config config;
    must_refuse(BYTES(no_cpu), STEPC_NOT_FOUND, "No CPU devices are available in this process");
    must_refuse(BYTES(many_cpus), STEPC_INVALID_ARGUMENT,
                "A session has at most 1024 CPU devices, but 2147483647 were asked for.");
    must_refuse(BYTES(intra), STEPC_INVALID_ARGUMENT, "intra_op_parallelism_threads must not be negative, but is -1.");
    stepc_session_options options = {.size = sizeof options, .cpu_devices = -1};
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_INVALID_ARGUMENT);
    static const uint8_t timeout[] = {0x58, MINUS_ONE}; /* no timeout, as in TensorFlow */
    must_resolve(BYTES(timeout), &config);
    cr_assert_eq(config.operation_timeout_ms, 0);
}

Test(session_config, environment_is_not_read)
{
    session_config config;
    setenv("TF_NUM_INTRAOP_THREADS", "5", 1);
    setenv("TF_NUM_INTEROP_THREADS", "-1", 1);
    must_resolve(NULL, 0, &config);
    cr_assert_eq(config.intra_op_threads, 0);
    cr_assert_eq(config.inter_op_threads, 0);
}

Test(session_config, invalid_target_fails)
{
    static const uint8_t proto[] = {0x38, 0x01, 0x52, 0x02, 0x30, 0x01};
    stepc_session_options options = {.size = sizeof options, .target = "INVALID_TARGET"};
    session_config config;
    error_init(&error);
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_NOT_FOUND);
    cr_assert_str_eq(error.message, "No session factory registered for the given session options: {target: "
                                    "\"INVALID_TARGET\" config: } Registered factories are {DIRECT_SESSION}.");
    options.config = proto;
    options.config_bytes = sizeof proto;
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_NOT_FOUND);
    cr_assert_str_eq(error.message,
                     "No session factory registered for the given session options: {target: \"INVALID_TARGET\" config: "
                     "allow_soft_placement: true graph_options { place_pruned_graph: true }} Registered factories are "
                     "{DIRECT_SESSION}.");
    options.target = "";
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_OK);
}

/* ---- pools ------------------------------------------------------------------------------------ */

Test(session_config, session_inter_op_thread_pool)
{
    static const uint8_t three[] = {0x62, 0x02, 0x08, 0x01, 0x62, 0x02, 0x08, 0x02,
                                    0x62, 0x06, 0x08, 0x02, 0x12, 0x02, 't',  '1'};
    session_config config;
    must_resolve(BYTES(three), &config);
    cr_assert_eq(config.pool_count, 3);
    for (int32_t pool = -3; pool <= 4; pool++) {
        stepc_run_options options = {.size = sizeof options, .inter_op_thread_pool = pool};
        run_settings settings;
        char expected[64];
        stepc_code code = run_settings_resolve(&config, NULL, &options, &settings, &error);
        cr_assert_eq(code, pool >= -1 && pool < 3 ? STEPC_OK : STEPC_INVALID_ARGUMENT, "%d", (int)pool);
        snprintf(expected, sizeof expected, "Invalid inter_op_thread_pool: %d", (int)pool);
        if (code != STEPC_OK)
            cr_assert_str_eq(error.message, expected);
    }
}

Test(session_config, global_pool_keeps_its_size_for_the_process)
{
    static const uint8_t two[] = {0x62, 0x08, 0x08, 0x02, 0x12, 0x04, 'p', 'o', 'o', 'l'};
    static const uint8_t three[] = {0x62, 0x08, 0x08, 0x03, 0x12, 0x04, 'p', 'o', 'o', 'l'};
    static const uint8_t unset[] = {0x62, 0x06, 0x12, 0x04, 'p', 'o', 'o', 'l'};
    session_config config;
    must_resolve(BYTES(two), &config);
    must_resolve(BYTES(two), &config);
    must_refuse(BYTES(three), STEPC_INVALID_ARGUMENT,
                "Pool pool configured previously with num_threads=2; cannot re-configure with num_threads=3");
    must_refuse(BYTES(unset), STEPC_INVALID_ARGUMENT,
                "Pool pool configured previously with num_threads=2; cannot re-configure with num_threads=0");
}

Test(session_config, more_pools_than_a_session_may_have)
{
    uint8_t proto[2 * (CONFIG_POOLS + 1)];
    session_config config;
    for (size_t i = 0; i < sizeof proto; i++)
        proto[i] = i % 2 == 0 ? 0x62 : 0x00;
    must_resolve(proto, 2 * CONFIG_POOLS, &config);
    cr_assert_eq(config.pool_count, CONFIG_POOLS);
    must_refuse(proto, sizeof proto, STEPC_INVALID_ARGUMENT,
                "A session has at most 64 inter-op pools, but 65 were asked for.");
}

Test(session_config, session_metadata_invalid)
{
    static const uint8_t proto[] = {0x82, 0x01, 0x10, 0x5a, 0x0e, 0x0a, 0x01, 'n', 0x10, MINUS_ONE};
    must_refuse(BYTES(proto), STEPC_INVALID_ARGUMENT, "Session version shouldn't be negative: name: \"n\" version: -1");
}

/* ---- RunOptions ------------------------------------------------------------------------------- */

static stepc_code resolve_run(const session_config *config, const void *proto, size_t bytes, run_settings *out)
{
    stepc_run_options options = {.size = sizeof options, .proto = proto, .proto_bytes = bytes};
    error_init(&error);
    return run_settings_resolve(config, NULL, &options, out, &error);
}

Test(session_config, run_options)
{
    static const uint8_t full_trace[] = {0x08, 0x03}, beyond[] = {0x08, 0x09};
    static const uint8_t all[] = {0x08, 0x01, 0x10, 0x14, 0x18, MINUS_ONE, 0x28,
                                  0x01, 0x38, 0x01, 0x42, 0x02, 0x10,      0x01};
    static const uint8_t bad_pool[] = {0x18, 0x01}, negative[] = {0x10, MINUS_ONE};
    session_config config;
    run_settings settings;
    stepc_session_options options = {
        .size = sizeof options, .engine = STEPC_ENGINE_REFERENCE, .operation_timeout_ms = 100};
    error_init(&error);
    cr_assert_eq(session_config_resolve(NULL, &options, &config, &error), STEPC_OK);

    cr_assert_eq(resolve_run(&config, BYTES(full_trace), &settings), STEPC_OK);
    cr_assert_eq(settings.trace_level, STEPC_FULL_TRACE);
    cr_assert_eq(settings.timeout_ms, 100, "the session's");
    cr_assert_eq(settings.engine, STEPC_ENGINE_REFERENCE, "the session's");
    cr_assert_not(settings.output_partition_graphs);
    cr_assert_eq(resolve_run(&config, BYTES(beyond), &settings), STEPC_OK);
    cr_assert_eq(settings.trace_level, STEPC_FULL_TRACE);
    cr_assert_eq(resolve_run(&config, BYTES(all), &settings), STEPC_OK, "%s", error.message);
    cr_assert_eq(settings.trace_level, STEPC_SOFTWARE_TRACE);
    cr_assert_eq(settings.timeout_ms, 20);
    cr_assert(settings.output_partition_graphs);
    cr_assert_eq(resolve_run(&config, BYTES(negative), &settings), STEPC_OK);
    cr_assert_eq(settings.timeout_ms, 100);
    cr_assert_eq(resolve_run(&config, BYTES(bad_pool), &settings), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message, "Invalid inter_op_thread_pool: 1");
}

Test(session_config, run_options_members_win)
{
    static const uint8_t proto[] = {0x08, 0x01, 0x10, 0x14, 0x18, 0x07};
    stepc_run_options options = {.size = sizeof options,
                                 .proto = proto,
                                 .proto_bytes = sizeof proto,
                                 .timeout_ms = 5,
                                 .inter_op_thread_pool = -1,
                                 .trace_level = STEPC_FULL_TRACE,
                                 .output_partition_graphs = 1,
                                 .engine = STEPC_ENGINE_INTERPRETED};
    session_config config;
    run_settings settings;
    must_resolve(NULL, 0, &config);
    cr_assert_eq(run_settings_resolve(&config, NULL, &options, &settings, &error), STEPC_OK, "%s", error.message);
    cr_assert_eq(settings.timeout_ms, 5);
    cr_assert_eq(settings.trace_level, STEPC_FULL_TRACE);
    cr_assert_eq(settings.engine, STEPC_ENGINE_INTERPRETED);
    cr_assert(settings.output_partition_graphs);
    options.trace_level = (stepc_trace_level)4;
    cr_assert_eq(run_settings_resolve(&config, NULL, &options, &settings, &error), STEPC_INVALID_ARGUMENT);
    options.size = 0;
    cr_assert_eq(run_settings_resolve(&config, NULL, &options, &settings, &error), STEPC_INVALID_ARGUMENT);
    cr_assert_str_eq(error.message, "The size member of the run options is not set.");
}

/* ---- hostile bytes ------------------------------------------------------------------------------ */

Test(session_config, damaged_protos)
{
    static const struct {
        uint8_t bytes[8];
        size_t size;
    } cases[] = {
        {{0x08}, 1},                   /* a tag without a value */
        {{0x10, 0x80}, 2},             /* a varint that is cut off */
        {{0x0a, 0x7f}, 2},             /* a length beyond the end */
        {{0x52, 0x02, 0x28}, 3},       /* the same, one level down */
        {{0x52, 0x01, 0x28}, 3},       /* a tag without a value in a sub-message */
        {{0x00, 0x00}, 2},             /* field 0 */
        {{0x0c}, 1},                   /* the end of a group that was not begun */
        {{0x0f, 0x00}, 2},             /* wire type 7 */
        {{0xff, 0xff, 0xff, 0xff}, 4}, /* a tag that is cut off */
    };
    session_config config;
    run_settings settings;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        must_refuse(cases[i].bytes, cases[i].size, STEPC_INVALID_ARGUMENT, "Unparseable ConfigProto");
        must_resolve(NULL, 0, &config);
        if (i == 3 || i == 4)
            continue; /* no sub-message in RunOptions: field 10 is unknown there, and only its length counts */
        cr_assert_eq(resolve_run(&config, cases[i].bytes, cases[i].size, &settings), STEPC_INVALID_ARGUMENT, "case %zu",
                     i);
        cr_assert_str_eq(error.message, "Unparseable RunOptions proto");
    }
    uint8_t groups[2 * 5000]; /* field 100 as a group in a group in a group */
    for (size_t i = 0; i < sizeof groups; i++)
        groups[i] = i % 2 == 0 ? 0xa3 : 0x06;
    must_refuse(BYTES(groups), STEPC_INVALID_ARGUMENT, "Unparseable ConfigProto");
}

Test(session_config, random_protos_never_crash)
{
    uint64_t state = 1;
    uint8_t bytes[48];
    session_config config, plain;
    run_settings settings;
    must_resolve(NULL, 0, &plain);
    for (int round = 0; round < 20000; round++) {
        for (size_t i = 0; i < sizeof bytes; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = (uint8_t)(state >> 56);
            if (i % 3 == 0) /* tags of fields that are there, more often than not */
                bytes[i] = (uint8_t)((bytes[i] % 17) << 3 | (bytes[i] >> 6 == 1 ? 2 : 0));
        }
        size_t size = (size_t)(state >> 33) % sizeof bytes;
        stepc_code code = resolve(bytes, size, &config);
        cr_assert(code == STEPC_OK || code == STEPC_INVALID_ARGUMENT || code == STEPC_NOT_FOUND, "%s", error.message);
        code = resolve_run(&plain, bytes, size, &settings);
        cr_assert(code == STEPC_OK || code == STEPC_INVALID_ARGUMENT, "%s", error.message);
    }
}
