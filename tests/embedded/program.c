/* SPDX-License-Identifier: Apache-2.0 */
/* Runs every recorded case of one compiled step (step.h, vectors.h) and says how it went. The same text runs hosted and
 * on bare metal, where startup.c brings the output and memcpy. */
#include "step.h"

#if defined(__STDC_HOSTED__) && __STDC_HOSTED__ && !defined(BARE_METAL)
#include <stdio.h>
static void print_text(const char *line)
{
    fputs(line, stdout);
}
#else
#include "board.h"
static void print_text(const char *line)
{
    board_print(line);
}
#endif

static void print_number(long value)
{
    char digits[24];
    unsigned at = sizeof digits - 1;
    unsigned long rest = value < 0 ? 0ul - (unsigned long)value : (unsigned long)value;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest != 0);
    if (value < 0)
        digits[--at] = '-';
    print_text(digits + at);
}

#include "vectors.h"

static float magnitude(float x)
{
    return x < 0.0f ? -x : x;
}

static int check_code(int number, long code)
{
    if (code == 0)
        return 0;
    print_text("case ");
    print_number(number);
    print_text(": code ");
    print_number(code);
    print_text("\n");
    return 1;
}

/* FNV-1a over the words of all answers: the same on machines of either byte order. */
static uint32_t bits = 2166136261u;

static void mix(const float *values, unsigned length)
{
    for (unsigned i = 0; i < length; i++) {
        union {
            float value;
            uint32_t word;
        } v = {values[i]};
        for (int shift = 0; shift < 32; shift += 8)
            bits = (bits ^ (v.word >> shift & 255u)) * 16777619u;
    }
}

static void print_bits(void)
{
    char line[] = "bits ........\n";
    for (int i = 0; i < 8; i++)
        line[5 + i] = "0123456789abcdef"[bits >> (28 - 4 * i) & 15u];
    print_text(line);
}

static int check_floats(int number, int fetch, const float *got, const float *want, unsigned length)
{
    float worst = 0.0f;
    mix(got, length);
    for (unsigned i = 0; i < length; i++) {
        float bound = ABSOLUTE + RELATIVE * magnitude(want[i]);
        float part = magnitude(got[i] - want[i]) / bound;
        if (!(part <= 1.0f)) { /* NaN too */
            print_text("case ");
            print_number(number);
            print_text(" fetch ");
            print_number(fetch);
            print_text(" differs at element ");
            print_number((long)i);
            print_text("\n");
            return 1;
        }
        worst = part > worst ? part : worst;
    }
    print_text("case ");
    print_number(number);
    print_text(" fetch ");
    print_number(fetch);
    print_text(": equal, worst error ");
    print_number((long)(worst * 100.0f));
    print_text(" % of the bound\n");
    return 0;
}

#ifndef STEP_STATE_BYTES
#define STEP_STATE_BYTES 0
#endif
static _Alignas(64) unsigned char arena[STEP_ARENA_BYTES + 64];
static _Alignas(64) unsigned char state[STEP_STATE_BYTES + 64];

int main(void)
{
    stepc_fault fault = {0};
    stepc_env env = {0};
    env.size = sizeof env;
    env.arena = arena;
    env.arena_bytes = STEP_ARENA_BYTES;
    env.state = state;
    env.fault = &fault;
    int failures = run_all(&env);
    if (fault.code && fault.message) {
        print_text(fault.message);
        print_text("\n");
    }
    print_bits();
    print_text(failures ? "FAIL\n" : "PASS\n");
    return failures != 0;
}
