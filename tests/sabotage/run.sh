#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# run.sh all: plants every fault and needs each found. run.sh rotate: two of them, by turns.
set -eu
exec python3 "$(dirname "$0")/sabotage.py" "${@:-all}"
