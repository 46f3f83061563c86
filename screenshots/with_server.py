#!/usr/bin/env python3
"""Runs a command beside a tracking server that holds what the workspace in this folder does, and a
configuration with contexts on it.

    with_server.py up|MINUTES COMMAND…      NCMLOPS_BIN names the program

With MINUTES the dashboard was open so long ago, and meanwhile the server went away. The server is
that of the tests (tests/lib/fake_mlflow.py). It is reached as a proxy, so that addresses look as
they would elsewhere."""
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE = os.path.join(HERE, "..", "tests", "lib", "fake_mlflow.py")
BIN = os.environ["NCMLOPS_BIN"]
CONFIG = """contexts:
  prod-seoul:
    protect: yes
    tracking: {uri: "http://mlflow.example.com", proxy: "%s"}
  staging:
    tracking: {uri: "http://mlflow-staging.example.com"}
  lab:
    tracking: {uri: "%s"}
  archive-2024:
    read-only: yes
    tracking: {uri: /srv/old/mlruns}
"""
# What was looked at before the server went away.
EARLIER = """resize 124x36
wait "churn" 20
3
wait "demand-forecast" 10
wait "gbm-060" 10
quit
"""


def ask(*args):
    return json.loads(subprocess.check_output([BIN, "--store", "mlflow.db", "-o", "json", *args]))


def pairs(tags):
    return [{"key": k, "value": v} for k, v in tags.items()]


def given(record, **more):
    return {k: v for k, v in {**record, **more}.items() if v is not None}


def run_record(r):
    info = given({k: r[k] for k in ("run_id", "run_name", "experiment_id", "user_id", "status", "start_time",
                                    "end_time", "lifecycle_stage", "artifact_uri")})
    metrics = [{"key": k, "value": v, "timestamp": r["end_time"] or r["start_time"], "step": 0}
               for k, v in r["metrics"].items()]
    return {"info": info, "data": {"metrics": metrics, "params": pairs(r["params"]), "tags": pairs(r["tags"])}}


def records():
    models = ask("models")
    return {
        "experiments": [given(e, tags=pairs(e["tags"])) for e in ask("experiments")],
        "runs": [run_record(r) for r in ask("runs", "--limit", "0")],
        "models": [given(m, tags=pairs(m["tags"]), aliases=[
            {"alias": a, "version": v} for a, v in m["aliases"].items()]) for m in models],
        "versions": [given(v, tags=pairs(v["tags"])) for m in models for v in ask("versions", m["name"])],
    }


def tell(address, path, value):
    body = json.dumps(value).encode()
    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address + "/fake" + path, body).close()


def configure(address):
    folder = os.path.join(os.environ["HOME"], ".config", "ncmlops")
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "config.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(CONFIG % (address, os.path.abspath("mlflow.db")))
    os.chmod(path, 0o600)


def look(minutes):
    """The dashboard as it was open so long ago."""
    with tempfile.NamedTemporaryFile("w", suffix=".script") as script:
        script.write(EARLIER)
        script.flush()
        now = {"NCMLOPS_NOW": str(int((time.time() - 60 * minutes) * 1000)), "LC_ALL": "C.UTF-8"}
        subprocess.run([BIN, "--context", "prod-seoul", "--script", script.name], env={**os.environ, **now},
                       stdin=subprocess.DEVNULL, check=True)


def main():
    minutes, command = sys.argv[1], sys.argv[2:]
    with subprocess.Popen([sys.executable, FAKE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as fake:
        address = fake.stdout.readline().strip().removeprefix("fake=")
        tell(address, "/put", records())
        configure(address)
        if minutes != "up":
            look(float(minutes))
            tell(address, "/rules", [{"on": ".", "status": 503, "type": "text/html", "text": "<h1>503</h1>"}])
        code = subprocess.call(command)
        fake.stdin.close()
    return code


sys.exit(main())
