# SPDX-License-Identifier: Apache-2.0
# Broken models through the command line: whatever they hold, a command ends by itself with a status of the contract, one
# line of error, nothing on stdout and no file.
. "$(dirname "$0")/lib.sh"
LIMIT=600000 # KiB of address space; sanitizers take terabytes
nm "$STEPC" 2>/dev/null | grep -q __asan_init && LIMIT=unlimited

# limited STATUSES ARGUMENTS...: output in out and err, time and memory bounded.
limited() {
    allowed=$1
    shift
    (ulimit -v $LIMIT 2>/dev/null; exec timeout 20 "$STEPC" "$@") >out 2>err
    status=$?
    judge $status "$allowed" "$*"
    [ "$status" = 0 ] && GOOD=$((GOOD + 1)) || REFUSED=$((REFUSED + 1))
}
GOOD=0
REFUSED=0
# feeds FOLDER: the values of its first case as options of run, and its fetches, stored.
feeds() {
    "$PYTHON" - "$1" <<'END'
import glob, json, sys
s = json.load(open(sys.argv[1] + "/signature.json"))
case = sorted(glob.glob(sys.argv[1] + "/cases/*"))[0]
for i, feed in enumerate(s.get("feeds", [])):
    print("--feed\n%s=%s/feed_%d.npy" % (feed["tensor"], case, i))
for i, fetch in enumerate(s.get("fetches", [])):
    print("--fetch\n%s=made_%d.npy" % (fetch["tensor"], i))
END
}
# both STATUSES MODEL FOLDER: run and compile with the folder's signature.
both() {
    limited "$1" run "$2" $RUN --quiet
    if [ "$status" != 0 ] && ls made_*.npy >/dev/null 2>&1; then
        fail "run left files: $2"
    fi
    rm -f made_*.npy
    limited "$1" compile "$2" $COMPILE -o made/ --quiet
    if [ "$status" != 0 ]; then
        [ ! -e made ] || [ -z "$(ls -A made)" ] || fail "compile left files: $2"
    else
        "$CHECK" made/*.[hc] >log || fail "the token grammar: $2"
    fi
    rm -rf made
}

# Prefixes of two models, and copies with one changed byte.
for folder in "$DATA/corpus/mleap_wine_quality" "$DATA/corpus/dl4j/bias_add"; do
    mkdir broken
    "$BAD" broken broken "$folder/model.pb" 50 "${#folder}" || fail bad_graphs
    RUN=$(feeds "$folder")
    COMPILE=$(options "$folder")
    for model in broken/cut*.pb; do
        both "0 3 4 5" "$model"
    done
    rm -rf broken
    for round in 1 2; do
        mkdir broken
        "$BAD" broken broken "$folder/model.pb" 100 "$round" || fail bad_graphs
        rm broken/cut*
        for model in broken/*.pb; do
            both "0 2 3 4 5" "$model"
        done
        rm -rf broken
    done
done

# Rows of the catalogue: the statuses that each may have stand in its name.
mkdir rows
"$BAD" catalogue rows || fail bad_graphs
for model in rows/*.pb; do
    statuses=$(echo "$model" | sed 's/.*\.\([0-9-]*\)\.pb/\1/; s/-/ /g')
    fetch=good
    case $model in *A16*) fetch=a ;; *A19*) fetch=n39 ;; *A20*) fetch=user ;; *A26*) fetch=id ;; *C01*) fetch=c ;; *D03*) fetch=y ;; *D12*) fetch=y3 ;; esac
    RUN="--fetch $fetch=made_0.npy"
    COMPILE="--fetch $fetch"
    both "$statuses" "$model"
    limited "0 3 4 5" inspect "$model"
done
# The same constant three times is stored once, and so is its text.
LIMIT=unlimited
limited 0 compile rows/D12_same.3.pb --feed x --fetch y3 --module same --weights file -o made/ --quiet
[ "$(wc -c <made/same_weights.bin 2>/dev/null || echo 9999999)" -le 2100000 ] || fail "equal constants are not shared: $(ls -l made)"
rm -rf made

# Every malformed model of the corpora.
for folder in "$DATA"/corpus/bad_* "${STEPC_SHARED:-$HERE/../../../shared}"/corpus/bad_*; do
    [ -d "$folder" ] || continue
    model=$folder/model.pb
    [ -f "$model" ] || model=$folder
    if [ -f "$folder/signature.json" ] && [ -d "$folder/cases" ]; then
        RUN=$(feeds "$folder" 2>/dev/null)
        [ -n "$RUN" ] || RUN="--fetch nothing"
    else
        RUN="--fetch nothing"
    fi
    limited "2 3 4 5" run "$model" $RUN --quiet
    ls made_*.npy >/dev/null 2>&1 && fail "run left files: $folder"
    limited "0 2 3 4 5" inspect "$model"
    limited "0 2 3 4 5" compile "$model" -o made/ --quiet
    [ "$status" = 0 ] || [ ! -e made ] || fail "compile left files: $folder"
    rm -rf made
done

# Odd files in the model's place.
mkfifo fifo
mkdir folder
printf 'PK\003\004' >zip.pb
printf '\037\213\010' >gzip.pb
printf '\211HDF\r\n\032\n' >hdf.pb
for model in fifo folder zip.pb gzip.pb hdf.pb /dev/zero /dev/null missing.pb "$(printf 'a\033[2Jb')" "$STEPC"; do
    limited "2 3 4 5" run "$model" --fetch a:0
    limited "2 3 4 5" compile "$model" --fetch a:0 -o made/
    [ ! -e made ] || fail "compile left files: $model"
done
left=$(ls -A | grep -vx -e out -e err -e log -e rows -e fifo -e folder -e '[a-z]*.pb')
[ -z "$left" ] || fail "left behind: $left"
echo "$GOOD commands ended well, $REFUSED with an error"
[ "$GOOD" -ge 100 ] && [ "$REFUSED" -ge 500 ] || fail "the sweep does not reach both outcomes"
finish
