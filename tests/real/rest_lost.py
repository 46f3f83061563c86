"""The answer that does not come. A promotion through a proxy that ends the connection after every
single byte of each of its answers, resets it, holds it back, swallows it whole, or does not pass the
request on: afterwards the registry and the audit agree, and nothing was sent twice.

  LOST_STEP   only every so-and-so-many-th byte (1)
"""
import contextlib
import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
import time
import warnings

warnings.filterwarnings("ignore")
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", GIT_PYTHON_REFRESH="quiet")
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import lib_servers  # noqa: E402
from faulty import Faulty  # noqa: E402
from lib_servers import Server, fixture  # noqa: E402
from lib_tap import end, ok, tap  # noqa: E402

PROGRAM = os.path.abspath(os.environ.get("NCMLOPS_BIN", "build/ncmlops"))
STEP = int(os.environ.get("LOST_STEP", "1"))
LATER = 70000  # ms: what nobody answered is not carried out any more


class Bench:
    """One model, promoted back and forth by its own machine (a state folder) through its own proxy."""

    def __init__(self, server, model, folder):
        self.server, self.model = server, model
        self.proxy = Faulty(server.url)
        self.state = os.path.join(folder, f"state-{model}")
        self.problems = []

    def ask(self, sql, *args):
        with contextlib.closing(sqlite3.connect(self.server.store, timeout=30)) as db:
            return db.execute(sql, args).fetchall()

    def holders(self):
        return [str(v) for (v,) in self.ask(
            "SELECT version FROM model_versions WHERE name=? AND current_stage='Production'"
            " ORDER BY version", self.model)]

    def notes(self, audit_id):
        return sorted(str(v) for (v,) in self.ask(
            "SELECT version FROM model_version_tags WHERE name=? AND key=?", self.model,
            "ncmlops.transition." + audit_id))

    def forget_notes(self):
        """An answer with all notes of a model would grow with every promotion."""
        with contextlib.closing(sqlite3.connect(self.server.store, timeout=30)) as db, db:
            db.execute("DELETE FROM model_version_tags WHERE name=? AND key LIKE 'ncmlops.%'", (self.model,))

    def run(self, *args, later=0, timeout=None):
        env = dict(os.environ, XDG_STATE_HOME=self.state)
        if later:
            env["NCMLOPS_NOW"] = str(int(time.time() * 1000) + later)
        wait = ["--timeout", str(timeout)] if timeout else []
        return subprocess.run([PROGRAM, "--store", self.proxy.url, "--yes", "-o", "json", *wait, *args],
                              capture_output=True, text=True, timeout=120, env=env)

    def last(self, later=0):
        """The newest record, settled where it can be."""
        p = self.run("audit", later=later)
        return json.loads(p.stdout)[0] if p.returncode == 0 else {"result": p.stderr, "id": ""}

    def record(self):
        """The newest record as the program left it."""
        for path in self.state_files():
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                row = db.execute(
                    "SELECT i.id, coalesce(s.result, o.result), coalesce(s.detail, o.detail) FROM audit i"
                    " LEFT JOIN audit o ON o.id=i.id AND o.part='outcome'"
                    " LEFT JOIN audit s ON s.id=i.id AND s.part='settled'"
                    " WHERE i.part='intent' ORDER BY i.seq DESC LIMIT 1").fetchone()
            if row:
                return {"id": row[0], "result": row[1] or "open", "detail": row[2]}
        return {"id": "", "result": "none", "detail": None}

    def state_files(self):
        return [os.path.join(d, f) for d, _, files in os.walk(self.state) for f in files
                if f.endswith(".db") and "cache" not in f]

    def next(self):
        return "2" if self.holders() == ["1"] else "1"

    def sent(self, what):
        """How often such a request went out, by its body's key."""
        return sum(1 for e in self.proxy.log() if what in e["path"] and e["method"] != "GET")

    def attempt(self, what, executed, timeout=None, **fault):
        """One promotion with a fault on the requests of a kind; checks that all agree."""
        self.forget_notes()
        before, version = self.holders(), self.next()
        self.proxy.clear()
        self.proxy.set(**fault)
        p = self.run("promote", self.model, version, "Production", "--archive-existing", timeout=timeout)
        self.proxy.set("pass")
        here = f"{what}: exit {p.returncode} {p.stderr.strip()[:200]}"
        r = self.record()
        if r["result"] in ("unknown", "open"):
            # The next command looks at the registry again; what was not carried out by then is not.
            r = self.last() if executed else self.last(later=LATER)
        now = self.holders()
        if now not in (before, [version]):
            self.problems.append(f"{here}: Production is held by {now} after {before}")
        if (r["result"] == "done") != (now == [version]) or r["result"] not in ("done", "failed"):
            self.problems.append(f"{here}: the audit says {r}, Production is held by {now}")
        if p.returncode == 0 and now != [version]:
            self.problems.append(f"{here}: said to be done")
        if executed and now != [version]:
            self.problems.append(f"{here}: it was not seen to be done")
        if self.sent("transition-stage") > 1:
            self.problems.append(f"{here}: the transition was sent {self.sent('transition-stage')} times")
        if p.returncode == 0 and executed and self.notes(r["id"]) != sorted(before + [version]):
            self.problems.append(f"{here}: notes on {self.notes(r['id'])}")
        return p


