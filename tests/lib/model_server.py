"""A model server for tests: health, its version, another one on request, and a split. What it does is
told by files in its folder: "down" answers 500, "unready" is not ready, "refuse" takes no version.
    model_server.py FOLDER VERSION      writes its port to FOLDER/port
"""
import http.server
import json
import os
import sys

folder, version = sys.argv[1], sys.argv[2]
split = {"stable": 90, "candidate": 10}


def told(what):
    return os.path.exists(os.path.join(folder, what))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if told("down"):
            self.answer(500, {"error": "out of order"})
        elif self.path == "/health":
            self.answer(200, {"status": "ok"})
        elif self.path == "/ready":
            self.answer(503 if told("unready") else 200, {"ready": not told("unready")})
        elif self.path == "/info":
            self.answer(200, {"model": {"name": "m", "version": version}})
        elif self.path == "/split":
            self.answer(200, split)
        else:
            self.answer(404, {"error": "no such page"})

    def body(self):
        return json.loads(self.rfile.read(int(self.headers.get("Content-Length", 0))) or b"{}")

    def do_POST(self):
        global version
        asked = self.body()
        if self.path != "/reload" or told("refuse"):
            self.answer(409, {"error": "that version is not here"})
            return
        version = str(asked["version"])
        with open(os.path.join(folder, "loaded"), "a", encoding="utf-8") as f:
            f.write(version + "\n")
        self.answer(200, {"version": version})

    def do_PUT(self):
        global split
        split = self.body()
        self.answer(200, split)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(os.path.join(folder, "port.new"), "w", encoding="utf-8") as f:
    f.write(str(server.server_address[1]))
os.rename(os.path.join(folder, "port.new"), os.path.join(folder, "port"))
server.serve_forever()
