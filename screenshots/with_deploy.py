#!/usr/bin/env python3
"""Runs a command beside places where models are served, and a configuration that names them beside the
workspace in this folder.

    with_deploy.py COMMAND…

The places: a cluster that answers what a real one did (tests/lib/fake_deploy.py), and two scoring
endpoints of fraud-detector behind one split, of which the candidate fails more often."""
import bisect
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HERE = os.path.dirname(os.path.abspath(__file__))
FAKE = os.path.join(HERE, "..", "tests", "lib", "fake_deploy.py")
EDGES = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1]
CONFIG = """current-context: prod-seoul
contexts:
  prod-seoul:
    tracking: {uri: "%s"}
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: "%s"}
      - {type: http, name: fraud-v7, url: "http://127.0.0.1:%d", protocol: generic, model: fraud-detector, group: fraud,
         health: /health, info: /info, version: .version, traffic: /split, every: 1s,
         test: {path: /predict, body: '{"amount": 12.5}'}}
      - {type: http, name: fraud-v9, url: "http://127.0.0.1:%d", protocol: generic, model: fraud-detector, group: fraud,
         health: /health, info: /info, version: .version, every: 1s}
"""


class Scores(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, body, kind="application/json"):
        data = body.encode()
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        s = self.server
        if self.path == "/health":
            self.say('{"status": "up"}')
        elif self.path == "/info":
            self.say(json.dumps({"version": s.version}))
        elif self.path == "/split":
            self.say('{"fraud-v7": 90, "fraud-v9": 10}')
        elif self.path == "/metrics":
            self.say(s.metrics(), "text/plain; version=0.0.4")
        else:
            self.send_error(404)

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.say('{"score": 0.0312, "decision": "accept"}')


class Server(ThreadingHTTPServer):
    """Counts as if it were asked `rate` times a second, of which a share `bad` fails."""

    daemon_threads = True

    def __init__(self, version, rate, bad, middle):
        super().__init__(("127.0.0.1", 0), Scores)
        self.version, self.rate, self.bad, self.middle = version, rate, bad, middle
        self.began, self.done = time.monotonic() - 60, 0
        self.counts, self.codes, self.sum = [0] * (len(EDGES) + 1), {"200": 0, "500": 0}, 0.0
        self.dice = random.Random(7)
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def metrics(self):
        with self.lock:
            until = int((time.monotonic() - self.began) * self.rate)
            for _ in range(until - self.done):
                took = self.dice.lognormvariate(0, 0.5) * self.middle
                self.counts[bisect.bisect_left(EDGES, took)] += 1
                self.sum += took
                self.codes["500" if self.dice.random() < self.bad else "200"] += 1
            self.done = until
            lines, below = ["# TYPE http_request_duration_seconds histogram"], 0
            for edge, n in zip(EDGES + ["+Inf"], self.counts):
                below += n
                lines.append('http_request_duration_seconds_bucket{le="%s"} %d' % (edge, below))
            lines += ["http_request_duration_seconds_sum %f" % self.sum, "http_request_duration_seconds_count %d" % below,
                      "# TYPE http_requests_total counter"]
            lines += ['http_requests_total{code="%s"} %d' % x for x in self.codes.items()]
            return "\n".join(lines) + "\n"


def main():
    stable, candidate = Server("7", 312, 0.002, 0.018), Server("9", 34, 0.031, 0.021)
    with tempfile.TemporaryDirectory() as folder, \
            subprocess.Popen([sys.executable, FAKE, folder], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL, text=True) as fake:
        while fake.stdout.readline().strip() not in ("ready", ""):
            pass
        home = os.path.join(os.environ["HOME"], ".config", "ncmlops")
        os.makedirs(home, exist_ok=True)
        path = os.path.join(home, "config.yaml")
        with open(path, "w", encoding="utf-8") as f:
            f.write(CONFIG % (os.path.abspath("mlflow.db"), os.path.join(folder, "kubeconfig"),
                              stable.server_address[1], candidate.server_address[1]))
        os.chmod(path, 0o600)
        code = subprocess.call(sys.argv[1:])
        fake.stdin.close()
    return code


sys.exit(main())
