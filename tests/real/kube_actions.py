"""Changes of deployments on a real control plane: every action and its undo, what somebody else
changes meanwhile, what is forbidden, what is only tried, and a long random story that kubectl and
ncmlops must both tell the same.

  KUBE_PARTS              names of functions here: only these, and the story
  KUBE_SEED, KUBE_STEPS   of the random story
  KILLS                   how many actions are killed"""
import atexit
import contextlib
import json
import os
import pty
import random
import select
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time

import lib_kube
import lib_servers
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
PATIENCE = 240
KILLS = int(os.environ.get("KILLS", "15"))

CONFIG = """current-context: live
contexts:
%s  guarded:
    protect: true
    tracking: {uri: mlflow.db}
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: "%s", context: admin, namespaces: [ml-prod]}
"""
CONTEXT = """  %s:
    tracking: {uri: mlflow.db}
    deployments:
      - {type: kubernetes, name: seoul, kubeconfig: "%s", context: %s, namespaces: [ml-prod]}
"""


cluster = lib_kube.Cluster()
kubectl, get = cluster.kubectl, cluster.get


def at(obj, *path, default=None):
    for key in path:
        if isinstance(obj, list):
            obj = obj[key] if len(obj) > key else None
        else:
            obj = obj.get(key) if isinstance(obj, dict) else None
        if obj is None:
            return default
    return obj


def until(what, name, check):
    """Waits for a condition; the last thing that was seen is shown where it never comes."""
    limit, seen = time.time() + PATIENCE, None
    while time.time() < limit:
        seen = check()
        if seen is True:
            return ok("%s: %s" % (name, what), True)
        time.sleep(0.5)
    return ok("%s: %s" % (name, what), False, seen)


def environment():
    return dict(os.environ, XDG_CONFIG_HOME=os.path.join(home, "config"), XDG_STATE_HOME=os.path.join(home, "state"),
                XDG_CACHE_HOME=os.path.join(home, "cache"), HOME=home, LC_ALL="C.UTF-8")


class Said:
    def __init__(self, r):
        self.rc, self.err, self.out = r.returncode, r.stderr, r.stdout
        try:
            self.json = json.loads(r.stdout)
        except ValueError:
            self.json = None

    def why(self):
        return "exit %d: %s %s" % (self.rc, self.err, self.out[:600])


def ncm(*words, context="live"):
    return Said(subprocess.run([BIN, "--context", context, "--timeout", "60", "-o", "json", *words], cwd=home,
                               env=environment(), capture_output=True, text=True, timeout=PATIENCE))


def act(*words, context="live", yes=True):
    return ncm("deployment", *words, *(["--yes"] if yes else []), context=context)


def done(name, r):
    ok("%s: done" % name, r.rc == 0 and isinstance(r.json, dict) and bool(r.json.get("audit_id")), r.why())
    return (r.json or {}).get("audit_id")


def fails(name, r, rc, says=""):
    return ok("%s: exit %d" % (name, rc), r.rc == rc and says in r.err + r.out, r.why())


def undo(name):
    r = ncm("undo", "--yes")
    ok("%s: undo" % name, r.rc == 0, r.why())


def spec(name, *path, kind="deployment"):
    return at(get(kind, name), "spec", *path)


def number(name):
    """Of its revision."""
    return int(at(get("deployment", name), "metadata", "annotations", "deployment.kubernetes.io/revision"))


def mark(kind, name):
    text = at(get(kind, name), "metadata", "annotations", "ncmlops/transition", default="{}")
    return json.loads(text)


def image(name):
    return spec(name, "template", "spec", "containers", 0, "image")


def ready(name):
    def look():
        s = get("deployment", name)
        st = s.get("status", {})
        whole = (st.get("observedGeneration") == s["metadata"]["generation"]
                 and st.get("updatedReplicas", 0) == s["spec"]["replicas"] == st.get("readyReplicas", 0)
                 and st.get("replicas", 0) == s["spec"]["replicas"])
        return True if whole else st
    return until("rolled out", name, look)


# ---- each action --------------------------------------------------------------------------------

