/* SPDX-License-Identifier: Apache-2.0 */
/* What all commands share: arguments, memory, messages, output, exit status. */
#ifndef COMPILER_CLI_CLI_H
#define COMPILER_CLI_CLI_H

#include "compiler/cli/json.h"
#include "compiler/cli/options.h"
#include "compiler/driver/driver.h"
#include "compiler/frontend/signature.h"
#include "runtime/core/arena.h"
#include "runtime/core/error.h"
#include "runtime/core/host.h"
#include "stepc/stepc.h"

/* Exit statuses; docs/commands.md explains them. */
enum {
    EXIT_DONE = 0,
    EXIT_DIFFERENT = 1,
    EXIT_USAGE = 2,
    EXIT_MODEL = 3,
    EXIT_LACKING = 4,
    EXIT_ENVIRONMENT = 5,
    EXIT_BUG = 70
};

typedef struct command_row {
    const char *name;
    uint32_t bit;
    int (*run)(cli *c);
    const char *usage;   /* behind "stepc NAME" */
    const char *summary; /* one line */
    const char *text;    /* paragraphs of help */
} command_row;

struct cli {
    const command_row *command;
    cli_arguments args;
    stepc_host host;
    arena memory;
    stepc_error error;
    text out;          /* what goes to stdout when the command is done */
    text_list missing; /* operators that a step needs and that lack an implementation */
    text dumps;
    stepc_tensor **owned; /* fed values, released at the end */
    size_t owned_count;
    stepc_io plain_io; /* beneath the stricter one of --untrusted */
};

size_t command_count(void);
const command_row *command_at(size_t index);
const command_row *command_find(const char *name); /* NULL when there is none */

int command_compile(cli *c);
int command_run(cli *c);
int command_compare(cli *c);
int command_bench(cli *c);
int command_inspect(cli *c);
int command_help(cli *c);
int command_lacking(cli *c);

/* Memory until the program ends; a failure ends the program with status 5. */
void *cli_alloc(cli *c, size_t count, size_t bytes);
#define CLI_ARRAY(c, type, count) ((type *)cli_alloc((c), (count), sizeof(type)))
/* The program releases TENSOR when it ends. */
void cli_own(cli *c, stepc_tensor *tensor);
char *cli_format(cli *c, const char *format, ...) PRINTF_LIKE(2, 3);
char *cli_copy(cli *c, const char *data, size_t size);
void text_list_add(cli *c, text_list *list, const char *item);

/* Where a NOT_FOUND came from decides the exit status. */
typedef enum cli_place { IN_MODEL, IN_FILES } cli_place;

