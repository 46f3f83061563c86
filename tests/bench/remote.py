"""Benchmarks over REST, beside MLflow's client on the same server in the same run: rows of large
stores, a sort by a metric, what an idle and a busy minute cost a server, keys while pages load.

Servers come from the test bed (tests/real/lib_servers.py); a proxy of ours counts what passes."""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "real"))
import lib_servers  # noqa: E402  (adds tests/lib)
import stores  # noqa: E402
from screen import Watched  # noqa: E402
from terminal import Terminal  # noqa: E402

# Printed by a program with MLflow's client: seconds to the first page and to all of them.
CLIENT = """
import json, sys, time
from mlflow import MlflowClient
c = MlflowClient(sys.argv[1])
ids = [e.experiment_id for e in c.search_experiments()]
orders = sys.argv[4:]
t, token, n, first = time.monotonic(), None, 0, None
while True:
    page = c.search_runs(ids, max_results=int(sys.argv[2]), order_by=orders or None, page_token=token)
    n, token = n + len(page), page.token
    first = first or time.monotonic() - t
    if not token or n >= int(sys.argv[3]):
        break
print("RESULT", json.dumps([first, time.monotonic() - t, n]))
"""

# Two runs that log three metrics a second each for so many seconds.
LIVE = """
import sys, time
from mlflow import MlflowClient
from mlflow.entities import Metric
c = MlflowClient(sys.argv[1])
runs = [c.create_run("1", run_name="live-%d" % i).info.run_id for i in range(2)]
print("LIVE", flush=True)
end, step = time.monotonic() + float(sys.argv[2]), 0
while time.monotonic() < end:
    for r in runs:
        c.log_batch(r, [Metric(k, 1 / (step + 1), int(time.time() * 1000), step) for k in ("loss", "accuracy", "metric_2")])
    step += 1
    time.sleep(max(0, 1 - time.monotonic() % 1))
for r in runs:
    c.set_terminated(r)
"""


def mlflow_python():
    return lib_servers.python_of(lib_servers.NEWEST)


def client_env():
    return {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_HTTP_REQUEST_TIMEOUT": "600",
            "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0", "GIT_PYTHON_REFRESH": "quiet",
            "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true"}


def client(url, page, most, *orders, seconds=900):
    """(first, all, rows) of MLflow's client; None where no answer comes in so many seconds."""
    try:
        p = subprocess.run([mlflow_python(), "-c", CLIENT, url, str(page), str(most), *orders], env=client_env(),
                           capture_output=True, text=True, timeout=seconds, check=False)
        return json.loads(p.stdout.split("RESULT")[1])
    except (subprocess.TimeoutExpired, IndexError):
        return None


def served(program, runs):
    """A server of a copy of the store with so many runs."""
    folder = tempfile.mkdtemp(prefix="ncmlops-bench-rest-")
    atexit.register(shutil.rmtree, folder, True)
    store = os.path.join(folder, "mlflow.db")
    shutil.copyfile(stores.runs(program, runs), store)
    return lib_servers.Server(store)


