"""Random changes for two copies of one store: ncmlops makes them on the one, MLflow's own client on
the other. What is picked is read from the file of ours, so that both see the same choices."""
import contextlib
import io
import json
import os
import shutil
import sqlite3
import subprocess

import mlflow
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

SHARED = os.path.abspath(os.environ.get("NCMLOPS_SHARED", "../shared"))
PROGRAM = os.path.abspath(os.environ.get("NCMLOPS_BIN", "build/ncmlops"))
STAGES = ["None", "Staging", "Production", "Archived"]
GOOD_KEYS = ["owner", "a b", "a/b.c", "k:1", "검증", "x-y_z", "mlflow.note.content", "é"]
BAD_KEYS = ["", "a//b", "../x", "/a", "a/", ".", "a/./b", "no!", "🚀", "e\u0301", "x" * 251]
GOOD_ALIASES = ["champion", "Champion", "prod-1", "챔피언", "a_b", "version2", "latest2"]
BAD_ALIASES = ["latest", "LATEST", "v1", "V12", "a b", "a.b", "x" * 256, "no!", "🚀"]
BAD_MODELS = ["a/b", "a:b", " ", "..", "."]
VALUES = ["", "x", "two words", "line\nbreak", "한국어 🎯", '{"a": 1}', "tab\there", "'quoted\"", "-"]


