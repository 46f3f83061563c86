#!/bin/sh
# Two files of rows against each other: the oracle's figures, the shape, the verdict, the reports.
. "$(dirname "$0")/lib.sh"
f=$root/tests/fixtures/drift
cd "$scratch" || exit 1

# ---- every measure of every fixture, as scipy, Evidently and NannyML say it
python3 - "$f" "$NCMLOPS_BIN" >"$scratch/oracle" <<'EOF'
import json, subprocess, sys
folder, program = sys.argv[1:]
read = lambda name: json.load(open(f"{folder}/{name}.json", encoding="utf-8"))
got, wrong, checked = {}, [], 0
for pair in read("manifest")["pairs"]:
    case, types = pair["case"], ",".join(f"{k}={v}" for k, v in pair["columns"].items())
    answer = subprocess.run([program, "drift", "measures", "--reference", f"{folder}/{case}_ref.csv",
        "--current", f"{folder}/{case}_cur.csv", "--types", types, "-o", "json"], capture_output=True)
    for x in json.loads(answer.stdout):
        got[case, x["column"], x["measure"]] = x
def close(a, b, x, t):
    if b is None or b == "nan":
        return a is None and bool(x["error"])
    if isinstance(b, list):
        return isinstance(a, list) and len(a) == len(b) and all(close(i, j, x, t) for i, j in zip(a, b))
    if isinstance(b, dict):
        return isinstance(a, dict) and a.keys() == b.keys() and all(close(a[k], b[k], x, t) for k in b)
    if isinstance(b, str):
        return a == b
    return isinstance(a, (int, float)) and abs(a - b) <= t["abs"] + t["rel"] * abs(b)
for e in read("expected"):
    if e["case"].startswith("pvalues:"):
        continue
    key = e["case"], e["column"], e["metric"]
    x, checked = got.get(key), checked + 1
    if x is None or not close(x["value"], e["value"], x, e["tolerance"]):
        wrong.append((key, e["value"], x))
for w in wrong[:10]:
    print("#", w)
print("right" if checked > 1400 and not wrong else "wrong", checked)
EOF
last="drift measures" rc=0 err="" out=$(cat "$scratch/oracle")
out_has "right" "every measure of the fixtures is what the other tools say"

# ---- the shape of a check
run drift check --reference "$f/normal_shift_ref.csv" --current "$f/normal_shift_cur.csv" -o json
rc 0 "check"
json 'd["rows"] == {"reference": 2000, "current": 1500} and isinstance(d["drifted"], bool) and
    0 <= d["drifted_share"] <= 1' "rows, share and verdict"
json '{"name","type","method","statistic","p_value","threshold","drifted","psi","missing","new_categories",
    "histogram"} <= set(d["columns"][0])' "the fields of a column"
json '(lambda c: c["type"] == "numeric" and c["method"] == "psi" and c["statistic"] == c["psi"] and
    c["p_value"] is None and c["threshold"] == 0.25 and c["missing"] == {"reference": 0, "current": 0})(
    d["columns"][0])' "the house's PSI"
json '(lambda h: h["edges"] == sorted(h["edges"]) and h["reference"] == [200] * 10 and
    h["current"] == [87, 115, 99, 109, 174, 143, 145, 168, 222, 238] and len(h["edges"]) == 9 and
    abs(sum(h["terms"]) - d["columns"][0]["psi"]) < 1e-12)(d["columns"][0]["histogram"])' \
    "the histogram is of the bins that the drift is measured on, and holds every row"
json '(lambda h: len(h["edges"]) == len(h["reference"]) + 1 and sum(h["reference"]) == 2000)(
    d["columns"][0]["shape"])' "the shape is of even bins"
run drift check --reference "$f/cat_new_ref.csv" --current "$f/cat_new_cur.csv" -o json --exit-code
rc 10 "--exit-code: drifted"
json 'd["drifted"] and d["columns"][0]["type"] == "categorical" and
    d["columns"][0]["new_categories"] == ["pink"] and d["columns"][0]["gone_categories"] == ["grey"]' \
    "categories that came and went"
