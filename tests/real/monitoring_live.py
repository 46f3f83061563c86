"""Monitors of a real Prometheus, alerts and silences of a real Alertmanager: thresholds with `for`,
histograms, values that are no numbers, series that vanish, servers that hang, go and come back.

  PROMETHEUS, ALERTMANAGER   another generation than the system's"""
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

import lib_servers
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
BED = os.path.join(lib_servers.SHARED, "testbed", "monitoring")
PATIENCE = 180

CONFIG = """current-context: live
contexts:
  live:
    tracking: {uri: mlflow.db}
    metrics: {type: prometheus, url: "http://127.0.0.1:PROM", timeout: 5}
    alerts: {type: alertmanager, url: "http://127.0.0.1:AM", timeout: 5}
    models:
      fraud:
        monitors:
          - {name: errors, query: 'ERRORS', threshold: "> 0.2", for: 6s, every: 2s, step: 2s, record: no}
          - {name: latency, query: 'LATENCY', threshold: "> 0.5", severity: warning, every: 2s, step: 2s, record: no}
          - {name: shape, histogram: 'model_latency_seconds{model="fraud"}', reference: trailing 20s,
             window: 10s, every: 2s, min-rows: 1, record: no}
          - {name: features, query: 'model_feature_drift{feature!="empty"}', threshold: "> 5", every: 2s, step: 2s,
             record: no}
          - {name: nan, query: 'model_feature_drift{feature="empty"}', threshold: "> 0", every: 2s, step: 2s,
             record: no}
          - {name: pairs, query: 'model_requests_total * on (model) model_requests_total', threshold: "> 1", every: 2s,
             record: no}
          - {name: words, query: 'sum by (', threshold: "> 1", every: 2s, record: no}
"""
FRAUD = 'model_requests_total{model="fraud"%s}[10s]'
ERRORS = "sum by (version) (rate(%s)) / sum by (version) (rate(%s))" % (FRAUD % ',code="500"', FRAUD % "")
LATENCY = 'histogram_quantile(0.9, sum by (le) (rate(model_latency_seconds_bucket{model="fraud"}[10s])))'


class Bed:
    """The test bed with the servers of one generation."""

    def __init__(self, folder, programs):
        self.folder = folder
        self.prom, self.am, self.exporter = (lib_servers.port() for _ in range(3))
        self.env = dict(os.environ, PROM_PORT=str(self.prom), AM_PORT=str(self.am), EXP_PORT=str(self.exporter),
                        PROMETHEUS=programs[0], ALERTMANAGER=programs[1], KEEP="1")
        self.running = False

    def up(self):
        with open(os.path.join(self.folder, "up.log"), "ab") as log:
            done = subprocess.run([os.path.join(BED, "up"), self.folder], env=self.env, stdout=log, stderr=log,
                                  timeout=PATIENCE)
        self.running = done.returncode == 0
        return self.running

    def down(self):
        if os.path.exists(os.path.join(self.folder, "pids")):
            self.signal(signal.SIGCONT)
            subprocess.run([os.path.join(BED, "down"), self.folder], env=self.env, capture_output=True,
                           timeout=PATIENCE)
        self.running = False

    def signal(self, number, name="prometheus"):
        with open(os.path.join(self.folder, "pids"), encoding="utf-8") as f:
            for line in f:
                pid, what = line.split()
                if what == name:
                    os.kill(int(pid), number)

    def set(self, **knobs):
        url = "http://127.0.0.1:%d/set?%s" % (self.exporter, urllib.parse.urlencode(knobs))
        urllib.request.urlopen(urllib.request.Request(url, method="POST"), timeout=20).close()

    def ask(self, path, port=None, **form):
        url = "http://127.0.0.1:%d%s?%s" % (port or self.prom, path, urllib.parse.urlencode(form))
        with urllib.request.urlopen(url, timeout=20) as r:
            return json.load(r)


def until(what, patience=PATIENCE):
    """What `what` gives, as soon as it is true; its last value where that takes too long."""
    limit = time.monotonic() + patience
    while True:
        got = what()
        if got or time.monotonic() > limit:
            return got
        time.sleep(0.2)


