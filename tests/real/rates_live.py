"""Rates that a real Prometheus has of two model servers, as `ncmlops deployments` shows them: requests, errors and
quantiles against Prometheus' own arithmetic; health pages left out; a store that hangs or is gone; a canary judged."""
import http.server
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

import lib_servers
from lib_tap import end, ok, skip

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
PATIENCE = 120
BOUNDS = [0.01, 0.02, 0.05, 0.1, 0.2]


class Server(http.server.ThreadingHTTPServer):
    """Counts 50 requests a second that take `slow` seconds, one in `fails` of them fails; health pages beside."""
    daemon_threads = True

    def __init__(self, version, slow, fails):
        super().__init__(("127.0.0.1", 0), Handler)
        self.version, self.slow, self.fails = version, slow, fails
        self.n = 0
        threading.Thread(target=self.serve_forever, daemon=True).start()
        threading.Thread(target=self.count, daemon=True).start()

    def handle_error(self, request, client_address):
        pass  # who asked went away: killed, or stopped for good

    def count(self):
        while True:
            self.n += 5
            time.sleep(0.1)

    def page(self):
        bad = self.n // self.fails if self.fails else 0
        lines = ['http_requests_total{handler="/invocations",code="200"} %d' % (self.n - bad),
                 'http_requests_total{handler="/invocations",code="500"} %d' % bad,
                 'http_requests_total{handler="/health",code="200"} %d' % (self.n * 7)]
        for le in BOUNDS:
            lines.append('http_request_duration_seconds_bucket{handler="/invocations",le="%s"} %d'
                         % (le, self.n if self.slow <= le else 0))
            lines.append('http_request_duration_seconds_bucket{handler="/health",le="%s"} %d' % (le, self.n * 7))
        lines.append('http_request_duration_seconds_bucket{handler="/invocations",le="+Inf"} %d' % self.n)
        lines.append('http_request_duration_seconds_bucket{handler="/health",le="+Inf"} %d' % (self.n * 7))
        lines.append('http_request_duration_seconds_count{handler="/invocations"} %d' % self.n)
        lines.append('http_request_duration_seconds_count{handler="/health"} %d' % (self.n * 7))
        return "\n".join(lines) + "\n"


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        what = {"/metrics": self.server.page(), "/health": "ok",
                "/info": json.dumps({"version": self.server.version}),
                "/traffic": json.dumps({"churn-1": 90, "churn-2": 10})}.get(self.path)
        self.send_response(200 if what else 404)
        kind = "text/plain; version=0.0.4" if self.path in ("/metrics", "/health") else "application/json"
        self.send_header("Content-Type", kind)
        self.end_headers()
        self.wfile.write((what or "").encode())

    def log_message(self, *args):
        pass


def prometheus(program, folder, port, targets):
    with open(os.path.join(folder, "prometheus.yml"), "w", encoding="utf-8") as f:
        f.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: models\n    static_configs: "
                "[{targets: [%s]}]\n" % ", ".join('"%s"' % t for t in targets))
    log = open(os.path.join(folder, "prometheus.log"), "ab")
    return subprocess.Popen([program, "--config.file=" + os.path.join(folder, "prometheus.yml"),
                             "--storage.tsdb.path=" + os.path.join(folder, "tsdb"),
                             "--web.listen-address=127.0.0.1:%d" % port], stdout=log, stderr=log)


def ask(port, query):
    """The value of one series; None where there is none (yet)."""
    url = "http://127.0.0.1:%d/api/v1/query?%s" % (port, urllib.parse.urlencode({"query": query}))
    try:
        with urllib.request.urlopen(url, timeout=10) as r:
            got = json.load(r)["data"]["result"]
    except OSError:
        return None
    return float(got[0]["value"][1]) if got else None


def until(what):
    limit = time.monotonic() + PATIENCE
    while not what() and time.monotonic() < limit:
        time.sleep(0.2)
    return what()


