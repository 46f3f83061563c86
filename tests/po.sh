#!/bin/sh
# Every text that a person can see is in every language, none is fuzzy, and printf formats agree.
set -u
cd "$(dirname "$0")/.." || exit 1
if ! command -v xgettext >/dev/null || ! command -v msgfmt >/dev/null; then
    echo "ok 1 - translations # SKIP gettext is not installed"
    exit 0
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0 bad=0
tap() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi; }

find backend cli tui -name '*.c' | sort >"$work/files"
LC_ALL=C xgettext --from-code=UTF-8 --language=C --keyword=_ --keyword=N_ --no-wrap --sort-by-file \
    --no-location -o "$work/all.pot" --files-from="$work/files" 2>"$work/warn"
cat "$work/warn"
tap "$([ -s "$work/all.pot" ]; echo $?)" "the texts can be collected"

for po in po/*.po; do
    lang=$(basename "$po" .po)
    msgfmt --check -o /dev/null "$po" 2>"$work/err"
    rc=$?
    cat "$work/err"
    tap $rc "$lang: formats and header are right"
    msgmerge --quiet --no-fuzzy-matching --no-wrap --no-location "$po" "$work/all.pot" >"$work/now.po"
    msgattrib --untranslated --no-obsolete --no-wrap "$work/now.po" | sed -n 's/^msgid //p' | sed 1d >"$work/missing"
    head -n 40 "$work/missing"
    tap "$([ ! -s "$work/missing" ]; echo $?)" "$lang: every text is translated ($(wc -l <"$work/missing") are not)"
    msgattrib --only-fuzzy --no-obsolete --no-wrap "$po" | grep '^msgid' | sed 1d >"$work/fuzzy"
    cat "$work/fuzzy"
    tap "$([ ! -s "$work/fuzzy" ]; echo $?)" "$lang: nothing is fuzzy"
done
echo "1..$n"
exit $bad
