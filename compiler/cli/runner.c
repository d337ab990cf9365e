/* SPDX-License-Identifier: Apache-2.0 */
/* A compiled step as a program of its own, for machines that this one only emulates. The feeds
 * are written into the program; what it fetches comes back as hexadecimal lines on stdout. */
#include "compiler/cli/engine.h"

#include "compiler/emit/abi.h"
#include "runtime/core/dtype.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

struct runner {
    cli *cli;
    char *folder;
    const char *module, *cc;
    const isa_profile *isa;
    const char *source; /* name of the module's C text */
};

/* ---- the program's text ------------------------------------------------------------------------ */

/* Everything but the feeds: reads the module's table, so it fits every step. Little-endian both ways. */
static const char program_text[] =
    "#include <stdio.h>\n"
    "#include <stdlib.h>\n"
    "#include <string.h>\n"
    "\n"
    "static void *aligned(size_t bytes)\n"
    "{\n"
    "    char *memory = calloc(1, bytes + 128);\n"
    "    if (!memory)\n"
    "        exit(9);\n"
    "    return memory + (64 - (size_t)((uintptr_t)memory & 63));\n"
    "}\n"
    "\n"
    "static void to_little(unsigned char *data, size_t bytes, size_t unit)\n"
    "{\n"
    "    const unsigned one = 1;\n"
    "    if (*(const unsigned char *)&one)\n"
    "        return;\n"
    "    for (size_t at = 0; at + unit <= bytes; at += unit)\n"
    "        for (size_t i = 0; i < unit / 2; i++) {\n"
    "            unsigned char byte = data[at + i];\n"
    "            data[at + i] = data[at + unit - 1 - i];\n"
    "            data[at + unit - 1 - i] = byte;\n"
    "        }\n"
    "}\n"
    "\n"
    "static int64_t most_elements(const stepc_slot *slot)\n"
    "{\n"
    "    int64_t count = 1;\n"
    "    for (int32_t d = 0; d < slot->rank; d++)\n"
    "        count *= slot->dims[d].size > 0 ? slot->dims[d].size : 0;\n"
    "    return count;\n"
    "}\n"
    "\n"
    "static void write_fetch(const stepc_slot *slot, const unsigned char *fetches, size_t i)\n"
    "{\n"
    "    unsigned char *data;\n"
    "    int64_t count = 1;\n"
    "    memcpy(&data, fetches + slot->offset, sizeof data);\n"
    "    printf(\"fetch\");\n"
    "    for (int32_t d = 0; d < slot->rank; d++) {\n"
    "        int64_t size = slot->dims[d].size;\n"
    "        if (slot->dims_offset >= 0)\n"
    "            memcpy(&size, fetches + slot->dims_offset + 8 * d, 8);\n"
    "        printf(\" %lld\", (long long)size);\n"
    "        count *= size;\n"
    "    }\n"
    "    printf(\"\\n\");\n"
    "    to_little(data, (size_t)count * fetch_bytes[i], fetch_units[i]);\n"
    "    for (size_t k = 0; k < (size_t)count * fetch_bytes[i]; k++)\n"
    "        printf(\"%02x\", data[k]);\n"
    "    printf(\"\\n\");\n"
    "}\n"
    "\n"
    "int main(void)\n"
    "{\n"
    "    const stepc_module *module = MODULE();\n"
    "    const stepc_entry *entry = &module->entries[0];\n"
    "    unsigned char *feeds = aligned(entry->feeds_bytes), *fetches = aligned(entry->fetches_bytes);\n"
    "    stepc_fault fault = {0};\n"
    "    stepc_env env = {.size = sizeof env, .arena_bytes = (size_t)entry->arena_bytes, .fault = &fault};\n"
    "    env.arena = aligned(env.arena_bytes);\n"
    "    env.state = aligned((size_t)module->state_bytes);\n"
    "    for (uint32_t i = 0; i < entry->feed_count; i++) {\n"
    "        void *data = aligned(feed_bytes[i]);\n"
    "        if (feed_bytes[i])\n"
    "            memcpy(data, feed_data[i], feed_bytes[i]);\n"
    "        to_little(data, feed_bytes[i], feed_units[i]);\n"
    "        memcpy(feeds + entry->feeds[i].offset, &data, sizeof data);\n"
    "    }\n"
    "    for (uint32_t i = 0; i < entry->fetch_count; i++) {\n"
    "        void *data = aligned((size_t)most_elements(&entry->fetches[i]) * fetch_bytes[i]);\n"
    "        memcpy(fetches + entry->fetches[i].offset, &data, sizeof data);\n"
    "    }\n"
    "    int32_t status = module->init ? module->init(&env) : 0;\n"
    "    if (!status)\n"
    "        status = entry->call(feeds, fetches, &env);\n"
    "    printf(\"status %d %s\\n\", (int)status, status && fault.message ? fault.message : \"\");\n"
    "    for (uint32_t i = 0; !status && i < entry->fetch_count; i++)\n"
    "        write_fetch(&entry->fetches[i], fetches, i);\n"
    "    return 0;\n"
    "}\n";

