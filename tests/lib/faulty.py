#!/usr/bin/env python3
"""A proxy that goes wrong on purpose, in front of a real HTTP server.

    faulty.py --upstream http://127.0.0.1:P [--listen PORT] [--control PORT] [--tls CERT KEY]
    faulty.py tell CONTROL_URL FAULT [NAME=VALUE…]     one rule instead of those before
    faulty.py log CONTROL_URL                          what was asked, a JSON object a line
    faulty.py clear CONTROL_URL                        forgets that

Prints "URL=…" and, with --control, "CONTROL=…" (port 0, the default: any free one), then runs until
it is ended. The control port is plain HTTP: POST /set with a rule or a list of rules as JSON, GET
/rules, GET /log, POST /clear.

As a module:
    with Faulty("http://127.0.0.1:5000") as f:
        f.url                                     # give this to the client
        f.set("cut_answer", at=100, path="transition", times=1)
        f.set("pass")
        f.add("status", status=503, retry_after=2, path="/runs/search", every=3)
        f.count("runs/search"), f.bytes(), f.log(), f.clear()

A rule is {"fault": NAME, …}. The first rule that matches a request acts; without one it passes.
Of every rule:
    path=REGEX method=REGEX   only requests whose path (with query) / method it is found in
    times=N                   only the first N of them        after=N   not the first N of them
    every=N                   only each Nth of them
    executes=0|1              whether the server gets the request (default below)
Faults:
    pass
    refuse                    nobody listens; kept connections are closed too (path etc. do not count)
    flap up=S down=S          in turns: S seconds as always, S seconds connections are just closed
    hang seconds=N            the answer comes N seconds late (executed at once)
    status status=N [text=… type=text/html retry_after=… location=…]  such an answer; not executed
    html                      200 with a page of HTML; not executed
    login [location=/login]   302 to there; not executed
    expired                   401 with WWW-Authenticate: Bearer; not executed
    nan [keys=value]          the JSON numbers of these keys (comma separated) become NaN
    strings [keys=…]          JSON numbers become strings; without keys, all of them
    drop keys=…               these keys are missing wherever they are in the JSON
    cut bytes=N               whole head, but the body ends after N bytes
    cut_answer at=N [reset=1] the connection ends after N bytes of the answer, head included; executed
    swallow [hold=S]          executed, but nothing comes back; the connection ends after S seconds (0)
    garbage                   bytes that are no HTTP; not executed
    slow chunk=N delay=S      the answer in pieces of N bytes with S seconds between
    date hours=N              the Date header is off by N hours
"""
import argparse
import collections
import email.utils
import http.client
import json
import re
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.parse
import urllib.request

HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade", "proxy-connection"}
REWRITTEN = {"nan", "strings", "drop"}
NOT_EXECUTED = {"status", "html", "login", "expired", "garbage"}
MOST_LOG = 200000

Answer = collections.namedtuple("Answer", "status reason headers body")


class Gone(Exception):
    """The connection is to end here."""


def keys_of(rule):
    keys = rule.get("keys")
    if isinstance(keys, str):
        keys = keys.split(",")
    return set(keys) if keys else None


def walk(value, change):
    """Rebuilds JSON; change(key, value) -> a new value, or walk.GONE to leave the key out."""
    if isinstance(value, dict):
        out = {}
        for k, v in value.items():
            new = change(k, v)
            if new is not walk.GONE:
                out[k] = walk(new, change)
        return out
    if isinstance(value, list):
        return [walk(v, change) for v in value]
    return value


walk.GONE = object()


def is_number(v):
    return isinstance(v, (int, float)) and not isinstance(v, bool)


def with_json(answer, change):
    try:
        body = json.loads(answer.body)
    except ValueError:
        return answer
    return answer._replace(body=json.dumps(walk(body, change)).encode())


def set_header(headers, name, value):
    return [(k, v) for k, v in headers if k.lower() != name.lower()] + [(name, value)]


