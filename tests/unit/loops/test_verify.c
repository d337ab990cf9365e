/* SPDX-License-Identifier: Apache-2.0 */
/* The verifier: what it accepts, and faults planted one at a time. */
#include "programs.h"

/* y[4,6] in two nests through t in one group, with a state variable and a check beside. */
static fixture *sound(void)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4, 6));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4, 6));
    int32_t s = slot_const(f, BUFFER_STATE, STEPC_FLOAT32, DIMS(4));
    int32_t t = buffer_const(f, BUFFER_LOCAL, STEPC_FLOAT32, DIMS(4, 6), "t");
    f->p->buffers[t].group = 3;
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 6), AXIS_SPACE);
    int32_t v = nest_read(&b, x, AXES(0, 1));
    nest_write(&b, t, AXES(0, 1), nest_binary(&b, LOOP_ADD, v, nest_const_f64(&b, STEPC_FLOAT32, 1)));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 6), AXIS_SPACE);
    v = nest_read(&b, t, AXES(0, 1));
    nest_write(&b, y, AXES(0, 1), nest_binary(&b, LOOP_MUL, v, v));
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 6), AXIS_REDUCE);
    v = nest_acc(&b, ACC_SUM, nest_read(&b, y, AXES(0, 1)), true);
    nest_write(&b, s, AXES(0), nest_binary(&b, LOOP_ADD, v, nest_read(&b, s, AXES(0))));
    end(f, &b);
    add_group(f, 3, 0, 2, 1, 2);
    return f;
}

#define NEST(i) (f->p->statements[i].nest)
#define VALUE(i, v) (NEST(i)->values[v])

static size_ref *coefs_of(const loop_index *index)
{
    return (size_ref *)(uintptr_t)index->coefs;
}

/* Plants fault number WHICH; false when there is none of that number. */
static bool plant(fixture *f, int which)
{
    static const size_ref unknown[] = {9999, 9999};
    switch (which) {
    case 1: /* an argument that comes later */
        VALUE(0, 2).args[0] = 2;
        return true;
    case 2: /* types that differ */
        VALUE(0, 1).dtype = STEPC_INT32;
        return true;
    case 3: /* a read beyond the end */
        VALUE(0, 0).index.base = num(f, 1);
        return true;
    case 4: /* a read before the beginning */
        VALUE(0, 0).index.base = num(f, -1);
        return true;
    case 5: /* two indices write one element */
        coefs_of(&NEST(1)->writes[0].index)[0] = num(f, 5);
        return true;
    case 6: /* a local outside its group */
        f->p->groups[0].count = 1;
        return true;
    case 7: /* a local that the second member reads from the next row */
        VALUE(1, 0).index.base = num(f, 6);
        return true;
    case 8: /* members that differ in the shared axis */
        NEST(1)->axes[0].extent = num(f, 3);
        return true;
    case 9: /* a stored value that depends on a reduce axis */
        NEST(2)->writes[0].value = 0;
        return true;
    case 10: /* a feed that is written */
        NEST(1)->writes[0].buffer = 0;
        return true;
    case 11: /* a write that meets a read at another index */
        coefs_of(&VALUE(2, 2).index)[0] = num(f, -1);
        VALUE(2, 2).index.base = num(f, 3);
        return true;
    case 12: /* an accumulator of an accumulator */
        NEST(2)->accs[0].value = 1;
        return true;
    case 13: /* read before written */
        f->p->groups[0].first = 1;
        f->p->groups[0].count = 1;
        return true;
    case 14: /* a buffer whose root is none */
        f->p->buffers[3].root = 2;
        f->p->buffers[2].root = 1;
        return true;
    case 15: /* a fetch that nobody writes */
        NEST(1)->write_count = 0;
        return true;
    case 16: /* an empty tile */
        f->p->groups[0].tile[0] = 0;
        return true;
    case 17: /* an unknown size */
        f->p->buffers[0].extents = unknown;
        return true;
    case 18: /* a constant wider than its type */
        VALUE(0, 1).bits = UINT64_C(1) << 32;
        return true;
    case 19: /* an argument too many */
        VALUE(0, 0).args[1] = 0;
        return true;
    case 20: /* both checks and writes */
        NEST(2)->checks = ARENA_NEW(&f->memory, loop_check);
        NEST(2)->check_count = 1;
        return true;
    case 21: /* a slot that does not exist */
        f->p->buffers[0].slot = 5;
        return true;
    case 22: /* a group beyond the end */
        f->p->groups[0].count = INT32_MAX;
        return true;
    case 23: /* an argmax over two reduce axes, or none */
        NEST(2)->accs[0].kind = ACC_ARG_MAX;
        NEST(2)->axes[0].kind = AXIS_REDUCE;
        return true;
    case 24: /* an accumulator's type */
        NEST(2)->accs[0].dtype = STEPC_FLOAT64;
        return true;
    case 25: /* a local along the wrong axis */
        coefs_of(&VALUE(1, 0).index)[0] = num(f, 0);
        return true;
    default:
        return false;
    }
}

