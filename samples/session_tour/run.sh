#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds stepc's library and the tour, runs it, and compares what it prints with expected.txt.
#   BUILD=DIR   where to build (default: build, at the top of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
build=${BUILD:-$top/build}
cmake -S "$top" -B "$build" >/dev/null
cmake --build "$build" --target session_tour
"$build/bin/session_tour" >"$build/session_tour.txt"
cat "$build/session_tour.txt"
diff "$here/expected.txt" "$build/session_tour.txt" && echo "as expected"
