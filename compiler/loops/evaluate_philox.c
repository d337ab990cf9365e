/* SPDX-License-Identifier: Apache-2.0 */
/* Philox-4x32-10 as TensorFlow's random operators use it. */
#include "compiler/loops/evaluate.h"

void philox_advance(uint32_t state[6], uint64_t steps)
{
    uint64_t low = (uint64_t)state[3] << 32 | state[2];
    uint64_t high = (uint64_t)state[5] << 32 | state[4];
    uint64_t sum = low + steps;

    high += sum < low;
    state[2] = (uint32_t)sum;
    state[3] = (uint32_t)(sum >> 32);
    state[4] = (uint32_t)high;
    state[5] = (uint32_t)(high >> 32);
}

void philox_block(const uint32_t state[6], uint64_t block, uint32_t out[4])
{
    uint32_t s[6] = {state[0], state[1], state[2], state[3], state[4], state[5]};
    philox_advance(s, block);
    for (int round = 0; round < 10; round++) {
        uint64_t p0 = (uint64_t)UINT32_C(0xD2511F53) * s[2];
        uint64_t p1 = (uint64_t)UINT32_C(0xCD9E8D57) * s[4];
        uint32_t c1 = s[3], c3 = s[5];
        s[2] = (uint32_t)(p1 >> 32) ^ c1 ^ s[0];
        s[3] = (uint32_t)p1;
        s[4] = (uint32_t)(p0 >> 32) ^ c3 ^ s[1];
        s[5] = (uint32_t)p0;
        s[0] += UINT32_C(0x9E3779B9);
        s[1] += UINT32_C(0xBB67AE85);
    }
    for (int i = 0; i < 4; i++)
        out[i] = s[2 + i];
}