def made_up(rule):
    """The answer of a fault that does not ask the server."""
    fault = rule["fault"]
    if fault == "html":
        return Answer(200, "OK", [("Content-Type", "text/html; charset=utf-8")], HTML)
    if fault == "login":
        return Answer(302, "Found", [("Location", str(rule.get("location", "/login")))], b"")
    if fault == "expired":
        return Answer(401, "Unauthorized",
                      [("WWW-Authenticate", 'Bearer error="invalid_token", error_description="expired"'),
                       ("Content-Type", "text/plain")], b"the token has expired\n")
    status = int(rule["status"])
    headers = [("Content-Type", str(rule.get("type", "text/html")))]
    if "retry_after" in rule:
        headers.append(("Retry-After", str(rule["retry_after"])))
    if "location" in rule:
        headers.append(("Location", str(rule["location"])))
    text = str(rule["text"]).encode() if "text" in rule else b"<html><body><h1>%d</h1></body></html>\n" % status
    return Answer(status, http.client.responses.get(status, "Something"), headers, text)


def altered(answer, rule):
    """The server's answer as a fault changes it."""
    fault, keys = rule["fault"], keys_of(rule)
    if fault == "nan":
        keys = keys or {"value"}
        return with_json(answer, lambda k, v: float("nan") if k in keys and is_number(v) else v)
    if fault == "strings":
        return with_json(answer, lambda k, v: str(v) if is_number(v) and (keys is None or k in keys) else v)
    if fault == "drop":
        return with_json(answer, lambda k, v: walk.GONE if k in keys else v)
    if fault == "date":
        when = email.utils.formatdate(time.time() + float(rule["hours"]) * 3600, usegmt=True)
        return answer._replace(headers=set_header(answer.headers, "Date", when))
    return answer


