"""Random tables: what `drift measures` says of each column must be what scipy, numpy, Evidently and
NannyML say. The calls are those of the fixtures (fixtures/drift/generate.py of the test bed); here
they are made of data that nobody has seen before. The tools live in Pythons of their own, installed
when they are not there; a tool that cannot be had is skipped by its name.

NCMLOPS_DRIFT_SEED: another seed; it is printed. NCMLOPS_DRIFT_PAIRS: how many pairs (60).
"""
import csv
import glob
import json
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile

from lib_tap import end, ok, skip

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BIN = os.environ.get("NCMLOPS_BIN", os.path.join(ROOT, "build", "ncmlops"))
SHARED = os.path.join(ROOT, os.environ.get("NCMLOPS_SHARED", "../shared"))
CACHE = os.environ.get("NCMLOPS_TESTBED_CACHE") or os.path.join(
    os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")), "ncmlops-testbed")
SEED = int(os.environ.get("NCMLOPS_DRIFT_SEED", "20261128"))
PAIRS = int(os.environ.get("NCMLOPS_DRIFT_PAIRS", "60"))
TOOLS = {  # part of generate.py: environment, what it imports, packages, Pythons that they run on
    "scipy": ("evidently", "scipy", ["evidently==0.7.23", "pandas<3"], ["3.11", "3.12"]),
    "evidently": ("evidently", "evidently", ["evidently==0.7.23", "pandas<3"], ["3.11", "3.12"]),
    "nannyml": ("nannyml", "nannyml", ["nannyml"], ["3.10"]),
}
# The scipy part also scores models, which needs packages that nothing here is asked of.
STUBS = ("sklearn", "sklearn.metrics", "statsmodels", "statsmodels.stats", "statsmodels.stats.multitest", "fairlearn",
         "fairlearn.metrics", "river", "river.drift")
DRIVER = """
import importlib.util, sys
from unittest.mock import MagicMock
missing = set()
for name in sys.argv[4].split(","):
    if name.split(".")[0] in missing or importlib.util.find_spec(name) is None:
        missing.add(name)
        sys.modules[name] = MagicMock(__version__="none")
spec = importlib.util.spec_from_file_location("generate", sys.argv[1])
generate = importlib.util.module_from_spec(spec)
spec.loader.exec_module(generate)
getattr(generate, "part_" + sys.argv[2])(sys.argv[3])
"""


# ---- data ---------------------------------------------------------------------------------------
def numbers(r):
    """A way to draw numbers for both sides: (reference, current)."""
    shift, scale = r.choice([0, 0, 0.1, 0.5, 3]), r.choice([1, 1, 1.3, 4])
    kind = r.choice(["normal", "lognormal", "heavy", "whole", "few", "rounded", "far", "two humps", "uniform"])
    # Where two neighbours at 1e9 differ in the tenth digit, so do the tools.
    base = {"far": 1e6}.get(kind, r.choice([0, 0, 40, -3]))

    def draw(mean, spread):
        if kind == "lognormal":
            return math.exp(r.gauss(mean, 1.5 * spread))
        if kind == "heavy":
            return base + mean + spread * r.gauss(0, 1) / max(abs(r.gauss(0, 1)), 0.05)
        if kind == "whole":
            return float(int(base + 6 * mean + 8 * spread * abs(r.gauss(0, 1))))
        if kind == "few":
            return float(r.choice([1, 2, 2, 3, 5] + [8] * int(3 * mean)))
        if kind == "rounded":
            return round(base + mean + r.gauss(0, spread), 1)
        if kind == "two humps":
            return base + r.gauss(mean + (4 if r.random() < 0.4 else 0), spread)
        if kind == "uniform":
            return base + mean + spread * r.random()
        return base + mean + r.gauss(0, spread)
    return lambda: draw(0, 1), lambda: draw(shift, scale)


def words(r):
    n = r.choice([1, 2, 2, 3, 5, 12, 60])
    names = [r.choice(["", "é", "a b,", '"', "0"]) + f"w{i}" for i in range(n)]
    before = [r.random() ** 2 + 0.02 for _ in names]
    after = [w * r.choice([1, 1, 1, 0.6, 1.7, 0]) for w in before] if r.random() < 0.7 else before
    if not any(after):
        after = before
    return lambda: r.choices(names, before)[0], lambda: r.choices(names, after)[0]


def cell(r, v, holes):
    if r.random() < holes:
        return r.choice(["", "NA", "NaN", "null"])
    return v if isinstance(v, str) else repr(v)


def build(folder, r):
    """PAIRS pairs of files with a manifest as generate.py reads it."""
    pairs = []
    for i in range(PAIRS):
        kinds = {f"x{k}": "num" for k in range(r.randint(0, 3))}
        kinds.update({f"c{k}": "cat" for k in range(r.randint(0 if kinds else 1, 2))})
        draw = {c: (numbers if k == "num" else words)(r) for c, k in kinds.items()}
        holes = {c: r.choice([0, 0, 0.02, 0.3]) for c in kinds}
        for side in range(2):
            rows = r.choice([30, 200, 900, 1001, 2500, 6000])
            with open(os.path.join(folder, f"p{i}_{('ref', 'cur')[side]}.csv"), "w", newline="",
                      encoding="utf-8") as f:
                w = csv.writer(f, lineterminator="\n")
                w.writerow(kinds)
                for row in range(rows):
                    w.writerow([cell(r, draw[c][side](), holes[c] if row > 5 else 0) for c in kinds])
        pairs.append({"case": f"p{i}", "columns": kinds})
    with open(os.path.join(folder, "manifest.json"), "w") as f:
        json.dump({"pairs": pairs, "streams": [], "scored": [], "pvalues": []}, f)
    return pairs


# ---- tools --------------------------------------------------------------------------------------
def interpreter(version):
    """A Python of that version that runs; None without."""
    found = [shutil.which("python" + version) or ""]
    found += sorted(glob.glob(os.path.expanduser(f"~/.pyenv/versions/{version}.*/bin/python")))
    for p in found:
        if p and subprocess.run([p, "-c", "import venv, ensurepip"], capture_output=True).returncode == 0:
            return p
    return None


def environment(tool):
    """(its Python, None), or (None, why there is none)."""
    place, module, packages, versions = TOOLS[tool]
    python = os.path.join(CACHE, "venv-drift-" + place, "bin", "python")
    works = [python, "-c", "import " + module]
    if os.path.exists(python) and subprocess.run(works, capture_output=True).returncode == 0:
        return python, None
    base = next((p for p in map(interpreter, versions) if p), None)
    if base is None:
        return None, f"{tool} needs Python {' or '.join(versions)}"
    os.makedirs(CACHE, exist_ok=True)
    for command in ([base, "-m", "venv", "--clear", os.path.dirname(os.path.dirname(python))],
                    [python, "-m", "pip", "-q", "install", *packages], works):
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            return None, f"{' '.join(packages)} cannot be installed: " + done.stderr.strip()[-120:].replace("\n", " ")
    return python, None


def ask(tool, folder):
    """The tool's rows, or None where it was skipped."""
    python, why = environment(tool)
    if python is None:
        skip(f"{tool}: not asked", why)
        return None
    env = {**os.environ, "DO_NOT_TRACK": "1", "NML_DISABLE_USAGE_LOGGING": "1"}
    done = subprocess.run([python, "-c", DRIVER, os.path.join(SHARED, "fixtures/drift/generate.py"), tool, folder,
                           ",".join(STUBS)], capture_output=True, text=True, env=env)
    part = os.path.join(folder, f"part_{tool}.json")
    if not ok(f"{tool}: answers", done.returncode == 0 and os.path.exists(part), done.stderr[-2000:]):
        return None
    with open(part) as f:
        rows = json.load(f)
    for x in rows:
        if x["source"].startswith(("evidently", "nannyml")):
            x["metric"] = x["source"].split()[0] + "." + x["metric"]
    return rows


# ---- ours ---------------------------------------------------------------------------------------
def measures(folder, pair):
    types = ",".join(f"{c}={k}" for c, k in pair["columns"].items())
    done = subprocess.run([BIN, "drift", "measures", "--types", types, "-o", "json", "--reference",
                           os.path.join(folder, pair["case"] + "_ref.csv"), "--current",
                           os.path.join(folder, pair["case"] + "_cur.csv")], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr)
    return {(pair["case"], x["column"], x["measure"]): x for x in json.loads(done.stdout)}


def near(got, want, tolerance):
    if isinstance(want, dict):
        return isinstance(got, dict) and set(got) == set(want) and all(near(got[k], want[k], tolerance) for k in want)
    if isinstance(want, list):
        return isinstance(got, list) and len(got) == len(want) and all(
            near(a, b, tolerance) for a, b in zip(got, want))
    if isinstance(want, str) or want is None or isinstance(got, (str, type(None))):
        return got == want
    return abs(got - want) <= tolerance["abs"] + tolerance["rel"] * abs(want)


def is_right(x, want):
    """No number on the one side is none on the other: "nan", or an error."""
    if want["metric"] == "evidently.chisquare" and want["value"] == 0 and x and x["error"]:
        return True  # of one category its rounding decides between nan and 0
    if want["value"] is None or want["value"] == "nan":
        return x is not None and x["value"] is None and x["error"]
    return x is not None and near(x["value"], want["value"], want["tolerance"])


def main():
    if not os.path.exists(os.path.join(SHARED, "fixtures/drift/generate.py")):
        print("1..0 # SKIP the test bed is not there")
        return 0
    folder = tempfile.mkdtemp(prefix="ncmlops-drift-")
    try:
        pairs = build(folder, random.Random(SEED))
        ours = {}
        for pair in pairs:
            ours.update(measures(folder, pair))
        ok(f"{len(pairs)} random pairs of seed {SEED}: {len(ours)} measures", len(ours) > 30 * len(pairs))
        for tool in TOOLS:
            rows = ask(tool, folder)
            if rows is None:
                continue
            wrong = []
            for want in rows:
                x = ours.get((want["case"], want["column"], want["metric"]))
                if not is_right(x, want):
                    wrong.append(f"{want['case']}/{want['column']} {want['metric']}: want {want['value']}, got "
                                 f"{None if x is None else (x['value'], x['error'])}")
            names = sorted({w["metric"] for w in rows})
            ok(f"{tool}: {len(rows)} values of {len(names)} measures are the same", rows and not wrong,
               f"{len(wrong)} differ", *wrong[:30])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return end()


if __name__ == "__main__":
    sys.exit(main())
