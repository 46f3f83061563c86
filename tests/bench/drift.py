"""Drift beside what others need for it: whole tables (Evidently, NannyML, pandas, scipy on the same
files in the same run), a log that is followed while lines come, a log larger than memory, idling.

Tables and environments are made once in NCMLOPS_BENCH_CACHE (default ~/.cache/ncmlops-bench), never
in the tree. NCMLOPS_EVIDENTLY_PYTHON and NCMLOPS_NANNYML_PYTHON name a Python that has them, else one
is made with pip; NCMLOPS_BENCH_LARGE=1 adds ten million rows, NCMLOPS_BENCH_LOG_GB sizes the log."""
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "lib"))
import stores  # noqa: E402
from screen import Watched  # noqa: E402

FOLDER = os.environ.get("NCMLOPS_BENCH_CACHE", os.path.join(
    os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "ncmlops-bench"))
PATIENCE_S = 600
WORDS = ["amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heath"]
LABELS = {10**5: "100,000", 10**6: "1,000,000", 10**7: "10,000,000"}

EVIDENTLY = """
import sys
import pandas as pd
from evidently import Report
from evidently.presets import DataDriftPreset
a, b = (pd.read_csv(p) for p in sys.argv[1:3])
print(len(Report([DataDriftPreset()]).run(b, a).dict()["metrics"]))
"""
NANNYML = """
import sys
import pandas as pd
import nannyml as nml
a, b = (pd.read_csv(p) for p in sys.argv[1:3])
c = nml.UnivariateDriftCalculator(column_names=list(a.columns), chunk_number=10,
                                  continuous_methods=["kolmogorov_smirnov", "wasserstein"],
                                  categorical_methods=["jensen_shannon"])
print(len(c.fit(a).calculate(b).to_df()))
"""
PANDAS = """
import sys
import pandas as pd
print(sum(len(pd.read_csv(p)) for p in sys.argv[1:3]))
"""
SCIPY = """
import sys
import numpy as np
import pandas as pd
from scipy import stats
a, b = (pd.read_csv(p) for p in sys.argv[1:3])
for c in a.columns:
    if a[c].dtype == object:
        continue
    x, y = a[c].to_numpy(), b[c].to_numpy()
    edges = np.quantile(x, np.linspace(0, 1, 11))
    edges[0], edges[-1] = -np.inf, np.inf
    p, q = (np.maximum(np.histogram(v, edges)[0] / len(v), 1e-4) for v in (x, y))
    print(c, stats.ks_2samp(x, y, method="asymp").statistic, stats.wasserstein_distance(x, y),
          ((q - p) * np.log(q / p)).sum())
"""
PACKAGES = {"evidently": ["evidently==0.7.23", "pandas<3"],
            "nannyml": ["nannyml==0.13.1", "statsmodels"]}


def python_with(package):
    """A Python that has the package, made where there is none; None where it cannot be had."""
    own = os.path.join(FOLDER, "venv-" + package, "bin", "python")
    for python in (os.environ.get("NCMLOPS_%s_PYTHON" % package.upper()), own):
        if python and os.path.exists(python) and subprocess.run(
                [python, "-c", "import " + package], check=False,
                stderr=subprocess.DEVNULL).returncode == 0:
            return python
    for argv in ([sys.executable, "-m", "venv", os.path.dirname(os.path.dirname(own))],
                 [own, "-m", "pip", "install", "-q", *PACKAGES[package]]):
        if subprocess.run(argv, check=False, stdout=subprocess.DEVNULL).returncode != 0:
            return None
    return own


def table(side, rows, columns=25):
    """A CSV of numbers (every fifth column: words); the current side drifts in every third."""
    path = os.path.join(FOLDER, "drift-%s-%d-%d.csv" % (side, rows, columns))
    if os.path.exists(path):
        return path
    os.makedirs(FOLDER, exist_ok=True)
    rand = random.Random(7 if side == "reference" else 8)
    shift = [0.3 if side == "current" and i % 3 == 0 else 0.0 for i in range(columns)]
    words = [i % 5 == 4 for i in range(columns)]
    with open(path + ".part", "w", encoding="ascii") as f:
        f.write(",".join(("word_%d" if w else "number_%d") % i for i, w in enumerate(words)) + "\n")
        for _ in range(rows):
            f.write(",".join(
                WORDS[int(rand.random() ** (1 + s) * 8)] if w else "%.12g" % rand.gauss(10 + s, 2)
                for w, s in zip(words, shift)) + "\n")
    os.rename(path + ".part", path)
    return path


