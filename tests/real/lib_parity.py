"""What ncmlops prints against what MLflow's client says of the same store: the checks of parity.py.

A Target is one store or server as both reach it. An oracle is what the client returned, in the shape
of the fixtures' expected-*.json: from such a file, or asked of the client now (Target.ask_client)."""
import json
import os
import shlex
import subprocess
import sys
import time
import traceback

import lib_servers
from lib_tap import differences, ok, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))


TOLD = ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN",
        "MLFLOW_TRACKING_SERVER_CERT_PATH")  # what the environment tells both


class Target:
    """uri: for MLflow's client; store: for --store; env: what both are told beside it."""

    def __init__(self, name, kind, uri, store=None, env=None):
        self.name, self.kind, self.uri = name, kind, uri
        self.store, self.env = store or uri, env or {}

    def raw(self, *args, form="json"):
        env = {k: v for k, v in os.environ.items() if k not in TOLD}
        return subprocess.run([BIN, "--store", self.store, "-o", form, *args], capture_output=True,
                              stdin=subprocess.DEVNULL, env={**env, **self.env}, timeout=240)

    def run(self, *args):
        p = self.raw(*args)
        if p.returncode != 0:
            return {"exit": p.returncode, "stderr": p.stderr.decode("utf-8", "replace")}
        return json.loads(p.stdout)

    def lines(self, *args):
        return [json.loads(line) for line in self.raw(*args, form="jsonl").stdout.splitlines()]

    def client(self):
        """MLflow's client on it; the environment is set for all of this process."""
        for name in TOLD:
            os.environ.pop(name, None)
        os.environ.update(self.env)
        import mlflow
        mlflow.set_tracking_uri(self.uri)
        mlflow.set_registry_uri(self.uri)
        return mlflow.tracking.MlflowClient(self.uri, self.uri)

    def ask_client(self):
        """The oracle as the client gives it now."""
        sys.path.insert(0, lib_servers.FIXTURES)
        import make_fixture
        client = self.client()
        make_fixture.FEATURES.clear()
        make_fixture.FEATURES["registry"] = True
        return json.loads(json.dumps(make_fixture.oracle(client, self.kind)))


def command(t, *args):
    """What a person would type to repeat it."""
    return shlex.join([*(f"{k}={v}" for k, v in t.env.items() if "PASSWORD" not in k and "TOKEN" not in k),
                       BIN, "--store", t.store, *args])


def expected(name):
    with open(os.path.join(lib_servers.FIXTURES, name), encoding="utf-8") as f:
        return json.load(f)


def guarded(check, t, *args):
    """A check that cannot go on is one failed case, not the end of the script."""
    start = time.monotonic()
    try:
        check(t, *args)
    except Exception:  # shown in full
        ok(f"{t.name}: {check.__name__} ran through", False, traceback.format_exc())
    print(f"# {time.monotonic() - start:.1f} s: {t.name}, {check.__name__}", flush=True)


# What the oracle tells of a run that has another shape, or no place, in `runs`.
OTHER_SHAPE = ("dataset_inputs", "model_outputs", "model_inputs")


# Where we say something else than the client, or the client of one kind of store something else than
# the client of another, and why.
#
#   run_count      no field of the client's; null over REST, which has no way to ask for it
#   infinities     as the store gives them: 1.797e308 from SQLite, also through a server; inf from files
#   user_id        of a run: "" or "unknown" are nobody, the tag mlflow.user is worth more  (known_user)
#   absent texts   over REST the client makes "" of a field that is not in the answer; we say null
#                  (absent); and an empty file has no size in the answer, which we may say is 0 (sizes)
#   accidents      a filter or order that makes the server answer 5xx has no right answer
#                  (lib_filters.known_difference)
def known_user(run_of_oracle):
    tag = run_of_oracle["tags"].get("mlflow.user")
    if run_of_oracle["user_id"] in (None, "", "unknown") and tag:
        return {**run_of_oracle, "user_id": tag}
    return run_of_oracle


def absent(t, item):
    if t.kind != "rest":
        return item
    return {k: None if v == "" and k in ("description", "user_id") else v for k, v in item.items()}


def sizes(t, listed):
    """Sorted by path."""
    return sorted(({**a, "file_size": a["file_size"] or (None if a["is_dir"] or t.kind == "rest" else 0)}
                   for a in listed), key=lambda a: a["path"])


def cut(item, wanted):
    """Only the fields that the oracle knows."""
    return {k: item.get(k, "<absent>") for k in wanted}


def plain(run_of_oracle):
    return {k: v for k, v in known_user(run_of_oracle).items() if k not in OTHER_SHAPE}