def scaling():
    before = get("deployment", "price-green")
    r = ncm("deployment", "scale", "seoul/ml-prod/price-green", "3", "--dry-run")
    ok("a dry run goes well", r.rc == 0, r.why())
    tap("a dry run changes nothing", before["metadata"]["resourceVersion"],
        get("deployment", "price-green")["metadata"]["resourceVersion"])
    was = before["spec"]["replicas"]
    r = act("scale", "price-green", str(was + 1), "--reason", "more of it")
    audit = done("scale", r)
    tap("scaled", was + 1, spec("price-green", "replicas"))
    tap("the answer is the deployment", ["price-green", was + 1], [r.json.get("name"), r.json.get("desired")])
    note = mark("deployment", "price-green")
    tap("our note is on it", [audit, "more of it"], [note.get("id"), note.get("reason")])
    entry = (ncm("audit").json or [{}])[0]
    tap("it is in the audit", ["deploy_scale", "seoul/ml-prod/price-green", "done"],
        [entry.get("action"), entry.get("subject"), entry.get("result")])
    undo("scale")
    tap("scale undone", was, spec("price-green", "replicas"))
    r = act("scale", "price-green", str(was))
    ok("what is so already is nothing", r.rc == 0 and (r.json or {}).get("audit_id", 1) is None, r.why())
    fails("a number that is none", act("scale", "price-green", "x"), 2)
    fails("a name that is none", act("scale", "nobody", "2"), 5)


def autoscaler():
    least = spec("churn", "minReplicas", kind="hpa")
    replicas = spec("churn", "replicas")
    r = act("scale", "seoul/ml-prod/churn", str(least + 1))
    done("scale with an autoscaler", r)
    tap("its least number is set", least + 1, spec("churn", "minReplicas", kind="hpa"))
    undo("scale with an autoscaler")
    tap("least number undone", [least, True], [spec("churn", "minReplicas", kind="hpa"), replicas is not None])
    fails("more than it allows", act("scale", "churn", "50"), 3)


def restart_and_pause():
    done("restart", act("restart", "price-green"))
    ok("restartedAt is set", bool(spec("price-green", "template", "metadata", "annotations",
                                       "kubectl.kubernetes.io/restartedAt")))
    ready("price-green")
    fails("a restart is not undone", ncm("undo", "--yes"), 3)
    done("pause", act("pause", "price-green"))
    tap("paused", True, spec("price-green", "paused"))
    fails("a restart of a paused one", act("restart", "price-green"), 3, "paused")
    undo("pause")
    tap("pause undone", False, at(get("deployment", "price-green"), "spec", "paused", default=False))
    fails("tagger waits: a rollback is refused", act("rollback", "tagger"), 3, "paused")
    done("resume", act("resume", "tagger"))
    tap("resumed", False, at(get("deployment", "tagger"), "spec", "paused", default=False))
    undo("resume")
    tap("resume undone", True, spec("tagger", "paused"))


def rolling_back():
    bad, before = image("fraud"), number("fraud")
    r = act("rollback", "fraud")
    done("rollback", r)
    ok("the image of before", image("fraud") != bad, image("fraud"))
    cause = at(get("deployment", "fraud"), "metadata", "annotations", "kubernetes.io/change-cause")
    ok("its cause comes along", image("fraud").rsplit(":", 1)[1] in (cause or ""), cause)
    ready("fraud")
    until("the old ReplicaSet has a new number", "rollback",
          lambda: number("fraud") == before + 1 or "not yet")
    shown = ncm("deployment", "show", "fraud")
    ok("the history names versions", shown.rc == 0 and any(
        h.get("revision") == str(before + 1) and h.get("model_version") for h in
        (shown.json or {}).get("history", [])), shown.why()[:900])
    r = act("rollback", "fraud", "--to", "v" + image("fraud").rsplit(":", 1)[1])
    ok("there already", r.rc == 0 and (r.json or {}).get("audit_id", 1) is None, r.why())
    undo("rollback")
    tap("rollback undone", bad, image("fraud"))
    undo("rollback undone")
    ok("and done again", image("fraud") != bad, image("fraud"))
    fails("a revision that is none", act("rollback", "fraud", "--to", "77"), 5)
    ready("fraud")


