# SPDX-License-Identifier: Apache-2.0
# stepc compile, and the compiled engine.
. "$(dirname "$0")/lib.sh"
write_graphs
GRAPHS="const.pbtxt times2.pbtxt rows.pbtxt"
CC=${CC:-cc}
WARNINGS="-std=c11 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition
-Wvla -Wwrite-strings -Wformat=2 -Wundef -Wcast-qual -Wswitch-enum -Wimplicit-fallthrough -Werror"

# The tutorials' programs.
# The jit: compiled on first use, kept, and loaded the next time without a C compiler's help.
for cache in kept kept none; do
    want 0 run const.pbtxt --engine jit --cache $cache
    prints 'c:0 = 15.0'
    want 0 run times2.pbtxt --feed x:0=5.0 --fetch y:0 --engine jit --cache $cache
    prints 'y:0 = 10.0'
    want 0 run times2.pbtxt --feed 'x:0=[[1,2],[3,nan]]' --fetch y:0 --engine jit --cache $cache --steps 3
    prints ' [6.0 nan]]'
done
[ "$(ls kept | wc -l)" = 3 ] || fail 'the cache holds something else than three libraries'
rm -r kept
want 0 run times2.pbtxt --feed x:0=5.0 --fetch y:0 --engine jit
[ "$(ls "$XDG_CACHE_HOME/stepc" | wc -l)" = 1 ] || fail 'the cache is not in XDG_CACHE_HOME'
want 0 compare rows.pbtxt --feed 'x:0=[[1,2,3]]' --fetch y:0 --engine jit --json
json 'J["engine"] == "jit" and J["equal"]'
want 0 bench rows.pbtxt --feed 'x:0=[[1,2,3]]' --fetch y:0 --engine jit,interpreted --seconds 0.01 --json
json '[e["engine"] for e in J["engines"]] == ["jit", "interpreted"]'

want 0 run const.pbtxt --engine compiled
prints 'c:0 = 15.0'
want 0 run times2.pbtxt --feed x:0=5.0 --fetch y:0 --engine compiled
prints 'y:0 = 10.0'
want 0 run times2.pbtxt --feed 'x:0=[[1,2],[3,nan]]' --fetch y:0 --engine compiled
prints ' [6.0 nan]]'
want 0 run rows.pbtxt --feed 'x:0=[[1,2,3]]' --fetch y:0 --engine compiled --symbolic
prints '[[2.0 4.0 6.0]]'
want 0 run rows.pbtxt --feed 'x:0=[[1,2,3]]' --fetch y:0 --fetch x:0 --fetch y:0 --engine compiled
[ "$(grep -c '\[\[2.0 4.0 6.0\]\]' out)" = 2 ] || fail 'a tensor that is fetched twice'