Test(verify, accepts_sound_programs)
{
    fixture *f = sound();
    verify_ok(f);
    fixture_free(f);
    f = program_softmax(9, 4);
    verify_ok(f);
    fixture_free(f);
    f = program_matmul(5, 6, 7);
    verify_ok(f);
    fixture_free(f);
}

Test(verify, refuses_planted_faults)
{
    int which = 1;
    for (;; which++) {
        fixture *f = sound();
        bool planted = plant(f, which);
        stepc_code code = loop_verify(f->p, &f->error);
        if (planted)
            cr_assert_eq(code, STEPC_INTERNAL, "fault %d was not seen", which);
        fixture_free(f);
        if (!planted)
            break;
    }
    cr_assert_gt(which, 15);
}

Test(verify, scans_that_do_not_fit)
{
    static const struct {
        int64_t count, extent, inner;
        acc_kind kind;
        bool good;
    } cases[] = {{12, 3, 2, ACC_SUM, true},  {12, 5, 2, ACC_SUM, false}, {14, 7, 2, ACC_SUM, false},
                 {12, 0, 2, ACC_SUM, false}, {0, 0, 2, ACC_PROD, true},  {12, 3, 2, ACC_MAX, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *f = fixture_new();
        int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(12));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(12));
        loop_call scan = {.kind = CALL_SCAN, .buffers = {y, x}, .sizes = {num(f, cases[i].count), SIZE_UNKNOWN},
                          .scan = {cases[i].kind, SCAN_PLAIN, num(f, cases[i].extent), num(f, cases[i].inner), false, false}};
        cr_assert_eq(loop_call_add(f->p, &scan, NULL), STEPC_OK);
        cr_assert_eq(loop_verify(f->p, &f->error) == STEPC_OK, cases[i].good, "case %zu: %s", i, f->error.message);
        fixture_free(f);
    }
}

/* As many places as rows of the source have room for, of a type that has an order. */
Test(verify, greatest_elements_fit)
{
    static const struct {
        int64_t places, elements, count, extent;
        stepc_dtype from;
        bool good;
    } cases[] = {{6, 12, 2, 4, STEPC_FLOAT32, true},  {6, 12, 3, 4, STEPC_FLOAT32, false}, {6, 12, 2, 6, STEPC_FLOAT32, false},
                 {0, 12, 0, 4, STEPC_FLOAT64, true},  {6, 15, 2, 5, STEPC_INT64, false},   {6, 12, 2, 4, STEPC_INT32, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fixture *f = fixture_new();
        int32_t x = slot_const(f, BUFFER_FEED, cases[i].from, DIMS(12));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_INT32, DIMS(6));
        loop_call top = {.kind = CALL_TOP, .buffers = {y, x}, .sizes = {num(f, cases[i].places), num(f, cases[i].elements)},
                         .top = {num(f, cases[i].extent), num(f, cases[i].count)}};
        cr_assert_eq(loop_call_add(f->p, &top, NULL), STEPC_OK);
        cr_assert_eq(loop_verify(f->p, &f->error) == STEPC_OK, cases[i].good, "case %zu: %s", i, f->error.message);
        fixture_free(f);
    }
}

