"""Every way in which a tracking server can be away, with a proxy of ours before a real one.

Headless: the exit code, a sentence that names what is wrong and one that names what would help. With
the screen open: the last good data stays and says how old it is, the reason is on the screen, keys stay
quick, and when the server is back the screen is live again without a key. No secret anywhere."""
import os
import ssl
import subprocess
import sys
import time

import lib_servers
import lib_tap
from lib_servers import Server, fixture
from lib_tap import ok, skip, tap

import certs  # tests/lib, a path that lib_servers adds
from screen import Watched

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
SECRET = "sesame-open-77"
QUICK = 0.1  # seconds from a key to its frame that most keys stay below (a busy machine's)
PATIENCE = 90

# What the proxy does, the exit, the code and what the message or the hint must name.
HEADLESS = [
    ("gone", [{"fault": "refuse"}], 4, "UNREACHABLE", "refuses the connection"),
    ("hangs", [{"fault": "hang", "seconds": 30}], 4, "TIMEOUT", "answer within"),
    ("too slow a trickle", [{"fault": "slow", "chunk": 40, "delay": 0.2}], 4, "TIMEOUT", "within"),
    ("fails inside", [{"fault": "status", "status": 500}], 4, "UNREACHABLE", "(500)"),
    ("a gateway without its server", [{"fault": "status", "status": 502}], 4, "UNREACHABLE", "(502)"),
    ("overloaded", [{"fault": "status", "status": 503, "retry_after": 7}], 4, "", "7 s (503)"),
    ("asked too often", [{"fault": "status", "status": 429, "retry_after": 7}], 4, "RATE_LIMITED", "7 s (429)"),
    ("HTML", [{"fault": "html"}], 1, "INVALID_DATA", "text/html"),
    ("cut bodies", [{"fault": "cut", "bytes": 60}], 4, "UNREACHABLE", "cut off after 60 B"),
    ("no answer at all", [{"fault": "swallow"}], 4, "UNREACHABLE", "without an answer"),
    ("no HTTP", [{"fault": "garbage"}], 4, "UNREACHABLE", "does not speak HTTP"),
    ("an expired token", [{"fault": "expired"}], 4, "UNAUTHENTICATED", "MLFLOW_TRACKING_TOKEN"),
    ("a login page", [{"fault": "login"}], 4, "UNAUTHENTICATED", "/login"),
    ("a foreign host name", [{"fault": "status", "status": 403, "type": "text/plain", "text":
                              "Invalid Host header - possible DNS rebinding attack detected"}],
     3, "FORBIDDEN", "--allowed-hosts"),
    ("another web server", [{"fault": "status", "status": 404}], 1, "", "--static-prefix"),
    ("an answer without its ids", [{"fault": "drop", "keys": "info", "path": "runs/search"}],
     1, "INVALID_DATA", "info.run_id"),
]

# On the screen: what the proxy does and what the screen says of it.
ON_SCREEN = [
    ("gone", [{"fault": "refuse"}], "refuses the connection"),
    ("fails inside", [{"fault": "status", "status": 500}], r"\(500\)"),
    ("HTML", [{"fault": "html"}], "text/html"),
    ("cut bodies", [{"fault": "cut", "bytes": 40}], "cut off|broken"),
    ("an expired token", [{"fault": "expired"}], r"does not accept the token.*\(401\)"),
    ("a login page", [{"fault": "login"}], "probably to log in"),
    ("asked too often", [{"fault": "status", "status": 429, "retry_after": 4}], r"\(429\)"),
    ("overloaded", [{"fault": "status", "status": 503, "retry_after": 4}], r"\(503\)"),
    ("hangs", [{"fault": "hang", "seconds": 45}], "did not answer within|No answer"),
]


def env_of(folder):
    return {"HOME": folder, "MLFLOW_TRACKING_TOKEN": SECRET}


def ask(url, folder, *args, env=None, seconds="4"):
    return subprocess.run([BIN, "--store", url, "--timeout", seconds, "-o", "json", *args], capture_output=True,
                          text=True, stdin=subprocess.DEVNULL, env={**os.environ, **env_of(folder), **(env or {})})


def told(name, p, code, word, what):
    """A case: the exit, the code, what is named, a hint, and no secret."""
    said = p.stdout + p.stderr
    return ok(f"headless, {name}: exit {code}, says why and what would help",
              p.returncode == code and (f'"code":"{word}' in p.stdout) and what in said
              and "\nhint: " in p.stderr and SECRET not in said, f"exit {p.returncode}", said[:1500])


