"""Random filters and orders through `ncmlops runs` and MLflow's client on the same file store.

Environment and output as filters.py, whose questions these are.
"""
import os
import random
import shutil
import sys
import tarfile
import tempfile

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import filters as shared  # noqa: E402


def main():
    rng = random.Random(shared.SEED)
    folder = tempfile.mkdtemp(prefix="ncmlops-files-filters-")
    fixtures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures")
    good = True
    for version, share in (("3.17.2", .7), ("1.30.1", .3)):
        place = os.path.join(folder, version)
        with tarfile.open(os.path.join(fixtures, "mlruns-%s.tar.gz" % version)) as tar:
            tar.extractall(place)
        path = os.path.join(place, "mlruns")
        shared.mlflow.set_tracking_uri("file://" + path)
        client = shared.MlflowClient()
        shared.fill(client, rng)
        if not shared.compare("file store of MLflow " + version, client, path, rng,
                              max(1, int(shared.COUNT * share))):
            good = False
            break
    if good:
        shutil.rmtree(folder)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