class Case:
    def __init__(self, name, bed, folder):
        self.name, self.bed, self.folder = name, bed, folder
        self.config = os.path.join(folder, "config.yaml")
        self.state = os.path.join(folder, "mlflow.ncmlops.db")
        with open(self.config, "w", encoding="utf-8") as f:
            f.write(CONFIG.replace("PROM", str(bed.prom)).replace("AM", str(bed.am))
                    .replace("ERRORS", ERRORS).replace("LATENCY", LATENCY))
        os.chmod(self.config, 0o600)
        self.process = None

    def ok(self, name, good, *why):
        return ok(f"{self.name}: {name}", good, *why)

    def run(self, *args):
        return subprocess.run([BIN, "--config", self.config, "-o", "json", *args], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, timeout=PATIENCE)

    def watch(self):
        self.log = open(os.path.join(self.folder, "watch.log"), "ab")
        self.process = subprocess.Popen([BIN, "--config", self.config, "drift", "watch"], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)

    def rows(self, sql, *values):
        if not os.path.exists(self.state):
            return []
        db = sqlite3.connect(self.state, timeout=30)
        try:
            return db.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []  # not made yet
        finally:
            db.close()

    def newest(self, monitor):
        """(end, worst state) of its newest window."""
        got = self.rows("SELECT end_ms, state FROM drift_windows WHERE monitor=? ORDER BY end_ms DESC LIMIT 1",
                        "fraud/" + monitor)
        return got[0] if got else (0, "none")

    def alert(self, monitor):
        """(id, state) of its newest alert."""
        got = self.rows("SELECT id, state FROM alerts WHERE rule=? ORDER BY id DESC LIMIT 1", "fraud/" + monitor)
        return got[0] if got else (0, "none")

    def now(self, monitor):
        """What the monitor says by itself."""
        p = self.run("drift", "watch", "--once")
        try:
            return next(m for m in json.loads(p.stdout) if m["monitor"] == monitor)
        except (ValueError, StopIteration):
            return {"error": p.stdout + p.stderr}

    def alerts(self, *args):
        p = self.run("alerts", *args)
        return json.loads(p.stdout) if p.stdout.startswith("[") else [{"error": p.stdout + p.stderr}]


def figures_are_those_of_the_server(c):
    """A gauge at the same times, asked again by its own client's way."""
    stored = {}
    for end_ms, value in c.rows("SELECT end_ms, value FROM drift_figures WHERE monitor='fraud/features'"
                                " AND value IS NOT NULL ORDER BY end_ms DESC LIMIT 24"):
        stored.setdefault(end_ms, []).append(value)
    wrong = []
    for end_ms, values in list(stored.items())[1:]:
        answer = c.bed.ask("/api/v1/query", query='model_feature_drift{feature!="empty"}', time=end_ms / 1000)
        theirs = sorted(float(s["value"][1]) for s in answer["data"]["result"])
        if sorted(values) != theirs:
            wrong.append((end_ms, sorted(values), theirs))
    c.ok("figures are those that the server gives for these times", stored and not wrong, *wrong[:3])


def quiet(c):
    ready = until(lambda: all(c.newest(m)[0] for m in ("errors", "latency", "shape", "features", "nan")))
    c.ok("every monitor that can be asked has windows", ready,
         *((m, c.newest(m)) for m in ("errors", "latency", "shape", "features", "nan")))
    c.ok("latency, errors and the histogram are all right",
         until(lambda: [c.newest(m)[1] for m in ("errors", "latency", "shape")] == ["ok"] * 3),
         *((m, c.newest(m)) for m in ("errors", "latency", "shape")))
    figures_are_those_of_the_server(c)
    c.ok("a value that is no number is no data and raises nothing",
         c.newest("nan")[1] == "no_data" and c.alert("nan")[0] == 0, c.newest("nan"), c.alert("nan"))
    said = c.now("pairs")["error"] or ""
    c.ok("a query that the server cannot carry out (422) says why", "duplicate series" in said or "many-to-many" in said, said)
    said = c.now("words")["error"] or ""
    c.ok("a query that is none (400) says where", "parse error" in said, said)


def trouble(c):
    c.bed.set(err=0.6, lat=20)
    states = []

    def fires():
        now = c.alert("errors")[1]
        if not states or states[-1] != now:
            states.append(now)
        return now == "firing"

    until(fires)
    tap(f"{c.name}: too many errors are pending, then an alert", ["none", "pending", "firing"],
        states if states[0] == "none" else ["none"] + states)
    c.ok("so is a latency, at once, and only as a warning",
         until(lambda: c.alert("latency")[1] == "firing") and
         c.rows("SELECT severity FROM alerts WHERE rule='fraud/latency'")[0][0] == "warning",
         c.rows("SELECT * FROM alerts"))
    c.ok("the histogram moved away from what it was", until(lambda: c.alert("shape")[1] == "firing"),
         c.rows("SELECT end_ms, value, state FROM drift_figures WHERE monitor='fraud/shape'"
                " ORDER BY end_ms DESC LIMIT 8"))
    silences(c)
    c.bed.set(err=0, lat=1)
    c.ok("all of them end with the trouble",
         until(lambda: all(c.alert(m)[1] == "resolved" for m in ("errors", "latency", "shape"))),
         *((m, c.alert(m), c.newest(m)) for m in ("errors", "latency", "shape")))


