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

# Preloaded: ends the process at its n-th write, sync or unlink, as a kill from outside would.
KILLER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
static void tick(void)
{
    static int left = -1;
    if (left < 0)
        left = atoi(getenv("KILL_AT"));
    if (--left == 0)
        kill(getpid(), SIGKILL);
}
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at) { tick(); return NEXT(pwrite64)(fd, p, n, at); }
ssize_t pwrite(int fd, const void *p, size_t n, off_t at) { tick(); return NEXT(pwrite)(fd, p, n, at); }
int fsync(int fd) { tick(); return NEXT(fsync)(fd); }
int fdatasync(int fd) { tick(); return NEXT(fdatasync)(fd); }
int unlink(const char *path) { tick(); return NEXT(unlink)(path); }
"""


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


def kill_at_every_write(store, folder):
    """Returns how many died; a problem ends it."""
    source, library = os.path.join(folder, "killer.c"), os.path.join(folder, "killer.so")
    with open(source, "w") as f:
        f.write(KILLER)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-w", "-o", library, source,
                    "-ldl"], check=True)
    for at in range(1, 500):
        before = holders(store)
        version = next(v for v in "1234" if v not in before)
        p = subprocess.run(command(store, "promote", MODEL, version, "Production",
                                   "--archive-existing"), capture_output=True, text=True,
                           env={**os.environ, "LD_PRELOAD": library, "KILL_AT": str(at)})
        if p.returncode == 0:
            return at - 1, None
        if p.returncode != -signal.SIGKILL:
            return at, f"write {at}: exit {p.returncode} {p.stderr}"
        # The next start puts the store right before it reads.
        after = run(store, "versions", MODEL)
        now = [v["version"] for v in json.loads(after.stdout or "[]")
               if v["current_stage"] == "Production"]
        if after.returncode != 0 or now not in (before, [version]):
            return at, f"write {at}: {now} hold Production after {before}; {after.stderr}"
    return 500, "it never came to its end"


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


def report(number, problems, what):
    for line in problems[:10]:
        print("#", line)
    print(f"{'not ok' if problems else 'ok'} {number} - {what}", flush=True)
    return not problems


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
        at, problem = kill_at_every_write(store, folder)
        problems, results = check(store)
        problems += [problem] if problem else []
        good = report(1, problems, f"killed at each of its {at} writes: {results}")
        died, problem = kill_many(store, rng)
        problems, results = check(store)
        problems += [problem] if problem else []
        good = report(2, problems, f"{COUNT} promotions, {died} killed: {results}") and good
        from mlflow.tracking import MlflowClient
        client = MlflowClient(f"sqlite:///{store}", f"sqlite:///{store}")
        seen = [v.version for v in client.search_model_versions(f"name='{MODEL}'")
                if v.current_stage == "Production"]
        same = [str(v) for v in seen] == holders(store)
        good = report(3, [] if same else [str(seen)], "MLflow reads the same") and good
    print("1..3")
    return 0 if good else 1


sys.exit(main())
