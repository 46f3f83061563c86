"""Verdicts on a real control plane: deployments are driven through what happens to them, and at each
step ncmlops must say what is the matter and count as kubectl counts.

  KUBE_METRICS=0              without the metrics server (it is built where it is not there)
  KUBE_PATIENCE, KUBE_ONLY    seconds for each state; names of steps with commas"""
import atexit
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

import lib_kube
import lib_servers
from lib_kube import NS
from lib_tap import end, ok, skip, tap

BIN = os.path.abspath(os.environ.get("NCMLOPS_BIN", os.path.join(lib_servers.ROOT, "build", "ncmlops")))
PATIENCE = int(os.environ.get("KUBE_PATIENCE", "240"))
CONFIG = """contexts:
  live:
    deployments: [{type: kubernetes, name: lab, kubeconfig: "%(kc)s", context: admin, namespaces: [ml-prod, ml-quota]}]
  narrow:
    deployments: [{type: kubernetes, name: lab, kubeconfig: "%(kc)s", context: nobody, namespaces: [ml-prod]}]
  viewer:
    deployments: [{type: kubernetes, name: lab, kubeconfig: "%(kc)s", context: viewer, namespaces: [ml-prod]}]
"""


cluster = lib_kube.Cluster()
kubectl = cluster.kubectl
scratch = tempfile.mkdtemp(prefix="kube-verdicts-")
atexit.register(shutil.rmtree, scratch, True)


def patch(kind, name, body, ns=NS, **more):
    sub = ["--subresource", more["subresource"]] if "subresource" in more else []
    kubectl("patch", kind, name, "--type", "merge", "-p", json.dumps(body), *sub, ns=ns)


def fate(name, value, **spec):
    """What becomes of the pods that the deployment makes from now on."""
    body = {"template": {"metadata": {"annotations": {"ncmlops.test/fate": value}}}}
    body.update(spec)
    patch("deployment", name, {"spec": body})


def run(*words, context="live"):
    r = subprocess.run([BIN, "--config", os.path.join(scratch, "config.yaml"), "--context", context, *words,
                        "-o", "json"], capture_output=True, text=True,
                       env=dict(os.environ, XDG_STATE_HOME=scratch, XDG_CACHE_HOME=scratch, LC_ALL="C.UTF-8"))
    return (json.loads(r.stdout) if r.returncode == 0 else None), r.stderr


def ours(name, context="live", kind=None):
    rows, said = run("deployments", context=context)
    if isinstance(rows, dict):  # an error instead: it is asked again, and told where it stays
        rows, said = None, json.dumps(rows)
    found = [d for d in rows or [] if d["name"] == name and kind in (None, d["kind"])]
    return found[0] if found else {"health": "absent", "reason": said, "findings": [], "traffic": []}


def show(name, kind=None):
    return run("deployment", "show", "lab/%s/%s" % (NS, name), *(["--kind", kind] if kind else []))[0] or {}


def until(what, name, good, seconds=PATIENCE, **more):
    """Asks until it is so; the record."""
    stop = time.monotonic() + seconds
    while True:
        d = ours(name, **more)
        if good(d) or time.monotonic() > stop:
            ok(what, good(d), "%s: %s" % (d["health"], d["reason"]),
               json.dumps({k: d.get(k) for k in ("traffic", "findings", "ready", "desired", "model_version")}))
            return d
        time.sleep(0.3)


def health(what, name, word, reason="", **more):
    return until(what, name, lambda d: d["health"] == word and reason in (d["reason"] or ""), **more)


def finding(d, kind):
    return next((f for f in d["findings"] if f["kind"] == kind), None)


def split(d):
    return {t["target"]: t["percent"] for t in d["traffic"] or []}


# ---- kubectl's story ----------------------------------------------------------------------------

