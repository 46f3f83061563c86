"""The disk fills up while promoting: at each write in turn (by a preloaded library), and on a real
small file system where one may be mounted. Either the change is there and recorded, or nothing was
written; never something between. Afterwards, with room again, everything works."""
import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile

SHARED = os.path.abspath(os.environ.get("NCMLOPS_SHARED", "../shared"))
PROGRAM = os.path.abspath(os.environ.get("NCMLOPS_BIN", "build/ncmlops"))
MODEL = "archive-swap"

# Preloaded: from the n-th write on there is no room left.
FULL = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/types.h>
#include <unistd.h>
static int full(void)
{
    static int left = -1;
    if (left < 0)
        left = atoi(getenv("FULL_AT"));
    if (left > 0)
        left--;
    return left == 0;
}
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    if (full()) { errno = ENOSPC; return -1; }
    return NEXT(pwrite64)(fd, p, n, at);
}
ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    if (full()) { errno = ENOSPC; return -1; }
    return NEXT(pwrite)(fd, p, n, at);
}
"""


def run(store, *args, env=None):
    return subprocess.run([PROGRAM, "--store", store, "--yes", "-o", "json", *args], timeout=60,
                          capture_output=True, text=True, env={**os.environ, **(env or {})})


def stages(store):
    with contextlib.closing(sqlite3.connect(store)) as db:
        return db.execute("SELECT version, current_stage, last_updated_time FROM model_versions"
                          " WHERE name=? ORDER BY version", (MODEL,)).fetchall()


def holder(store):
    return [str(v) for v, stage, _ in stages(store) if stage == "Production"]


def attempt(store, env=None):
    """A problem, or None; and whether it was written."""
    before = stages(store)
    version = next(v for v in "1234" if v not in holder(store))
    p = run(store, "promote", MODEL, version, "Production", "--archive-existing", env=env)
    if p.returncode == 0:
        return (None if holder(store) == [version] else f"done, but {holder(store)}"), True
    if stages(store) != before:
        return f"exit {p.returncode}, but the store changed: {p.stderr}", False
    if p.returncode != 1 or "ncmlops: " not in p.stderr:
        return f"exit {p.returncode}: {p.stderr}", False
    return None, False


def whole(store):
    verify = run(store, "audit", "verify")
    listed = run(store, "audit")
    if verify.returncode != 0 or listed.returncode != 0:
        return [f"audit: {verify.stdout}{verify.stderr}{listed.stderr}"]
    with contextlib.closing(sqlite3.connect(store)) as db:
        marks = {k.split(".")[2] for (k,) in db.execute(
            "SELECT key FROM model_version_tags WHERE key LIKE 'ncmlops.transition.%'")}
    return [f"{r['id']} says {r['result']}" for r in json.loads(listed.stdout)
            if (r["result"] == "done") != (r["id"] in marks)]


def copy(folder):
    store = os.path.join(folder, "mlflow.db")
    shutil.copyfile(os.path.join(SHARED, "fixtures", "mlflow", "mlflow-3.17.2.db"), store)
    os.chmod(store, 0o600)
    return store


def at_every_write(folder):
    store = copy(folder)
    source, library = os.path.join(folder, "full.c"), os.path.join(folder, "full.so")
    with open(source, "w") as f:
        f.write(FULL)
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-w", "-o", library, source,
                    "-ldl"], check=True)
    problems, n = [], 0
    for n in range(1, 300):
        problem, written = attempt(store, {"LD_PRELOAD": library, "FULL_AT": str(n)})
        if problem:
            problems.append(f"write {n}: {problem}")
        if written:
            break
    else:
        problems.append("it never came to its end")
    problem, written = attempt(store)
    problems += [problem] if problem else []
    problems += [] if written else ["with room again nothing was written"]
    return problems + whole(store), f"{n} writes, each the one that finds no room"


def on_small_disk(folder):
    """None where no file system can be mounted."""
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        return None
    try:
        store = copy(folder)
        problems, failed = [], 0
        filler = os.path.join(folder, "filler")
        for left in range(0, 68, 4):
            st = os.statvfs(folder)
            with open(filler, "wb") as f:
                f.write(b"x" * max(0, st.f_bavail * st.f_frsize - left * 1024))
            problem, written = attempt(store)
            failed += not written
            problems += [f"{left} kB left: {problem}"] if problem else []
            os.unlink(filler)
        problem, written = attempt(store)
        problems += [problem] if problem else []
        problems += [] if written else ["with room again nothing was written"]
        problems += [] if failed else ["the disk was never full"]
        return problems + whole(store), f"a full tmpfs, {failed} attempts refused"
    finally:
        subprocess.run(["umount", folder], check=False)


def on_read_only_disk(folder):
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", folder],
                             capture_output=True)
    if mounted.returncode != 0:
        return None
    try:
        store = copy(folder)
        subprocess.run(["mount", "-o", "remount,ro", folder], check=True)
        p = run(store, "promote", MODEL, "1", "Production")
        read = run(store, "versions", MODEL)
        problems = [] if p.returncode == 3 else [f"exit {p.returncode}: {p.stderr}"]
        problems += [] if read.returncode == 0 else [f"cannot read: {read.stderr}"]
        return problems, "a read-only file system: read, and the change refused"
    finally:
        subprocess.run(["umount", folder], check=False)


def main():
    if not os.path.isdir(os.path.join(SHARED, "fixtures", "mlflow")):
        print("1..0 # SKIP the stores of real MLflow releases are not here")
        return 0
    good = True
    for number, part in enumerate((at_every_write, on_small_disk, on_read_only_disk), 1):
        with tempfile.TemporaryDirectory() as folder:
            result = part(folder)
        if result is None:
            print(f"ok {number} - {part.__name__} # SKIP no file system can be mounted here")
            continue
        problems, what = result
        for line in problems[:10]:
            print("#", line)
        good = good and not problems
        print(f"{'not ok' if problems else 'ok'} {number} - {what}", flush=True)
    print("1..3")
    return 0 if good else 1


sys.exit(main())