def versions():
    before = get("deployment", "price-green")["spec"]["template"]
    done("set-version", act("set-version", "price-green", "22"))
    labels = spec("price-green", "template", "metadata", "labels")
    env = spec("price-green", "template", "spec", "containers", 0, "env", 0, "value")
    tap("all places are set", ["22", "models:/price/22", True],
        [labels.get("ncmlops/model-version"), env, image("price-green").endswith(":22")])
    ready("price-green")
    undo("set-version")
    tap("set-version undone", before, get("deployment", "price-green")["spec"]["template"])
    ready("price-green")


def colours():
    service = get("service", "price")["spec"]["selector"]
    until("green is ready", "price-green",
          lambda: at(get("deployment", "price-green"), "status", "readyReplicas", default=0) > 0 or "not ready")
    r = act("traffic", "price-blue", "price-green=100")
    done("a selector is switched", r)
    tap("to green", dict(service, color="green"), get("service", "price")["spec"]["selector"])
    undo("selector")
    tap("selector undone", service, get("service", "price")["spec"]["selector"])
    done("promote the other colour", act("promote", "price-blue"))
    tap("to green again", "green", get("service", "price")["spec"]["selector"]["color"])
    undo("promote")
    fails("half a colour", act("traffic", "price-blue", "price-green=50"), 2)
    kubectl("scale", "deployment", "price-green", "--replicas=0")
    until("none is ready", "price-green",
          lambda: at(get("deployment", "price-green"), "status", "readyReplicas", default=0) == 0 or "still")
    until("it is seen", "price-green", lambda: seen_ready("price-green") == 0 or "still")
    fails("no outage by mistake", act("promote", "price-blue"), 3)
    tap("it stays blue", "blue", get("service", "price")["spec"]["selector"]["color"])
    kubectl("scale", "deployment", "price-green", "--replicas=2")


def seen_ready(name):
    r = ncm("deployments")
    return next((d["ready"] for d in r.json if d["name"] == name), None) if r.rc == 0 else r.why()


