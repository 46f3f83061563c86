"""Random changes, made through ncmlops on one copy of a file store and through MLflow's own client on
another: both must refuse the same, and the client must read the same from both afterwards.

The changes and the environment are those of changes.py. Renaming a model is the one thing that is
not left to the client: its file store drops the model's tags and aliases then, and stops half-way
where a version has tags.
"""
import json
import logging
import os
import random
import sqlite3
import sys
import tarfile
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_ENABLE_ASYNC_LOGGING="false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
logging.disable(logging.CRITICAL)
import lib_changes as shared  # noqa: E402
import mlflow.store.tracking.file_store as file_store  # noqa: E402
import yaml  # noqa: E402
from mlflow.entities import ViewType  # noqa: E402

COUNT = int(os.environ.get("CHANGES", "600")) // 4
SEED = int(os.environ.get("SEED", "1"))
RELEASES = ["1.30.1", "2.9.2", "2.22.5", "3.17.2"]
FIXTURES = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "fixtures"))
TABLES = """
CREATE TABLE experiments(experiment_id TEXT, name, lifecycle_stage, artifact_location);
CREATE TABLE runs(run_uuid, artifact_uri, lifecycle_stage);
CREATE TABLE tags(run_uuid, key);
CREATE TABLE registered_models(name);
CREATE TABLE registered_model_tags(name, key);
CREATE TABLE registered_model_aliases(name, alias, version);
CREATE TABLE model_versions(name, version INTEGER, current_stage);
CREATE TABLE model_version_tags(name, version INTEGER, key);
CREATE TABLE logged_models(name, source_run_id, lifecycle_stage);
"""


def meta(folder):
    path = os.path.join(folder, "meta.yaml")
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8") as f:
        return yaml.load(f, Loader=yaml.CSafeLoader)


def files(folder):
    """Keys below a folder."""
    return [os.path.relpath(os.path.join(base, name), folder)
            for base, _, names in os.walk(folder) for name in names]


def folders(folder):
    names = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    return [(n, os.path.join(folder, n)) for n in names if os.path.isdir(os.path.join(folder, n))]


class Pair(shared.Pair):
    def __init__(self, release, folder, rng):
        self.rng = rng
        self.release = release
        self.ours = os.path.join(folder, "ours", release, "mlruns")
        self.theirs = os.path.join(folder, "theirs", release, "mlruns")
        for path in (self.ours, self.theirs):
            with tarfile.open(os.path.join(FIXTURES, f"mlruns-{release}.tar.gz")) as tar:
                tar.extractall(os.path.dirname(path))
            for _, at in folders(os.path.join(path, ".trash")):
                # MLflow 1 left the word as it was; to its own client the place decided, as to us.
                os.system(f"sed -i 's/^lifecycle_stage: active/lifecycle_stage: deleted/'"
                          f" '{at}/meta.yaml'")
        self.store, self.where = self.ours, f"file://{self.theirs}"
        self.client = self.open(self.where)
        shared.mlflow.set_tracking_uri(self.where)
        self.bad_models = shared.BAD_MODELS
        self.serial = 0
        self.mirror = None
        self.aliases = release[0] > "1"
        self.logged = release[0] > "2"

    @staticmethod
    def open(uri):
        return shared.MlflowClient(tracking_uri=uri, registry_uri=uri)

    def load(self):
        """What is in our files, as tables that the questions of changes.py are put to."""
        db = sqlite3.connect(":memory:")
        db.executescript(TABLES)
        for root, stage in ((self.ours, "active"), (os.path.join(self.ours, ".trash"), "deleted")):
            for eid, at in folders(root):
                found = meta(at) if eid not in (".trash", "models") else None
                if not found:
                    continue
                db.execute("INSERT INTO experiments VALUES(?,?,?,?)",
                           (eid, found["name"], stage, found["artifact_location"]))
                for name, run_at in folders(at):
                    run = meta(run_at)
                    if not run or name in ("models", "tags", "datasets", "traces"):
                        continue
                    db.execute("INSERT INTO runs VALUES(?,?,?)",
                               (name, run["artifact_uri"], run["lifecycle_stage"]))
                    db.executemany("INSERT INTO tags VALUES(?,?)",
                                   [(name, k) for k in files(os.path.join(run_at, "tags"))])
                for _, model_at in folders(os.path.join(at, "models")):
                    m = meta(model_at) if stage == "active" else None
                    if m:
                        db.execute("INSERT INTO logged_models VALUES(?,?,?)",
                                   (m["name"], m["source_run_id"], m.get("lifecycle_stage")))
        self.load_registry(db)
        return db

    def load_registry(self, db):
        for name, at in folders(os.path.join(self.ours, "models")):
            db.execute("INSERT INTO registered_models VALUES(?)", (name,))
            db.executemany("INSERT INTO registered_model_tags VALUES(?,?)",
                           [(name, k) for k in files(os.path.join(at, "tags"))])
            for alias in files(os.path.join(at, "aliases")):
                with open(os.path.join(at, "aliases", alias), encoding="utf-8") as f:
                    db.execute("INSERT INTO registered_model_aliases VALUES(?,?,?)",
                               (name, alias, f.read()))
            for folder, version_at in folders(at):
                if not folder.startswith("version-"):
                    continue
                v = meta(version_at)
                db.execute("INSERT INTO model_versions VALUES(?,?,?)",
                           (name, v["version"], v["current_stage"]))
                db.executemany("INSERT INTO model_version_tags VALUES(?,?,?)",
                               [(name, v["version"], k)
                                for k in files(os.path.join(version_at, "tags"))])

    def ask(self, sql, *args):
        if self.mirror is None:
            self.mirror = self.load()
        return sorted(self.mirror.execute(sql, args).fetchall(), key=repr)

    def run(self, *args):
        self.mirror = None
        return super().run(*args)

    def experiment_create(self):
        args, _ = super().experiment_create()

        def call():
            row = self.ask("SELECT experiment_id FROM experiments WHERE name=?", args[2])
            file_store._generate_unique_integer_id = lambda: int(row[0][0])
            self.client.create_experiment(args[2])
        return args, call

    def model_rename(self):
        args, refused = super().model_rename()
        old, new = args[2:]

        def call():
            to = os.path.join(self.theirs, "models", new)
            if new in shared.BAD_MODELS or os.path.exists(to):
                return refused()
            os.rename(os.path.join(self.theirs, "models", old), to)
            now = int(time.time() * 1000)
            for at in [to] + [p for n, p in folders(to) if n.startswith("version-")]:
                changed = {**meta(at), "name": new, "last_updated_timestamp": now}
                with open(os.path.join(at, "meta.yaml"), "w", encoding="utf-8") as f:
                    yaml.safe_dump(changed, f, allow_unicode=True)
        return args, call


