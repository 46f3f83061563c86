"""The headless commands on file stores (mlruns/) against what MLflow's own clients returned for them.

The same checks as expected.py, on the stores that MLflow 1.30 to 3.17 left in the fixtures.
Needs NCMLOPS_SHARED (default ../shared) and NCMLOPS_BIN; prints TAP.
"""
import json
import os
import shutil
import sys
import tarfile
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import expected as shared  # noqa: E402


def unpack(version, folder):
    """A copy of the fixture, as a folder or packed."""
    source = os.path.join(shared.FIXTURES, f"mlruns-{version}")
    if os.path.isdir(source):
        shutil.copytree(source, os.path.join(folder, "mlruns"))
        os.system(f"chmod -R u+w '{folder}'")
    else:
        with tarfile.open(source + ".tar.gz") as tar:
            tar.extractall(folder)
        os.rename(os.path.join(folder, f"mlruns-{version}"), os.path.join(folder, "mlruns"))
    return os.path.join(folder, "mlruns")


def everything(folder):
    """Every file's bytes and time."""
    found = {}
    for base, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(base, name)
            with open(path, "rb") as f:
                found[os.path.relpath(path, folder)] = (f.read(), os.stat(path).st_mtime_ns)
    return found


def main():
    if not os.path.isdir(shared.FIXTURES):
        print("1..0 # SKIP no fixtures")
        return 77
    for v in shared.VERSIONS:
        with tempfile.TemporaryDirectory() as folder:
            store = unpack(v, folder)
            with open(os.path.join(shared.FIXTURES, f"expected-mlruns-{v}.json"),
                      encoding="utf-8") as f:
                oracle = json.load(f)
            before = everything(folder)
            name = f"files {v}"
            shared.check_experiments(name, store, oracle)
            shared.check_runs(name, store, oracle)
            shared.check_metrics(name, store, oracle)
            shared.check_search(name, store, oracle)
            shared.check_registry(name, store, oracle)
            shared.tap(f"{name} reading changed nothing", True, before == everything(folder))
    print(f"1..{shared.count}")
    return 1 if shared.bad else 0


if __name__ == "__main__":
    sys.exit(main())
