#!/bin/sh
# What runs where, without a screen: HTTP model servers and an API server that answers recorded lists;
# the contract's keys, codes of the exit, what fails beside what answers, and that no secret is printed.
. "$(dirname "$0")/lib.sh"
cd "$scratch" || exit 1
mkdir srv
mkfifo stop
python3 "$root/tests/lib/fake_deploy.py" "$scratch/srv" <stop >ports &
server=$!
exec 9>stop
trap 'exec 9>&-; wait $server; rm -rf "$scratch"' EXIT
tries=0
until grep -q ready ports; do
    tries=$((tries + 1))
    [ $tries -lt 20000 ] || { echo "not ok 1 - the servers start"; exit 1; }
done
port() { sed -n "s/^$1=//p" ports; }
export LOCKED_TOKEN=locked-hush KUBECONFIG="$scratch/none"
cat >config.yaml <<EOF
contexts:
  web:
    deployments:
      - {type: http, name: well, url: "http://127.0.0.1:$(port well)", protocol: generic, model: churn,
         health: /health, info: /model/info, version: .model.version, metrics: /metrics}
      - {type: http, name: locked, url: "http://127.0.0.1:$(port locked)", protocol: generic, model: churn,
         health: /health, info: /model/info, version: .model.version, token-env: LOCKED_TOKEN}
      - {type: http, name: sick, url: "http://127.0.0.1:$(port sick)", protocol: generic, health: /health,
         metrics: none}
      - {type: http, name: gone, url: "http://127.0.0.1:$(port gone)", protocol: generic, health: /health,
         metrics: none}
  kube:
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: srv/kubeconfig}
  stranger:
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: srv/kubeconfig, context: stranger}
  viewer:
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: srv/kubeconfig, context: viewer,
         namespaces: [ml-prod, ml-quota]}
  mixed:
    deployments:
      - {type: kubernetes, name: bad, kubeconfig: srv/kubeconfig, context: stranger}
      - {type: http, name: well, url: "http://127.0.0.1:$(port well)", protocol: generic, model: churn,
         health: /health, info: /model/info, version: .model.version}
  watched:
    read-only: true
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: srv/kubeconfig, read-only: true}
EOF
chmod 600 config.yaml
conf() { context=$1; shift; run --config config.yaml --context "$context" "$@"; }
keys='("source namespace name kind model model_version revision image desired ready updated available "
  "traffic serving_image health reason strategy age_ms endpoint p95_ms error_rate rps ref version_by "
  "wanted_version findings canary").split()'

conf web deployments -o json
rc 0 "deployments of endpoints, without any store"
json "[x['name'] for x in d] == ['gone', 'locked', 'sick', 'well']" "in the order of their names"
json "all(k in x for x in d for k in $keys)" "every key is there"
json 'all(x["source"] == "http" and x["namespace"] is None and x["kind"] == "Endpoint" for x in d)' "the source"
json '[x["health"] for x in d] == ["failed", "healthy", "degraded", "healthy"]' "their health"
json 'd[3]["model"] == "churn" and d[3]["model_version"] == "3" and d[3]["version_by"] == "answer"' \
    "the version that it answered, and how that is known"
json 'd[0]["model_version"] is None and d[0]["rps"] is None and d[0]["reason"]' "what is not known is null"
json 'd[1]["model_version"] == "3"' "one behind a token"
case $out$err in *hush*) tap 1 "no secret is printed" ;; *) tap 0 "no secret is printed" ;; esac
conf web deployments --exit-code
rc 10 "something has failed"
out_has "http//well" "the table names them"
LOCKED_TOKEN=wrong-hush conf web deployments -o jsonl
rc 0 "a wrong token is one endpoint's trouble"
case $out$err in *hush*) tap 1 "and is not printed" ;; *) tap 0 "and is not printed" ;; esac
conf web deployments -o csv
out_has "source,namespace,name,kind,model,model_version" "CSV has the same fields"
conf web deployment show well -o json
rc 0 "deployment show by its name alone"
json 'd["ref"] == "http//well" and d["probe"]["alive"] is True and d["conditions"] == [] and
    all(k in d for k in "events replicas history claims allowed forbidden autoscaler".split())' "adds the rest"
conf web deployment show http//well
rc 0 "deployment show for people"
out_has "v3" "names the version"
conf web deployment show nobody
rc 5 "one that is not there"
err_has "There is no deployment 'nobody'" "is said"
conf web runs
rc 2 "a context without a store has no runs"
err_has "names no store" "which is said plainly"
conf web audit
rc 0 "but it has an audit"
conf web doctor
out_has "http" "doctor asks the endpoints"

