# SPDX-License-Identifier: Apache-2.0
# Help, version and inspect.
. "$(dirname "$0")/lib.sh"
write_graphs

want 0 --version
grep -q '^stepc [0-9]' out || fail '--version'
want 0 help --version
want 0 help
cp out all
for word in compile run compare bench inspect freeze report help; do
    grep -q "stepc $word " all || fail "help lacks $word"
    "$STEPC" help "$word" >text || fail "help $word"
    grep -q -e '--json' text || fail "help $word lacks --json"
    "$STEPC" "$word" --help >text2
    [ "$word" = help ] || cmp -s text text2 || fail "$word --help differs from help $word"
    want 0 help "$word" --json
    json 'J["schema"] == "stepc.help/1" and J["text"]'
done
rm -f text text2 all
want 0 help isa
for profile in generic c99 sse2 avx2 neon; do
    grep -q "^$profile " out || fail "help isa lacks $profile"
done
want 0 help isa --json
json '"generic" in [p["name"] for p in J["profiles"]] and J["host"] in [p["name"] for p in J["profiles"]]'
want 0 help limits

want 0 inspect times2.pbtxt --ops
prints '  x:0 float32[?...]'
prints '       1 Mul  compiled'
prints 'suggested: --feed x:0 --fetch y:0'
prints 'y = Mul(x:0, two:0) -> float32  [compiled]'
want 0 inspect rows.pbtxt --json --ops
json 'J["inputs"][0]["shape"] == [-1, 3] and J["inputs"][0]["dtype"] == "float32" and len(J["ops"]) == 3'
json 'J["suggested"] == "--feed x:0 --fetch y:0"'
want 0 inspect rows.pbtxt --dot rows.dot --write-config rows.sig
grep -q 'n0 -> n2' rows.dot || fail 'the dot file lacks an edge'
grep -q 'node_name: "x"' rows.sig || fail 'the config lacks the feed'
want 0 inspect rows.pbtxt --dot -
grep -q '^digraph' out || fail 'no graph on stdout'
want 5 inspect rows.pbtxt --dot a.dot --write-config no/such/folder/b.sig
[ -e a.dot ] && fail 'half of the files was written'
finish
