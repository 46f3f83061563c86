#!/bin/sh
# Habits that a grep can see. TAP; exit 1 where one is broken.
set -u
cd "$(dirname "$0")/.." || exit 1
n=0 bad=0
found=$(mktemp)
trap 'rm -f "$found"' EXIT
files()
{
    for d in "$@"; do find "$d" -name '*.[ch]' 2>/dev/null; done | sort
}
# none WHAT: the lines found so far break the habit.
none()
{
    n=$((n + 1))
    if [ -s "$found" ]; then
        bad=1
        head -n 20 "$found"
        echo "not ok $n - $1"
    else
        echo "ok $n - $1"
    fi
}
all=$(files backend cli tui tests)
code=$(files backend cli tui)
: "${all:?no sources}"

# shellcheck disable=SC2086 # lists of files
{
wc -l $all | awk '$2 != "total" && $1 > 600 { print $2 ": " $1 " lines" }' >"$found"
none "no file is longer than 600 lines"
awk 'length($0) > 0 { t = $0; gsub(/[\200-\277]/, "", t); if (length(t) > 110) print FILENAME ":" FNR ": " length(t) " columns" }' \
    $code | grep -v '/demo_schema.*\.c:' >"$found"
none "no line is longer than 110 columns"
grep -nE '	' $all >"$found"
none "no tabs"
grep -nE '[[:blank:]]+$' $all >"$found"
none "no blanks at line ends"
grep -nE '\b(TODO|FIXME|XXX|HACK)\b' $all >"$found"
none "nothing is left for later"
grep -nE '^[[:space:]]*typedef[[:space:]]+(struct|union|enum)' $all >"$found"
none "no typedef hides a struct"
grep -nE '\b(usleep|nanosleep|sleep) ?\(' $(files tests) >"$found"
none "tests wait on conditions, they do not sleep"
for h in $(files backend | grep '\.h$'); do
    grep -qE '^/\*' "$h" || echo "$h: does not say what it is for"
    grep -qE '^#ifndef NCM_' "$h" || echo "$h: no guard named NCM_…"
done >"$found"
none "every header of the backend says what it is for"
awk '/^[a-z].*\)$/ { open = 1; next }
     open && /^\{/ { start = FNR; open = 0; next }
     /^\}/ && start { if (FNR - start > 90) print FILENAME ":" start ": a function of " FNR - start " lines"; start = 0 }
     { open = 0 }' $code >"$found"
none "no function is longer than 90 lines"
}
sed -n '/cli_commands\[\] = {/,/^};/s/^    {"\([a-z ]*\)".*/\1/p' cli/commands.c | while read -r command; do
    grep -q "^### .ncmlops $command\b" docs/cli.md || echo "docs/cli.md does not tell of: $command"
    grep -q "^.fB$command.fR" docs/ncmlops.1 || echo "docs/ncmlops.1 does not tell of: $command"
done >"$found"
none "the manual tells of every command"
sed -n 's/^    {"\([a-z-]*\)",.*/\1/p' backend/engine/config_table.c | while read -r setting; do
    grep -q "$setting" docs/configuration.md || echo "docs/configuration.md does not tell of: $setting"
done >"$found"
none "the manual tells of every setting"
git grep -nIE '(^|[^A-Za-z0-9_$}])/r[o]ot/' -- . ':!tests/fixtures' >"$found" 2>/dev/null
none "no path of one machine in the tree"
echo "1..$n"
exit $bad
