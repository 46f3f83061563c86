#!/usr/bin/env python3
"""Four model servers for tests, each with a health page, an info page that names its version, a reload
page, a traffic page, metrics and predictions; each page misbehaves when told to.

    fake_endpoints.py      prints "a=http://127.0.0.1:PORT" …, then "ready"; ends with its input

POST /_set {"version": …, "split": {…}, "metrics": "…", "rules": {"GET /health": {…}}} changes what is
given; a rule is {"status", "text", "mode": "hang" | "slow" | "cut" | "lost", "times"}. "lost" does what
was asked and closes without an answer. GET /_log gives what it was asked, as [method, path, body,
authorization].
"""
import http.server
import json
import sys
import threading
import time

over = threading.Event()


def fresh():
    return {"version": "7", "split": {}, "metrics": None, "rules": {}, "log": []}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def say(self, status, text, kind="application/json"):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def control(self, state, body):
        if self.path == "/_log":
            self.say(200, json.dumps(state["log"]))
            return
        given = json.loads(body)
        if given.pop("fresh", False):
            state.clear()
            state.update(fresh())
        state.update(given)
        self.say(200, "{}")

    def usual(self, state, body):
        on = self.command + " " + self.path
        if on == "GET /health":
            self.say(200, '{"status": "ok"}')
        elif on == "GET /info":
            self.say(200, json.dumps({"model": {"version": state["version"]}}))
        elif on == "GET /metrics" and state["metrics"] is not None:
            self.say(200, state["metrics"], "text/plain; version=0.0.4")
        elif on == "GET /traffic":
            self.say(200, json.dumps(state["split"]))
        elif on == "PUT /traffic":
            state["split"] = json.loads(body)
            self.say(200, "{}")
        elif on == "POST /reload":
            state["version"] = json.loads(body)["version"]
            self.say(200, "{}")
        elif on == "POST /predict":
            self.say(200, '{"predictions": [1]}')
        else:
            self.say(404, '{"detail": "Not Found"}')

    def answer(self):
        state = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.path.startswith("/_"):
            self.control(state, body)
            return
        state["log"].append([self.command, self.path, body, self.headers.get("Authorization")])
        rule = state["rules"].get(self.command + " " + self.path) or state["rules"].get("all")
        if rule is not None and "times" in rule:
            rule["times"] -= 1
            rule = rule if rule["times"] >= 0 else None
        mode = rule.get("mode") if rule else None
        if mode == "hang":
            over.wait(60)
            self.close_connection = True
        elif mode == "cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                             b"Content-Length: 1000\r\n\r\n{\"model\"")
            self.close_connection = True
        elif mode == "slow":
            time.sleep(1.2)
            self.usual(state, body)
        elif mode == "lost":
            keep, self.wfile = self.wfile, open("/dev/null", "wb")
            self.usual(state, body)
            self.wfile = keep
            self.close_connection = True
        elif rule:
            self.say(rule.get("status", 200), rule.get("text", ""), rule.get("type", "application/json"))
        else:
            self.usual(state, body)

    do_GET = do_POST = do_PUT = answer


for name in "abcd":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.state = fresh()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("%s=http://127.0.0.1:%d" % (name, server.server_address[1]), flush=True)
print("ready", flush=True)
sys.stdin.read()
over.set()
