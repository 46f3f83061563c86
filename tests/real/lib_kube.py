"""A real Kubernetes control plane of the test bed, of a test's own: its folder, its ports.

  TESTBED_DIR, TESTBED_PORT   take that folder and port instead
  KUBE_KEEP                   take it as it runs, and leave it so"""
import atexit
import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time

import lib_servers

BED = os.path.join(lib_servers.SHARED, "testbed", "kubernetes", "cluster.sh")
CRDS = os.path.join(lib_servers.SHARED, "fixtures", "kubernetes", "crds", "load.sh")
NS = "ml-prod"
CACHE = os.path.join(lib_servers.CACHE, "kubernetes")


def free_ports(n):
    """The first of n free ones in a row, not those that another test tries at the same time."""
    for k in range(100):
        base = 21443 + (os.getpid() * 97 + k * 1013) % 10000
        found = []
        try:
            for p in range(base, base + n):
                s = socket.socket()
                found.append(s)
                s.bind(("127.0.0.1", p))
            return base
        except OSError:
            continue
        finally:
            for s in found:
                s.close()
    raise OSError("no free ports")


def last_line(text):
    return (text.strip().splitlines() or ["no words"])[-1][-300:]


def alive(pid):
    """Whether it runs; one that is only waited for does not."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8") as f:
            return f.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


class Cluster:
    """why: set where it cannot be had at all. One that is there and does not start is an error."""

    def __init__(self, up="demo"):
        self.why = None
        self.own = "TESTBED_DIR" not in os.environ
        self.folder = os.environ.get("TESTBED_DIR") or tempfile.mkdtemp(prefix="ncm-kube-")
        self.env = dict(os.environ, TESTBED_DIR=self.folder,
                        TESTBED_PORT=os.environ.get("TESTBED_PORT") or str(free_ports(7)))
        for name, folder in (("GOPATH", "go"), ("GOMODCACHE", "go/pkg/mod"), ("GOCACHE", "go-build")):
            self.env.setdefault(name, os.path.join(lib_servers.CACHE, folder))
        self.kubeconfig = os.path.join(self.folder, "pki", "kubeconfig")
        self.admin = os.path.join(self.folder, "pki", "admin.kubeconfig")
        self.kubectl_path = os.path.join(self.folder, "bin", "kubectl")
        if os.environ.get("KUBE_KEEP"):
            return
        atexit.register(self.down)
        if self.build():
            self.start(up)

    def bed(self, *what):
        return subprocess.run(["bash", BED, *what], env=self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True)

    def built(self, what):
        """What is built serves all tests; the first of them makes it while the others wait."""
        os.makedirs(os.path.join(CACHE, "bin"), exist_ok=True)
        with open(os.path.join(CACHE, "lock"), "w", encoding="utf-8") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            return self.bed(what)

    def build(self):
        if not os.path.exists(BED):
            self.why = "the test bed is not there"
            return False
        os.makedirs(os.path.join(CACHE, "bin"), exist_ok=True)
        if self.own:
            os.symlink(os.path.join(CACHE, "bin"), os.path.join(self.folder, "bin"))
        r = self.built("build")
        if r.returncode != 0:
            self.why = last_line(r.stderr)
        return r.returncode == 0

    def start(self, up):
        if not self.own:
            self.bed("clean")
        self.up(up)

    def up(self, what="up"):
        """A busy machine takes its time, and the bed has limits of its own."""
        for _ in range(5):
            r = self.bed(what)
            if r.returncode == 0:
                return
        raise RuntimeError("the control plane did not start: " + last_line(r.stderr))

    def kill(self, part):
        """kill -9; it is gone when this returns, also for the bed, which looks at its process id."""
        pid = self.pid(part)
        os.kill(pid, signal.SIGKILL)
        while alive(pid):
            time.sleep(0.05)
        os.remove(os.path.join(self.folder, "run", part + ".pid"))

    def metrics(self):
        """Adds the real metrics server; why it cannot be had, None where it runs."""
        for _ in range(5):
            r = self.built("metrics")
            if r.returncode == 0:
                return None
            if not os.path.exists(os.path.join(self.folder, "bin", "metrics-server")):
                return last_line(r.stderr)
        raise RuntimeError("the metrics server did not start: " + last_line(r.stderr))

    def load_crds(self):
        """KServe's objects without its controller: their status stays as it was recorded."""
        path = os.path.join(self.folder, "bin") + ":" + os.environ["PATH"]
        subprocess.run(["bash", CRDS], env=dict(self.env, KUBECONFIG=self.admin, PATH=path), check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def down(self):
        self.bed("down")
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kubectl(self, *words, ns=NS, text=None, fine=True):
        """What kubectl prints as the administrator."""
        r = subprocess.run([self.kubectl_path, "--kubeconfig", self.admin, "-n", ns, *words], capture_output=True,
                           text=True, **({"input": text} if text is not None else {"stdin": subprocess.DEVNULL}))
        if fine and r.returncode != 0:
            raise RuntimeError("kubectl %s: %s" % (" ".join(words), r.stderr))
        return r.stdout

    def get(self, *words):
        return json.loads(self.kubectl("get", *words, "-o", "json"))

    def pid(self, part):
        with open(os.path.join(self.folder, "run", part + ".pid"), encoding="utf-8") as f:
            return int(f.read())


# Run by itself it only sees to it that everything is built.
if __name__ == "__main__":
    bed = Cluster("up")
    if bed.why is None:
        bed.metrics()
