"""Random filters and orders through `ncmlops runs` and MLflow's client on the same store or server.

Environment: NCMLOPS_SEED (20261121)."""
import os
import random
import re

from lib_parity import command
from lib_tap import ok

SEED = int(os.environ.get("NCMLOPS_SEED", "20261121"))

METRICS = ["auc", "loss", "val/f1", "val loss", "학습률", "a.b", "order", "only_nan", "missing"]
PARAMS = ["lr", "model", "max depth", "optimizer.name", "empty", "한글 키", "missing"]
TAGS = ["team", "mlflow.runName", "note's", "family", "a`b", "mlflow.user", "missing"]
TEXTS = ["", "adam", "Adam", "ADAM_w", "a%b", "it's", 'say "x"', "0.1", "10", "9", "한글 값", "é", "É",
         "line\ntwo", "back\\slash", "a_b", "x" * 300]
NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 1e-300, 1e300, float("nan"), float("inf"), float("-inf"), 0.25, 3.0]


def fill(client, rng, runs=70):
    """Runs whose values meet every corner of the grammar."""
    from mlflow.entities import Metric, Param, RunTag
    ids = [client.create_experiment("filters-%d" % i) for i in range(2)]
    for i in range(runs):
        start = rng.choice([1700000000000, 1700000000000 + rng.randint(0, 9), 1600000000000 + i])
        run = client.create_run(rng.choice(ids), start_time=start,
                                run_name=rng.choice(["run-a", "Run-A", "run_b", "이름", "it's"]))
        rid = run.info.run_id
        client.log_batch(
            rid,
            metrics=[Metric(k, float("nan") if k == "only_nan" else rng.choice(NUMBERS), start, 0)
                     for k in METRICS[:-1] if rng.random() < .6],
            params=[Param(k, rng.choice(TEXTS)) for k in PARAMS[:-1] if rng.random() < .6],
            tags=[RunTag(k, rng.choice(TEXTS)) for k in TAGS[:-1]
                  if rng.random() < .6 and k != "a`b" and k != "note's"])
        if rng.random() < .7:
            client.set_terminated(rid, rng.choice(["FINISHED", "FAILED", "KILLED"]),
                                  rng.choice([start + 5, start + rng.randint(0, 99)]))
        if rng.random() < .3:
            add_dataset(rid, rng)
        if rng.random() < .1:
            client.delete_run(rid)


def add_dataset(rid, rng):
    from mlflow.entities import Dataset, DatasetInput, InputTag
    from mlflow.tracking._tracking_service.utils import _get_store
    inputs = [DatasetInput(Dataset(rng.choice(["train", "Train", "eval's"]), rng.choice("abc"), "local", "{}"),
                           [InputTag("mlflow.data.context", rng.choice(["training", "test"]))]
                           if rng.random() < .7 else [])
              for _ in range(rng.randint(1, 2))]
    _get_store().log_inputs(rid, inputs)


def quote_key(rng, key):
    styles = []
    if "`" not in key:
        styles.append("`%s`" % key)
    if '"' not in key:
        styles.append('"%s"' % key)
    if all(c.isalnum() or c in "_." for c in key):
        styles += [key] * 3
    return rng.choice(styles)


def quote_value(rng, v):
    return rng.choice(["'%s'" % v, '"%s"' % v]) if rng.random() < .9 else "'%s'" % v


def pattern(rng):
    return rng.choice(["%", "a%", "A%", "%a%", "_dam", "adam", "%_w", "%값", "é", "%'%", "run%", "__", "10", ""])


def any_case(rng, word):
    return rng.choice([word, word.lower(), word.capitalize()])


