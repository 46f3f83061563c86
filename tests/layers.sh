#!/bin/sh
# The arrows of the house: base <- io, model <- stats <- provider <- engine <- ops <- api <- { cli,
# tui/ui <- tui/pane }, tui/term <- tui/ui. Reads every #include and every undefined symbol of every
# object and fails on any other arrow; then plants violations and checks that each one is caught.
#   tests/layers.sh [OBJECT_FOLDER]     (default build/obj-plain)
# Extra permission, stated here and nowhere else:
#   stats may read model's records; the provider list names every provider, the pane list every
#   pane; tui/ui walks that list (ui_panes, which it declares itself); cli/main.c starts the screen.
set -u
cd "$(dirname "$0")/.." || exit 1
objects=${1:-${OBJ:-build/obj-plain}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Rules shared by both passes. allowed(FROM FILE, TO FILE): "" or what is wrong with the arrow.
cat >"$work/rules.awk" <<'AWK'
function layer(f,    p, n)
{
    sub(/^\.\//, "", f)
    n = split(f, p, "/")
    if (p[1] == "backend") return p[2]
    if (p[1] == "cli") return "cli"
    if (p[1] == "tui") return "tui/" p[2]
    return ""
}
function unit(f,    p, n) # the folder or file that must not see its neighbours
{
    n = split(f, p, "/")
    if (p[1] == "backend" && p[2] == "provider") return n > 3 ? p[3] : ""
    if (p[1] == "tui" && p[2] == "pane") {
        if (n > 3) return p[3]
        sub(/\.[ch]$/, "", p[3])
        sub(/_.*$/, "", p[3])
        return p[3] == "panes" || p[3] == "pane" || p[3] == "common" ? "" : p[3]
    }
    return ""
}
BEGIN {
    split("base:1 io:2 model:2 stats:3 provider:4 engine:5 ops:6 api:7", r, " ")
    for (i in r) { split(r[i], kv, ":"); rank[kv[1]] = kv[2] }
    below["tui/term"] = " tui/term "
    below["tui/ui"] = " tui/ui tui/term "
    below["tui/pane"] = " tui/pane tui/ui tui/term "
    below["cli"] = " cli "
}
function allowed(from, to, header,    a, b)
{
    a = layer(from); b = layer(to)
    if (a == "" || b == "") return ""
    if (a in rank) {
        if (!(b in rank)) return "the backend reaches up into " b
        if (a == b) {
            if (a == "provider" && unit(from) != "" && unit(to) != "" && unit(from) != unit(to))
                return "a provider reaches into its neighbour"
            if (a == "provider" && unit(from) == "" && unit(to) != "" && from !~ /provider\/registry\.c$/)
                return "only the provider list names a provider"
            return ""
        }
        if (rank[b] > rank[a]) return a " reaches up into " b
        if (rank[b] == rank[a]) return a " reaches sideways into " b
        if (a == "stats" && b == "io") return "stats is pure: no io"
        return ""
    }
    if (b in rank)
        return header && b != "api" ? "front ends include only backend/api" : ""
    if (a == "cli" && b == "tui/ui" && from ~ /^cli\/main\.c$/) return ""
    if (index(below[a], " " b " ") == 0) return a " reaches into " b
    if (a == "tui/pane" && b == a && unit(from) != "" && unit(to) != "" && unit(from) != unit(to))
        return "a pane reaches into its neighbour"
    return ""
}
AWK

# Who may include which outside header, who may use which outside symbol.
cat >"$work/outside.awk" <<'AWK'
function outside_header(f, h)
{
    if (h ~ /^sqlite3/ && f != "backend/io/db.c") return "sqlite3.h belongs to backend/io/db.c"
    if (h ~ /^(cJSON|cjson\/|yaml)/ && f !~ /^backend\/io\//) return h " belongs to backend/io"
    if (h ~ /^curl\// && f !~ /^backend\/io\/http[a-z_]*\.[ch]$/) return "curl belongs to backend/io/http"
    if (h ~ /^openssl\// && f !~ /^backend\/io\//) return "openssl belongs to backend/io"
    if (h ~ /^(n?curses|ncursesw\/|term|panel)[.\/]?/ && h ~ /curses|term\.h|panel\.h/ && f !~ /^tui\/term\//)
        return "curses belongs to tui/term"
    return ""
}
function outside_symbol(f, s)
{
    sub(/^__/, "", s); sub(/_chk$/, "", s); sub(/@.*/, "", s)
    if (s ~ /^sqlite3_/ && f != "backend/io/db.c") return "SQLite belongs to backend/io/db.c"
    if (s ~ /^(cJSON_|yaml_)/ && f !~ /^backend\/io\//) return "JSON and YAML belong to backend/io"
    if (s ~ /^curl_/ && f !~ /^backend\/io\/http[a-z_]*\.c$/) return "curl belongs to backend/io/http"
    if (s ~ /^(SHA256|EVP_|RAND_)/ && f !~ /^backend\/io\//) return "openssl belongs to backend/io"
    if (s ~ /^(initscr|newterm|endwin|setupterm|doupdate|w?refresh|w?get_wch|w?getch|tputs|tparm|tigetstr|tigetnum|tigetflag|stdscr|del_curterm|use_extended_names)$/ && f !~ /^tui\/term\//)
        return "curses belongs to tui/term"
    if (s ~ /^(wcwidth|wcswidth)$/ && f != "backend/base/text.c") return "widths belong to base/text.c"
    if (s ~ /^(malloc|calloc|realloc|reallocarray|strdup|strndup)$/ && f != "backend/base/mem.c")
        return "memory belongs to base/mem.c"
    if (s ~ /^(sprintf|vsprintf|strcpy|stpcpy|strcat|strncpy|strncat|strtok|strtok_r|atoi|atol|atof|gets|localtime|gmtime|signal|system|popen|tmpnam|mktemp|rand|srand|alloca)$/)
        return "banned"
    if (s == "setenv" && f !~ /^(backend\/base\/(i18n|text)\.c|cli\/main\.c)$/) return "banned after the start"
    if (f ~ /^backend\// && s ~ /^(printf|puts|putchar|exit|stdout)$/)
        return "the backend neither prints nor exits"
    if (f ~ /^backend\// && s ~ /^(getenv|secure_getenv)$/ &&
        f !~ /^backend\/(engine\/(choose[a-z_]*|config_check)\.c|base\/(num|text|i18n|log)\.c|io\/(file|path|secret|http[a-z_]*)\.c)$/)
        return "the environment is read in few named places"
    return ""
}
AWK

# includes ROOT: "file: what is wrong" for each bad #include below ROOT.
includes()
{
    (cd "$1" && find backend cli tui -name '*.[ch]' 2>/dev/null | sort | while read -r f; do
        sed -n 's/^[[:space:]]*#[[:space:]]*include[[:space:]]*\([<"]\)\([^>"]*\)[>"].*/\1 \2/p' "$f" |
        while read -r kind h; do
            to=
            if [ "$kind" = '"' ]; then
                for d in "$(dirname "$f")" backend tui cli .; do
                    [ -f "$d/$h" ] && { to=$(echo "$d/$h" | sed 's|^\./||'); break; }
                done
                # Where an include path hides it (api/x.h from tui), the folder names the layer.
                [ -n "$to" ] || case $h in
                    base/*|io/*|model/*|stats/*|provider/*|engine/*|ops/*|api/*) to=backend/$h ;;
                    term/*|ui/*|pane/*) to=tui/$h ;;
                    *) to=$h ;;
                esac
            fi
            printf '%s|%s|%s\n' "$f" "$to" "$h"
        done
    done) | awk -F'|' -f "$work/rules.awk" -f "$work/outside.awk" -f /dev/fd/3 3<<'AWK'
{
    why = ""
    if ($2 != "") why = allowed($1, $2, 1)
    if (why == "" && $2 !~ /^(backend|cli|tui)\//) why = outside_header($1, $3)
    if (why != "") print $1 ": includes " $3 ": " why
}
AWK
}

# symbols ROOT OBJECTS: the same for the symbols that objects use.
symbols()
{
    (cd "$2" 2>/dev/null && find backend cli tui -name '*.o' 2>/dev/null | sort | while read -r o; do
        [ -f "$1/${o%.o}.c" ] || continue
        nm -P "$o" | awk -v f="${o%.o}.c" '{ print f "|" $1 "|" $2 }'
    done) | awk -F'|' -f "$work/rules.awk" -f "$work/outside.awk" -f /dev/fd/3 3<<'AWK'
$3 == "U" { n++; uf[n] = $1; us[n] = $2; next }
$3 ~ /^[TDBRCVW]$/ { where[$2] = $1 }
END {
    for (i = 1; i <= n; i++) {
        if (us[i] == "ui_panes") continue
        why = us[i] in where ? allowed(uf[i], where[us[i]], 0) : outside_symbol(uf[i], us[i])
        if (why != "") print uf[i] ": uses " us[i] ": " why
    }
}
AWK
}

n=0 bad=0
tap() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; bad=1; fi; }

root=$PWD
includes "$root" >"$work/found"
cat "$work/found"
tap "$([ ! -s "$work/found" ]; echo $?)" "every #include follows the arrows"

case $objects in
*-asan | *-tsan)
    n=$((n + 1))
    echo "ok $n - every symbol follows the arrows # SKIP checkers replace symbols; the plain build has them" ;;
*)
    objects=$(cd "$objects" 2>/dev/null && pwd)
    symbols "$root" "$objects" | sort -u >"$work/found"
    cat "$work/found"
    tap "$([ -n "$objects" ] && [ ! -s "$work/found" ]; echo $?)" "every symbol follows the arrows" ;;
esac

# The check itself: each planted file must be reported, the innocent one must not.
plant() { mkdir -p "$work/p/$(dirname "$1")"; printf '%s\n' "$2" >"$work/p/$1"; }
plant backend/io/db.h 'int ncm_planted_db(void);'
plant backend/io/db.c 'int ncm_planted_db(void); int ncm_planted_db(void) { return 1; }'
plant backend/provider/one/one.h 'int ncm_planted_one(void);'
plant backend/provider/one/one.c 'int ncm_planted_one(void); int ncm_planted_one(void) { return 1; }'
plant backend/ops/good.c '#include "io/db.h"
int ncm_planted_good(void); int ncm_planted_good(void) { return ncm_planted_db(); }'
plant tui/ui/app.h 'int ncm_planted_app(void);'
plant tui/pane/left.h 'int ncm_planted_left(void);'
plant tui/pane/left.c 'int ncm_planted_left(void); int ncm_planted_left(void) { return 1; }'
# Each bad file, once by an include and once by a bare declaration that only the symbol shows.
cat >"$work/bad" <<'BAD'
backend/base/up.c|io/db.h|ncm_planted_db
backend/model/side.c|io/db.h|ncm_planted_db
backend/stats/impure.c|io/db.h|ncm_planted_db
backend/provider/two/two.c|provider/one/one.h|ncm_planted_one
backend/engine/front.c|tui/ui/app.h|
tui/pane/right.c|pane/left.h|ncm_planted_left
tui/term/up.c|pane/left.h|ncm_planted_left
cli/shortcut.c|io/db.h|
backend/ops/library.c|sqlite3.h|sqlite3_open
backend/engine/screen.c|curses.h|newterm
backend/io/memory.c||malloc
tui/ui/width.c||wcwidth
backend/ops/loud.c||puts
cli/old.c||strcpy
BAD
while IFS='|' read -r f h s; do
    plant "$f" "${h:+#include \"$h\"}
${s:+extern int $s(); int ncm_use_$n(void); int ncm_use_$n(void) { return $s(); \}}"
done <"$work/bad"
find "$work/p" -name '*.c' | while read -r c; do
    o=$work/o/${c#"$work/p/"}
    mkdir -p "$(dirname "$o")"
    grep -v '^#include' "$c" | ${CC:-cc} -w -std=gnu89 -fno-builtin -x c -c -o "${o%.c}.o" - || echo "$c"
done
includes "$work/p" >"$work/inc"
symbols "$work/p" "$work/o" >"$work/sym"
while IFS='|' read -r f h s; do
    [ -z "$h" ] || tap "$(grep -q "^$f: includes $h" "$work/inc"; echo $?)" "self-check: catches $f including $h"
    [ -z "$s" ] || tap "$(grep -q "^$f: uses $s" "$work/sym"; echo $?)" "self-check: catches $f using $s"
done <"$work/bad"
tap "$(cat "$work/inc" "$work/sym" | grep -q '^backend/ops/good.c'; [ $? -ne 0 ]; echo $?)" \
    "self-check: leaves an allowed arrow alone"
echo "1..$n"
exit $bad
