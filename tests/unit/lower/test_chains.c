/* SPDX-License-Identifier: Apache-2.0 */
/* A real gradient graph of a hundred steps: interpreted within the corpus's bound of the expected
 * values, compiled to loops bit for bit the reference engine's. */
#include "rig.h"

#include "runtime/core/npy.h"

#define FETCHES "add_199:0 gradients/AddN_99:0 gradients/AddN_100:0"

static stepc_tensor *read_value(const char *folder, const char *name)
{
    char path[1000];
    stepc_tensor *t = NULL;
    stepc_error error;
    error_init(&error);
    snprintf(path, sizeof path, "%s/cases/000/%s.npy", folder, name);
    cr_assert_eq(npy_read(NULL, path, &t, &error), STEPC_OK, "%s: %s", path, error.message);
    return t;
}

static void check_expected(const rig *r, const char *folder)
{
    for (int f = 0; f < 3; f++) {
        char name[20];
        snprintf(name, sizeof name, "fetch_%d", f);
        stepc_tensor *want = read_value(folder, name);
        cr_assert_eq(stepc_tensor_length(want), stepc_tensor_length(r->got[f]));
        for (int64_t i = 0; i < stepc_tensor_length(want); i++)
            cr_assert_float_eq(((float *)stepc_tensor_data(want))[i], got_float(r, (size_t)f, i), 5e-4f);
        stepc_tensor_release(want);
    }
}

Test(chains, fed)
{
    static const char folder[] = TEST_DATA "/seed/trig100_grad_n64";
    rig r;
    rig_load(&r, TEST_DATA "/seed/trig100_grad_n64/model.pb");
    r.tolerance = 5e-4;
    int all = rig_add(&r, "a:0 b:0", FETCHES, "");
    rig_feed(&r, read_value(folder, "feed_0"));
    rig_feed(&r, read_value(folder, "feed_1"));
    rig_run(&r, all);
    check_expected(&r, folder);
    rig_close(&r);
}

/* The graph as the bench carries it, half a megabyte: where STEPC_BENCH names that folder. */
Test(chains, variables)
{
    char folder[800], path[1000];
    const char *bench = getenv("STEPC_BENCH");
    if (!bench)
        cr_skip_test("STEPC_BENCH is not set");
    snprintf(folder, sizeof folder, "%s/seed/trig100_seed", bench);
    snprintf(path, sizeof path, "%s/model.pb", folder);
    rig r;
    rig_load(&r, path);
    r.tolerance = 5e-4;
    int init = rig_add(&r, "", "", "init"), all = rig_add(&r, "", FETCHES, "");
    rig_run_fails(&r, all, STEPC_FAILED_PRECONDITION, "ninitialized");
    rig_run(&r, init);
    rig_run(&r, all);
    check_expected(&r, folder);
    rig_close(&r);
}

Test(chains, wide)
{
    char folder[800], path[1000];
    const char *bench = getenv("STEPC_BENCH");
    if (!bench)
        cr_skip_test("STEPC_BENCH is not set");
    snprintf(folder, sizeof folder, "%s/seed/trig100_grad_n4096", bench);
    snprintf(path, sizeof path, "%s/model.pb", folder);
    rig r;
    rig_load(&r, path);
    r.tolerance = 5e-4;
    int all = rig_add(&r, "a:0 b:0", FETCHES, "");
    rig_feed(&r, read_value(folder, "feed_0"));
    rig_feed(&r, read_value(folder, "feed_1"));
    rig_run(&r, all);
    check_expected(&r, folder);
    rig_close(&r);
}