def inputs_of(run_of_oracle):
    return [{"name": d["name"], "digest": d["digest"], "source_type": d["source_type"],
             "source": d["source"], "context": d.get("tags", {}).get("mlflow.data.context")}
            for d in run_of_oracle.get("dataset_inputs", [])]


def check_experiments(t, oracle):
    got = t.run("experiments", "--all")
    by_id = {e["experiment_id"]: e for e in got}
    tap(f"{t.name} experiments", sorted(e["experiment_id"] for e in oracle["experiments"]),
        sorted(by_id))
    for e in oracle["experiments"]:
        tap(f"{t.name} experiment {e['experiment_id']}", [],
            differences(e, cut(by_id.get(e["experiment_id"], {}), e)))
    times = [e["last_update_time"] for e in got if e["last_update_time"] is not None]
    tap(f"{t.name} experiments: newest update first", sorted(times, reverse=True), times)
    active = [e["experiment_id"] for e in t.run("experiments")]
    tap(f"{t.name} experiments without the deleted",
        sorted(e["experiment_id"] for e in oracle["experiments"]
               if e["lifecycle_stage"] == "active"), sorted(active))


def check_runs(t, oracle):
    for eid, wanted in oracle["runs"].items():
        alive = [plain(r) for r in wanted if r["lifecycle_stage"] == "active"]
        gone = [plain(r) for r in wanted if r["lifecycle_stage"] == "deleted"]
        got = t.run("runs", "-e", eid, "--limit", "0")
        tap(f"{t.name} runs of {eid}: order", [r["run_id"] for r in alive],
            [r["run_id"] for r in got])
        tap(f"{t.name} runs of {eid}: fields", [],
            differences(alive, [cut(g, w) for g, w in zip(got, alive)]))
        tap(f"{t.name} runs of {eid}: jsonl says the same", got,
            t.lines("runs", "-e", eid, "--limit", "0"))
        got = t.run("runs", "-e", eid, "--limit", "0", "--deleted")
        tap(f"{t.name} runs of {eid}: deleted", [], differences(
            sorted(gone, key=lambda r: r["run_id"]),
            [cut(g, r) for g, r in zip(sorted(got, key=lambda r: r["run_id"]),
                                       sorted(gone, key=lambda r: r["run_id"]))]))
        for r in wanted[:6] + [r for r in wanted[6:] if inputs_of(r)]:
            shown = t.run("run", "show", r["run_id"])
            tap(f"{t.name} run show {r['run_id']}", [], differences(plain(r), cut(shown, plain(r))))
            by_name = lambda d: (d["name"], d["digest"], d["context"] or "")  # noqa: E731
            tap(f"{t.name} run show {r['run_id']}: inputs", sorted(inputs_of(r), key=by_name),
                sorted(shown.get("inputs") or [], key=by_name))


def check_metrics(t, oracle, every=1):
    """every: one of so many histories is asked for."""
    all_keys = [(r, k, h) for r, keys in oracle["metric_history"].items() for k, h in keys.items()]
    for run_id, key, h in all_keys[::every]:
        got = t.run("metric", run_id, key)
        if isinstance(got, dict):
            tap(f"{t.name} metric {run_id} {key}", h["count"], got)
            continue
        points = [[p["step"], p["timestamp"], p["value"]] for p in got]
        wanted = {"count": h["count"], "first": h["first"], "last": h["last"],
                  "points": h.get("points", points)}
        tap(f"{t.name} metric {run_id} {key}", [], differences(
            wanted, {"count": len(points), "first": points[0] if points else None,
                     "last": points[-1] if points else None, "points": points}))


def check_search(t, oracle):
    for clause, wanted in oracle["order"].items():
        # The oracle keeps the first few.
        got = t.run("runs", "--order-by", clause, "--limit", str(len(wanted)))
        tap(f"{t.name} order by {clause}", wanted,
            [r["run_id"] for r in got] if isinstance(got, list) else got)
    for text, wanted in oracle["filter"].items():
        got = t.run("runs", "--filter", text, "--limit", "0")
        tap(f"{t.name} filter {text}", wanted,
            sorted(r["run_id"] for r in got) if isinstance(got, list) else got)


