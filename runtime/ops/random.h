/* SPDX-License-Identifier: Apache-2.0 */
/* Philox-4x32-10, the generator behind all random operators. */
#ifndef RUNTIME_OPS_RANDOM_H
#define RUNTIME_OPS_RANDOM_H

#include "runtime/ops/row.h"

#include <stdint.h>

typedef struct philox {
    uint32_t counter[4]; /* 128 bits, least significant word first */
    uint32_t key[2];
} philox;

/* A stateful operator's generator: key SEED, counter (0, SEED2). */
void philox_seed(philox *generator, uint64_t seed, uint64_t seed2);
/* The generator of operation OP where STATE left it; a new one is seeded by the operation's attributes, or by ENTROPY (the
 * session's) where both seeds are 0. store leaves it there. */
philox philox_load(const stepc_operation *op, const kernel_state *state, uint64_t entropy);
void philox_store(kernel_state *state, const philox *generator);
/* The four words at the counter, which stays. */
void philox_words(const philox *generator, uint32_t out[4]);
/* Counter += STEPS. */
void philox_skip(philox *generator, uint64_t steps);

#endif
