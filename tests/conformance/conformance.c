/* SPDX-License-Identifier: Apache-2.0 */
/* conformance CORPUS (--list FILE [--mark MARK] | FOLDER...) --engine E --outputs DIR ...
 * Every case runs in a process of its own, so that a crash is one line, not the end. */
#include "tests/conformance/conformance.h"
#include "tests/conformance/json.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* One case: waiting, running in process PID, or done. */
typedef struct work_item {
    char *folder, *name, *kind;
    pid_t pid;
    int pipe;
    time_t deadline;
    size_t received;
    bool done, printed;
    outcome o;
} work_item;

typedef struct work_list {
    work_item *items;
    size_t count, capacity;
} work_list;

static void usage(FILE *to)
{
    fputs("usage: conformance CORPUS (--list FILE [--mark MARK] | FOLDER...) [--engine reference|interpreted|compiled|jit]\n"
          "           [--outputs DIR] [--jobs N] [--keep-going] [--json FILE] [--timeout SECONDS] [--cache DIR] [--cc CC]\n",
          to);
}

static void *need(void *memory)
{
    if (memory == NULL) {
        fputs("conformance: out of memory\n", stderr);
        exit(5);
    }
    return memory;
}

/* ---- what to run ---------------------------------------------------------------------------- */

static void add_item(work_list *list, const char *folder, const char *name, const char *kind)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity == 0 ? 64 : list->capacity * 2;
        list->items = need(realloc(list->items, list->capacity * sizeof *list->items));
    }
    work_item *item = &list->items[list->count++];
    memset(item, 0, sizeof *item);
    item->folder = need(strdup(folder));
    item->name = need(strdup(name));
    item->kind = need(strdup(kind));
    item->pipe = -1;
}

