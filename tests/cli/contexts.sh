#!/bin/sh
# Contexts of the configuration: choosing one, what it protects, secrets by reference, config init.
. "$(dirname "$0")/lib.sh"
unset MLFLOW_REGISTRY_URI MLFLOW_TRACKING_TOKEN MLFLOW_TRACKING_USERNAME MLFLOW_TRACKING_PASSWORD \
    MLFLOW_TRACKING_INSECURE_TLS MLFLOW_TRACKING_SERVER_CERT_PATH MLFLOW_TRACKING_CLIENT_CERT_PATH
store 3.17.2
here=$PWD
mkdir -p "$scratch/etc"
cp mlflow.db "$scratch/etc/near.db"
cat >"$scratch/etc/c.yaml" <<END
current-context: lab
contexts:
  prod:
    protect: yes
    tracking: {uri: "sqlite:///$here/mlflow.db"}
  lab:
    tracking: {uri: near.db}
  frozen:
    read-only: yes
    tracking: {uri: "$here/mlflow.db"}
  web:
    protect: yes
    tracking: {uri: "https://ml.example.com", token-env: NCM_NO_SUCH, ca: gone.pem, timeout: 5}
  pair:
    tracking: {uri: "https://ann:hu%40sh@b.example.com/ml/", insecure-tls: yes}
  empty: {}
END
chmod 600 "$scratch/etc/c.yaml"
cd / || exit 1
run_with() { run --config "$scratch/etc/c.yaml" "$@"; }

# ---- choosing
run_with -v experiments
rc 0 "the current context, from anywhere"
err_has "/etc/near.db (context lab)" "a path is relative to the configuration's folder"
run_with --context prod -v experiments
err_has "context prod" "--context names another"
NCMLOPS_CONTEXT=prod run_with -v experiments
err_has "context prod" "NCMLOPS_CONTEXT too"
MLFLOW_TRACKING_URI="$here/mlflow.db" run_with -v experiments
err_has "(MLFLOW_TRACKING_URI)" "MLFLOW_TRACKING_URI goes before the current context"
MLFLOW_TRACKING_URI=/nowhere.db run_with --context lab -v experiments
err_has "context lab" "but not before a named one"
run_with --context prd experiments
rc 5 "an unknown context"
err_has "there are: prod, lab, frozen, web, pair, empty" "the hint lists those there are"
run_with --context empty experiments
rc 2 "a context without a store"
run_with --context prod --store "$scratch/etc/near.db" promote fraud-detector 6 Production --yes
rc 3 "its protection holds for a store that is named beside it"

# ---- a protected context: every command that changes something
id=$(run_with --context prod runs --limit 1 -o json; value 'd[0]["run_id"]')
refused()
{
    run_with --context prod "$@" --yes
    rc 3 "protected, --yes: $1 ${2:-}"
    err_has "--confirm" "  and the hint says what is wanted"
    run_with --context prod "$@"
    rc 2 "protected, nobody to ask: $1 ${2:-}"
    run_with --context prod --read-only "$@" --confirm fraud-detector
    rc 3 "--read-only wins: $1 ${2:-}"
    run_with --context frozen "$@" --yes
    rc 3 "a read-only context: $1 ${2:-}"
}
before=$(cksum <"$here/mlflow.db")
refused promote fraud-detector 6 Production
refused alias set fraud-detector champion 6
refused version tag fraud-detector 6 team=risk
refused version note fraud-detector 6 text
refused version delete fraud-detector 6
refused model note fraud-detector text
refused model tag fraud-detector team=risk
refused model rename fraud-detector other
refused model delete fraud-detector
refused model create brand-new
refused run tag "$id" a=b
refused run note "$id" text
refused run rename "$id" other
refused run delete "$id"
refused experiment create brand-new
refused experiment rename Default other
refused experiment tag Default a=b
[ "$(cksum <"$here/mlflow.db")" = "$before" ]
tap $? "none of it changed the store"
run_with --context prod promote fraud-detector 6 Production --confirm fraud-detector -o json
rc 0 "--confirm NAME takes the place of both"
json 'd["current_stage"] == "Production"' "and it was done"
run_with --context prod undo --yes
rc 3 "undo is a change too"
run_with --context prod undo --confirm other
rc 3 "another name is none"
run_with --context prod undo --confirm fraud-detector
rc 0 "undo with the name"
run_with --context lab run tag "$id" a=b --yes
rc 0 "a context that is not protected asks for no name"

