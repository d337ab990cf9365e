# SPDX-License-Identifier: Apache-2.0
# Exit statuses, one line of diagnostics, and nothing else.
. "$(dirname "$0")/lib.sh"
write_graphs

# 2: bad usage
want 2
want 2 frobnicate
want 2 run
want 2 run const.pbtxt second.pbtxt
want 2 run const.pbtxt --frob
want 2 run const.pbtxt --emit c
want 2 run const.pbtxt --json=yes
want 2 run const.pbtxt --fetch
want 2 run const.pbtxt --fetch ''
want 2 run const.pbtxt --fetch =x
want 2 run const.pbtxt --fetch @c:0
want 2 run const.pbtxt --steps many --fetch c
want 2 run const.pbtxt --steps -1 --fetch c
want 2 run const.pbtxt --steps 99999999999999999999 --fetch c
want 2 run const.pbtxt --engine warp --fetch c
want 2 run const.pbtxt --name one --fetch c --name two --fetch c
want 2 run times2.pbtxt --feed x --fetch y
want 2 run const.pbtxt --limits nodes --fetch c
want 2 run const.pbtxt --limits frob=1 --fetch c
want 2 run ''
want 2 compile const.pbtxt
want 2 compile const.pbtxt -o ''
want 2 compile const.pbtxt -o x.bar
want 2 compile const.pbtxt -o x --emit frob
want 2 compile const.pbtxt -o x.c --isa frob
want 2 compile const.pbtxt -o x.c --module 7up
want 2 compile const.pbtxt -o x.c --name int --fetch c
want 2 compile const.pbtxt -o x.c --weights nowhere
want 2 compile const.pbtxt -o x.c --optimize looks
want 2 compile const.pbtxt -o x.c --fetch c=out.npy
want 2 compile times2.pbtxt -o x.c --feed x=5 --fetch y
want 2 compile const.pbtxt -o x.o --single-file
want 2 compile const.pbtxt -o - --depfile
want 2 compare times2.pbtxt --feed x=float32[2] --fetch y --random 1 --case .
want 2 compare times2.pbtxt --feed x=float32[2] --fetch y --range y=0:1 --engine interpreted
want 2 compare times2.pbtxt --feed x=float32[2] --fetch y --range x=1:0 --engine interpreted
want 2 bench times2.pbtxt --feed x=float32[2] --fetch y --threads 0
want 2 help frobnicate
{ cat const.pbtxt; binary d Add a b; } >two.pbtxt
want 2 run two.pbtxt
says 'c:0, d:0'

# 3: bad model, signature or value
want 3 run const.pbtxt --fetch q:0
want 3 run const.pbtxt --fetch c:1
want 3 run const.pbtxt --fetch c:
want 3 run const.pbtxt --feed q:0=1 --fetch c
want 3 run const.pbtxt --feed a=1 --feed a:0=1 --fetch c
want 3 run const.pbtxt --target q
want 3 run times2.pbtxt --fetch y:0
says "You must feed a value for placeholder tensor 'x'"
want 3 run . --fetch c
: >empty.pb
want 3 run empty.pb --fetch c
head -c 100 /dev/zero >zeros.pb
want 3 run zeros.pb --fetch c
for folder in "$DATA"/corpus/bad_*; do
    case $folder in *bad_feed_dtype) continue ;; esac
    want 3 inspect "$folder/model.pb"
done
want 3 compile times2.pbtxt -o x.c --feed x --fetch y
says 'narrow it'
want 3 compare times2.pbtxt --feed x --fetch y --random 1 --engine interpreted
want 3 compile rows.pbtxt -o x.c --feed 'x=float32[2,4]' --fetch y
want 3 compile rows.pbtxt -o x.c --feed 'x=int32[2,3]' --fetch y
want 3 compile rows.pbtxt -o x.c --feed 'x=float32[n*2,3]' --fetch y

