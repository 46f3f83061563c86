#!/bin/sh
# A real MLflow client opens the demo store without migrating or altering it, and reads all of it.
set -u
cd "$(dirname "$0")/../.." || exit 1
python=$(tests/real/mlflow-python) || { echo "ok 1 - demo # SKIP MLflow could not be installed"; exit 0; }
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"${NCMLOPS_BIN:-build/ncmlops}" demo --dir "$dir/demo" </dev/null >"$dir/said" 2>&1
[ -f "$dir/demo/mlflow.db" ] || { cat "$dir/said"; echo "not ok 1 - the demo is made"; exit 1; }
cd "$dir" || exit 1
MLFLOW_DISABLE_TELEMETRY=true MLFLOW_TRACKING_URI="sqlite:///$dir/demo/mlflow.db" "$python" - <<'PY'
import os
import sqlite3
import sys

path = os.environ["MLFLOW_TRACKING_URI"][len("sqlite:///"):]
n = bad = 0


def ok(condition, what):
    global n, bad
    n += 1
    bad += not condition
    print("%sok %d - %s" % ("" if condition else "not ", n, what))


def schema(p):
    con = sqlite3.connect("file:%s?mode=ro" % p, uri=True)
    rows = con.execute("SELECT type, name, sql FROM sqlite_master").fetchall()
    head = con.execute("SELECT version_num FROM alembic_version").fetchall()
    con.close()
    return {(t, name): "".join((sql or "").split()) for t, name, sql in rows}, head


def parts(tables):
    """MLflow itself writes a table's constraints in an order that differs from run to run."""
    return {name: sorted(sql.replace("(", ",").replace(")", ",").split(",")) for name, sql in tables.items()}


before = schema(path)
from mlflow import MlflowClient  # noqa: E402

client = MlflowClient()
experiments = client.search_experiments()
ok(len(experiments) >= 7, "lists the experiments")
runs = {e.name: client.search_runs([e.experiment_id], max_results=5000) for e in experiments}
ok(sum(map(len, runs.values())) > 390, "lists the runs")
ok(sum(r.info.status == "RUNNING" for rs in runs.values() for r in rs) == 2, "two runs are training")
ok(any("추천" in name for name in runs), "Korean names are whole")
models = client.search_registered_models()
versions = [v for m in models for v in client.search_model_versions("name='%s'" % m.name)]
ok(len(models) >= 6 and len(versions) >= 30, "lists models and versions")
ok({v.current_stage for v in versions} == {"None", "Staging", "Production", "Archived"}, "all stages")
ok(client.get_model_version_by_alias("fraud-detector", "champion").current_stage == "Production",
   "champion is in Production")
version = client.get_model_version_by_alias("fraud-detector", "champion")
run = client.get_run(version.run_id)
ok(len(client.get_metric_history(run.info.run_id, "loss")) == 60, "reads a history")
ok(bool(run.inputs.dataset_inputs) and bool(run.outputs.model_outputs), "reads inputs and outputs")
ok({"train.log", "report"} <= {f.path for f in client.list_artifacts(run.info.run_id)}, "lists artifacts")
logged = client.get_logged_model(version.source.split("/")[-1])
import mlflow.models  # noqa: E402

info = mlflow.models.get_model_info(logged.artifact_location)
ok(info.signature is not None and info.run_id == run.info.run_id, "reads the MLmodel and its signature")
with open(client.download_artifacts(run.info.run_id, "train.log"), encoding="utf-8") as f:
    ok("step 60/60" in f.read(), "downloads an artifact")
after = schema(path)
ok(before == after, "nothing was migrated or altered")

fresh = os.path.join(os.getcwd(), "fresh.db")
MlflowClient(tracking_uri="sqlite:///" + fresh).search_experiments()
theirs = schema(fresh)
if theirs[1] == after[1]:
    ok(parts(theirs[0]) == parts(after[0]), "the schema is the one that this MLflow makes")
else:
    n += 1
    print("ok %d - same schema # SKIP this MLflow is of revision %s" % (n, theirs[1][0][0]))
print("1..%d" % n)
sys.exit(bad > 0)
PY
