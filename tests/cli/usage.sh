#!/bin/sh
# The command line itself: options anywhere, help, mistakes, where errors go, exit statuses.
. "$(dirname "$0")/lib.sh"
store 3.17.2

run --help
rc 0 "--help"
out_has "promote NAME VERSION STAGE" "help lists the commands"
out_has "--store URI" "help lists the options"
out_lacks "gates" "help does not list what is not there"
run promote --help
out_has "--archive-existing" "help of a command lists its options"
run help
out_has "Commands:" "help is a command too"
run version
rc 0 "version"
case $out in "ncmlops "[0-9]*) tap 0 "version names a number" ;; *) tap 1 "version names a number" ;; esac
run --version -o json
json 'd["version"].count(".") == 2' "version as JSON"

run -o json experiments
rc 0 "options before the command"
before=$out
run experiments -o json
out_is "$before" "and after it are the same"
run experiments --output=json
out_is "$before" "with = too"
run experiments -ojson
out_is "$before" "and without a blank"

run -o json -- experiments
out_is "$before" "a command after --"

run demo --dir "$scratch/demo" --read-only
rc 3 "--read-only makes no demo"
run demo --dir "$scratch/demo" --dry-run -o json
json 'd["path"].endswith("/demo/mlflow.db")' "--dry-run says where it would be"
[ ! -e "$scratch/demo" ]
tap $? "and neither makes anything"
run --config "$scratch/new.yaml" config init --read-only
rc 3 "--read-only writes no configuration"
[ ! -e "$scratch/new.yaml" ]
tap $? "there is none"

printf 'contexts:\n  web: {tracking: {uri: "http://ann:s3cret@h/x?token=t0p"}}\n' >"$scratch/web.yaml"
chmod 600 "$scratch/web.yaml"
run --config "$scratch/web.yaml" config show -o json
json 'd["contexts"]["web"]["tracking"]["uri"] == "http://h/x?***" and d["theme"] == "dark"' \
    "config show as JSON, without secrets"
run --config "$scratch/web.yaml" config check -o json
json 'd["exists"] is True and len(d["warnings"]) <= 1' "config check as JSON"
run --config "$scratch/web.yaml" config path -o json
json 'd["path"].endswith("/web.yaml")' "config path as JSON"

run runz
rc 2 "unknown command"
err_has "ncmlops: unknown command 'runz'" "it is named"
err_has "hint: did you mean 'runs'?" "and the nearest one"
run runs --limt 3
rc 2 "unknown option"
err_has "did you mean '--limit'?" "the nearest option"
run models --limit 3
rc 2 "an option of another command is none of this one"
run runs --zzzzzzzzz
err_has "'ncmlops runs --help' lists its options" "else the help of the command"
run --thme light
rc 2 "a wrong option before any command"
err_has "unknown option '--thme'" "is what is wrong, not the word after it"
err_has "did you mean '--theme'?" "and the nearest one"
run run
rc 2 "half a command"
err_has "there are: show, tag" "the words that may follow"
run run --help
rc 0 "help of half a command"
out_has "run show RUN_ID" "lists what may follow"
run help run show
out_has "Usage: ncmlops run show RUN_ID" "help of a whole one"
run help runz
err_has "unknown command 'runz'" "help of none"
run promote fraud-detector
err_has "promote: missing: VERSION, STAGE" "what is missing is named"
run promote --help
out_has "None, Staging, Production, Archived" "the stages are in the help"
out_has "ncmlops alias set" "and where aliases are"
LC_ALL=C.UTF-8 run --ascii --lang ko --help
[ -z "$(printf '%s' "$out" | LC_ALL=C tr -d '\000-\177')" ]
tap $? "--ascii is ASCII"
run run show
rc 2 "a missing word"
err_has "hint: ncmlops run show RUN_ID" "the usage as hint"
run experiments too many
rc 2 "too many words"
run runs --limit
rc 2 "an option without its value"
run runs --limit many
rc 2 "a number that is none"
run --yes=1 runs
rc 2 "a flag with a value"
run --timeout soon runs
rc 2 "a time-out that is none"
run -o yaml runs
rc 2 "a form that is none"
run --lang xx runs
rc 2 "a language that is none"

run -o json runs --limit x
rc 2 "usage error with -o json"
json 'd["error"]["code"] == "USAGE" and d["error"]["message"] and "hint" in d["error"]' \
    "is an object on standard output too"
err_has "ncmlops: runs: " "and a line on standard error"
[ "$(printf '%s\n' "$err" | grep -c '')" -le 2 ]
tap $? "at most two lines on standard error"
run run show nothere -o json
rc 5 "an unknown run"
json 'd["error"]["code"] == "NOT_FOUND"' "its code"
run runs --filter 'metrics.a >>> 3'
rc 2 "a wrong filter"
err_has "character 11" "the place of the mistake"

run runs --limit 1 -o jsonl >/dev/full
"$NCMLOPS_BIN" runs >/dev/full 2>"$scratch/err"
rc=$? out='' err=$(cat "$scratch/err") last='runs >/dev/full'
rc 1 "a full disk is an error"
err_has "Standard output cannot be written" "and says so"

for shell in bash zsh fish; do
    run completion $shell
    rc 0 "completion $shell"
    out_has "promote" "completion $shell knows the commands"
    out_has "archive-existing" "completion $shell knows the options"
done
run completion bash
if command -v bash >/dev/null; then
    # shellcheck disable=SC2016 # for bash, not for this shell
    got=$(bash -c '. "$1"; COMP_WORDS=(ncmlops alias ""); COMP_CWORD=2; _ncmlops
        echo "${COMPREPLY[*]}"' - "$scratch/out")
    case $got in *set*rm*) tap 0 "bash completes second words" ;;
    *) out=$got; tap 1 "bash completes second words" ;; esac
fi
run completion tcsh
rc 2 "an unknown shell"
finish
