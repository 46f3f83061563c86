"""A file store of many runs, as MLflow leaves them: files_store.py FOLDER RUNS [METRICS PARAMS TAGS].

Written without MLflow, which needs minutes for 20,000 runs. One in 200 is running.
"""
import os
import random
import sys
import uuid


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def make(folder, runs, metrics=3, params=3, tags=4, experiments=4):
    rng = random.Random(1)
    ids = [str(10 ** 17 + i * 7919) for i in range(experiments)]
    root = os.path.abspath(folder)
    os.makedirs(os.path.join(root, ".trash"), exist_ok=True)
    for i, eid in enumerate(ids):
        os.makedirs(os.path.join(root, eid), exist_ok=True)
        write(os.path.join(root, eid, "meta.yaml"),
              f"artifact_location: file://{root}/{eid}\ncreation_time: {1700000000000 + i}\n"
              f"experiment_id: '{eid}'\nlast_update_time: {1700000000000 + i}\n"
              f"lifecycle_stage: active\nname: experiment-{i}\n")
    for i in range(runs):
        eid, rid = ids[i % experiments], uuid.UUID(int=rng.getrandbits(128)).hex
        at, start = os.path.join(root, eid, rid), 1700000000000 + i * 60000
        for sub in ("metrics", "params", "tags", "artifacts"):
            os.makedirs(os.path.join(at, sub))
        running = i % 200 == 199
        write(os.path.join(at, "meta.yaml"),
              f"artifact_uri: file://{at}/artifacts\nend_time: {'null' if running else start + 5000}\n"
              f"entry_point_name: ''\nexperiment_id: '{eid}'\nlifecycle_stage: active\n"
              f"run_id: {rid}\nrun_name: run-{i}\nsource_name: ''\nsource_type: 4\n"
              f"source_version: ''\nstart_time: {start}\nstatus: {1 if running else 3}\n"
              f"tags: []\nuser_id: alice\n")
        for m in range(metrics):
            write(os.path.join(at, "metrics", f"m{m}"), "".join(
                f"{start + s} {rng.random()!r} {s}\n" for s in range(5)))
        for p in range(params):
            write(os.path.join(at, "params", f"p{p}"), repr(rng.random()))
        for t, (key, value) in enumerate([("mlflow.runName", f"run-{i}"), ("mlflow.user", "alice"),
                                          ("mlflow.source.name", "train.py"), ("team", "fraud")]):
            if t < tags:
                write(os.path.join(at, "tags", key), value)


if __name__ == "__main__":
    make(sys.argv[1], int(sys.argv[2]), *map(int, sys.argv[3:6]))
