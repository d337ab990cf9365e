/* SPDX-License-Identifier: Apache-2.0 */
/* Two graphs linked into one program. */
#include "plus3.h"
#include "wine.h"

#include <stdio.h>

static _Alignas(64) unsigned char arena[(WINE_ARENA_BYTES > PLUS3_ARENA_BYTES ? WINE_ARENA_BYTES : PLUS3_ARENA_BYTES) + 64];

int main(void)
{
    /* The first rows of the red wine quality data: acidity, sugar, chlorides, sulphur, density, pH, sulphates, alcohol. */
    static const float features[4 * 11] = {
        7.4f,  0.70f, 0.00f, 1.9f, 0.076f, 11, 34, 0.9978f, 3.51f, 0.56f, 9.4f, 7.8f,  0.88f, 0.00f, 2.6f,
        0.098f, 25,   67,    0.9968f, 3.20f, 0.68f, 9.8f,   7.8f,  0.76f, 0.04f, 2.3f, 0.092f, 15,    54,    0.9970f,
        3.26f, 0.65f, 9.8f,  11.2f, 0.28f, 0.56f, 1.9f,     0.075f, 17,   60,    0.9980f, 3.16f, 0.58f, 9.8f};
    static const float x[3] = {1.0f, 2.0f, 3.0f};
    static float quality[4 * 9], y[3];
    stepc_env env = {.size = sizeof env, .arena = arena, .arena_bytes = sizeof arena};

    wine_feeds wine_in = {.features = features};
    wine_fetches wine_out = {.quality = quality};
    plus3_feeds plus3_in = {.x = x};
    plus3_fetches plus3_out = {.y = y};
    if (wine(&wine_in, &wine_out, &env) != 0 || plus3(&plus3_in, &plus3_out, &env) != 0)
        return 1;

    for (int i = 0; i < 4; i++) {
        int best = 0;
        for (int k = 1; k < 9; k++)
            best = quality[i * 9 + k] > quality[i * 9 + best] ? k : best;
        printf("wine %d: class %d, score %.4f\n", i, best, (double)quality[i * 9 + best]);
    }
    printf("plus3: %g %g %g\n", (double)y[0], (double)y[1], (double)y[2]);
    return 0;
}
