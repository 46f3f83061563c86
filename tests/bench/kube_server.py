"""A stand-in for an API server with a large cluster: lists in pages, watches that stay silent until a
pod is made to change, discovery, access reviews. Counts what is asked of it.

    Server(deployments, pods)   .port  .kubeconfig(folder)  .counts  .flip()  .close()"""
import http.server
import json
import os
import threading
import time
import urllib.parse

import kube_objects

PLURALS = {"deployments": "/apis/apps/v1", "replicasets": "/apis/apps/v1", "statefulsets": "/apis/apps/v1",
           "pods": "/api/v1", "services": "/api/v1", "events": "/api/v1",
           "endpointslices": "/apis/discovery.k8s.io/v1", "horizontalpodautoscalers": "/apis/autoscaling/v2",
           "jobs": "/apis/batch/v1", "cronjobs": "/apis/batch/v1"}
GROUPS = ("apps", "batch", "autoscaling", "discovery.k8s.io", "metrics.k8s.io", "authorization.k8s.io",
          "authentication.k8s.io")


class Server:
    def __init__(self, deployments, pods):
        self.objects = kube_objects.objects(deployments, pods)
        self.texts = {k: [json.dumps(o, separators=(",", ":")) for o in v] for k, v in self.objects.items()}
        self.counts, self.bytes = {}, 0
        self.lock = threading.Condition()
        self.changes, self.version, self.over = [], 5000, False
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                server.get(self)

            def do_POST(self):
                server.post(self)

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def kubeconfig(self, folder):
        path = os.path.join(folder, "kubeconfig")
        with open(path, "w", encoding="utf-8") as f:
            json.dump({"current-context": "big", "clusters": [{"name": "big", "cluster": {
                "server": "http://127.0.0.1:%d" % self.port}}], "users": [{"name": "me", "user": {}}],
                "contexts": [{"name": "big", "context": {"cluster": "big", "user": "me"}}]}, f)
        return path

    def note(self, what):
        with self.lock:
            self.counts[what] = self.counts.get(what, 0) + 1

    def calls(self):
        with self.lock:
            return sum(self.counts.values())

    def send(self, h, text, status=200):
        data = text.encode()
        h.send_response(status)
        h.send_header("Content-Type", "application/json")
        h.send_header("Content-Length", str(len(data)))
        h.end_headers()
        h.wfile.write(data)
        self.bytes += len(data)

    def get(self, h):
        url = urllib.parse.urlsplit(h.path)
        query = dict(urllib.parse.parse_qsl(url.query))
        plural = url.path.rsplit("/", 1)[1]
        if plural == "version":
            self.note("version")
            self.send(h, '{"major":"1","minor":"36","gitVersion":"v1.36.3"}')
        elif url.path == "/apis":
            self.note("discovery")
            self.send(h, json.dumps({"kind": "APIGroupList", "groups": [
                {"name": g, "versions": [], "preferredVersion": {"version": "v1"}} for g in GROUPS]}))
        elif "metrics.k8s.io" in url.path:
            self.note("usage")
            self.list(h, url.path, "usage", query)
        elif plural in PLURALS and query.get("watch"):
            self.note("watch " + plural)
            self.watch(h, plural)
        elif plural in PLURALS:
            self.note("list " + plural)
            self.list(h, url.path, plural, query)
        else:
            self.note("other")
            h.send_response(404)
            h.send_header("Content-Type", "text/plain")
            h.send_header("Content-Length", "0")
            h.end_headers()

    def list(self, h, path, kind, query):
        items = self.texts.get(kind, [])
        parts = path.split("/")
        if "namespaces" in parts:
            mine = parts[parts.index("namespaces") + 1]
            items = [t for t, o in zip(items, self.objects.get(kind, [])) if o["metadata"]["namespace"] == mine]
        at, limit = int(query.get("continue") or 0), int(query.get("limit") or 1 << 30)
        page = items[at:at + limit]
        more = str(at + limit) if at + limit < len(items) else ""
        self.send(h, '{"kind":"List","metadata":{"resourceVersion":"%d","continue":"%s"},"items":[%s]}' % (
            self.version, more, ",".join(page)))

    def watch(self, h, plural):
        h.send_response(200)
        h.send_header("Content-Type", "application/json")
        h.send_header("Transfer-Encoding", "chunked")
        h.end_headers()
        seen = len(self.changes)
        try:
            while not self.over:
                with self.lock:
                    self.lock.wait_for(lambda: self.over or len(self.changes) > seen, timeout=60)
                    fresh, seen = self.changes[seen:], len(self.changes)
                for kind, line in fresh:
                    if kind == plural:
                        data = line.encode()
                        h.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))
                        h.wfile.flush()
        except OSError:
            pass

    def post(self, h):
        body = json.loads(h.rfile.read(int(h.headers.get("Content-Length") or 0)) or b"{}")
        self.note("review")
        body["status"] = {"allowed": True, "userInfo": {"username": "bench", "groups": []}}
        self.send(h, json.dumps(body), 201)

    def flip(self, i):
        """Pod i becomes unready, or ready again."""
        pod = self.objects["pods"][i % len(self.objects["pods"])]
        status = pod["status"]["containerStatuses"][0]
        status["ready"] = not status["ready"]
        for c in pod["status"]["conditions"]:
            if c["type"] in ("Ready", "ContainersReady"):
                c["status"] = "True" if status["ready"] else "False"
        owner = next(d for d in self.objects["deployments"]
                     if d["metadata"]["name"] == pod["metadata"]["labels"]["app"])
        for key in ("readyReplicas", "availableReplicas"):
            owner["status"][key] += 1 if status["ready"] else -1
        with self.lock:
            self.changed("pods", "Pod", "v1", pod)
            self.changed("deployments", "Deployment", "apps/v1", owner)
            self.lock.notify_all()
        return time.monotonic()

    def changed(self, plural, kind, api, item):
        self.version += 1
        item["metadata"]["resourceVersion"] = str(self.version)
        self.changes.append((plural, json.dumps({"type": "MODIFIED", "object": dict(
            item, kind=kind, apiVersion=api)}) + "\n"))

    def close(self):
        with self.lock:
            self.over = True
            self.lock.notify_all()
        self.http.shutdown()
