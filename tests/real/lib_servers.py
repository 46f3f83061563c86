"""Real MLflow servers for the tests: started through the test bed, waited for as long as they live,
taken down when the script ends, however it ends.

  NCMLOPS_SHARED          folder with testbed/ and fixtures/ (default ../shared)
  NCMLOPS_TESTBED_CACHE   where their Pythons are (default ~/.cache/ncmlops-testbed)
  NCMLOPS_REAL_PORTS      ports to use, "15200-15299"
"""
import atexit
import fcntl
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import faulty  # noqa: E402

SHARED = os.path.abspath(os.path.join(ROOT, os.environ.get("NCMLOPS_SHARED", "../shared")))
BED = os.path.join(SHARED, "testbed", "mlflow")
FIXTURES = os.path.join(SHARED, "fixtures", "mlflow")
CACHE = os.environ.get("NCMLOPS_TESTBED_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "ncmlops-testbed")
NEWEST, OLDER = "3.*", "2.22.5"
SLOW_START = 900  # seconds that a server which is alive may take

# What a release needs beside itself: the login application wants Flask-WTF; 2.x imports a name that
# SQLAlchemy 2.1 dropped. (module to import, requirement)
BESIDE = {
    NEWEST: [("import flask_wtf", "Flask-WTF<2")],
    OLDER: [("from sqlalchemy.pool import FallbackAsyncAdaptedQueuePool", "sqlalchemy<2.1")],
}


class Unavailable(Exception):
    """The release cannot be installed here: its tests are skipped."""


class Failed(Exception):
    """A server that was started and did not come up."""


def _on_term(signum, _frame):
    sys.exit(128 + signum)


if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, _on_term)  # so that what is registered with atexit runs


# ---- ports ---------------------------------------------------------------------------------------

_held = []  # files whose locks keep a port ours


