/* SPDX-License-Identifier: Apache-2.0 */
/* What the C compiler targets. */
#include "compiler/cli/cli.h"

#include <stdlib.h>
#include <string.h>

size_t cli_compiler_words(cli *c, const char *cc, const char **argv, size_t room)
{
    const char *named = cc ? cc : getenv("CC");
    text_list words = text_split(c, named && *named ? named : "cc", ' ');
    text_list flags = text_split(c, c->args.cflags ? c->args.cflags : "", ' ');
    size_t count = 0;
    for (size_t i = 0; i < words.count + flags.count && count < room; i++) {
        const char *word = i < words.count ? words.items[i] : flags.items[i - words.count];
        if (*word)
            argv[count++] = word;
    }
    return count;
}

/* A text of which the preprocessor keeps the line of the first profile whose condition holds. */
static const char *probe_text(cli *c)
{
    static const char *const order[] = {"avx512", "avx2", "sse2", "neon", "vsx", "helium", "armv7m"};
    const char *probe = "#if 0\n";
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const isa_profile *p = isa_find(order[i]);
        if (p && p->requires_macros)
            probe = cli_format(c, "%s#elif %s\nstepc_isa_%s\n", probe, p->requires_macros, p->name);
    }
    return cli_format(c, "%s#endif\n", probe);
}

int cli_probe_isa(cli *c, const char *cc, const isa_profile **out)
{
    static const char *const rest[] = {"-E", "-P", "-x", "c", "-"};
    const char *argv[64] = {NULL};
    size_t count = cli_compiler_words(c, cc, argv, 56);
    int status = 0;
    text answer;
    *out = NULL;
    for (size_t i = 0; i < 5; i++)
        argv[count++] = rest[i];
    text_init(&answer, &c->host);
    stepc_code code = spawn_collect(c, argv, probe_text(c), &answer, &status);
    const char *found = code ? NULL : strstr(answer.data, "stepc_isa_");
    if (found) {
        found += strlen("stepc_isa_");
        *out = isa_find(cli_copy(c, found, strcspn(found, " \n\r\t")));
    }
    const char *said = code ? "" : cli_copy(c, answer.data, strcspn(answer.data, "\n\r"));
    text_release(&answer);
    if (code) {
        error_mend(&c->error, "install a C compiler, or name one with --cc");
        return cli_fail(c, IN_FILES);
    }
    if (status)
        return cli_refuse(c, STEPC_UNAVAILABLE, IN_FILES, "check --cc and --cflags",
                          "the C compiler %.100s ends with status %d: %.300s", argv[0], status, said);
    if (!*out)
        *out = isa_find("generic");
    cli_explain(c, "the C compiler targets %s", (*out)->name);
    return 0;
}