def kubectl_story():
    story = {}
    for d in json.loads(kubectl("get", "deployments", "-o", "json"))["items"]:
        s = d.get("status", {})
        story[d["metadata"]["name"]] = [d["spec"]["replicas"], s.get("readyReplicas", 0),
                                        s.get("updatedReplicas", 0), s.get("availableReplicas", 0)]
    pods = {}
    for line in kubectl("get", "pods", "--no-headers").splitlines():
        words = line.split()
        pods[words[0]] = [words[2], words[3].split("(")[0].strip()]
    history = {}
    for name in ("churn", "fraud", "ranker"):
        lines = kubectl("rollout", "history", "deployment/" + name).splitlines()
        history[name] = sorted(w.split()[0] for w in lines if w[:1].isdigit())
    return story, pods, history


def our_story():
    rows, _ = run("deployments")
    rows = [d for d in rows or [] if d["namespace"] == NS and d["kind"] == "Deployment"]
    story = {d["name"]: [d["desired"], d["ready"], d["updated"], d["available"]] for d in rows}
    pods, history = {}, {}
    for d in rows:
        whole = show(d["name"], "Deployment")
        for r in whole.get("replicas", []):
            pods[r["name"]] = [r["phase"], str(r["restarts"])]
        if d["name"] in ("churn", "fraud", "ranker"):
            history[d["name"]] = sorted(h["revision"] for h in whole["history"])
    return story, pods, history


def pods_differ(before, mine, after):
    """What is said of a pod must be so before or after; between crashes the word goes round."""
    round_words = {"CrashLoopBackOff", "Error", "OOMKilled", "Running"}
    found = []
    for name in sorted(set(before) & set(after)):
        if name.startswith(("once", "nightly", "emb-")):
            continue
        b, m, a = before[name], mine.get(name), after[name]
        if m is None or not int(b[1]) <= int(m[1]) <= int(a[1]):
            found.append([name, b, m, a])
        elif m[0] not in (b[0], a[0]) and not {m[0], b[0], a[0]} <= round_words:
            found.append([name, b, m, a])
    return found


def same_story(when):
    """Both tell the same; what moves meanwhile is asked again."""
    stop = time.monotonic() + PATIENCE
    while True:
        before, mine, after = kubectl_story(), our_story(), kubectl_story()
        pods = pods_differ(before[1], mine[1], after[1])
        good = (before[0], before[2]) == (mine[0], mine[2]) and not pods
        if good or time.monotonic() > stop:
            tap("kubectl and ncmlops count the same " + when, before[0], mine[0])
            tap("… the same revisions " + when, before[2], mine[2])
            tap("… the same of every pod " + when, [], pods)
            return
        time.sleep(0.5)


# ---- steps --------------------------------------------------------------------------------------

def demo():
    for name, word, reason in (
            ("churn", "healthy", ""), ("fraud", "degraded", "CrashLoopBackOff"),
            ("ranker", "degraded", "ImagePullBackOff"), ("embedder", "progressing", "1 of 2 new"),
            ("halfup", "progressing", "Readiness probe failed"), ("memhog", "failed", "OOMKilled"),
            ("huge", "failed", "Unschedulable"), ("nosecret", "failed", "CreateContainerConfigError"),
            ("tagger", "paused", "DeploymentPaused"), ("idle", "stopped", ""),
            ("greedy", "degraded", "exceeded quota")):
        health("%s is %s" % (name, word), name, word, reason)
    same_story("of the demo")
    d = ours("fraud")
    tap("fraud serves version 3", "3", d["model_version"])
    tap("… and wants 4", "4", d["wanted_version"])


def set_version(name, version):
    patch("deployment", name, {"spec": {"template": {
        "metadata": {"labels": {"ncmlops/model-version": version}}}}})
    kubectl("set", "env", "deployment/" + name, "MODEL_URI=models:/%s/%s" % (name, version))
    kubectl("set", "image", "deployment/" + name, "server=registry.example.com/models/%s:%s" % (name, version))