def spent(argv, env=None, seconds=PATIENCE_S):
    """CPU and wall seconds, most MB and the output of a command; None where it takes too long."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE,
                              env={**os.environ, **(env or {})}) as p:
            usage = None
            while usage is None:
                pid, status, got = os.wait4(p.pid, os.WNOHANG)
                if pid:
                    usage = got
                elif time.monotonic() - began > seconds:
                    p.kill()
                    os.wait4(p.pid, 0)
                    p.returncode = -signal.SIGKILL
                    return None
                else:
                    time.sleep(0.002)
            p.returncode = os.waitstatus_to_exitcode(status)
            fault = p.stderr.read().decode(errors="replace")
        if p.returncode not in (0, 10):
            raise RuntimeError("%s: %s" % (argv[:3], fault[-400:]))
        out.seek(0)
        return {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.monotonic() - began,
                "mb": usage.ru_maxrss / 1024, "out": out.read()}


def free_gb(folder):
    st = os.statvfs(folder)
    return st.f_bavail * st.f_frsize / 1e9


WRITER = """
import sys, time
path, rate, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
tails = ['%s}\\n' % ",".join('"f%d":%.6f' % (k, ((i * 7919 + k * 104729) % 100003) / 1e4)
                             for k in range(10)) for i in range(5000)]
sent, began = 0, time.time()
with open(path, "a", buffering=1 << 20) as f:
    while time.time() - began < seconds:
        now = time.time()
        due = int((now - began) * rate)
        head = '{"timestamp":%d,' % (now * 1000)
        f.write("".join(head + tails[i % 5000] for i in range(sent, due)))
        f.flush()
        sent = due
        time.sleep(max(0.0, 0.02 - (time.time() - now)))