class Pair:
    """One fixture twice: ours and theirs. serve(path): the address under which a file is used."""

    def __init__(self, release, folder, rng, serve=lambda path: f"sqlite:///{path}"):
        self.rng = rng
        self.release = release
        self.ours = os.path.join(folder, f"ours-{release}.db")
        self.theirs = os.path.join(folder, f"theirs-{release}.db")
        source = os.path.join(SHARED, "fixtures", "mlflow", f"mlflow-{release}.db")
        for path in (self.ours, self.theirs):
            shutil.copyfile(source, path)
            os.chmod(path, 0o600)
            self.prepare(path, folder)
        self.store, self.where = serve(self.ours), serve(self.theirs)
        self.client = self.open(self.where)
        self.serial = 0
        self.bad_models = BAD_MODELS
        self.aliases = self.has("registered_model_aliases")
        self.logged = self.has("logged_models")

    def prepare(self, path, folder):
        """Something to be done to a copy before it is used."""

    @staticmethod
    def open(uri):
        client = MlflowClient(tracking_uri=uri, registry_uri=uri)
        client.search_experiments(max_results=1)
        return client

    def ask(self, sql, *args):
        with sqlite3.connect(self.ours) as db:
            return db.execute(sql, args).fetchall()

    def has(self, table):
        return bool(self.ask("SELECT 1 FROM sqlite_master WHERE name=?", table))

    def one(self, sql, *args):
        rows = self.ask(sql, *args)
        return self.rng.choice(rows) if rows else None

    def run(self, *args):
        p = subprocess.run([PROGRAM, "--store", self.store, "--yes", "-o", "json", *args],
                           capture_output=True, text=True, timeout=60)
        return p.returncode, p.stdout, p.stderr

    def name(self, what):
        self.serial += 1
        return f"{what}-{self.serial} {self.rng.choice(['x', '한', 'é', '🎯'])}"

    # Each returns (arguments for us, a call for them) or None where there is nothing to do it on.

    def version(self, where="current_stage<>'Deleted_Internal'"):
        return self.one("SELECT name, version, current_stage FROM model_versions WHERE " + where)

    def promote(self):
        v = self.version()
        if v is None:
            return None
        stage = self.rng.choice(STAGES)
        archive = self.rng.random() < 0.5
        others = self.ask("SELECT 1 FROM model_versions WHERE name=? AND version<>? AND"
                          " current_stage=?", v[0], v[1], stage)
        if stage == v[2] and not (archive and others):
            return None  # we write nothing where nothing changes
        spelt = self.rng.choice([stage, stage.lower(), stage.upper()])
        args = ["promote", v[0], str(v[1]), spelt] + (["--archive-existing"] if archive else [])
        return args, lambda: self.client.transition_model_version_stage(
            v[0], str(v[1]), spelt, archive_existing_versions=archive)

    def promote_missing(self):
        v = self.version("1")
        gone = self.rng.choice([v[1] + 500, 0])
        return (["promote", v[0], str(gone), "Staging"],
                lambda: self.client.transition_model_version_stage(v[0], str(gone), "Staging"))

    def alias_set(self):
        v = self.version()
        if v is None or not self.aliases:
            return None
        alias = self.rng.choice(GOOD_ALIASES * 3 + BAD_ALIASES)
        return (["alias", "set", v[0], alias, str(v[1])],
                lambda: self.client.set_registered_model_alias(v[0], alias, str(v[1])))

    def alias_rm(self):
        a = self.one("SELECT name, alias FROM registered_model_aliases") if self.aliases else None
        if a is None:
            return None
        return (["alias", "rm", *a], lambda: self.client.delete_registered_model_alias(*a))

    def version_tag(self):
        v = self.version()
        key, value = self.key(), self.rng.choice(VALUES)
        return (["version", "tag", v[0], str(v[1]), f"{key}={value}"],
                lambda: self.client.set_model_version_tag(v[0], str(v[1]), key, value))

    def version_untag(self):
        t = self.one("SELECT name, version, key FROM model_version_tags WHERE key NOT LIKE"
                     " 'ncmlops.%' AND EXISTS (SELECT 1 FROM model_versions v WHERE"
                     " v.name=model_version_tags.name AND v.version=model_version_tags.version"
                     " AND v.current_stage<>'Deleted_Internal')")
        if t is None:
            return None
        return (["version", "untag", t[0], str(t[1]), t[2]],
                lambda: self.client.delete_model_version_tag(t[0], str(t[1]), t[2]))

    def version_note(self):
        v = self.version()
        text = self.name("note")
        return (["version", "note", v[0], str(v[1]), text],
                lambda: self.client.update_model_version(v[0], str(v[1]), text))

    def version_delete(self):
        if self.rng.random() < 0.6 or len(self.ask(
                "SELECT 1 FROM model_versions WHERE current_stage<>'Deleted_Internal'")) < 12:
            return None
        v = self.version()
        return (["version", "delete", v[0], str(v[1])],
                lambda: self.client.delete_model_version(v[0], str(v[1])))

    def model(self):
        return self.one("SELECT name FROM registered_models")[0]

    def model_create(self):
        name = self.name("model") if self.rng.random() < 0.7 else self.rng.choice(
            self.bad_models + [self.model()])
        note = self.rng.choice([None, "some text"])
        return (["model", "create", name] + (["--note", note] if note else []),
                lambda: self.client.create_registered_model(name, description=note))

    def model_rename(self):
        old = self.model()
        new = self.name("renamed") if self.rng.random() < 0.7 else self.rng.choice(
            self.bad_models + [m[0] for m in self.ask("SELECT name FROM registered_models WHERE"
                                                 " name<>?", old)])
        return (["model", "rename", old, new],
                lambda: self.client.rename_registered_model(old, new))

    def model_tag(self):
        m, key, value = self.model(), self.key(), self.rng.choice(VALUES)
        return (["model", "tag", m, f"{key}={value}"],
                lambda: self.client.set_registered_model_tag(m, key, value))

    def model_untag(self):
        t = self.one("SELECT name, key FROM registered_model_tags")
        if t is None:
            return None
        return (["model", "untag", *t],
                lambda: self.client.delete_registered_model_tag(t[0], t[1]))

    def model_note(self):
        m, text = self.model(), self.name("text")
        return (["model", "note", m, text],
                lambda: self.client.update_registered_model(m, text))

    def model_delete(self):
        if self.rng.random() < 0.7 or len(self.ask("SELECT 1 FROM registered_models")) < 9:
            return None
        m = self.model()
        return (["model", "delete", m], lambda: self.client.delete_registered_model(m))

    def put_model(self, uri, path):
        """Where the files of a run can be seen, a model must be there; False: none can be put there."""
        return True

    def register(self):
        run, uri = self.one("SELECT run_uuid, artifact_uri FROM runs")
        name = self.rng.choice([self.model(), self.name("made")])
        path = self.rng.choice(["model", "deep/er"])
        if not self.put_model(uri, path):
            return None
        logged = self.one("SELECT source_run_id, name FROM logged_models WHERE source_run_id IS"
                          " NOT NULL AND coalesce(lifecycle_stage,'')<>'deleted'"
                          ) if self.logged else None

        def plain():
            try:
                self.client.create_registered_model(name)
            except MlflowException:
                pass
            self.client.create_model_version(name, f"{uri}/{path}", run,
                                             await_creation_for=None)

        def of_logged():
            mlflow.set_tracking_uri(self.where)
            with contextlib.redirect_stderr(io.StringIO()):
                mlflow.register_model(f"runs:/{logged[0]}/{logged[1]}", name,
                                      await_registration_for=None)

        if logged and self.rng.random() < 0.5:
            return ["register", name, "--run", logged[0], "--path", logged[1]], of_logged
        return ["register", name, "--run", run, "--path", path], plain

    def any_run(self, deleted=False):
        r = self.one("SELECT run_uuid FROM runs WHERE lifecycle_stage=?",
                     "deleted" if deleted else "active")
        return r[0] if r else None

    def key(self):
        return self.rng.choice(GOOD_KEYS * 4 + BAD_KEYS)

    def run_tag(self):
        run = self.any_run(self.rng.random() < 0.1)
        if run is None:
            return None
        key, value = self.key(), self.rng.choice(VALUES)
        return (["run", "tag", run, f"{key}={value}"],
                lambda: self.client.set_tag(run, key, value))

    def run_untag(self):
        t = self.one("SELECT run_uuid, key FROM tags")
        if self.rng.random() < 0.2:
            t = (t[0], "not there")
        return (["run", "untag", *t], lambda: self.client.delete_tag(*t))

    def run_note(self):
        run, text = self.any_run(), self.rng.choice(VALUES[1:])
        return (["run", "note", run, text],
                lambda: self.client.set_tag(run, "mlflow.note.content", text))

    def run_rename(self):
        run, name = self.any_run(self.rng.random() < 0.1), self.name("run")
        if run is None:
            return None
        return (["run", "rename", run, name], lambda: self.client.update_run(run, name=name))

    def run_delete(self):
        run = self.any_run()
        return (["run", "delete", run], lambda: self.client.delete_run(run))

    def run_restore(self):
        run = self.any_run(True)
        if run is None:
            return None
        return (["run", "restore", run], lambda: self.client.restore_run(run))

    def experiment(self, stage="active"):
        e = self.one("SELECT experiment_id FROM experiments WHERE lifecycle_stage=?", stage)
        return str(e[0]) if e else None

    def experiment_create(self):
        taken = self.one("SELECT name FROM experiments")[0]
        name = self.name("experiment") if self.rng.random() < 0.7 else taken

        def call():
            row = self.ask("SELECT artifact_location FROM experiments WHERE name=?", name)
            self.client.create_experiment(name, artifact_location=row[0][0])
        return ["experiment", "create", name], call

    def experiment_rename(self):
        e = self.experiment(self.rng.choice(["active"] * 4 + ["deleted"]))
        taken = self.one("SELECT name FROM experiments WHERE experiment_id<>?", e)
        if e is None:
            return None
        name = self.name("renamed") if self.rng.random() < 0.7 else taken[0]
        return (["experiment", "rename", e, name],
                lambda: self.client.rename_experiment(e, name))

    def experiment_tag(self):
        e = self.experiment(self.rng.choice(["active"] * 4 + ["deleted"]))
        if e is None:
            return None
        key, value = self.key(), self.rng.choice(VALUES)
        return (["experiment", "tag", e, f"{key}={value}"],
                lambda: self.client.set_experiment_tag(e, key, value))

    def experiment_delete(self):
        e = self.experiment()
        if e is None or len(self.ask("SELECT 1 FROM experiments WHERE"
                                     " lifecycle_stage='active'")) < 4:
            return None
        return (["experiment", "delete", e], lambda: self.client.delete_experiment(e))

    def experiment_restore(self):
        e = self.experiment("deleted")
        if e is None:
            return None
        return (["experiment", "restore", e], lambda: self.client.restore_experiment(e))


