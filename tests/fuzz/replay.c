/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a fuzz target over files and over simple mutations of them: what ctest does where no
 * fuzzer is at hand.   replay [--mutations N] FILE... */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t state = 1;

static uint64_t next_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Changes up to four bytes, or cuts the end, or doubles a piece. */
static size_t mutate(uint8_t *data, size_t size, size_t capacity)
{
    uint64_t kind = next_random() % 8;

    if (size == 0)
        return 0;
    if (kind == 0)
        return next_random() % size;
    if (kind == 1) {
        size_t from = next_random() % size;
        size_t length = next_random() % (size - from) + 1;
        if (length > capacity - size)
            return size;
        memmove(data + from + length, data + from, size - from);
        return size + length;
    }
    for (uint64_t i = 0; i < kind / 2 + 1; i++)
        data[next_random() % size] ^= (uint8_t)(kind < 5 ? 1u << next_random() % 8 : next_random());
    return size;
}

int main(int argc, char **argv)
{
    long mutations = 200;
    int files = 0;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--mutations") == 0 && i + 1 < argc) {
            mutations = strtol(argv[++i], NULL, 10);
            continue;
        }
        FILE *file = fopen(argv[i], "rb");
        if (file == NULL) {
            perror(argv[i]);
            return 1;
        }
        static uint8_t original[1 << 20], changed[2 << 20];
        size_t size = fread(original, 1, sizeof(original), file);
        fclose(file);
        (void)LLVMFuzzerTestOneInput(original, size);
        for (long m = 0; m < mutations; m++) {
            memcpy(changed, original, size);
            size_t now = mutate(changed, size, sizeof(changed));
            uint8_t *exact = malloc(now > 0 ? now : 1); /* so that a sanitizer sees reads beyond the end */
            if (exact == NULL)
                return 1;
            memcpy(exact, changed, now);
            (void)LLVMFuzzerTestOneInput(exact, now);
            free(exact);
        }
        files++;
    }
    printf("%d files, %ld mutations each: no fault\n", files, mutations);
    return files > 0 ? 0 : 1;
}