def rolling_update():
    set_version("churn", "8")
    until("a good version rolls out", "churn", lambda d: d["health"] == "healthy" and d["model_version"] == "8")
    fate("churn", "image-pull")
    health("a bad image is seen while the old version serves", "churn", "degraded", "ImagePull")
    progress = kubectl("get", "deployment", "churn", "-o",
                       "jsonpath={.status.conditions[?(@.type=='Progressing')].status}")
    tap("… long before the rollout's deadline", "True", progress)
    kubectl("rollout", "undo", "deployment/churn")
    health("rolled back", "churn", "healthy")
    fate("churn", "crash-loop")
    d = health("a crash loop", "churn", "degraded", "exit 1")
    ok("… is told with the version that serves", finding(d, "rollout") is not None, json.dumps(d["findings"]))
    same_story("in a crash loop")
    kubectl("rollout", "undo", "deployment/churn")
    health("rolled back again", "churn", "healthy")


def readiness():
    patch("deployment", "churn", {"spec": {"progressDeadlineSeconds": 40}})
    fate("churn", "not-ready")
    health("pods that do not get ready", "churn", "progressing", "Readiness probe failed")
    d = health("… are trouble after half the deadline", "churn", "degraded", "Readiness probe failed")
    ok("… while old ones serve", d["ready"] > 0, json.dumps(d["ready"]))
    until("… and the deadline passes", "churn", lambda x: finding(x, "deadline") is not None)
    kubectl("rollout", "undo", "deployment/churn")
    patch("deployment", "churn", {"spec": {"progressDeadlineSeconds": 600}})
    health("rolled back", "churn", "healthy")


def scheduling():
    patch("deployment", "price-green", {"spec": {"template": {"spec": {"nodeSelector": {"zone": "nowhere"}}}}})
    d = health("no node fits", "price-green", "degraded", "Unschedulable")
    ok("… in the scheduler's words", finding(d, "unschedulable") is not None, json.dumps(d["findings"]))
    patch("deployment", "price-green", {"spec": {"template": {"spec": {"nodeSelector": None}}}})
    health("it fits again", "price-green", "healthy")


def quota():
    name = kubectl("get", "resourcequota", "-o", "jsonpath={.items[0].metadata.name}", ns="ml-quota")
    patch("resourcequota", name, {"spec": {"hard": {"pods": "9"}}}, ns="ml-quota")
    kubectl("rollout", "restart", "deployment/greedy", ns="ml-quota")
    health("the quota is raised", "greedy", "healthy")


def out_of_memory():
    pod = kubectl("get", "pods", "-l", "app=price-blue", "-o", "jsonpath={.items[0].metadata.name}")
    kubectl("annotate", "pod", pod, "ncmlops.test/fate=oom")
    d = health("a replica runs out of memory", "price-blue", "degraded", "OOMKilled")
    ok("… is a finding", finding(d, "oom") is not None, json.dumps(d["findings"]))
    kubectl("delete", "pod", pod)
    health("… and is replaced", "price-blue", "healthy")


def pause_and_scale():
    kubectl("rollout", "resume", "deployment/tagger")
    health("resumed, the waiting version rolls out", "tagger", "healthy")
    kubectl("rollout", "pause", "deployment/tagger")
    set_version("tagger", "3")
    d = health("paused with a version that waits", "tagger", "paused")
    ok("… which is named", "tagger:3" in finding(d, "paused")["sentence"], json.dumps(d["findings"]))
    kubectl("rollout", "resume", "deployment/tagger")
    health("resumed", "tagger", "healthy")
    kubectl("scale", "deployment/price-green", "--replicas=0")
    health("scaled to nothing", "price-green", "stopped")
    kubectl("scale", "deployment/price-green", "--replicas=5")
    until("scaled up", "price-green", lambda d: d["health"] == "healthy" and d["ready"] == 5)
    same_story("after scaling")


def traffic():
    until("a canary's share is that of its endpoints", "search-stable",
          lambda d: split(d) == {"search-canary": 10, "search-stable": 90})
    kubectl("scale", "deployment/search-canary", "--replicas=3")
    until("… also after scaling", "search-canary", lambda d: split(d) == {"search-canary": 25, "search-stable": 75})
    tap("blue is live", {"price-blue": 100, "price-green": 0}, split(ours("price-green")))
    patch("service", "price", {"spec": {"selector": {"color": "green"}}})
    until("the selector is switched", "price-blue", lambda d: split(d) == {"price-blue": 0, "price-green": 100})
    patch("service", "price", {"spec": {"selector": {"color": "red"}}})
    until("a selector that nobody has is an outage", "price-green",
          lambda d: (finding(d, "no_endpoint") or {}).get("severity") == "critical")
    patch("service", "price", {"spec": {"selector": {"color": "blue"}}})
    until("back", "price-blue", lambda d: split(d) == {"price-blue": 100, "price-green": 0} and
          not finding(d, "no_endpoint"))


