#!/usr/bin/env python3
"""Servers for tests of an HTTP client: each path behaves in its own way, badly where its name says so.

    web.py DIR       makes certificates in DIR, prints "NAME=ADDRESS" for each server, then "ready"

Ends when its standard input does. The servers: plain; tls, wrong, expired (the certificate's flaw),
client (wants a client certificate); proxy, proxy_auth (wants a password). plain's /log tells what
each of them was asked, for any path.
"""
import gzip
import json
import os
import socket
import ssl
import struct
import sys
import threading
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import certs  # noqa: E402

lock = threading.Condition()
over = threading.Event()
seen = []  # [server, method, target, authorization, number of the connection's request]
addresses = {}
waiting = 0
token = "first"
TYPES = "Content-Type: application/json\r\n"


class Gone(Exception):
    pass


class Request:
    def __init__(self, source, conn, nth):
        line = source.readline(65536).decode("latin-1").split()
        if len(line) != 3:
            raise Gone
        self.method, self.target, _ = line
        self.headers = {}
        for raw in iter(source.readline, b"\r\n"):
            if not raw:
                raise Gone
            name, _, value = raw.decode("latin-1").partition(":")
            self.headers[name.lower()] = value.strip()
        self.conn, self.nth, self.secure = conn, nth, isinstance(conn, ssl.SSLSocket)
        parts = urllib.parse.urlsplit(self.target)
        self.path, self.query = parts.path, dict(urllib.parse.parse_qsl(parts.query))
        if self.path == "/impatient":
            reset(self)
        self.body = source.read(int(self.headers.get("content-length", 0)))

    def send(self, text):
        self.conn.sendall(text.encode("latin-1") if isinstance(text, str) else text)

    def say(self, body, head=TYPES, status="200 OK"):
        body = body.encode() if isinstance(body, str) else body
        self.send("HTTP/1.1 %s\r\n%sContent-Length: %d\r\n\r\n" % (status, head, len(body)))
        self.send(body)


def hang(_):
    over.wait()
    raise Gone


def hang_body(r):
    r.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    hang(r)


def cut(r):
    r.send("HTTP/1.1 200 OK\r\n%sContent-Length: 1000\r\n\r\n" % TYPES + "x" * 500)
    raise Gone


def cut_chunk(r):
    r.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    raise Gone


def chunked(r):
    r.send("HTTP/1.1 200 OK\r\n%sTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n3;x=y\r\n 1}\r\n0\r\nLocation: /t\r\n\r\n"
           % TYPES)


def zipped(r):
    body = gzip.compress(b"z" * 100000)
    r.say(body, TYPES + "Content-Encoding: gzip\r\n")


def bad_zip(r):
    r.say(b"this is not gzip at all", "Content-Encoding: gzip\r\n")


def status(r):
    head = "Content-Type: text/html\r\n"
    for name in ("Retry-After", "Location", "Date"):
        if name in r.query:
            head += "%s: %s\r\n" % (name, r.query[name])
    r.say(r.query.get("text", "<html>"), head, "%s Whatever" % r.query["n"])


def typed(r):
    r.say("{}", "Content-Type: Application/JSON ; charset=UTF-8\r\n")


def guarded(r):
    with lock:
        right = "Bearer " + token
    if r.headers.get("authorization") == right:
        r.say("{}")
    else:
        r.say("who are you", "WWW-Authenticate: Bearer\r\n", "401 Unauthorized")


def set_token(r):
    global token
    with lock:
        token = r.query["to"]
    r.say("{}")


def http10(r):
    r.send("HTTP/1.0 200 OK\r\nContent-Type: text/plain\r\n\r\nold but whole")
    raise Gone


def flood(r):
    r.send("HTTP/1.1 200 OK\r\n")
    while not over.is_set():
        r.send("X-More: %s\r\n" % ("y" * 1000))
    raise Gone


def long_header(r):
    r.say("{}", "X-Long: %s\r\n" % ("y" * 200000))


def garbage(r):
    r.send("SSH-2.0-OpenSSH_9.2p1 Debian\r\n\r\n")
    raise Gone


def empty(_):
    raise Gone


def reset(r):
    r.conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise Gone


def cut_at(r):
    """An answer of which only the first ?at= bytes come."""
    r.send(("HTTP/1.1 200 OK\r\n%sContent-Length: 9\r\n\r\n{\"a\": 12}" % TYPES)[:int(r.query["at"])])
    raise Gone


def only_first(r):
    """A kept connection dies just when the next request comes in."""
    if r.nth > 1:
        raise Gone
    r.say("{}")


def never(r):
    """No request to it is ever answered."""
    if r.nth > 1 or r.path == "/never":
        raise Gone


def big(r):
    r.say(b"b" * int(r.query["n"]), "Content-Type: application/octet-stream\r\n")


def trickle(r):
    r.send("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n")
    for _ in range(12):
        if over.wait(0.05):
            raise Gone
        r.send("t")


def together(r):
    """Answers once as many requests wait here as ?n= says."""
    global waiting
    with lock:
        waiting += 1
        lock.notify_all()
        lock.wait_for(lambda: waiting >= int(r.query["n"]) or over.is_set(), 60)
        lock.notify_all()
    r.say("{}")


