# SPDX-License-Identifier: Apache-2.0
# What emitted code promises: the same bytes every time, no state, no strange symbols, a stack as stated, the grammar.
. "$(dirname "$0")/lib.sh"

# Everything of the small corpus, for a symbol and for a fixed size.
mkdir first second
for folder in $(models); do
    name=$(echo "${folder#"$DATA"/corpus/}" | tr -cs 'a-zA-Z0-9\n' _)
    "$STEPC" compile "$folder/model.pb" --module "$name" --name "$name" $(options "$folder") -o first/ --quiet ||
        fail "$name does not compile"
done
"$STEPC" compile "$DATA/corpus/nnstreamer_mnist/model.pb" --module fixed --name fixed $(options "$DATA/corpus/nnstreamer_mnist" 5) \
    -o first/ --quiet --isa avx2 || fail "a fixed size"
"$STEPC" compile "$DATA/seed/trig100_grad_n64/model.pb" --module chain --name chain $(options "$DATA/seed/trig100_grad_n64") -o first/ --quiet ||
    fail "a long chain"
[ "$(ls first/*.c | wc -l)" -ge 10 ] || fail "too few models"
"$CHECK" first/*.[hc] >log || { fail "the token grammar"; head -20 log; }

# The same bytes from another folder, in another language, at another time, under another umask, on another memory layout.
again() {
    for folder in $(models); do
        name=$(echo "${folder#"$DATA"/corpus/}" | tr -cs 'a-zA-Z0-9\n' _)
        env "$@" "$STEPC" compile "$folder/model.pb" --module "$name" --name "$name" $(options "$folder") -o "$OUT/second/" --quiet ||
            fail "$name does not compile again"
    done
    for file in "$OUT"/second/*; do
        cmp -s "$file" "$OUT/first/$(basename "$file")" || fail "$(basename "$file") differs under $*"
    done
    rm -f "$OUT"/second/*
}
OUT=$WORK
(umask 077 && again LANG=de_DE.UTF-8 LC_ALL=de_DE.UTF-8 TZ=Pacific/Kiritimati MALLOC_PERTURB_=165 && [ "$FAILURES" = 0 ]) || fail "not the same bytes"
mkdir elsewhere
(cd elsewhere && umask 0 && again LC_ALL=tr_TR.UTF-8 SOURCE_DATE_EPOCH=1 HOME=/nowhere MALLOC_PERTURB_=90 MALLOC_ARENA_MAX=1 && [ "$FAILURES" = 0 ]) ||
    fail "not the same bytes"
rm -rf elsewhere

# No section that changes, no symbol but memcpy and memset (and what compilers bring for arithmetic).
# judge_object TOOL WHAT HELPERS
judge_object() {
    strange=$($1nm -u object.o | awk '{ print $2 }' | grep -vxE "memcpy|memset|_GLOBAL_OFFSET_TABLE_$3")
    [ -z "$strange" ] || fail "$2 needs $strange"
    changing=$($1nm object.o | awk '$2 ~ /^[BbCDdGgSs]$/ { print $3 }')
    [ -z "$changing" ] || fail "$2 has variables: $changing"
    sections=$($1size -A object.o | awk '$1 ~ /^\.(data|bss|tdata|tbss|ctors|init_array)/ && $1 !~ /^\.data\.rel\.ro/ && $2 > 0')
    [ -z "$sections" ] || fail "$2 has $sections"
}
# each TOOL CC HELPERS OPTIONS...: every text as an object.
each() {
    tool=$1 cc=$2 helpers=$3
    shift 3
    has "$cc" || return
    for text in first/*.c; do
        isa=
        case $text in first/fixed.c) isa="-mavx2 -mfma"; [ "$cc" != arm-none-eabi-gcc ] || continue ;; esac
        rm -f ./*.ci
        $cc -std=c11 "$@" $isa -Wa,-Ifirst -c -o object.o "$text" 2>log || { fail "$cc $* $text"; head -3 log; continue; }
        judge_object "$tool" "$cc $* $text" "$helpers"
        # The stack that the header states, by gcc's own account.
        case $* in *callgraph*)
            "$PYTHON" "$HERE/stack.py" "${text%.c}.h" ./*.ci >log 2>&1 || fail "$cc $*: $(cat log)" ;;
        esac
    done
}
account=
echo 'int x;' | gcc -fcallgraph-info=su -x c -c -o object.o - 2>/dev/null && account=-fcallgraph-info=su
each "" gcc "" -O0 $account
each "" gcc "" -O2 $account
each "" clang "" -O2
each arm-none-eabi- arm-none-eabi-gcc "|__aeabi_[a-z0-9]*|__[a-z0-9]*[sd][if]?[2345]?" -mcpu=cortex-m0 -mthumb -O2 -ffreestanding $account
finish