def headless(proxy, folder, made, server):
    good = ask(proxy.url, folder, "runs", "--limit", "0")
    ok("headless: the server answers through the proxy", good.returncode == 0, good.stderr)
    for name, rules, code, word, what in HEADLESS:
        proxy.set_rules(rules)
        told(name, ask(proxy.url, folder, "runs", "--limit", "0"), code, word, what)
    for name, rules in (("a clock that is off by hours", [{"fault": "date", "hours": -5}]),
                        ("numbers as texts", [{"fault": "strings"}]),
                        ("a slow line", [{"fault": "slow", "chunk": 4000, "delay": 0.01}])):
        proxy.set_rules(rules)
        p = ask(proxy.url, folder, "runs", "--limit", "0", seconds="60")
        ok(f"headless, {name}: the same runs", p.stdout == good.stdout, p.stderr, p.stdout[:300])
    proxy.set("nan", path="runs/search")
    p = ask(proxy.url, folder, "runs", "--limit", "0")
    ok("headless, a bare NaN in the JSON: read as NaN, or named", p.returncode in (0, 1)
       and (p.returncode or '"NaN"' in p.stdout), p.stderr)
    proxy.set("date", hours=-5)
    p = ask(proxy.url, folder, "doctor")
    ok("doctor: the clock is off by 5 h", "5 h" in p.stdout + p.stderr and SECRET not in p.stdout, p.stdout)
    told("an unknown name", ask("http://no-such-host.invalid:5000", folder, "runs"), 4, "UNREACHABLE",
         "name of the server is not known")
    proxy.set("pass")
    for name, certificate, ca, what in (("another name", "wrong", "ca", "another name"),
                                        ("out of date", "expired", "ca", "not valid today"),
                                        ("an unknown issuer", "server", "other_ca", "vouches")):
        tls = lib_servers.front(server, (made[certificate], made[certificate + "_key"]))
        told("TLS: " + name, ask(tls.url, folder, "runs",
                                 env={"MLFLOW_TRACKING_SERVER_CERT_PATH": made[ca]}), 4, "TLS", what)
        tls.stop()


# ---- with the screen open ------------------------------------------------------------------------

def until_lamp(screen, signs, seconds=PATIENCE):
    """Waits for one of the signs in the header's line."""
    start = time.monotonic()
    while not any(s in screen.look()[0] for s in signs):
        if time.monotonic() - start > seconds:
            raise TimeoutError("no %s in the header after %d s:\n%s" % (signs, seconds, "\n".join(screen.look())))
        screen.pump(0.05)


def keys_are_quick(screen, n=24):
    """(whether, figures): the times of n keys that each move the selection."""
    took = []
    for i in range(n):
        k = screen.key(b"k" if i % 2 else b"j", quiet=0.01, most=5.0)
        took.append(k[0] / 1e3 if k else 5.0)
    took.sort()
    return took[int(n * 0.9)] < QUICK, "10 slowest of %d: %s ms" % (n, [round(t * 1e3, 1) for t in took[-10:]])


def outage(screen, name, begin, end, reason, new_run):
    """begin() and end() make it come and go; new_run() makes a run meanwhile and returns its name."""
    version = version_shown(screen)
    begin()
    try:
        until_lamp(screen, ["✖", "▲"])
        screen.until(reason, 60)
        ok(f"screen, {name}: it says why", True)
    except TimeoutError as e:
        ok(f"screen, {name}: it says why", False, e)
    ok(f"screen, {name}: the last good data stays, with its age", screen.shows("hpo-parent")
       and screen.shows(r"data of \d\d:\d\d|offline \d|\d [sm] old"), "\n".join(screen.look()))
    good, figures = keys_are_quick(screen)
    ok(f"screen, {name}: keys stay quick", good, figures)
    run = new_run()
    end()
    try:
        until_lamp(screen, ["● live"])
        screen.until(run, 30)
        tap(f"screen, {name}: live again without a key, with what came meanwhile", version,
            version_shown(screen))
    except TimeoutError as e:
        ok(f"screen, {name}: live again without a key, with what came meanwhile", False, e)


def version_shown(screen):
    """The server's version as the second line has it: an outage must not change it."""
    return screen.look()[1].split("MLflow ")[-1]


class NewRuns:
    def __init__(self, url):
        from mlflow.tracking import MlflowClient
        self.client, self.n = MlflowClient(url, url), 0

    def __call__(self):
        self.n += 1
        self.client.create_run("1", run_name="came-%02d" % self.n)
        return "came-%02d" % self.n


def into_the_ranker(screen):
    """From the start to the runs of fraud-detection/ranker."""
    screen.until("fraud-det")
    for _ in range(8):
        if screen.shows("▸ fraud-det"):
            break
        screen.send(b"j")
        screen.settle(0.5)
    screen.send(b"\r")
    screen.until(r"fraud-detection/ranker ─.* \d+ runs")
    screen.until("hpo-parent")


def watched(url, folder, env=None):
    return Watched([BIN, "--store", url, "--timeout", "4"], 50, 150, env={**env_of(folder), **(env or {})})


def on_screen(server, proxy, folder):
    proxy.set("pass")
    screen, new_run = watched(proxy.url, folder), NewRuns(server.url)
    into_the_ranker(screen)
    until_lamp(screen, ["● live"])
    for name, rules, reason in ON_SCREEN:
        outage(screen, name, lambda: proxy.set_rules(rules), lambda: proxy.set("pass"), reason, new_run)
    flapping(screen, proxy, new_run)
    what_helps(screen, proxy)
    ok("screen: the token was never written to the terminal", SECRET.encode() not in screen.data)
    screen.close()


