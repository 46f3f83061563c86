"""A file store of many runs: ncmlops beside MLflow's client on the same folder.

files.py [RUNS (20000)] [FOLDER]: makes the store where FOLDER does not hold one. Needs a Python with
MLflow for the second column, which is left out without.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from files_store import make  # noqa: E402

BIN = os.environ.get("NCMLOPS_BIN", "build/ncmlops")
QUESTIONS = [("newest 50", 50, []), ("all", 50000, []),
             ("50 by a metric", 50, ["metrics.m0 DESC"])]


def ours(store, limit, orders):
    began = time.monotonic()
    subprocess.run([BIN, "--store", store, "-o", "jsonl", "runs", "--limit",
                    str(limit if limit < 50000 else 0)] + [f"--order-by={o}" for o in orders],
                   stdout=subprocess.DEVNULL, check=True)
    return time.monotonic() - began


def theirs(store):
    os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
    try:
        from mlflow.tracking import MlflowClient
    except ImportError:
        return None
    client = MlflowClient(tracking_uri=f"file://{store}")
    experiments = [e.experiment_id for e in client.search_experiments()]

    def ask(limit, orders):
        began = time.monotonic()
        client.search_runs(experiments, max_results=limit, order_by=orders)
        return time.monotonic() - began
    return ask


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20000
    folder = sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp(prefix="ncmlops-bench-")
    store = os.path.join(os.path.abspath(folder), "mlruns")
    if not os.path.isdir(store):
        make(store, runs)
    ask = theirs(store)
    ours(store, 50, [])  # warm
    for name, limit, orders in QUESTIONS:
        mine = min(ours(store, limit, orders) for _ in range(3))
        line = f"{name:16} {mine:8.2f} s"
        if ask is not None:
            line += f"   MLflow's client {ask(limit, orders):8.2f} s"
        print(line, flush=True)
    if len(sys.argv) <= 2:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
