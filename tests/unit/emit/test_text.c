/* SPDX-License-Identifier: Apache-2.0 */
/* The text itself: hostile names, names that collide, the ABI, other compilers, the same bytes each time. */
#include "compiler/emit/abi.h"
#include "compiler/emit/inside.h"
#include "emit_test.h"

static char *read_whole(const char *path)
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file, "%s", path);
    char *data = calloc(1, 1 << 20);
    size_t got = fread(data, 1, (1 << 20) - 1, file);
    data[got] = '\0';
    fclose(file);
    return data;
}

Test(text, the_abi_is_that_of_module_h)
{
    stepc_host host;
    stepc_host_init(&host);
    text out;
    text_init(&out, &host);
    abi_write_module_header(&out);
    char *header = read_whole(SOURCE_FOLDER "/include/stepc/module.h");
    cr_assert_str_eq(out.data, header, "copy include/stepc/module.h into compiler/emit/abi.c");
    text_release(&out);
    text_init(&out, &host);
    abi_write(&out);
    cr_assert(strstr(out.data, "typedef struct stepc_fault {") && strstr(out.data, "} stepc_env;\n"));
    cr_assert_null(strstr(out.data, "#"));
    text_release(&out);
    free(header);
}

/* Only bytes that no compiler reads in a second way. */
static void check_tokens(const char *body)
{
    for (const char *p = body; *p; p++) {
        unsigned char c = (unsigned char)*p;
        cr_assert(c == '\n' || (c >= 0x20 && c < 0x7F), "byte %d", c);
        cr_assert(!(p[0] == '?' && p[1] == '?'), "a trigraph");
        cr_assert(!(p[0] == '\\' && p[1] == '\n'), "a line splice");
    }
    for (const char *p = strstr(body, "/*"); p; p = strstr(p, "/*")) {
        const char *end = strstr(p + 2, "*/"), *inner = strstr(p + 2, "/*");
        cr_assert_not_null(end);
        cr_assert(inner == NULL || inner > end, "a comment in a comment: %.60s", p);
        p = end + 2;
    }
}

static const char *const hostile[] = {"*/ int evil; /*",
                                      "a\"b",
                                      "back\\slash",
                                      "new\nline",
                                      "?\?/",
                                      "%n%s",
                                      "#include <x>",
                                      "\xC3\xA4\xE2\x80\xAE",
                                      "",
                                      "/",
                                      "//",
                                      "*/",
                                      "a/*b",
                                      "\\",
                                      "\"",
                                      "x\r\ny",
                                      "'",
                                      "\x7F\x01",
                                      "int",
                                      "_Reserved"};

/* One program whose operation, buffers, checks and tensor bear NAME. */
static void add_hostile(rig *r, const char *name)
{
    loop_program *p = rig_program(r, true);
    stepc_operation *op = ARENA_NEW(&r->memory, stepc_operation);
    op->name = (stepc_string){name, strlen(name)};
    op->type = op->name;
    size_ref dims[1] = {size_const(&r->sizes, 4)};
    int32_t x = rig_sized(r, p, BUFFER_FEED, STEPC_INT32, "x", 1, dims),
            out = rig_sized(r, p, BUFFER_FETCH, STEPC_INT32, "out", 1, dims);
    int32_t kept = loop_buffer_new(p, BUFFER_ARENA, STEPC_INT32, dims, 1, name),
            w = loop_buffer_new(p, BUFFER_WEIGHT, STEPC_INT32, dims, 1, name);
    static const int32_t ones[4] = {1, 1, 1, 1};
    p->buffers[kept].tensor = name;
    p->buffers[w].data = ones;
    p->feeds[0].tensor = p->fetches[0].tensor = name;
    const char **targets = ARENA_ARRAY(&r->memory, const char *, 1);
    targets[0] = name;
    p->targets = targets;
    p->target_count = 1;
    for (int step = 0; step < 3; step++) {
        nest_builder b;
        nest_begin(&b, p);
        nest_origin(&b, op);
        nest_axis(&b, dims[0], AXIS_SPACE);
        int32_t v = nest_read(&b, step == 2 ? kept : x, AXES(0));
        if (step == 0)
            nest_check(&b, nest_binary(&b, LOOP_LT, v, nest_const_i64(&b, STEPC_INT32, 1000)), STEPC_OUT_OF_RANGE, name,
                       op);
        else
            nest_write(&b, step == 1 ? kept : out, AXES(0), nest_binary(&b, LOOP_ADD, v, nest_read(&b, w, AXES(0))));
        rig_end(&b);
    }
}