def clause(rng, ids):
    kind = rng.random()
    symbol = rng.choice(["=", "!=", ">", ">=", "<", "<="])
    blank = rng.choice([" ", "", "  "])
    if kind < .3:
        name = "%s.%s" % (rng.choice(["metrics", "metric"]), quote_key(rng, rng.choice(METRICS)))
        return name + blank + symbol + blank + rng.choice(
            ["0", "1", "-1", ".5", "0.25", "1e300", "1e-300", "1.", "-1e400", "1e400", "3", "0.5"])
    if kind < .65:
        entity, key = rng.choice([("params", PARAMS), ("param", PARAMS), ("parameters", PARAMS),
                                  ("tags", TAGS), ("tag", TAGS)])
        name = "%s.%s" % (entity, quote_key(rng, rng.choice(key)))
        u = rng.random()
        if u < .15:
            return name + any_case(rng, " IS NULL")
        if u < .3:
            return name + any_case(rng, " IS NOT NULL")
        if u < .6:
            return "%s %s %s" % (name, any_case(rng, rng.choice(["LIKE", "ILIKE"])),
                                 quote_value(rng, pattern(rng)))
        return name + blank + rng.choice(["=", "!="]) + blank + quote_value(rng, rng.choice(TEXTS))
    prefix = rng.choice(["", "attributes.", "attribute.", "attr.", "run."])
    if kind < .75:
        return "%s%s %s %s" % (prefix, rng.choice(["start_time", "end_time", "created", "Created"]), symbol,
                               rng.choice(["1700000000000", "1700000000005", "1600000000010", "1.7e12", "5",
                                           "1700000000004.5", "-1", "99999999999999999"]))
    if kind < .9:
        key, values = rng.choice([
            ("status", ["FINISHED", "finished", "RUNNING", "FAILED", "x"]),
            ("run_name", ["run-a", "Run-A", "이름", "it's"]), ("user_id", ["", "root", "alice"]),
            ("run_id", ids), ("artifact_uri", ["x", "file"])])
        if rng.random() < .2:
            prefix, key = rng.choice([("", '"run name"'), ("", "`Run name`"), ("attributes.", "`Run Name`")])
            values = ["run-a", "run_b", "it's"]
        if key == "run_id" and rng.random() < .5:
            some = ["'%s'" % i for i in rng.sample(ids, 3)]
            return "%srun_id %s (%s)" % (prefix, any_case(rng, rng.choice(["IN", "NOT IN"])), ", ".join(some))
        if rng.random() < .4:
            return "%s%s %s %s" % (prefix, key, rng.choice(["LIKE", "ILIKE"]), quote_value(rng, pattern(rng)))
        return "%s%s %s %s" % (prefix, key, rng.choice(["=", "!="]), quote_value(rng, rng.choice(values)))
    name = "%s.%s" % (rng.choice(["dataset", "datasets"]), rng.choice(["name", "digest", "context"]))
    values = ["train", "Train", "eval's", "a", "b", "training", "test"]
    if rng.random() < .4:
        some = [rng.choice(["'%s'", '"%s"']) % v for v in rng.sample(["train", "a", "b", "test"], 2)]
        return "%s %s (%s)" % (name, rng.choice(["IN", "NOT IN", "in"]), ",".join(some))
    if rng.random() < .4:
        return "%s %s %s" % (name, rng.choice(["LIKE", "ILIKE"]), quote_value(rng, pattern(rng)))
    return "%s %s %s" % (name, rng.choice(["=", "!="]), quote_value(rng, rng.choice(values)))


def spoil(rng, text):
    """Usually no longer right: one character or word less, more or other."""
    at = rng.randrange(len(text) + 1)
    return rng.choice([
        text[:at] + text[at + 1:], text[:at] + rng.choice("=<>!'\"`().,;-+*/ x1#@") + text[at:],
        text.replace(" AND ", rng.choice([" OR ", " , ", " "]), 1), "(" + text + ")", "NOT " + text,
        text.replace(".", "", 1), text + rng.choice([" AND", " OR", ";", " x", "'"])])


def filter_text(rng, ids):
    text = rng.choice([" AND ", " and ", "  And "]).join(clause(rng, ids) for _ in range(rng.randint(1, 3)))
    return spoil(rng, text) if rng.random() < .15 else text


def order_text(rng):
    u = rng.random()
    if u < .5:
        name = "metrics." + quote_key(rng, rng.choice(METRICS))
    elif u < .75:
        entity, key = rng.choice([("params", PARAMS), ("tags", TAGS)])
        name = "%s.%s" % (entity, quote_key(rng, rng.choice(key)))
    else:
        name = rng.choice(["", "attributes.", "attr."]) + rng.choice(
            ["start_time", "end_time", "status", "run_name", "user_id", "run_id", "artifact_uri", "created"])
    text = name + rng.choice(["", " ASC", " DESC", " desc", " asc"])
    return spoil(rng, text).strip() if rng.random() < .05 else text