# 4: not supported here
want 2 run const.pbtxt --fetch c --engine jit --symbolic
mkdir open
chmod 777 open
want 5 run const.pbtxt --fetch c --engine jit --cache open
says 'PERMISSION_DENIED: open: '
rmdir open
want 5 run const.pbtxt --fetch c --engine jit --cache none --cc /no/such/cc
says UNAVAILABLE
want 4 run const.pbtxt --fetch c --trace t.json
want 4 freeze const.pbtxt -o x.pb
want 4 report const.pbtxt -o x.html
want 4 compile const.pbtxt -o x.c --parallel
want 4 compile const.pbtxt -o x.c --variables const
want 4 bench const.pbtxt --threads 2
want 4 run const.pbtxt --tag serve --fetch c
mkdir saved && : >saved/saved_model.pb
want 4 run saved --fetch c
printf 'saved_model_schema_version: 1\n' >saved_model.pbtxt
want 4 inspect saved_model.pbtxt
printf 'node { name: "s" op: "Placeholder" attr { key: "dtype" value { type: DT_STRING } } }
node { name: "q" op: "FIFOQueueV2" attr { key: "component_types" value { list { type: DT_FLOAT } } } }
node { name: "n" op: "QueueSizeV2" input: "q" }\n' >queue.pbtxt
want 4 run queue.pbtxt --fetch n:0
want 0 inspect queue.pbtxt --json
json '{o["operator"]: o["support"] for o in J["operators"]}["FIFOQueueV2"] in ("unsupported", "interpreted")'
want 4 compile queue.pbtxt --fetch n:0 -o x.c --json
json '"FIFOQueueV2" in J["error"]["missing_operators"] and "QueueSizeV2" in J["error"]["missing_operators"]'

# 5: environment
want 5 run missing.pb --fetch c
want 5 run const.pbtxt --fetch c --limits nodes=2
says 'limit nodes is 2'
want 5 run const.pbtxt --fetch c=no/such/folder/c.npy
want 5 compile const.pbtxt --fetch c -o no/such/folder/c.c
want 5 compile const.pbtxt --fetch c -o x.so --cc ./no-such-compiler
want 5 compare times2.pbtxt --feed x=float32[2] --fetch y --case nowhere --engine interpreted
ln -s const.pbtxt link.pbtxt
want 0 run link.pbtxt --fetch c
want 5 run link.pbtxt --fetch c --untrusted
want 0 run const.pbtxt --fetch c --untrusted
if [ -w /dev/full ]; then
    "$STEPC" run const.pbtxt --fetch c >/dev/full 2>err
    [ $? = 5 ] || fail 'a full disk behind stdout is no error'
fi

# Every error is one JSON object under --json, wherever the option stands.
want 2 run --json
json 'J["schema"] == "stepc.run/1" and J["error"]["exit_status"] == 2'
want 2 run const.pbtxt --frob --json
json 'J["error"]["code"] == "INVALID_ARGUMENT"'
want 3 run --json const.pbtxt --fetch q:0
json 'J["error"]["code"] == "NOT_FOUND" and J["error"]["exit_status"] == 3'
want 5 run missing.pb --json
json 'J["error"]["file"] == "missing.pb"'

# Names cannot speak to the terminal.
escape=$(printf '\033]0;title\007')
want 3 run const.pbtxt --fetch "$escape:0"
want 5 run "$escape.pb" --fetch c
want 2 run const.pbtxt --"$escape"
cp const.pbtxt "$escape.pb"
want 0 inspect "$escape.pb"
LC_ALL=C grep -q "$(printf '\033')" out && fail 'inspect prints an escape'
rm -f "$escape.pb"
want 3 compile rows.pbtxt -o x.c --feed 'x=float32[2,3]' --fetch 'y:0"); system("id'
long=$(printf '%05000d' 0)
want 3 run const.pbtxt --fetch "$long"
[ "$(wc -c <err)" -le 600 ] || fail 'the message is too long'

# Nothing was left behind.
leaves const.pbtxt times2.pbtxt rows.pbtxt two.pbtxt empty.pb zeros.pb saved saved_model.pbtxt queue.pbtxt link.pbtxt
finish
