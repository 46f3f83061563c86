"""TAP for the tests against real systems."""
import json

_count = 0
_bad = 0


def ok(name, good, *why):
    """One case; the lines of `why` are shown where it failed. Returns whether it is good."""
    global _count, _bad
    _count += 1
    _bad += not good
    print(f"{'ok' if good else 'not ok'} {_count} - {name}", flush=True)
    if not good:
        for line in why:
            for part in str(line).split("\n"):
                print("#  " + part[:1000], flush=True)
    return good


def tap(name, wanted, got):
    return ok(name, wanted == got, "wanted " + json.dumps(wanted, ensure_ascii=False, default=str)[:600],
              "got    " + json.dumps(got, ensure_ascii=False, default=str)[:600])


def skip(name, why):
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def end():
    """Prints the plan; the exit status."""
    print(f"1..{_count}", flush=True)
    return 1 if _bad else 0


def differences(wanted, got):
    """The first few paths at which two trees differ."""
    found = []

    def walk(path, a, b):
        if len(found) > 4:
            return
        if isinstance(a, dict) and isinstance(b, dict):
            for k in sorted(set(a) | set(b)):
                walk(f"{path}.{k}", a.get(k, "<absent>"), b.get(k, "<absent>"))
        elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
            for i, (x, y) in enumerate(zip(a, b)):
                walk(f"{path}[{i}]", x, y)
        elif a != b or isinstance(a, bool) != isinstance(b, bool):
            found.append([path, a, b])

    walk("", wanted, got)
    return found
