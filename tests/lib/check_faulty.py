#!/usr/bin/env python3
"""Checks that faulty.py goes wrong in the ways that it says. TAP."""
import http.client
import http.server
import json
import os
import sys
import threading
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import faulty  # noqa: E402

BODY = {"value": 1.5, "list": [{"value": 2, "key": "a", "step": 3}]}
executed = []


class Upstream(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        executed.append(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        body = json.dumps(BODY).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


def ask(f, path="/x", body=None):
    """(status, headers, body), or what went wrong, a text."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), Stay)
    try:
        with opener.open(urllib.request.Request(f.url + path, data=body), timeout=60) as r:
            return r.status, r.headers, r.read()
    except urllib.error.HTTPError as e:
        return e.code, e.headers, e.read()
    except http.client.IncompleteRead as e:
        return "cut after %d" % len(e.partial)
    except (OSError, http.client.HTTPException) as e:
        return str(getattr(e, "reason", e)) or type(e).__name__


class Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


count = bad = 0


def tap(good, what, got=""):
    global count, bad
    count += 1
    bad += not good
    print("%sok %d - %s" % ("" if good else "not ", count, what) + ("" if good else "  (%r)" % (got,)))


def fault(f, name, good, runs, **parts):
    """One request under that fault: is what came back good, and did the server have it `runs` times?"""
    f.set(name, **parts)
    before = len(executed)
    got = ask(f)
    tap(good(got) and len(executed) - before == runs, "%s %s" % (name, parts or ""), got)


def main():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Upstream)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    whole = json.dumps(BODY).encode()
    with faulty.Faulty("http://127.0.0.1:%d" % server.server_address[1]) as f:
        fault(f, "pass", lambda r: r[0] == 200 and r[2] == whole, 1)
        fault(f, "refuse", lambda r: "refused" in r, 0)
        fault(f, "status", lambda r: r[0] == 503 and r[1]["Retry-After"] == "3", 0, status=503, retry_after=3)
        fault(f, "status", lambda r: r[0] == 500, 1, status=500, executes=1)
        fault(f, "html", lambda r: r[0] == 200 and b"<html>" in r[2], 0)
        fault(f, "login", lambda r: r[0] == 302 and r[1]["Location"] == "/login", 0)
        fault(f, "expired", lambda r: r[0] == 401, 0)
        fault(f, "nan", lambda r: r[2].count(b"NaN") == 2, 1)
        fault(f, "strings", lambda r: b'"step": "3"' in r[2], 1, keys="step")
        fault(f, "drop", lambda r: b"value" not in r[2] and b"step" in r[2], 1, keys="value,other")
        fault(f, "cut", lambda r: r == "cut after 5", 1, bytes=5)
        fault(f, "cut_answer", lambda r: isinstance(r, str), 1, at=10)
        fault(f, "cut_answer", lambda r: "reset" in r, 1, at=0, reset=1)
        fault(f, "swallow", lambda r: isinstance(r, str), 1)
        fault(f, "garbage", lambda r: isinstance(r, str), 0)
        fault(f, "flap", lambda r: isinstance(r, str), 0, up=0, down=60)
        fault(f, "date", lambda r: r[2] == whole and r[1]["Date"], 1, hours=-5)
        start = time.monotonic()
        fault(f, "hang", lambda r: r[2] == whole and time.monotonic() - start >= 0.3, 1, seconds=0.3)
        start = time.monotonic()
        fault(f, "slow", lambda r: r[2] == whole and time.monotonic() - start >= 0.1, 1, chunk=100, delay=0.1)

        f.set("status", status=500, every=3, path="^/page")
        got = [ask(f, p)[0] for p in ("/page", "/other", "/page", "/page", "/page")]
        tap(got == [200, 200, 200, 500, 200], "every third request to a path fails", got)
        f.set("status", status=500, times=1, after=1, method="POST")
        got = [ask(f, body=b)[0] for b in (b"1", b"2", None, b"3")]
        tap(got == [200, 500, 200, 200], "one request fails, after one that did not", got)

        f.clear()
        f.set("pass")
        ask(f, "/a?b=c", b"x" * 1000)
        entry = f.log()[-1]
        tap(f.count(r"/a\?b") == 1 and f.count("/a", "GET") == 0 and entry["body"] == "x" * 1000 and
            1000 < f.bytes()[0] < 1500 and len(whole) < f.bytes()[1] < len(whole) + 400, "requests are logged", entry)
        url = faulty.control(f, 0)
        faulty.main(["tell", url, "status", "status=418", "path=/tea"])
        tap(ask(f, "/tea")[0] == 418 and ask(f, "/x")[0] == 200, "the control port sets a rule")
        tap([e["status"] for e in faulty.tell(url, "/log")[-2:]] == [418, 200], "and tells the log")
        try:
            faulty.tell(url, "/set", {"fault": "nonsense"})
            tap(False, "an unknown fault is refused")
        except urllib.error.HTTPError as e:
            tap(e.code == 400, "an unknown fault is refused")
    print("1..%d" % count)
    return bad > 0


sys.exit(main())
