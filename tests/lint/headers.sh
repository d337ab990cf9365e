#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Every header compiles alone, public ones also as C99 and C++.
set -u
top=$1
cc=$2
generated=$3
failed=0
count=0
cd "$top" || exit 2
for header in $(find include runtime compiler -name '*.h' | sort); do
    case $header in */snippets/*) continue ;; esac
    count=$((count + 1))
    printf '#include "%s"\n' "${header#include/}" | "$cc" -std=c11 -D_POSIX_C_SOURCE=200809L -fsyntax-only -Wall -Wextra -Werror -Iinclude -I. -I"$generated" -x c - || {
        echo "$header does not compile alone"
        failed=1
    }
done
for header in include/stepc/*.h; do
    name=stepc/$(basename "$header")
    printf '#include "%s"\n' "$name" | "$cc" -std=c99 -pedantic-errors -fsyntax-only -Wall -Werror -Iinclude -x c - || failed=1
    if command -v "${CXX:-g++}" >/dev/null; then
        printf '#include "%s"\n' "$name" | "${CXX:-g++}" -std=c++11 -fsyntax-only -Wall -Werror -Iinclude -x c++ - || failed=1
    fi
done
[ $count -gt 0 ] || failed=1
[ $failed = 0 ] && echo "$count headers compile alone"
exit $failed
