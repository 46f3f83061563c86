"""One suite over the three providers: what ncmlops prints of an SQLite store, a file store and
tracking servers (the newest MLflow and a 2.x, one with a login, one below a prefix, one behind TLS)
against MLflow's own client on the same store. Prints TAP.

  PARITY=sqlite,files,rest   some of them
  NCMLOPS_FILTERS            random filters and orders on the SQLite store (1500); others get a share
"""
import hashlib
import os
import random
import shutil
import sys
import tarfile
import tempfile
import warnings

warnings.simplefilter("ignore")
os.environ.update(MLFLOW_DISABLE_TELEMETRY="true", MLFLOW_ALLOW_FILE_STORE="true",
                  MLFLOW_ENABLE_ASYNC_LOGGING="false", MLFLOW_HTTP_REQUEST_MAX_RETRIES="1",
                  MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT="true",
                  MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR="false")
os.environ.setdefault("GIT_PYTHON_REFRESH", "quiet")

import lib_filters  # noqa: E402
import lib_servers  # noqa: E402
import lib_tap  # noqa: E402
import certs  # noqa: E402  (tests/lib, a path that lib_servers adds)
from lib_parity import (Target, check_artifacts, check_experiments, check_metrics,  # noqa: E402
                        check_refusals, check_registry, check_runs, check_search, check_selection,
                        expected, guarded)
from lib_servers import OLDER, Server, fixture, together  # noqa: E402
from lib_tap import ok, skip, tap  # noqa: E402

COUNT = int(os.environ.get("NCMLOPS_FILTERS", "1500"))
RELEASES = ["1.30.1", "2.9.2", "2.22.5", "3.17.2"]
PASSWORD = "correct-horse-battery-9"


def check_oracle(t, oracle, every=1):
    guarded(check_experiments, t, oracle)
    guarded(check_runs, t, oracle)
    guarded(check_metrics, t, oracle, every)
    guarded(check_search, t, oracle)
    guarded(check_registry, t, oracle)


def check_live(t, folder, count):
    """On a store that may be written to: more runs through the client, then both are asked."""
    client = t.client()
    lib_filters.fill(client, random.Random(lib_filters.SEED))
    guarded(check_selection, t, client)
    guarded(check_artifacts, t, client, folder)
    guarded(lib_filters.compare, t, client, count)
    oracle = t.ask_client()
    live = Target(t.name + " filled", t.kind, t.uri, t.store, t.env)
    check_oracle(live, oracle, every=7)


def sqlite(folder):
    for v in RELEASES:
        place = tempfile.mkdtemp(dir=folder)
        store = fixture(f"mlflow-{v}.db", place)
        t = Target(f"sqlite {v}", "sqlite", "sqlite:///" + store, store)
        with open(store, "rb") as f:
            before = f.read()
        check_oracle(t, expected(f"expected-{v}.json"))
        with open(store, "rb") as f:
            ok(f"{t.name}: reading changed nothing", f.read() == before)
        tap(f"{t.name}: reading left nothing behind", [os.path.basename(store)], sorted(os.listdir(place)))
        if v != "1.30.1":
            guarded(check_refusals, t)
    check_live(t, folder, int(COUNT * .8))
    old = fixture("mlflow-2.9.2.db", tempfile.mkdtemp(dir=folder))
    t = Target("sqlite 2.9.2 migrated", "sqlite", "sqlite:///" + old, old)
    client = t.client()
    lib_filters.fill(client, random.Random(lib_filters.SEED))
    guarded(lib_filters.compare, t, client, int(COUNT * .2))


def file_store(release, folder):
    """A copy of a fixture's mlruns folder."""
    place = tempfile.mkdtemp(dir=folder)
    plain, packed = (os.path.join(lib_servers.FIXTURES, f"mlruns-{release}{e}") for e in ("", ".tar.gz"))
    if os.path.isdir(plain):
        to = os.path.join(place, "mlruns")
        shutil.copytree(plain, to)
    else:
        with tarfile.open(packed) as tar:
            tar.extractall(place, filter="data")
        to = os.path.join(place, sorted(os.listdir(place))[0])
    for base, _, files in os.walk(to):
        os.chmod(base, 0o700)
        if "meta.yaml" in files and len(os.path.basename(base)) == 32:
            # The fixtures keep no empty folders; a run without them is none to MLflow's client.
            for name in ("artifacts", "metrics", "params", "tags"):
                os.makedirs(os.path.join(base, name), exist_ok=True)
        for name in files:
            os.chmod(os.path.join(base, name), 0o600)
    return to


