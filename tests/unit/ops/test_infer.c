/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/ops/case.h"

Test(infer, broadcast)
{
    static const op_case cases[] = {
        {"Add", "T=f32", {"f32[2,1,3]", "f32[4,1]"}, {"[2,4,3]"}},
        {"Add", "T=f32", {"f32[3,0]", "f32[1]"}, {"[3,0]"}},
        {"Add", "T=f32", {"f32[n,4]", "f32[4]"}, {"[n,4]"}},
        {"Add", "T=f32", {"f32[n,4]", "f32[n,1]"}, {"[n,4]"}},
        {"Add", "T=f32", {"f32[n,1]", "f32[1,m]"}, {"[n,m]"}},
        {"Add", "T=f32", {"f32[n]", "f32[5]"}, {"[5]"}},
        {"Add", "T=f32", {"f32[?]", "f32[0]"}, {"[0]"}},
        {"Add", "T=f32", {"f32[t]", "f32[n]"}, {"[t]"}},
        {"Add", "T=f32", {"f32[b]", "f32[b+1]"}, {"[b+1]"}},
        {"Add", "T=f32", {"f32[n]", "f32[m]"}, {"[?]"}},
        {"Add", "T=f32", {"f32 ?", "f32[m]"}, {"?"}},
        {"Add", "T=f32", {"f32[2,3]", "f32[4]"}, {0}, "Incompatible shapes: [2,3] vs. [4]"},
        {"Add", "T=f32", {"f32[n,3]", "f32[4]"}, {0}, "Incompatible shapes: [?,3] vs. [4]"},
        {"Add", "T=f32", {"f32[0]", "f32[2]"}, {0}, "Incompatible shapes: [0] vs. [2]"},
    };

    case_infer(cases, CASE_COUNT(cases));
}

Test(infer, arithmetic)
{
    static const op_case cases[] = {
        {"Add", "T=i32", {"i32[2] = n 1", "i32[] = 2"}, {"[2] = n+2 3"}},
        {"Sub", "T=i32", {"i32[1] = n", "i32[1] = m"}, {"[1] = n-m"}},
        {"Mul", "T=i64", {"i64[] = n", "i64[] = 4"}, {"[] = n*4"}},
        {"Mul", "T=i32", {"i32[2] = n ?", "i32[2] = 2 3"}, {"[2] = n*2 ?"}},
        {"FloorDiv", "T=i32", {"i32[] = n*4", "i32[] = 4"}, {"[] = n"}},
        {"FloorDiv", "T=i32", {"i32[] = n", "i32[] = m-1"}, {"[] = ?"}},
        {"Maximum", "T=i32", {"i32[] = n", "i32[] = 1"}, {"[] = max(n,1)"}},
        {"Mul", "T=f32", {"f32[]", "f32[]"}, {"[]"}},
        {"Mul", "T=i32", {"i32[1,1]", "i32[] = 2"}, {"[1,1]"}},
        {"Cast", "SrcT=i32 DstT=i64", {"i32[2] = n 3"}, {"[2] = n 3"}},
        {"Cast", "SrcT=i32 DstT=f32", {"i32[2] = n 3"}, {"[2]"}},
        {"Neg", "T=i32", {"i32[] = n"}, {"[] = n*-1"}},
        {"Identity", "T=i32", {"i32[2] = n ?"}, {"[2] = n ?"}},
        {"Identity", "T=f32", {"f32 ?"}, {"?"}},
        {"Relu", "T=f32", {"f32[n,?]"}, {"[n,?]"}},
    };

    case_infer(cases, CASE_COUNT(cases));
}

Test(infer, merge)
{
    stepc_host host = host_resolve(NULL);
    infer_context c = {0};
    arena memory;
    size_pool pool;
    size_ref two, three, n, t, out;

    arena_init(&memory, &host);
    size_pool_init(&pool, &memory);
    c.sizes = &pool;
    two = size_const(&pool, 2);
    three = size_const(&pool, 3);
    n = size_symbol(&pool, "n", 0, INT64_MAX);
    t = size_symbol(&pool, "t", 3, 8);
    cr_expect(infer_merge(&c, SIZE_UNKNOWN, SIZE_UNKNOWN, &out) && out == SIZE_UNKNOWN);
    cr_expect(infer_merge(&c, SIZE_UNKNOWN, n, &out) && out == n);
    cr_expect(infer_merge(&c, two, SIZE_UNKNOWN, &out) && out == two);
    cr_expect(infer_merge(&c, n, two, &out) && out == two);
    cr_expect(infer_merge(&c, two, n, &out) && out == two);
    cr_expect(infer_merge(&c, n, t, &out) && out == n);
    cr_expect(infer_merge(&c, t, three, &out) && out == three);
    cr_expect(!infer_merge(&c, t, two, &out));
    cr_expect(!infer_merge(&c, three, two, &out));
    arena_release(&memory);
}

/* Elements come from a constant, from sizes, or are unknown sizes of a known count. */
Test(infer, elements)
{
    stepc_host host = host_resolve(NULL);
    infer_value value = {STEPC_INT64, 1, NULL, NULL, NULL, 0}, *inputs[1] = {&value};
    infer_context c = {0};
    arena memory;
    size_pool pool;
    size_ref dim, *out;
    int64_t count, number;

    arena_init(&memory, &host);
    size_pool_init(&pool, &memory);
    c.host = &host;
    c.memory = &memory;
    c.sizes = &pool;
    c.inputs = inputs;
    value.dims = &dim;
    dim = size_const(&pool, 2);
    cr_assert(infer_elements(&c, 0, &out, &count));
    cr_expect(count == 2 && out[0] == SIZE_UNKNOWN && out[1] == SIZE_UNKNOWN);
    value.constant = case_tensor("i64[2] 7 -1");
    cr_assert(infer_elements(&c, 0, &out, &count));
    cr_expect(count == 2 && size_is_const(&pool, out[1], &number) && number == -1);
    stepc_tensor_release((stepc_tensor *)(uintptr_t)value.constant);
    value.constant = NULL;
    dim = size_symbol(&pool, "n", 0, INT64_MAX);
    cr_expect(!infer_elements(&c, 0, &out, &count));
    value.dtype = STEPC_FLOAT32;
    cr_expect(!infer_elements(&c, 0, &out, &count));
    arena_release(&memory);
}