Test(text, hostile_names_stay_text)
{
    rig r;
    rig_init(&r);
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        add_hostile(&r, hostile[i]);
    rig_emit_all(&r, &plain_isa, true);
    check_tokens(r.result.files[0].data);
    check_tokens(r.result.files[1].data);
    for (int cc = 0; cc < 2; cc++) {
        rig_build(&r, cc ? "gcc" : "clang", "-O0");
        for (size_t i = 0; i < r.count; i++) {
            /* Names reach the caller as they were. */
            cr_assert_str_eq(r.module->entries[i].feeds[0].tensor, hostile[i]);
            cr_assert_str_eq(r.module->entries[i].targets[0], hostile[i]);
            rig_compare(&r, i, "hostile", 1, 0, NULL, 0);
            int32_t x[4] = {1, 2, 1000, 3}, out[4];
            const int32_t *feeds = x;
            int32_t *fetches = out;
            static _Alignas(64) unsigned char block[256];
            stepc_fault fault = {0, 0, NULL, NULL};
            stepc_env env = {.size = sizeof env, .arena = block, .arena_bytes = sizeof block, .fault = &fault};
            cr_assert_eq(r.module->entries[i].call(&feeds, &fetches, &env), STEPC_OUT_OF_RANGE);
            cr_assert_str_eq(fault.message, hostile[i]);
        }
    }
    rig_release(&r);
}

static stepc_code emit_named(const char *callable, const char *module, const char *prefix, const char *feed,
                             const char *fetch)
{
    rig r;
    stepc_error error;
    rig_init(&r);
    error_init(&error);
    loop_program *p = rig_program(&r, true);
    p->name = callable;
    int32_t x = rig_buffer(&r, p, BUFFER_FEED, STEPC_FLOAT32, feed, 1, DIMS(4)),
            out = rig_buffer(&r, p, BUFFER_FETCH, STEPC_FLOAT32, fetch, 1, DIMS(4));
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, size_const(&r.sizes, 4), AXIS_SPACE);
    nest_write(&b, out, AXES(0), nest_read(&b, x, AXES(0)));
    rig_end(&b);
    emit_options options = {.module = module, .prefix = prefix, .isa = &plain_isa, .exact = true};
    stepc_code code = rig_emit(&r, &options, &error);
    cr_assert(code == STEPC_OK ? r.result.file_count == 2 : r.result.file_count == 0);
    if (code == STEPC_OK) {
        rig_write(&r);
        char name[100];
        snprintf(name, sizeof name, "-c -o t.o %s.c", module);
        cr_assert_eq(rig_run(&r, "gcc", "-std=c11 " WARNINGS, "", name), 0, "%s", callable);
    }
    rig_release(&r);
    return code;
}