def port():
    """A free port that no other test of this machine takes."""
    low, high = (int(x) for x in os.environ.get("NCMLOPS_REAL_PORTS", "15200-15299").split("-"))
    os.makedirs(CACHE, exist_ok=True)
    for p in range(low, high + 1):
        f = open(os.path.join(CACHE, "port-%d.lock" % p), "w")
        try:
            fcntl.flock(f, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as s:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                s.bind(("127.0.0.1", p))
        except OSError:
            f.close()
            continue
        _held.append(f)
        return p
    raise Failed("no free port in %d-%d" % (low, high))


# ---- installing ----------------------------------------------------------------------------------

def _slug(version):
    return "".join(c if c.isalnum() else "_" for c in version)


def _venv(version):
    return os.path.join(CACHE, "venv-mlflow-" + _slug(version))


def python_of(version):
    return os.path.join(_venv(version), "bin", "python")


def _runs(python, code):
    return os.access(python, os.X_OK) and subprocess.run(
        [python, "-c", code], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


def _extra(version):
    """MLFLOW_EXTRA with which the test bed finds the installation as it lies there."""
    stamp = os.path.join(_venv(version), ".stamp")
    with open(stamp, encoding="utf-8") as f:
        words = f.read().split()
    return " ".join(words[2:])  # mlflow==VERSION scikit-learn …


def _install(version):
    """The release with what it needs; a Python that others use meanwhile is added to, not made anew."""
    os.makedirs(CACHE, exist_ok=True)
    with open(os.path.join(CACHE, "install.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        python = python_of(version)
        if not _runs(python, "import mlflow"):
            env = dict(os.environ, MLFLOW_VERSION=version, NCMLOPS_TESTBED_CACHE=CACHE,
                       NCMLOPS_TESTBED_PORT=str(port()),
                       MLFLOW_EXTRA=" ".join(r for _, r in BESIDE.get(version, [])))
            p = subprocess.run([os.path.join(BED, "up")], env=env, capture_output=True, text=True)
            subprocess.run([os.path.join(BED, "down")], env=env, capture_output=True)
            if not _runs(python, "import mlflow"):
                raise Unavailable("MLflow %s could not be installed: %s" % (
                    version, (p.stderr.strip().splitlines() or ["?"])[-1]))
        for code, requirement in BESIDE.get(version, []):
            if not _runs(python, code):
                subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check",
                                requirement], capture_output=True)
                if not _runs(python, code):
                    raise Unavailable("%s could not be installed for MLflow %s" % (requirement, version))


# ---- a server ------------------------------------------------------------------------------------

def fixture(name, folder):
    """A copy of a fixture store, readable by its owner only."""
    to = os.path.join(folder, name)
    shutil.copyfile(os.path.join(FIXTURES, name), to)
    os.chmod(to, 0o600)
    return to


class Server:
    """One MLflow server. store: the SQLite file it owns; args, env: more for it."""

    def __init__(self, store, version=NEWEST, args="", env=None):
        self.version, self.store = version, store
        self.port = port()
        self.prefix = args.split("--static-prefix ")[1].split()[0] if "--static-prefix" in args else ""
        self.url = "http://127.0.0.1:%d%s" % (self.port, self.prefix)
        self.home = os.path.join(CACHE, "home-mlflow-%s-%d" % (_slug(version), self.port))
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
        # No workers for jobs that nobody starts: they cost 2 GB and seconds of processor.
        self.env.update(MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", MLFLOW_DISABLE_TELEMETRY="true",
                        GIT_PYTHON_REFRESH="quiet", NCMLOPS_TESTBED_CACHE=CACHE,
                        NCMLOPS_TESTBED_PORT=str(self.port), MLFLOW_VERSION=version,
                        MLFLOW_STORE=store, MLFLOW_SERVER_ARGS=args, **(env or {}))
        _install(version)
        self.env["MLFLOW_EXTRA"] = _extra(version)
        atexit.register(self.stop)
        self._up()

    def _up(self):
        up = subprocess.Popen([os.path.join(BED, "up")], env=self.env, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        until = time.monotonic() + SLOW_START
        while not self.answers():
            if time.monotonic() > until or self.dead(up):
                up.kill()
                up.wait()
                raise Failed("MLflow %s at %s did not come up: %s" % (self.version, self.url, self.log()))
            time.sleep(0.2)
        up.wait()

    def answers(self):
        try:
            with urllib.request.urlopen(self.url + "/health", timeout=5) as r:
                return r.status == 200
        except OSError:
            return False

    def dead(self, up):
        """Whether it was started and has ended since. The test bed itself may have given up waiting."""
        try:
            with open(os.path.join(self.home, "pids"), encoding="utf-8") as f:
                pids = [int(line.split()[0]) for line in f if line.strip()]
        except OSError:
            return up.poll() is not None
        return bool(pids) and not any(os.path.exists("/proc/%d" % p) for p in pids)

    def log(self, lines=12):
        try:
            with open(os.path.join(self.home, "server.log"), encoding="utf-8", errors="replace") as f:
                return "\n".join(f.read().splitlines()[-lines:])
        except OSError:
            return "no log"

    def processes(self):
        """Every process of it: the test bed starts it in a session of its own."""
        try:
            with open(os.path.join(self.home, "pids"), encoding="utf-8") as f:
                sessions = [line.split()[0] for line in f if line.strip()]
        except OSError:
            return []
        out = subprocess.run(["ps", "-o", "pid=", "-s", ",".join(sessions)], capture_output=True, text=True)
        return [int(p) for p in out.stdout.split()]

    def signal(self, number):
        """SIGSTOP: it hangs; SIGCONT: it goes on; SIGKILL: it is gone."""
        for p in self.processes():
            try:
                os.kill(p, number)
            except ProcessLookupError:
                pass

    def stop(self):
        if self.env is None:
            return
        env, self.env = self.env, None
        self.signal(signal.SIGCONT)
        subprocess.run([os.path.join(BED, "down")], env=env, capture_output=True)
        shutil.rmtree(os.path.join(self.home, "artifacts"), ignore_errors=True)


def with_login(store, folder, password):
    """A server with MLflow's own login; its administrator is "admin"."""
    ini = os.path.join(folder, "auth.ini")
    with open(ini, "w", encoding="utf-8") as f:
        f.write("[mlflow]\ndefault_permission = READ\ndatabase_uri = sqlite:///%s/auth.db\n"
                "admin_username = admin\nadmin_password = %s\n"
                "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
                # A password costs the server most of a second: it shall remember those it has seen.
                "auth_cache_ttl_seconds = 600\n" % (folder, password))
    os.chmod(ini, 0o600)
    return Server(store, args="--app-name basic-auth", env={
        "MLFLOW_AUTH_CONFIG_PATH": ini, "MLFLOW_AUTH_ADMIN_PASSWORD": password,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "only-for-this-test"})


def together(*makers):
    """Calls all at once and returns their results in order; the first failure is raised at the end."""
    results, errors = [None] * len(makers), [None] * len(makers)

    def call(i, f):
        try:
            results[i] = f()
        except Exception as e:  # raised below, in the caller's thread
            errors[i] = e

    threads = [threading.Thread(target=call, args=(i, f)) for i, f in enumerate(makers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    for e in errors:
        if e:
            raise e
    return results


# ---- in front of it ------------------------------------------------------------------------------

def front(server, tls=None):
    """A proxy of ours before the server, passing everything until it is told otherwise; tls is
    (certificate, key)."""
    proxy = faulty.Faulty("http://127.0.0.1:%d" % server.port, port(), tls).start()
    atexit.register(proxy.stop)
    return proxy


def scratch():
    """A folder that goes when the script ends."""
    folder = tempfile.mkdtemp(prefix="ncmlops-real-")
    atexit.register(shutil.rmtree, folder, True)
    return folder
