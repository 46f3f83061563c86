"""Stores for the benchmarks, outside the tree: made once, used again."""
import os
import random
import shutil
import sqlite3
import subprocess
import sys

FOLDER = os.environ.get("NCMLOPS_BENCH_STORES", "/var/tmp/ncmlops-big")
T0 = 1_600_000_000_000


def template(program):
    """A store with MLflow's newest schema and nothing in it."""
    path = os.path.join(FOLDER, "empty.db")
    if not os.path.exists(path):
        os.makedirs(FOLDER, exist_ok=True)
        demo = os.path.join(FOLDER, "demo")
        demo_store(program, demo)
        source = sqlite3.connect(os.path.join(demo, "mlflow.db"))
        to = sqlite3.connect(path + ".part")
        for (sql,) in source.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL "
                                     "ORDER BY type='table' DESC, rowid"):
            to.execute(sql)
        for table in ("alembic_version", "workspaces"):
            for row in source.execute("SELECT * FROM " + table):
                to.execute("INSERT INTO %s VALUES(%s)" % (table, ",".join("?" * len(row))), row)
        to.execute("INSERT INTO experiments VALUES(0,'Default','/srv/0','active',?,?,'default')", (T0, T0))
        to.commit()
        to.close()
        source.close()
        os.rename(path + ".part", path)
    return path


def demo_store(program, folder):
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([program, "demo", "--dir", folder], stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60, check=False)
    path = os.path.join(folder, "mlflow.db")
    if not os.path.exists(path):
        sys.exit("bench: `ncmlops demo --dir` made no store")
    return path


def runs(program, n, history=5):
    """n runs of four experiments; accuracy, loss and metric_2 each."""
    names = {100_000: "big-100k.db", 1_000_000: "big-1m.db"}
    path = os.path.join(FOLDER, names.get(n, "runs-%d.db" % n))
    if os.path.exists(path):
        return path
    print("making %s …" % path, file=sys.stderr)
    part = path + ".part"
    shutil.copyfile(template(program), part)
    con = sqlite3.connect(part, isolation_level=None)
    for p in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-400000", "locking_mode=EXCLUSIVE"):
        con.execute("PRAGMA " + p)
    rng = random.Random(1)
    con.execute("BEGIN")
    for e in range(1, 5):
        con.execute("INSERT INTO experiments VALUES(?,?,?,'active',?,?,'default')",
                    (e, "big-experiment-%d" % e, "/srv/%d" % e, T0, T0 + e))
    for i in range(n):
        rid, quality = "%032x" % rng.getrandbits(128), rng.random()
        start, exp = T0 + i * 60_000, 1 if rng.random() < .7 else rng.randint(1, 4)
        con.execute("INSERT INTO runs VALUES(?,?,'UNKNOWN','','','alice','FINISHED',?,?,'','active',?,?,NULL)",
                    (rid, "run-%07d" % i, start, start + 5000, "/srv/%d/%s" % (exp, rid), exp))
        for key in ("accuracy", "loss", "metric_2"):
            points = [(key, quality * (s + 1), start + s, rid, s, 0) for s in range(history)]
            con.executemany("INSERT INTO metrics VALUES(?,?,?,?,?,?)", points)
            con.execute("INSERT INTO latest_metrics VALUES(?,?,?,?,0,?)",
                        (key, points[-1][1], start, history - 1, rid))
        for j, key in enumerate(("lr", "depth", "batch_size")):
            con.execute("INSERT INTO params VALUES(?,?,?)", (key, str((i * 7 + j) % 1000), rid))
        con.executemany("INSERT INTO tags VALUES(?,?,?)",
                        [("mlflow.runName", "run-%07d" % i, rid), ("mlflow.user", "alice", rid)])
    con.execute("COMMIT")
    con.close()
    os.rename(part, path)
    return path


def curve(program, points):
    """One run with one metric of so many points."""
    path = os.path.join(FOLDER, "curve-%d.db" % points)
    if not os.path.exists(path):
        shutil.copyfile(template(program), path + ".part")
        con = sqlite3.connect(path + ".part")
        rng, rid = random.Random(2), "c" * 32
        con.execute("INSERT INTO experiments VALUES(1,'long','/srv/1','active',?,?,'default')", (T0, T0))
        con.execute("INSERT INTO runs VALUES(?,'long-run','UNKNOWN','','','alice','FINISHED',?,?,'','active','/srv/1/c',1,NULL)",
                    (rid, T0, T0 + points))
        con.executemany("INSERT INTO metrics VALUES('loss',?,?,?,?,0)",
                        ((2.0 / (1 + s / 1000) + rng.random() * .1, T0 + s, rid, s) for s in range(points)))
        con.execute("INSERT INTO latest_metrics VALUES('loss',0.1,?,?,0,?)", (T0 + points, points - 1, rid))
        con.commit()
        con.close()
        os.rename(path + ".part", path)
    return path
