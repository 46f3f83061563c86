#!/bin/sh
# Experiments, runs, metrics, comparison, artifacts: the shapes that scripts depend on.
. "$(dirname "$0")/lib.sh"
store 3.17.2

run experiments -o json
rc 0 "experiments"
json 'all(set(e) == {"experiment_id","name","lifecycle_stage","artifact_location","creation_time",
    "last_update_time","run_count","tags"} for e in d)' "its fields"
json 'all(e["lifecycle_stage"] == "active" for e in d)' "only active ones"
json 'type(d[0]["creation_time"]) is int and type(d[0]["run_count"]) is int' "times and counts are integers"
run experiments --all -o json
json 'any(e["lifecycle_stage"] == "deleted" for e in d)' "--all has the deleted"
run experiments
out_has "추천-시스템" "the table shows Korean names"
NCMLOPS_NOW=1000000000000 run experiments
out_has "–" "what a clock ahead of ours wrote has no age"
out_lacks " now " "and was not written now"
run experiments -o csv
out_has "experiment_id,name,lifecycle_stage" "CSV begins with the names of the columns"
run experiments -o jsonl
[ "$(printf '%s\n' "$out" | wc -l)" = 5 ]
tap $? "jsonl: one line each"

run runs -o json
json 'len(d) == 42 or len(d) == 100' "runs of all active experiments"
json 'all(set(r) == {"run_id","run_name","experiment_id","user_id","status","start_time","end_time",
    "lifecycle_stage","artifact_uri","parent_run_id","metrics","params","tags"} for r in d)' "its fields"
json 'any(r["end_time"] is None for r in d)' "an absent time is null"
json 'any(r["parent_run_id"] for r in d)' "children name their parents"
json 'any(v == "NaN" for r in d for v in r["metrics"].values())' "NaN is a string"
json 'any(v == 1.7976931348623157e308 for r in d for v in r["metrics"].values())' \
    "the store's greatest number stays a number"
run runs --limit 3 -o json
json 'len(d) == 3' "--limit"
run runs --limit 0 -o json
json 'len(d) == 42' "--limit 0 is all"
run runs -e fraud-detection/ranker -e 2 -o json --limit 0
json '{r["experiment_id"] for r in d} == {"1", "2"}' "-e takes names and ids, several times"
run runs -e nothere
rc 5 "-e with an unknown name"
run runs --deleted -o json
json 'd and all(r["lifecycle_stage"] == "deleted" for r in d)' "--deleted"
run runs --filter "attributes.status = 'FAILED'" -o json
json 'd and all(r["status"] == "FAILED" for r in d)' "--filter"
run runs --order-by "metrics.auc DESC" --limit 3 -o json
json '[r["metrics"]["auc"] for r in d] == sorted((r["metrics"]["auc"] for r in d), reverse=True)' "--order-by"
run runs --filter "attributes.status = 'NOBODY'" -o json
out_is "[]" "no runs: an empty list"
run runs --filter "attributes.status = 'NOBODY'"
rc 0 "no runs is no error"
err_has "no runs" "the table says so on standard error"
run runs --limit 2
first=$out
"$NCMLOPS_BIN" runs --limit 2 | cat >"$scratch/piped"
[ "$first" = "$(cat "$scratch/piped")" ]
tap $? "a pipe changes nothing"
run runs -o csv --limit 5
out_has "metrics." "CSV has a column for each metric"

run runs -e 1 --filter "params.model = 'xgboost'" --limit 2 -o json
a=$(value 'd[0]["run_id"]') b=$(value 'd[1]["run_id"]')
run run show "$a" -o json
json 'set(d) >= {"run_id","inputs","models","artifacts"} and d["lifecycle_stage"] == "active"' "run show"
run run show "$a"
out_has "Metrics" "run show for people"
run compare "$a" "$b" -o json
json 'd["runs"] == ["'"$a"'", "'"$b"'"] and set(d) == {"runs","params","metrics","tags"}' "compare"
json 'all(len(m["values"]) == 2 and m["best"] in (0, 1, None) for m in d["metrics"])' "one value a run, the best named"
few=$(value 'len(d["params"]) + len(d["metrics"]) + len(d["tags"])')
run compare "$a" "$b" --all -o json
json 'len(d["params"]) + len(d["metrics"]) + len(d["tags"]) > '"$few" "compare --all has more"
run compare "$a"
rc 2 "compare wants two"
run compare "$a" nothere
rc 5 "compare with an unknown run"