def answers(bench):
    """The writes of a promotion, each with the length of its answer."""
    bench.forget_notes()
    bench.proxy.clear()
    version = bench.next()
    p = bench.run("promote", bench.model, version, "Production", "--archive-existing")
    if p.returncode != 0:
        raise SystemExit(f"promote: {p.stderr}")
    found = []
    for e in bench.proxy.log():
        if e["method"] != "GET" and re.search("transition-stage|set-tag", e["path"]):
            kind = re.search("transition-stage|set-tag", e["path"]).group()
            found.append((kind, sum(1 for k, _, _ in found if k == kind), e["sent"]))
    return found


def every_byte(bench, kind, skip, points):
    for at in points:
        bench.attempt(f"{kind} {skip + 1} cut after {at} bytes", True, fault="cut_answer", path=kind,
                      method="POST", at=at, after=skip, times=1, reset=at % 2)
        if len(bench.problems) > 5:
            return


def in_parallel(benches, work):
    """work: (kind, skip, points) in turns for all benches."""
    lock, left = threading.Lock(), list(work)

    def go(bench):
        while True:
            with lock:
                if not left:
                    return
                job = left.pop(0)
            every_byte(bench, *job)
    threads = [threading.Thread(target=go, args=(b,)) for b in benches]
    for t in threads:
        t.start()
    for t in threads:
        t.join()


def others(bench):
    """Other ways to lose an answer; executed: whether the server got the request."""
    for name, executed, fault in (
            ("swallowed", True, dict(fault="swallow")),
            ("swallowed, the connection stays open", True, dict(fault="swallow", hold=20)),
            ("answered by a gateway", True, dict(fault="status", status=502, executes=1)),
            ("answered by a gateway, late", True, dict(fault="status", status=504, executes=1)),
            ("answered with a page", True, dict(fault="html", executes=1)),
            ("answered with other bytes", True, dict(fault="garbage", executes=1)),
            ("never passed on", False, dict(fault="swallow", executes=0)),
            ("never passed on, says a gateway", False, dict(fault="status", status=502)),
            ("never passed on, a page instead", False, dict(fault="html")),
            ("refused for being too many", False, dict(fault="status", status=429, retry_after=1)),
            ("refused for a lost login", False, dict(fault="expired"))):
        bench.problems.clear()
        start = time.monotonic()
        p = bench.attempt(name, executed, timeout=4, path="transition-stage", method="POST", times=1, **fault)
        ok(f"the transition's answer is {name}: exit {p.returncode} in {time.monotonic() - start:.1f} s",
           not bench.problems, *bench.problems)
    for name, fault in (("swallowed", dict(fault="swallow")),
                        ("never passed on", dict(fault="swallow", executes=0))):
        bench.problems.clear()
        p = bench.attempt(name, True, path="set-tag", method="POST", times=1, **fault)
        ok(f"a note is {name}: exit {p.returncode}", not bench.problems and p.returncode == 0,
           p.stderr, *bench.problems)


