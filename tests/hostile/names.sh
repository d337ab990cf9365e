# SPDX-License-Identifier: Apache-2.0
# Names that want to be more than names: of operations, fields, symbols, steps and modules. Each is refused cleanly, or
# becomes text that is inside the grammar, free of warnings, linked together with all others, and right.
. "$(dirname "$0")/lib.sh"

# Operations: one module per name, each with a step of its own.
mkdir graphs text
"$BAD" names graphs || fail "bad_graphs"
for graph in graphs/*.pb; do
    n=$(basename "$graph" .pb)
    "$STEPC" compile "$graph" --module "m$n" --name "s$n" -o text/ --quiet >out 2>err
    judge $? "0 3" "$graph"
done
[ "$(ls text/*.c | wc -l)" -ge 50 ] || fail "only $(ls text/*.c | wc -l) names were taken"

# Names that users give: identifiers that mean something elsewhere.
"$STEPC" compile graphs/031.pb --module t --name t -o text/ --quiet || fail "a plain name"
for name in n arena state weights rest fit size in0 i0 v k w string inf x_dims out_bytes message step module part0 index1 \
            int32_ty sinus exits t0 Tt memcpy1 fault; do
    "$STEPC" compile graphs/031.pb --module "$name" --name "$name" -o text/ --quiet >out 2>err
    judge $? 0 "--name $name"
    [ -f "text/$name.c" ] && echo "$name" >>given
done
for name in exit sin memcpy memset main malloc abort printf log y0 cabsf index read sem_init size_t int32_t ptrdiff_t k0_Add w0_x v_add \
            weights_image stepc stepc_env feeds fetches env initial f32_from_f16 INT32_MAX V_LANES int NULL I linux unix '' 9a 'a b' 'a"b' \
            _x 'x;' 'x
y' '*/' '../x' "$(printf '\033[2J')" "$(printf 'a\351')"; do
    "$STEPC" compile graphs/031.pb --name "$name" -o refused/ --quiet >out 2>err
    judge $? "2 3" "--name $name"
    "$STEPC" compile graphs/031.pb --name fine --feed "$name@int:0=float32[8]" --fetch int/out -o fields/ --quiet >out 2>err
    judge $? "0 2 3" "--feed $name@"
    "$STEPC" compile graphs/031.pb --name fine --feed "int:0=float32[$name]" --fetch int/out -o sizes/ --quiet >out 2>err
    judge $? "0 2 3" "--feed x=float32[$name]"
    rm -rf fields sizes
done
[ ! -e refused ] || fail "a refused name left files"
# sem_init and mtx_init are functions elsewhere; capitals do not tell macros apart.
for pair in "sem a" "mtx a"; do
    "$STEPC" compile graphs/031.pb --module ${pair% *} --name ${pair#* } -o refused/ --quiet >out 2>err
    judge $? "2 3" "--module $pair"
done
"$STEPC" compile graphs/031.pb --name net --fetch int/out --name Net --fetch int/2 -o refused/ --quiet >out 2>err
judge $? "2 3" "net and Net"
# Made-up names get out of the way.
for name in exit sin memcpy main k0 w1 initial size_t int env sem V_LANES; do
    cp graphs/031.pb "$name.pb"
    "$STEPC" compile "$name.pb" -o made/ --quiet >out 2>err
    judge $? 0 "$name.pb"
    [ ! -e "made/$name.c" ] || fail "$name.pb became $name.c"
done
# Symbols in the feeds struct beside feeds of the same or a reserved name.
printf 'node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
node { name: "y" op: "Neg" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "y/dims" op: "Exp" input: "x" attr { key: "T" value { type: DT_FLOAT } } }\n' >open.pbtxt
i=0
for symbol in x y n feeds env int NULL size_t INT32_MAX V_LANES y_dims dims memcpy arena I linux _x __x '9' 'a b' '*/' 'x;' 'n<=8' 'x<=8' 'n<=0' 'n<=-1' \
              'n<=99999999999999999999' '-2' 'n<=9223372036854775807'; do
    i=$((i + 1))
    "$STEPC" compile open.pbtxt --module "z$i" --name "step$i" --feed "x=float32[$symbol]" --fetch y --fetch y/dims -o sizes/ --quiet >out 2>err
    judge $? "0 2 3 5" "symbol $symbol"
done
# Tensors whose C names would be one.
printf 'node { name: "%s" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape { dim { size: 4 } } } } }\n' \
    a/b a_b a.b a-b A/b a//b >pairs.pbtxt
printf 'node { name: "sum" op: "AddN" input: "a/b" input: "a_b" input: "a.b" input: "a-b" input: "A/b" input: "a//b"
attr { key: "N" value { i: 6 } } attr { key: "T" value { type: DT_FLOAT } } }\n' >>pairs.pbtxt
pairs="--feed a/b --feed a_b --feed a.b --feed a-b --feed A/b --feed a//b --fetch sum --fetch sum"
"$STEPC" compile pairs.pbtxt --module pairs $pairs -o sizes/ --quiet >out 2>err
judge $? 0 pairs
[ "$(grep -c 'const float \*' sizes/pairs.h)" = "$(grep 'const float \*' sizes/pairs.h | sort -u | wc -l)" ] || fail "fields have one name"
"$STEPC" compare pairs.pbtxt $pairs --random 1 --quiet >out 2>err || fail "pairs give wrong numbers"

# All of it: the grammar, two compilers, two dialects, no warning.
"$CHECK" text/*.[hc] made/*.[hc] sizes/*.[hc] >log || { fail "the token grammar"; head -20 log; }
for cc in gcc clang; do
    has $cc || continue
    $cc -std=c11 $WARNINGS -fsyntax-only text/*.c made/*.c sizes/*.c >log 2>&1 || { fail "$cc -std=c11"; head -20 log; }
    $cc -std=gnu11 $WARNINGS -fsyntax-only text/m03*.c sizes/*.c >log 2>&1 || { fail "$cc -std=gnu11"; head -20 log; }
    for header in text/m000.h text/m03*.h text/t.h sizes/*.h; do
        [ -f "$header" ] && printf '#include "%s"\n' "$header"
    done | sort -u >all.c
    $cc -std=c99 $WARNINGS -fsyntax-only -I. all.c >log 2>&1 || { fail "headers as C99 with $cc"; head log; }
    $cc -x c++ -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I. all.c >log 2>&1 || { fail "headers as C++ with $cc"; head log; }
done
"$STEPC" compile graphs/031.pb --module c99 --name s99 --isa c99 -o nine/ --quiet || fail "profile c99"
for cc in gcc clang; do
    has $cc && { $cc -std=c99 $WARNINGS -fsyntax-only nine/c99.c >log 2>&1 || { fail "$cc -std=c99"; head log; }; }
done

# One program of them all: its globals are what the headers declare, and every step is right.
mkdir objects
for text in text/*.c; do
    echo "cc -std=c11 -O0 -c -o objects/$(basename "$text" .c).o $text"
done >compile.sh
sh -e compile.sh 2>log || { fail "objects"; head log; }
for object in objects/*.o; do
    name=$(basename "$object" .o)
    sed -n 's/^int32_t \([A-Za-z0-9_]*\)(.*/\1/p; s/^extern const unsigned char \([A-Za-z0-9_]*\);.*/\1/p' "text/$name.h" | sort >declared
    nm -g --defined-only "$object" | awk '{ print $3 }' | sort >defined
    cmp -s declared defined || fail "$object defines other globals than its header declares: $(comm -3 declared defined | tr '\n' ' ')"
done
{
    echo '#include <stdio.h>
#include <stdlib.h>
#include <math.h>'
    for text in text/*.h; do echo "#include \"$text\""; done
    cat <<'END'
static const float x[8] = {0, -1, 2.5f, 1e6f, -7, 8, 9, 10};
static int bad;
static void check(const char *name, int code, const float *out)
{
    for (int i = 0; i < 8; i++)
        if (code != 0 || !(out[i] == 2 * x[i] + (float)(i + 1))) {
            printf("%s: code %d, element %d is %g\n", name, code, i, (double)out[i]);
            bad++;
            return;
        }
}
#define RUN(name, init) do { float out[8] = {0}; name##_feeds f = {x}; name##_fetches g = {out}; \
    stepc_env e = {sizeof(stepc_env), arena_bytes, sizeof arena_bytes, NULL, NULL, NULL, NULL}; \
    check(#name, init(&e) | name(&f, &g, &e), out); } while (0)
static _Alignas(64) unsigned char arena_bytes[65536];
int main(void)
{
END
    for text in text/m*.h; do
        n=$(basename "$text" .h)
        case $n in m[0-9]*) echo "    RUN(s${n#m}, ${n}_init);" ;; esac
    done
    for name in t $(cat given); do echo "    RUN($name, ${name}_init);"; done
    cat <<'END'
    printf("%d bad, sin(0) is %g\n", bad, sin((double)bad));
    free(malloc(10));
    exit(bad != 0);
}
END
} >main.c
cc -std=gnu11 -O0 -I. -o program main.c objects/*.o -lm 2>log || { fail "linking all modules"; head log; }
./program >log || { fail "numbers"; head log; }
echo "$(ls text/*.c | wc -l) modules in one program: $(tail -1 log)"
finish