def near(a, b, share):
    return a is not None and b is not None and abs(a - b) <= share * abs(b)


def main():
    program = os.environ.get("PROMETHEUS") or shutil.which("prometheus")
    if not program:
        skip("rates", "no prometheus")
        return end()
    folder = tempfile.mkdtemp(prefix="ncmlops-rates-")
    servers = [Server("1", 0.015, 0), Server("2", 0.08, 10)]
    targets = ["127.0.0.1:%d" % s.server_address[1] for s in servers]
    port = lib_servers.port()
    config = os.path.join(folder, "config.yaml")
    with open(config, "w", encoding="utf-8") as f:
        f.write("current-context: live\ncontexts:\n  live:\n    metrics: {type: prometheus, url: \"http://127.0.0.1:%d\","
                " timeout: 5}\n    deployments:\n" % port)
        for i, target in enumerate(targets, 1):
            f.write("      - {type: http, name: churn-%d, url: \"http://%s\", protocol: generic, model: churn, group: churn,"
                    " health: /health, info: /info, version: .version, traffic: /traffic, metrics: none}\n" % (i, target))
    os.chmod(config, 0o600)
    process = prometheus(program, folder, port, targets)

    def deployments():
        r = subprocess.run([BIN, "--config", config, "deployments", "-o", "json"], capture_output=True, text=True,
                           stdin=subprocess.DEVNULL, timeout=PATIENCE, cwd=folder)
        return r, json.loads(r.stdout) if r.returncode == 0 else []

    try:
        query = 'sum(increase(http_requests_total{instance="%s",handler!="/health"%s}[5m]))'
        counted = until(lambda: (ask(port, query % (targets[1], "")) or 0) > 1000)
        ok("Prometheus has counted", counted)
        r, got = deployments()
        ok("both servers are shown", [x["name"] for x in got] == ["churn-1", "churn-2"], r.stdout, r.stderr)
        for i, x in enumerate(got):
            theirs = ask(port, query % (targets[i], ""))
            ok(f"{x['name']}: requests as Prometheus counts them, health pages left out",
               near(x["requests"], theirs, 0.3), x["requests"], theirs)
            ok(f"{x['name']}: they come from Prometheus", x["rates_source"] == "prometheus", x)
        ok("no request of the first one fails", got[0]["error_rate"] == 0, got[0]["error_rate"])
        ok("one in ten of the second one fails", near(got[1]["error_rate"], 0.1, 0.2), got[1]["error_rate"])
        ok("quantiles lie in their bucket", 10 < got[0]["p95_ms"] <= 20 and 50 < got[1]["p95_ms"] <= 100,
           got[0]["p95_ms"], got[1]["p95_ms"])
        says = (got[0]["canary"] or {}).get("says") or ""
        ok("the candidate is worse, in a sentence", "v2 fails more" in says and (got[0]["canary"]["verdict"] == "worse"),
           got[0]["canary"], got[0]["traffic"])
        process.send_signal(signal.SIGSTOP)
        r, got = deployments()
        ok("one that hangs: the servers are shown all the same", r.returncode == 0 and len(got) == 2, r.stderr)
        ok("… without rates, which are not 0", all(x["rps"] is None and x["requests"] is None for x in got), got)
        ok("… and it is said", "prometheus" in r.stderr, r.stderr)
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        r, got = deployments()
        ok("one that is gone: likewise", r.returncode == 0 and len(got) == 2 and "prometheus" in r.stderr, r.stderr)
        process = prometheus(program, folder, port, targets)
        back = until(lambda: (ask(port, query % (targets[1], "")) or 0) > 0)
        r, got = deployments()
        ok("it is back", back and all(x["rates_source"] == "prometheus" for x in got), r.stderr, got)
    finally:
        process.kill()
        process.wait()
        if not os.environ.get("KEEP"):
            shutil.rmtree(folder, ignore_errors=True)
    return end()


if __name__ == "__main__":
    sys.exit(main())