static size_t unit_of(stepc_dtype dtype)
{
    size_t bytes = stepc_dtype_bytes(dtype);
    return dtype_is_complex(dtype) ? bytes / 2 : bytes;
}

static bool host_is_big(void)
{
    const unsigned one = 1;
    unsigned char first;
    memcpy(&first, &one, 1);
    return first == 0;
}

/* Where byte AT lies when elements of UNIT bytes are turned round. */
static size_t turned(size_t at, size_t unit)
{
    return host_is_big() ? at / unit * unit + (unit - 1 - at % unit) : at;
}

static void write_feed(text *out, size_t index, const stepc_view *view)
{
    const unsigned char *data = view->data;
    size_t unit = unit_of((stepc_dtype)view->dtype);
    text_printf(out, "static const unsigned char feed_%zu[] = {", index);
    for (size_t i = 0; i < view->bytes; i++)
        text_printf(out, "%s%d,", i % 32 ? "" : "\n    ", (int)data[turned(i, unit)]);
    text_puts(out, view->bytes ? "\n};\n" : "0};\n");
}

static void write_sizes(text *out, const char *name, const size_t *sizes, size_t count)
{
    text_printf(out, "static const size_t %s[] = {", name);
    for (size_t i = 0; i < count; i++)
        text_printf(out, "%zu, ", sizes[i]);
    text_puts(out, "0};\n");
}

static void write_program(runner *r, text *out, const stepc_view *feeds, size_t feed_count, const stepc_dtype *dtypes,
                          size_t fetch_count)
{
    cli *c = r->cli;
    size_t most = feed_count > fetch_count ? feed_count : fetch_count;
    size_t *bytes = CLI_ARRAY(c, size_t, most), *units = CLI_ARRAY(c, size_t, most);
    text_printf(out, "#include \"stepc/module.h\"\n#include \"%s.h\"\n#define MODULE %s_module\n", r->module,
                r->module);
    for (size_t i = 0; i < feed_count; i++) {
        write_feed(out, i, &feeds[i]);
        bytes[i] = feeds[i].bytes;
        units[i] = unit_of((stepc_dtype)feeds[i].dtype);
    }
    text_puts(out, "static const unsigned char *const feed_data[] = {");
    for (size_t i = 0; i < feed_count; i++)
        text_printf(out, "feed_%zu, ", i);
    text_puts(out, "0};\n");
    write_sizes(out, "feed_bytes", bytes, feed_count);
    write_sizes(out, "feed_units", units, feed_count);
    for (size_t i = 0; i < fetch_count; i++) {
        bytes[i] = stepc_dtype_bytes(dtypes[i]);
        units[i] = unit_of(dtypes[i]);
    }
    write_sizes(out, "fetch_bytes", bytes, fetch_count);
    write_sizes(out, "fetch_units", units, fetch_count);
    text_puts(out, program_text);
}

/* ---- files ----------------------------------------------------------------------------------------- */