KINDS = {
    "promote": 14, "promote_missing": 1, "alias_set": 6, "alias_rm": 2, "version_tag": 4,
    "version_untag": 2, "version_note": 3, "version_delete": 3, "model_create": 2,
    "model_rename": 3, "model_tag": 3, "model_untag": 1, "model_note": 2, "model_delete": 2,
    "register": 4, "run_tag": 6, "run_untag": 2, "run_note": 2, "run_rename": 3, "run_delete": 3,
    "run_restore": 3, "experiment_create": 2, "experiment_rename": 2, "experiment_tag": 3,
    "experiment_delete": 1, "experiment_restore": 2,
}


# What MLflow 1.30 did not have, or wrote relative to a folder.
NOT_IN_OLD = {("model_versions", "storage_location"), ("experiments", "artifact_location")}


def rows(path, start, release):
    """Every row of every table, times made comparable."""
    dangling = release.startswith("3")
    left_out = NOT_IN_OLD if release.startswith("1") else set()
    out = {}
    with sqlite3.connect(path) as db:
        db.text_factory = lambda b: b.decode("utf-8", "replace")
        tables = [t for (t,) in db.execute("SELECT name FROM sqlite_master WHERE type='table' AND"
                                           " name NOT LIKE 'sqlite_%'")]
        for table in tables:
            cursor = db.execute(f'SELECT * FROM "{table}"')
            names = [c[0] for c in cursor.description]
            found = []
            for row in cursor:
                r = dict(zip(names, row))
                if table == "model_version_tags" and r["key"].startswith("ncmlops."):
                    continue
                if not dangling and table == "registered_model_aliases" and not db.execute(
                        "SELECT 1 FROM model_versions WHERE name=? AND version=? AND"
                        " current_stage<>'Deleted_Internal'",
                        (r["name"], r["version"])).fetchone():
                    continue
                found.append(json.dumps({k: "now" if "time" in k and isinstance(v, int)
                                         and v >= start else v for k, v in r.items()
                                         if (table, k) not in left_out},
                                        ensure_ascii=False, sort_keys=True))
            out[table] = sorted(found)
    return out


def differences(a, b):
    lines = []
    for table in sorted(set(a) | set(b)):
        left, right = a.get(table, []), b.get(table, [])
        if left != right:
            only_a = [x for x in left if x not in set(right)]
            only_b = [x for x in right if x not in set(left)]
            lines += [f"# {table}: ours   {x}" for x in only_a[:5]]
            lines += [f"# {table}: theirs {x}" for x in only_b[:5]]
    return lines


def step(pair, weights):
    """One change on both sides; a line where they disagree, None where they agree."""
    kind = pair.rng.choices(list(weights), list(weights.values()))[0]
    made = getattr(pair, kind)()
    if made is None:
        return False, None
    args, call = made
    code, out, err = pair.run(*args)
    refusal = None
    try:
        call()
    except (MlflowException, IndexError) as e:
        refusal = str(e).split("\n")[0][:150]
    if (code != 0) != (refusal is not None):
        return True, f"{args}: ours exit {code} {err.strip()[:200]}; theirs {refusal}"
    if code not in (0, 2, 3, 5, 6):
        return True, f"{args}: exit {code} {err.strip()[:200]}"
    return True, None