class Faulty:
    """See the top of the file. Every public method may be called from any thread."""

    def __init__(self, upstream, port=0, tls=None, host="127.0.0.1"):
        """tls: (certificate, key) to speak HTTPS to clients. upstream: http://HOST:PORT."""
        self.upstream = urllib.parse.urlsplit(upstream)
        self.host, self.port, self.tls = host, port, None
        if tls:
            self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.tls.load_cert_chain(*tls)
        self._lock = threading.RLock()
        self._rules, self._hits, self._log = [], [], collections.deque(maxlen=MOST_LOG)
        self._listener, self._open, self._over = None, set(), threading.Event()
        self._connections = 0
        self._born = time.monotonic()

    # ---- life
    def start(self):
        self._listen()
        return self

    def stop(self):
        self._over.set()
        with self._lock:
            self._deaf()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()

    @property
    def url(self):
        return "%s://%s:%d" % ("https" if self.tls else "http", self.host, self.port)

    def _listen(self):
        with self._lock:
            if self._listener is not None or self._over.is_set():
                return
            s = socket.socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            s.bind((self.host, self.port))
            s.listen(128)
            self._listener, self.port = s, s.getsockname()[1]
        threading.Thread(target=self._accept, args=(s,), daemon=True).start()

    def _deaf(self):
        """Nobody listens from here on; what is under way ends."""
        s, self._listener = self._listener, None
        for c in [s] if s else []:
            try:
                c.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            c.close()
        for c in list(self._open):
            try:
                c.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _accept(self, listener):
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(conn,), daemon=True).start()

    # ---- rules
    def set(self, fault="pass", **parts):
        """One rule instead of those before. Returns self."""
        return self.set_rules([dict(parts, fault=fault)])

    def add(self, fault, **parts):
        with self._lock:
            return self.set_rules(self._rules + [dict(parts, fault=fault)])

    def set_rules(self, rules):
        for r in rules:
            if r.get("fault") not in FAULTS:
                raise ValueError("no such fault: %r" % r.get("fault"))
        with self._lock:
            self._rules, self._hits = list(rules), [0] * len(rules)
            self._born = time.monotonic()
            if any(r["fault"] == "refuse" for r in rules):
                self._deaf()
            else:
                self._listen()
        return self

    def rules(self):
        with self._lock:
            return list(self._rules)

    def _match(self, method, path):
        with self._lock:
            for i, r in enumerate(self._rules):
                if not re.search(r.get("path", ""), path) or not re.search(r.get("method", ""), method):
                    continue
                self._hits[i] += 1
                n = self._hits[i] - int(r.get("after", 0))
                if n < 1 or ("times" in r and n > int(r["times"])) or n % int(r.get("every", 1)):
                    continue
                return r
        return {"fault": "pass"}

    # ---- the log
    def log(self):
        """Entries: method, path, status (0: none), fault, got (bytes of the request), sent (bytes of the
        answer), body (of the request, text), connection (a number), at (seconds since 1970)."""
        with self._lock:
            return list(self._log)

    def clear(self):
        with self._lock:
            self._log.clear()

    def count(self, path="", method=""):
        return sum(1 for e in self.log() if re.search(path, e["path"]) and re.search(method, e["method"]))

    def bytes(self):
        """(from clients, to clients), without TLS and TCP."""
        log = self.log()
        return sum(e["got"] for e in log), sum(e["sent"] for e in log)

    # ---- one connection
    def _serve(self, conn):
        with self._lock:
            if self._listener is None:
                conn.close()
                return
            self._open.add(conn)
        try:
            conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls:
                plain, conn = conn, self.tls.wrap_socket(conn, server_side=True, do_handshake_on_connect=False)
                with self._lock: # the descriptor is the new one's from here on
                    self._open.discard(plain)
                    self._open.add(conn)
                conn.do_handshake()
            with self._lock:
                self._connections += 1
                number = self._connections
            with conn.makefile("rb") as source:
                while self._exchange(conn, source, number):
                    pass
        except (Gone, OSError, ssl.SSLError, ValueError, http.client.HTTPException):
            pass
        finally:
            with self._lock:
                self._open.discard(conn)
            conn.close()

    def _exchange(self, conn, source, number):
        """One request and its answer; whether another may follow."""
        line = source.readline(65537)
        if not line.strip():
            return False
        method, path, version = line.decode("latin-1").split()
        headers = http.client.parse_headers(source)
        body, wire = self._body(source, headers)
        head = len(line) + sum(len(k) + len(v) + 4 for k, v in headers.items()) + 2
        rule = self._match(method, path)
        entry = {"method": method, "path": path, "status": 0, "fault": rule["fault"], "got": head + wire,
                 "sent": 0, "body": body.decode("utf-8", "replace"), "connection": number, "at": time.time()}
        with self._lock:
            self._log.append(entry)
        self._answer(conn, rule, entry, (method, path, headers, body))
        return version != "HTTP/1.0" and headers.get("Connection", "").lower() != "close"

    @staticmethod
    def _body(source, headers):
        if headers.get("Transfer-Encoding", "").lower() == "chunked":
            body, wire = b"", 0
            while True:
                line = source.readline()
                size = int(line.split(b";")[0], 16)
                body += source.read(size)
                wire += len(line) + size + len(source.readline())
                if size == 0:
                    return body, wire
        n = int(headers.get("Content-Length", 0))
        return source.read(n), n

    def _down(self, rule):
        up, down = float(rule.get("up", 1)), float(rule.get("down", 1))
        return (time.monotonic() - self._born) % (up + down) >= up

    def _ask(self, method, path, headers, body):
        c = http.client.HTTPConnection(self.upstream.hostname, self.upstream.port or 80, timeout=600)
        try:
            c.putrequest(method, self.upstream.path.rstrip("/") + path, skip_host=True, skip_accept_encoding=True)
            for k, v in headers.items():
                if k.lower() not in HOP and k.lower() != "content-length":
                    c.putheader(k, v)
            if body or method not in ("GET", "HEAD"):
                c.putheader("Content-Length", str(len(body)))
            c.endheaders(body or None)
            r = c.getresponse()
            kept = [(k, v) for k, v in r.getheaders() if k.lower() not in HOP and k.lower() != "content-length"]
            return Answer(r.status, r.reason, kept, r.read())
        except OSError as e:
            return Answer(502, "Bad Gateway", [("Content-Type", "text/plain")], str(e).encode())
        finally:
            c.close()

    def _answer(self, conn, rule, entry, request):
        fault = rule["fault"]
        if fault == "flap" and self._down(rule):
            raise Gone
        executes = bool(int(rule.get("executes", fault not in NOT_EXECUTED)))
        if fault in REWRITTEN: # no server may compress what is to be read here
            del request[2]["Accept-Encoding"]
        answer = self._ask(*request) if executes else None
        if fault == "swallow":
            self._over.wait(float(rule.get("hold", 0)))
            raise Gone
        if fault == "garbage":
            conn.sendall(b"SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n")
            raise Gone
        answer = made_up(rule) if fault in NOT_EXECUTED else altered(answer, rule)
        if fault == "hang" and self._over.wait(float(rule["seconds"])):
            raise Gone
        entry["status"] = answer.status
        head, body = self._text(answer, request[0])
        self._send(conn, rule, entry, head, body)

    @staticmethod
    def _text(answer, method):
        headers = list(answer.headers)
        if not any(k.lower() == "date" for k, _ in headers):
            headers.append(("Date", email.utils.formatdate(usegmt=True)))
        headers.append(("Content-Length", str(len(answer.body))))
        head = "HTTP/1.1 %d %s\r\n" % (answer.status, answer.reason)
        head += "".join("%s: %s\r\n" % h for h in headers) + "\r\n"
        return head.encode("latin-1"), b"" if method == "HEAD" else answer.body

    def _send(self, conn, rule, entry, head, body):
        fault, data, ends = rule["fault"], head + body, False
        if fault == "cut":
            data, ends = head + body[:int(rule["bytes"])], True
        elif fault == "cut_answer":
            data, ends = data[:int(rule["at"])], True
        step = int(rule["chunk"]) if fault == "slow" else len(data) or 1
        for at in range(0, len(data), step):
            if at and self._over.wait(float(rule["delay"])):
                raise Gone
            piece = data[at:at + step]
            entry["sent"] += len(piece)
            conn.sendall(piece)
        if ends and int(rule.get("reset", 0)):
            conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        if ends:
            raise Gone