class Remote:
    """The benchmarks; say() prints a row, number() a figure."""

    def __init__(self, program, env, say, number):
        self.program, self.env, self.say, self.number = program, env, say, number
        self.at = {}

    def server(self, runs):
        """One at a time: each costs a gigabyte."""
        if runs not in self.at:
            for old in list(self.at):
                self.at.pop(old).stop()
            self.at[runs] = served(self.program, runs)
        return self.at[runs]

    def headless(self, url, *args):
        """(seconds to the first line, to the end, lines)"""
        t = time.monotonic()
        p = subprocess.Popen([self.program, "--store", url, "--timeout", "3600", "-o", "jsonl", *args],
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, **self.env})
        first, n = None, 0
        for _ in p.stdout:
            first = first or time.monotonic() - t
            n += 1
            if n % 10000 == 0:
                print("  … %d rows after %.0f s" % (n, time.monotonic() - t), file=sys.stderr, flush=True)
        if p.wait() != 0:
            raise RuntimeError(p.stderr.read().decode())
        return first, time.monotonic() - t, n

    def rows(self, runs):
        server, label = self.server(runs), f"{runs:,} runs over REST"
        fresh = {**self.env, "XDG_STATE_HOME": tempfile.mkdtemp(dir=self.env["HOME"])}  # nothing kept
        client(server.url, 50, 50)  # a server's very first answer takes a second
        t = Terminal([self.program, "--store", server.url], 45, 160, env=fresh)
        first = t.wait(r"run-\d{7}", 120) - t.start
        t.close()
        again = Terminal([self.program, "--store", server.url], 45, 160, env=fresh)
        kept = again.wait(r"run-\d{7}", 120) - again.start
        again.close()
        theirs = client(server.url, 1000, runs)
        newest = client(server.url, 50, 50)
        self.say(f"{label}: first rows on screen", self.number(first * 1e3), "ms", "–",
                 "MLflow's client, 50 rows: %s ms" % (newest and self.number(newest[0] * 1e3)))
        self.say(f"{label}: first rows on the next start", self.number(kept * 1e3), "ms", "150")
        _, ours, n = self.headless(server.url, "runs", "--limit", "0")
        self.say(f"{label}: all {n:,} rows", self.number(ours), "s", "the client's",
                 "MLflow's client, pages of 1000: %s" % (
                     "no answer" if theirs is None else "%s s, %d rows  ratio %.2f" % (
                         self.number(theirs[1]), theirs[2], ours / theirs[1])))

    def sort(self, runs=20_000):
        server = self.server(runs)
        _, ours, _ = self.headless(server.url, "runs", "--order-by", "metrics.accuracy DESC", "--limit", "50")
        theirs = client(server.url, 50, 50, "metrics.accuracy DESC", seconds=240)
        self.say(f"{runs:,} runs over REST: sorted by a metric, 50 shown", self.number(ours), "s", "the client's",
                 "MLflow's client, sorted by the server: %s" % (
                     "no answer in 240 s" if theirs is None else "%s s" % self.number(theirs[1])))
        self.at.pop(runs).stop()  # it may still be sorting for the client

    def minute(self, proxy, screen, name, target):
        proxy.clear()
        end = time.monotonic() + 60
        while time.monotonic() < end:
            screen.pump(0.2)
        up, down = proxy.bytes()
        self.say(name, "%s / %d" % (self.number((up + down) / 1000), proxy.count()), "kB / requests", target)

    def minutes(self):
        server = self.server(10_000)
        proxy = lib_servers.front(server)
        t = Terminal([self.program, "--store", proxy.url], 45, 160, env=self.env)
        t.wait(r"run-\d{7}", 60)
        t.send(b"\r")
        t.settle(3, 30)
        self.minute(proxy, t, "a quiet minute, somebody there: bytes and requests", "–")
        live = subprocess.Popen([mlflow_python(), "-c", LIVE, server.url, "75"], env=client_env(),
                                stdout=subprocess.PIPE, text=True)
        live.stdout.readline()
        t.wait("live-1", 60)
        t.send(b"j")
        t.settle(2, 10)
        self.minute(proxy, t, "a minute with two live runs: bytes and requests", "–")
        live.wait()
        t.close()
        minutes = float(os.environ.get("BENCH_IDLE_MINUTES", "0"))
        if minutes > 0:
            self.idle(proxy, minutes)
        proxy.stop()

    def idle(self, proxy, minutes):
        """Nobody has pressed a key for so long: from a quarter of an hour on it is idle."""
        t = Terminal([self.program, "--store", proxy.url], 45, 160, env=self.env)
        t.wait(r"run-\d{7}", 60)
        end = time.monotonic() + minutes * 60
        while time.monotonic() < end:
            t.pump(1)
        self.minute(proxy, t, "an idle minute, %g minutes after the last key" % minutes, "–")
        t.close()

    def keys(self):
        """60 keys held at 30 a second over 64 kbit/s, while the pages in view are asked for anew."""
        server = self.server(10_000)
        fresh = {**self.env, "XDG_STATE_HOME": tempfile.mkdtemp(dir=self.env["HOME"])}
        thin = Watched([self.program, "--store", server.url], 45, 160, env=fresh, bytes_per_s=8000)
        thin.until(r"run-0009999", 120)
        thin.send(b"\r")
        thin.until(r"│▸.*run-0009999", 60)
        thin.settle(1.0, 20)
        size = len(thin.data)
        for i in range(60):
            thin.send(b"u" if i % 20 == 0 else b"")
            thin.send(b"j")
            last = time.monotonic()
            while time.monotonic() < last + 1 / 30:
                thin.pump(last + 1 / 30 - time.monotonic())
        thin.until(r"│▸.*run-0009939", 60)
        lag = time.monotonic() - last
        self.say("60 keys at 30/s over 64 kbit/s, pages loading: lag at the end", self.number(lag * 1e3), "ms", "500",
                 "%d bytes" % (len(thin.data) - size))
        thin.close()

    def all(self):
        out = {"rest-10k": lambda: self.rows(10_000), "rest-minutes": self.minutes, "rest-keys": self.keys,
               "rest-sort": self.sort}
        if os.environ.get("BENCH_BIG", "1") != "0":
            out["rest-100k"] = lambda: self.rows(100_000)
        return out