json '[x["kind"] for x in d["columns"][0]["findings"]] == ["new_categories", "lost_categories"]' "findings"
run drift check --reference "$f/same_dist_ref.csv" --current "$f/same_dist_cur.csv" --exit-code
rc 0 "--exit-code: nothing drifted"
out_has "None of 1 column drifted." "the answer comes first"
run drift check --reference "$f/empty_cur_ref.csv" --current "$f/empty_cur_cur.csv" -o json
json 'd["columns"][0]["state"] == "no_data" and d["columns"][0]["statistic"] is None and
    d["columns"][0]["why"] and not d["drifted"]' "an empty side has no figure"
err_has "has no rows" "and is told"
run drift check --reference "$f/empty_cur_ref.csv" --current "$f/empty_cur_cur.csv" --exit-code
rc 1 "--exit-code: nothing was compared"

# ---- methods and thresholds
pair="--reference $f/normal_shift_ref.csv --current $f/normal_shift_cur.csv"
# shellcheck disable=SC2086 # two options each
{
run drift check $pair --threshold 0.05 -o json
json 'd["drifted"] and d["columns"][0]["threshold"] == 0.05' "--threshold"
run drift check $pair --threshold "0.05, 0.5" -o json
json 'd["columns"][0]["state"] == "warning" and not d["drifted"]' "warning and critical"
run drift check $pair --method ks.p -o json
json '(lambda c: c["p_value"] < 1e-10 and c["drifted"] and c["effect"] > 0.1)(d["columns"][0])' "a p-value with its effect"
run drift check $pair --method ks.p -o csv
python3 -c 'import csv, sys
row = next(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
print(f"{float(row[\"p_adjusted\"] or row[\"p_value\"]):.4g}")' "$scratch/out" >p
run drift check $pair --method ks.p
out_has "$(cat p)" "the p-value that is shown is the one that is judged"
run drift check $pair --method evidently -o json
json '"Wasserstein" in d["columns"][0]["method"] and d["columns"][0]["threshold"] == 0.1 and d["drifted"]' \
    "as Evidently chooses"
run drift check $pair --method pssi
rc 2 "an unknown method"
run drift check $pair --threshold high
rc 2 "an unknown threshold"
run drift check $pair --threshold "< 0.2"
rc 2 "a distance is worse the greater it is"
run drift check $pair --columns y
rc 2 "an unknown column"
run drift check $pair --types x=text
rc 2 "an unknown type"
run drift check --reference "$f/tiny_ref.csv"
rc 2 "one side is not enough"
run drift check $pair --current nowhere.csv
rc 5 "a file that is not there"
}

# ---- what differs in the tables themselves
python3 - <<'EOF'
import random
r = random.Random(7)
def write(name, head, rows):
    with open(name, "w", encoding="utf-8") as f:
        f.write(head + "\n")
        f.writelines(",".join(map(str, row)) + "\n" for row in rows)
rows = [(f"id{i}", r.gauss(0, 1), r.gauss(5, 2), r.choice("ab")) for i in range(3000)]
write("ref.csv", "id,amount,gone,kind", rows)
write("cur.csv", "kind,<b>new</b>,amount,id", [(k, i, a, n + "x") for i, (n, a, _, k) in enumerate(rows)])
write("words.csv", "id,amount,gone,kind", [(n, "high", g, k) for n, a, g, k in rows])
write("few.csv", "amount", [(r.gauss(0, 1),) for _ in range(40)])
EOF
run drift check --reference ref.csv --current cur.csv -o json --exit-code
rc 10 "a lost column is a difference"
json 'd["drifted"] and d["left_out"] == ["id"] and [c["name"] for c in d["columns"]] == ["amount", "kind"] and
    not any(c["drifted"] for c in d["columns"])' "columns go by name; names of rows are no feature"
json 'sorted((x["kind"], x["severity"]) for x in d["findings"]) ==
    [("lost_column", "critical"), ("new_column", "warning")]' "columns that came and went"
run drift check --reference ref.csv --current words.csv -o json
json 'd["parse_failures"]["current"] == 3000' "words in a column of numbers are counted"
err_has "are no numbers" "and told"
run drift check --reference ref.csv --current few.csv --columns amount
out_has "a small sample" "few rows are said so"
run drift check --reference ref.csv --current few.csv --columns amount -o json
json 'not d["drifted"] and d["columns"][0]["state"] in ("small", "ok")' "nor is it in JSON"
"$NCMLOPS_BIN" drift check --reference ref.csv --current - -o json <cur.csv >out 2>err
rc=$? last="drift check --current -"
rc 0 "standard input"
run drift check --reference - --current -
rc 2 "but not for both sides"

# ---- since when, and what files can be
python3 - <<'EOF'
import gzip, json, random, sqlite3
r = random.Random(3)
day = 86400000
def rows(n, since, start=1790000000000):
    return [(start + i * day // 100, r.gauss(5 if since <= i else 0, 1), r.choice("ab")) for i in range(n)]
def write(name, rows, bad=()):
    with (gzip.open if name.endswith("gz") else open)(name, "wt", encoding="utf-8") as f:
        f.write("ts,amount,kind\n")
        for i, x in enumerate(rows):
            f.write(",".join(map(str, x)) + "\n" + ('1,2\n' if i in bad else ""))
write("then.csv", rows(3000, 9e9))
late = rows(3000, 1500)
write("late.csv", sorted(late, key=lambda x: x[1]))
write("over.csv.gz", [(t, r.gauss(5 if 300 <= i < 2100 else 0, 1), k) for i, (t, _, k) in enumerate(late)])
write("bad.csv", late, {500, 700, 900})
for day_ in "12":
    write(f"day{day_}.csv", late[1500:] if day_ == "2" else late[:1500])
open("head.csv", "w").write("ts,amount,kind\n")
open("nothing.csv", "w").close()
with open("late.jsonl", "w") as f:
    for i, (t, a, k) in enumerate(late):
        f.write(json.dumps({"ts": t, **({"amount": a} if i > 40 else {}), "kind": k}) + "\n")
with open("plain.csv", "w") as f:
    f.write("amount,kind\n" + "".join(f"{a},{k}\n" for _, a, k in rows(3000, 9e9)))
db = sqlite3.connect("late.db")
db.execute("create table predictions (ts integer, amount real, kind text)")
db.executemany("insert into predictions values (?, ?, ?)", late)
db.commit()
EOF
since='[(c["since"] - 1790000000000) // 86400000 for c in d["columns"] if c["drifted"]] == [15]'
for current in late.csv "day*.csv" late.jsonl late.db; do
    run drift check --reference then.csv --current "$current" -o json
    json "$since" "$current: since when, whatever the order of the rows"
done
json 'd["rows"] == {"reference": 3000, "current": 3000} and [c["name"] for c in d["columns"]] ==
    ["amount", "kind"] and d["columns"][1]["since"] is None' "times are no feature; what does not drift has no since"
run drift check --reference then.csv --current late.csv
out_has "since 2026-10-06" "the answer says since when"
run drift check --reference plain.csv --current late.csv -o json
json "$since and d[\"findings\"] == []" "a time column on the current side alone is enough"
run drift check --reference plain.csv --current late.csv --time ts -o json
json "$since" "and may be named"
run drift check --reference then.csv --current over.csv.gz -o json
json 'd["columns"][0]["drifted"] and d["columns"][0]["since"] is None' "what is over does not go on since then"
run drift check --reference plain.csv --current plain.csv --time ts
rc 2 "a time column that neither side has"
run drift check --reference then.csv --current bad.csv -o json
json 'd["bad_rows"] == {"reference": 0, "current": 3} and d["rows"]["current"] == 3000' "rows that cannot be read are counted"
err_has "bad.csv: 3 rows could not be read" "and told"
run drift check --reference then.csv --current head.csv -o json --exit-code
rc 1 "no rows: nothing was compared"
json '[c["state"] for c in d["columns"]] == ["no_data", "no_data"] and d["drifted_share"] == 0' "and no figure"
run drift check --reference then.csv --current nothing.csv -o json --exit-code
rc 1 "an empty file: nothing was compared"
run drift check --reference "none*.csv" --current late.csv -o json
rc 5 "a glob without a file"
json 'd["error"]["code"] == "NOT_FOUND" and "none*.csv" in d["error"]["message"]' "is named"
run drift check --reference then.csv --current late.csv --threshold learned -o json
json '(lambda c: c["learned"] is False and c["threshold"] == 0.25)(d["columns"][0])' \
    "nothing is learned from fewer than ten chunks"
before=$(ls -A . "$HOME")
run drift check --reference then.csv --current late.csv
[ "$before" = "$(ls -A . "$HOME")" ]; tap $? "nothing is left behind"

# ---- the other forms
run drift check --reference ref.csv --current cur.csv -o csv
python3 -c 'import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], encoding="utf-8", newline="")))
sys.exit([r["name"] for r in rows] != ["amount", "kind"] or rows[0]["missing.reference"] != "0")' "$scratch/out"
tap $? "csv: a row a column"
run drift check --reference ref.csv --current cur.csv -o jsonl
[ "$(python3 -c 'import json, sys
print(*(json.loads(x)["name"] for x in sys.stdin))' <"$scratch/out")" = "amount kind" ]
tap $? "jsonl: a column a line"
run drift check --reference ref.csv --current cur.csv -o md
out_has "| amount |" "md: a table"
out_lacks "<b>" "md: names are no markup"
run drift check --reference "$f/cat_new_ref.csv" --current "$f/cat_new_cur.csv" -o html
python3 - "$scratch/out" <<'EOF'
import html.parser, re, sys
text = open(sys.argv[1], encoding="utf-8").read()
class Check(html.parser.HTMLParser):
    void = {"meta", "br"}
    def __init__(self):
        super().__init__()
        self.open, self.seen = [], set()
    def handle_starttag(self, tag, attrs):
        self.seen.add(tag)
        if tag not in self.void:
            self.open.append(tag)
        for key, value in attrs:
            assert not (key in ("src", "href") and not value.startswith("#")), (key, value)
            assert not key.startswith("on"), key
    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag
    def handle_startendtag(self, tag, attrs):
        self.seen.add(tag)
c = Check()
c.feed(text)
assert not c.open, c.open
assert "svg" in c.seen and "script" not in c.seen and "link" not in c.seen
assert not re.search(r"https?://", text) and "prefers-color-scheme" in text
EOF
tap $? "html: whole, stands alone, runs nothing"
run drift check --reference ref.csv --current cur.csv -o html
out_lacks "<b>new</b>" "html: names are no markup"
run runs -o html
rc 2 "other commands make no page"
run drift measures --reference "$f/cat_new_ref.csv" --current "$f/cat_new_cur.csv" -o json
json 'all(set(x) == {"column","measure","value","error"} for x in d)' "measures: fields"
json '[x for x in d if x["measure"] == "evidently.g_test"][0]["value"] is None and
    [x for x in d if x["measure"] == "evidently.g_test"][0]["error"]' "what a tool refuses has a reason"
printf 'contexts:\n  a:\n    models:\n      m:\n        monitors:\n          - {name: n, current: ref.csv, reference: first, method: pssi}\n' >bad.yaml
run config check --config bad.yaml
err_has "bad.yaml:6:67: There is no method 'pssi'" "config check knows the methods"
finish