def check_registry(t, oracle):
    models = {m["name"]: m for m in t.run("models")}
    tap(f"{t.name} models", sorted(m["name"] for m in oracle["registered_models"]), sorted(models))
    for m in oracle["registered_models"]:
        name = m["name"]
        flat = {k: m[k] for k in ("name", "description", "creation_timestamp",
                                  "last_updated_timestamp", "tags", "aliases") if k in m}
        tap(f"{t.name} model {name[:40]}", [], differences(
            absent(t, flat), absent(t, cut(models.get(name, {}), flat))))
        got = t.run("versions", name)
        numbers = [int(x["version"]) for x in got] if isinstance(got, list) else got
        wanted = sorted((int(x["version"]) for x in m["versions"]), reverse=True)
        tap(f"{t.name} versions of {name[:40]}: highest first", wanted, numbers)
        by_number = {x["version"]: x for x in got} if isinstance(got, list) else {}
        tap(f"{t.name} versions of {name[:40]}: fields", [], differences(
            [absent(t, x) for x in m["versions"]],
            [absent(t, cut(by_number.get(x["version"], {}), x)) for x in m["versions"]]))
        stages = {}
        for x in m["versions"]:
            stages.setdefault(x["current_stage"], []).append(x["version"])
        tap(f"{t.name} stages of {name[:40]}",
            {s: sorted(stages.get(s, []), key=int)
             for s in ("Production", "Staging", "Archived", "None")},
            models.get(name, {}).get("stages"))




def check_selection(t, client):
    """Limits, names and several experiments, as the client answers them."""
    active = client.search_experiments()
    ids = [e.experiment_id for e in active]
    newest = [r.info.run_id for r in client.search_runs(ids, order_by=["attributes.start_time DESC"],
                                                        max_results=100)]
    tap(f"{t.name} runs: the newest hundred", newest, [r["run_id"] for r in t.run("runs")])
    tap(f"{t.name} runs: --limit 7", newest[:7], [r["run_id"] for r in t.run("runs", "--limit", "7")])
    two = [e for e in active if e.experiment_id != "0"][:2]
    wanted = [r.info.run_id for r in client.search_runs([e.experiment_id for e in two], max_results=5000)]
    tap(f"{t.name} runs: -e NAME -e ID", wanted, [r["run_id"] for r in t.run(
        "runs", "-e", two[0].name, "-e", two[1].experiment_id, "--limit", "0")])
    of_run = {}
    for m in client.search_registered_models(max_results=100):
        for v in client.search_model_versions("name='%s'" % m.name):
            of_run.setdefault(v.run_id, []).append({"name": m.name, "version": str(v.version)})
    for run_id in [r for r in sorted(of_run) if r][:6]:
        shown = t.run("run", "show", run_id).get("models")
        order = lambda m: (m["name"], m["version"])  # noqa: E731
        tap(f"{t.name} run show {run_id}: its versions", sorted(of_run[run_id], key=order),
            sorted(shown or [], key=order))


ARTIFACTS = {
    "readme.txt": b"hello\n", "empty.bin": b"", "a b&c+d=e.txt": b"odd name", "it's [1].csv": b"1,2\n",
    "model/MLmodel": b"flavors: {}\n", "model/data/weights.bin": bytes(range(256)) * 1500,
    "한글 폴더/파일 1.txt": "내용".encode(), "deep/er/and/er/x": b"x",
}


def check_artifacts(t, client, folder):
    """A run's artifacts as the client lists and downloads them."""
    import mlflow
    from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
    local = "file://" + os.path.join(folder, "artifacts-" + "".join(c if c.isalnum() else "_" for c in t.name))
    eid = client.create_experiment("artifacts here", artifact_location=local if t.kind == "sqlite" else None)
    run_id = client.create_run(eid).info.run_id
    bare = client.create_run(eid).info.run_id
    made = os.path.join(folder, "make-" + run_id)
    for path, data in ARTIFACTS.items():
        os.makedirs(os.path.dirname(os.path.join(made, path)), exist_ok=True)
        with open(os.path.join(made, path), "wb") as f:
            f.write(data)
    client.log_artifacts(run_id, made)
    place = get_artifact_repository(client.get_run(run_id).info.artifact_uri)
    folders = [None]
    while folders:
        at = folders.pop()
        listed = [{"path": a.path, "is_dir": a.is_dir, "file_size": a.file_size} for a in place.list_artifacts(at)]
        folders += [a["path"] for a in listed if a["is_dir"]]
        got = t.run("artifacts", run_id, *([at] if at else []))
        tap(f"{t.name} artifacts of {at or 'the run'}", sizes(t, listed),
            sizes(t, got) if isinstance(got, list) else got)
        if at is None and isinstance(got, list):
            tap(f"{t.name} run show: the same artifacts", got, t.run("run", "show", run_id).get("artifacts"))
    for path, data in ARTIFACTS.items():
        to = os.path.join(folder, "got-" + run_id)
        try:
            with open(place.download_artifacts(path, folder), "rb") as f:
                ok(f"{t.name} the client downloads {path}", f.read() == data)
        except mlflow.MlflowException as e:
            # The newest client trips over the names of an older server's files; we need not.
            ok(f"{t.name} the client does not download {path}", not path.isascii(), e)
        p = t.raw("artifact", "get", run_id, path, to)
        got = None
        if p.returncode == 0:
            with open(to, "rb") as f:
                got = f.read()
            os.unlink(to)
        ok(f"{t.name} artifact get {path}", got == data, p.stderr.decode("utf-8", "replace"),
           None if got is None else f"{len(got)} bytes for {len(data)}")
        ok(f"{t.name} artifact get {path} to standard output",
           t.raw("artifact", "get", run_id, path, form="table").stdout == data)
    tap(f"{t.name} a run without artifacts", [], t.run("artifacts", bare))
    for args in (["get", run_id, "nothere"], ["get", run_id, "model/nothere"]):
        tap(f"{t.name} artifact {' '.join(args)}: not found", 5, t.raw("artifact", *args).returncode)
    for path in ("../" + bare + "/artifacts/x", "..", "/etc/passwd", "model/../../x"):
        p = t.raw("artifact", "get", run_id, path)
        ok(f"{t.name} artifact get {path}: refused", p.returncode in (2, 3, 5), p.returncode, p.stderr)