def killed(bench):
    """`kill -9` while an answer is waited for: the next command finds out, the next change leaves what
    notes are missing."""
    for what, executes, result in (("transition-stage", 1, "done"), ("transition-stage", 0, "failed"),
                                   ("set-tag", 1, "done")):
        bench.forget_notes()
        before, version = bench.holders(), bench.next()
        bench.proxy.clear()
        bench.proxy.set("swallow", hold=60, executes=executes, path=what, method="POST", times=1)
        p = subprocess.Popen([PROGRAM, "--store", bench.proxy.url, "--yes", "promote", bench.model, version,
                              "Production", "--archive-existing"], stdout=subprocess.DEVNULL,
                             stderr=subprocess.DEVNULL, env=dict(os.environ, XDG_STATE_HOME=bench.state))
        until = time.monotonic() + 60
        while time.monotonic() < until and not (bench.sent(what) and (
                not executes or bench.holders() == [version])):
            time.sleep(0.01)
        p.kill()
        p.wait()
        bench.proxy.set("pass")
        left = bench.record()["result"]
        r = bench.last(later=0 if executes else LATER)
        now = bench.holders()
        tap(f"killed while {what} {'was done' if executes else 'was on its way'}: open, then {result}",
            ["open", result, [version] if executes else before], [left, r["result"], now])
        if executes:
            q = bench.run("version", "tag", bench.model, version, f"after={what}")
            tap("… and the notes are left by the next change", [0, sorted(before + [version])],
                [q.returncode, bench.notes(r["id"])])


def each_kind(bench):
    """Every kind of change whose answer is swallowed: done once, and said to be."""
    m, v = bench.model, bench.holders()[0]
    run, other, third = (r for (r,) in bench.ask(
        "SELECT run_uuid FROM runs WHERE lifecycle_stage='active' ORDER BY run_uuid LIMIT 3"))
    count = "SELECT count(*) FROM "
    for args, path, ask, wanted in (
            (("version", "tag", m, v, "k=1"), "set-tag",
             (count + "model_version_tags WHERE name=? AND key='k' AND value='1'", m), 1),
            (("version", "untag", m, v, "k"), "delete-tag",
             (count + "model_version_tags WHERE name=? AND key='k'", m), 0),
            (("version", "note", m, v, "text"), "model-versions/update",
             (count + "model_versions WHERE name=? AND description='text'", m), 1),
            (("alias", "set", m, "champion", v), "alias",
             (count + "registered_model_aliases WHERE name=? AND version=?", m, v), 1),
            (("alias", "rm", m, "champion"), "alias",
             (count + "registered_model_aliases WHERE name=?", m), 0),
            (("model", "create", "new one"), "registered-models/create",
             (count + "registered_models WHERE name='new one'",), 1),
            (("model", "rename", "new one", "newer"), "rename",
             (count + "registered_models WHERE name='newer'",), 1),
            (("model", "tag", "newer", "k=1"), "set-tag",
             (count + "registered_model_tags WHERE name='newer'",), 1),
            (("model", "note", "newer", "text"), "registered-models/update",
             (count + "registered_models WHERE description='text'",), 1),
            (("model", "delete", "newer"), "registered-models/delete",
             (count + "registered_models WHERE name='newer'",), 0),
            (("version", "delete", m, "3"), "model-versions/delete",
             (count + "model_versions WHERE name=? AND current_stage='Deleted_Internal'", m), 1),
            (("run", "tag", run, "k=1"), "set-tag",
             (count + "tags WHERE run_uuid=? AND key='k'", run), 1),
            (("run", "note", run, "text"), "set-tag",
             (count + "tags WHERE run_uuid=? AND value='text'", run), 1),
            (("run", "rename", run, "renamed"), "set-tag",
             (count + "runs WHERE name='renamed'",), 1),
            (("run", "delete", run), "runs/delete",
             (count + "runs WHERE run_uuid=? AND lifecycle_stage='deleted'", run), 1),
            (("run", "restore", run), "runs/restore",
             (count + "runs WHERE run_uuid=? AND lifecycle_stage='active'", run), 1),
            (("experiment", "create", "exp"), "experiments/create",
             (count + "experiments WHERE name='exp'",), 1),
            (("experiment", "rename", "exp", "expo"), "experiments/update",
             (count + "experiments WHERE name='expo'",), 1),
            (("experiment", "tag", "expo", "k=1"), "set-experiment-tag",
             (count + "experiment_tags WHERE key='k'",), 1),
            (("experiment", "delete", "expo"), "experiments/delete",
             (count + "experiments WHERE name='expo' AND lifecycle_stage='deleted'",), 1),
            (("register", m, "--run", run, "--path", "model"), "model-versions/create",
             (count + "model_versions WHERE name=? AND run_id=?", m, run), 1)):
        bench.proxy.clear()
        bench.proxy.set("swallow", path=path, method="POST|PATCH|DELETE", times=1)
        p = bench.run(*args)
        bench.proxy.set("pass")
        writes = bench.sent(path) - (1 if args[0] == "alias" and path == "set-tag" else 0)
        tap(f"{' '.join(args[:2])}: its answer is swallowed", [0, wanted, 1, "done"],
            [p.returncode, bench.ask(*ask)[0][0], writes, bench.record()["result"]])
        if p.returncode:
            print("# ", p.stderr)

    bench.proxy.set("status", status=403, path="runs/delete", method="POST", after=2, type="text/plain")
    p = bench.run("run", "delete", run, other, third)
    bench.proxy.set("pass")
    left = bench.ask(count + "runs WHERE lifecycle_stage='deleted' AND run_uuid IN (?,?,?)", run, other, third)
    tap("the third of three is refused: the two before are taken back", [3, 0, "failed"],
        [p.returncode, left[0][0], bench.record()["result"]])
    bench.proxy.set("status", status=400, path="model-versions/create", method="POST",
                    type="application/json",
                    text='{"error_code":"INVALID_PARAMETER_VALUE","message":"not this source"}')
    p = bench.run("register", "never", "--run", run, "--path", "model")
    bench.proxy.set("pass")
    tap("a version is refused: the model made for it is taken back", [3, 0, "failed"],
        [p.returncode, bench.ask(count + "registered_models WHERE name='never'")[0][0],
         bench.record()["result"]])


