"""`ncmlops drift watch` killed with kill -9 again and again, while the log that it follows grows, is
rotated (renamed, or copied and cut), and while who is told of alerts is down, fails, hangs or hangs up.

In the end every window is stored once with all its rows, figures are those of one undisturbed read,
metrics of the tracking store are there once, each alert was told, and in the right order.

  KILLS (150), SEED (1)"""
import http.server
import json
import math
import os
import random
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

import lib_servers
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
KILLS = int(os.environ.get("KILLS", "150"))
SEED = int(os.environ.get("SEED", "1"))
WINDOW = 2000  # ms
SLIDE = 3      # panes of the sliding window
ROWS = 400     # of the window of rows
EARLY = 0.4    # seconds by which a row's time may lie before its writing
PATIENCE = 240

CONFIG = """current-context: kill
contexts:
  kill:
    tracking: {uri: mlflow.db}
    notify:
      - {name: all, url: "http://127.0.0.1:PORT/all", least: info}
      - {name: worst, url: "http://127.0.0.1:PORT/worst", least: critical}
    models:
      m:
        monitors:
"""
MONITOR = ("          - {name: NAME, reference: train.csv, current: \"LOG\", follow: yes, WINDOW, every: 1s,"
           " time: ts, ignore: [id], threshold: [0.1, 0.25], min-rows: 1, record: RECORD}\n")
WINDOWS = {"tumbling": "window: 2s", "sliding": "window: 6s, slide: 2s", "rows": "window: 400 rows"}


