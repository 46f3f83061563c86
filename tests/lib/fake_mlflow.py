#!/usr/bin/env python3
"""A tracking server with only what a test puts into it, and answers that are wrong where it says so.

    fake_mlflow.py      prints "fake=ADDRESS", then "ready"; ends when its standard input does

It keeps experiments, runs, models and versions as the API writes them and answers searches with pages
of them; of the filters it knows the few that a client needs to keep a list up to date. Below /fake:
    POST /reset                 nothing is left: no records, no rules, no log
    POST /put                   {"runs": […], …} adds records or replaces those of the same id
    POST /drop                  {"runs": [id, …], …}
    POST /rules                 a list of rules, added to those before
    POST /forget                empties the log
    POST /release               ends the rules that hold their answer back
    GET  /log?on=REGEX          {"n": requests it is found in, "last": the last one's body}
A request is looked for by a regular expression in "METHOD TARGET BODY". A rule: {"on": REGEX, "status":
200, "type": "application/json", "text": …, "header": "Name: value", "times": N, "after": N, "hold": 1,
"date": hours that the clock is off}; without text the records answer.
"""
import base64
import email.utils
import json
import os
import re
import socket
import sys
import threading
import time
import urllib.parse

lock = threading.Condition()
KINDS = {"experiments": lambda e: e["experiment_id"], "runs": lambda r: r["info"]["run_id"],
         "models": lambda m: m["name"], "versions": lambda v: v["name"] + "/" + str(v["version"])}
state = {k: {} for k in KINDS}
points = {}  # of each run's metrics, in the order in which they came
rules, log = [], []
held = True
VIEWS = {"ACTIVE_ONLY": ("active",), "DELETED_ONLY": ("deleted",), "ALL": ("active", "deleted")}
REASONS = {200: "OK", 400: "Bad Request", 404: "Not Found"}


class Refused(Exception):
    """(status, error_code, message)"""


def invalid(message):
    return Refused(400, "INVALID_PARAMETER_VALUE", message)


# ---- the API
def condition(text, of):
    """One condition as a function of a record; `of` gives a record's attribute."""
    m = re.fullmatch(r"(?:attributes\.)?(\w+) *(>=|<=|>|<|=|LIKE|IN) *(.*)", text.strip())
    if not m:
        raise invalid("Invalid clause(s) in filter string: " + text)
    name, op, raw = m.groups()
    if op == "IN":
        wanted = re.findall(r"'((?:[^']|'')*)'", raw)
        return lambda r: of(r, name) in wanted
    if op == "LIKE":
        return lambda r: of(r, name).startswith(raw.strip("'").rstrip("%"))
    if raw.startswith("'"):
        return lambda r: of(r, name) == raw.strip("'")
    want = int(raw)
    compare = {">": int.__gt__, ">=": int.__ge__, "<": int.__lt__, "<=": int.__le__, "=": int.__eq__}[op]
    return lambda r: of(r, name) is not None and compare(of(r, name), want)


def select(rows, text, of):
    for part in re.split(r" AND ", text) if text else []:
        rows = list(filter(condition(part, of), rows))
    return rows


def page(rows, key, asked):
    token = asked.get("page_token")
    first = int(base64.b64decode(token)) if token else 0
    last = first + int(asked["max_results"])
    out = {key: rows[first:last]} if rows[first:last] else {}
    if last < len(rows):
        out["next_page_token"] = base64.b64encode(b"%d" % last).decode()
    return out


def search_experiments(asked):
    views = VIEWS[asked.get("view_type", "ACTIVE_ONLY")]
    rows = [e for e in state["experiments"].values() if e.get("lifecycle_stage", "active") in views]
    return page(select(rows, asked.get("filter"), dict.get), "experiments", asked)


def attribute(r, name):
    return r["info"].get(name)


