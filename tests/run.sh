#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# All tests. Installs what they need (Debian 12; root only when something is missing), builds with gcc and runs everything,
# builds with clang under AddressSanitizer and UndefinedBehaviorSanitizer and runs the tests of the libraries and a part of
# the corpus, builds the tests of what threads share under ThreadSanitizer, then plants two of the faults of tests/sabotage
# and needs them found.
#   STEPC_TEST_BUILD=DIR      where to build              (default build-tests, at the top of the repository)
#   STEPC_TEST_STAGES="..."   which stages                (default "gcc asan threads sabotage")
#   STEPC_TEST_JOBS=N         how many at once            (default: all processors)
#   STEPC_TEST_INSTALL=0      never install, run what can be run: what is missing shows as an unexpected skip
#   STEPC_SHARED=DIR          the large corpus            (default ../shared, beside the repository, where it exists)
set -eu
top=$(cd "$(dirname "$0")/.." && pwd)
build=${STEPC_TEST_BUILD:-$top/build-tests}
stages=${STEPC_TEST_STAGES:-gcc asan threads sabotage}
jobs=${STEPC_TEST_JOBS:-$(nproc)}
began=$(date +%s)
STEPC_SHARED=${STEPC_SHARED:-$top/../shared}
export STEPC_SHARED

say() { printf '\n== %s (%s s)\n' "$*" $(($(date +%s) - began)); }

packages="gcc g++ libc6-dev make cmake ninja-build clang llvm libclang-rt-14-dev binutils python3 python3-numpy
          libcriterion-dev libmpfr-dev libgmp-dev libxxhash-dev
          gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-s390x-linux-gnu libc6-dev-s390x-cross
          gcc-i686-linux-gnu libc6-dev-i386-cross gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-user qemu-system-arm valgrind"

say "packages"
missing=
for package in $packages; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'install ok installed' || missing="$missing $package"
done
if [ -n "$missing" ] && [ "${STEPC_TEST_INSTALL:-1}" != 0 ]; then
    echo "installing:$missing"
    as_root=
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null 2>&1 || { echo "please run as root: apt-get install -y$missing" >&2; exit 5; }
        as_root=sudo
    fi
    $as_root apt-get update -qq
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
elif [ -n "$missing" ]; then
    echo "not installed:$missing"
else
    echo "all there"
fi

failed=
# configure_and_build FOLDER OPTION...; TARGET: what to build, all where empty
configure_and_build() {
    folder=$1
    shift
    cmake -S "$top" -B "$folder" -G Ninja "$@" >"$folder.log" 2>&1 || { cat "$folder.log"; return 1; }
    grep 'are skipped' "$folder.log" || true
    ninja -C "$folder" -j "$jobs" ${TARGET:-} >"$folder.log" 2>&1 || { grep -A20 'FAILED: ' "$folder.log" | head -80; return 1; }
}

mkdir -p "$build"
for stage in $stages; do
    case $stage in
    gcc)
        say "gcc: build, every warning an error"
        if configure_and_build "$build/gcc" -DCMAKE_C_COMPILER=gcc -DCMAKE_BUILD_TYPE=Release -DSTEPC_WERROR=ON; then
            say "gcc: all tests"
            ctest --test-dir "$build/gcc" -j "$jobs" --no-tests=error --output-on-failure --timeout 900 \
                  --output-junit "$build/gcc.xml" || failed="$failed gcc"
            python3 "$top/tests/skips.py" "$top" "$build/gcc.xml" || failed="$failed skips"
        else
            failed="$failed gcc-build"
        fi ;;
    asan)
        say "clang, AddressSanitizer and UndefinedBehaviorSanitizer: build"
        if configure_and_build "$build/asan" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo -DSTEPC_WERROR=ON \
                               -DSTEPC_SANITIZE=ON; then
            say "clang, sanitizers: unit tests, the small corpus, the command line"
            ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1 \
                ctest --test-dir "$build/asan" -j "$jobs" --no-tests=error --output-on-failure --timeout 900 \
                      -R '^(unit|cli|golden|differential|session|compat)/|^conformance/[a-z]+/small' || failed="$failed asan"
        else
            failed="$failed asan-build"
        fi ;;
    threads)
        say "clang, ThreadSanitizer: sessions, growing graphs, the TensorFlow C API"
        if TARGET=thread_tests configure_and_build "$build/threads" -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=RelWithDebInfo \
                                                   -DSTEPC_WERROR=ON -DSTEPC_SANITIZE=thread; then
            # Without randomised addresses: the sanitizer of clang 14 does not start on kernels that randomise more bits.
            setarch -R ctest --test-dir "$build/threads" -j "$jobs" --no-tests=error --output-on-failure --timeout 900 \
                             -R '^threads/|^session/(c_api_)?rows|^compat/c-api' || failed="$failed threads"
        else
            failed="$failed threads-build"
        fi ;;
    sabotage)
        say "sabotage: two faults, by turns"
        python3 "$top/tests/sabotage/sabotage.py" --work "$build/sabotage" --jobs "$jobs" rotate || failed="$failed sabotage" ;;
    *)
        echo "no stage \"$stage\"" >&2
        exit 2 ;;
    esac
done

say "done"
if [ -n "$failed" ]; then
    echo "FAILED:$failed"
    exit 1
fi
echo "all tests pass: $stages"
