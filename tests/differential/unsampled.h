/* SPDX-License-Identifier: Apache-2.0 */
/* Which operators random graphs never have, and why. */
#ifndef TESTS_DIFFERENTIAL_UNSAMPLED_H
#define TESTS_DIFFERENTIAL_UNSAMPLED_H

#include <stdbool.h>

/* Whether every row either has a sample form and is compiled, or stands in the list with a reason that holds. Prints what
 * does not; with LIST, the list too. */
bool unsampled_check(bool list);

#endif