def search_runs(asked):
    views = VIEWS[asked.get("run_view_type", "ACTIVE_ONLY")]
    rows = [r for r in state["runs"].values() if r["info"]["experiment_id"] in asked["experiment_ids"]
            and r["info"].get("lifecycle_stage", "active") in views]
    rows.sort(key=lambda r: r["info"]["run_id"])
    rows.sort(key=lambda r: r["info"].get("start_time", -1), reverse=True)
    for order in asked.get("order_by", []):
        name, _, way = order.replace("attributes.", "").partition(" ")
        if name.startswith(("metrics", "params", "tags")):
            raise Refused(500, "INTERNAL_ERROR", "it would take for ever")
        rows.sort(key=lambda r: attribute(r, name), reverse=way == "DESC")
    return page(select(rows, asked.get("filter"), attribute), "runs", asked)


def get_run(asked):
    run = state["runs"].get(asked["run_id"])
    if run is None:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "Run with id=%s not found" % asked["run_id"])
    return {"run": run}


def search_models(asked):
    return page(sorted(state["models"].values(), key=KINDS["models"]), "registered_models", asked)


def search_versions(asked):
    rows = sorted(state["versions"].values(), key=lambda v: -v.get("last_updated_timestamp", 0))
    return page(select(rows, asked.get("filter"), dict.get), "model_versions", asked)


def history(asked):
    return {"metrics": points.get((asked.get("run_id"), asked.get("metric_key")), [])}


def get_experiment(asked):
    e = state["experiments"].get(asked["experiment_id"])
    if e is None:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=%s exists" % asked["experiment_id"])
    return {"experiment": e}


def named_experiment(asked):
    found = [e for e in state["experiments"].values() if e["name"] == asked["experiment_name"]]
    if not found:
        raise Refused(404, "RESOURCE_DOES_NOT_EXIST", "Could not find experiment")
    return {"experiment": found[0]}


def create_experiment(asked):
    new = str(len(state["experiments"]) + 100)
    state["experiments"][new] = {"experiment_id": new, "name": asked["name"], "lifecycle_stage": "active",
                                 "last_update_time": int(time.time() * 1000)}
    return {"experiment_id": new}


def create_run(asked):
    get_experiment(asked)
    new = "%032x" % (len(state["runs"]) + 0xf00)
    info = {k: asked[k] for k in ("experiment_id", "user_id", "start_time", "run_name")}
    info.update(run_id=new, status="RUNNING", lifecycle_stage="active", artifact_uri="/a/" + new)
    state["runs"][new] = {"info": info, "data": {"tags": asked["tags"]}}
    return {"run": state["runs"][new]}


def update_run(asked):
    info = get_run(asked)["run"]["info"]
    info.update((k, asked[k]) for k in ("status", "end_time") if k in asked)
    return {"run_info": info}


def delete_run(asked):
    get_run(asked)["run"]["info"]["lifecycle_stage"] = "deleted"
    return {}


def set_tag(asked):
    data = get_run(asked)["run"]["data"]
    data["tags"] = [t for t in data.get("tags", []) if t["key"] != asked["key"]]
    data["tags"].append({"key": asked["key"], "value": asked["value"]})
    return {}


def stored(m):
    """A point as an SQL store gives it back."""
    most = 1.7976931348623157e308
    return dict(m, value={"Infinity": most, "-Infinity": -most}.get(m["value"], m["value"]))


def order(m):
    return m["step"], m["timestamp"], 0 if m["value"] == "NaN" else m["value"]


def log_batch(asked):
    data = get_run(asked)["run"]["data"]
    if len(asked["metrics"]) > 1000:
        raise invalid("A batch logging request can contain at most 1000 metrics")
    for m in map(stored, asked["metrics"]):
        of_key = points.setdefault((asked["run_id"], m["key"]), [])
        if m not in of_key:
            of_key.append(m)
        others = [o for o in data.get("metrics", []) if o["key"] != m["key"]]
        data["metrics"] = others + [max(of_key, key=order)]
    return {}


API = "/api/2.0/mlflow"
CALLS = {"/experiments/search": search_experiments, "/runs/search": search_runs, "/runs/get": get_run,
         "/registered-models/search": search_models, "/model-versions/search": search_versions,
         "/experiments/get": get_experiment, "/experiments/get-by-name": named_experiment,
         "/experiments/create": create_experiment, "/runs/create": create_run, "/runs/update": update_run,
         "/runs/delete": delete_run, "/runs/set-tag": set_tag, "/runs/log-batch": log_batch,
         "/metrics/get-history": history, "/metrics/get-history-bulk-interval": history}


