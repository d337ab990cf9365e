#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# symbols.sh NM LIBRARY LIST: the library gives the functions of LIST, each with the version node VERS_1.0, and nothing else;
# its name inside is the one that programs ask for.
set -u
nm=$1
library=$2
list=$3
found=$("$nm" -D --defined-only "$library" | awk '$2 != "A" { print $3 }' | LC_ALL=C sort) || exit 1
[ -n "$found" ] || { echo "$library defines nothing"; exit 1; }
want=$(sed -e '/^#/d' -e 's/$/@@VERS_1.0/' "$list")
if [ "$found" != "$want" ]; then
    echo "exported symbols differ from $list:"
    printf '%s\n' "$want" >"${TMPDIR:-/tmp}/symbols.$$"
    printf '%s\n' "$found" | diff "${TMPDIR:-/tmp}/symbols.$$" -
    rm -f "${TMPDIR:-/tmp}/symbols.$$"
    exit 1
fi
echo "$(printf '%s\n' "$found" | wc -l) symbols"
