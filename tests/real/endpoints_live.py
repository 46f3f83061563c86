"""A real MLflow scoring server and a real MLServer as endpoints: started, killed, hung, slow, another
version, the model unloaded; what `ncmlops deployments` says of each, and how long it takes.

  NCMLOPS_MLSERVER   another mlserver program than the test bed's, which is installed when it is not there"""
import atexit
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request

import lib_servers
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
PATIENCE = 240

MODEL = """
import sys
import mlflow
from mlflow.models import set_model


class Churn(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return [1] * len(model_input)


mlflow.pyfunc.save_model(sys.argv[1], python_model=Churn(), pip_requirements=[])
"""

RUNTIME = """
from mlserver import MLModel
from mlserver.types import InferenceResponse, ResponseOutput


class Churn(MLModel):
    async def load(self):
        return True

    async def predict(self, payload):
        return InferenceResponse(model_name=self.name, model_version=self.version, outputs=[
            ResponseOutput(name="y", shape=[1], datatype="INT64", data=[1])])
"""

CONFIG = """current-context: live
contexts:
  live:
    deployments:
      - {type: http, name: mlflow, url: "http://127.0.0.1:%d", model: churn, test: {path: /invocations, body: '{"inputs": [[1, 2]]}'}}
      - {type: http, name: mlserver, url: "http://127.0.0.1:%d", model: churn}
      - {type: http, name: behind, url: "http://127.0.0.1:%d", model: churn}
      - {type: http, name: nope, url: "http://127.0.0.1:%d", model: churn, served-name: nope}
"""


class Process:
    """A server in a session of its own; it goes when the script ends."""

    def __init__(self, argv, folder, env=None, name="server"):
        self.argv, self.folder, self.env, self.p = argv, folder, dict(os.environ, **(env or {})), None
        self.log = os.path.join(folder, name + ".log")
        atexit.register(self.signal, signal.SIGKILL)

    def start(self):
        with open(self.log, "ab") as log:
            self.p = subprocess.Popen(self.argv, cwd=self.folder, env=self.env, stdout=log, stderr=log,
                                      stdin=subprocess.DEVNULL, start_new_session=True)

    def signal(self, number):
        if self.p is not None:
            try:
                os.killpg(self.p.pid, number)
            except ProcessLookupError:
                pass
            if number == signal.SIGKILL:
                self.p.wait()
                self.p = None

    def tail(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-1500:]


def status(url, body=None):
    """HTTP status, 0 where nobody answers."""
    try:
        data = None if body is None else json.dumps(body).encode()
        rq = urllib.request.Request(url, data, {"Content-Type": "application/json"})
        with urllib.request.urlopen(rq, timeout=5) as r:
            return r.status
    except urllib.error.HTTPError as e:
        return e.code
    except OSError:
        return 0


def until(what):
    """Waits as long as a loaded machine may need."""
    stop = time.monotonic() + PATIENCE
    while time.monotonic() < stop:
        if what():
            return True
        time.sleep(0.3)
    return False


def ours(folder, *args):
    env = dict(os.environ, XDG_STATE_HOME=folder, XDG_CONFIG_HOME=folder, HOME=folder, LC_ALL="C.UTF-8")
    return subprocess.run([BIN, "--config", os.path.join(folder, "config.yaml"), *args], capture_output=True,
                          text=True, env=env, timeout=120)


def look(folder):
    p = ours(folder, "deployments", "-o", "json")
    if p.returncode != 0:
        return {"error": p.stdout + p.stderr}
    return {d["name"]: d for d in json.loads(p.stdout)}


def says(name, folder, who, health, reason="", version=None):
    seen = look(folder)
    d = seen.get(who, seen)
    good = d.get("health") == health and reason in (d.get("reason") or "") and d.get("model_version") == version
    return ok(name, good, "wanted %s, %r, version %s" % (health, reason, version), d)


def mlflow_model(python, folder):
    script = os.path.join(folder, "save.py")
    with open(script, "w", encoding="utf-8") as f:
        f.write(MODEL)
    model = os.path.join(folder, "model")
    p = subprocess.run([python, script, model], cwd=folder, capture_output=True, text=True)
    if p.returncode != 0:
        raise lib_servers.Unavailable((p.stderr.strip().splitlines() or ["?"])[-1])
    return model


