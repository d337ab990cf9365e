/* SPDX-License-Identifier: Apache-2.0 */
/* The text form: what is printed reads back, and garbage is refused with a place. */
#include "programs.h"

static uint64_t random_state = 1;

static uint64_t random_bits(void)
{
    uint64_t z = random_state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* One of everything that the text form knows. */
static fixture *everything(void)
{
    static const float halves[] = {0.5f, -1.0f, INFINITY};
    static stepc_operation origin;
    fixture *f = fixture_new();
    loop_program *p = f->p;
    origin.name = text_view("dense/\"odd\"\n\xC3\xA4");
    origin.type = text_view("MatMul");
    size_ref n = size_symbol(&f->sizes, "n", 1, 64);
    const size_ref dims[] = {n, num(f, 3)};
    int32_t x = slot(f, BUFFER_FEED, STEPC_FLOAT32, dims, 2);
    int32_t y = slot(f, BUFFER_FETCH, STEPC_FLOAT32, dims, 2);
    int32_t c = slot(f, BUFFER_FEED, STEPC_COMPLEX64, &n, 1);
    int32_t g = slot_const(f, BUFFER_STATE, STEPC_UINT32, DIMS(6));
    int32_t h = slot(f, BUFFER_FETCH, STEPC_HALF, dims, 2);
    int32_t q = slot(f, BUFFER_FETCH, STEPC_INT64, &n, 1);
    int32_t w = weight(f, STEPC_FLOAT32, DIMS(3), halves);
    int32_t big = buffer_const(f, BUFFER_WEIGHT, STEPC_FLOAT64, DIMS(1000), "big");
    int32_t t = loop_buffer_new(p, BUFFER_LOCAL, STEPC_FLOAT32, dims, 2, "t");
    p->buffers[t].group = 4;
    const size_ref turned[] = {num(f, 3), n}, strides[] = {num(f, 1), num(f, 3)};
    int32_t view = loop_view_new(p, x, turned, strides, 2, num(f, 0));
    const size_ref back[] = {num(f, -3), num(f, -1)};
    int32_t reversed = loop_view_new(p, x, dims, back, 2,
                                     size_sub(&f->sizes, size_product(&f->sizes, n, num(f, 3)), num(f, 1)));
    static double zeros[1000];
    p->buffers[big].data = zeros;
    p->exact = true;
    p->operation_count = 17;
    p->targets = (const char *const[]){"train", "init"};
    const char **targets = ARENA_ARRAY(&f->memory, const char *, 2);
    targets[0] = "train";
    targets[1] = "in\\it";
    p->targets = targets;
    p->target_count = 2;
    p->feeds[0].at = (stepc_output){&origin, 3};
    nest_builder b;
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    int32_t i = nest_cast(&b, nest_axis_value(&b, 0), STEPC_INT64);
    nest_check(&b, nest_in_range(&b, i, n), STEPC_OUT_OF_RANGE, "index \"i\" out of range", &origin);
    end(f, &b);
    nest_begin(&b, p);
    nest_origin(&b, &origin);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t sum = nest_binary(&b, LOOP_ADD, nest_read(&b, view, AXES(1, 0)), nest_read(&b, reversed, AXES(0, 1)));
    sum = nest_binary(&b, LOOP_MUL, sum, nest_read(&b, w, AXES(1)));
    int32_t word = nest_philox(&b, g, nest_axis_value(&b, 1));
    sum = nest_binary(&b, LOOP_ADD, sum, nest_cast(&b, word, STEPC_FLOAT32));
    nest_write(&b, t, AXES(0, 1), nest_round_to(&b, sum, STEPC_BFLOAT16));
    b.nest->schedule = (nest_schedule){.is_set = true, .vector_axis = 1, .jam = 2, .row_axis = 0, .row_tile = 4,
                                         .partial_sums = 1, .outline = true, .ahead = true, .strip = 128, .strip_rows = 2, .block = 512,
                                       .turn_rows = 1, .turn_columns = 0, .turn_tile = {16, 32}, .stream = true};
    end(f, &b);
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    int32_t v = nest_read(&b, t, AXES(0, 1));
    nest_write(&b, y, AXES(0, 1), v);
    nest_write(&b, h, AXES(0, 1), nest_unary(&b, LOOP_TANH, v));
    end(f, &b);
    nest_begin(&b, p);
    nest_axis(&b, n, AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_REDUCE);
    v = nest_read(&b, y, AXES(0, 1));
    int32_t place = nest_acc(&b, ACC_ARG_MAX, v, false);
    int32_t total = nest_acc(&b, ACC_SUM, nest_cast(&b, v, STEPC_FLOAT64), true);
    const size_ref by_row[] = {num(f, 3), num(f, 0)};
    loop_index index = {.base = num(f, 0), .coefs = by_row, .indirect = place, .indirect_scale = num(f, 1),
                        .indirect_extent = num(f, 3)};
    int32_t at = nest_read_index(&b, y, &index);
    int32_t taken = nest_binary(&b, LOOP_LT, nest_cast(&b, at, STEPC_FLOAT64), total);
    int32_t alternatives = nest_select(&b, taken, place, nest_const_i64(&b, STEPC_INT64, -5));
    alternatives = nest_binary(&b, LOOP_ADD, alternatives, nest_size(&b, size_product(&f->sizes, n, num(f, 4))));
    const size_ref row[] = {num(f, 1), num(f, 0)};
    loop_index to = {.base = num(f, 0), .coefs = row, .indirect = -1};
    nest_write_index(&b, q, &to, alternatives, nest_const_i64(&b, STEPC_BOOL, 1));
    end(f, &b);
    loop_call call = {.kind = CALL_PHILOX_ADVANCE, .buffers = {g, -1},
                      .sizes = {size_product(&f->sizes, n, num(f, 256)), SIZE_UNKNOWN}, .origin = &origin};
    cr_assert_eq(loop_call_add(p, &call, NULL), STEPC_OK);
    loop_call scan = {.kind = CALL_SCAN, .buffers = {y, x}, .sizes = {size_product(&f->sizes, n, num(f, 3)), SIZE_UNKNOWN},
                      .scan = {ACC_PROD, SCAN_PLAIN, n, num(f, 3), true, true}, .origin = &origin};
    cr_assert_eq(loop_call_add(p, &scan, NULL), STEPC_OK);
    add_group(f, 4, 1, 2, 1, 8);
    p->groups[0].is_strip = true;
    (void)c;
    return f;
}

typedef struct parsed {
    stepc_host host;
    arena memory;
    size_pool sizes;
    loop_program *p;
    stepc_error error;
} parsed;

static stepc_code parse(parsed *out, const char *data, size_t size)
{
    stepc_host_init(&out->host);
    out->host.limits.tensor_bytes = 1 << 20;
    arena_init(&out->memory, NULL);
    size_pool_init(&out->sizes, &out->memory);
    error_init(&out->error);
    return loop_parse(&out->host, &out->memory, &out->sizes, "sample.loops", data, size, &out->p, &out->error);
}

static text print(const loop_program *p)
{
    text out;
    text_init(&out, NULL);
    loop_print(p, &out);
    cr_assert(!out.failed);
    return out;
}

static void round_trip(const loop_program *p)
{
    parsed again;
    text first = print(p);
    cr_assert_eq(parse(&again, first.data, first.size), STEPC_OK, "%s\n%s", again.error.message, first.data);
    text second = print(again.p);
    cr_assert_str_eq(second.data, first.data);
    text_release(&first);
    text_release(&second);
    arena_release(&again.memory);
}

Test(text, round_trip)
{
    fixture *(*makers[])(void) = {everything};
    for (size_t i = 0; i < sizeof makers / sizeof makers[0]; i++) {
        fixture *f = makers[i]();
        verify_ok(f);
        round_trip(f->p);
        fixture_free(f);
    }
    fixture *f = program_softmax(5, 2);
    round_trip(f->p);
    fixture_free(f);
    f = program_matmul(4, 5, 6);
    round_trip(f->p);
    fixture_free(f);
}

Test(text, parsed_programs_evaluate_equally)
{
    fixture *f = everything();
    text first = print(f->p);
    parsed again;
    cr_assert_eq(parse(&again, first.data, first.size), STEPC_OK);
    cr_assert_eq(loop_verify(again.p, &again.error), STEPC_OK, "%s", again.error.message);
    for (int32_t i = 0; i < f->p->buffer_count; i++) {
        if (again.p->buffers[i].kind == BUFFER_WEIGHT && again.p->buffers[i].data == NULL)
            again.p->buffers[i].data = f->p->buffers[i].data;
    }
    float x[10 * 3], c[20] = {0};
    for (int i = 0; i < 30; i++)
        x[i] = (float)i * 0.125f - 1.0f;
    uint32_t one[6] = {1, 2, 3}, two[6] = {1, 2, 3};
    outputs a, b;
    run_ok(f, (const void *[]){x, c}, (void *const[]){one}, 10, &a);
    cr_assert_eq(run(again.p, (const void *[]){x, c}, (void *const[]){two}, 10, &b, &again.error), STEPC_OK, "%s",
                 again.error.message);
    for (int i = 0; i < 3; i++)
        cr_assert_arr_eq(stepc_tensor_data(a.tensors[i]), stepc_tensor_data(b.tensors[i]),
                         stepc_tensor_bytes(a.tensors[i]));
    cr_assert_arr_eq(one, two, sizeof one);
    cr_assert_eq(one[2], 3 + 2560);
    outputs_free(f->p, &a);
    outputs_free(again.p, &b);
    text_release(&first);
    arena_release(&again.memory);
    fixture_free(f);
}

Test(text, written_by_hand)
{
    static const char source[] = "loops 1\n"
                                 "program \"hand\" operations=1\n"
                                 "# a comment\n"
                                 "symbol n 1 10\n"
                                 "buffer b0 feed f32 [n,2] slot=0 hint=x\n"
                                 "buffer b1 fetch f32 [n] slot=0 hint=y\n"
                                 "feed 0 f32 [n,2] b0 \"x\" \"x:0\"\n"
                                 "fetch 0 f32 [n] b1 \"y\" \"y:0\"\n"
                                 "\n"
                                 "nest {\n"
                                 "  axis i0:n space\n"
                                 "  v0:f32 = read b0[1 + 2*i0]\n"
                                 "  v1:f32 = read b0[2*i0]\n"
                                 "  v2:f32 = const 1.5\n"
                                 "  v3:f32 = sub v0 v1\n"
                                 "  v4:f32 = mul v3 v2   # (x1 - x0) * 1.5\n"
                                 "  write b1[i0] = v4\n"
                                 "}\n"
                                 "end\n";
    parsed hand;
    cr_assert_eq(parse(&hand, source, sizeof source - 1), STEPC_OK, "%s", hand.error.message);
    cr_assert_eq(loop_verify(hand.p, &hand.error), STEPC_OK, "%s", hand.error.message);
    const float x[] = {1, 3, 10, 4};
    outputs out;
    cr_assert_eq(run(hand.p, (const void *[]){x}, NULL, 2, &out, &hand.error), STEPC_OK, "%s", hand.error.message);
    const float *y = stepc_tensor_data(out.tensors[0]);
    cr_assert(y[0] == 3.0f && y[1] == -9.0f);
    outputs_free(hand.p, &out);
    arena_release(&hand.memory);
}

Test(text, refusals_have_a_place)
{
    static const struct {
        const char *source;
        const char *expected;
    } cases[] = {
        {"", "line 1, column 1"},
        {"loops 2\n", "line 1, column 1"},
        {"loops 1\nfoo\n", "line 2, column 1"},
        {"loops 1\nbuffer b1 arena f32 [2] hint=t\n", "line 2, column 10: expected the next buffer"},
        {"loops 1\nbuffer b0 arena f32 [m] hint=t\n", "line 2, column 22: expected a size of symbols"},
        {"loops 1\nbuffer b0 arena string [2] hint=t\n", "line 2, column 17"},
        {"loops 1\nnest {\n  v0:f32 = nonsense\n}\nend\n", "line 3, column 20: expected an operation"},
        {"loops 1\nnest {\n  v0:i8 = const 128\n}\nend\n", "line 3, column 17"},
        {"loops 1\nnest {\n  axis i0:4 space\n  v0:f32 = read b0[i1]\n}\nend\n", "line 4, column 22"},
        {"loops 1\nnest {\n", "line 3, column 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        parsed out;
        cr_assert_eq(parse(&out, cases[i].source, strlen(cases[i].source)), STEPC_INVALID_ARGUMENT, "%zu", i);
        cr_assert_null(out.p);
        cr_assert_not_null(strstr(out.error.message, cases[i].expected), "%s", out.error.message);
        cr_assert_str_eq(out.error.file, "sample.loops");
        arena_release(&out.memory);
    }
}

/* One random change of TEXT, which has room to spare. */
static size_t mutate(char *data, size_t size, size_t room)
{
    static const char *const words[] = {"0", "9223372036854775807", "-1", "i0", "v0", "b0", "n", "reduce", "space", "*",
                                        "[", "]", "(", ")", "\n", "local", "f16", "bool", "i64", "}", "nest {\n", "-",
                                        "v99", "a0", "0*", "4611686018427387904", "#", "\"", "argmax", " if v0"};
    size_t at = (size_t)(random_bits() % (size + 1));
    size_t cut = (size_t)(random_bits() % 8);
    const char *word = words[random_bits() % (sizeof words / sizeof words[0])];
    size_t length = strlen(word);
    switch (random_bits() % 6) {
    case 0: /* a byte */
        if (at < size)
            data[at] = (char)(random_bits() % 128);
        return size;
    case 1: /* a digit */
        while (at < size && (data[at] < '0' || data[at] > '9'))
            at++;
        if (at < size)
            data[at] = (char)('0' + random_bits() % 10);
        return size;
    case 2: /* less */
        if (at + cut > size)
            cut = size - at;
        memmove(data + at, data + at + cut, size - at - cut);
        return size - cut;
    case 3: { /* a line gone */
        char *line = memchr(data + at, '\n', size - at);
        char *next = line != NULL ? memchr(line + 1, '\n', (size_t)(data + size - line - 1)) : NULL;
        if (next == NULL)
            return size;
        memmove(line, next, (size_t)(data + size - next));
        return size - (size_t)(next - line);
    }
    default: /* a word in, over what was there */
        if (random_bits() % 2 == 0 && at + length <= size) {
            memcpy(data + at, word, length);
            return size;
        }
        if (size + length > room)
            return size;
        memmove(data + at + length, data + at, size - at);
        memcpy(data + at, word, length);
        return size + length;
    }
}

static void *slot_memory(const loop_program *p, const loop_slot *s, int64_t n)
{
    int64_t count = 1, extent;
    const loop_buffer *b = s->buffer >= 0 ? &p->buffers[s->buffer] : NULL;
    for (int32_t k = 0; b != NULL && k < b->rank; k++) {
        if (!size_evaluate(p->sizes, b->extents[k], &n, 1, &extent) || extent < 0 || extent > 1000 || count > 10000)
            return NULL;
        count *= extent;
    }
    return calloc((size_t)count + 1, 16);
}

/* Runs a program whose structure is sound, if it is small; whatever it does, it must do within its memory. */
static bool run_mutant(loop_program *p, stepc_error *error)
{
    void *memory[2 * MOST_SLOTS] = {0};
    const int64_t n = 5;
    int64_t extent;
    int32_t used = 0;
    bool is_small = p->feed_count + p->state_count <= MOST_SLOTS && p->fetch_count <= MOST_SLOTS &&
                    size_symbol_count(p->sizes) <= 1;
    for (int32_t i = 0; i < p->statement_count && is_small; i++) {
        int64_t product = 1;
        const loop_nest *nest = p->statements[i].nest;
        for (int32_t k = 0; nest != NULL && k < nest->axis_count && is_small; k++) {
            is_small = size_evaluate(p->sizes, nest->axes[k].extent, &n, 1, &extent) && extent < 100;
            product *= extent;
            is_small = is_small && product < 10000;
        }
    }
    for (int32_t i = 0; i < p->feed_count && is_small; i++)
        is_small = (memory[used++] = slot_memory(p, &p->feeds[i], n)) != NULL;
    for (int32_t i = 0; i < p->feed_count && is_small; i++) {
        for (int32_t k = 0; k < p->feeds[i].rank && is_small; k++)
            is_small = size_evaluate(p->sizes, p->feeds[i].dims[k], &n, 1, &extent) && extent >= 0 && extent < 1000 &&
                       p->feeds[i].rank <= 4;
    }
    for (int32_t i = 0; i < p->state_count && is_small; i++)
        is_small = (memory[used++] = slot_memory(p, &p->state[i], n)) != NULL;
    if (is_small) {
        outputs out;
        if (run(p, (const void *const *)memory, memory + p->feed_count, n, &out, error) == STEPC_OK)
            outputs_free(p, &out);
    }
    for (int32_t i = 0; i < used; i++)
        free(memory[i]);
    return is_small;
}

Test(text, mutations_never_crash)
{
    fixture *f = everything();
    text first = print(f->p);
    size_t room = first.size + 4096;
    char *data = malloc(room);
    int parsed_count = 0, verified = 0, evaluated = 0;
    const char *asked = getenv("STEPC_FUZZ_ROUNDS");
    int rounds = asked != NULL ? atoi(asked) : 4000;
    for (int round = 0; round < rounds; round++) {
        size_t size = first.size;
        memcpy(data, first.data, size);
        for (uint64_t changes = 1 + random_bits() % 4; changes > 0; changes--)
            size = mutate(data, size, room);
        parsed out;
        if (parse(&out, data, size) == STEPC_OK) {
            text again = print(out.p);
            text_release(&again);
            verified += loop_verify(out.p, &out.error) == STEPC_OK;
            if (loop_verify_structure(out.p, &out.error) == STEPC_OK)
                evaluated += run_mutant(out.p, &out.error);
            parsed_count++;
        }
        arena_release(&out.memory);
    }
    cr_assert(parsed_count > 100 && verified > 20 && evaluated > 20, "%d parsed, %d verified, %d evaluated",
              parsed_count, verified, evaluated);
    free(data);
    text_release(&first);
    fixture_free(f);
}