run runs --limit 0 -o json
long=$(value '[r["run_id"] for r in d if "loss" in r["metrics"]][0]')
run metric "$long" loss -o json
json 'all(set(p) == {"step","timestamp","value"} for p in d)' "metric: its fields"
json '[(p["step"], p["timestamp"]) for p in d] == sorted((p["step"], p["timestamp"]) for p in d)' "in step order"
run metric "$long" nothere
rc 5 "an unknown metric"
run metric nothere loss
rc 5 "a metric of an unknown run"
err_has "no run nothere" "and the run is what is missing"
run metric "$long" loss --points x
rc 2 "--points wants a number"

mkdir -p "$scratch/art/model"
printf 'hello\n' >"$scratch/art/note.txt"
python3 - "$scratch" "$a" <<'END'
import sqlite3, sys
db = sqlite3.connect("mlflow.db")
db.execute("UPDATE runs SET artifact_uri=? WHERE run_uuid=?", (sys.argv[1] + "/art", sys.argv[2]))
db.commit()
END
run artifacts "$a" -o json
json '[(x["path"], x["is_dir"], x["file_size"]) for x in d] == [("model", True, None), ("note.txt", False, 6)]' \
    "artifacts: folders first, sizes"
run artifact get "$a" note.txt
out_is "hello" "artifact get"
run artifact get "$a" note.txt copy.txt --read-only
rc 3 "--read-only writes no file"
run artifact get "$a" note.txt copy.txt --dry-run
rc 0 "--dry-run"
[ ! -e copy.txt ]
tap $? "and writes none"
run artifact get "$a" note.txt copy.txt
rc 0 "artifact get into a file"
cmp -s copy.txt "$scratch/art/note.txt"
tap $? "the file is the same"
head -c 20000000 /dev/urandom >"$scratch/art/model/large.bin"
run artifact get "$a" model/large.bin copy.bin
rc 0 "artifact get of more than is held in memory"
cmp -s copy.bin "$scratch/art/model/large.bin"
tap $? "the large file is the same"
run artifact get "$a" model/large.bin
rc 1 "but it is not printed"
err_has "large.bin FILE" "and the message says how it is written out"
printf 'before\n' >kept.txt
run artifact get "$a" nothere kept.txt
rc 5 "an unknown artifact into a file"
[ "$(cat kept.txt)" = before ] && [ -z "$(ls kept.txt.* 2>/dev/null)" ]
tap $? "leaves what was there, and nothing beside it"
run artifact get "$a" model/large.bin nowhere/copy.bin
rc 5 "a folder that is not there"
rm -f "$scratch/art/model/large.bin" copy.bin kept.txt
run artifact get "$a" ../../place/mlflow.db
[ "$rc" != 0 ]
tap $? "artifact get does not leave the run's folder"
run artifact get "$a" nothere
rc 5 "an unknown artifact"
run run show "$a" -o json
json 'len(d["artifacts"]) == 2' "run show lists the artifacts"

mkdir -p "$scratch/art/7"
python3 - "$scratch" "$a" <<'END'
import sqlite3, sys
db = sqlite3.connect("mlflow.db")
db.execute("UPDATE runs SET artifact_uri=? WHERE run_uuid=?",
           (f"{sys.argv[1]}/art/7/{sys.argv[2]}/artifacts", sys.argv[2]))
db.commit()
END
run artifacts "$a" -o json
out_is "[]" "artifacts: none where only the run's own folder was never made"
run artifacts "$a" model
rc 5 "and nothing in it"
rmdir "$scratch/art/7"
run artifacts "$a"
rc 5 "artifacts: not on this machine"

# A run whose place is the store's own folder: reading the database as a file would drop its locks.
python3 - "$PWD" "$a" <<'END'
import sqlite3, sys
db = sqlite3.connect("mlflow.db")
db.execute("UPDATE runs SET artifact_uri=? WHERE run_uuid=?", (sys.argv[1], sys.argv[2]))
db.commit()
END
run artifacts "$a" -o json
json '"mlflow.db" in [x["path"] for x in d]' "artifacts: the store's own folder"
run artifact get "$a" mlflow.db
rc 3 "the store itself is no artifact"

for v in 1.30.1 2.9.2 2.22.5; do
    store $v
    run runs --limit 0 -o json
    json 'len(d) == 42' "runs of MLflow $v"
    run models -o json
    json 'len(d) >= 5' "models of MLflow $v"
done

store 3.17.2
run runs --limit 1 -o json
whole=$(value 'd[0]["run_id"]')
short=$(printf '%s' "$whole" | cut -c 1-8)
run run show "$short" -o json
json "d[\"run_id\"] == \"$whole\"" "the first characters of an id name the run"
run run tag "$short" team=risk --yes -o json
json "d[\"subject\"] == \"$whole\"" "also for a change, which records the whole id"
run run show "$(printf '%s' "$whole" | cut -c 1-3)"
rc 5 "three are too few"
run run tag "$short" a=b --read-only
rc 3 "--read-only comes first"
finish