# ---- secrets
chmod 644 "$scratch/etc/c.yaml"
run_with config check -o json
rc 0 "config check"
json 'any("c.yaml:15:" in w and "chmod 600" in w for w in d["warnings"])' "a secret others may read"
json 'any("NCM_NO_SUCH is not set" in w for w in d["warnings"])' "a variable that is not set"
json 'any("gone.pem" in w for w in d["warnings"])' "a file that is not there"
chmod 600 "$scratch/etc/c.yaml"
NCM_NO_SUCH=t0p run_with config show -o json
out_lacks t0p "config show: no value of a variable"
out_lacks "hu@sh" "and no password of an address"
json 'd["contexts"]["web"]["tracking"] == {"uri": "https://ml.example.com", "token-env":
    "NCM_NO_SUCH", "ca": d["contexts"]["web"]["tracking"]["ca"], "timeout": 5}' "but its name"
json 'd["contexts"]["pair"]["tracking"] == {"uri": "https://b.example.com/ml/", "user": "ann",
    "password": "***", "insecure-tls": True}' "user and password are taken out of the address"
run_with config show
out_lacks "hu@sh" "as text too"
run_with --context lab doctor
out_lacks "hu@sh" "nor doctor"
printf 'contexts: {a: {tracking: {uri: "https://127.0.0.1:1", token-env: NCM_NO}}}\n' \
    >"$scratch/etc/unset.yaml"
run --config "$scratch/etc/unset.yaml" --context a doctor
out_has "NCM_NO is not set" "doctor tells of a variable that is not set"

wrong()
{
    printf '%s\n' "$1" >"$scratch/etc/w.yaml"
    run --config "$scratch/etc/w.yaml" runs
    rc 2 "wrong: $2"
    err_has "$2" "  with its place and what is wrong"
}
wrong 'contexts: {a: {tracking: {uri: x, tokn-env: A}}}' \
    "w.yaml:1:35: unknown key 'tokn-env', did you mean 'token-env'?"
wrong 'contexts: {a: {tracking: {token-env: A, token-file: b}}}' \
    "w.yaml:1:41: 'token-env' and 'token-file' are both there"
wrong 'contexts: {a: {tracking: {token-env: eyJ.hush}}}' "wants the name of a variable"
case $err in *hush*) tap 1 "the value is not repeated" ;; *) tap 0 "the value is not repeated" ;; esac

# ---- config init
cd "$here" || exit 1
run config init
rc 2 "config init without a terminal and without a store"
err_has "--store URI" "the hint says what it wants"
run config init --yes --context try
rc 0 "--yes takes what lies here"
[ "$(stat -c %a "$HOME/.config/ncmlops/config.yaml")" = 600 ]
tap $? "the file is for its owner only"
run config check
rc 0 "and right"
cd / || exit 1
run -v experiments
err_has "$here/mlflow.db (context try)" "it opens that store from anywhere"
run --config "$scratch/etc/new.yaml" config init --store https://ann:s3cret@h.example.com --protect
rc 0 "a server"
err_has "password" "it is said that the password was left out"
grep -q s3cret "$scratch/etc/new.yaml"
[ $? = 1 ]
tap $? "and it was"
run --config "$scratch/etc/new.yaml" config show -o json
json 'd["contexts"]["local"]["protect"] is True and
    d["contexts"]["local"]["tracking"]["user"] == "ann"' "what was asked for is in force"
if command -v script >/dev/null; then
    last="config init on a terminal" rc=0
    printf 'prod\n%s/mlflow.db\nmaybe\ny\n' "$here" |
        script -qec "'$NCMLOPS_BIN' --config '$scratch/etc/asked.yaml' config init" /dev/null \
            >"$scratch/out" 2>&1
    out=$(cat "$scratch/out") err=''
    out_has "Name of this context" "on a terminal: the first question"
    out_has "Is it production" "and the third"
    run --config "$scratch/etc/asked.yaml" config show -o json
    json 'd["current-context"] == "prod" and d["contexts"]["prod"]["protect"] is True' \
        "the answers are in the file"
fi
finish
