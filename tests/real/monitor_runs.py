"""Points that we write into a monitor's run, read by MLflow's own client, and written by both in turn:
a twin run gets the same points in the same order from the client alone, and both must read the same.
In databases, folders and at servers.
"""
import logging
import math
import os
import subprocess
import sys
import tarfile
import time
import warnings

warnings.filterwarnings("ignore")
os.environ.update(MLFLOW_ALLOW_FILE_STORE="true", MLFLOW_ENABLE_ASYNC_LOGGING="false",
                  MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_HTTP_REQUEST_MAX_RETRIES="2")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
logging.disable(logging.CRITICAL)
import lib_servers  # noqa: E402
from lib_servers import NEWEST, OLDER, Server  # noqa: E402
from lib_tap import end, ok, skip, tap  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.entities import Metric  # noqa: E402

OBJ = os.path.abspath(os.path.join(lib_servers.ROOT, os.environ.get("OBJ", "build/obj-plain")))
DRIVER = os.path.join(OBJ, "tests", "real", "monitor_points")
KEYS = ["drift.psi.amount", "drift.ks/부산 a_b-c", "drift.max"]
ODD = [float("nan"), float("inf"), float("-inf"), 5e-324, 0.1, -1.7976931348623157e308, 1 / 3, 1e22]


def write(store, points, run="", monitor="daily"):
    lines = "".join(f"{k}\t{v!r}\t{t}\t{s}\n" for k, v, t, s in points)
    p = subprocess.run([DRIVER, store, "fraud", monitor, *([run] if run else [])], input=lines,
                       capture_output=True, text=True, timeout=120)
    if p.returncode:
        raise RuntimeError(p.stderr)
    return p.stdout.strip()


def log(client, run, points):
    for first in range(0, len(points), 1000):
        client.log_batch(run, metrics=[Metric(k, v, t, s) for k, v, t, s in points[first:first + 1000]])


def windows(first, last):
    return [(k, ODD[(w + i) % len(ODD)], 1700000000000 + 60000 * w, w)
            for w in range(first, last) for i, k in enumerate(KEYS)]


def same(v):
    """A value that can be compared: infinities as a database gives them back."""
    return "nan" if math.isnan(v) else max(min(v, sys.float_info.max), -sys.float_info.max)


def history(client, run):
    return {k: sorted([m.step, m.timestamp, str(same(m.value))] for m in client.get_metric_history(run, k))
            for k in KEYS}


def latest(client, run):
    return {k: str(same(v)) for k, v in client.get_run(run).data.metrics.items()}


def shape(run):
    """All of a run that does not belong to it alone."""
    i = run.info
    tags = {k: v for k, v in run.data.tags.items() if not k.startswith("ncmlops.")}
    return {"status": i.status, "stage": i.lifecycle_stage, "user": i.user_id, "name": i.run_name,
            "experiment": i.experiment_id, "end": i.end_time, "tags": tags,
            "artifacts": i.artifact_uri.replace(i.run_id, "RUN"), "params": run.data.params}


def check(what, client, store):
    first = windows(0, 40)
    run = write(store, first)
    ours = client.get_run(run)
    twin = client.create_run(ours.info.experiment_id, start_time=int(time.time() * 1000),
                             run_name="fraud/daily",
                             tags={"mlflow.user": "ann", "mlflow.source.name": "ncmlops",
                                   "mlflow.source.type": "LOCAL"}).info.run_id
    tap(f"{what}: our run is as the client makes one", shape(client.get_run(twin)), shape(ours))
    tap(f"{what}: it says whose it is", ["ncmlops-monitors", "fraud/daily"],
        [client.get_experiment(ours.info.experiment_id).name, ours.data.tags["ncmlops.monitor"]])
    log(client, twin, first)
    tap(f"{what}: the client reads every point as we wrote it", history(client, twin), history(client, run))
    tap(f"{what}: … and the same latest values", latest(client, twin), latest(client, run))

    theirs = [(k, 7.5, 1700000000000 + 60000 * w, w) for w in (50, 45, 60) for k in KEYS]
    later = windows(40, 58)
    for r in (run, twin):
        log(client, r, theirs)
    again = write(store, first[-30:] + later)
    tap(f"{what}: who forgot the run finds it again", run, again)
    there = {(k, t, s) for k, _, t, s in theirs}
    log(client, twin, [p for p in later if (p[0], p[2], p[3]) not in there])
    tap(f"{what}: both in turn leave what the client alone leaves", [history(client, twin), latest(client, twin)],
        [history(client, run), latest(client, run)])

    many = [("drift.max", i / 7, 1710000000000 + i, 100 + i) for i in range(5000)]
    began = time.monotonic()
    write(store, many, run)
    took = time.monotonic() - began
    tap(f"{what}: five thousand points ({took:.1f} s) are all there", len(many) + 59,
        len(client.get_metric_history(run, "drift.max")))
    write(store, many[-100:] + [("drift.max", 1.0, 1720000000000, 9000)], run)
    tap(f"{what}: a killed watcher doubles none of them", len(many) + 60,
        len(client.get_metric_history(run, "drift.max")))

    client.set_terminated(run, "FINISHED")
    new = write(store, windows(70, 71), run)
    ok(f"{what}: a run that has ended gets no more", new != run
       and len(client.get_metric_history(run, "drift.max")) == len(many) + 60)
    client.delete_run(new)
    ok(f"{what}: nor does one that was deleted", write(store, windows(70, 71), new) not in (run, new))
    tap(f"{what}: another monitor has its own", "fraud/hourly",
        client.get_run(write(store, windows(0, 1), monitor="hourly")).data.tags["ncmlops.monitor"])


def main():
    folder = lib_servers.scratch()
    os.chdir(folder)
    if not os.access(DRIVER, os.X_OK):
        print("1..0 # SKIP monitor_points is not built")
        return 0
    path = os.path.join(folder, "mlflow.db")
    client = MlflowClient(f"sqlite:///{path}")
    client.search_experiments(max_results=1)
    check("database", client, path)
    path = os.path.join(folder, "files", "mlruns")
    client = MlflowClient(path)
    client.search_experiments(max_results=1)
    check("folder", client, path)
    if os.path.isdir(lib_servers.FIXTURES):  # we come first, then the client, which migrates it
        path = lib_servers.fixture("mlflow-1.30.1.db", folder)
        write(path, windows(0, 20))
        client = MlflowClient(f"sqlite:///{path}")
        client.search_experiments(max_results=1)
        check("database of 1.30", client, path)
    with tarfile.open(os.path.join(lib_servers.ROOT, "tests", "fixtures", "mlruns-1.30.1.tar.gz")) as t:
        t.extractall(os.path.join(folder, "old"), filter="data")
    path = os.path.join(folder, "old", "mlruns")
    check("folder of 1.30", MlflowClient(path), path)
    for release, version in (("3.17.2", NEWEST), ("2.22.5", OLDER)):
        try:
            server = Server(os.path.join(folder, f"served-{release}.db"), version)
        except lib_servers.Unavailable as e:
            skip(f"server {release}", e)
            continue
        check(f"server {release}", MlflowClient(server.url), server.url)
        server.stop()
    return end()


sys.exit(main())
