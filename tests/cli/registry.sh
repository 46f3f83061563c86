#!/bin/sh
# The registry: reading it, promoting, taking back, the audit.
. "$(dirname "$0")/lib.sh"
store 3.17.2
m=fraud-detector

run models -o json
json 'all(set(x) == {"name","description","creation_timestamp","last_updated_timestamp","tags","aliases",
    "stages","latest_version"} for x in d)' "models: fields"
json '[x for x in d if x["name"] == "fraud-detector"][0]["stages"] ==
    {"Production": ["4"], "Staging": ["5", "6"], "Archived": ["1", "2"], "None": ["7", "8"]}' "versions by stage"
json '[x for x in d if x["name"] == "fraud-detector"][0]["aliases"]["champion"] == "4"' "aliases"
json '[x["latest_version"] for x in d if x["name"] == "no versions yet"] == [None]' "no versions: null"
run versions $m -o json
json '[x["version"] for x in d] == ["8","7","6","5","4","2","1"]' "versions, highest first, as strings"
json 'set(d[0]) == {"name","version","current_stage","creation_timestamp","last_updated_timestamp","user_id",
    "description","source","run_id","status","status_message","tags","aliases"}' "versions: fields"
run versions nothere
rc 5 "an unknown model"

run promote $m 5 production
rc 2 "without --yes and without a terminal nothing happens"
run promote $m 5 production --dry-run -o json
rc 0 "--dry-run"
json 'd["dry_run"] is True and d["changed"] is False and d["changes"][0]["from"] == "Staging"' "says what would be done"
run promote $m 5 production --dry-run
out_has "mlflow.ncmlops.db" "the first change says that it makes the audit's file"
run versions $m -o json
json '[x for x in d if x["version"] == "5"][0]["current_stage"] == "Staging"' "and does nothing"
run --read-only --yes promote $m 5 production
rc 3 "--read-only wins"
run promote $m 5 production --yes --confirm another
rc 3 "--confirm with another name is refused without protection too"
run promote $m 5 nowhere --yes
rc 2 "an unknown stage"
run promote $m 99 production --yes
rc 5 "an unknown version"
run promote $m 5 production --expect None --yes
rc 6 "--expect: another stage is a conflict"
run promote $m 5 PRODUCTION --archive-existing --expect staging --reason "더 좋다" --yes -o json
rc 0 "promote"
json 'd["current_stage"] == "Production" and d["version"] == "5" and d["archived"] == ["4"] and d["audit_id"]' \
    "the version as it is now, what was archived, the record"
id=$(value 'd["audit_id"]')
json 'json.loads(d["tags"]["ncmlops.transition.'"$id"'"])["reason"] == "더 좋다"' "the transition tag"
run holders $m -o json
json 'd[0]["version"] == "5" and d[0]["until"] is None and d[0]["reason"] == "더 좋다" and
    set(d[0]) == {"version","from","until","actor","reason","known_from"}' "holders"
run audit -o json
json 'd[0]["id"] == "'"$id"'" and d[0]["result"] == "done" and set(d[0]) == {"id","time","actor","host",
    "action","subject","from","to","reason","result","hash"}' "audit"
run undo --yes
rc 0 "undo"
run versions $m -o json
json '{x["version"]: x["current_stage"] for x in d}["4"] == "Production"' "the old one is back"
run promote $m 6 Production --archive-existing --yes
run rollback $m --yes -o json
rc 0 "rollback"
json 'd["version"] == "4" and d["current_stage"] == "Production" and d["archived"] == ["6"]' "the one before is back"
run rollback "archive-swap" --stage Staging --yes
rc 5 "rollback without a known holder"
run holders $m --stage Staging --alias x
rc 2 "--stage and --alias exclude each other"
run holders $m --at 2020-01-01 -o json
rc 0 "holders --at"
json 'd == []' "nobody held it before there was a version"

run alias set $m champion 6 --expect 5 --yes
rc 6 "alias set --expect: conflict"
run alias set $m champion 6 --expect 4 --yes -o json
rc 0 "alias set"
json '"champion" in d["aliases"] and d["version"] == "6"' "the version carries it"
run rollback $m --alias champion --yes -o json
json 'd["version"] == "4" and "champion" in d["aliases"]' "rollback of an alias"
run alias set $m latest 6 --yes
[ "$rc" != 0 ]
tap $? "a forbidden alias is refused"
run alias rm $m champion --yes
rc 0 "alias rm"

