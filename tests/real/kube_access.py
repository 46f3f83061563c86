"""A real API server: every way into it that a kubeconfig knows, and a watch that is cut, stopped, expired."""
import json
import os
import queue
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

import lib_kube
import lib_servers
from lib_tap import end, ok, skip

OBJ = os.environ.get("OBJ", "build/obj-plain")
DRIVER = os.path.join(lib_servers.ROOT, OBJ, "tests", "real", "kube_driver")
PATIENCE = 60


def said(good, name, *why):
    return ok(name, bool(good), *why)


class Proxy:
    """An HTTP proxy that tunnels, and cuts what it tunnels."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://127.0.0.1:%d" % self.listener.getsockname()[1]
        self.tunnels, self.pairs, self.open = 0, [], True
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            conn, _ = self.listener.accept()
            if not self.open:
                conn.close()
                continue
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        head = b""
        while b"\r\n\r\n" not in head:
            part = conn.recv(4096)
            if not part:
                return
            head += part
        host, port = re.match(rb"CONNECT ([^:]+):(\d+)", head).groups()
        try:
            there = socket.create_connection((host.decode(), int(port)))
        except OSError:
            conn.close()
            return
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        self.tunnels += 1
        self.pairs += [conn, there]
        for a, b in ((conn, there), (there, conn)):
            threading.Thread(target=self.pump, args=(a, b), daemon=True).start()

    def pump(self, a, b):
        try:
            while True:
                part = a.recv(65536)
                if not part:
                    break
                b.sendall(part)
        except OSError:
            pass
        for s in (a, b):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for s in self.pairs:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self.pairs = []


def run(kubeconfig, context, namespaces="ml-prod", what=("fetch",), env=None):
    r = subprocess.run([DRIVER, kubeconfig, context, namespaces] + list(what), capture_output=True, text=True,
                       timeout=PATIENCE, stdin=subprocess.DEVNULL, env=dict(os.environ, **(env or {})))
    return r.stdout + r.stderr


class Watch:
    """The driver's watch; `state` is what it said last, `who` as whom it was let in."""

    def __init__(self, kubeconfig, context, log):
        self.p = subprocess.Popen([DRIVER, kubeconfig, context, "ml-prod", "watch"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True, env=dict(os.environ, NCMLOPS_LOG=log))
        self.state, self.who, self.requests, self.errors, self.coming = {}, None, 0, [], {}
        self.lines = queue.Queue()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        for line in self.p.stdout:
            self.lines.put(line)

    def take(self, line):
        words = line.split()
        if words[0] == "who":
            self.who, self.coming = words[1], {}
        elif words[0] == "deployment":
            self.coming[words[1]] = line
        elif words[0] == "requests":  # the last line of what it tells
            self.state, self.requests = self.coming, int(words[1]) + int(words[2])
        elif words[0] == "error":
            self.errors.append(line.strip())

    def until(self, condition, seconds=PATIENCE):
        """Whether it comes to hold."""
        stop = time.monotonic() + seconds
        while not condition() and time.monotonic() < stop:
            try:
                self.take(self.lines.get(timeout=1))
            except queue.Empty:
                continue
        return condition()

    def close(self):
        self.p.stdin.close()
        self.p.wait(30)


def edited(cluster, name, *pairs):
    """The bed's kubeconfig with some texts replaced, beside it, so that relative paths stay good."""
    with open(cluster.kubeconfig) as f:
        text = f.read()
    for pattern, by in pairs:
        text, n = re.subn(pattern, by, text, flags=re.S)
        if n == 0:
            raise RuntimeError("nothing to edit: " + pattern)
    path = os.path.join(os.path.dirname(cluster.kubeconfig), name)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def check_contexts(cluster):
    for context, who in (("admin", "admin"), ("admin-files", "admin"), ("admin-token", "admin"), ("oper", "oper"),
                         ("viewer", "viewer"), ("viewer-file", "viewer"), ("viewer-exec", "viewer")):
        out = run(cluster.kubeconfig, context)
        said("\nwho %s\n" % who in out and "deployment ml-prod/churn " in out, "context %s" % context, out)
    for context, who in (("nobody", "nobody"), ("anonymous", "system:anonymous")):
        out = run(cluster.kubeconfig, context)
        said("error fetch FORBIDDEN" in out and '"%s"' % who in out, "context %s is forbidden everything" % context, out)
    out = run(cluster.kubeconfig, "nowhere")
    said("NOT_FOUND" in out and "viewer-exec" in out, "an unknown context names those that there are", out)
    out = run(cluster.kubeconfig, "viewer", "*")
    said("note only the namespace ml-prod is read" in out and "churn" in out,
       "who may not list everywhere gets the context's namespace", out)
    said("note endpointslices: " in out, "a kind that is forbidden is a note", out)
    out = run(cluster.kubeconfig, "admin", "*")
    said("deployment ml-quota/greedy" in out and "deployment ml-prod/churn" in out, "all namespaces", out)
    late = time.monotonic() + 240  # a rollout that is not over has a replica more
    out = run(cluster.kubeconfig, "viewer", what=("logs", "k/ml-prod/churn"))
    while out.count("churn-server request 200 served") != 3 and time.monotonic() < late:
        out = run(cluster.kubeconfig, "viewer", what=("logs", "k/ml-prod/churn"))
    said(out.count("churn-server request 200 served") == 3, "logs of all replicas", out)
    out = run(cluster.kubeconfig, "viewer", what=("doctor",))
    said("ok login: viewer" in out and "rights: ml-prod: read logs; not" in out, "what doctor says", out)


def check_logins(cluster, work):
    secret = "test-viewer-token-of-yesterday"
    out = run(edited(cluster, "wrong", (r"token: test-viewer-token", "token: " + secret)), "viewer")
    said("UNAUTHENTICATED" in out and secret not in out, "a wrong token is one sentence without the token", out)

    counter = os.path.join(work, "runs")
    script = os.path.join(work, "renew.sh")
    with open(script, "w") as f:
        f.write("""#!/bin/sh
echo x >>%s
token=expired-token
[ "$(wc -l <%s)" -lt 2 ] || token=test-viewer-token
echo '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"'$token'"}}'
""" % (counter, counter))
    os.chmod(script, 0o700)
    out = run(edited(cluster, "renew", (r"command: \./plugin\.sh", "command: " + script)), "viewer-exec")
    with open(counter) as f:
        runs = len(f.readlines())
    said("\nwho viewer\n" in out and runs == 2, "an expired credential of a plugin is renewed once (%d runs)" % runs, out)
    said("expired-token" not in out, "and not shown", out)

    out = run(edited(cluster, "as", (r"(name: admin-token\s+user: \{token: test-admin-token)", r"\1, as: viewer, as-groups: ['ncmlops:viewers']")),
              "admin-token")
    said("\nwho viewer\n" in out, "impersonation", out)
    out = run(edited(cluster, "ca", (r"certificate-authority-data: \S+", "x: y")), "viewer")
    said("error fetch TLS" in out and "certificate-authority" in out, "an authority that nobody trusts", out)
    out = run(edited(cluster, "name", (r"tls-server-name: \S+?([,}\n])", r"tls-server-name: other.example\1")), "oper")
    said("error fetch TLS" in out, "a certificate for another name", out)

    two = os.path.join(work, "two")
    with open(two, "w") as f:
        f.write("contexts: [{name: mine, context: {cluster: test, user: viewer, namespace: ml-prod}}]\n"
                "current-context: mine\n")
    out = run("%s:%s" % (two, cluster.kubeconfig), "")
    said("\nwho viewer\n" in out, "two files are one", out)


def scale(cluster, n):
    cluster.kubectl("scale", "deployment/churn", "--replicas=%d" % n)


def has(watch, n):
    return lambda: " %d/%d " % (n, n) in watch.state.get("ml-prod/churn", "")


def check_watch(cluster, work):
    proxy = Proxy()
    path = edited(cluster, "proxy", (r"(certificate-authority-data: \S+)", r"\1\n    proxy-url: " + proxy.url))
    log = os.path.join(work, "log")
    w = Watch(path, "admin", log)
    said(w.until(has(w, 3)) and proxy.tunnels > 0, "a watch through a proxy", w.state.get("ml-prod/churn"))
    before = w.requests
    scale(cluster, 4)
    said(w.until(has(w, 4)), "a change is told", w.state.get("ml-prod/churn"))
    said(w.requests == before, "without any further request", "%d, then %d" % (before, w.requests))
    proxy.cut()
    scale(cluster, 5)
    said(w.until(has(w, 5)), "after a cut", w.errors)
    said(w.requests <= before + 12, "watches go on without new lists", "%d, then %d" % (before, w.requests))
    said(not w.errors, "a cut is no error", w.errors)

    server = cluster.pid("kube-apiserver")
    os.kill(server, signal.SIGSTOP)
    w.until(lambda: w.errors, 4)
    os.kill(server, signal.SIGCONT)
    scale(cluster, 3)
    said(w.until(has(w, 3)), "after a server that stood still", w.errors)

    cluster.kill("kube-apiserver")
    said(w.until(lambda: any("UNREACHABLE" in e for e in w.errors), 30), "a server that is gone is told", w.errors)
    cluster.up()
    scale(cluster, 4)
    said(w.until(has(w, 4), 120), "and watched again when it is back", w.errors)
    scale(cluster, 3)
    said(w.until(has(w, 3)), "as before", w.errors)
    w.close()
    with open(log) as f:
        text = f.read()
    said("test-" not in text, "no token in the log", text)


def write(path, text):
    """As a whole, as those do it who rotate tokens."""
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(path + ".new", 0o600)
    os.replace(path + ".new", path)


def check_forgotten(cluster, work):
    """While it cannot be reached the server forgets the version that a watch would go on from (410), and a token."""
    proxy = Proxy()
    token = os.path.join(work, "token")
    write(token, "test-viewer-token\n")
    pairs = ((r"(certificate-authority-data: \S+)", r"\1\n    proxy-url: " + proxy.url),
             (r"tokenFile: [^\s}]+", "tokenFile: " + token))
    path, log = edited(cluster, "forgotten", *pairs), os.path.join(work, "forgotten.log")
    w = Watch(path, "viewer-file", log)
    said(w.until(has(w, 3)) and w.who == "viewer", "a watch with a token of a file", w.who, w.state)
    said("ml-prod/idle" in w.state, "sees a deployment that goes soon", w.state)
    proxy.open = False
    proxy.cut()
    there = "/apis/apps/v1/namespaces/ml-prod/deployments"
    version = json.loads(cluster.kubectl("get", "--raw", there))["metadata"]["resourceVersion"]
    cluster.kubectl("delete", "deployment", "idle")
    scale(cluster, 4)
    cluster.kill("kube-apiserver")
    tokens = os.path.join(cluster.folder, "pki", "tokens.csv")
    with open(tokens, encoding="utf-8") as f:
        text = f.read()
    write(tokens, text.replace("test-viewer-token,", "test-rotated-token,"))
    cluster.up()
    answer = cluster.kubectl("get", "--raw", there + "?watch=1&timeoutSeconds=5&resourceVersion=" + version, fine=False)
    said('"code":410' in answer, "the server has forgotten the version", answer)
    write(token, "test-rotated-token\n")
    w.errors = []
    proxy.open = True
    said(w.until(has(w, 4), 120), "lists anew", w.state, w.errors)
    said("ml-prod/idle" not in w.state, "and knows what went meanwhile", w.state)
    said(not any("UNAUTHENTICATED" in e for e in w.errors), "the file's new token is taken where the old one expired",
         w.errors)
    scale(cluster, 3)
    said(w.until(has(w, 3)), "and watches on", w.errors)
    write(token, "test-expired-token\n")
    write(tokens, text)
    proxy.open = False
    proxy.cut()
    cluster.kill("kube-apiserver")
    cluster.up()
    proxy.open = True
    said(w.until(lambda: any("UNAUTHENTICATED" in e for e in w.errors), 120), "one that stays expired is told", w.errors)
    write(token, "test-viewer-token\n")
    scale(cluster, 4)
    said(w.until(has(w, 4), 120), "until it is renewed", w.errors)
    scale(cluster, 3)
    w.until(has(w, 3))
    w.close()
    with open(log, encoding="utf-8") as f:
        text = f.read()
    said("410" in text or "Expired" in text, "it was told so by the server", text[-2000:])
    said("test-" not in text, "no token in that log either", text)


def check_silence(cluster, work):
    """A server that stands still takes connections and says nothing: only the silence tells, after three minutes."""
    w = Watch(cluster.kubeconfig, "admin", os.path.join(work, "silence.log"))
    w.until(has(w, 3))
    server = cluster.pid("kube-apiserver")
    os.kill(server, signal.SIGSTOP)
    told = w.until(lambda: w.errors, 300)
    os.kill(server, signal.SIGCONT)
    said(told and any(c in w.errors[0] for c in ("UNREACHABLE", "TIMEOUT")), "a server that stands still is told", w.errors)
    scale(cluster, 4)
    said(w.until(has(w, 4), 120), "and watched again when it goes on", w.errors)
    w.close()


def main():
    if not os.path.exists(DRIVER):
        skip("kube_access", "make test-real builds the driver")
        return
    cluster = lib_kube.Cluster()
    if cluster.why:
        skip("kube_access", cluster.why)
        return
    work = tempfile.mkdtemp(prefix="ncm-kube-access-")
    try:
        check_contexts(cluster)
        check_logins(cluster, work)
        check_watch(cluster, work)
        check_forgotten(cluster, work)
        check_silence(cluster, work)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        cluster.down()


main()
sys.exit(end())