conf kube deployments -o json
rc 0 "deployments of a cluster"
json 'len(d) == 14 and all(x["source"] == "seoul" and x["namespace"] == "ml-prod" for x in d)' "all that is there"
json "all(k in x for x in d for k in $keys)" "every key is there"
json '{x["name"]: x for x in d}["fraud"]["wanted_version"] == "4" and
    {x["name"]: x for x in d}["churn"]["model_version"] == "7" and
    {x["name"]: x for x in d}["churn"]["version_by"] == "label"' "the version by its label"
json 'all(type(x[k]) is int for x in d for k in ("desired", "ready", "age_ms"))' "counts and ages are numbers"
conf kube deployments -n elsewhere -o json
rc 0 "another namespace"
json 'd == []' "has none"
conf kube deployments -A -o json
json 'len(d) == 14' "all namespaces"
grep -q "GET /apis/apps/v1/deployments?" srv/kube.log
tap $? "are asked for as such"
conf kube deployment show seoul/ml-prod/churn -o json
json 'd["name"] == "churn" and len(d["replicas"]) > 0 and len(d["history"]) > 1 and
    all(k in d["replicas"][0] for k in ("name", "phase", "ready", "restarts", "reason"))' "replicas and history"
conf kube deployment logs churn
rc 0 "deployment logs"
out_has "line 1 of churn-" "the lines of its replicas"
conf kube deployment logs churn --tail 1 -o json
json 'len(d) == len({x["replica"] for x in d}) > 1 and all(type(x["time"]) is int for x in d)' "the newest of each"
"$NCMLOPS_BIN" --config config.yaml --context kube deployment logs churn --follow >followed 2>&1 </dev/null &
reader=$!
tries=0
until grep -q "line 6 of" followed; do
    tries=$((tries + 1))
    [ $tries -lt 20000 ] || break
done
kill -INT $reader
wait $reader
rc=$?
rc 130 "--follow goes on until it is interrupted"
[ "$(sort followed | uniq -d | wc -l)" = 0 ] && grep -q "line 6 of" followed
tap $? "and prints each line once"
conf kube doctor
rc 0 "doctor asks the cluster"
conf viewer deployments
rc 0 "where one namespace may not be read, the others are"
err_has " in ml-quota: forbidden (looker may not read ml-quota)" "and standard error says so"
conf viewer doctor
rc 0 "doctor for a login that may only look"
out_has "this login may change nothing" "says so"
out_lacks "changes can be made" "and not that changes can be made"
conf stranger deployments -o json
rc 4 "a login that is refused, where it is the only source"
json 'd["error"]["code"] == "UNAUTHENTICATED"' "with its code"
case $out$err in *hush*) tap 1 "no token is printed" ;; *) tap 0 "no token is printed" ;; esac
conf mixed deployments -o json
rc 0 "one source answers"
json '[x["name"] for x in d] == ["well"]' "and is listed"
err_has "ncmlops: bad: " "the other is named"
conf watched deployment restart churn --yes
rc 3 "a source that is only read"
conf web config show
out_lacks "hush" "config show keeps secrets"

cat >keys <<'EOF'
resize 110x30
wait "Deploy" 30
wait "churn" 30
EOF
conf kube --script keys
rc 0 "on the screen such a context opens on its deployments"

export KUBECONFIG="$scratch/srv/kubeconfig"
mkdir empty && cd empty || exit 1
run deployments -o json
rc 0 "without any configuration the kubeconfig's current context is asked"
json 'len(d) == 14 and d[0]["source"] == "seoul"' "by its name"
err_has "seoul" "and that is said"
cat >../keys <<'EOF'
resize 110x30
wait "No tracking store yet" 30
4
wait "context seoul of" 30
<Enter>
wait "churn" 30
EOF
run --script ../keys
rc 0 "the first page of the screen offers it too"
gzip -dc "$root/tests/fixtures/mlflow-3.17.2.db.gz" >mlflow.db
run doctor
out_has "not asked" "doctor does not ask what is only offered"
run deployment restart churn --yes
rc 3 "what is only offered is not changed"
err_has "contexts.*.deployments" "and what to do is said"
run deployments
out_has "seoul/ml-prod/churn" "beside a store it is asked as well"
export KUBECONFIG="$scratch/none"
run deployments
rc 5 "without a kubeconfig either"
err_has "There are no deployments to ask for" "there is nothing to ask"
finish