def put_models(store, folder):
    """Every run has a model among its files, where one may write."""
    with contextlib.closing(sqlite3.connect(store)) as db, db:
        db.execute("UPDATE runs SET artifact_uri=? || run_uuid", (folder + "/runs/",))
        for (uri,) in db.execute("SELECT artifact_uri FROM runs"):
            os.makedirs(uri + "/model")
            with open(uri + "/model/MLmodel", "w", encoding="utf-8") as f:
                f.write("flavors: {}\n")


def make_models(server, n):
    from mlflow.tracking import MlflowClient
    client = MlflowClient(server.url, server.url)
    names = [f"lost-{i}" for i in range(n)]
    for name in names:
        client.create_registered_model(name)
        for _ in range(3):
            client.create_model_version(name, "s3://bucket/model", await_creation_for=None)
        client.transition_model_version_stage(name, "1", "Production")
    return names


def main():
    folder = lib_servers.scratch()
    if not os.path.isdir(lib_servers.FIXTURES):
        print("1..0 # SKIP the stores of real MLflow releases are not here")
        return 0
    # Workers as processors: most of the time goes into its side of some twenty requests each.
    store = fixture("mlflow-3.17.2.db", folder)
    put_models(store, folder)
    server = Server(store, args=f"--workers {os.cpu_count() or 1}")
    models = make_models(server, 4)
    benches = [Bench(server, m, folder) for m in models]
    for b in benches:
        b.proxy.start()
        lengths = answers(b)
    tap("a promotion is one transition and two notes", [("set-tag", 0), ("set-tag", 1), ("transition-stage", 0)],
        sorted((k, s) for k, s, _ in lengths))
    start = time.monotonic()
    work = []
    for kind, skip, length in lengths:
        points = list(range(0, length, STEP))
        work += [(kind, skip, points[i:i + 25]) for i in range(0, len(points), 25)]
    in_parallel(benches, work)
    n = sum(len(points) for _, _, points in work)
    problems = [p for b in benches for p in b.problems]
    ok(f"cut after each of {n} bytes of its answers: registry and audit agree ({time.monotonic() - start:.0f} s)",
       not problems, *problems[:8])
    others(benches[0])
    killed(benches[0])
    each_kind(benches[0])
    for b in benches:
        b.proxy.stop()
    return end()


sys.exit(main())
