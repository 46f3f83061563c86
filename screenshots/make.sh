#!/bin/sh
# Remakes every picture from the scripts beside it, on a workspace made for that:
#   screenshots/make.sh [NAME…]        NCMLOPS_BIN names the program; default build/ncmlops
# In a script, "# size COLSxROWS" and "# with OPTION…" say how the program is started, and
# "# before COMMAND…" what is run without a screen before it, "# server up" that it wants contexts and
# a server (with_server.py), "# server away MINUTES" one that went away, "# server deploy" places where
# models are served (with_deploy.py). A picture whose script no longer reaches its end makes this fail.
set -u
here=$(cd "$(dirname "$0")" && pwd)
: "${NCMLOPS_BIN:=$here/../build/ncmlops}"
case $NCMLOPS_BIN in /*) ;; *) NCMLOPS_BIN=$PWD/$NCMLOPS_BIN ;; esac
[ -x "$NCMLOPS_BIN" ] || { echo "$NCMLOPS_BIN: not there; run make" >&2; exit 1; }

# A name that reads well in the pictures, where nobody else has taken it.
home=${TMPDIR:-/tmp}/minjun
mkdir "$home" 2>/dev/null || home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
trap 'exit 1' INT TERM HUP
export HOME="$home" USER=minjun LOGNAME=minjun
unset XDG_CONFIG_HOME XDG_STATE_HOME XDG_CACHE_HOME MLFLOW_TRACKING_URI NCMLOPS_CONTEXT NO_COLOR NO_PROXY no_proxy
NCMLOPS_LOCALEDIR=${NCMLOPS_LOCALEDIR:-$here/../build/locale}
export NCMLOPS_LOCALEDIR NCMLOPS_BIN

printf 'wait "churn" 30\npause 3000\nquit\n' >"$home/quit.script"
LC_ALL=C.UTF-8 "$NCMLOPS_BIN" demo --dir "$home/fraud-team" --script "$home/quit.script" </dev/null ||
    { echo "the demo's workspace could not be made" >&2; exit 1; }

# What a script says about itself.
of()
{
    sed -n "s/^# $2 //p" "$here/$1.script"
}

[ $# -gt 0 ] || set -- $(cd "$here" && ls ./*.script | sed 's|^\./||; s|\.script$||')
bad=0
work=$home/fraud-team
mv "$work" "$home/new"
for name in "$@"; do
    rm -rf "$work" "$home/.config" "$home/.local/state/ncmlops" # a chosen theme stays
    cp -R "$home/new" "$work" && cd "$work" || exit 1
    of "$name" before | while read -r command; do
        eval "\"\$NCMLOPS_BIN\" $command" >/dev/null 2>"$home/said" </dev/null ||
            { echo "$name: $command: $(cat "$home/said")" >&2; }
    done
    size=$(of "$name" size)
    server=$(of "$name" server)
    beside=
    case $server in
    '') ;;
    deploy) beside=$here/with_deploy.py ;;
    *) beside="$here/with_server.py ${server#away }" ;;
    esac
    # shellcheck disable=SC2046 # words
    if SHOT_BG=$(of "$name" background) SHOT_FG=$(of "$name" foreground) \
        $beside \
        "$here/shoot" "${size:-110x32}" "$here/$name.png" -- "$NCMLOPS_BIN" $(of "$name" with) \
        --script "$here/$name.script"; then
        echo "ok $name"
    else
        echo "FAILED $name"
        bad=1
    fi
done
exit $bad