# Every form of -o, with a program that calls the step.
cat >main.c <<'END'
#include NAME
#include <stdio.h>
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
int main(void)
{
    float x[6] = {1, 2, 3, 4, 5, 6}, y[6] = {0};
    JOIN(STEP, _feeds) feeds = {.x = x, .n = 2};
    JOIN(STEP, _fetches) fetches = {.y = y};
    stepc_env env = {.size = sizeof env};
    int status = STEP(&feeds, &fetches, &env);
    for (int i = 0; i < 6; i++)
        printf("%g ", (double)y[i]);
    printf("%d\n", status);
    return 0;
}
END
check_program() { # FILES... of the step, named NAME
    name=$1
    shift
    # shellcheck disable=SC2086
    $CC $WARNINGS -DNAME="\"$name.h\"" -DSTEP="$name" -I. main.c "$@" -o program 2>err || { fail "$CC refuses $*"; return; }
    [ "$(./program)" = '2 4 6 8 10 12 0' ] || fail "the program with $* prints $(./program)"
    rm -f program
}
SIGNATURE='--feed x=float32[n,3] --fetch y'
# shellcheck disable=SC2086
{
    want 0 compile rows.pbtxt $SIGNATURE -o scale.c
    leaves $GRAPHS main.c scale.c scale.h
    check_program scale scale.c
    want 0 compile rows.pbtxt $SIGNATURE -o scale.o
    leaves $GRAPHS main.c scale.c scale.h scale.o
    check_program scale scale.o
    want 0 compile rows.pbtxt $SIGNATURE -o scale.a
    check_program scale scale.a
    want 0 compile rows.pbtxt $SIGNATURE -o scale.so
    check_program scale ./scale.so
    rm -f scale.*
    want 0 compile rows.pbtxt $SIGNATURE -o folder/
    [ "$(ls folder | tr '\n' ' ')" = 'rows.c rows.h ' ] || fail "the folder holds $(ls folder)"
    want 0 compile rows.pbtxt $SIGNATURE -o folder --name classify --emit shared
    [ "$(ls folder | tr '\n' ' ')" = 'classify.h classify.so rows.c rows.h ' ] || fail "the folder holds $(ls folder)"
    rm -rf folder
    want 0 compile rows.pbtxt $SIGNATURE -o frob --emit c --module scale
    leaves $GRAPHS main.c frob scale.h
    mv frob scale.c
    check_program scale scale.c
    rm -f scale.*
    want 0 compile rows.pbtxt $SIGNATURE -o my-scale.c
    leaves $GRAPHS main.c my-scale.c my_scale.h
    check_program my_scale my-scale.c
    rm -f my*
    want 0 compile rows.pbtxt $SIGNATURE -o -
    cp out scale.c
    $CC $WARNINGS -c scale.c -o scale.o || fail 'C from stdout does not compile'
    rm -f scale.*
    want 0 compile rows.pbtxt $SIGNATURE -o scale.c --single-file
    leaves $GRAPHS main.c scale.c
    $CC $WARNINGS -c scale.c -o scale.o || fail 'the single file does not compile'
    rm -f scale.*
    want 0 compile rows.pbtxt $SIGNATURE -o scale.c --prefix acme_
    grep -q 'int32_t acme_scale(' scale.h acme_scale.h 2>/dev/null || fail 'no prefix'
    rm -f scale.* acme*

    # Same input, same bytes.
    for isa in generic c99 avx2 neon; do
        want 0 compile rows.pbtxt $SIGNATURE -o one/ --isa $isa
        want 0 compile rows.pbtxt $SIGNATURE -o two/ --isa $isa
        diff -r one two >/dev/null || fail "two compilations for $isa differ"
        rm -rf one two
    done
    want 0 compile rows.pbtxt $SIGNATURE -o one/ --isa host
    grep -q 'stepc: note: --isa host is [a-z0-9]' err || fail '--isa host is not told'
    rm -rf one

    # Make's file: what needs escaping is escaped, and Make itself reads it.
    mkdir 'odd $name #1'
    cp rows.pbtxt 'odd $name #1/in put.pbtxt'
    want 0 compile 'odd $name #1/in put.pbtxt' $SIGNATURE -o 'odd $name #1/scale.o' --depfile
    [ "$(cat 'odd $name #1/scale.o.d')" = 'odd\ $$name\ \#1/scale.o: odd\ $$name\ \#1/in\ put.pbtxt' ] || fail "the depfile is $(cat odd*/scale.o.d)"
    if command -v make >/dev/null; then
        printf 'include scale.o.d\nodd\\ $$name\\ \\#1/scale.o:\n\t@echo remade\n' >Makefile
        cp 'odd $name #1/scale.o.d' .
        touch -d '2001-01-01' 'odd $name #1/scale.o'
        [ "$(make 2>&1)" = remade ] || fail "make says $(make 2>&1)"
        rm -f Makefile scale.o.d
    fi
    rm -rf odd*
    want 0 inspect rows.pbtxt --write-config rows.sig
    want 0 compile rows.pbtxt --config rows.sig -o scale.o --depfile
    [ "$(cat scale.o.d)" = 'scale.o: rows.pbtxt rows.sig' ] || fail 'the config is no dependency'
    rm -f scale.* rows.sig

    # Several callables, batches, figures.
    want 0 compile rows.pbtxt $SIGNATURE --name one --name two --fetch two:0 -o both.c --json
    json '[c["name"] for c in J["callables"]] == ["one", "two"] and J["module"] == "both" and J["isa"] == "generic"'
    json 'J["files"] == ["both.h", "both.c"] and J["emit"] == "c" and J["stack_bytes"] > 0'
    json 'set("operations nests groups chunks calls bytes_moved arena_bytes largest_live_set_bytes weights_bytes".split()) <= set(J["callables"][0])'
    grep -q 'int32_t one(' both.h && grep -q 'int32_t two(' both.h || fail 'two callables'
    rm -f both.*
    want 0 compile rows.pbtxt --feed x --fetch y --batch 1,4,? --name go -o go.c
    for name in go_b1 go_b4 go_bn; do grep -q "int32_t $name(" go.h || fail "no $name"; done
    grep -q 'float32\[4,3\]' go.h || fail 'batch 4 has another shape'
    rm -f go.*
    want 3 compile rows.pbtxt --feed x=float32[2,3] --fetch y --batch 4 -o go.c
    want 2 compile rows.pbtxt --feed x --fetch y --batch 0 -o go.c
    want 3 compile rows.pbtxt $SIGNATURE --name same --name same --fetch y -o same.c
    for pass in prune infer lower fuse schedule plan; do
        want 0 compile rows.pbtxt $SIGNATURE --dump-after $pass
        [ -s out ] || fail "nothing after $pass"
    done
    want 0 compile rows.pbtxt $SIGNATURE --dump-after lower --json
    json 'J["dump"] and J["files"] == []'

    # Budgets.
    want 3 compile rows.pbtxt $SIGNATURE -o scale.c --max-stack 16
    says 'more than --max-stack 16'
    want 3 compile rows.pbtxt $SIGNATURE -o scale.o --max-rom 16
    want 3 compile rows.pbtxt $SIGNATURE -o scale.a --max-rom 16
    want 3 compile rows.pbtxt $SIGNATURE -o new/ --max-rom 16
    leaves $GRAPHS main.c
    want 0 compile rows.pbtxt $SIGNATURE -o scale.c --max-stack 1M --max-rom 1M --max-ram 1M
    rm -f scale.*

    # A library that was built before.
    want 0 compile rows.pbtxt $SIGNATURE -o scale.so
    want 0 run rows.pbtxt --module scale.so --feed 'x=[[1,2,3],[4,5,6]]' --fetch y
    prints '[[2.0 4.0 6.0]'
    want 3 run rows.pbtxt --module scale.so --feed 'x=[[1,2],[4,5]]' --fetch y
    want 3 run rows.pbtxt --module scale.so --feed 'x=[[1,2,3]]' --fetch two
    want 0 compare rows.pbtxt --module scale.so $SIGNATURE --random 2
    want 0 bench rows.pbtxt --module scale.so $SIGNATURE --seconds 0.02 --json
    json 'J["engines"][0]["engine"] == "module" and J["engines"][0]["text_bytes"] > 0'
    rm -f scale.*
    echo rubbish >scale.so
    want 3 run rows.pbtxt --module scale.so --feed 'x=[[1,2,3]]' --fetch y
    rm -f scale.so
    want 5 run rows.pbtxt --module scale.so --feed 'x=[[1,2,3]]' --fetch y

    # Failures leave nothing, and old files as they were.
    echo old >scale.c
    want 5 compile rows.pbtxt $SIGNATURE -o no/such/folder/scale.c
    want 5 compile rows.pbtxt $SIGNATURE -o scale.c/x.c
    want 3 compile rows.pbtxt --feed 'x=float32[2,4]' --fetch y -o scale.c
    want 5 compile rows.pbtxt $SIGNATURE -o scale.so --cc ./no-compiler
    want 3 compile rows.pbtxt $SIGNATURE -o scale.so --isa generic --cflags -fno-such-flag
    [ "$(cat scale.c)" = old ] || fail 'an old file was changed'
    leaves $GRAPHS main.c scale.c
    rm -f scale.c
}

