#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# session_tour.sh PROGRAM EXPECTED: the tour prints what its reader is told that it prints.
set -eu
"$1" >session_tour.txt
diff "$2" session_tour.txt