static int visible(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static void kind_of_folder(const char *corpus, const char *folder, char *kind, size_t size)
{
    char path[1100], why[1400];
    snprintf(path, sizeof path, "%s/%s/signature.json", corpus, folder);
    json *signature = json_read(path, why, sizeof why);
    const char *named = json_text(signature, "kind");
    snprintf(kind, size, "%s", named != NULL ? named : strncmp(folder, "dl4j/", 5) == 0 ? "dl4j" : "unknown");
    json_free(signature);
}

static void add_folder(work_list *list, const char *corpus, const char *folder, const char *kind)
{
    char path[1100], own_kind[64];
    struct dirent **entries = NULL;
    if (kind == NULL) {
        kind_of_folder(corpus, folder, own_kind, sizeof own_kind);
        kind = own_kind;
    }
    snprintf(path, sizeof path, "%s/%s/cases", corpus, folder);
    int count = scandir(path, &entries, visible, alphasort);
    if (count <= 0) {
        add_item(list, folder, "-", kind);
        conclude(&list->items[list->count - 1].o, ERROR, "no cases in %s", path);
        list->items[list->count - 1].done = true;
    }
    for (int i = 0; i < count; i++) {
        add_item(list, folder, entries[i]->d_name, kind);
        free(entries[i]);
    }
    free(entries);
}

/* The I-th column; "" where there is none. */
static const char *column(char *columns[], size_t count, size_t i)
{
    return i < count ? columns[i] : "";
}

static bool add_list(work_list *list, const settings *options)
{
    char line[16384], *columns[16];
    FILE *file = fopen(options->list, "r");
    if (file == NULL) {
        fprintf(stderr, "conformance: error: cannot open %s: %s\n", options->list, strerror(errno));
        return false;
    }
    while (fgets(line, sizeof line, file) != NULL) {
        size_t count = 0;
        line[strcspn(line, "\r\n")] = '\0';
        for (char *at = line; at != NULL && count < 16; count++) {
            columns[count] = at;
            at = strchr(at, '\t');
            if (at != NULL)
                *at++ = '\0';
        }
        if (columns[0][0] == '\0' || columns[0][0] == '#' || strcmp(columns[0], "folder") == 0)
            continue;
        bool marked = options->mark == NULL;
        for (size_t i = 1; i < count && !marked; i++)
            marked = strcmp(columns[i], options->mark) == 0;
        const char *kind = column(columns, count, 1);
        if (marked)
            add_folder(list, options->corpus, columns[0], kind[0] != '\0' ? kind : NULL);
    }
    fclose(file);
    return true;
}

/* ---- processes ------------------------------------------------------------------------------ */

static void send_all(int fd, const void *data, size_t size)
{
    const char *at = data;
    while (size > 0) {
        ssize_t sent = write(fd, at, size);
        if (sent <= 0)
            _exit(5);
        at += sent;
        size -= (size_t)sent;
    }
}

static bool start(work_item *item, const settings *options)
{
    int ends[2];
    fflush(NULL);
    if (pipe(ends) != 0)
        return false;
    pid_t pid = fork();
    if (pid < 0) {
        close(ends[0]);
        close(ends[1]);
        return false;
    }
    if (pid == 0) {
        static outcome o;
        setpgid(0, 0); /* a C compiler that we call ends with us */
        close(ends[0]);
        run_case(options, item->folder, item->name, &o);
        send_all(ends[1], &o, sizeof o);
        fflush(NULL);
        exit(0); /* not _exit: sanitizers report leaks at exit */
    }
    close(ends[1]);
    item->pid = pid;
    item->pipe = ends[0];
    item->deadline = time(NULL) + (time_t)options->timeout;
    return true;
}

static void finish(work_item *item)
{
    int status = 0;
    while (waitpid(item->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    close(item->pipe);
    item->pipe = -1;
    item->done = true;
    if (item->received != sizeof item->o || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        item->o.operators[0] = '\0';
        if (WIFSIGNALED(status))
            conclude(&item->o, ERROR, "the process died of signal %d", WTERMSIG(status));
        else
            conclude(&item->o, ERROR, "the process ended with status %d", WEXITSTATUS(status));
    }
}

/* Takes what has come from ITEM; false once there will be no more. */
static bool receive(work_item *item)
{
    char spare[256];
    size_t room = sizeof item->o - item->received;
    ssize_t got = room > 0 ? read(item->pipe, (char *)&item->o + item->received, room)
                           : read(item->pipe, spare, sizeof spare);
    if (got < 0 && errno == EINTR)
        return true;
    if (got > 0 && room > 0)
        item->received += (size_t)got;
    return got > 0;
}

static void stop(work_item *item, const char *why)
{
    kill(-item->pid, SIGKILL);
    kill(item->pid, SIGKILL);
    while (receive(item))
        continue;
    finish(item);
    conclude(&item->o, ERROR, "%s", why);
}

/* Waits until one of the running cases says something, and takes it. */
static void wait_running(work_item *running[], size_t *count, const settings *options)
{
    struct pollfd fds[64];
    for (size_t i = 0; i < *count; i++)
        fds[i] = (struct pollfd){.fd = running[i]->pipe, .events = POLLIN};
    poll(fds, (nfds_t)*count, 500);
    size_t kept = 0;
    for (size_t i = 0; i < *count; i++) {
        work_item *item = running[i];
        bool open = true;
        if ((fds[i].revents & (POLLIN | POLLHUP | POLLERR)) != 0)
            open = receive(item);
        if (!open) {
            finish(item);
        } else if (time(NULL) > item->deadline) {
            char why[80];
            snprintf(why, sizeof why, "not done after %ld seconds", options->timeout);
            stop(item, why);
        } else {
            running[kept++] = item;
        }
    }
    *count = kept;
}

/* ---- reports -------------------------------------------------------------------------------- */

static void print_item(const work_item *item, const settings *options)
{
    printf("%s %s %s %s %s\n", verdict_names[item->o.verdict], item->folder, item->name, options->engine,
           item->o.detail);
}

/* Prints finished items in the list's order. Returns false at the first that is wrong. */
static bool print_finished(work_list *list, size_t *next, const settings *options)
{
    bool good = true;
    while (*next < list->count && list->items[*next].done) {
        work_item *item = &list->items[(*next)++];
        print_item(item, options);
        item->printed = true;
        good = good && item->o.verdict != FAIL && item->o.verdict != ERROR;
    }
    fflush(stdout);
    return good;
}

typedef struct tally {
    char name[64];
    size_t by_verdict[VERDICTS];
    size_t total;
} tally;

typedef struct tallies {
    tally *items;
    size_t count, capacity;
} tallies;

static void count_one(tallies *t, const char *name, size_t size, verdict v)
{
    tally *found = NULL;
    for (size_t i = 0; i < t->count && found == NULL; i++)
        if (strlen(t->items[i].name) == size && memcmp(t->items[i].name, name, size) == 0)
            found = &t->items[i];
    if (found == NULL) {
        if (size >= sizeof found->name)
            return;
        if (t->count == t->capacity) {
            t->capacity = t->capacity == 0 ? 64 : t->capacity * 2;
            t->items = need(realloc(t->items, t->capacity * sizeof *t->items));
        }
        found = &t->items[t->count++];
        memset(found, 0, sizeof *found);
        memcpy(found->name, name, size);
    }
    found->by_verdict[v]++;
    found->total++;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const tally *)a)->name, ((const tally *)b)->name);
}