def canary():
    a, b = spec("search-stable", "replicas"), spec("search-canary", "replicas")
    r = act("traffic", "search-stable", "search-canary=50")
    done("a canary by replicas", r)
    total = a + b
    tap("half and half", [total - total // 2, total // 2] if total % 2 == 0 else None,
        [spec("search-stable", "replicas"), spec("search-canary", "replicas")] if total % 2 == 0 else None)
    tap("the sum stays", total, spec("search-stable", "replicas") + spec("search-canary", "replicas"))
    undo("traffic")
    tap("traffic undone", [a, b], [spec("search-stable", "replicas"), spec("search-canary", "replicas")])
    done("abort", act("abort", "search-stable"))
    tap("the canary has none", [total, 0], [spec("search-stable", "replicas"), spec("search-canary", "replicas")])
    undo("abort")
    ready("search-canary")
    ready("search-stable")
    done("promote", act("promote", "search-stable"))
    tap("the stable one runs what the canary runs", image("search-canary"), image("search-stable"))
    undo("promote")
    ok("promote undone", image("search-canary") != image("search-stable"))
    ready("search-stable")


def others():
    """What somebody else changes, forbids, owns."""
    fails("the viewer may not", act("scale", "price-green", "4", context="viewer"), 3, "viewer")
    fails("without --yes and a terminal", act("scale", "price-green", "4", yes=False), 2)
    fails("read-only", ncm("--read-only", "deployment", "scale", "price-green", "4", "--yes"), 3)
    fails("a protected context wants the name", act("scale", "price-green", "4", context="guarded"), 3)
    r = ncm("deployment", "scale", "price-green", "4", "--confirm", "price-green", context="guarded")
    done("with the name", r)
    undo("with the name")
    kubectl("label", "deployment", "price-green", "app.kubernetes.io/managed-by=Helm")
    kubectl("annotate", "deployment", "price-green", "meta.helm.sh/release-name=price")
    until("a warning about Helm", "price-green", lambda: helm_warned() or "none")
    kubectl("label", "deployment", "price-green", "app.kubernetes.io/managed-by-")
    kubectl("annotate", "deployment", "price-green", "meta.helm.sh/release-name-")
    meanwhile("scale", lambda n: kubectl("scale", "deployment", "price-green", "--replicas=%d" % (n + 5)), 6)
    meanwhile("labels alone", lambda n: kubectl("label", "--overwrite", "deployment", "price-green",
                                                "touched=%d" % time.time()), 0)
    was = spec("price-green", "replicas")
    done("to be undone", act("scale", "price-green", str(was + 1)))
    kubectl("scale", "deployment", "price-green", "--replicas=%d" % (was + 2))
    fails("an undo of what moved", ncm("undo", "--yes"), 6)
    kubectl("scale", "deployment", "price-green", "--replicas=%d" % (was + 1))
    undo("what came back")


def helm_warned():
    r = subprocess.run([BIN, "--context", "live", "deployment", "restart", "price-green", "--dry-run"], cwd=home,
                       env=environment(), capture_output=True, text=True)
    return "Helm" in r.stdout


def meanwhile(name, change, rc):
    """Somebody changes it while the question stands on the terminal."""
    n = spec("price-green", "replicas")
    pid, fd = pty.fork()
    if pid == 0:
        os.chdir(home)
        os.execve(BIN, [BIN, "--context", "live", "deployment", "scale", "seoul/ml-prod/price-green", str(n + 1)],
                  environment())
    text, limit, asked = b"", time.time() + PATIENCE, False
    while time.time() < limit:
        if not select.select([fd], [], [], 1)[0]:
            continue
        try:
            got = os.read(fd, 4096)
        except OSError:
            break
        if not got:
            break
        text += got
        if not asked and b"[y/N]" in text:
            asked = True
            change(n)
            os.write(fd, b"y\n")
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(fd)
    ok("%s changed meanwhile: exit %d" % (name, rc), asked and status == rc,
       "exit %d: %s" % (status, text.decode(errors="replace")))
    if rc == 6:
        tap("%s: the other's change stands" % name, n + 5, spec("price-green", "replicas"))
        kubectl("scale", "deployment", "price-green", "--replicas=%d" % n)
    else:
        undo(name)


WORKLOADS = """
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: ml-prod}
spec:
  replicas: 1
  serviceName: store
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec: {containers: [{name: server, image: "registry.example.com/models/store:1"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: ml-prod}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: job, image: "registry.example.com/models/batch:4"}]
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: roulette, namespace: ml-prod}
spec:
  replicas: 2
  selector: {matchLabels: {app: roulette}}
  template:
    metadata: {labels: {app: roulette, ncmlops/model: roulette, ncmlops/model-version: "1"}}
    spec:
      containers:
      - name: server
        image: registry.example.com/models/roulette:1
        env: [{name: MODEL_URI, value: "models:/roulette/1"}]
"""


def kinds():
    kubectl("apply", "-f", "-", text=WORKLOADS)
    done("a StatefulSet scales", act("scale", "store", "2"))
    tap("it did", 2, spec("store", "replicas", kind="statefulset"))
    done("and restarts", act("restart", "store", "--kind", "StatefulSet"))
    done("a CronJob is paused", act("pause", "nightly"))
    tap("it is", True, spec("nightly", "suspend", kind="cronjob"))
    undo("CronJob")
    tap("and not", False, at(get("cronjob", "nightly"), "spec", "suspend", default=False))


def kserve():
    cluster.load_crds()
    until("it is seen", "KServe", lambda: "InferenceService" in ncm("deployments").out or "not seen")

    def percent():
        return spec("fraud", "predictor", "canaryTrafficPercent", kind="inferenceservice")

    def uri():
        return spec("fraud", "predictor", "model", "storageUri", kind="inferenceservice")

    kind = ("--kind", "InferenceService")
    targets = (ncm("deployment", "show", "fraud", *kind).json or {}).get("traffic", [])
    new = next((t["target"] for t in targets if not t.get("stable")), "?")
    was = percent()
    done("canaryTrafficPercent", act("traffic", "fraud", "%s=30" % new, *kind))
    tap("it is 30", 30, percent())
    undo("canaryTrafficPercent")
    tap("and as before", was, percent())
    done("promote an InferenceService", act("promote", "fraud", *kind))
    tap("the field is gone", None, percent())
    undo("promote an InferenceService")
    tap("and back", was, percent())
    done("abort an InferenceService", act("abort", "fraud", *kind))
    tap("none for the candidate", 0, percent())
    undo("abort an InferenceService")
    before = uri()
    done("its version", act("set-version", "fraud", "13", *kind))
    tap("as it is spelled", before.rsplit("/", 1)[0] + "/13", uri())
    undo("its version")
    tap("and the old one", before, uri())
    fails("a name of two kinds", act("scale", "fraud", "2"), 2, "fraud")


# ---- killed -------------------------------------------------------------------------------------

VICTIM = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: "%(name)s", namespace: ml-prod}
spec:
  replicas: 0
  selector: {matchLabels: {app: "%(name)s"}}
  template:
    metadata: {labels: {app: "%(name)s"}}
    spec: {containers: [{name: server, image: "registry.example.com/models/victim:%(version)d"}]}