Test(text, names_that_are_taken_are_refused)
{
    cr_assert_eq(emit_named("net", "net", "", "x", "y"), STEPC_OK);
    cr_assert_eq(emit_named("net", "net", "lib_", "x", "y"), STEPC_OK);
    cr_assert_eq(emit_named("net", "other", "", "n", "check"), STEPC_OK);
    cr_assert_eq(emit_named("arena", "other", "", "state", "weights"), STEPC_OK);
    cr_assert_eq(emit_named("v_exp_f32", "net", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net", "env", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("philox4x32", "net", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("k0_copy", "net", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net_init", "net", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net", "net_feeds", "", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net", "net", "", "INT32_MAX", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net", "net", "", "V_LANES", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("net", "net", "1", "x", "y"), STEPC_INVALID_ARGUMENT);
    cr_assert_eq(emit_named("a b", "net", "", "x", "y"), STEPC_INVALID_ARGUMENT);
}

/* A program with a bit of everything, for other compilers and for comparison. */
static void add_everything(rig *r, bool exact)
{
    loop_program *p = rig_program(r, exact);
    size_pool *s = &r->sizes;
    size_ref n = size_symbol(s, "n", 0, 64), dims[2] = {n, size_const(s, 33)};
    int32_t x = rig_sized(r, p, BUFFER_FEED, STEPC_FLOAT32, "x", 2, dims),
            out = rig_sized(r, p, BUFFER_FETCH, STEPC_FLOAT32, "out", 2, dims);
    int32_t best = rig_sized(r, p, BUFFER_FETCH, STEPC_INT64, "best", 1, dims),
            kept = rig_sized(r, p, BUFFER_ARENA, STEPC_FLOAT32, "kept", 2, dims);
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, dims[1], AXIS_SPACE);
    int32_t v = nest_read(&b, x, AXES(0, 1));
    v = nest_unary(&b, LOOP_TANH, nest_unary(&b, LOOP_EXP, nest_unary(&b, LOOP_SIN, v)));
    nest_write(&b, kept, AXES(0, 1), nest_round_to(&b, nest_unary(&b, LOOP_SQRT, v), STEPC_HALF));
    rig_end(&b);
    rig_vector(&b, 1, 2, -1, 1);
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, dims[1], AXIS_REDUCE);
    nest_write(&b, best, AXES(0), nest_acc(&b, ACC_ARG_MAX, nest_read(&b, kept, AXES(0, 1)), false));
    rig_end(&b);
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, dims[1], AXIS_SPACE);
    nest_write(&b, out, AXES(0, 1), nest_read(&b, kept, AXES(0, 1)));
    rig_end(&b);
}

Test(text, equal_input_gives_equal_bytes)
{
    rig a, b;
    rig_init(&a);
    rig_init(&b);
    add_everything(&a, false);
    void *between = malloc(12345); /* other addresses */
    add_everything(&b, false);
    rig_emit_all(&a, &generic_isa, false);
    rig_emit_all(&b, &generic_isa, false);
    cr_assert_eq(a.result.file_count, b.result.file_count);
    for (size_t i = 0; i < a.result.file_count; i++) {
        cr_assert_str_eq(a.result.files[i].name, b.result.files[i].name);
        cr_assert_eq(a.result.files[i].bytes, b.result.files[i].bytes);
        cr_assert_eq(memcmp(a.result.files[i].data, b.result.files[i].data, a.result.files[i].bytes), 0);
    }
    free(between);
    rig_release(&a);
    rig_release(&b);
}

Test(text, headers_are_c99_and_cpp_and_text_is_clean_everywhere)
{
    rig r;
    rig_init(&r);
    add_everything(&r, false);
    add_everything(&r, true);
    rig_emit_all(&r, &generic_isa, false);
    cr_assert_eq(rig_run(&r, "gcc", "-std=c99 -pedantic-errors -Wall -Wextra -Werror", "", "-x c -fsyntax-only mod.h"),
                 0);
    cr_assert_eq(
        rig_run(&r, "gcc", "-std=c++11 -pedantic-errors -Wall -Wextra -Werror", "", "-x c++ -fsyntax-only mod.h"), 0);
    static const char *const builds[][2] = {{"gcc", "-O3 -mavx512f -mavx512dq -mavx512vl -mavx512bw"},
                                            {"clang", "-O2 -mavx512f -mavx512dq -mavx512vl -mavx512bw"},
                                            {"gcc", "-O2 -DMOD_NO_TABLE"},
                                            {"gcc", "-O0 -std=gnu11"},
                                            {"clang", "-Os -std=gnu17"}};
    for (size_t i = 0; i < 5; i++)
        cr_assert_eq(rig_run(&r, builds[i][0], "-std=c11 " WARNINGS, builds[i][1], "-c -o t.o mod.c"), 0, "%s",
                     builds[i][1]);
    cr_assert_neq(rig_run(&r, "gcc", "-ffast-math", "", "-c -o t.o mod.c 2>/dev/null"), 0,
                  "-ffast-math must be refused");
    if (system("command -v arm-none-eabi-gcc >/dev/null") == 0) {
        cr_assert_eq(
            rig_run(&r, "arm-none-eabi-gcc",
                    "-std=c11 -O2 -ffreestanding -mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 " WARNINGS,
                    "-DMOD_NO_TABLE", "-c -o t.o mod.c"),
            0);
        /* Nothing but memcpy, memset and the compiler's own helpers is missing. */
        cr_assert_neq(
            rig_run(&r, "arm-none-eabi-nm -u t.o | grep -vE ' (memcpy|memset|__aeabi_[a-z0-9]+)$' #", "", "", ""), 0);
    }
    rig_release(&r);
}