run version tag $m 6 a=1 'b=x=y' --yes
rc 0 "version tag"
run versions $m -o json
json '[x for x in d if x["version"] == "6"][0]["tags"]["b"] == "x=y"' "several tags, = in a value"
run version tag $m 6 novalue --yes
rc 2 "a tag without ="
run version untag $m 6 a --yes
rc 0 "version untag"
run version note $m 6 "줄 1" --yes
rc 0 "version note"
run version delete $m 8 --yes
rc 0 "version delete"
run versions $m -o json
json '"8" not in [x["version"] for x in d]' "it is gone"
run model create fresh --note "new" --yes
rc 0 "model create"
run model rename fresh fresher --yes
rc 0 "model rename"
run model tag fresher k=v --yes
rc 0 "model tag"
run model untag fresher k --yes
rc 0 "model untag"
run model note fresher text --yes
rc 0 "model note"
run models -o json
json '[x["description"] for x in d if x["name"] == "fresher"] == ["text"]' "the model is there"
run model delete fresher --yes
rc 0 "model delete"
run model delete fresher --yes
rc 5 "deleting it again"

run runs -e 1 --limit 1 -o json
id=$(value 'd[0]["run_id"]')
run run tag "$id" a=1 b=2 --yes
rc 0 "run tag"
run run untag "$id" b --yes
rc 0 "run untag"
run run note "$id" "a note" --yes
rc 0 "run note"
run run rename "$id" "새 이름" --yes
rc 0 "run rename"
run run show "$id" -o json
json 'd["run_name"] == "새 이름" and d["tags"]["a"] == "1" and "b" not in d["tags"] and
    d["tags"]["mlflow.note.content"] == "a note" and d["tags"]["mlflow.runName"] == "새 이름"' "the run shows it"
run run delete "$id" --yes
rc 0 "run delete"
run run restore "$id" --yes
rc 0 "run restore"
run run tag nothere a=1 --yes
rc 5 "a tag for an unknown run"
run experiment create "실험" --yes -o json
rc 0 "experiment create"
json 'd["new_id"]' "its id"
run experiment rename "실험" "실험 2" --yes
rc 0 "experiment rename"
run experiment tag "실험 2" a=1 --yes
rc 0 "experiment tag"
run experiment untag "실험 2" a --yes
rc 0 "experiment untag"
run experiment delete "실험 2" --yes
rc 0 "experiment delete"
run experiment restore "실험 2" --yes
rc 0 "experiment restore"
run register brand-new --run "$id" --path model --yes -o json
rc 0 "register makes the model"
json 'd["name"] == "brand-new" and d["version"] == "1" and d["run_id"] == "'"$id"'"' "the new version"
run register brand-new --run "$id" --path ../../other --yes
rc 3 "no version comes from outside the run's artifacts"
run register brand-new --run "$id" --path /etc --yes
rc 3 "nor from an absolute path"
run register brand-new --yes
rc 2 "register wants a run"
run register brand-new --run nothere --yes
rc 5 "register from an unknown run"

run audit verify
rc 0 "the audit is whole"
run audit --model $m -o json
json 'd and all(x["subject"].startswith("fraud-detector") for x in d)' "audit --model"
run audit --since 2999-01-01 -o json
out_is "[]" "audit --since"
run audit --since whenever
rc 2 "a time that is none"
python3 - <<'END'
import sqlite3
db = sqlite3.connect("mlflow.ncmlops.db")
db.execute("DROP TRIGGER audit_is_not_changed")
db.execute("UPDATE audit SET actor='mallory' WHERE seq=(SELECT min(seq) FROM audit)")
db.commit()
END
run audit verify -o json
rc 1 "an altered record is found"
json 'd["whole"] is False and d["broken_id"]' "and named"

store 3.17.2
run promote fraud-detector 1 Staging --yes
run promote fraud-detector 2 Staging --yes
err_has "version 1 stays in Staging too" "who stays in the stage is said"
err_has "hint: --archive-existing" "and what moves it out"
run promote fraud-detector 2 Production --yes -q
rc 0 "quietly"
[ -z "$err" ]
tap $? "nothing is said"

run alias set fraud-detector champion 1 --yes
run version tag fraud-detector 1 team=risk --yes
run undo --yes
run audit -o json
json 'd[0]["action"] == "undo" and d[0]["from"] == "team=risk" and d[0]["to"] is None' \
    "the audit of a tag names its key"
json 'd[2]["subject"] == "fraud-detector/1" and d[2]["to"] == "@champion v1"' \
    "that of an alias its version"
run audit
out_has "undo version tag" "an undo says what it took back"
run audit verify
rc 0 "the audit is whole"
finish