print(sent)
"""


def log_lines(path, n, start_ms, step_ms, seed=3):
    """Lines of ten features, one every step_ms."""
    rand = random.Random(seed)
    with open(path, "w", encoding="ascii") as f:
        for i in range(n):
            f.write('{"timestamp":%d,%s}\n' % (start_ms + i * step_ms, ",".join(
                '"f%d":%.6f' % (k, rand.random() * 10) for k in range(10))))


class Watch:
    """`drift watch` in a folder of its own, on a log that is there or will come."""

    def __init__(self, program, window, follow=True, empty_store=None):
        self.folder = tempfile.mkdtemp(prefix="ncmlops-drift-")
        self.program = program
        self.log = os.path.join(self.folder, "log.jsonl")
        self.store = os.path.join(self.folder, "mlflow.db")
        if empty_store:
            shutil.copyfile(empty_store, self.store)
        reference = os.path.join(self.folder, "reference.jsonl")
        log_lines(reference, 20_000, 1_700_000_000_000, 10)
        os.makedirs(os.path.join(self.folder, "ncmlops"))
        with open(os.path.join(self.folder, "ncmlops", "config.yaml"), "w", encoding="ascii") as f:
            f.write("current-context: bench\ncontexts:\n  bench:\n    tracking:\n      uri: %s\n"
                    "    models:\n      m:\n        monitors:\n          - name: rows\n"
                    "            reference: %s\n            current: %s\n            follow: %s\n"
                    "            record: no\n            window: %s\n"
                    % (self.store, reference, self.log, "yes" if follow else "no", window))
        self.env = {"HOME": self.folder, "XDG_CONFIG_HOME": self.folder,
                    "XDG_STATE_HOME": self.folder, "TZ": "UTC"}
        self.child = None

    def argv(self, *more):
        return [self.program, "drift", "watch", *more]

    def begin(self, *more):
        self.child = subprocess.Popen(self.argv(*more), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, env={**os.environ, **self.env})
        os.set_blocking(self.child.stdout.fileno(), False)

    def cpu_s(self):
        with open("/proc/%d/schedstat" % self.child.pid, encoding="ascii") as f:
            own = int(f.read().split()[0]) / 1e9
        for task in os.listdir("/proc/%d/task" % self.child.pid):
            if int(task) != self.child.pid:
                with open("/proc/%d/task/%s/schedstat" % (self.child.pid, task),
                          encoding="ascii") as f:
                    own += int(f.read().split()[0]) / 1e9
        return own

    def status(self, key):
        with open("/proc/%d/status" % self.child.pid, encoding="ascii") as f:
            return int(next(x for x in f if x.startswith(key)).split()[1])

    def close(self):
        if self.child is not None:
            self.child.terminate()
            self.child.wait()
            self.child.stdout.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Drift:
    def __init__(self, program, env, say, number):
        self.program, self.env, self.say, self.number = program, env, say, number

    def check(self, reference, current):
        return spent([self.program, "drift", "check", "--reference", reference, "--current", current,
                      "-o", "json"], self.env)

    def row(self, what, mine, rivals, target=""):
        n = self.number
        told = ["%s: over %d min" % (name, PATIENCE_S // 60) if r is None else
                "%s %s s, %s MB (%s x)" % (name, n(r["cpu"]), n(r["mb"]), n(r["cpu"] / mine["cpu"]))
                for name, r in rivals]
        self.say(what, "%s s, %s" % (n(mine["cpu"]), n(mine["mb"])), "MB", target, "; ".join(told))

    def bench_tables(self, rows, target="", patient=True):
        a, b = table("reference", rows), table("current", rows)
        evidently, nannyml = python_with("evidently"), python_with("nannyml")
        self.check(a, b)  # the files come into memory for everybody
        mine = min((self.check(a, b) for _ in range(3)), key=lambda r: r["cpu"])
        rivals = []
        for name, python, code in (("Evidently", evidently, EVIDENTLY), ("NannyML", nannyml, NANNYML),
                                   ("pandas, read only", evidently, PANDAS),
                                   ("pandas and scipy", evidently, SCIPY)):
            if python and (patient or code == PANDAS):
                rivals.append((name, spent([python, "-c", code, a, b])))
        size = (os.path.getsize(a) + os.path.getsize(b)) / 1e6
        self.row("drift of %s rows x 25 columns, %.0f MB: CPU, memory" % (LABELS[rows], size), mine,
                 rivals, target)

    def bench_pair(self):
        a, b = (table(side, 10**6, 1) for side in ("reference", "current"))
        python = python_with("evidently")
        mine = min((self.check(a, b) for _ in range(3)), key=lambda r: r["cpu"])
        self.row("one column of 1,000,000 rows: KS, W1, PSI", mine,
                 [("pandas and scipy", spent([python, "-c", SCIPY, a, b]))] if python else [])

    def bench_follow(self, rate, seconds=35):
        """Window ends are multiples of ten seconds; a window waits ten for late rows."""
        w = Watch(self.program, "10s")
        try:
            open(w.log, "w", encoding="ascii").close()
            w.begin("-o", "json")
            time.sleep(1)  # the reference is read
            with subprocess.Popen([sys.executable, "-c", WRITER, w.log, str(rate), str(seconds)],
                                  stdout=subprocess.PIPE) as writer:
                time.sleep(2)
                cpu, began, lag = w.cpu_s(), time.monotonic(), []
                while writer.poll() is None:
                    got = w.child.stdout.read() or b"\"end\":null"
                    if b"\"end\":null" not in got:
                        lag.append(time.time() % 10)
                    time.sleep(0.02)
                share = (w.cpu_s() - cpu) / (time.monotonic() - began)
                sent = int(writer.stdout.read())
            self.say("followed, %s lines/s: CPU of one core" % format(sent // seconds, ","),
                     self.number(share * 100), "%", "30" if rate <= 10_000 else "",
                     "%s us a line, most %s MB" % (self.number(share * 1e6 * seconds / sent),
                                                   self.number(w.status("VmHWM") / 1024)))
            if lag:
                self.say("followed: from a window's last chance to its figure",
                         self.number(1e3 * max(lag)), "ms", "1000")
        finally:
            w.close()

    def bench_screen(self, seconds=15):
        """The drift pane on a log that grows, and how soon it knows of a line."""
        w = Watch(self.program, "10s", empty_store=stores.template(self.program))
        t = None
        try:
            open(w.log, "w", encoding="ascii").close()
            t = Watched([self.program], 45, 160, env=w.env)
            t.until("ncmlops")
            t.settle(1)
            t.send(b"5")
            t.settle(2)
            sent = 0
            for rate in (10_000, 100_000):
                with subprocess.Popen([sys.executable, "-c", WRITER, w.log, str(rate), str(seconds)],
                                      stdout=subprocess.PIPE) as writer:
                    cpu, size, began = t.cpu_fine_ms(), len(t.data), time.monotonic()
                    while writer.poll() is None:
                        t.pump(0.1)
                    took = time.monotonic() - began
                    sent += int(writer.stdout.read())
                self.say("drift pane open, %s lines/s: CPU of one core" % format(rate, ","),
                         self.number((t.cpu_fine_ms() - cpu) / took / 10), "%", "",
                         "%s B/s to the terminal" % self.number((len(t.data) - size) / took))
                t.until(format(sent, ",") + " rows")
            lag = []
            for i in range(7):
                t.settle(0.3 + i * 0.1, 2)
                with open(w.log, "a", encoding="ascii") as f:
                    f.write(('{"timestamp":%d,"f0":1}\n' % (time.time() * 1000)) * 100)
                sent += 100
                lag.append(t.until(format(sent, ",") + " rows") * 1e3)
            self.say("drift pane: from a line to what the screen says (median / most)", "%s / %s" % (
                self.number(sorted(lag)[3]), self.number(max(lag))), "ms", "1000")
            self.say("drift pane: memory", self.number(t.memory_mb()), "MB", "")
        finally:
            if t is not None:
                t.close()
            w.close()

    def bench_idle(self, seconds=60):
        w = Watch(self.program, "1m")
        try:
            log_lines(w.log, 20_000, int(time.time() * 1000) - 200_000 * 10 - 300_000, 100)
            w.begin()
            time.sleep(15)
            cpu, wakes = w.cpu_s(), w.status("voluntary_ctxt_switches")
            time.sleep(seconds)
            self.say("watching a quiet log, a minute: CPU",
                     self.number((w.cpu_s() - cpu) / seconds * 100), "%", "0.1",
                     "%s wake-ups/s, %s MB" % (
                         self.number((w.status("voluntary_ctxt_switches") - wakes) / seconds),
                         self.number(w.status("VmRSS") / 1024)))
        finally:
            w.close()

    def bench_log(self):
        """A log larger than memory: a block again and again, so that windows of rows are its only ones."""
        w = Watch(self.program, "1000000 rows", follow=False,
                  empty_store=stores.template(self.program))
        try:
            gb = float(os.environ.get("NCMLOPS_BENCH_LOG_GB", "20"))
            gb = gb if free_gb(w.folder) > 1.5 * gb else 5
            log_lines(w.log, 200_000, 1_700_000_000_000, 10)
            with open(w.log, "rb") as f:
                block = f.read()
            with open(w.log, "ab") as f:
                for _ in range(int(gb * 1e9 / len(block))):
                    f.write(block)
            del block
            size = os.path.getsize(w.log) / 1e9
            took = spent(w.argv("--once", "-o", "json"), w.env, 3600)
            self.say("a log of %.0f GB, read to its end" % size, self.number(took["mb"]), "MB", "200",
                     "%s s, %s s of CPU, %s GB/s" % (
                         self.number(took["wall"]), self.number(took["cpu"]),
                         self.number(size / took["wall"])))
            os.remove(os.path.join(w.folder, "mlflow.ncmlops.db"))  # as if never read
            t = Watched([self.program], 45, 160, env=w.env)
            t.until("ncmlops")
            t.settle(1)
            t.send(b"5")
            self.say("the same log: first figures on screen",
                     self.number(t.until(r"f\d .*0\.\d+ +>") * 1e3), "ms", "1000")
            t.close()
        finally:
            w.close()

    def all(self):
        benches = {
            "drift-100k": lambda: self.bench_tables(10**5, "0.3 s"),
            "drift-1m": lambda: self.bench_tables(10**6, "3 s, 450 MB"),
            "drift-pair": self.bench_pair,
            "drift-follow": lambda: self.bench_follow(10_000),
            "drift-flood": lambda: self.bench_follow(100_000),
            "drift-screen": self.bench_screen,
            "drift-idle": self.bench_idle,
        }
        if os.environ.get("NCMLOPS_BENCH_LARGE"):
            benches["drift-10m"] = lambda: self.bench_tables(10**7, patient=False)
            benches["drift-log"] = self.bench_log
        return benches
