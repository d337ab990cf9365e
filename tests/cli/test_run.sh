# SPDX-License-Identifier: Apache-2.0
# stepc run: values in, values out.
. "$(dirname "$0")/lib.sh"
write_graphs

for engine in interpreted reference; do
    want 0 run const.pbtxt --fetch c:0 --engine $engine
    prints 'c:0 = 15.0'
    want 0 run times2.pbtxt --feed x:0=5.0 --fetch y:0 --engine $engine
    prints 'y:0 = 10.0'
done
want 0 run const.pbtxt
prints 'c:0 = 15.0'
says 'assumed --fetch c:0'
want 0 run const.pbtxt --quiet
[ -s err ] && fail '--quiet is not quiet'
want 0 run times2.pbtxt --feed x=3
prints 'y:0 = 6.0'
want 0 run const.pbtxt --fetch c --fetch a --fetch b:0
[ "$(tr '\n' ' ' <out)" = 'c:0 = 15.0 a:0 = 10.0 b:0 = 5.0 ' ] || fail 'fetches are not in the order asked for'

# Any tensor may be fed, and a fed fetch returns the fed value.
want 0 run const.pbtxt --feed a:0=1 --fetch c:0 --fetch a:0
prints 'c:0 = 6.0'
prints 'a:0 = 1.0'

# Literals.
want 0 run times2.pbtxt --feed 'x:0=[[1,2],[3,nan]]' --fetch y:0
prints '[[2.0 4.0]'
prints ' [6.0 nan]]'
want 0 run times2.pbtxt --feed 'x:0=[ [1e0 , -2.5e-1] ]' --fetch y:0
prints '[[2.0 -0.5]]'
want 0 run times2.pbtxt --feed 'x:0=float32[2]=[1,2]' --fetch y:0
prints '[2.0 4.0]'
want 0 run times2.pbtxt --feed 'x:0=float32:n<=4=[1,2]' --fetch y:0
prints '[2.0 4.0]'
want 0 run times2.pbtxt --feed 'x:0=[]' --fetch y:0
prints '[] shape [0]'
want 3 run times2.pbtxt --feed 'x:0=float32[3]=[1,2]' --fetch y:0
want 3 run times2.pbtxt --feed 'x:0=float32:n<=1=[1,2]' --fetch y:0
want 3 run times2.pbtxt --feed 'x:0="text"' --fetch y:0
says '"text" is no value of float32'
want 3 run times2.pbtxt --feed 'x:0=true' --fetch y:0
want 5 run times2.pbtxt --feed 'x:0=[[1,2],[3]]' --fetch y:0
want 3 run times2.pbtxt --feed 'x:0=int32[2]=[1,2]' --fetch y:0

{ placeholder i DT_INT32 ''; placeholder b DT_BOOL ''; placeholder s DT_STRING ''; placeholder u DT_UINT8 ''; } >types.pbtxt
want 0 run types.pbtxt --feed i=-7 --feed b=true --feed u=255 --fetch i --fetch b --fetch u
prints 'i:0 = -7'
prints 'b:0 = True'
prints 'u:0 = 255'
want 0 run types.pbtxt --feed 's="a\"\x00\u00e9"' --fetch s --json
json 'J["fetches"][0]["values"] == ["a\"\x00é"]'
want 3 run types.pbtxt --feed i=1.5 --fetch i
want 3 run types.pbtxt --feed i=4294967296 --fetch i
want 3 run types.pbtxt --feed u=256 --fetch u
want 3 run types.pbtxt --feed u=-1 --fetch u
want 3 run types.pbtxt --feed s=1 --fetch s

# Nesting is no recursion.
deep=$(printf '%0100000d' 0 | tr 0 '[')
want 3 run times2.pbtxt --feed "x:0=$deep" --fetch y:0

# JSON.
want 0 run times2.pbtxt --feed 'x:0=[1,inf]' --fetch y:0 --json
json 'J["fetches"][0]["tensor"] == "y:0" and J["fetches"][0]["shape"] == [2] and J["fetches"][0]["values"] == [2, "inf"]'
json 'J["engine"] == "interpreted" and J["steps"] == 1'

# Files.
want 0 run times2.pbtxt --feed 'x:0=[1.5,2]' --fetch y:0=y.npy
[ -s out ] && fail 'a stored fetch is printed'
want 0 run times2.pbtxt --feed x:0=y.npy --fetch y:0
prints '[6.0 8.0]'
want 0 run times2.pbtxt --feed x:0=./y.npy --fetch y:0
cp y.npy 5.0
want 0 run times2.pbtxt --feed x:0=./5.0 --fetch y:0
prints '[6.0 8.0]'
if has_numpy; then
    "$PYTHON" -c 'import numpy as n
assert (n.load("y.npy") == n.array([3, 4], "f4")).all() and n.load("y.npy").dtype == n.dtype("f4")
n.savez("z.npz", a=n.array([[1, 2]], ">f4"), b=n.asfortranarray(n.array([[1, 2], [3, 4]], "f4")))' || fail 'NumPy does not read y.npy'
    want 0 run times2.pbtxt --feed x:0=z.npz:a --fetch y:0
    prints '[[2.0 4.0]]'
    want 0 run times2.pbtxt --feed x:0=z.npz:b --fetch y:0
    prints '[[2.0 4.0]'
fi
want 5 run times2.pbtxt --feed x:0=missing.npy --fetch y:0
echo rubbish >bad.npy
want 3 run times2.pbtxt --feed x:0=bad.npy --fetch y:0

# All files or none.
rm -f one.npy
want 5 run const.pbtxt --fetch c=one.npy --fetch a=no/such/folder/two.npy
[ -e one.npy ] && fail 'a file was left behind'
ls -A | grep -q 'stepc-' && fail 'a temporary was left behind'

# State: variables keep it over the steps of a session.
cat >counter.pbtxt <<'END'
node { name: "v" op: "VariableV2" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "shape" value { shape {} } } }
node { name: "start" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape {} float_val: 1 } } } }
node { name: "init" op: "Assign" input: "v" input: "start" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "add" op: "AssignAdd" input: "v" input: "start" attr { key: "T" value { type: DT_FLOAT } } }
node { name: "group" op: "NoOp" input: "^add" }
node { name: "read" op: "Identity" input: "v" attr { key: "T" value { type: DT_FLOAT } } }
END
want 0 run counter.pbtxt --init init --steps 4 --fetch add:0
prints 'add:0 = 5.0'
want 0 run counter.pbtxt --init init --steps 2 --target group
want 0 run counter.pbtxt --init init --fetch group
[ -s out ] && fail 'an operation without outputs prints something'
want 3 run counter.pbtxt --fetch add:0
says 'uninitialized'
want 3 run counter.pbtxt --init nothing --fetch add:0
want 2 run counter.pbtxt --steps 0 --fetch add:0

# Config files.
want 0 inspect times2.pbtxt --write-config times2.sig
want 0 run times2.pbtxt --config times2.sig --feed x=3
prints 'y:0 = 6.0'
want 2 run times2.pbtxt --config times2.sig --feed q=3
echo 'feed { id {' >broken.sig
want 3 run times2.pbtxt --config broken.sig
want 5 run times2.pbtxt --config missing.sig
finish