def api(method, target, body):
    parts = urllib.parse.urlsplit(target)
    if parts.path in ("/health", "/version"):
        return 200, "text/html", "OK" if parts.path == "/health" else "3.17.2"
    call = CALLS.get(parts.path[len(API):]) if parts.path.startswith(API) else None
    if call is None:
        post_only = parts.path.endswith(("/transition-stage", "/logged-models/search"))
        return (405 if post_only else 404), "text/html", "<!doctype html><title>404 Not Found</title>"
    asked = json.loads(body) if method == "POST" else dict(urllib.parse.parse_qsl(parts.query))
    try:
        return 200, "application/json", json.dumps(call(asked))
    except Refused as e:
        status, word, message = e.args
        return status, "application/json", json.dumps({"error_code": word, "message": message})


# ---- what a test tells
def control(path, query, body):
    global held
    value = json.loads(body) if body else {}
    if path == "/reset":
        for records in state.values():
            records.clear()
        points.clear()
        rules.clear()
        log.clear()
        held = True
    elif path == "/put":
        for kind, records in value.items():
            state[kind].update((KINDS[kind](r), r) for r in records)
    elif path == "/drop":
        for kind, ids in value.items():
            for i in ids:
                state[kind].pop(i, None)
    elif path == "/rules":
        rules.extend(dict(r, hits=0) for r in value)
    elif path == "/forget":
        log.clear()
    elif path == "/release":
        held = False
        lock.notify_all()
    elif path == "/log":
        found = [e for e in log if re.search(query["on"], " ".join(e))]
        return {"n": len(found), "last": found[-1][2] if found else ""}
    return {}


def rule_for(method, target, body):
    for r in rules:
        if re.search(r["on"], "%s %s %s" % (method, target, body)):
            r["hits"] += 1
            n = r["hits"] - r.get("after", 0)
            if 1 <= n <= r.get("times", 1 << 30):
                return r
    return {}


def answer(method, target, body):
    """(status, type, text, header, hours that the clock is off)"""
    parts = urllib.parse.urlsplit(target)
    with lock:
        if parts.path.startswith("/fake/"):
            query = dict(urllib.parse.parse_qsl(parts.query))
            return 200, "application/json", json.dumps(control(parts.path[5:], query, body)), "", 0
        log.append((method, target, body))
        rule = rule_for(method, target, body)
        if rule.get("hold"):
            lock.wait_for(lambda: not held, 60)
        if "text" in rule:
            status, kind, text = rule.get("status", 200), rule.get("type", "application/json"), rule["text"]
        else:
            status, kind, text = api(method, target, body)
    return status, kind, text, rule.get("header", ""), rule.get("date", 0)


# ---- HTTP
def exchange(conn, source):
    line = source.readline(65536).decode("latin-1").split()
    if len(line) != 3:
        return False
    length = 0
    for raw in iter(source.readline, b"\r\n"):
        if not raw:
            return False
        name, _, value = raw.decode("latin-1").partition(":")
        if name.lower() == "content-length":
            length = int(value)
    body = source.read(length).decode()
    status, kind, text, header, hours = answer(line[0], line[1], body)
    text = text.encode()
    head = "HTTP/1.1 %d %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nDate: %s\r\n" % (
        status, REASONS.get(status, "Something"), kind, len(text),
        email.utils.formatdate(time.time() + hours * 3600, usegmt=True))
    conn.sendall((head + (header + "\r\n" if header else "") + "\r\n").encode("latin-1") + text)
    return True


def serve(conn):
    try:
        conn.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with conn.makefile("rb") as source:
            while exchange(conn, source):
                pass
    except ConnectionError:
        pass  # who asked has gone
    except (OSError, ValueError, KeyError) as e:
        print(repr(e), file=sys.stderr)
    finally:
        conn.close()


def accept(listener):
    while True:
        conn, _ = listener.accept()
        threading.Thread(target=serve, args=(conn,), daemon=True).start()


def main():
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    threading.Thread(target=accept, args=(listener,), daemon=True).start()
    print("fake=http://127.0.0.1:%d" % listener.getsockname()[1])
    print("ready", flush=True)
    sys.stdin.read()
    os._exit(0)


main()
