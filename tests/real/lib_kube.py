"""A real Kubernetes control plane of the test bed, of this test's own: its folder, its ports."""
import atexit
import os
import shutil
import socket
import subprocess
import tempfile

import lib_servers

BED = os.path.join(lib_servers.SHARED, "testbed", "kubernetes", "cluster.sh")
CACHE = os.path.expanduser("~/.cache/ncmlops-testbed/kubernetes")


def free_ports(n):
    """The first of n free ones in a row."""
    for base in range(21443, 32000, 97):
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


class Cluster:
    """why: set where it cannot be had."""

    def __init__(self):
        self.why = None
        self.folder = os.environ.get("TESTBED_DIR") or tempfile.mkdtemp(prefix="ncm-kube-")
        self.own = "TESTBED_DIR" not in os.environ
        self.env = dict(os.environ, TESTBED_DIR=self.folder,
                        TESTBED_PORT=os.environ.get("TESTBED_PORT") or str(free_ports(7)))
        if self.own:
            os.symlink(os.path.join(CACHE, "bin"), os.path.join(self.folder, "bin"))
            os.makedirs(os.path.join(CACHE, "bin"), exist_ok=True)
        self.kubeconfig = os.path.join(self.folder, "pki", "kubeconfig")
        self.kubectl_path = os.path.join(self.folder, "bin", "kubectl")
        atexit.register(self.down)
        self.demo()

    def bed(self, *what):
        return subprocess.run([BED] + list(what), env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True)

    def demo(self):
        if not os.path.exists(BED):
            self.why = "the test bed is not there"
            return
        r = self.bed("build")
        if r.returncode != 0:
            self.why = (r.stderr.strip().splitlines() or ["it cannot be built"])[-1]
            return
        self.bed("clean")
        r = self.bed("demo")
        if r.returncode != 0:
            raise RuntimeError(r.stderr)

    def down(self):
        if os.path.exists(BED):
            self.bed("clean")
        if self.own:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kubectl(self, *args):
        r = subprocess.run([self.kubectl_path, "--kubeconfig", self.kubeconfig] + list(args), capture_output=True,
                           text=True, stdin=subprocess.DEVNULL)
        if r.returncode != 0:
            raise RuntimeError(r.stderr)
        return r.stdout

    def pid(self, part):
        with open(os.path.join(self.folder, "run", part + ".pid")) as f:
            return int(f.read())
