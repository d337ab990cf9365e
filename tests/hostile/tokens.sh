# SPDX-License-Identifier: Apache-2.0
# The token checker itself: emitted text passes, and each thing that it must not have is found.
. "$(dirname "$0")/lib.sh"
"$STEPC" compile "$DATA/corpus/mleap_wine_quality/model.pb" $(options "$DATA/corpus/mleap_wine_quality") --module good -o ./ --quiet || fail compile
"$CHECK" good.h good.c >log || { fail "good text"; head log; }
n=0
# bad TEXT: a C file of that text alone.
bad() {
    n=$((n + 1))
    printf "$1" >bad.c
    "$CHECK" bad.c >log && fail "not found: $1"
}
# within TEXT: in the body of a function of otherwise good text.
within() { bad "static int good(int a)\n{\n    return a;\n}\nint f(int a)\n{\n$1\n}\n"; }
printf 'static int good(int a)\n{\n    return a;\n}\nint f(int a)\n{\n    return good(a) + a;\n}\n' >fine.c
"$CHECK" fine.c >log || { fail "fine text"; cat log; }
bad 'int a;\r\n'
bad 'int a;\t\n'
bad 'int \303\251;\n'
bad 'int a;'
bad '/* a??/ */\n'
bad 'const char a[] = "??=";\n'
bad '/* a /* b */\n'
bad '/* a\n'
bad '/* a \\\n */\n'
bad '/* ${HOME} */\n'
bad '/* `id` */\n'
bad '/* a; int main(){ */\n'
bad '// a\n'
bad 'const char a[] = "\\x41";\n'
bad 'const char a[] = "\\n";\n'
bad 'const char a[] = "\\0";\n'
bad 'const char a[] = "\\777";\n'
bad 'const char a[] = "\\"";\n'
bad 'const char a[] = "a\n";\n'
bad "const char a = 'a';\n"
bad '#include <stdio.h>\n'
bad '#include "/etc/passwd"\n'
bad '#include "../a.h"\n'
bad '#pragma GCC poison a\n'
bad '#line 3 "a"\n'
bad '#warning a\n'
bad 'int counter = 1;\n'
bad 'static float state[3] = {0};\n'
within '    static int kept; return kept;'
within '    return system("id");'
within '    return f(a);'
within '    return later(a);'
within '    goto out; out: return a;'
within '    __asm__("int3"); exit(1);'
within '    volatile int b = a; return b;'
within '    return __LINE__;'
within '    return _Exit;'
within '    return a $ a;'
within '    return a; }'
within "    return $(printf '%065d' 0 | tr 0 '(')a$(printf '%065d' 0 | tr 0 ')');"
within "    return a$(printf '%04001d' 0 | sed 's/0/ + a/g');"
within "$(printf '%02001d' 0 | sed 's/0/    a++;\\n/g')"
[ "$n" -ge 40 ] || fail "only $n texts"
finish
