"""The dashboard on a real server behind a proxy that goes wrong on purpose: whatever happens, the last
good rows stay on the screen with their age, what is wrong is said, keys are answered, and everything
comes back without a key."""
import os
import re
import sys
import time

import lib_servers
import lib_tap
from lib_tap import ok

sys.path.insert(0, os.path.join(lib_servers.ROOT, "tests", "lib"))
from faulty import Faulty  # noqa: E402
from screen import Watched  # noqa: E402

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
SLOW = float(os.environ.get("NCMLOPS_TEST_SLOW", "1"))
ROW = r"fraud-detection/ranker"

# What goes wrong, its rule, and what is said about it.
FAULTS = [
    ("the server is gone", "refuse", {}, r"refuse"),
    ("every answer is a 500", "status", {"status": 500}, r"500"),
    ("it is overloaded", "status", {"status": 503, "retry_after": 2}, r"503|busy|later|overload"),
    ("a page of HTML instead of JSON", "html", {}, r"HTML|web page|page"),
    ("a redirect to a login page", "login", {}, r"log ?in"),
    ("the token has expired", "expired", {}, r"401|log ?in|token|password"),
    ("bytes that are no HTTP", "garbage", {}, r"HTTP|understood"),
    ("bodies cut off", "cut", {"bytes": 20}, r"cut|broke|early|end"),
    ("nothing comes back", "swallow", {}, r"closed|broke|no answer|nothing|empty"),
]


def keys_are_quick(screen, name):
    """Pane 3 and back: drawn at once, whatever the network does."""
    worst = 0.0
    for key, shows in ((b"3", r"^ Registry"), (b"2", r"^ Runs")):
        start = time.monotonic()
        screen.send(key)
        try:
            screen.until(shows, 10)
        except TimeoutError as e:
            return ok(f"{name}: keys are answered", False, e)
        worst = max(worst, time.monotonic() - start)
    return ok(f"{name}: keys are answered at once ({worst * 1000:.0f} ms)", worst < 0.5 * SLOW)


def one_fault(proxy, screen, name, fault, rule, words):
    proxy.set(fault, **rule)
    screen.send(b"u")
    try:
        screen.until(r"✖ offline|▲ .* old", 20 * SLOW)
    except TimeoutError as e:
        ok(f"{name}: the lamp tells", False, e)
        proxy.set("pass")
        screen.until("● live", 90 * SLOW)
        return
    try:
        screen.until(r"offline \d+ [smh]|▲ \d+ [smh] old", 5 * SLOW)
        ok(f"{name}: the lamp tells, with the age", True)
        screen.until(r"(?i)data of .*(" + words + ")", 5 * SLOW)
        ok(f"{name}: what is wrong is said", True)
    except TimeoutError as e:
        ok(f"{name}: what is wrong is said", False, e)
    rows = "\n".join(screen.look())
    ok(f"{name}: the last good rows stay, and what is known of the server",
       re.search(ROW, rows) and "before 2.0" not in rows, rows)
    keys_are_quick(screen, name)
    proxy.set("pass")
    start = time.monotonic()
    try:
        screen.until("● live", 90 * SLOW)
        ok(f"{name}: it comes back without a key (after {time.monotonic() - start:.1f} s)", True)
    except TimeoutError as e:
        ok(f"{name}: it comes back without a key", False, e)


def hang(proxy, screen):
    name = "answers that take half a minute"
    proxy.set("hang", seconds=30)
    screen.send(b"u")
    try:
        screen.until(r"◐ loading|▲|✖ offline", 20 * SLOW)
        ok(f"{name}: the lamp tells", True)
    except TimeoutError as e:
        ok(f"{name}: the lamp tells", False, e)
    keys_are_quick(screen, name)
    rows = "\n".join(screen.look())
    ok(f"{name}: the last good rows stay", re.search(ROW, rows), rows)
    proxy.set("pass")
    try:
        screen.until("● live", 90 * SLOW)
        ok(f"{name}: it comes back without a key", True)
    except TimeoutError as e:
        ok(f"{name}: it comes back without a key", False, e)


def next_start(proxy, env):
    """What was shown last is there at once when the server is gone."""
    proxy.set("refuse")
    start = time.monotonic()
    screen = Watched([BIN, "--store", proxy.url], 32, 150, env=env)
    try:
        screen.until(ROW, 10 * SLOW)
        took = time.monotonic() - start
        ok(f"the next start shows what was known ({took:.2f} s)", took < 1.0 * SLOW)
        screen.until(r"✖ offline \d+ [smh]", 20 * SLOW)
        ok("and says how old it is", True)
        proxy.set("pass")
        screen.until("● live", 90 * SLOW)
        ok("and comes back", True)
    except TimeoutError as e:
        ok("the next start shows what was known", False, e)
    screen.close()


def main():
    folder = lib_servers.scratch()
    os.chdir(folder)
    try:
        server = lib_servers.Server(lib_servers.fixture("mlflow-3.17.2.db", folder))
    except lib_servers.Unavailable as e:
        lib_tap.skip("outages", e)
        return lib_tap.end()
    env = {"HOME": folder, "XDG_STATE_HOME": os.path.join(folder, "state")}
    with Faulty(server.url) as proxy:
        screen = Watched([BIN, "--store", proxy.url], 32, 150, env=env)
        try:
            screen.until(ROW, 60)
            screen.until("● live", 60)
            for name, fault, rule, words in FAULTS:
                one_fault(proxy, screen, name, fault, rule, words)
            hang(proxy, screen)
        except TimeoutError as e:
            ok("the dashboard lives on", False, e)
        screen.close()
        next_start(proxy, env)
    return lib_tap.end()


if __name__ == "__main__":
    sys.exit(main())
