"""The headless commands against what MLflow's own clients returned for the same stores.

For each SQLite fixture: experiments, runs (default order, fields, metrics, params, tags), metric
histories, orders, filters, registered models, versions, aliases, deleted things.
Needs NCMLOPS_SHARED (default ../shared) and NCMLOPS_BIN; prints TAP.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(ROOT, os.environ.get("NCMLOPS_SHARED", "../shared"))
BIN = os.environ.get("NCMLOPS_BIN", os.path.join(ROOT, "build", "ncmlops"))
FIXTURES = os.path.join(SHARED, "fixtures", "mlflow")
VERSIONS = ["1.30.1", "2.9.2", "2.22.5", "3.17.2"]

count = 0
bad = 0


def tap(name, wanted, got):
    global count, bad
    count += 1
    if wanted == got:
        print(f"ok {count} - {name}")
        return
    bad += 1
    print(f"not ok {count} - {name}")
    print(f"#  wanted {json.dumps(wanted, ensure_ascii=False)[:600]}")
    print(f"#  got    {json.dumps(got, ensure_ascii=False)[:600]}")


def differences(wanted, got):
    """The first few paths at which two trees differ."""
    found = []

    def walk(path, a, b):
        if len(found) > 4:
            return
        if isinstance(a, dict) and isinstance(b, dict):
            for k in sorted(set(a) | set(b)):
                walk(f"{path}.{k}", a.get(k, "<absent>"), b.get(k, "<absent>"))
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            for i, (x, y) in enumerate(zip(a, b)):
                walk(f"{path}[{i}]", x, y)
        elif a != b or isinstance(a, bool) != isinstance(b, bool):
            found.append([path, a, b])

    walk("", wanted, got)
    return found


def run(store, *args):
    p = subprocess.run([BIN, "--store", store, "-o", "json", *args], capture_output=True)
    if p.returncode != 0:
        return {"exit": p.returncode, "stderr": p.stderr.decode("utf-8", "replace")}
    return json.loads(p.stdout)


# What the oracle tells of a run that has another shape, or no place, in `runs`.
OTHER_SHAPE = ("dataset_inputs", "model_outputs", "model_inputs")


def cut(item, wanted):
    """Only the fields that the oracle knows."""
    return {k: item.get(k, "<absent>") for k in wanted}


def plain(run_of_oracle):
    return {k: v for k, v in run_of_oracle.items() if k not in OTHER_SHAPE}


def inputs_of(run_of_oracle):
    return [{"name": d["name"], "digest": d["digest"], "source_type": d["source_type"],
             "source": d["source"], "context": d.get("tags", {}).get("mlflow.data.context")}
            for d in run_of_oracle.get("dataset_inputs", [])]


def check_experiments(v, store, oracle):
    got = run(store, "experiments", "--all")
    by_id = {e["experiment_id"]: e for e in got}
    tap(f"{v} experiments", sorted(e["experiment_id"] for e in oracle["experiments"]),
        sorted(by_id))
    for e in oracle["experiments"]:
        tap(f"{v} experiment {e['experiment_id']}", [],
            differences(e, cut(by_id.get(e["experiment_id"], {}), e)))
    times = [e["last_update_time"] for e in got if e["last_update_time"] is not None]
    tap(f"{v} experiments: newest update first", sorted(times, reverse=True), times)
    active = [e["experiment_id"] for e in run(store, "experiments")]
    tap(f"{v} experiments without the deleted",
        sorted(e["experiment_id"] for e in oracle["experiments"]
               if e["lifecycle_stage"] == "active"), sorted(active))


def check_runs(v, store, oracle):
    for eid, wanted in oracle["runs"].items():
        alive = [plain(r) for r in wanted if r["lifecycle_stage"] == "active"]
        gone = [plain(r) for r in wanted if r["lifecycle_stage"] == "deleted"]
        got = run(store, "runs", "-e", eid, "--limit", "0")
        tap(f"{v} runs of {eid}: order", [r["run_id"] for r in alive],
            [r["run_id"] for r in got])
        tap(f"{v} runs of {eid}: fields", [],
            differences(alive, [cut(g, w) for g, w in zip(got, alive)]))
        lines = subprocess.run([BIN, "--store", store, "-o", "jsonl", "runs", "-e", eid,
                                "--limit", "0"], capture_output=True).stdout
        tap(f"{v} runs of {eid}: jsonl says the same", got,
            [json.loads(line) for line in lines.splitlines()])
        got = run(store, "runs", "-e", eid, "--limit", "0", "--deleted")
        tap(f"{v} runs of {eid}: deleted", [], differences(
            sorted(gone, key=lambda r: r["run_id"]),
            [cut(g, r) for g, r in zip(sorted(got, key=lambda r: r["run_id"]),
                                       sorted(gone, key=lambda r: r["run_id"]))]))
        for r in wanted[:6] + [r for r in wanted[6:] if inputs_of(r)]:
            shown = run(store, "run", "show", r["run_id"])
            tap(f"{v} run show {r['run_id']}", [], differences(plain(r), cut(shown, plain(r))))
            tap(f"{v} run show {r['run_id']}: inputs", inputs_of(r), shown.get("inputs"))


def check_metrics(v, store, oracle):
    for run_id, keys in oracle["metric_history"].items():
        for key, h in keys.items():
            got = run(store, "metric", run_id, key)
            if isinstance(got, dict):
                tap(f"{v} metric {run_id} {key}", h["count"], got)
                continue
            points = [[p["step"], p["timestamp"], p["value"]] for p in got]
            wanted = {"count": h["count"], "first": h["first"], "last": h["last"],
                      "points": h.get("points", points)}
            tap(f"{v} metric {run_id} {key}", [], differences(
                wanted, {"count": len(points), "first": points[0] if points else None,
                         "last": points[-1] if points else None, "points": points}))


def check_search(v, store, oracle):
    for clause, wanted in oracle["order"].items():
        # The oracle keeps the first few.
        got = run(store, "runs", "--order-by", clause, "--limit", str(len(wanted)))
        tap(f"{v} order by {clause}", wanted,
            [r["run_id"] for r in got] if isinstance(got, list) else got)
    for text, wanted in oracle["filter"].items():
        got = run(store, "runs", "--filter", text, "--limit", "0")
        tap(f"{v} filter {text}", wanted,
            sorted(r["run_id"] for r in got) if isinstance(got, list) else got)


def check_registry(v, store, oracle):
    models = {m["name"]: m for m in run(store, "models")}
    tap(f"{v} models", sorted(m["name"] for m in oracle["registered_models"]), sorted(models))
    for m in oracle["registered_models"]:
        name = m["name"]
        flat = {k: m[k] for k in ("name", "description", "creation_timestamp",
                                  "last_updated_timestamp", "tags", "aliases") if k in m}
        tap(f"{v} model {name[:40]}", [], differences(flat, cut(models.get(name, {}), flat)))
        got = run(store, "versions", name)
        numbers = [int(x["version"]) for x in got] if isinstance(got, list) else got
        wanted = sorted((int(x["version"]) for x in m["versions"]), reverse=True)
        tap(f"{v} versions of {name[:40]}: highest first", wanted, numbers)
        by_number = {x["version"]: x for x in got} if isinstance(got, list) else {}
        tap(f"{v} versions of {name[:40]}: fields", [], differences(
            m["versions"], [cut(by_number.get(x["version"], {}), x) for x in m["versions"]]))
        stages = {}
        for x in m["versions"]:
            stages.setdefault(x["current_stage"], []).append(x["version"])
        tap(f"{v} stages of {name[:40]}",
            {s: sorted(stages.get(s, []), key=int)
             for s in ("Production", "Staging", "Archived", "None")},
            models.get(name, {}).get("stages"))


def main():
    if not os.path.isdir(FIXTURES):
        print("1..0 # SKIP no fixtures")
        return 77
    for v in VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            store = os.path.join(folder, "mlflow.db")
            shutil.copyfile(os.path.join(FIXTURES, f"mlflow-{v}.db"), store)
            with open(os.path.join(FIXTURES, f"expected-{v}.json"), encoding="utf-8") as f:
                oracle = json.load(f)
            before = open(store, "rb").read()
            check_experiments(v, store, oracle)
            check_runs(v, store, oracle)
            check_metrics(v, store, oracle)
            check_search(v, store, oracle)
            check_registry(v, store, oracle)
            tap(f"{v} reading changed nothing", True, before == open(store, "rb").read())
            tap(f"{v} reading left nothing behind", ["mlflow.db"], sorted(os.listdir(folder)))
    print(f"1..{count}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