static stepc_code write_file(runner *r, const char *name, const char *data, size_t bytes)
{
    cli *c = r->cli;
    const char *path = cli_format(c, "%s/%s", r->folder, name);
    FILE *file = fopen(path, "wb");
    bool wrote = file && fwrite(data, 1, bytes, file) == bytes;
    if (file && fclose(file) != 0)
        wrote = false;
    if (wrote)
        return STEPC_OK;
    error_set(&c->error, STEPC_UNAVAILABLE, "cannot be written");
    error_at_file(&c->error, path, -1);
    return STEPC_UNAVAILABLE;
}

static stepc_code write_module(runner *r, const stepc_product *product)
{
    cli *c = r->cli;
    text header;
    stepc_code code = STEPC_OK;
    for (size_t i = 0; !code && i < stepc_product_file_count(product); i++) {
        stepc_file file = stepc_product_file(product, i);
        code = write_file(r, file.name, file.data, file.bytes);
    }
    if (code)
        return code;
    if (mkdir(cli_format(c, "%s/stepc", r->folder), 0700) != 0)
        return error_set(&c->error, STEPC_UNAVAILABLE, "no folder can be made in %.200s", r->folder);
    text_init(&header, &c->host);
    abi_write_module_header(&header);
    code = header.failed ? error_out_of_memory(&c->error, "writing a program")
                         : write_file(r, "stepc/module.h", header.data, header.size);
    text_release(&header);
    return code;
}

/* ---- building and running --------------------------------------------------------------------------- */

/* The first line that tells of an error, else the first. */
static const char *first_message(cli *c, const text *said)
{
    const char *at = strstr(said->data, "error");
    while (at && at > said->data && at[-1] != '\n')
        at--;
    at = at ? at : said->data;
    size_t size = strcspn(at, "\n");
    return cli_copy(c, at, size < 300 ? size : 300);
}

static stepc_code build(runner *r)
{
    cli *c = r->cli;
    const char *argv[96] = {NULL};
    size_t count = cli_compiler_words(c, r->cc, argv, 40);
    text_list isa = text_split(c, r->isa->cflags, ' ');
    const char *const more[] = {"-std=c11",
                                "-O2",
                                "-ffp-contract=off",
                                "-fno-math-errno",
                                cli_format(c, "-I%s", r->folder),
                                "-o",
                                cli_format(c, "%s/program", r->folder),
                                cli_format(c, "%s/main.c", r->folder),
                                cli_format(c, "%s/%s", r->folder, r->source)};
    text said;
    int status = 0;
    for (size_t i = 0; i < isa.count && count < 50; i++)
        if (*isa.items[i])
            argv[count++] = isa.items[i];
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        argv[count++] = more[i];
    text_init(&said, &c->host);
    stepc_code code = spawn_collect(c, argv, NULL, &said, &status);
    if (!code && status) {
        bool ours = !c->args.cc && !c->args.cflags;
        code = error_set(&c->error, ours ? STEPC_INTERNAL : STEPC_INVALID_ARGUMENT, "%.100s refuses the program: %s",
                         argv[0], first_message(c, &said));
        error_mend(&c->error, "check --cc, --cflags and --isa");
    }
    text_release(&said);
    return code;
}

static stepc_code broken(runner *r, const char *what, const text *said)
{
    cli *c = r->cli;
    error_set(&c->error, STEPC_UNAVAILABLE, "%s: %s", what, first_message(c, said));
    error_mend(&c->error, "check --runner");
    return STEPC_UNAVAILABLE;
}

static bool read_dims(const char **at, int64_t *dims, int32_t *rank)
{
    *rank = 0;
    if (strncmp(*at, "fetch", 5) != 0)
        return false;
    for (*at += 5; **at == ' ' && *rank < 255;) {
        size_t size = strspn(++*at, "0123456789");
        if (!parse_i64(*at, size, &dims[(*rank)++]))
            return false;
        *at += size;
    }
    return *(*at)++ == '\n';
}

