/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of a session: how many there are, and that results do not depend on them. */
#include "session_fixture.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

enum { N = 160 };

static const char product_graph[] =
    FLOAT_PLACEHOLDER("a") FLOAT_PLACEHOLDER("b") FLOAT_BINARY("y", "MatMul", "a", "b");

static int thread_count(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/task");
    for (const struct dirent *e = folder != NULL ? readdir(folder) : NULL; e != NULL; e = readdir(folder))
        count += e->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count;
}

/* Values whose sums are exact in double whatever their order, and whose product is worked out below. */
static void fill_matrix(float *m, int seed)
{
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++)
            m[i * N + k] = (float)((i * 7 + k * 3 + seed) % 11 - 5);
}

typedef struct job {
    stepc_session *session;
    stepc_output a, b, y;
    float *left, *right, *out;
    stepc_code code;
} job;

static void *multiply(void *argument)
{
    job *j = argument;
    int64_t dims[2] = {N, N};
    size_t bytes = sizeof(float) * N * N;
    stepc_feed feeds[] = {{j->a, {j->left, bytes, dims, 2, STEPC_FLOAT32}}, {j->b, {j->right, bytes, dims, 2, STEPC_FLOAT32}}};
    stepc_fetch fetch = {.at = j->y, .into = {j->out, bytes, NULL, 0, STEPC_FLOAT32}};
    j->code = stepc_session_run(j->session, feeds, 2, &fetch, 1, NULL, 0, NULL, NULL);
    return NULL;
}

static void must_be_the_product(const job *j)
{
    for (int i = 0; i < N; i++)
        for (int k = 0; k < N; k++) {
            int sum = 0;
            for (int l = 0; l < N; l++)
                sum += (int)j->left[i * N + l] * (int)j->right[l * N + k];
            cr_assert_eq((int)j->out[i * N + k], sum, "[%d,%d]", i, k);
        }
}

static job open_job(int threads, float *room)
{
    stepc_session_options options = {.size = sizeof options, .intra_op_threads = threads};
    stepc_graph *graph = graph_of(product_graph);
    job j = {.left = room, .right = room + N * N, .out = room + 2 * N * N};
    cr_assert_eq(stepc_session_open(graph, &options, &j.session, NULL), STEPC_OK);
    cr_assert_eq(stepc_graph_find_output(graph, "a", &j.a, NULL), STEPC_OK);
    cr_assert_eq(stepc_graph_find_output(graph, "b", &j.b, NULL), STEPC_OK);
    cr_assert_eq(stepc_graph_find_output(graph, "y", &j.y, NULL), STEPC_OK);
    fill_matrix(j.left, 1);
    fill_matrix(j.right, 2);
    stepc_graph_release(graph);
    return j;
}

static void *nothing(void *argument) { return argument; }

Test(workers, one_is_the_callers_thread_and_others_come_when_they_are_needed)
{
    static float room[3 * N * N];
    const int wanted[] = {1, 2, 5, 0};
    pthread_t any; /* a sanitizer's own thread comes with the first of the program's */
    cr_assert_eq(pthread_create(&any, NULL, nothing, NULL), 0);
    cr_assert_eq(pthread_join(any, NULL), 0);
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN), before = thread_count();
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        job j = open_job(wanted[i], room);
        memset(j.out, 0, sizeof(float) * N * N);
        cr_assert_eq(thread_count(), before, "none before there is work");
        multiply(&j);
        cr_assert_eq(j.code, STEPC_OK);
        must_be_the_product(&j);
        cr_assert_eq(thread_count(), before - 1 + (wanted[i] != 0 ? wanted[i] : cores), "%d wanted", wanted[i]);
        stepc_session_free(j.session);
        cr_assert_eq(thread_count(), before);
    }
}

Test(workers, runs_that_overlap_share_them)
{
    enum { RUNS = 6 };
    static float rooms[RUNS][3 * N * N];
    pthread_t threads[RUNS];
    job jobs[RUNS], first = open_job(3, rooms[0]);
    for (int i = 0; i < RUNS; i++) {
        jobs[i] = first;
        jobs[i].left = rooms[i];
        jobs[i].right = rooms[i] + N * N;
        jobs[i].out = rooms[i] + 2 * N * N;
        fill_matrix(jobs[i].left, i);
        fill_matrix(jobs[i].right, 2 * i + 1);
        cr_assert_eq(pthread_create(&threads[i], NULL, multiply, &jobs[i]), 0);
    }
    for (int i = 0; i < RUNS; i++) {
        cr_assert_eq(pthread_join(threads[i], NULL), 0);
        cr_assert_eq(jobs[i].code, STEPC_OK);
        must_be_the_product(&jobs[i]);
    }
    stepc_session_free(first.session);
}