def rights():
    kubectl("create", "role", "deployments-only", "--verb=get,list,watch", "--resource=deployments.apps")
    kubectl("create", "rolebinding", "deployments-only", "--role=deployments-only", "--user=nobody")
    d = health("by the conditions alone", "churn", "healthy", context="narrow")
    ok("… which is said", finding(d, "blind") is not None, json.dumps(d["findings"]))
    health("… a passed deadline is seen", "fraud", "degraded", "ProgressDeadlineExceeded", context="narrow")
    health("… and a quiet failure", "memhog", "failed", context="narrow")
    health("a viewer sees as much as anybody", "fraud", "degraded", "CrashLoopBackOff", context="viewer")


def batch():
    job = """{apiVersion: batch/v1, kind: Job, metadata: {name: %s}, spec: {backoffLimit: 0, template: {metadata:
  {annotations: {ncmlops.test/fate: %s}}, spec: {restartPolicy: Never, containers: [{name: run,
  image: "registry.example.com/score:1", env: [{name: MODEL_URI, value: "models:/churn/8"}]}]}}}}"""
    kubectl("apply", "-f", "-", text=job % ("once-well", "finish"))
    kubectl("apply", "-f", "-", text=job % ("once-bad", "fail"))
    d = health("a job that ends well", "once-well", "stopped", "Complete")
    tap("… of which model", "8", d["model_version"])
    health("a job that fails", "once-bad", "failed", "BackoffLimitExceeded")
    kubectl("apply", "-f", "-", text="""{apiVersion: batch/v1, kind: CronJob, metadata: {name: nightly}, spec:
  {schedule: "* * * * *", jobTemplate: {spec: {backoffLimit: 0, template: {metadata: {annotations:
  {ncmlops.test/fate: fail}}, spec: {restartPolicy: Never, containers: [{name: run,
  image: "registry.example.com/score:1"}]}}}}}}""")
    health("a schedule whose last run failed", "nightly", "failed", "BackoffLimitExceeded")
    ok("… knows its next", show("nightly").get("next_run"), json.dumps(show("nightly"))[:400])
    patch("cronjob", "nightly", {"spec": {"suspend": True}})
    health("suspended", "nightly", "paused")
    kubectl("delete", "cronjob/nightly", "job/once-well", "job/once-bad")
    kubectl("apply", "-f", "-", text="""{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: emb}, spec:
  {serviceName: emb, replicas: 2, selector: {matchLabels: {app: emb}}, template: {metadata: {labels: {app: emb}},
  spec: {containers: [{name: server, image: "registry.example.com/models/emb:1"}]}}}}""")
    until("a StatefulSet", "emb", lambda d: d["health"] == "healthy" and d["ready"] == 2)
    patch("statefulset", "emb", {"spec": {"template": {"metadata": {"annotations":
                                                                    {"ncmlops.test/fate": "crash-loop"}}}}})
    health("… with a bad version", "emb", "degraded", "exit 1")
    kubectl("delete", "statefulset/emb")