/* Two members that touch ROOT; whether they may share the axis of extent 4. */
static stepc_code pair(int64_t write_row, int64_t write_column, int64_t read_base, int64_t read_row,
                       int64_t read_column)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4, 3));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4, 3));
    int32_t t = buffer_const(f, BUFFER_ARENA, STEPC_FLOAT32, DIMS(64), "t");
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    const size_ref w[] = {num(f, write_row), num(f, write_column)};
    loop_index to = {.base = num(f, 0), .coefs = w, .indirect = -1};
    nest_write_index(&b, t, &to, nest_read(&b, x, AXES(0, 1)), -1);
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    const size_ref r[] = {num(f, read_row), num(f, read_column)};
    loop_index from = {.base = num(f, read_base), .coefs = r, .indirect = -1};
    nest_write(&b, y, AXES(0, 1), nest_read_index(&b, t, &from));
    end(f, &b);
    add_group(f, 0, 0, 2, 1, 1);
    stepc_code code = loop_verify(f->p, &f->error);
    fixture_free(f);
    return code;
}

Test(verify, dependence_across_tiles)
{
    cr_assert_eq(pair(3, 1, 0, 3, 1), STEPC_OK);
    cr_assert_eq(pair(3, 1, 0, 3, 0), STEPC_OK);        /* the row's first element */
    cr_assert_eq(pair(3, 1, 2, 3, -1), STEPC_OK);       /* the row backwards */
    cr_assert_eq(pair(3, 1, 1, 3, 1), STEPC_INTERNAL);  /* one further: into the next row */
    cr_assert_eq(pair(3, 1, 9, -3, 1), STEPC_INTERNAL); /* rows backwards */
    cr_assert_eq(pair(1, 4, 0, 1, 4), STEPC_OK);        /* the shared axis is the inner one */
    cr_assert_eq(pair(1, 4, 0, 3, 1), STEPC_INTERNAL);  /* a transpose */
    cr_assert_eq(pair(3, 1, 32, 5, 1), STEPC_OK);       /* another part of the buffer altogether */
    cr_assert_eq(pair(6, 2, 1, 6, 2), STEPC_OK);        /* the odd elements, which nobody writes */
}

/* The second member picks an element of a row of t [4,3] by a value of 0 .. EXTENT - 1. */
static stepc_code pick(int64_t scale, int64_t extent, int64_t elements)
{
    fixture *f = fixture_new();
    int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(4, 3));
    int32_t place = slot_const(f, BUFFER_FEED, STEPC_INT64, DIMS(4));
    int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(4));
    int32_t t = buffer_const(f, BUFFER_ARENA, STEPC_FLOAT32, DIMS(elements), "t");
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    nest_axis(&b, num(f, 3), AXIS_SPACE);
    const size_ref to[] = {num(f, 3), num(f, 1)};
    nest_write_index(&b, t, &(loop_index){.base = num(f, 0), .coefs = to, .indirect = -1},
                     nest_read(&b, x, AXES(0, 1)), -1);
    end(f, &b);
    nest_begin(&b, f->p);
    nest_axis(&b, num(f, 4), AXIS_SPACE);
    const size_ref by_row[] = {num(f, 3)};
    loop_index from = {.base = num(f, 0), .coefs = by_row, .indirect = nest_read(&b, place, AXES(0)),
                       .indirect_scale = num(f, scale), .indirect_extent = num(f, extent)};
    nest_write(&b, y, AXES(0), nest_read_index(&b, t, &from));
    end(f, &b);
    add_group(f, 0, 0, 2, 1, 1);
    stepc_code code = loop_verify(f->p, &f->error);
    fixture_free(f);
    return code;
}

Test(verify, an_indirect_value_stays_in_its_row)
{
    cr_assert_eq(pick(1, 3, 12), STEPC_OK);
    cr_assert_eq(pick(1, 0, 12), STEPC_OK);       /* nothing to pick: the check fails */
    cr_assert_eq(pick(1, 4, 64), STEPC_INTERNAL); /* into the next row */
    cr_assert_eq(pick(3, 3, 64), STEPC_INTERNAL); /* down the rows */
    cr_assert_eq(pick(2, 2, 12), STEPC_OK);
    cr_assert_eq(pick(1, 4, 12), STEPC_INTERNAL); /* outside the buffer */
}

