"""Promoting in the registry and rolling out on a real control plane, as one plan: to its end, stuck and
taken back, killed at random moments and then gone on with or taken back. Whatever happens, registry
and cluster must end up telling the same."""
import gzip
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time

import lib_kube
import lib_servers
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
FIXTURE = os.path.join(lib_servers.ROOT, "tests", "fixtures", "mlflow-3.17.2.db.gz")
ROUNDS = int(os.environ.get("KILLS", "6"))
PATIENCE = 240
REF = "lab/ml-prod/churn"

cluster = lib_kube.Cluster()
if cluster.why:
    skip("a real control plane", cluster.why)
    sys.exit(end())
place = tempfile.mkdtemp(prefix="kube-rollout-")
with gzip.open(FIXTURE) as f, open(os.path.join(place, "mlflow.db"), "wb") as out:
    shutil.copyfileobj(f, out)
with open(os.path.join(place, "config.yaml"), "w", encoding="utf-8") as f:
    f.write("""current-context: live
contexts:
  live:
    tracking: {uri: mlflow.db}
    deployments:
      - {type: kubernetes, name: lab, kubeconfig: "%s", context: admin, namespaces: [ml-prod]}
""" % cluster.kubeconfig)
ENV = dict(os.environ, HOME=place, XDG_STATE_HOME=place, XDG_CONFIG_HOME=place)


def command(*words):
    return [BIN, "--config", os.path.join(place, "config.yaml"), "--yes", *words]


def run(*words):
    r = subprocess.run(command(*words), env=ENV, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return r.returncode, r.stdout, r.stderr


def read(*words):
    code, out, err = run(*words, "-o", "json")
    if code != 0:
        raise RuntimeError("%s: %s" % (words, err))
    return json.loads(out)


def until(what, condition):
    """Whether the condition came to hold."""
    late = time.monotonic() + PATIENCE
    while time.monotonic() < late:
        if condition():
            return True
        time.sleep(0.3)
    print("# waited in vain: " + what)
    return False


def wanted():
    """The version that the cluster's object asks for, by every place that names one."""
    d = cluster.get("deploy", "churn")
    c = d["spec"]["template"]["spec"]["containers"][0]
    labels = d["spec"]["template"]["metadata"]["labels"]
    said = {c["image"].rsplit(":", 1)[1]}
    said |= {e["value"].rsplit("/", 1)[1] for e in c.get("env", []) if e.get("value", "").startswith("models:/")}
    said |= {v for k, v in labels.items() if k == "ncmlops/model-version"}
    return said


def running():
    return {d["model_version"] for d in read("deployments") if d["name"] == "churn"}


def production():
    return {v["version"] for v in read("versions", "churn") if v["current_stage"] == "Production"}


def settled():
    d = cluster.get("deploy", "churn")
    s = d["status"]
    return s.get("observedGeneration") == d["metadata"]["generation"] and s.get("replicas") == \
        s.get("updatedReplicas") == s.get("readyReplicas") == d["spec"]["replicas"]


def slow(ms):
    """New pods take so long to become ready."""
    cluster.kubectl("patch", "deploy", "churn", "--type", "merge", "-p", json.dumps(
        {"spec": {"template": {"metadata": {"annotations": {"ncmlops.test/ready-after-ms": str(ms)}}}}}))
    until("churn is ready", settled)


def promote(version, *more):
    return ["promote", "churn", version, "Production", "--deploy", REF, "--archive-existing", *more]


def prepare():
    run_id = read("runs", "--limit", "1")[0]["run_id"]
    code, _, err = run("model", "create", "churn")
    for _ in range(9):
        code, _, err = run("register", "churn", "--run", run_id, "--path", "model")
        if code:
            raise RuntimeError(err)
    run("promote", "churn", "7", "Production")
    until("churn is ready", settled)


def agree(version):
    return wanted() == {version} and production() == {version} and until("it runs", lambda: running() == {version})


prepare()
ok("it begins with one version in both", agree("7"), wanted(), production(), running())
code, out, err = run(*promote("8", "--dry-run"))
ok("a plan is shown and nothing is done", code == 0 and "1. " in out and agree("7"), out, err)
code, out, err = run(*promote("8", "-o", "json", "--reason", "better auc"))
ok("one command promotes and rolls out", code == 0 and agree("8"), out, err)
steps = json.loads(out)[0]["steps"] if code == 0 else []
tap("step by step", [["set", "done"], ["wait", "done"], ["promote", "done"]], [[s["kind"], s["state"]] for s in steps])
ok("only once the new pods were ready", bool(steps) and settled())
plan = read("rollouts", "--all")[0]["id"]
code, out, err = run("rollout", "undo", plan)
ok("and back", code == 0 and agree("7"), out, err)

# A quota that lets no further pod in: the rollout stands still and says why.
pods = len(cluster.get("pods")["items"])
cluster.kubectl("create", "quota", "tight", "--hard=pods=%d" % max(1, pods - 2))
code, out, err = run(*promote("9", "--ready", "3m"))
ok("what cannot become ready stops the plan, with the reason", code != 0 and "quota" in (out + err).lower(), out, err)
ok("before the registry is touched", production() == {"7"}, production())
cluster.kubectl("delete", "quota", "tight")
plan = read("rollouts")[0]
tap("it is kept as stopped", "stopped", plan["state"])
code, out, err = run("rollout", "undo", plan["id"])
ok("and taken back", code == 0 and agree("7"), out, err)

slow(2500)
seed = int(os.environ.get("KUBE_SEED", random.randrange(1 << 30)))
dice = random.Random(seed)
print("# seed %d" % seed)
now, bad, met = "7", [], {"interrupted": 0, "over": 0}
for i in range(ROUNDS):
    nxt = "8" if now == "7" else "7"
    victim = subprocess.Popen(command(*promote(nxt)), env=ENV, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    time.sleep(dice.uniform(0.05, 11))  # the moment of the kill
    victim.kill()
    victim.wait()
    left = read("rollouts")
    if left and left[0]["state"] == "interrupted":
        met["interrupted"] += 1
        back = dice.random() < 0.5
        code, out, err = run("rollout", "undo" if back else "continue", left[0]["id"])
        now = now if back else nxt
        if code != 0:
            bad.append([i, "undo" if back else "continue", err])
    else:
        met["over"] += 1
        now = next(iter(production()))
    if not agree(now) or read("rollouts"):
        bad.append([i, now, sorted(wanted()), sorted(production()), sorted(running()), read("rollouts")])
ok("killed %d times in the middle (%d interrupted): registry and cluster agree each time" % (ROUNDS, met["interrupted"]),
   not bad, *bad)
ok("some of the kills met a plan that was under way", met["interrupted"] > 0 or ROUNDS < 4)
code, out, err = run("audit", "verify")
ok("the audit is whole", code == 0, out, err)
shutil.rmtree(place, ignore_errors=True)
sys.exit(end())