static void print_tallies(const char *what, tallies *t)
{
    if (t->count > 0)
        qsort(t->items, t->count, sizeof *t->items, by_name);
    for (size_t i = 0; i < t->count; i++) {
        printf("%s %s %zu:", what, t->items[i].name, t->items[i].total);
        for (size_t v = 0; v < VERDICTS; v++)
            if (t->items[i].by_verdict[v] > 0)
                printf(" %s %zu", verdict_names[v], t->items[i].by_verdict[v]);
        putchar('\n');
    }
}

static void tally_items(const work_list *list, tallies *kinds, tallies *operators, tallies *all)
{
    for (size_t i = 0; i < list->count; i++) {
        const work_item *item = &list->items[i];
        if (!item->printed)
            continue;
        count_one(all, "all", 3, item->o.verdict);
        count_one(kinds, item->kind, strlen(item->kind), item->o.verdict);
        for (const char *at = item->o.operators; *at != '\0';) {
            size_t size = strcspn(at, " ");
            count_one(operators, at, size, item->o.verdict);
            at += size;
            at += strspn(at, " ");
        }
    }
}

static void json_string(FILE *file, const char *text)
{
    fputc('"', file);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            fprintf(file, "\\%c", c);
        else if (c < 0x20 || c >= 0x7F)
            fprintf(file, "\\u%04x", c);
        else
            fputc(c, file);
    }
    fputc('"', file);
}

static void json_tallies(FILE *file, const char *key, const tallies *t)
{
    fprintf(file, ",\n\"%s\":{", key);
    for (size_t i = 0; i < t->count; i++) {
        fputs(i > 0 ? ",\n " : "\n ", file);
        json_string(file, t->items[i].name);
        fprintf(file, ":{\"total\":%zu", t->items[i].total);
        for (size_t v = 0; v < VERDICTS; v++)
            fprintf(file, ",\"%s\":%zu", verdict_names[v], t->items[i].by_verdict[v]);
        fputc('}', file);
    }
    fputc('}', file);
}

static bool write_json(const work_list *list, const settings *options, const tallies *all, const tallies *kinds,
                       const tallies *operators)
{
    FILE *file = fopen(options->json, "w");
    if (file == NULL)
        return false;
    fputs("{\"schema\":\"stepc.conformance/1\",\"engine\":", file);
    json_string(file, options->engine);
    fputs(",\n\"cases\":[", file);
    bool first = true;
    for (size_t i = 0; i < list->count; i++) {
        const work_item *item = &list->items[i];
        if (!item->printed)
            continue;
        const char *const texts[] = {"folder",  item->folder, "case",   item->name,    "kind",
                                     item->kind, "verdict",    verdict_names[item->o.verdict], "detail", item->o.detail};
        fputs(first ? "\n {" : ",\n {", file);
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++) {
            json_string(file, texts[j]);
            if (j + 1 < sizeof texts / sizeof *texts)
                fputc(j % 2 == 0 ? ':' : ',', file);
        }
        fputc('}', file);
        first = false;
    }
    fputc(']', file);
    json_tallies(file, "summary", all);
    json_tallies(file, "kinds", kinds);
    json_tallies(file, "operators", operators);
    fputs("}\n", file);
    return fclose(file) == 0;
}

/* ---- main ----------------------------------------------------------------------------------- */

