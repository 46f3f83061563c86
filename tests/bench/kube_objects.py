"""A cluster as its API server would list it: 300 deployments with 5,000 pods, revisions, Services,
EndpointSlices, autoscalers, events and usage. Deterministic.

  kube_objects.py FOLDER [DEPLOYMENTS [PODS]]   writes FOLDER/{deployments,replicasets,pods,…}.json"""
import hashlib
import json
import os
import sys

KINDS = {
    "deployments": ("apps/v1", "DeploymentList"), "replicasets": ("apps/v1", "ReplicaSetList"),
    "pods": ("v1", "PodList"), "services": ("v1", "ServiceList"), "events": ("v1", "EventList"),
    "endpointslices": ("discovery.k8s.io/v1", "EndpointSliceList"),
    "horizontalpodautoscalers": ("autoscaling/v2", "HorizontalPodAutoscalerList"),
    "usage": ("metrics.k8s.io/v1beta1", "PodMetricsList"),
}
NAMESPACES = ["ml-%02d" % i for i in range(10)]
REVISIONS = 5
BORN, ROLLED = "2026-11-01T08:00:00Z", "2026-11-20T08:00:00Z"


def uid(*parts):
    h = hashlib.sha256("/".join(parts).encode()).hexdigest()
    return "-".join((h[:8], h[8:12], h[12:16], h[16:20], h[20:32]))


def meta(ns, name, version, labels=None, owner=None, **more):
    m = {"name": name, "namespace": ns, "uid": uid(ns, name, version), "resourceVersion": "1000",
         "generation": 2, "creationTimestamp": BORN, "labels": labels or {}}
    if owner:
        kind, parent = owner
        m["ownerReferences"] = [{"apiVersion": "apps/v1", "kind": kind, "name": parent["name"],
                                 "uid": parent["uid"], "controller": True, "blockOwnerDeletion": True}]
    m.update(more)
    return m


def template(name, version, hashed=None):
    labels = {"app": name, "app.kubernetes.io/part-of": "ml", "ncmlops/model": name,
              "ncmlops/model-version": str(version)}
    if hashed:
        labels["pod-template-hash"] = hashed
    return {"metadata": {"labels": labels}, "spec": {"containers": [{
        "name": "server", "image": "registry.example.com/models/%s:%d" % (name, version),
        "env": [{"name": "MODEL_URI", "value": "models:/%s/%d" % (name, version)},
                {"name": "WORKERS", "value": "4"}],
        "resources": {"limits": {"cpu": "2", "memory": "4Gi"}, "requests": {"cpu": "1", "memory": "2Gi"}},
        "ports": [{"name": "http", "containerPort": 8080, "protocol": "TCP"}],
        "readinessProbe": {"httpGet": {"path": "/ping", "port": "http"}, "periodSeconds": 5}}]}}


def pod(ns, name, owner, tmpl, node):
    image = tmpl["spec"]["containers"][0]["image"]
    return {"metadata": meta(ns, name, "pod", tmpl["metadata"]["labels"], ("ReplicaSet", owner)),
            "spec": dict(tmpl["spec"], nodeName=node),
            "status": {"phase": "Running", "podIP": "10.0.0.1", "startTime": ROLLED, "conditions": [
                {"type": t, "status": "True", "lastTransitionTime": ROLLED}
                for t in ("Initialized", "Ready", "ContainersReady", "PodScheduled")],
                "containerStatuses": [{"name": "server", "ready": True, "started": True, "restartCount": 0,
                                       "image": image, "imageID": "example.com/x@sha256:" + "ab" * 32,
                                       "state": {"running": {"startedAt": ROLLED}}, "lastState": {}}]}}


