#!/bin/sh
# Which store is opened, protected contexts, the configuration, doctor, demo.
. "$(dirname "$0")/lib.sh"
store 2.22.5
here=$PWD

cd "$HOME" || exit 1
run runs
rc 5 "no store at all"
err_has "ncmlops demo" "the message names the ways"
run doctor
[ "$rc" != 0 ]
tap $? "doctor without a store"
run --store "sqlite:///$here/mlflow.db" experiments -o json
rc 0 "an absolute address"
cd "$here/.." || exit 1
run --store sqlite:///place/mlflow.db experiments -o json
rc 0 "a relative address"
run --store place/mlflow.db experiments -o json
rc 0 "a path"
MLFLOW_TRACKING_URI="sqlite:///$here/mlflow.db" run doctor
rc 0 "MLFLOW_TRACKING_URI"
out_has "MLFLOW_TRACKING_URI" "doctor says why"
cd "$here" || exit 1
run doctor
rc 0 "doctor"
out_has "mlflow.db is here" "doctor says why"
run --store other.db runs
rc 5 "a file that is not there"
: >empty.db
run --store empty.db runs
rc 1 "an empty file"
printf 'hello, this is no database, only a text that goes on for a while\n' >text.db
run --store text.db runs
rc 1 "a text file"
head -c 5000 mlflow.db >cut.db
run --store cut.db runs
rc 1 "a truncated file"
for uri in databricks postgresql://u:hush@h/d; do
    run --store "$uri" runs -o json
    rc 1 "unsupported: $uri"
    json 'd["error"]["code"] == "UNSUPPORTED" and "tracking server" in d["error"]["hint"]' \
        "it says what works"
    out_lacks hush "and no password"
done
run --store . runs
[ "$rc" != 0 ]
tap $? "a folder that is no store"
err_has "--store $here/mlflow.db" "the hint names the store in it"
run --store gopher://x runs
rc 2 "an address that is none"

run config path
out_is "$HOME/.config/ncmlops/config.yaml" "config path"
run config check
rc 0 "no configuration is fine"
run --store "sqlite:///$here/mlflow.db" --context prod config init
rc 0 "config init"
run config init
rc 3 "config init does not overwrite"
run config check
rc 0 "what it wrote is right"
run config show
out_has 'current-context: "prod"' "config show"
cd / || exit 1
run experiments -o json
rc 0 "the current context is opened from anywhere"
run --context nobody runs
rc 5 "an unknown context"
cat >"$scratch/c.yaml" <<END
contexts:
  prod:
    protect: yes
    tracking: {uri: "$here/mlflow.db"}
  ro:
    read-only: yes
    tracking: {uri: "$here/mlflow.db"}
  user: {tracking: {uri: "https://me:hush@host/x"}}
END
chmod 644 "$scratch/c.yaml"
c="--config $scratch/c.yaml"
# shellcheck disable=SC2086 # two words
{
    run $c config show
    out_lacks hush "config show hides passwords"
    run $c config check
    err_has "others may read it" "a readable password is warned of"
    run $c --context prod promote fraud-detector 5 Production
    rc 2 "protected: nothing without a terminal"
    run $c --context prod promote fraud-detector 5 Production --yes
    rc 3 "protected: --yes is not enough"
    err_has "--confirm" "the hint says what is"
    run $c --context prod promote fraud-detector 5 Production --confirm wrong
    rc 3 "protected: the wrong name"
    run $c --context prod promote fraud-detector 5 Production --confirm fraud-detector --dry-run
    rc 0 "protected: --dry-run"
    run $c --context prod --read-only promote fraud-detector 5 Production --confirm fraud-detector
    rc 3 "protected: --read-only wins"
    run $c --context prod versions fraud-detector -o json
    json '{x["version"]: x["current_stage"] for x in d}["5"] == "Staging"' "nothing was changed so far"
    run $c --context prod promote fraud-detector 5 Production --confirm fraud-detector
    rc 0 "protected: --confirm with the name"
    run $c --context ro promote fraud-detector 6 Production --yes
    rc 3 "a read-only context"
    NCMLOPS_CONTEXT=ro run $c promote fraud-detector 6 Production --yes
    rc 3 "NCMLOPS_CONTEXT"
    printf 'contexts: {}\nthem: dark\n' >"$scratch/c.yaml"
    run $c config check
    [ "$rc" != 0 ]
    tap $? "config check finds a mistake"
    err_has "c.yaml:2:1: unknown key 'them', did you mean 'theme'?" "with its place and the nearest name"
    run $c runs
    [ "$rc" != 0 ]
    tap $? "and so does every command"
}

mkdir "$scratch/demo"
run demo --dir "$scratch/demo/d" -o json
rc 0 "demo makes a workspace"
demo=$(value 'd["path"]')
run --store "$demo" models -o json
json 'len(d) >= 3' "with models"
cp "$demo" "$scratch/before"
run demo --dir "$scratch/demo/d"
cmp -s "$demo" "$scratch/before"
tap $? "and does not touch one that is there"

cd "$here" || exit 1
export NCMLOPS_NOW=1795238966667
run doctor -o json
json 'all(set(x) == {"name","state","message","hint"} for x in d)' "doctor as JSON"
run --lang ko version
rc 0 "--lang ko"

export HOME="$scratch/files"
mkdir -p "$HOME/mlruns"
cd "$HOME" || exit 1
run runs
rc 5 "an empty mlruns is no store"
err_has "./mlruns holds no experiments" "and it is said what it is"
finish
