"""Benchmarks of deployments: a cluster of 300 deployments with 5,000 pods (a stand-in for its API server,
kube_server.py), beside k9s where it is installed: first rows, memory, CPU, bytes, calls."""
import os
import shutil
import statistics
import subprocess
import tempfile
import time

import kube_server
from terminal import Terminal

CONFIG = """current-context: bench
contexts:
  bench:
    deployments:
      - {type: kubernetes, name: big, kubeconfig: %s, namespaces: "*"}
"""
K9S = os.environ.get("NCMLOPS_BENCH_K9S") or shutil.which("k9s")


class Deployments:
    def __init__(self, program, env, say, number):
        self.program, self.env, self.say, self.number = program, env, say, number

    def all(self):
        return {"kube": lambda: self.run(300, 5000)}

    def idle(self, t, server, label, peer):
        """A minute's worth of what an idle screen costs, measured over ten seconds."""
        t.send(b"\x1b[O")
        t.settle(1.5, 30)
        data, cpu, wake, calls = len(t.data), t.cpu_fine_ms(), t.wakeups(), server.calls()
        until = time.monotonic() + 10
        while time.monotonic() < until:
            t.pump(0.2)
        self.say("%s: idle, bytes to the terminal" % label, self.number((len(t.data) - data) / 10), "B/s", "0",
                 peer.get("bytes", ""))
        self.say("%s: idle, CPU" % label, self.number((t.cpu_fine_ms() - cpu) / 100), "%", "0.1",
                 peer.get("cpu", ""))
        self.say("%s: idle, wake-ups" % label, self.number((t.wakeups() - wake) / 10), "/s", "2",
                 peer.get("wake", ""))
        self.say("%s: idle, calls of the API" % label, self.number((server.calls() - calls) / 10), "/s", "0.1")
        t.send(b"\x1b[I")

    def changes(self, t, server, label):
        took = []
        t.send(b"g")  # its row is the first, ready or not
        t.settle(1.0)
        for _ in range(15):
            before, at = len(t.data), server.flip(0)
            while len(t.data) == before:
                if time.monotonic() - at > 15:
                    raise TimeoutError("a pod's change did not come to the screen")
                t.pump(0.05)
            took.append((t.last_byte - at) * 1e3)
            t.settle(1.2)
        self.say("%s: a pod's change on screen (median / most)" % label, "%.0f / %.0f" % (
            statistics.median(took), max(took)), "ms", "1000")

    def churn(self, t, server, label):
        cpu, at, n = t.cpu_fine_ms(), time.monotonic(), 0
        while time.monotonic() - at < 10:
            for _ in range(5):
                n += 1
                server.flip(n * 37)
            t.pump(0.1)
        took = time.monotonic() - at
        self.say("%s: %d pod changes a second, CPU" % (label, n / took),
                 self.number((t.cpu_fine_ms() - cpu) / took / 10), "%", "10")

    def k9s(self, kubeconfig, home):
        if not K9S:
            return {"rows": "k9s (measured elsewhere): 3,556", "memory": "k9s: 237", "cpu": "k9s: 5.3",
                    "wake": "k9s: 38", "bytes": "k9s: 2,692", "spent": "k9s: 572"}
        t = Terminal([K9S, "--readonly", "-A", "-c", "pods"], 45, 160,
                     env={**self.env, "KUBECONFIG": kubeconfig, "HOME": home})
        rows = (t.wait(r"model-\d{4}-", 60) - t.start) * 1e3
        spent = t.cpu_fine_ms()
        t.settle(3.0, 20)
        out = {"rows": "k9s %.0f" % rows, "memory": "k9s %.0f" % t.memory_mb("VmRSS"), "spent": "k9s %.0f" % spent}
        t.close()
        return out

    def run(self, deployments, pods):
        label = "%d deployments, %s pods" % (deployments, format(pods, ","))
        folder = tempfile.mkdtemp(prefix="ncmlops-bench-")
        server = kube_server.Server(deployments, pods)
        kubeconfig = server.kubeconfig(folder)
        config = os.path.join(folder, "config.yaml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONFIG % kubeconfig)
        try:
            peer = self.k9s(kubeconfig, folder)
            at = time.monotonic()
            p = subprocess.run([self.program, "--config", config, "deployments", "-o", "json"], check=True,
                               stdout=subprocess.PIPE, env={**os.environ, **self.env})
            self.say("%s: headless list, whole" % label, self.number((time.monotonic() - at) * 1e3), "ms", "3000",
                     "%d kB of JSON" % (len(p.stdout) // 1000))
            server.counts.clear()
            t = Terminal([self.program, "--config", config], 45, 160, env=self.env)
            t.wait(r"ncmlops", 20)
            t.send(b"4")
            rows = (t.wait(r"model-\d{4}", 60) - t.start) * 1e3
            spent = t.cpu_fine_ms()
            self.say("%s: first rows on screen" % label, self.number(rows), "ms", "500", peer.get("rows", ""))
            self.say("%s: CPU until then" % label, self.number(spent), "ms", "300", peer.get("spent", ""))
            t.settle(3.0, 60)
            self.say("%s: memory once all is there" % label, self.number(t.memory_mb("VmRSS")), "MB", "100",
                     peer.get("memory", ""))
            self.say("%s: calls until all is there" % label, str(server.calls()), "", "60",
                     " ".join("%s %d" % kv for kv in sorted(server.counts.items())))
            took = [k for k in (t.key(b"j") for _ in range(30)) if k]
            self.say("%s: row down (median ms / bytes)" % label, "%.1f / %.0f" % (
                statistics.median(k[1] for k in took), statistics.median(k[2] for k in took)), "", "16 / 400",
                "k9s 18.6 / 797")
            self.changes(t, server, label)
            self.churn(t, server, label)
            self.idle(t, server, label, peer)
            t.close()
        finally:
            server.close()
            shutil.rmtree(folder, ignore_errors=True)