def deployment(ns, name, replicas):
    return {"metadata": meta(ns, name, "d", {"app": name},
                             annotations={"deployment.kubernetes.io/revision": str(REVISIONS)}),
            "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}},
                     "template": template(name, REVISIONS), "progressDeadlineSeconds": 600,
                     "strategy": {"type": "RollingUpdate",
                                  "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}}},
            "status": {"observedGeneration": 2, "replicas": replicas, "updatedReplicas": replicas,
                       "readyReplicas": replicas, "availableReplicas": replicas, "conditions": [
                           {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable",
                            "lastTransitionTime": ROLLED, "lastUpdateTime": ROLLED},
                           {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable",
                            "lastTransitionTime": ROLLED, "lastUpdateTime": ROLLED}]}}


def objects(deployments=300, pods=5000):
    """{"deployments": [object, …], …}, each sorted by namespace and name."""
    out = {k: [] for k in KINDS}
    for i in range(deployments):
        ns, name = NAMESPACES[i % len(NAMESPACES)], "model-%04d" % i
        n = pods // deployments + (i < pods % deployments)
        d = deployment(ns, name, n)
        out["deployments"].append(d)
        endpoints = []
        for r in range(1, REVISIONS + 1):
            hashed = uid(name, str(r))[:8]
            current = r == REVISIONS
            rs = {"metadata": meta(ns, "%s-%s" % (name, hashed), "rs", {"app": name},
                                   ("Deployment", d["metadata"]),
                                   annotations={"deployment.kubernetes.io/revision": str(r)}),
                  "spec": {"replicas": n if current else 0, "template": template(name, r, hashed)},
                  "status": {"replicas": n, "readyReplicas": n, "availableReplicas": n} if current else
                            {"replicas": 0}}
            out["replicasets"].append(rs)
            for k in range(n if current else 0):
                one = "%s-%s-%s" % (name, hashed, uid(name, str(k))[:5])
                p = pod(ns, one, rs["metadata"], rs["spec"]["template"], "node-%03d" % (k % 100))
                out["pods"].append(p)
                out["usage"].append({"metadata": {"name": one, "namespace": ns}, "timestamp": ROLLED,
                                     "window": "12s", "containers": [
                                         {"name": "server", "usage": {"cpu": "%dn" % (10 ** 8 + k),
                                                                      "memory": "1048576Ki"}}]})
                endpoints.append({"addresses": ["10.0.0.1"], "conditions": {"ready": True},
                                  "targetRef": {"kind": "Pod", "name": one, "uid": p["metadata"]["uid"]}})
        out["services"].append({"metadata": meta(ns, name, "svc"), "spec": {
            "type": "ClusterIP", "selector": {"app": name}, "ports": [{"name": "http", "port": 80}]}})
        out["endpointslices"].append({"metadata": meta(ns, name + "-x", "es",
                                                       {"kubernetes.io/service-name": name}),
                                      "endpoints": endpoints})
        if i % 3 == 0:
            out["horizontalpodautoscalers"].append({
                "metadata": meta(ns, name, "hpa"),
                "spec": {"minReplicas": 2, "maxReplicas": 40, "scaleTargetRef": {
                    "kind": "Deployment", "name": name, "apiVersion": "apps/v1"}, "metrics": [
                        {"type": "Resource", "resource": {"name": "cpu", "target": {
                            "type": "Utilization", "averageUtilization": 60}}}]},
                "status": {"currentReplicas": n, "desiredReplicas": n, "currentMetrics": [
                    {"type": "Resource", "resource": {"name": "cpu",
                                                      "current": {"averageUtilization": 55}}}]}})
        out["events"].append({"metadata": meta(ns, name + ".1", "ev"), "type": "Normal", "count": 1,
                              "reason": "ScalingReplicaSet", "message": "Scaled up", "lastTimestamp": ROLLED,
                              "involvedObject": {"kind": "Deployment", "name": name, "namespace": ns,
                                                 "uid": d["metadata"]["uid"]}})
    for items in out.values():
        items.sort(key=lambda o: (o["metadata"]["namespace"], o["metadata"]["name"]))
    return out


def main():
    folder, counts = sys.argv[1], [int(x) for x in sys.argv[2:4]]
    os.makedirs(folder, exist_ok=True)
    for kind, items in objects(*counts).items():
        api, name = KINDS[kind]
        with open(os.path.join(folder, kind + ".json"), "w") as f:
            json.dump({"kind": name, "apiVersion": api, "metadata": {"resourceVersion": "5000"},
                       "items": items}, f, separators=(",", ":"))


if __name__ == "__main__":
    main()
