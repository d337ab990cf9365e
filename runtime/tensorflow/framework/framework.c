/* SPDX-License-Identifier: Apache-2.0 */
/* libtensorflow_framework.so.2: programs name it on their link line and take nothing from it. */
typedef int framework_is_empty;