def configure(folder, port, record, log="log*.jsonl", seq="seq*.jsonl"):
    text = CONFIG.replace("PORT", str(port))
    for name, window in WINDOWS.items():
        text += (MONITOR.replace("NAME", name).replace("LOG", seq if name == "rows" else log).replace("WINDOW", window)
                 .replace("RECORD", record))
    path = os.path.join(folder, "config.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


# ---- the log -------------------------------------------------------------------------------------

class Writer(threading.Thread):
    """Appends rows; what it wrote stays known in `rows`, in order."""

    def __init__(self, folder, rng):
        super().__init__(daemon=True)
        self.path = os.path.join(folder, "log.jsonl")
        self.folder, self.rng = folder, rng
        self.rows, self.over, self.rotations, self.late = [], threading.Event(), [0, 0], 0
        self.lock = threading.Lock()
        self.f = open(self.path, "ab", buffering=0)
        # Windows of rows hang on the order of rows, which is lost where a file is copied and cut.
        self.renamed = os.path.join(folder, "seq.jsonl")
        self.g = open(self.renamed, "ab", buffering=0)

    def run(self):
        while not self.over.is_set():
            with self.lock:
                self.add(self.rng.randint(1, 6))
            self.over.wait(0.02)

    def add(self, n):
        moved = int(time.time() / 9) % 2 * 1.5  # what drifts comes and goes
        lines = []
        for _ in range(n):
            row = {"id": len(self.rows), "ts": int((time.time() - self.rng.uniform(0, EARLY)) * 1000),
                   "x": round(self.rng.gauss(moved, 1), 4), "c": self.rng.choice("aabc")}
            self.rows.append(row)
            lines.append(json.dumps(row) + "\n")
        data = "".join(lines).encode()
        cut = self.rng.randrange(len(data))  # a half line is there for a while
        self.f.write(data[:cut])
        self.f.write(data[cut:])
        self.g.write(data)
        # A machine that stands still for seconds makes rows late: that would be its fault.
        self.late += time.time() * 1000 - min(r["ts"] for r in self.rows[-n:]) > WINDOW

    def rotate(self, copy):
        with self.lock:
            to = os.path.join(self.folder, "log-%04d.jsonl" % sum(self.rotations))
            if copy:
                shutil.copyfile(self.path, to)
                os.truncate(self.path, 0)
            else:
                os.rename(self.path, to)
                self.f.close()
                self.f = open(self.path, "ab", buffering=0)
                os.rename(self.renamed, os.path.join(self.folder, "seq-%04d.jsonl" % sum(self.rotations)))
                self.g.close()
                self.g = open(self.renamed, "ab", buffering=0)
            self.rotations[copy] += 1


# ---- who is told ---------------------------------------------------------------------------------

class Receiver:
    """A webhook whose answers go wrong: ok, fails (500), hangs, hangs up, is down."""

    def __init__(self, port):
        self.port, self.mode, self.server = port, "ok", None
        self.got, self.tried = [], 0
        self.change = threading.Event()
        self.up()

    def up(self):
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def log_message(self, *_):
                pass

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                mode, change = outer.mode, outer.change
                outer.tried += 1
                if mode == "hangs":
                    change.wait(20)
                if mode in ("hangs", "hangs up"):
                    self.connection.shutdown(socket.SHUT_RDWR)
                    return
                if mode == "ok":
                    outer.got.append((self.path.strip("/"), json.loads(body)))
                self.send_response(200 if mode == "ok" else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True

            def handle_error(self, *_):
                pass

        self.server = Server(("127.0.0.1", self.port), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def become(self, mode):
        if mode == self.mode:
            return
        was, self.mode = self.mode, mode
        self.change.set()
        self.change = threading.Event()
        if mode == "is down":
            self.server.shutdown()
            self.server.server_close()
        elif was == "is down":
            self.up()


# ---- the watch -----------------------------------------------------------------------------------

def watch(config, *args, **kw):
    return subprocess.Popen([BIN, "--config", config, "drift", "watch", *args], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=kw.get("stderr", subprocess.PIPE))


def once(config):
    return subprocess.run([BIN, "--config", config, "drift", "watch", "--once", "-o", "json"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE)


def kill_many(config, writer, receiver, rng):
    """Returns how many died of it; what else they said ends it."""
    died = 0
    for i in range(KILLS):
        if rng.random() < 0.2:
            receiver.become(rng.choice(["ok", "ok", "fails", "hangs", "hangs up", "is down"]))
        some = [watch(config) for _ in range(2 if rng.random() < 0.25 else 1)]
        if rng.random() < 0.25:
            time.sleep(rng.uniform(0, rng.choice([0.1, 0.4])))  # rather while it is only beginning
            writer.rotate(rng.random() < 0.5)
        until = time.monotonic() + (rng.uniform(0, 0.3) if rng.random() < 0.3 else rng.uniform(0.2, 1.6))
        for p in some:
            try:
                p.wait(timeout=max(0.0, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                p.send_signal(signal.SIGKILL)
                p.wait()
            said = p.stderr.read().decode(errors="replace").strip()
            p.stderr.close()
            died += p.returncode == -signal.SIGKILL
            if p.returncode != -signal.SIGKILL:
                return died, "start %d: exit %d: %s" % (i, p.returncode, said)
        if rng.random() < 0.1:  # nobody watches while it is rotated
            writer.rotate(rng.random() < 0.5)
    return died, None


def ask(state, sql, *values):
    with sqlite3.connect(state, timeout=30) as db:
        return db.execute(sql, values).fetchall()


def settle(config, state):
    """After the last row: until all windows are recorded and everybody was told."""
    until = time.monotonic() + PATIENCE
    while True:
        p = once(config)
        if p.returncode != 0:
            return "exit %d: %s" % (p.returncode, p.stderr)
        left = ask(state, "SELECT (SELECT count(*) FROM deliveries WHERE done_ms IS NULL),"
                          " (SELECT count(*) FROM drift_windows WHERE recorded=0)")[0]
        if left == (0, 0):
            return None
        if time.monotonic() > until:
            return "%d deliveries and %d windows wait in vain" % left


# ---- what must hold ------------------------------------------------------------------------------

def windows_of(state, name):
    return ask(state, "SELECT start_ms, end_ms, n FROM drift_windows WHERE monitor=? ORDER BY end_ms",
               "m/" + name)


def expected(rows, length):
    """(start, end, rows) of each window of `length` panes, from the first pane with rows to the last."""
    counts = {}
    for r in rows:
        pane = r["ts"] // WINDOW
        counts[pane] = counts.get(pane, 0) + 1
    return [((p + 1 - length) * WINDOW, (p + 1) * WINDOW, sum(counts.get(p - k, 0) for k in range(length)))
            for p in range(min(counts), max(counts) + 1)]


def check_time_windows(state, rows, name, length):
    wanted = expected(rows, length)
    got = [w for w in windows_of(state, name) if w[1] <= wanted[-1][1]]
    wrong = [(w, g) for w, g in zip(wanted, got) if w != g][:5]
    ok(f"{name}: each of {len(wanted)} windows is stored once, with all its rows", wanted == got,
       f"wanted {len(wanted)} windows with {sum(w[2] for w in wanted)} rows",
       f"got    {len(got)} with {sum(g[2] for g in got)}", f"the first that differ: {wrong}")


def check_row_windows(state, rows):
    got = windows_of(state, "rows")
    ok(f"rows: each of {len(rows) // ROWS} windows is stored once, with {ROWS} rows each",
       [g[2] for g in got] == [ROWS] * (len(rows) // ROWS), f"got {len(got)}: {[g[2] for g in got]}")


def figures(state, name, last):
    return {(f, e): (v, p, n, s) for f, e, v, p, n, s in ask(
        state, "SELECT feature, end_ms, value, p_value, n, state FROM drift_figures"
               " WHERE monitor=? AND end_ms<=?", "m/" + name, last)}


def same(a, b):
    return a == b or (a is not None and b is not None and isinstance(a, float) and
                      math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12))


def check_figures(state, fresh, rows, name):
    last = (max(r["ts"] for r in rows) // WINDOW + 1) * WINDOW
    a, b = figures(state, name, last), figures(fresh, name, last)
    wrong = [(k, a.get(k), b.get(k)) for k in sorted(set(a) | set(b))
             if k not in a or k not in b or not all(same(x, y) for x, y in zip(a[k], b[k]))]
    ok(f"{name}: {len(b)} figures are those of one undisturbed read", b and not wrong,
       f"{len(wrong)} differ", *wrong[:5])


def check_alerts(state):
    rows = ask(state, "SELECT id, rule, state, fired_ms, until_ms FROM alerts ORDER BY rule, id")
    bad = []
    for a, b in zip(rows, rows[1:]):
        if a[1] == b[1] and (a[2] != "resolved" or a[4] > b[3]):
            bad.append((a, b))
    ok(f"{len(rows)} alerts were raised one after the other, none twice", rows and not bad, *bad[:5])
    return rows


def check_told(state, receiver, alerts):
    got = {}
    for hook, body in receiver.got:
        got.setdefault((hook, body["id"]), []).append(body["state"])
    lost = [d for d in ask(state, "SELECT webhook, id FROM deliveries")
            if d not in {(hook, body["delivery"]) for hook, body in receiver.got}]
    ok(f"each of {len(ask(state, 'SELECT id FROM deliveries'))} deliveries arrived"
       f" ({receiver.tried} tries)", not lost, *lost[:5])
    wrong = []
    for number, rule, now, _fired, _until in alerts:
        for hook in ("all", "worst"):
            told = got.get((hook, number), [])
            if told == [] and hook == "worst":
                continue  # it never was critical
            if not told or told[0] != "firing" or (told[-1] == "resolved") != (now == "resolved"):
                wrong.append((rule, number, hook, now, told))
    ok("everybody heard first that an alert fires and last that it is over", not wrong, *wrong[:8])
    raised = {n for (n,) in ask(state, "SELECT alert FROM deliveries WHERE webhook='worst'")}
    ok("some were critical, and who wants only those heard of no others",
       raised and {a for h, a in got if h == "worst"} <= raised, raised)


def histories(folder, run):
    """The points of every metric of a run: by MLflow's own client where it is there."""
    store = os.path.join(folder, "mlflow.db")
    try:
        from mlflow.tracking import MlflowClient
    except ImportError:
        found = {}
        for key, step, value in ask(store, "SELECT key, step, value FROM metrics WHERE run_uuid=?", run):
            found.setdefault(key, []).append((step, value))
        return found
    client = MlflowClient(f"sqlite:///{store}", f"sqlite:///{store}")
    return {key: [(m.step, m.value) for m in client.get_metric_history(run, key)]
            for key in client.get_run(run).data.metrics}


def check_metrics(state, folder):
    for name in WINDOWS:
        run = ask(state, "SELECT run_id FROM monitors WHERE monitor=?", "m/" + name)[0][0]
        if not ok(f"{name}: its metrics have a run in the tracking store", run is not None):
            continue
        runs = ask(os.path.join(folder, "mlflow.db"),
                   "SELECT run_uuid FROM tags WHERE key='ncmlops.monitor' AND value LIKE ?", "%" + name)
        wanted = {}
        for feature, value in ask(state, "SELECT feature, value FROM drift_figures WHERE monitor=?"
                                         " AND state IN ('ok','warning','critical')", "m/" + name):
            wanted.setdefault("drift.psi." + feature, []).append(value)
        got = histories(folder, run)
        wrong = [(k, len(wanted.get(k, [])), len(got.get(k, []))) for k in sorted(set(wanted) | set(got))
                 if len(wanted.get(k, [])) != len(got.get(k, [])) or
                 not all(same(a, b) for a, b in zip(sorted(wanted[k]), sorted(v for _, v in got[k])))]
        ok(f"{name}: {sum(len(v) for v in wanted.values())} metrics are there, none twice, in one run",
           wanted and not wrong and len(runs) <= 1, runs, *wrong[:5])


def read_afresh(folder, rows, store):
    """The same rows in one file, read in one go by a watch that nothing disturbs."""
    os.mkdir(folder)
    shutil.copyfile(store, os.path.join(folder, "mlflow.db"))
    shutil.copyfile(os.path.join(os.path.dirname(store), "train.csv"), os.path.join(folder, "train.csv"))
    with open(os.path.join(folder, "all.jsonl"), "w", encoding="utf-8") as f:
        f.writelines(json.dumps(r) + "\n" for r in rows)
    config = configure(folder, 9, "no", "all.jsonl", "all.jsonl")
    text = open(config, encoding="utf-8").read()
    notify = text.index("    notify:")
    with open(config, "w", encoding="utf-8") as f:  # nobody is told
        f.write(text[:notify] + text[text.index("    models:"):])
    return once(config), os.path.join(folder, "mlflow.ncmlops.db")


def main():
    rng = random.Random(SEED)
    folder = lib_servers.scratch()
    made = subprocess.run([BIN, "demo", "--dir", os.path.join(folder, "demo")], capture_output=True, text=True)
    if not ok("a store to write to", made.returncode == 0, made.stderr):
        return end()
    store = os.path.join(folder, "mlflow.db")
    shutil.copyfile(os.path.join(folder, "demo", "mlflow.db"), store)
    os.chmod(store, 0o600)
    with open(os.path.join(folder, "train.csv"), "w", encoding="utf-8") as f:
        f.write("x,c\n" + "".join(f"{rng.gauss(0, 1):.4f},{rng.choice('aabc')}\n" for _ in range(5000)))
    receiver = Receiver(lib_servers.port())
    config = configure(folder, receiver.port, "yes")
    state = os.path.join(folder, "mlflow.ncmlops.db")
    writer = Writer(folder, random.Random(SEED + 1))
    writer.start()
    died, problem = kill_many(config, writer, receiver, rng)
    writer.over.set()
    writer.join()
    ok(f"{died} watches were killed, {writer.rotations[0]} renamings and {writer.rotations[1]} cuts of"
       f" {len(writer.rows)} rows between", problem is None, problem)
    receiver.become("ok")
    last = max(r["ts"] for r in writer.rows)
    while time.time() * 1000 < last + 4 * WINDOW:  # until every window is over
        time.sleep(0.1)
    tap("what was left over is made up for", None, settle(config, state))
    rows = writer.rows
    if writer.late > 0:
        for name in ("tumbling", "sliding"):
            skip(name, f"the machine stood still: {writer.late} writes came too late to count")
    else:
        check_time_windows(state, rows, "tumbling", 1)
        check_time_windows(state, rows, "sliding", SLIDE)
    check_row_windows(state, rows)
    p, fresh = read_afresh(os.path.join(folder, "fresh"), rows, store)
    if ok("all rows are read in one go", p.returncode == 0, p.stderr):
        for name in WINDOWS:
            check_figures(state, fresh, rows, name)
    check_told(state, receiver, check_alerts(state))
    check_metrics(state, folder)
    if os.environ.get("KEEP"):
        shutil.copytree(folder, os.environ["KEEP"], dirs_exist_ok=True)
    return end()


sys.exit(main())