/* Prints c->error and returns its exit status. */
int cli_fail(cli *c, cli_place place);
/* Sets c->error with a mend (NULL: none), prints it and returns its exit status. */
int cli_refuse(cli *c, stepc_code code, cli_place place, const char *mend, const char *format, ...) PRINTF_LIKE(5, 6);
/* A wrong command line: prints and returns EXIT_USAGE. */
int cli_usage(cli *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* "stepc: note: ..." on stderr, unless --quiet. */
void cli_note(cli *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same under --verbose only. */
void cli_explain(cli *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* A line that is overwritten by the next, on a terminal only. */
void cli_progress(cli *c, const char *format, ...) PRINTF_LIKE(2, 3);
/* Adds bytes to c->out with everything but printable ASCII, tab and newline as \ooo. */
void cli_print_safe(cli *c, const char *data);
int exit_status_of(stepc_code code, cli_place place);

/* Counts what c->host allocates, from now on, against the limit memory_bytes. */
void cli_count_memory(cli *c);
void cli_limit_memory(cli *c); /* takes the limit as it is now */
bool cli_memory_refused(void); /* whether anything was refused for the limit */
/* Applies --limits and --untrusted to c->host. 0 or the exit status. */
int cli_setup_host(cli *c);
/* Loads the MODEL of the command line. 0 or the exit status. */
int cli_load_graph(cli *c, stepc_graph **out);
/* The model's path; the parser has seen to it that there is one. */
const char *cli_model(const cli *c);
/* The C compiler to call: --cc, under --untrusted an absolute path; NULL: the driver's choice. */
int cli_compiler(cli *c, const char **out);

/* The profile of what CC targets, asked by way of its macros. 0 or the exit status. (target.c) */
int cli_probe_isa(cli *c, const char *cc, const isa_profile **out);
/* CC (NULL: $CC, else "cc") and --cflags as words into ARGV, at most ROOM; their number. */
size_t cli_compiler_words(cli *c, const char *cc, const char **argv, size_t room);

/* JSON: an object that begins with its schema. */
void cli_json_begin(cli *c, json *j);
void cli_json_end(cli *c, json *j);

/* "float32", "float16", "int64", ... as NumPy spells it. */
const char *dtype_spelled(stepc_dtype dtype);
/* "[2,n<=8,3]" */
const char *dims_spelled(cli *c, const signature_dim *dims, int32_t rank);
const char *shape_spelled(cli *c, const int64_t *dims, int32_t rank);
bool text_ends_in(const char *z, const char *suffix);
bool text_begins_with(const char *z, const char *prefix);
/* Splits at COMMA, in arena memory. */
text_list text_split(cli *c, const char *z, char comma);

/* ---- signatures of the command line (signature.c) -------------------------------------------- */

/* What a command lets stand behind '=' in --feed and --fetch. */
enum { REQUEST_VALUES = 1, REQUEST_OUTPUTS = 2, REQUEST_SINGLE = 4 };

typedef struct requested_callable {
    stepc_callable_spec spec;
    const char **values;  /* per feed: the value as spelled, or NULL */
    const char **outputs; /* per fetch: where it goes, or NULL */
} requested_callable;

typedef struct request {
    requested_callable *callables;
    size_t count;
    const char *assumed; /* options that were guessed, or NULL */
} request;

/* From --feed, --fetch, --target, --name, --config, or the graph's only unambiguous signature. FLAGS are
 * REQUEST_*. 0 or the exit status. */
int request_build(cli *c, stepc_graph *graph, uint32_t flags, request *out);
/* The text behind '=' of a feed, taken apart: a dtype and shape, a value, or both. */
typedef struct feed_text {
    stepc_dtype dtype; /* STEPC_DTYPE_INVALID: not given */
    const char *shape; /* without brackets; NULL: not given */
    const char *value; /* literal or path; NULL: not given */
} feed_text;
feed_text feed_text_split(cli *c, const char *spelled);

/* ---- values (values.c) ----------------------------------------------------------------------- */

/* True when all of Z is a literal. */
bool literal_is(cli *c, const char *z);
/* A literal or a file's content, as a tensor of DTYPE. On failure c->error is set and *OUT_PLACE tells where. */
stepc_code value_read(cli *c, const char *spelled, stepc_dtype dtype, stepc_tensor **out, cli_place *out_place);

/* ---- printing tensors (print.c) -------------------------------------------------------------- */

/* As NumPy prints it; long ones with "..." unless WHOLE. */
void tensor_print(cli *c, const stepc_view *view, bool whole);
void tensor_json(json *j, const stepc_view *view);

/* ---- files (files.c) ------------------------------------------------------------------------- */

/* A private folder (mode 0700) in TMPDIR. NULL with c->error set. */
char *scratch_make(cli *c);
/* Removes FOLDER and the files in it; NULL is fine. */
void scratch_remove(const char *folder);
bool file_exists(const char *path);
bool folder_exists(const char *path);
stepc_code file_bytes_of(cli *c, const char *path, file_bytes *out);
/* Sizes from the section headers of an ELF file, or of those in an archive: machine code, and read-only data
 * besides. False when there is none. */
bool elf_sizes(const uint8_t *data, size_t size, int64_t *out_code, int64_t *out_constants);
/* Runs ARGV[0] (searched in PATH) with INPUT (NULL: nothing), its stdout and stderr collected in OUT. */
stepc_code spawn_collect(cli *c, const char *const *argv, const char *input, text *out, int *out_status);

#endif
