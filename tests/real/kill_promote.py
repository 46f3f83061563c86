"""`kill -9` while promoting, at random moments, hundreds of times: the registry and the audit must
agree about every attempt, exactly one version holds Production at any time, the chain stays whole
and MLflow's own client reads the store."""
import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

SHARED = os.path.abspath(os.environ.get("NCMLOPS_SHARED", "../shared"))
PROGRAM = os.path.abspath(os.environ.get("NCMLOPS_BIN", "build/ncmlops"))
COUNT = int(os.environ.get("KILLS", "400"))
MODEL = "archive-swap"


def command(store, *args):
    return [PROGRAM, "--store", store, "--yes", "-o", "json", *args]


def run(store, *args):
    return subprocess.run(command(store, *args), capture_output=True, text=True, timeout=60)


def holders(store):
    with sqlite3.connect(store) as db:
        return [str(v) for (v,) in db.execute(
            "SELECT version FROM model_versions WHERE name=? AND current_stage='Production'",
            (MODEL,))]


def marks(store):
    with sqlite3.connect(store) as db:
        return {k.split(".")[2] for (k,) in db.execute(
            "SELECT key FROM model_version_tags WHERE name=? AND key LIKE 'ncmlops.transition.%'",
            (MODEL,))}


def usual_time(store):
    took = []
    for version in "1234":
        begin = time.monotonic()
        run(store, "promote", MODEL, version, "Production", "--archive-existing")
        took.append(time.monotonic() - begin)
    return sorted(took)[2]


def kill_many(store, rng):
    """Returns how many died; a problem ends it."""
    span = usual_time(store)
    died = 0
    for i in range(COUNT):
        version = rng.choice([v for v in "1234" if v not in holders(store)])
        p = subprocess.Popen(command(store, "promote", MODEL, version, "Production",
                                     "--archive-existing", "--reason", f"try {i}"),
                             stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        try:
            p.wait(timeout=rng.uniform(0, span * 1.3))
        except subprocess.TimeoutExpired:
            p.send_signal(signal.SIGKILL)
            p.wait()
        died += p.returncode == -signal.SIGKILL
        if p.returncode not in (0, -signal.SIGKILL):
            return died, f"exit {p.returncode}: {p.stderr.read().decode().strip()}"
        now = holders(store)
        if len(now) != 1:
            return died, f"after attempt {i} Production is held by {now}"
        if p.returncode == 0 and now != [version]:
            return died, f"attempt {i} says done, but {now} holds Production, not {version}"
    return died, None


def check(store):
    """What the audit says of every attempt against the marks in the store."""
    problems = []
    p = run(store, "audit", "verify")
    if p.returncode != 0:
        problems.append(f"the chain is broken: {p.stdout} {p.stderr}")
    listed = run(store, "audit")
    if listed.returncode != 0:
        return problems + [f"audit: {listed.stderr}"], {}
    records = json.loads(listed.stdout)
    there = marks(store)
    results = {}
    for r in records:
        results[r["result"]] = results.get(r["result"], 0) + 1
        if (r["result"] == "done") != (r["id"] in there):
            problems.append(f"record {r['id']} says {r['result']}, its mark is"
                            f" {'there' if r['id'] in there else 'not there'}")
        if r["result"] not in ("done", "failed"):
            problems.append(f"record {r['id']} says {r['result']}")
    for mark in there - {r["id"] for r in records}:
        problems.append(f"the change {mark} is in the store and not in the audit")
    return problems, results


def main():
    source = os.path.join(SHARED, "fixtures", "mlflow", "mlflow-3.17.2.db")
    if not os.path.isfile(source):
        print("1..0 # SKIP the stores of real MLflow releases are not here")
        return 0
    rng = random.Random(int(os.environ.get("SEED", "1")))
    with tempfile.TemporaryDirectory() as folder:
        store = os.path.join(folder, "mlflow.db")
        shutil.copyfile(source, store)
        os.chmod(store, 0o600)
        died, problem = kill_many(store, rng)
        problems, results = check(store)
        problems += [problem] if problem else []
        for line in problems[:10]:
            print("#", line)
        print(f"{'not ok' if problems else 'ok'} 1 - {COUNT} promotions, {died} killed:"
              f" the audit tells the truth {results}")
        from mlflow.tracking import MlflowClient
        client = MlflowClient(f"sqlite:///{store}", f"sqlite:///{store}")
        seen = [v.version for v in client.search_model_versions(f"name='{MODEL}'")
                if v.current_stage == "Production"]
        good = [str(v) for v in seen] == holders(store)
        print(f"{'ok' if good else 'not ok'} 2 - MLflow reads the same: {seen}")
    print("1..2")
    return 0 if good and not problems else 1


sys.exit(main())