def kserve():
    cluster.load_crds()
    kind = {"kind": "InferenceService"}
    d = health("a service that is well", "churn", "healthy", **kind)
    tap("… its version", "7", d["model_version"])
    d = health("a canary", "fraud", "progressing", "canary 10", **kind)
    tap("… its shares", {"fraud-predictor-00005": 10, "fraud-predictor-00004": 90}, split(d))
    health("a model that cannot be loaded, while Ready is True", "ranker", "degraded", "ModelLoadFailed", **kind)
    health("a service that never served", "newbie", "failed", "NoSupportingRuntime", **kind)
    health("raw mode", "batchy", "healthy", **kind)
    predictor = {"latestCreatedRevision": "churn-predictor-00004"}
    steps = (
        ("a new revision is made", "progressing", {"components": {"predictor": predictor}, "modelStatus": {
            "transitionStatus": "InProgress", "states": {"targetModelState": "Loading"}}}),
        ("… it cannot be loaded", "degraded", {"modelStatus": {
            "transitionStatus": "BlockedByFailedLoad", "states": {"targetModelState": "FailedToLoad"}}}),
        ("… nothing serves any more", "failed", {"conditions": [
            {"type": "Ready", "status": "False", "reason": "PredictorNotReady"}]}),
        ("… it comes up and gets a tenth", "progressing", {
            "conditions": [{"type": "Ready", "status": "True"}],
            "components": {"predictor": {"latestReadyRevision": "churn-predictor-00004", "traffic": [
                {"latestRevision": True, "percent": 10, "revisionName": "churn-predictor-00004"},
                {"latestRevision": False, "percent": 90, "revisionName": "churn-predictor-00003"}]}},
            "modelStatus": {"transitionStatus": "UpToDate", "states": {"targetModelState": "Loaded"}}}),
        ("… and all", "healthy", {"components": {"predictor": {"traffic": [
            {"latestRevision": True, "percent": 100, "revisionName": "churn-predictor-00004"}]}}}),
    )
    for what, word, status in steps:
        patch("inferenceservice", "churn", {"status": status}, subresource="status")
        health(what, "churn", word, **kind)
    kubectl("apply", "-f", "-", text="""{apiVersion: apps/v1, kind: Deployment, metadata: {name: batchy-predictor,
  labels: {serving.kserve.io/inferenceservice: batchy}}, spec: {selector: {matchLabels: {app: batchy}}, template:
  {metadata: {labels: {app: batchy}}, spec: {containers: [{name: server,
  image: "registry.example.com/models/batchy:3"}]}}}}""")
    until("the predictor of raw mode serves", "batchy", lambda d: d["ready"] == 1 and d["health"] == "healthy", **kind)
    fate("batchy-predictor", "config-error")
    health("it is judged by its pods", "batchy", "degraded", "CreateContainerConfigError", **kind)
    rows, _ = run("deployments")
    tap("… and is no row of its own", [], [d["name"] for d in rows if d["name"] == "batchy-predictor"])
    kubectl("delete", "deployment/batchy-predictor")


def autoscaler():
    ok("without metrics the autoscaler is blind", finding(ours("churn", kind="Deployment"), "hpa_blind"))
    why = "KUBE_METRICS=0" if os.environ.get("KUBE_METRICS") == "0" else cluster.metrics()
    if why:
        skip("an autoscaler that scales", why)
        return
    patch("deployment", "churn", {"spec": {"template": {"metadata": {"annotations": {"ncmlops.test/cpu": "150m"}}}}})
    d = until("it scales to its most", "churn", lambda x: x["ready"] == 6 and finding(x, "hpa_pinned"),
              seconds=2 * PATIENCE, kind="Deployment")
    whole = show("churn", "Deployment")
    ok("… and says why", "cpu" in (whole.get("autoscaler") or {}).get("why", ""), json.dumps(whole.get("autoscaler")))
    ok("… and what its pods use", any((p["cpu"] or 0) > 0.1 for p in whole.get("replicas", [])),
       json.dumps(whole.get("replicas"))[:400])
    same_story("after the autoscaler") if d["ready"] == 6 else None


def main():
    if cluster.why:
        skip("verdicts on a real control plane", cluster.why)
        return end()
    with open(os.path.join(scratch, "config.yaml"), "w") as f:
        f.write(CONFIG % {"kc": cluster.kubeconfig})
    os.chmod(f.name, 0o600)
    steps = [demo, rolling_update, readiness, scheduling, quota, out_of_memory, pause_and_scale, traffic, rights,
             batch, kserve, autoscaler]
    only = os.environ.get("KUBE_ONLY", "")
    for step in steps:
        if not only or step.__name__ in only.split(","):
            step()
    return end()


if __name__ == "__main__":
    sys.exit(main())