def mlserver_program():
    """The test bed's, installed when it is not there."""
    given = os.environ.get("NCMLOPS_MLSERVER")
    if given:
        return given
    venv = os.path.join(lib_servers.CACHE, "venv-mlserver")
    program = os.path.join(venv, "bin", "mlserver")
    os.makedirs(lib_servers.CACHE, exist_ok=True)
    with open(os.path.join(lib_servers.CACHE, "install-mlserver.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.access(program, os.X_OK):
            for argv in ([sys.executable, "-m", "venv", venv],
                         [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "-q",
                          "--disable-pip-version-check", "mlserver==1.7.1"]):
                p = subprocess.run(argv, capture_output=True, text=True)
                if p.returncode != 0:
                    raise lib_servers.Unavailable((p.stderr.strip().splitlines() or ["?"])[-1])
    return program


def settings(folder, version):
    with open(os.path.join(folder, "model-settings.json"), "w", encoding="utf-8") as f:
        json.dump({"name": "churn", "implementation": "runtime.Churn", "parameters": {"version": version}}, f)


def mlflow_cases(folder, ports):
    try:
        python = subprocess.run([os.path.join(lib_servers.ROOT, "tests", "real", "mlflow-python")], capture_output=True,
                                text=True).stdout.strip()
        if not python:
            raise lib_servers.Unavailable("no Python with MLflow can be had")
        model = mlflow_model(python, folder)
    except lib_servers.Unavailable as e:
        skip("a real MLflow scoring server", e)
        return
    url = "http://127.0.0.1:%d" % ports[0]
    server = Process([python, "-m", "mlflow", "models", "serve", "-m", model, "-p", str(ports[0]), "-h", "127.0.0.1",
                      "--env-manager", "local"], folder,
                     {"PATH": os.path.dirname(python) + ":" + os.environ["PATH"], "MLFLOW_DISABLE_TELEMETRY": "true",
                      "GIT_PYTHON_REFRESH": "quiet"}, "mlflow")
    says("MLflow: before it is started it is failed", folder, "mlflow", "failed")
    server.start()
    if not ok("MLflow: it starts", until(lambda: status(url + "/ping") == 200), server.tail()):
        return
    says("MLflow: started, it is healthy and says no version", folder, "mlflow", "healthy")
    shown = json.loads(ours(folder, "deployment", "show", "http//mlflow", "-o", "json").stdout)
    probe = shown.get("probe") or {}
    tap("MLflow: found out what it is", "mlflow", probe.get("protocol"))
    server.signal(signal.SIGSTOP)
    start = time.monotonic()
    says("MLflow: stopped in its tracks, it hangs", folder, "mlflow", "failed", "within 2 s")
    took = time.monotonic() - start
    ok("MLflow: that is told in seconds (%.1f)" % took, took < 15)
    server.signal(signal.SIGCONT)
    until(lambda: status(url + "/ping") == 200)
    says("MLflow: going on, it is healthy again", folder, "mlflow", "healthy")
    server.signal(signal.SIGKILL)
    says("MLflow: killed, it is failed", folder, "mlflow", "failed")
    server.start()
    until(lambda: status(url + "/ping") == 200)
    says("MLflow: started again, it is healthy", folder, "mlflow", "healthy")
    server.signal(signal.SIGKILL)


def mlserver_cases(folder, ports):
    try:
        program = mlserver_program()
    except lib_servers.Unavailable as e:
        skip("a real MLServer", "it could not be installed: %s" % e)
        return
    home = os.path.join(folder, "mlserver")
    os.makedirs(home)
    for name, text in (("runtime.py", RUNTIME),
                       ("settings.json", json.dumps({
                           "host": "127.0.0.1", "http_port": ports[1], "grpc_port": ports[1] + 1,
                           "metrics_port": ports[1] + 2, "parallel_workers": 0, "debug": False}))):
        with open(os.path.join(home, name), "w", encoding="utf-8") as f:
            f.write(text)
    settings(home, "7")
    url = "http://127.0.0.1:%d" % ports[1]
    server = Process([program, "start", "."], home, {"PYTHONPATH": home}, "mlserver")
    says("MLServer: before it is started it is failed", folder, "mlserver", "failed")
    server.start()
    if not ok("MLServer: it starts", until(lambda: status(url + "/v2/models/churn/ready") == 200), server.tail()):
        return
    says("MLServer: started, it is healthy and answers version 7", folder, "mlserver", "healthy", version="7")
    says("MLServer: a model that it does not hold is not ready", folder, "nope", "degraded", "nope not found")
    p = ours(folder, "doctor")
    ok("MLServer: its metrics are found on their own port", "mlserver: no metrics" not in p.stdout, p.stdout)

    status(url + "/v2/repository/models/churn/unload", {})
    tap("MLServer: unloaded, its own health still says ready", 200, status(url + "/v2/health/ready"))
    says("MLServer: unloaded, it is degraded", folder, "mlserver", "degraded", "model churn is not loaded: UNAVAILABLE")
    settings(home, "8")
    status(url + "/v2/repository/models/churn/load", {})
    until(lambda: status(url + "/v2/models/churn/ready") == 200)
    says("MLServer: loaded again, another version answers", folder, "mlserver", "healthy", version="8")

    proxy = lib_servers.faulty.Faulty(url, ports[2]).start()
    atexit.register(proxy.stop)
    says("MLServer: behind a proxy it is the same", folder, "behind", "healthy", version="8")
    proxy.set("hang", seconds=1.2, path="/v2/health/live")
    seen = look(folder).get("behind", {})
    ok("MLServer: slow, it is healthy and said to be slow",
       seen.get("health") == "healthy" and "slow" in [f.get("kind") for f in seen.get("findings", [])], seen)

    server.signal(signal.SIGSTOP)
    start = time.monotonic()
    says("MLServer: stopped in its tracks, it hangs", folder, "mlserver", "failed", "within 2 s")
    took = time.monotonic() - start
    ok("MLServer: that is told in seconds (%.1f)" % took, took < 20)
    server.signal(signal.SIGCONT)
    until(lambda: status(url + "/v2/models/churn/ready") == 200)
    says("MLServer: going on, it is healthy again", folder, "mlserver", "healthy", version="8")
    server.signal(signal.SIGKILL)
    says("MLServer: killed, it is failed", folder, "mlserver", "failed")


def main():
    folder = lib_servers.scratch()
    first = lib_servers.port()
    # MLServer's ports lie in a row.
    row = [lib_servers.port() for _ in range(3)]
    while row[1] != row[0] + 1 or row[2] != row[0] + 2:
        row = row[1:] + [lib_servers.port()]
    ports = [first, row[0], lib_servers.port()]
    with open(os.path.join(folder, "config.yaml"), "w", encoding="utf-8") as f:
        f.write(CONFIG % (ports[0], ports[1], ports[2], ports[1]))
    mlflow_cases(folder, ports)
    mlserver_cases(folder, ports)
    return end()


sys.exit(main())