static int digit_of(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One fetch at *AT: its dimensions, then its bytes. */
static stepc_code read_fetch(runner *r, const char **at, stepc_dtype dtype, stepc_tensor **out, const text *said)
{
    int64_t dims[256];
    int32_t rank;
    if (!read_dims(at, dims, &rank))
        return broken(r, "the program's output is not as it should be", said);
    stepc_code code = stepc_tensor_new(&r->cli->host, dtype, dims, rank, out, &r->cli->error);
    if (code)
        return code;
    unsigned char *data = stepc_tensor_data(*out);
    size_t bytes = stepc_tensor_bytes(*out), unit = unit_of(dtype);
    for (size_t i = 0; i < bytes; i++, *at += 2) {
        int high = digit_of((*at)[0]), low = high < 0 ? -1 : digit_of((*at)[1]);
        if (low < 0)
            return broken(r, "the program's output is cut off", said);
        data[turned(i, unit)] = (unsigned char)(high * 16 + low);
    }
    *at += **at == '\n';
    return STEPC_OK;
}

static stepc_code read_answer(runner *r, const text *said, const stepc_dtype *dtypes, stepc_tensor **out, size_t count)
{
    cli *c = r->cli;
    const char *at = strstr(said->data, "status ");
    int64_t status;
    if (!at)
        return broken(r, "the program wrote no result", said);
    at += strlen("status ");
    size_t digits = strspn(at, "0123456789");
    if (!parse_i64(at, digits, &status) || status > 16)
        return broken(r, "the program's output is not as it should be", said);
    const char *why = cli_copy(c, at + digits, strcspn(at + digits, "\n"));
    if (status)
        return error_set(&c->error, (stepc_code)status, "the program's step failed:%s", why);
    at += strcspn(at, "\n");
    at += *at == '\n';
    stepc_code code = STEPC_OK;
    for (size_t i = 0; !code && i < count; i++)
        code = read_fetch(r, &at, dtypes[i], &out[i], said);
    return code;
}

static stepc_code run(runner *r, const stepc_dtype *dtypes, stepc_tensor **out, size_t count)
{
    cli *c = r->cli;
    const char *argv[64] = {NULL};
    text_list words = text_split(c, c->args.runner, ' ');
    size_t used = 0;
    int status = 0;
    text said;
    for (size_t i = 0; i < words.count && used < 60; i++)
        if (*words.items[i])
            argv[used++] = words.items[i];
    argv[used] = cli_format(c, "%s/program", r->folder);
    text_init(&said, &c->host);
    stepc_code code = spawn_collect(c, argv, NULL, &said, &status);
    if (!code && said.failed)
        code = error_out_of_memory(&c->error, "reading a program's output");
    if (!code && status)
        code = broken(r, cli_format(c, "the program ends with status %d", status), &said);
    if (!code)
        code = read_answer(r, &said, dtypes, out, count);
    text_release(&said);
    return code;
}

stepc_code runner_step(runner *r, const stepc_view *feeds, size_t feed_count, const stepc_dtype *fetch_dtypes,
                       stepc_tensor **out, size_t fetch_count)
{
    cli *c = r->cli;
    text program;
    text_init(&program, &c->host);
    write_program(r, &program, feeds, feed_count, fetch_dtypes, fetch_count);
    stepc_code code = program.failed ? error_out_of_memory(&c->error, "writing a program")
                                     : write_file(r, "main.c", program.data, program.size);
    text_release(&program);
    if (!code)
        code = build(r);
    if (!code)
        code = run(r, fetch_dtypes, out, fetch_count);
    for (size_t i = 0; code && i < fetch_count; i++) {
        stepc_tensor_release(out[i]);
        out[i] = NULL;
    }
    return code;
}

int runner_open(cli *c, const stepc_product *product, const char *module, const char *cc, const isa_profile *isa,
                runner **out)
{
    runner *r = CLI_ARRAY(c, runner, 1);
    *r = (runner){.cli = c, .module = module, .cc = cc, .isa = isa};
    *out = r;
    r->source = cli_format(c, "%s", stepc_product_file(product, 1).name);
    r->folder = scratch_make(c);
    if (!r->folder || write_module(r, product) != STEPC_OK)
        return cli_fail(c, IN_FILES);
    return 0;
}

void runner_close(runner *r)
{
    if (r)
        scratch_remove(r->folder);
}