def plain(value, start, root):
    """Comparable: times written now, and the place of the copy."""
    if isinstance(value, dict):
        return {k: "now" if ("time" in k) and isinstance(v, int) and v >= start
                else plain(v, start, root) for k, v in value.items()
                if not k.startswith("ncmlops.")}
    if isinstance(value, (list, tuple)):
        return [plain(v, start, root) for v in value]
    if isinstance(value, str):
        return value.replace(root, "ROOT")
    return value if isinstance(value, (int, float, type(None))) else str(value)


def rows(path, start):
    """Everything that MLflow's client reads from a store."""
    client = Pair.open(f"file://{path}")
    shared.mlflow.set_tracking_uri(f"file://{path}")
    out = {"experiments": [], "runs": [], "models": [], "versions": [], "logged": []}
    experiments = client.search_experiments(ViewType.ALL, max_results=1000)
    out["experiments"] = [dict(e) for e in experiments]
    for e in experiments:
        for r in client.search_runs([e.experiment_id], "", ViewType.ALL, 1000):
            out["runs"].append({"info": dict(r.info), "params": r.data.params,
                                "metrics": {k: str(v) for k, v in r.data.metrics.items()},
                                "tags": r.data.tags})
            at = os.path.join(path, e.experiment_id, r.info.run_id)
            at = at if os.path.isdir(at) else os.path.join(path, ".trash", e.experiment_id,
                                                           r.info.run_id)
            out["runs"][-1]["deleted_time"] = meta(at).get("deleted_time")
    if os.path.isdir(os.path.join(path, "models")):
        for m in client.search_registered_models(max_results=1000):
            d = dict(m)
            d.pop("latest_versions")
            out["models"].append({**d, "tags": m.tags, "aliases": m.aliases})
            out["versions"] += [{**dict(v), "tags": v.tags, "aliases": sorted(v.aliases)}
                                for v in client.search_model_versions(f"name='{m.name}'")]
    active = [e.experiment_id for e in experiments if e.lifecycle_stage == "active"]
    out["logged"] = [{"id": m.model_id, "tags": m.tags}
                     for m in client.search_logged_models(active)] if active else []
    return {k: sorted(json.dumps(plain(r, start, path), ensure_ascii=False, sort_keys=True)
                      for r in v) for k, v in out.items()}


def step(pair, kinds):
    kind = pair.rng.choices(list(kinds), list(kinds.values()))[0]
    made = getattr(pair, kind)()
    if made is None:
        return False, None
    args, call = made
    code, _, err = pair.run(*args)
    refusal = None
    try:
        call()
    except Exception as e:  # the file store raises all kinds
        refusal = str(e).split("\n")[0][:150] or repr(e)
    if (code != 0) != (refusal is not None) or code not in (0, 2, 3, 5, 6):
        return True, f"{args}: ours exit {code} {err.strip()[:200]}; theirs {refusal}"
    return True, None


def check(release, folder, number):
    rng = random.Random(f"{SEED}-files-{release}")
    start = int(time.time() * 1000)
    pair = Pair(release, folder, rng)
    kinds = {k: w for k, w in shared.KINDS.items()
             if release[0] > "1" or k.startswith(("run_", "experiment_"))}
    made, apart = 0, []
    while made < COUNT and len(apart) < 5:
        did, problem = step(pair, kinds)
        made += did
        if problem:
            apart.append(problem)
    found = shared.differences(rows(pair.ours, start), rows(pair.theirs, start))
    left = [f for f in files(pair.ours) if os.path.basename(f).startswith(".ncmlops")]
    code, _, err = pair.run("audit", "verify")
    for line in apart + found + left:
        print("#", line)
    good = not apart and not found and not left
    print(f"{'ok' if good else 'not ok'} {number} - MLflow {release}: {made} changes leave the same"
          " to be read")
    print(f"{'ok' if code == 0 else 'not ok'} {number + 1} - MLflow {release}: the audit is whole"
          f" {err.strip()}")
    return good and code == 0


def main():
    good = True
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        for i, release in enumerate(RELEASES):
            good = check(release, folder, 2 * i + 1) and good
    print(f"1..{2 * len(RELEASES)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
