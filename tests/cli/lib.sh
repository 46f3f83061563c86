# What the tests of the headless commands share; sourced from the root of the tree.
#   store VERSION        a fresh copy of that release's store in the scratch folder; it becomes
#                        the current folder
#   run ARGS…            the program; sets $out, $err, $rc
#   rc N WHAT, out_is/out_has/out_lacks/err_has TEXT WHAT, json EXPR WHAT
# json: a Python expression over d, the document on standard output.
set -u
cd "$(dirname "$0")/../.." || exit 1
root=$PWD
: "${NCMLOPS_BIN:=$root/build/ncmlops}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export HOME="$scratch/home" TZ=UTC LC_ALL=C.UTF-8
unset NCMLOPS_CONTEXT MLFLOW_TRACKING_URI XDG_CONFIG_HOME XDG_STATE_HOME LANGUAGE NO_COLOR
mkdir -p "$HOME"
n=0 bad=0

store()
{
    rm -rf "$scratch/place"
    mkdir -p "$scratch/place"
    gzip -dc "$root/tests/fixtures/mlflow-$1.db.gz" >"$scratch/place/mlflow.db"
    cd "$scratch/place" || exit 1
}

run()
{
    "$NCMLOPS_BIN" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null
    rc=$?
    out=$(cat "$scratch/out") err=$(cat "$scratch/err")
    last="$*"
}

tap()
{
    n=$((n + 1))
    if [ "$1" = 0 ]; then
        echo "ok $n - $2"
        return
    fi
    bad=1
    echo "not ok $n - $2"
    echo "#   ncmlops $last (exit $rc)"
    printf '%s\n' "$out" | head -n 12 | sed 's/^/#   out: /'
    printf '%s\n' "$err" | head -n 6 | sed 's/^/#   err: /'
}

rc() { [ "$rc" = "$1" ]; tap $? "$2"; }
out_is() { [ "$out" = "$1" ]; tap $? "$2"; }
out_has() { case $out in *"$1"*) tap 0 "$2" ;; *) tap 1 "$2" ;; esac; }
out_lacks() { case $out in *"$1"*) tap 1 "$2" ;; *) tap 0 "$2" ;; esac; }
err_has() { case $err in *"$1"*) tap 0 "$2" ;; *) tap 1 "$2" ;; esac; }
json()
{
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
ok = eval("(" + sys.argv[2] + ")")
if not ok: print("#   false:", sys.argv[2])
sys.exit(0 if ok else 1)' "$scratch/out" "$1"
    tap $? "$2"
}
# value EXPR: prints it, of the document on standard output.
value()
{
    python3 -c 'import json, sys
d = json.load(open(sys.argv[1], encoding="utf-8"))
print(eval(sys.argv[2]))' "$scratch/out" "$1"
}
finish() { echo "1..$n"; exit $bad; }