# Engines held against each other.
want 0 compare rows.pbtxt --feed x --fetch y --random 3 --json
json 'J["engine"] == "compiled" and J["equal"]'
want 0 compare rows.pbtxt --feed x --fetch y --random 3 --symbolic --exact --ulp 0
want 0 bench rows.pbtxt --feed 'x=float32[4,3]' --fetch y --seconds 0.02 --json
json '[e["engine"] for e in J["engines"]] == ["interpreted", "compiled"] and J["engines"][1]["text_bytes"] > 0'
for name in tract_plus3 tf2onnx_regression_frozen mleap_wine_quality; do
    folder=$DATA/corpus/$name
    names=$("$PYTHON" -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(" ".join("--feed " + f["tensor"] for f in s["feeds"]), " ".join("--fetch " + f["tensor"] for f in s["fetches"]))' "$folder/signature.json")
    # shellcheck disable=SC2086
    want 0 compare "$folder/model.pb" $names --case "$folder/cases/000" --case "$folder/cases/001" --json
    json 'J["equal"] and len(J["recorded"]) == 4'
done

# The step as a program of its own, here and on an emulated machine.
want 0 compare rows.pbtxt --feed 'x=float32[2,3]' --fetch y --fetch two --random 2 --runner env --json
json 'J["equal"] and J["engine"] == "program" and "engine_us" not in J'
want 5 compare rows.pbtxt --feed x --fetch y --runner false
says 'check --runner'
want 5 compare rows.pbtxt --feed x --fetch y --runner ./no-such-runner
want 2 compare rows.pbtxt --feed x --fetch y --runner env --engine interpreted
if command -v qemu-aarch64 >/dev/null && command -v aarch64-linux-gnu-gcc >/dev/null; then
    want 0 compare rows.pbtxt --feed x --fetch y --cc aarch64-linux-gnu-gcc --cflags -static --runner qemu-aarch64 --verbose
    says 'the C compiler targets neon'
fi
# shellcheck disable=SC2086
leaves $GRAPHS main.c
finish
