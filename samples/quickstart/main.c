/* SPDX-License-Identifier: Apache-2.0 */
/* Reads pictures of digits with the function that stepc made of the graph. A picture is a text
 * file of 28 lines of 28 characters, " .:*#" for ink from 0 to 1. */
#include "read_digits.h"

#include <stdio.h>
#include <string.h>

enum { SIDE = 28, PIXELS = SIDE * SIDE, CLASSES = 10, MOST = 8 };

static _Alignas(64) unsigned char arena[READ_DIGITS_ARENA_BYTES + 64];
static float images[MOST * PIXELS];
static float scores[MOST * CLASSES];

static int load(const char *path, float *image)
{
    static const char ink[] = " .:*#";
    FILE *file = fopen(path, "r");
    if (!file)
        return 0;
    char line[128];
    memset(image, 0, PIXELS * sizeof *image);
    for (int y = 0; y < SIDE && fgets(line, sizeof line, file); y++)
        for (int x = 0; x < SIDE && line[x] && line[x] != '\n'; x++) {
            const char *level = strchr(ink, line[x]);
            image[y * SIDE + x] = level ? (float)(level - ink) / 4.0f : 0.0f;
        }
    fclose(file);
    return 1;
}

static int best(const float *score)
{
    int winner = 0;
    for (int k = 1; k < CLASSES; k++)
        if (score[k] > score[winner])
            winner = k;
    return winner;
}

int main(int argc, char **argv)
{
    int count = 0;
    for (; count + 1 < argc && count < MOST; count++)
        if (!load(argv[count + 1], images + count * PIXELS)) {
            fprintf(stderr, "cannot read %s\n", argv[count + 1]);
            return 1;
        }

    stepc_fault fault = {0};
    stepc_env env = {.size = sizeof env, .arena = arena, .arena_bytes = sizeof arena, .fault = &fault};
    read_digits_feeds feeds = {.images = images, .n = count};
    read_digits_fetches fetches = {.scores = scores};
    int32_t code = read_digits(&feeds, &fetches, &env);
    if (code != 0) {
        fprintf(stderr, "read_digits: code %d: %s\n", (int)code, fault.message ? fault.message : "");
        return 1;
    }
    for (int i = 0; i < count; i++) {
        const float *score = scores + i * CLASSES;
        printf("  %-20s is a %d   scores", argv[i + 1], best(score));
        for (int k = 0; k < CLASSES; k++)
            printf(" %6.2f", (double)score[k]);
        printf("\n");
    }
    return 0;
}
