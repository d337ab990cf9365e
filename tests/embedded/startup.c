/* SPDX-License-Identifier: Apache-2.0 */
/* Start-up for Arm's MPS2 boards under QEMU: vector table, memory, floating point unit, and output and exit through
 * semihosting. Nothing of a C library is linked: memcpy and memset, all that generated code asks for, stand here. */
#include "board.h"

#include <stddef.h>
#include <stdint.h>

int main(void);
void reset_handler(void);
void fault_handler(void);
void *memcpy(void *restrict to, const void *restrict from, size_t bytes);
void *memset(void *to, int value, size_t bytes);

extern unsigned char data_start[], data_end[], data_load[], bss_start[], bss_end[], stack_top[];

enum { SYS_WRITE0 = 0x04, SYS_EXIT_EXTENDED = 0x20, ADP_STOPPED_APPLICATION_EXIT = 0x20026 };

static int32_t semihosting(int32_t operation, const void *argument)
{
    register int32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

void board_print(const char *line)
{
    semihosting(SYS_WRITE0, line);
}

static void leave(uint32_t status)
{
    uint32_t block[2] = {ADP_STOPPED_APPLICATION_EXIT, status};
    semihosting(SYS_EXIT_EXTENDED, block);
    for (;;) {
    }
}

/* Volatile, so that the compiler does not make a call of memcpy out of memcpy. */
void *memcpy(void *restrict to, const void *restrict from, size_t bytes)
{
    volatile unsigned char *out = to;
    const unsigned char *in = from;
    for (size_t i = 0; i < bytes; i++)
        out[i] = in[i];
    return to;
}

void *memset(void *to, int value, size_t bytes)
{
    volatile unsigned char *out = to;
    for (size_t i = 0; i < bytes; i++)
        out[i] = (unsigned char)value;
    return to;
}

void reset_handler(void)
{
#if defined(__ARM_FP)
    *(volatile uint32_t *)0xE000ED88u |= 0xFu << 20; /* CPACR: the floating point unit on */
    __asm__ volatile("dsb\nisb");
#endif
    memcpy(data_start, data_load, (size_t)(data_end - data_start));
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    leave((uint32_t)main());
}

void fault_handler(void)
{
    board_print("FAULT\n");
    leave(3);
}

typedef union vector {
    void (*handler)(void);
    void *stack;
} vector;

__attribute__((section(".vectors"), used)) static const vector vectors[] = {
    {.stack = stack_top},       {.handler = reset_handler}, {.handler = fault_handler}, {.handler = fault_handler},
    {.handler = fault_handler}, {.handler = fault_handler}, {.handler = fault_handler},
};
