#!/bin/sh
# Promoting in the registry and setting the version where it runs, as one plan: forwards, refused,
# stuck, killed in the middle, gone on with and taken back.
. "$(dirname "$0")/lib.sh"
store 3.17.2
srv=$scratch/srv
mkdir -p "$srv"
python3 "$root/tests/lib/model_server.py" "$srv" 1 >"$srv/log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null; rm -rf "$scratch"' EXIT

# waits for a condition, half a minute at most
until_true()
{
    tries=0
    while ! eval "$1"; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || return 1
        sleep 0.1
    done
}
until_true '[ -s "$srv/port" ]'
port=$(cat "$srv/port")
cat >config.yaml <<END
current-context: here
contexts:
  here:
    tracking: {uri: "sqlite:///$PWD/mlflow.db"}
    deployments:
      - {type: http, name: web, url: "http://127.0.0.1:$port", protocol: generic, model: MODEL,
         health: /health, ready: /ready, info: /info, version: .model.version, reload: /reload}
END
run models -o json
model=$(value '[m["name"] for m in d if len(m["stages"]["Production"]) == 1 and int(m["latest_version"]) > 1][0]')
sed -i "s/MODEL/$model/" config.yaml
old=$(value '[m["stages"]["Production"][0] for m in d if m["name"] == "'"$model"'"][0]')
run versions "$model" -o json
new=$(value '[v["version"] for v in d if v["current_stage"] != "Production"][0]')

go() { run --config config.yaml "$@"; }
promote() { go promote "$model" "$new" Production --deploy web --archive-existing --yes "$@"; }
answered() { curl -s "http://127.0.0.1:$port/info" | grep -q "\"version\": \"$1\""; }
stage_of() { go versions "$model" -o json; value '[v["current_stage"] for v in d if v["version"] == "'"$1"'"][0]'; }

curl -s -X POST -d "{\"version\": \"$old\"}" "http://127.0.0.1:$port/reload" >/dev/null
promote --dry-run
rc 0 "what a plan would do is shown"
out_has "1. " "step by step"
[ "$(printf '%s\n' "$out$err" | grep -c '3\. ')" = 1 ]
tap $? "each step has its head once"
go deployment set-version web 999 --yes
rc 5 "a version that the registry does not have is not set"
err_has "--force" "and --force would"
answered "$old"
tap $? "and nothing is done"

promote -o json
rc 0 "promoted and deployed in one go"
json 'len(d) == 1 and d[0]["state"] == "done" and [s["state"] for s in d[0]["steps"]] == ["done"] * 3 and
    [s["kind"] for s in d[0]["steps"]] == ["set", "wait", "promote"]' "three steps, all done"
answered "$new"
tap $? "the server runs it"
[ "$(stage_of "$new")" = Production ]
tap $? "the registry says so"
go audit -o json
json '[x["action"] for x in d][:2] == ["promote", "deploy_version"]' "both are on record"
go rollouts --all -o json
id=$(value 'd[0]["id"]')
go rollout continue "$id" --yes
rc 6 "one that is over does not go on"
go rollout undo "$id" --yes
rc 0 "but it is taken back"
answered "$old"
tap $? "the server is back"
[ "$(stage_of "$old")" = Production ]
tap $? "and the registry, too"

promote
go undo --dry-run
out_has "rollouts takes all of it back" "to undo the last step alone is warned of"
go undo --yes
go undo --yes
go rollouts --all -o json
go rollout undo "$(value 'd[0]["id"]')" --yes
rc 0 "after a step was taken back and done again by hand, the plan is still taken back"
[ "$(stage_of "$old")" = Production ] && answered "$old"
tap $? "all of it"

touch "$srv/refuse"
promote
[ "$rc" != 0 ]
tap $? "a server that refuses the version stops the plan"
[ "$(stage_of "$old")" = Production ]
tap $? "before the registry is touched"
rm "$srv/refuse"
go rollouts -o json
json 'len(d) == 1 and d[0]["state"] == "stopped" and d[0]["steps"][0]["state"] == "failed"' "it is kept"
promote
rc 6 "no second one for the same deployment meanwhile"
go rollouts -o json
id=$(value 'd[0]["id"]')
go rollout continue "$id" --yes
rc 0 "it goes on where it stopped"
answered "$new"
tap $? "and does what it was to do"
go rollout undo "$id" --yes

touch "$srv/unready"
promote --ready 3s
rc 4 "what does not become ready in time stops the plan"
err_has "rollout continue|undo|leave" "what can be done is said"
go rollouts -o json
id=$(value 'd[0]["id"]')
rm "$srv/unready"
go rollout undo "$id" --yes -o json
rc 0 "and is taken back"
json 'd[0]["state"] == "undone" and d[0]["steps"][0]["state"] == "undone"' "what was done of it"
answered "$old"
tap $? "the server is back"