def flapping(screen, proxy, new_run):
    """Half of the time nobody is there: new runs arrive nevertheless, and keys stay quick."""
    proxy.set("flap", up=1.5, down=1.5)
    run = new_run()
    try:
        screen.until(run, PATIENCE)
        ok("screen, flapping: what is new arrives between two outages", True)
    except TimeoutError as e:
        ok("screen, flapping: what is new arrives between two outages", False, e)
    good, figures = keys_are_quick(screen)
    ok("screen, flapping: keys stay quick", good, figures)
    proxy.set("pass")
    until_lamp(screen, ["● live"])


def what_helps(screen, proxy):
    proxy.set("refuse")
    until_lamp(screen, ["✖"])
    screen.until("! tells more", 20)
    screen.send(b"!")
    try:
        screen.until("Does the server run", 10)
        ok("screen: ! tells what would help", True)
    except TimeoutError as e:
        ok("screen: ! tells what would help", False, e)
    screen.send(b"\x1b")
    proxy.set("pass")
    until_lamp(screen, ["● live"])


def tls_on_screen(server, folder, made):
    """The certificate expires while the screen is open, and is renewed."""
    proxy = lib_servers.front(server, (made["server"], made["server_key"]))
    screen = watched(proxy.url, folder, {"MLFLOW_TRACKING_SERVER_CERT_PATH": made["ca"]})
    into_the_ranker(screen)
    until_lamp(screen, ["● live"])

    def use(certificate):
        proxy.set("refuse")  # also ends the connections that are kept
        proxy.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # a new one resumes no session
        proxy.tls.load_cert_chain(made[certificate], made[certificate + "_key"])
        proxy.set("pass")

    outage(screen, "a certificate that ran out", lambda: use("expired"), lambda: use("server"),
           "not valid today", NewRuns(server.url))
    screen.close()
    proxy.stop()


def next_start(proxy, server, folder):
    """The last known state at once on the next start, marked with its age, while nobody answers."""
    proxy.set("refuse")
    screen = watched(proxy.url, folder)
    try:
        took = screen.until("fraud-det", 10)
        until_lamp(screen, ["✖"], 20)
        into_the_ranker(screen)
        ok(f"next start with the server gone: the last known state (after {took:.2f} s), said to be old",
           took < 2 and screen.shows(r"data of|\d [smhd] old|offline \d"), "\n".join(screen.look()))
        run = NewRuns(server.url)
        run.n = 50
        name = run()
        proxy.set("pass")
        until_lamp(screen, ["● live"])
        screen.until(name, 30)
        ok("and it is live when the server is back, without a key", True)
    except TimeoutError as e:
        ok("next start with the server gone: the last known state, said to be old; live later", False, e)
    proxy.set("pass")
    screen.close()


def pages_missing(folder):
    """Every second page of many is cut: headless fails whole, the screen asks again until it has all."""
    place = os.path.join(folder, "many.db")
    subprocess.run([sys.executable, os.path.join(lib_servers.FIXTURES, "make_big.py"), "900", place,
                    "--history", "1"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    server = Server(place)
    proxy = lib_servers.front(server)
    whole = ask(proxy.url, folder, "runs", "--limit", "0", seconds="60")
    oldest = whole.stdout.strip().splitlines()[-2]
    name = oldest.split('"run_name":"')[1].split('"')[0]
    proxy.set("cut", bytes=60, path="runs/search", every=3)
    p = ask(proxy.url, folder, "runs", "--limit", "0", seconds="60")
    ok("headless, pages missing: all or an error, never half a list",
       p.returncode == 4 or p.stdout == whole.stdout, f"exit {p.returncode}", p.stderr)
    screen = watched(proxy.url, folder)
    screen.until(r"run-?\d+|ago| d ", 30)
    screen.send(b"\r")
    screen.settle(0.5)
    start = time.monotonic()
    while not screen.shows(name) and time.monotonic() - start < PATIENCE:
        screen.send(b"G")
        screen.settle(0.5, 2)
    ok("screen, every third page cut: the last run is reached nevertheless", screen.shows(name), name,
       "\n".join(screen.look()))
    screen.close()
    server.stop()


def main():
    folder = lib_servers.scratch()
    os.chdir(folder)
    try:
        server = Server(fixture("mlflow-3.17.2.db", folder))
    except lib_servers.Unavailable as e:
        skip("outages", e)
        return lib_tap.end()
    made = certs.make(os.path.join(folder, "certs"))
    proxy = lib_servers.front(server)
    for part in (lambda: headless(proxy, folder, made, server), lambda: on_screen(server, proxy, folder),
                 lambda: next_start(proxy, server, folder), lambda: tls_on_screen(server, folder, made),
                 lambda: pages_missing(folder)):
        try:
            part()
        except (TimeoutError, EOFError) as e:
            ok("it goes on to its end", False, e)
    return lib_tap.end()


if __name__ == "__main__":
    sys.exit(main())