---
"""


def intents():
    """How many changes were begun, by the record of them."""
    path = os.path.join(home, "config", "ncmlops", "mlflow.ncmlops.db")
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as db:
        return db.execute("SELECT count(*) FROM audit WHERE part='intent'").fetchone()[0]


def killing(rng):
    """`kill -9` of one action each, at any moment and between intent and outcome. What it began by then."""
    names = ["victim-%d" % i for i in range(KILLS)]
    for version in (1, 2):
        kubectl("apply", "-f", "-", text="".join(VICTIM % {"name": n, "version": version} for n in names))
        until("all have %d revisions" % version, "victims", lambda: all(
            at(d, "metadata", "annotations", "deployment.kubernetes.io/revision") == str(version)
            for d in get("deployments")["items"] if d["metadata"]["name"] in names) or "not yet")
    start = time.monotonic()
    done("an action that lives", act("restart", "roulette"))
    span = time.monotonic() - start
    before, died = {n: get("deployment", n)["metadata"]["generation"] for n in names}, 0
    for i, name in enumerate(names):
        words = (["scale", name, "1"], ["restart", name], ["rollback", name])[i % 3]
        begun = intents()
        p = subprocess.Popen([BIN, "--context", "live", "deployment", *words, "--yes"], cwd=home, env=environment(),
                             stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while i % 5 and p.poll() is None and intents() == begun:
            pass  # most of them only once the intent is on record
        try:
            p.wait(rng.choice((0, rng.uniform(0, span / 8))) if i % 5 else rng.uniform(0, span))
        except subprocess.TimeoutExpired:
            p.kill()
        died += p.wait() != 0
    ok("%d of %d actions were killed" % (died, KILLS), died > 0)
    return before


def killed(before):
    """The audit tells of each what the cluster tells; what may still come is waited for."""
    entries = {}

    def settled():
        r = ncm("audit")
        entries.update({e["subject"].rsplit("/", 1)[1]: e for e in r.json or [] if "/victim-" in e["subject"]})
        left = [e for e in entries.values() if e["result"] not in ("done", "failed")]
        return (r.rc == 0 and not left) or (left or r.why())
    until("each is done or failed", "killed", settled)
    wrong, counts = [], {"done": 0, "failed": 0, "never begun": 0}
    for name, generation in before.items():
        d = get("deployment", name)
        e = entries.get(name, {"result": "never begun", "id": None})
        counts[e["result"]] = counts.get(e["result"], 0) + 1
        changed = d["metadata"]["generation"] != generation
        noted = mark("deployment", name).get("id") == e["id"] and changed
        if (e["result"] == "done") != changed or changed != noted:
            wrong.append([name, e, changed, mark("deployment", name)])
    tap("killed: the audit and kubectl tell the same (%s)" % counts, [], wrong)


# ---- a long story -------------------------------------------------------------------------------

def story(rng, steps):
    """kubectl and ncmlops in turns, at random; both tell the same after each step."""
    def scale_k():
        kubectl("scale", "deployment", "roulette", "--replicas=%d" % rng.randint(0, 4))

    def image_k():
        v = rng.randint(1, 5)
        kubectl("patch", "deployment", "roulette", "--type", "strategic", "-p", json.dumps(
            {"spec": {"template": {"metadata": {"labels": {"ncmlops/model-version": str(v)}}, "spec": {"containers": [
                {"name": "server", "image": "registry.example.com/models/roulette:%d" % v,
                 "env": [{"name": "MODEL_URI", "value": "models:/roulette/%d" % v}]}]}}}}))

    def undo_k():
        kubectl("rollout", "undo", "deployment/roulette", fine=False)

    moves = [
        ("kubectl scale", scale_k), ("kubectl set image", image_k), ("kubectl rollout undo", undo_k),
        ("kubectl pause", lambda: kubectl("rollout", "pause", "deployment/roulette", fine=False)),
        ("kubectl resume", lambda: kubectl("rollout", "resume", "deployment/roulette", fine=False)),
        ("scale", lambda: act("scale", "roulette", str(rng.randint(0, 4)))),
        ("set-version", lambda: act("set-version", "roulette", str(rng.randint(1, 5)))),
        ("restart", lambda: act("restart", "roulette")), ("rollback", lambda: act("rollback", "roulette")),
        ("pause", lambda: act("pause", "roulette")), ("resume", lambda: act("resume", "roulette")),
        ("undo", lambda: ncm("undo", "--yes")),
    ]
    for step in range(steps):
        name, move = rng.choice(moves)
        before = get("deployment", "roulette")
        r = move()
        if isinstance(r, Said):
            changed = get("deployment", "roulette")["metadata"]["generation"] != before["metadata"]["generation"]
            ok("step %d, %s: an end of the contract, and nothing where it says so" % (step, name),
               r.rc in (0, 2, 3, 5, 6) and (r.rc == 0 or not changed), r.why())
        if not until("both tell the same", "step %d, %s" % (step, name), same_story):
            return


def same_story():
    d = get("deployment", "roulette")
    r = ncm("deployments")
    if r.rc != 0:
        return r.why()
    o = next((x for x in r.json if x["name"] == "roulette"), None)
    if o is None:
        return "not there"
    st = d.get("status", {})
    if st.get("observedGeneration") != d["metadata"]["generation"]:
        return "not observed yet"
    wanted = {"desired": d["spec"]["replicas"], "ready": st.get("readyReplicas", 0),
              "updated": st.get("updatedReplicas", 0), "image": at(d, "spec", "template", "spec", "containers", 0, "image")}
    got = {k: o[k] for k in wanted}
    return True if wanted == got else json.dumps([wanted, got])


def audit_is_whole():
    r = ncm("audit", "verify")
    ok("the audit is whole", r.rc == 0, r.why())
    open_ones = [e for e in ncm("audit").json or [] if e["result"] not in ("done", "failed", "conflict")]
    tap("and nothing in it is open", [], open_ones)


def main():
    global home
    if cluster.why:
        skip("changes of deployments", cluster.why)
        return end()
    home = tempfile.mkdtemp(prefix="kube-actions-home-")
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    os.makedirs(os.path.join(home, "config", "ncmlops"))
    with open(os.path.join(home, "config", "ncmlops", "config.yaml"), "w") as f:
        each = "".join(CONTEXT % (n, cluster.kubeconfig, who) for n, who in (("live", "admin"), ("viewer", "viewer")))
        f.write(CONFIG % (each, cluster.kubeconfig))
    subprocess.run([BIN, "version"], check=True, stdout=subprocess.DEVNULL)
    seed = int(os.environ.get("KUBE_SEED", str(int(time.time()))))
    print("# seed %d" % seed, flush=True)
    only = os.environ.get("KUBE_PARTS", "").split()
    for part in (scaling, autoscaler, restart_and_pause, rolling_back, versions, colours, canary, others, kinds,
                 kserve):
        try:
            if not only or part.__name__ in only:
                part()
        except (RuntimeError, subprocess.TimeoutExpired, KeyError, TypeError) as e:
            ok("%s: %r" % (part.__name__, e), False)
    rng = random.Random(seed)
    before = killing(rng)
    story(rng, int(os.environ.get("KUBE_STEPS", "30")))
    killed(before)
    audit_is_whole()
    return end()


if __name__ == "__main__":
    sys.exit(main())