def everything(folder):
    """A hash over all names, sizes, times and contents."""
    h = hashlib.sha256()
    for base, folders, files in os.walk(folder):
        folders.sort()
        h.update(f"{base} {os.stat(base).st_mtime_ns}\n".encode("utf-8", "surrogateescape"))
        for name in sorted(files):
            path = os.path.join(base, name)
            with open(path, "rb") as f:
                h.update(f"{name} {os.stat(path).st_mtime_ns}\n".encode("utf-8", "surrogateescape") + f.read())
    return h.hexdigest()


def files(folder):
    for v in RELEASES:
        store = file_store(v, folder)
        t = Target(f"files {v}", "file", "file://" + store, store)
        before = everything(os.path.dirname(store))
        check_oracle(t, expected(f"expected-mlruns-{v}.json"))
        ok(f"{t.name}: reading changed nothing and left nothing behind",
           everything(os.path.dirname(store)) == before)
        guarded(check_refusals, t, v != "1.30.1")
    check_live(t, folder, COUNT // 4)


def rest(folder):
    places = [tempfile.mkdtemp(dir=folder) for _ in range(4)]
    newest = expected("expected-3.17.2.json")
    try:
        plain, old, login, prefix = together(
            lambda: Server(fixture("mlflow-3.17.2.db", places[0])),
            lambda: Server(fixture("mlflow-2.22.5.db", places[1]), OLDER),
            lambda: lib_servers.with_login(fixture("mlflow-3.17.2.db", places[2]), places[2], PASSWORD),
            lambda: Server(fixture("mlflow-3.17.2.db", places[3]), args="--static-prefix /ml"))
    except lib_servers.Unavailable as e:
        skip("tracking servers", e)
        return
    made = certs.make(os.path.join(folder, "certs"))
    tls = lib_servers.front(plain, (made["server"], made["server_key"]))
    password = {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": PASSWORD}
    ready = {"MLFLOW_TRACKING_SERVER_CERT_PATH": made["ca"]}
    t = Target("server 3.17.2", "rest", plain.url)
    check_oracle(t, newest)
    guarded(check_refusals, t)
    for name, url, env in (("server with a login", login.url, password),
                           ("server below a prefix", prefix.url, {}), ("server behind TLS", tls.url, ready)):
        one = Target(name, "rest", url, env=env)
        check_oracle(one, newest, every=20)
        guarded(lib_filters.compare, one, one.client(), COUNT // 60)
    check_doors(login, tls)
    two = Target("server 2.22.5", "rest", old.url)
    check_oracle(two, expected("expected-2.22.5.json"), every=4)
    guarded(check_refusals, two)
    login.stop()
    prefix.stop()
    check_live(t, folder, COUNT // 4)
    check_live(two, folder, COUNT // 8)


def check_doors(login, tls):
    """Who does not get in is told why, with exit 4 and no secret in the words."""
    guess = "wrong-guess-77"
    for name, url, env, code, words in (
            ("no password", login.url, {}, "UNAUTHENTICATED", ["MLFLOW_TRACKING_TOKEN"]),
            ("a wrong password", login.url,
             {"MLFLOW_TRACKING_USERNAME": "admin", "MLFLOW_TRACKING_PASSWORD": guess}, "UNAUTHENTICATED", []),
            ("a CA that is not known", tls.url, {}, "TLS", ["MLFLOW_TRACKING_SERVER_CERT_PATH"])):
        t = Target(name, "rest", url, env=env)
        p = t.raw("experiments")
        said = (p.stdout + p.stderr).decode("utf-8", "replace")
        ok(f"{name}: exit 4, {code}", p.returncode == 4 and f'"{code}"' in said
           and all(w in said for w in words) and guess not in said, f"exit {p.returncode}", said)
    t = Target("TLS unchecked by choice", "rest", tls.url, env={"MLFLOW_TRACKING_INSECURE_TLS": "true"})
    ok("TLS: MLFLOW_TRACKING_INSECURE_TLS=true", t.raw("experiments").returncode == 0)
    t = Target("TLS with a plain http URL", "rest", tls.url.replace("https", "http"))
    ok("TLS: spoken to without it: exit 4", t.raw("experiments").returncode == 4)


def main():
    if not os.path.isdir(lib_servers.FIXTURES):
        print("1..0 # SKIP no fixtures")
        return 77
    folder = lib_servers.scratch()
    os.chdir(folder)
    import logging
    logging.disable(logging.CRITICAL)
    for name in os.environ.get("PARITY", "sqlite,files,rest").split(","):
        {"sqlite": sqlite, "files": files, "rest": rest}[name](folder)
    return lib_tap.end()


if __name__ == "__main__":
    sys.exit(main())