def echo(r):
    r.say(json.dumps({"method": r.method, "target": r.target, "body": r.body.decode("latin-1"),
                      "headers": r.headers, "nth": r.nth}))


def log(r):
    """?server=&path= : how many such requests came, and what the last one brought along."""
    with lock:
        found = [s for s in seen if s[0] == r.query["server"] and r.query["path"] in s[2]]
    last = found[-1] if found else ["", "", "", None, 0]
    r.say(json.dumps({"n": len(found), "authorization": last[3] or "", "method": last[1]}))


def redirect(r, to):
    r.say("", "Location: %s\r\n" % to, "302 Found")


def loop(r):
    redirect(r, "/loop")


def slash(r):
    if r.path.endswith("/"):
        r.say("{}")
    else:
        redirect(r, r.target.replace("/slash", "/slash/"))


def upgrade(r):
    if r.secure:
        r.say("{}")
    else:
        redirect(r, addresses["tls"] + r.target)


def downgrade(r):
    redirect(r, addresses["plain"].replace("127.0.0.1", "localhost") + r.target)


PATHS = {"/loop": loop, "/slash": slash, "/slash/": slash, "/upgrade": upgrade, "/downgrade": downgrade,
         "/hang": hang, "/hang-body": hang_body, "/cut": cut, "/cut-chunk": cut_chunk, "/cut-at": cut_at, "/chunked": chunked,
         "/gzip": zipped, "/bad-gzip": bad_zip, "/status": status, "/typed": typed, "/guarded": guarded,
         "/set-token": set_token, "/http10": http10, "/flood": flood, "/long-header": long_header,
         "/garbage": garbage, "/empty": empty, "/reset": reset, "/only-first": only_first, "/never": never,
         "/big": big, "/trickle": trickle, "/together": together, "/log": log}


def note(name, r):
    with lock:
        seen.append([name, r.method, r.target, r.headers.get("authorization"), r.nth])


def drain(conn):
    """Ends it so that the other side can read what we said last: closing now would be a reset."""
    raw = socket.socket(fileno=os.dup(conn.fileno()))
    raw.shutdown(socket.SHUT_WR)
    while raw.recv(65536):
        pass
    raw.close()


def serve(name, conn, context):
    try:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if context:
            conn = context.wrap_socket(conn, server_side=True, do_handshake_on_connect=False)
            try:
                conn.do_handshake()
            except ssl.SSLError:
                drain(conn)
                return
        elif conn.recv(1, socket.MSG_PEEK) == b"\x16":
            conn.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            drain(conn)
            return
        with conn.makefile("rb") as source:
            for nth in range(1, 1000000):
                r = Request(source, conn, nth)
                if r.path != "/log":
                    note(name, r)
                (hang if r.path.startswith("/hang/") else PATHS.get(r.path, echo))(r)
    except (Gone, OSError, ValueError):
        pass
    finally:
        conn.close()


# ---- proxies
def pump(a, b):
    try:
        for data in iter(lambda: a.recv(65536), b""):
            b.sendall(data)
        b.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def forward(r, address, first):
    host, port = address  # a bare machine may have no file of hosts
    with socket.create_connection(("127.0.0.1" if host == "localhost" else host, port)) as other:
        other.sendall(first)
        threading.Thread(target=pump, args=(r.conn, other), daemon=True).start()
        pump(other, r.conn)


def proxy(name, conn, _):
    try:
        with conn.makefile("rb", buffering=0) as source:
            r = Request(source, conn, 1)
            note(name, r)
            if name == "proxy_auth" and "proxy-authorization" not in r.headers:
                r.say("", "Proxy-Authenticate: Basic realm=x\r\n", "407 Who")
            elif r.method == "CONNECT":
                host, _, port = r.target.rpartition(":")
                r.send("HTTP/1.1 200 Connected\r\n\r\n")
                forward(r, (host, int(port)), b"")
            else:
                url = urllib.parse.urlsplit(r.target)
                head = "%s %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % (
                    r.method, urllib.parse.urlunsplit(("", "", url.path or "/", url.query, "")), url.netloc)
                forward(r, ("127.0.0.1", url.port or 80), head.encode())
    except (Gone, OSError, ValueError):
        pass
    finally:
        conn.close()


def listen(name, run, context=None):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.bind(("127.0.0.1", 0))
    s.listen(64)

    def accept():
        while True:
            conn, _ = s.accept()
            threading.Thread(target=run, args=(name, conn, context), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    addresses[name] = "%s:%d" % ("https://localhost" if context else "http://127.0.0.1", s.getsockname()[1])
    print("%s=%s" % (name, addresses[name]))


def context_of(paths, name, client=False):
    c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    c.load_cert_chain(paths[name], paths[name + "_key"])
    if client:
        c.load_verify_locations(paths["ca"])
        c.verify_mode = ssl.CERT_REQUIRED
    return c


def main():
    paths = certs.make(sys.argv[1])
    listen("plain", serve)
    listen("tls", serve, context_of(paths, "server"))
    listen("wrong", serve, context_of(paths, "wrong"))
    listen("expired", serve, context_of(paths, "expired"))
    listen("client", serve, context_of(paths, "server", True))
    listen("proxy", proxy)
    listen("proxy_auth", proxy)
    print("ready", flush=True)
    sys.stdin.read()
    over.set()
    os._exit(0)


main()