# Arguments, and the exit that docs/cli.md promises; RUN is a run that is there. None of them may
# change anything.
MISSING = "0123456789abcdef0123456789abcdef"
REFUSALS = [
    (2, ["runs", "--filter", "metrics.auc >"]), (2, ["runs", "--filter", "metrics.auc > 'x'"]),
    (2, ["runs", "--filter", "params.a = 1"]), (2, ["runs", "--filter", "params.a = 'x' OR params.b = 'y'"]),
    (2, ["runs", "--filter", "nonsense"]), (2, ["runs", "--order-by", "foo bar baz"]),
    (2, ["runs", "--filter", "(metrics.auc > 1)"]), (2, ["runs", "--limit", "x"]),
    (5, ["runs", "-e", "nothere"]), (5, ["run", "show", MISSING]), (5, ["run", "show", "zz"]),
    (5, ["metric", "RUN", "nothere"]), (5, ["metric", MISSING, "loss"]), (5, ["versions", "nothere"]),
    (5, ["artifacts", MISSING]), (5, ["compare", "RUN", MISSING]),
]
REFUSED_CHANGES = [
    (3, ["model", "create", "a/b"]), (3, ["model", "create", ""]), (3, ["model", "create", "fraud-detector"]),
    (3, ["alias", "set", "fraud-detector", "latest", "1"]), (3, ["alias", "set", "fraud-detector", "v1", "1"]),
    (5, ["alias", "set", "fraud-detector", "ok", "99"]), (5, ["promote", "fraud-detector", "99", "Staging"]),
    (5, ["promote", "nothere", "1", "Staging"]), (2, ["promote", "fraud-detector", "1", "Nowhere"]),
    (3, ["version", "tag", "fraud-detector", "1", "a//b=x"]), (3, ["run", "tag", "RUN", "../x=1"]),
    (5, ["version", "tag", "fraud-detector", "99", "a=x"]), (5, ["model", "delete", "nothere"]),
    (3, ["experiment", "create", "fraud-detection/ranker"]), (5, ["version", "delete", "fraud-detector", "99"]),
    (3, ["--read-only", "promote", "fraud-detector", "1", "Staging"]), (5, ["run", "delete", MISSING]),
    (6, ["promote", "fraud-detector", "1", "Staging", "--expect", "Production"]),
    (6, ["alias", "set", "fraud-detector", "champion", "1", "--expect", "9"]), (5, ["rollback", "nothere"]),
]


def check_refusals(t, registry=True):
    run_id = t.run("runs", "--limit", "1")[0]["run_id"]
    cases = REFUSALS + [(code, ["--yes", *args]) for code, args in REFUSED_CHANGES if registry]
    for code, args in cases:
        p = t.raw(*[run_id if a == "RUN" else a for a in args])
        said = p.stderr.decode("utf-8", "replace")
        ok(f"{t.name} {' '.join(args)}: exit {code}", p.returncode == code and said.startswith("ncmlops: "),
           f"exit {p.returncode}", said)
    if registry:
        p = t.raw("promote", "fraud-detector", "1", "Staging")
        ok(f"{t.name} a change without --yes and without a terminal: exit 2", p.returncode == 2, p.stderr)