# killed while it waits
touch "$srv/unready"
"$NCMLOPS_BIN" --config config.yaml promote "$model" "$new" Production --deploy web --archive-existing \
    --yes >"$scratch/killed" 2>&1 &
victim=$!
until_true 'answered "$new"'
tap $? "a plan is under way"
kill -9 $victim
wait $victim 2>/dev/null
go rollouts -o json
json 'len(d) == 1 and d[0]["state"] == "interrupted" and d[0]["steps"][0]["state"] in ("done", "running")' \
    "what was killed is known to be interrupted"
id=$(value 'd[0]["id"]')
rm "$srv/unready"
go rollout continue "$id" --yes -o json
rc 0 "and goes on"
json 'd[0]["state"] == "done"' "to its end"
[ "$(stage_of "$new")" = Production ] && answered "$new"
tap $? "registry and server agree"
[ "$(grep -c "^$new\$" "$srv/loaded")" -ge 1 ]
tap $? "the version was loaded"
go audit verify
rc 0 "the audit is whole"

# asked before it is taken back, as before any change
go rollout undo "$id"
rc 2 "without a terminal --yes is wanted"
go rollout undo "$id" --dry-run
rc 0 "what would be taken back is shown"
out_has "$model v$new to Production in the registry  state: done → taken back" "step by step"
answered "$new" && [ "$(stage_of "$new")" = Production ]
tap $? "and nothing is done"
go rollout continue "$id" --dry-run
rc 6 "nor is one shown that is over"
go rollout undo "$id" --read-only --yes
rc 3 "--read-only takes nothing back"
go rollout undo "$id" --yes
rc 0 "then it is taken back"

# the first change was refused: there is nothing to take back
touch "$srv/refuse"
promote
rm "$srv/refuse"
go rollouts -o json
id=$(value 'd[0]["id"]')
go rollout undo "$id" --yes -o json
rc 0 "what was refused is taken back all the same"
json 'd[0]["state"] == "undone"' "and is over"

# cut off between a change and the note of it
state=$(find "$PWD" -name "*.db" ! -name mlflow.db | head -n 1)
as_if()
{
    python3 -c 'import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
if "audit" in sys.argv[4:]:
    db.execute("DELETE FROM audit WHERE seq=(SELECT max(seq) FROM audit)")
db.execute("UPDATE rollouts SET state=?, process=?, undoing=0, position=? WHERE id=?",
           ("running", "1:0:0", int(sys.argv[3]), sys.argv[2]))
db.execute("UPDATE rollout_steps SET state=?, audit_id=NULL, ended_ms=NULL WHERE rollout=? AND n=?",
           ("running", sys.argv[2], int(sys.argv[3])))
db.execute("UPDATE rollout_steps SET state=?, started_ms=NULL WHERE rollout=? AND n>?",
           ("planned", sys.argv[2], int(sys.argv[3])))
db.execute("UPDATE rollouts SET host=(SELECT host FROM audit LIMIT 1), beat_ms=0 WHERE id=?", (sys.argv[2],))
db.commit()' "$state" "$@"
}
promote -o json
rc 0 "promoted"
id=$(value 'd[0]["id"]')
as_if "$id" 2
go rollout undo "$id" --yes
rc 0 "a change whose note is missing"
answered "$old" && [ "$(stage_of "$old")" = Production ]
tap $? "is taken back, with those before it"
promote -o json
id=$(value 'd[0]["id"]')
as_if "$id" 2
go rollout continue "$id" --yes -o json
rc 0 "and one can go on from there"
json 'd[0]["state"] == "done" and d[0]["steps"][2]["audit_id"] is not None' "with its record found again"
go rollout undo "$id" --yes
rc 0 "so that it is taken back later"
[ "$(stage_of "$old")" = Production ]
tap $? "in the registry"

# others moved meanwhile
touch "$srv/unready"
promote --ready 3s
rm "$srv/unready"
go rollouts -o json
id=$(value 'd[0]["id"]')
go versions "$model" -o json
third=$(value '[v["version"] for v in d if v["version"] not in ("'"$old"'", "'"$new"'")][0]')
go promote "$model" "$third" Production --archive-existing --yes
go rollout continue "$id" --yes
rc 6 "where the registry moved since, it does not go on as if nothing had happened"
[ "$(stage_of "$new")" != Production ]
tap $? "and promotes nothing"
go rollout undo "$id" --yes
rc 0 "it can be taken back"
answered "$old"
tap $? "as far as it went"
go promote "$model" "$old" Production --archive-existing --yes

# two at once
touch "$srv/unready"
promote --ready 20s &
first=$!
until_true 'answered "$new"'
promote
rc 6 "two plans for one deployment do not run at once"
rm "$srv/unready"
wait $first
go rollouts --all -o json
json 'd[0]["state"] == "done"' "the first one is not disturbed"
go audit verify
rc 0 "the audit is still whole"
finish