FAULTS = {"pass", "refuse", "flap", "hang", "cut", "cut_answer", "swallow", "slow",
          "date"} | NOT_EXECUTED | REWRITTEN


# ---- the control port --------------------------------------------------------------------------
def control(faulty, port):
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    class Handler(BaseHTTPRequestHandler):
        def say(self, status, value):
            body = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.say(200, faulty.log() if self.path == "/log" else faulty.rules())

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            try:
                if self.path == "/clear":
                    faulty.clear()
                else:
                    rules = json.loads(body)
                    faulty.set_rules(rules if isinstance(rules, list) else [rules])
                self.say(200, faulty.rules())
            except (ValueError, KeyError) as e:
                self.say(400, str(e))

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return "http://127.0.0.1:%d" % server.server_address[1]


def tell(url, path, value=None):
    data = None if value is None else json.dumps(value).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url.rstrip("/") + path, data=data), timeout=30) as r:
        return json.load(r)


def main(argv):
    if argv[:1] == ["tell"] and len(argv) >= 3:
        rule = dict(p.split("=", 1) for p in argv[3:])
        tell(argv[1], "/set", dict(rule, fault=argv[2]))
        return 0
    if argv[:1] == ["log"] and len(argv) == 2:
        for entry in tell(argv[1], "/log"):
            print(json.dumps(entry))
        return 0
    if argv[:1] == ["clear"] and len(argv) == 2:
        tell(argv[1], "/clear", {})
        return 0
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--upstream", required=True)
    p.add_argument("--listen", type=int, default=0)
    p.add_argument("--control", type=int)
    p.add_argument("--tls", nargs=2, metavar=("CERT", "KEY"))
    p.add_argument("--host", default="127.0.0.1")
    a = p.parse_args(argv)
    faulty = Faulty(a.upstream, a.listen, a.tls, a.host).start()
    if a.control is not None:
        print("CONTROL=" + control(faulty, a.control), flush=True)
    print("URL=" + faulty.url, flush=True)
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        faulty.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
