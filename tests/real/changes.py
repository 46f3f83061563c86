"""Random changes, made through ncmlops on one copy of a store and through MLflow's own client on
another: both must refuse the same and leave the same rows. Times are compared as "as it was" or
"written now"; our own ncmlops.* tags are left out.

Stores of older releases are changed by us as they are and migrated afterwards; the client, which
migrates what it opens, changes a copy migrated before."""
import logging
import os
import random
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
os.environ["MLFLOW_ENABLE_ASYNC_LOGGING"] = "false"
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")
logging.disable(logging.CRITICAL)
from lib_changes import KINDS, PROGRAM, SHARED, Pair, differences, rows, step  # noqa: E402

COUNT = int(os.environ.get("CHANGES", "600"))
SEED = int(os.environ.get("SEED", "1"))
RELEASES = ["1.30.1", "2.9.2", "2.22.5", "3.17.2"]


def check(release, folder, number):
    rng = random.Random(f"{SEED}-{release}")
    start = int(time.time() * 1000)
    pair = Pair(release, folder, rng)
    made, refused_apart = 0, []
    while made < COUNT and len(refused_apart) < 5:
        did, problem = step(pair, KINDS)
        made += did
        if problem:
            refused_apart.append(problem)
    Pair.open(pair.store)  # migrates ours where it is of an older release
    apart = differences(rows(pair.ours, start, release), rows(pair.theirs, start, release))
    code, out, err = pair.run("audit", "verify")
    for line in refused_apart + apart:
        print("#", line)
    ok = not refused_apart and not apart
    print(f"{'ok' if ok else 'not ok'} {number} - MLflow {release}: {made} changes leave the same"
          " rows")
    print(f"{'ok' if code == 0 else 'not ok'} {number + 1} - MLflow {release}: the audit is whole"
          f" {err.strip()}")
    return ok and code == 0


def main():
    if not os.path.isdir(os.path.join(SHARED, "fixtures", "mlflow")):
        print("1..0 # SKIP the stores of real MLflow releases are not here")
        return 0
    good = True
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder) if os.path.isabs(PROGRAM) and os.path.isabs(SHARED) else None
        os.chdir(folder)  # the client makes ./mlruns
        for i, release in enumerate(RELEASES):
            good = check(release, folder, 2 * i + 1) and good
    print(f"1..{2 * len(RELEASES)}")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
