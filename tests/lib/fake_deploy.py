#!/usr/bin/env python3
"""Places where models are served, for tests of the commands: a Kubernetes API server that answers the
recorded lists, and HTTP model servers.

    fake_deploy.py DIR       writes DIR/kubeconfig, prints "NAME=PORT" for each server, then "ready"

Ends when its standard input does. The servers: kube (wants the token "kube-hush", or
"look-hush", which may change nothing and not read the namespace ml-quota); well (alive, version 3,
metrics), locked (the same behind the token "locked-hush"), sick (its health says 503), gone (a port where
nobody listens). DIR/kube.log holds one line for each request to the API server.
"""
import gzip
import json
import os
import socket
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FIXTURES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "fixtures", "kubernetes")
LISTS = {"deployments": "deployments_list", "replicasets": "replicasets_list", "pods": "pods_list",
         "services": "services_list", "endpointslices": "endpointslices_list",
         "horizontalpodautoscalers": "hpa_list", "events": "events_list"}
EMPTY = {"statefulsets": ("apps/v1", "StatefulSetList"), "jobs": ("batch/v1", "JobList"),
         "cronjobs": ("batch/v1", "CronJobList")}
KUBECONFIG = """apiVersion: v1
kind: Config
current-context: seoul
contexts:
- {name: seoul, context: {cluster: c, user: u, namespace: ml-prod}}
- {name: viewer, context: {cluster: c, user: looker, namespace: ml-prod}}
- {name: stranger, context: {cluster: c, user: nobody, namespace: ml-prod}}
clusters:
- {name: c, cluster: {server: "http://127.0.0.1:%d"}}
users:
- {name: u, user: {token: kube-hush}}
- {name: nobody, user: {token: wrong-hush}}
- {name: looker, user: {token: look-hush}}
"""


def fixture(name):
    plain = os.path.join(FIXTURES, name + ".json")
    if os.path.exists(plain):
        with open(plain, encoding="utf-8") as f:
            return json.load(f)
    with gzip.open(plain + ".gz", "rt", encoding="utf-8") as f:
        return json.load(f)


class Base(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, body, kind="application/json"):
        data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))


def status(code, reason, message):
    return {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "message": message,
            "code": code}


class Kube(Base):
    def login(self):
        return {"Bearer kube-hush": "ops", "Bearer look-hush": "looker"}.get(self.headers.get("Authorization"))

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        with open(os.path.join(self.server.folder, "kube.log"), "a", encoding="utf-8") as f:
            f.write("%s %s\n" % (self.command, self.path))
        if self.login() is None:
            return self.say(401, status(401, "Unauthorized", "Unauthorized"))
        parts = url.path.strip("/").split("/")
        if url.path == "/version":
            return self.say(200, fixture("version"))
        if url.path == "/apis":
            return self.say(200, fixture("apis_groups"))
        if self.login() == "looker" and "ml-quota" in parts:
            return self.say(403, status(403, "Forbidden", "looker may not read ml-quota"))
        if parts[-1] == "log":
            return self.log(parts[-2], query)
        if query.get("watch") in ("1", "true"):
            return self.watch()
        return self.list(parts)

    def log(self, pod, query):
        """One more line each time it is asked, so that a reader who follows has something to see."""
        n = self.server.logged[pod] = self.server.logged.get(pod, 2) + 1
        lines = ["2026-11-21T05:30:%02d.000000000Z line %d of %s\n" % (i, i, pod) for i in range(min(n, 60))]
        tail = int(query.get("tailLines", "1000"))
        return self.say(200, "".join(lines[-tail:]), "text/plain")

    def list(self, parts):
        if parts[-1] in LISTS and "metrics.k8s.io" not in parts:
            found = fixture(LISTS[parts[-1]])
            if "namespaces" in parts:
                ns = parts[parts.index("namespaces") + 1]
                found["items"] = [i for i in found["items"] if i["metadata"]["namespace"] == ns]
            return self.say(200, found)
        if parts[-1] in EMPTY:
            version, kind = EMPTY[parts[-1]]
            return self.say(200, {"kind": kind, "apiVersion": version, "metadata": {"resourceVersion": "1201"},
                                  "items": []})
        return self.say(404, "404 page not found\n", "text/plain")

    def watch(self):
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Connection", "close")
        self.end_headers()
        self.server.over.wait(30)
        self.close_connection = True

    def do_POST(self):
        body = json.loads(self.body() or b"{}")
        if self.login() is None:
            return self.say(401, status(401, "Unauthorized", "Unauthorized"))
        if self.path.endswith("selfsubjectreviews"):
            body["status"] = {"userInfo": {"username": self.login()}}
        else:
            body["status"] = {"allowed": self.login() == "ops"}
        return self.say(201, body)


class Model(Base):
    def do_GET(self):
        s = self.server
        if s.token and self.headers.get("Authorization") != "Bearer " + s.token:
            return self.say(401, {"error": "who are you?"})
        if self.path == "/health":
            return self.say(200 if s.well else 503, {"status": "up" if s.well else "down"})
        if self.path == "/model/info" and s.well:
            return self.say(200, {"model": {"name": "churn", "version": "3"}})
        if self.path == "/metrics" and s.well:
            s.asked += 30
            return self.say(200, "# TYPE http_requests_total counter\nhttp_requests_total %d\n" % s.asked,
                            "text/plain; version=0.0.4")
        return self.say(404, {"error": "not found"})


def start(kind, folder, **more):
    s = ThreadingHTTPServer(("127.0.0.1", 0), kind)
    s.daemon_threads = True
    s.folder, s.over = folder, threading.Event()
    for key, value in more.items():
        setattr(s, key, value)
    threading.Thread(target=s.serve_forever, daemon=True).start()
    return s


def main():
    folder = sys.argv[1]
    servers = {"kube": start(Kube, folder, logged={}),
               "well": start(Model, folder, token=None, well=True, asked=0),
               "locked": start(Model, folder, token="locked-hush", well=True, asked=0),
               "sick": start(Model, folder, token=None, well=False, asked=0)}
    ports = {name: s.server_address[1] for name, s in servers.items()}
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        ports["gone"] = nobody.getsockname()[1]
    with open(os.path.join(folder, "kubeconfig"), "w", encoding="utf-8") as f:
        f.write(KUBECONFIG % ports["kube"])
    for name, port in ports.items():
        print("%s=%d" % (name, port))
    print("ready", flush=True)
    sys.stdin.read()
    for s in servers.values():
        s.over.set()
    time.sleep(0)
    os._exit(0)


main()
