/* SPDX-License-Identifier: Apache-2.0 */
/* What bare metal needs of us: a way to print. */
#ifndef BOARD_H
#define BOARD_H

void board_print(const char *line);

#endif
