/* SPDX-License-Identifier: Apache-2.0 */
/* check_tokens FILE.h FILE.c ...: emitted files, each header before its text. */
#include "tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *read_whole(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END))
        return NULL;
    long length = ftell(file);
    rewind(file);
    char *text = length >= 0 ? malloc((size_t)length + 1) : NULL;
    if (text && fread(text, 1, (size_t)length, file) != (size_t)length) {
        free(text);
        text = NULL;
    }
    fclose(file);
    if (text)
        text[length] = '\0';
    *size = (size_t)length;
    return text;
}

int main(int argc, char **argv)
{
    static token_names names;
    int bad = argc < 2;
    for (int i = 1; i < argc; i++) {
        size_t size = 0, length = strlen(argv[i]);
        char *text = read_whole(argv[i], &size);
        if (!text) {
            printf("%s: cannot be read\n", argv[i]);
            return 2;
        }
        if (length > 2 && strcmp(argv[i] + length - 2, ".h") == 0)
            tokens_release(&names);
        bad += !tokens_check(argv[i], text, size, &names);
        free(text);
    }
    tokens_release(&names);
    printf("%d files, %d bad\n", argc - 1, bad);
    return bad ? 1 : 0;
}
