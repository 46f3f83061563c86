"""Two ncmlops promote against each other while MLflow's own client moves the same versions about:
whoever loses is told of a conflict and writes nothing; never do two versions hold Production, and
the audit agrees with what is in the store."""
import contextlib
import json
import logging
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

SHARED = os.path.abspath(os.environ.get("NCMLOPS_SHARED", "../shared"))
PROGRAM = os.path.abspath(os.environ.get("NCMLOPS_BIN", "build/ncmlops"))
SECONDS = float(os.environ.get("RACE_SECONDS", "12"))
MODEL = "archive-swap"


def ask(store, sql, *args):
    with contextlib.closing(sqlite3.connect(store, timeout=20)) as db:
        return db.execute(sql, args).fetchall()


def promoter(store, seed, end, codes, problems):
    rng = random.Random(seed)
    while time.monotonic() < end:
        p = subprocess.run([PROGRAM, "--store", store, "--yes", "promote", MODEL, rng.choice("1234"),
                            "Production", "--archive-existing"], capture_output=True, text=True)
        codes[p.returncode] = codes.get(p.returncode, 0) + 1
        if p.returncode not in (0, 6):
            problems.append(f"exit {p.returncode}: {p.stderr.strip()}")


def watcher(store, end, problems):
    while time.monotonic() < end:
        now = ask(store, "SELECT version FROM model_versions WHERE name=? AND"
                         " current_stage='Production'", MODEL)
        if len(now) > 1:
            problems.append(f"{now} hold Production at once")
            return


def mlflow_mover(store, end, moved, problems):
    from mlflow.tracking import MlflowClient
    client = MlflowClient(f"sqlite:///{store}", f"sqlite:///{store}")
    rng = random.Random(3)
    while time.monotonic() < end:
        try:
            client.transition_model_version_stage(MODEL, rng.choice("1234"),
                                                  rng.choice(["None", "Staging", "Archived"]))
            moved.append(1)
        except Exception as e:  # whatever it is, MLflow must not be disturbed by us
            problems.append(f"MLflow: {e}")


def check(store):
    records = json.loads(subprocess.run([PROGRAM, "--store", store, "-o", "json", "audit"],
                                        capture_output=True, text=True).stdout)
    marks = {k.split(".")[2] for (k,) in ask(
        store, "SELECT key FROM model_version_tags WHERE key LIKE 'ncmlops.transition.%'")}
    problems = [f"{r['id']} says {r['result']}" for r in records
                if (r["result"] == "done") != (r["id"] in marks)]
    whole = subprocess.run([PROGRAM, "--store", store, "audit", "verify"], capture_output=True,
                           text=True)
    return problems + ([] if whole.returncode == 0 else [whole.stdout + whole.stderr])


def main():
    source = os.path.join(SHARED, "fixtures", "mlflow", "mlflow-3.17.2.db")
    if not os.path.isfile(source):
        print("1..0 # SKIP the stores of real MLflow releases are not here")
        return 0
    logging.disable(logging.CRITICAL)
    codes, problems, moved = {}, [], []
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "mlflow.db")
        shutil.copyfile(source, store)
        os.chmod(store, 0o600)
        import mlflow.tracking  # noqa: F401  (takes seconds: before the race)
        end = time.monotonic() + SECONDS
        threads = [threading.Thread(target=promoter, args=(store, s, end, codes, problems))
                   for s in (1, 2)]
        threads += [threading.Thread(target=watcher, args=(store, end, problems)),
                    threading.Thread(target=mlflow_mover, args=(store, end, moved, problems))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        problems += check(store)
    if not codes.get(0) or not moved:
        problems.append("there was no race")
    for line in problems[:10]:
        print("#", line)
    print(f"{'not ok' if problems else 'ok'} 1 - {codes.get(0, 0)} promotions, {codes.get(6, 0)}"
          f" conflicts, {len(moved)} moves by MLflow")
    print("1..1")
    return 1 if problems else 0


sys.exit(main())