static void run_list(work_list *list, const settings *options)
{
    work_item *running[64];
    size_t count = 0, next = 0, printed = 0;
    bool go_on = true;

    while (count > 0 || (go_on && next < list->count)) {
        while (go_on && next < list->count && count < (size_t)options->jobs) {
            work_item *item = &list->items[next++];
            if (item->done)
                continue;
            if (start(item, options)) {
                running[count++] = item;
            } else {
                conclude(&item->o, ERROR, "no process: %s", strerror(errno));
                item->done = true;
            }
        }
        if (count > 0)
            wait_running(running, &count, options);
        if (!print_finished(list, &printed, options) && !options->keep_going)
            go_on = false;
    }
    print_finished(list, &printed, options);
}

static int report(work_list *list, const settings *options)
{
    tallies all = {0}, kinds = {0}, operators = {0};
    int status = 0;
    tally_items(list, &kinds, &operators, &all);
    print_tallies("operator", &operators);
    print_tallies("kind", &kinds);
    print_tallies("cases", &all);
    if (options->json != NULL && !write_json(list, options, &all, &kinds, &operators)) {
        fprintf(stderr, "conformance: error: cannot write %s\n", options->json);
        status = 5;
    }
    if (status == 0 && (all.count == 0 || all.items[0].by_verdict[PASS] < all.items[0].total)) {
        bool only_unsupported = all.count > 0 && all.items[0].by_verdict[PASS] +
                                                         all.items[0].by_verdict[UNSUPPORTED] ==
                                                     all.items[0].total;
        status = only_unsupported ? 4 : 1;
    }
    free(all.items);
    free(kinds.items);
    free(operators.items);
    return status;
}

static bool known_engine(const char *engine)
{
    return strcmp(engine, "reference") == 0 || strcmp(engine, "interpreted") == 0 || strcmp(engine, "compiled") == 0 ||
           strcmp(engine, "jit") == 0;
}

/* Reads one option at ARGV[I]; returns how many words it took, 0 when it is none, -1 when wrong. */
static int read_option(settings *options, char **argv, int i, int argc)
{
    const struct {
        const char *name;
        const char **text;
        long *number;
    } table[] = {
        {"--list", &options->list, NULL},       {"--mark", &options->mark, NULL},
        {"--engine", &options->engine, NULL},   {"--outputs", &options->outputs, NULL},
        {"--json", &options->json, NULL},       {"--cache", &options->cache, NULL},
        {"--cc", &options->cc, NULL},           {"--jobs", NULL, &options->jobs},
        {"--timeout", NULL, &options->timeout},
    };
    if (strncmp(argv[i], "--", 2) != 0)
        return 0;
    if (strcmp(argv[i], "--keep-going") == 0) {
        options->keep_going = true;
        return 1;
    }
    for (size_t j = 0; j < sizeof table / sizeof *table; j++) {
        if (strcmp(argv[i], table[j].name) != 0)
            continue;
        if (i + 1 == argc)
            return -1;
        if (table[j].text != NULL)
            *table[j].text = argv[i + 1];
        else
            *table[j].number = strtol(argv[i + 1], NULL, 10);
        return 2;
    }
    return -1;
}

int main(int argc, char **argv)
{
    settings options = {.engine = "interpreted", .jobs = 1, .timeout = 120, .cc = "cc"};
    work_list list = {0};
    const char **folders = need(calloc((size_t)argc + 1, sizeof *folders));
    size_t folder_count = 0;

    for (int i = 1; i < argc;) {
        int taken = read_option(&options, argv, i, argc);
        if (taken < 0) {
            fprintf(stderr, "conformance: error: bad option %s\n", argv[i]);
            usage(stderr);
            return 2;
        }
        if (taken == 0 && options.corpus == NULL)
            options.corpus = argv[i];
        else if (taken == 0)
            folders[folder_count++] = argv[i];
        i += taken == 0 ? 1 : taken;
    }
    if (options.corpus == NULL || (options.list == NULL) == (folder_count == 0) || !known_engine(options.engine) ||
        options.jobs < 1 || options.jobs > 64 || options.timeout < 1) {
        usage(stderr);
        return 2;
    }
    if (options.list != NULL && !add_list(&list, &options))
        return 5;
    for (size_t i = 0; i < folder_count; i++)
        add_folder(&list, options.corpus, folders[i], NULL);
    free(folders);
    run_list(&list, &options);
    int status = report(&list, &options);
    for (size_t i = 0; i < list.count; i++) {
        free(list.items[i].folder);
        free(list.items[i].name);
        free(list.items[i].kind);
    }
    free(list.items);
    return status;
}