# Accidents of MLflow's parser that we do not repeat: an empty key or one with an empty part
# between dots, a bare key that begins with a digit after `parameter.`, and a quote within an order's key.
# Such an accident within a server is a 5xx or tells of SQL, which says nothing of what is right. What stands before a
# comparison with NULL without an AND between, MLflow passes over. An order that names a key twice
# is refused by all its stores but the file store.
def no_and_before_null(text):
    return re.search(r"""(?:['"`\d)]|null)\s+(?!and\b)(?:params?|parameters|tags?)\.\S.*?\bis\s+(?:not\s+)?null""",
                     text, re.I)


def named_twice(orders):
    names = [re.sub(r"""(?i)\s+(asc|desc)$|["`]|^(attributes?|attr|run)\.""", "", o) for o in orders]
    return len(set(names)) < len(names)


def known_difference(text, orders, ours, theirs_error):
    if re.search(r"too many 50\d error responses|FROM clause|no such column", theirs_error):
        return ours is None or isinstance(ours, list) or ours in (1, 4)
    if ours is None and (no_and_before_null(text) or named_twice(orders)):
        return True
    if ours is None:
        return any(re.search(r"""\.(``|""|''|[\s<>=!.]|$)""", t) for t in [text] + orders)
    return "No closing quotation" in theirs_error or any(
        re.search(r"\bparameters?\.\d", t) for t in [text] + orders)


def sorted_here(t, orders):
    """Over REST an order by a metric, a param or a tag is made by us, and then users, if it names them
    too, go by the name that is shown, the tag's, where MLflow itself has "" or "unknown"."""
    return t.kind == "rest" and any("user_id" in o for o in orders) and any(
        re.match(r"(metrics?|params?|parameters|tags?)\.", o) for o in orders)


def ask_mlflow(client, experiments, text, orders):
    from mlflow.entities import ViewType
    try:
        runs = client.search_runs(experiments, text, ViewType.ACTIVE_ONLY, 50000, orders)
    except Exception as e:  # whatever it raises, it is a refusal
        return None, str(e)
    return [r.info.run_id for r in runs], ""


def ask_us(t, text, orders):
    """(run ids, "") or (None, why); another exit than 0 and 2 is an error of ours."""
    args = ["runs", "--limit", "0"] + (["--filter=" + text] if text else [])
    args += ["--order-by=" + o for o in orders]
    got = t.run(*args)
    if isinstance(got, list):
        return args, [r["run_id"] for r in got], ""
    return args, None if got["exit"] == 2 else got["exit"], got["stderr"]


def compare(t, client, count, seed=SEED):
    """count random questions to both; stops at the third difference."""
    from mlflow.entities import ViewType
    rng = random.Random("%s %d" % (t.name, seed))
    experiments = [e.experiment_id for e in client.search_experiments()]
    ids = [r.info.run_id for r in client.search_runs(experiments, "", ViewType.ALL, 1000)]
    refused, apart = 0, []
    for i in range(count):
        text = filter_text(rng, ids) if rng.random() < .8 else ""
        orders = [order_text(rng) for _ in range(rng.choice([0, 0, 1, 1, 2, 3]))]
        theirs, their_error = ask_mlflow(client, experiments, text, orders)
        args, ours, our_error = ask_us(t, text, orders)
        refused += theirs is None
        if isinstance(ours, list) and sorted(ours) == sorted(theirs or []) and sorted_here(t, orders):
            continue
        if ours is None and "cannot stand in a key without quotes" in our_error:
            continue  # such as `metrics.@loss`, which MLflow takes in an order; our hint is to quote it
        both_answer = isinstance(ours, list) and isinstance(theirs, list)
        if ours == theirs or not both_answer and known_difference(text, orders, ours, their_error):
            continue
        apart += ["number %d of seed %d" % (i, seed), "filter:  " + text, "orders:  %s" % orders,
                  "MLflow:  %s %s" % (theirs if theirs is None else (len(theirs), theirs[:5]), their_error),
                  "ncmlops: %s %s" % ((len(ours), ours[:5]) if isinstance(ours, list) else ours, our_error),
                  "repeat:  %s" % command(t, *args)]
        if len(apart) >= 18:
            break
    return ok("%s: %d filters and orders (%d refused by both), seed %d" % (t.name, count, refused, seed),
              not apart, *apart)