Test(verify, concatenation_in_one_nest)
{
    /* Two halves of each row: they never meet; shifted by one they do. */
    for (int64_t shift = 4; shift >= 3; shift--) {
        fixture *f = fixture_new();
        int32_t x = slot_const(f, BUFFER_FEED, STEPC_FLOAT32, DIMS(5, 4));
        int32_t y = slot_const(f, BUFFER_FETCH, STEPC_FLOAT32, DIMS(5, 8));
        nest_builder b;
        nest_begin(&b, f->p);
        nest_axis(&b, num(f, 5), AXIS_SPACE);
        nest_axis(&b, num(f, 4), AXIS_SPACE);
        const size_ref coefs[] = {num(f, 8), num(f, 1)};
        loop_index left = {.base = num(f, 0), .coefs = coefs, .indirect = -1}, right = left;
        right.base = num(f, shift);
        int32_t v = nest_read(&b, x, AXES(0, 1));
        nest_write_index(&b, y, &left, v, -1);
        nest_write_index(&b, y, &right, nest_unary(&b, LOOP_NEG, v), -1);
        end(f, &b);
        cr_assert_eq(loop_verify(f->p, &f->error), shift == 4 ? STEPC_OK : STEPC_INTERNAL);
        fixture_free(f);
    }
}

Test(verify, symbolic_faults_show_in_samples)
{
    fixture *f = fixture_new();
    size_ref n = size_symbol(&f->sizes, "n", 1, 8);
    int32_t x = slot(f, BUFFER_FEED, STEPC_FLOAT32, &n, 1), y = slot(f, BUFFER_FETCH, STEPC_FLOAT32, &n, 1);
    nest_builder b;
    nest_begin(&b, f->p);
    nest_axis(&b, n, AXIS_SPACE);
    size_ref one = num(f, 1);
    loop_index next = {.base = one, .coefs = &one, .indirect = -1};
    nest_write(&b, y, AXES(0), nest_read_index(&b, x, &next));
    end(f, &b);
    cr_assert_eq(loop_verify(f->p, &f->error), STEPC_INTERNAL);
    cr_assert_not_null(strstr(f->error.message, "n=8"), "%s", f->error.message);
    fixture_free(f);
}

/* y [6] = x [n] with n up to 4. */
Test(verify, a_failed_check_of_sizes_ends_a_sample)
{
    fixture *f = fixture_new();
    size_ref n = size_symbol(&f->sizes, "n", 1, 4), six = num(f, 6);
    int32_t x = slot(f, BUFFER_FEED, STEPC_FLOAT32, &n, 1), y = slot(f, BUFFER_FETCH, STEPC_FLOAT32, &six, 1);
    nest_builder b;
    for (int is_checked = 0; is_checked < 2; is_checked++) {
        f->p->statement_count = 0;
        for (int part = 1 - is_checked; part < 2; part++) {
            nest_begin(&b, f->p);
            if (part == 0) {
                int32_t same = nest_binary(&b, LOOP_EQ, nest_size(&b, n), nest_size(&b, six));
                nest_check(&b, same, STEPC_INVALID_ARGUMENT, "not six elements", NULL);
            } else {
                nest_axis(&b, six, AXIS_SPACE);
                nest_write(&b, y, AXES(0), nest_read(&b, x, AXES(0)));
            }
            end(f, &b);
        }
        cr_assert_eq(loop_verify(f->p, &f->error), is_checked ? STEPC_OK : STEPC_INTERNAL);
    }
    fixture_free(f);
}

/* Sizes that differ in the samples by number: y [m] = x [n] must be refused whichever of the two is greater. */
Test(verify, symbols_are_not_taken_to_be_equal)
{
    for (int order = 0; order < 2; order++) {
        fixture *f = fixture_new();
        size_ref sizes[2] = {size_symbol(&f->sizes, "n", 0, INT64_MAX), size_symbol(&f->sizes, "m", 0, INT64_MAX)};
        int32_t x = slot(f, BUFFER_FEED, STEPC_FLOAT32, &sizes[order], 1);
        int32_t y = slot(f, BUFFER_FETCH, STEPC_FLOAT32, &sizes[1 - order], 1);
        nest_builder b;
        nest_begin(&b, f->p);
        nest_axis(&b, sizes[1 - order], AXIS_SPACE);
        nest_write(&b, y, AXES(0), nest_read(&b, x, AXES(0)));
        end(f, &b);
        cr_assert_eq(loop_verify(f->p, &f->error), STEPC_INTERNAL, "order %d", order);
        fixture_free(f);
    }
}
