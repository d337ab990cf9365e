# SPDX-License-Identifier: Apache-2.0
# stepc compare and stepc bench on the interpreting engines.
. "$(dirname "$0")/lib.sh"
write_graphs

want 0 compare rows.pbtxt --feed x --fetch y --random 3 --seed 7 --engine interpreted --json
json 'J["equal"] is True and J["sets"] == 3 and J["fetches"][0]["max_abs"] == 0 and J["ratio"] > 0'
json 'J["engine"] == "interpreted" and J["against"] == "reference"'
want 0 compare rows.pbtxt --feed x='float32[2,3]=[[1,2,3],[4,5,6]]' --fetch y --engine interpreted
grep -q '^y:0: equal' out || fail 'no line for the fetch'

# Recorded results hold both engines.
for name in tract_plus3 tf2onnx_regression_frozen mleap_wine_quality; do
    folder=$DATA/corpus/$name
    feed=$("$PYTHON" -c 'import json, sys
s = json.load(open(sys.argv[1]))
print(" ".join("--feed " + f["tensor"] for f in s["feeds"]), " ".join("--fetch " + f["tensor"] for f in s["fetches"]))' "$folder/signature.json")
    # shellcheck disable=SC2086
    want 0 compare "$folder/model.pb" $feed --case "$folder/cases/000" --case "$folder/cases/001" --engine interpreted --json
    json 'J["equal"] and len(J["recorded"]) == 4 and all(r["equal"] for r in J["recorded"])'
done

# What differs is told: status 1, the worst place.
mkdir case
want 0 run rows.pbtxt --feed 'x=[[1,2,3],[4,5,6]]' --fetch x=case/feed_0.npy --fetch y=case/fetch_0.npy
want 0 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted
prints 'recorded fetches: 2 of 2 equal'
want 0 run times2.pbtxt --feed 'x=[[1,2,3],[4,5.00390625,6]]' --fetch y=case/fetch_0.npy
want 1 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --json
json 'J["equal"] is False and J["fetches"][0]["equal"] is True and not J["recorded"][0]["equal"]'
json 'J["recorded"][0]["worst_place"] == [1, 1] and J["recorded"][0]["max_abs"] == 0.0078125'
json 'J["recorded"][0]["value"] == 10 and J["recorded"][0]["expected"] == 10.0078125 and J["recorded"][0]["beyond_tolerance"] == 1'
json 'J["recorded"][0]["max_ulp"] == 8192'
want 0 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --atol 0.01
want 1 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --rtol 0.0001
want 0 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --rtol 0.001
want 0 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --ulp 8192
want 1 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted --ulp 8191
want 0 run times2.pbtxt --feed 'x=[1,2,3,4,5,6]' --fetch y=case/fetch_0.npy
want 1 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted
grep -q 'the shapes differ' out || fail 'another shape is not told'
want 0 run times2.pbtxt --feed 'x=[1]' --fetch x=case/feed_1.npy
want 3 compare rows.pbtxt --feed x --fetch y --case case --engine interpreted

# The same seed gives the same feeds.
want 0 compare rows.pbtxt --feed x='float32[100,3]' --fetch y --random 1 --range x=1:2 --engine interpreted
want 0 compare rows.pbtxt --feed x --fetch y --random 1 --engine interpreted --against interpreted

want 0 bench rows.pbtxt --feed x='float32[4,3]' --fetch y --engine interpreted,reference --seconds 0.05 --json
json '[sorted(e) for e in J["engines"]] == 2 * [sorted("engine median_us min_us p99_us calls text_bytes weights_bytes arena_bytes threads".split())]'
json 'all(0 < e["min_us"] <= e["median_us"] <= e["p99_us"] and e["calls"] > 0 and e["threads"] == 1 for e in J["engines"])'
want 0 bench const.pbtxt --engine interpreted --seconds 0.01
grep -q '^interpreted ' out || fail 'bench prints no line'
finish