Test(text, the_stack_stays_below_its_bound)
{
    rig r;
    rig_init(&r);
    add_everything(&r, false);
    add_everything(&r, true);
    rig_emit_all(&r, &generic_isa, false);
    for (int cc = 0; cc < 2; cc++) {
        cr_assert_eq(
            rig_run(&r, cc ? "clang" : "gcc", "-std=c11 -O2", "-mavx2 -mfma -fstack-usage", "-c -o mod.o mod.c"), 0);
        char path[200], name[256];
        snprintf(path, sizeof path, "%s/mod.su", r.folder);
        FILE *file = fopen(path, "rb");
        cr_assert_not_null(file);
        /* The deepest chain of calls: entry, part, kernel, a function of the vocabulary. */
        int bytes, most[4] = {0, 0, 0, 0};
        while (fscanf(file, "%255s %d %*s", name, &bytes) == 2) {
            const char *plain = strrchr(name, ':') ? strrchr(name, ':') + 1 : name;
            int kind = strstr(plain, "_part")                                  ? 1
                       : plain[0] == 'k' && plain[1] >= '0' && plain[1] <= '9' ? 2
                       : strncmp(plain, "step", 4) == 0                        ? 0
                                                                               : 3;
            most[kind] = bytes > most[kind] ? bytes : most[kind];
        }
        fclose(file);
        cr_assert_gt(most[2], 0);
        rig_build(&r, cc ? "clang" : "gcc", "-O2 -mavx2 -mfma");
        cr_assert_leq(most[0] + most[1] + most[2] + most[3], (int)r.module->entries[0].stack_bytes);
    }
    rig_release(&r);
}

/* ---- literals ------------------------------------------------------------------------------------------------ */

Test(text, literals)
{
    static const struct {
        stepc_dtype dtype;
        uint64_t bits;
        const char *text;
    } rows[] = {
        {STEPC_FLOAT32, 0x3f800000, "1.0f"},
        {STEPC_FLOAT32, 0x3dcccccd, "0.1f"},
        {STEPC_FLOAT32, 0x80000000, "-0.0f"},
        {STEPC_FLOAT32, 0x00000001, "1e-45f"},
        {STEPC_FLOAT32, 0x7f800000, "f32_of_bits(UINT32_C(0x7f800000))"},
        {STEPC_FLOAT64, 0x3ff0000000000000, "1.0"},
        {STEPC_FLOAT64, 0x7ff8000000000001, "f64_of_bits(UINT64_C(0x7ff8000000000001))"},
        {STEPC_INT8, 0x80, "-128"},
        {STEPC_INT32, 0x80000000, "INT32_MIN"},
        {STEPC_INT64, 0x8000000000000000, "INT64_MIN"},
        {STEPC_INT64, 5, "INT64_C(5)"},
        {STEPC_UINT64, UINT64_MAX, "UINT64_C(18446744073709551615)"},
        {STEPC_BOOL, 1, "1"},
    };
    rig r;
    rig_init(&r);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert_str_eq(literal(&r.memory, rows[i].dtype, rows[i].bits), rows[i].text);
    text out;
    text_init(&out, &r.host);
    const float floats[4] = {1.0f, -0.15625f, 1e-45f, 3.402823466e38f};
    for (int i = 0; i < 4; i++) {
        put_element(&out, STEPC_FLOAT32, floats, i);
        text_puts(&out, " ");
    }
    cr_assert_str_eq(out.data, "0x1.0p+0f -0x1.4p-3f 0x0.000002p-126f 0x1.fffffep+127f ");
    text_release(&out);
    rig_release(&r);
}
