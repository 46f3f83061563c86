#!/bin/sh
# Alerts of our own monitors on the demo's workspace: raised, looked after, silenced, ended; and on
# the screen the way from an alert to the feature that it names.
. "$(dirname "$0")/lib.sh"
cd "$scratch" || exit 1
cat >keys <<'EOF'
resize 140x40
wait "fraud" 60
6
wait "1 firing" 120
o
wait "features.merchant_cat ─" 60
EOF
run demo --dir ws --script keys
rc 0 "the alerts pane raises what monitors find, and leads to the feature"
cd ws || exit 1
run alerts --config config.yaml -o json
rc 0 "alerts"
json 'len(d) == 1 and d[0]["state"] == "firing" and d[0]["rule"] == "fraud-detector/inputs" and
    d[0]["severity"] == "critical" and d[0]["value"] > d[0]["threshold"]' "one of the model that drifts"
id=$(value 'd[0]["id"]')
run alerts --config config.yaml --exit-code
rc 10 "something fires"
run alert ack "$id" --config config.yaml --reason "on it" --yes
rc 0 "alert ack"
run alerts --config config.yaml -o json
json 'd[0]["state"] == "acknowledged" and d[0]["note"] == "on it"' "somebody looks after it"
run alerts --config config.yaml --exit-code
rc 0 "which is no alarm any more"
run alert silence "$id" --config config.yaml --for 1h --yes
rc 0 "alert silence"
run alert silence "$id" --config config.yaml --for soon --yes
rc 2 "a length that is none"
run alert resolve "$id" --config config.yaml --yes
rc 0 "alert resolve"
run alert resolve "$id" --config config.yaml --yes
rc 5 "once"
run alerts --config config.yaml --all -o json
json 'd[0]["state"] == "resolved" and d[0]["until"] is not None' "what is over is kept"
run audit --config config.yaml -o json
json '[x["action"] for x in d][:3] == ["alert_resolve", "silence", "alert_ack"]' "all of it is on record"
finish