def silences(c):
    """Alertmanager's own: seen, kept quiet, heard again."""
    mine = lambda a: a.get("source") == "alertmanager" and a["rule"] == "HighErrorRatio"
    seen = until(lambda: [a for a in c.alerts() if mine(a) and a["state"] == "firing"])
    if not c.ok("Alertmanager's alerts stand beside ours", seen, c.alerts()):
        return
    ours = {a["subject"] for a in c.alerts() if a["source"] == "ncmlops"}
    tap(f"{c.name}: … which name the model", {"fraud"}, ours)
    one = seen[0]
    p = c.run("alert", "silence", one["id"], "--for", "10m", "--reason", "known", "--yes")
    if not c.ok("one is silenced", p.returncode == 0, p.stdout, p.stderr):
        return
    c.ok("it is quiet then",
         until(lambda: any(a["id"] == one["id"] and a["state"] == "silenced" for a in c.alerts("--all"))),
         c.alerts("--all"))
    theirs = [s for s in c.bed.ask("/api/v2/silences", c.bed.am) if s["status"]["state"] == "active"]
    c.ok("Alertmanager holds that silence, with who and why",
         len(theirs) == 1 and theirs[0]["comment"] == "known" and theirs[0]["createdBy"], theirs)
    request = urllib.request.Request(
        "http://127.0.0.1:%d/api/v2/silence/%s" % (c.bed.am, theirs[0]["id"] if theirs else "none"), method="DELETE")
    with urllib.request.urlopen(request, timeout=20):
        pass
    c.ok("somebody else ends it there: it fires again",
         until(lambda: any(a["id"] == one["id"] and a["state"] == "firing" for a in c.alerts())), c.alerts())


def vanish(c):
    c.bed.set(up=0)
    gone = until(lambda: c.bed.ask("/api/v1/query", query=ERRORS)["data"]["result"] == [])
    before = c.alert("errors"), c.alert("latency")
    last = c.newest("errors")[0]
    later = until(lambda: time.time() * 1000 > last + 12000)  # several steps of nothing
    c.ok("series that vanish raise nothing and end nothing",
         gone and later and (c.alert("errors"), c.alert("latency")) == before and c.process.poll() is None,
         before, c.alert("errors"), c.alert("latency"))
    c.bed.set(up=1)
    c.ok("when they are back, so are figures", until(lambda: c.newest("errors")[0] > last + 12000), c.newest("errors"))


def outage(c):
    last = c.newest("features")[0]
    c.bed.signal(signal.SIGSTOP)
    said = c.now("features")["error"] or ""
    c.ok("a server that hangs is said to", re.search("answer|within|time", said), said)
    c.bed.signal(signal.SIGCONT)
    c.ok("it goes on by itself", until(lambda: c.newest("features")[0] > last) and c.process.poll() is None,
         c.newest("features"))
    c.bed.down()
    said = c.now("features")["error"] or ""
    c.ok("a server that is gone is said to be", "refuses the connection" in said, said)
    found = c.alerts("--all")
    c.ok("so is Alertmanager, and ours are shown all the same",
         {a.get("rule") for a in found} == {"fraud/errors", "fraud/latency", "fraud/shape"}, found)
    last = c.newest("features")[0]
    c.ok("both are started again", c.bed.up())
    c.ok("the watch goes on by itself", until(lambda: c.newest("features")[0] > last) and c.process.poll() is None,
         c.newest("features"))
    double = c.rows("SELECT monitor, recipe, end_ms, count(*) FROM drift_windows GROUP BY 1,2,3 HAVING count(*)>1")
    many = c.rows("SELECT rule, count(*) FROM alerts WHERE state<>'resolved' GROUP BY 1 HAVING count(*)>1")
    c.ok("no window and no open alert is there twice", not double and not many, double, many)


def generation(name, programs):
    folder = lib_servers.scratch()
    bed = Bed(os.path.join(folder, "bed"), programs)
    os.mkdir(bed.folder)
    c = Case(name, bed, folder)
    made = subprocess.run([BIN, "demo", "--dir", os.path.join(folder, "demo")], capture_output=True, text=True)
    shutil.copyfile(os.path.join(folder, "demo", "mlflow.db"), os.path.join(folder, "mlflow.db"))
    os.chmod(os.path.join(folder, "mlflow.db"), 0o600)
    try:
        if not c.ok("Prometheus and Alertmanager are up", made.returncode == 0 and bed.up(),
                    open(os.path.join(bed.folder, "up.log"), encoding="utf-8").read()):
            return
        c.watch()
        quiet(c)
        trouble(c)
        vanish(c)
        outage(c)
        c.process.terminate()
        tap(f"{name}: SIGTERM ends the watch in peace", 0, c.process.wait(PATIENCE))
    finally:
        if c.process is not None and c.process.poll() is None:
            c.process.kill()
            c.process.wait()
        bed.down()
        if os.environ.get("KEEP"):
            shutil.copytree(folder, os.path.join(os.environ["KEEP"], name), dirs_exist_ok=True)


def main():
    if not os.path.exists(os.path.join(BED, "up")):
        skip("monitoring", "the test bed is not here")
        return end()
    found = {
        "system": (shutil.which("prometheus"),
                   shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")),
        "other": (os.environ.get("PROMETHEUS"), os.environ.get("ALERTMANAGER")),
    }
    for name, programs in found.items():
        if all(programs):
            generation(name, programs)
        else:
            skip(f"{name} generation of Prometheus and Alertmanager", "not installed")
    return end()


sys.exit(main())
