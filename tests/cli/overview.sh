#!/bin/sh
# The way that the screen leads at night: the program opens on the Overview where models are served or
# watched, from there to the wall, and from the wall to a candidate without traffic, by the keys that
# its last line names. A folder with nothing but runs opens on the runs, as ever.
. "$(dirname "$0")/lib.sh"
cd "$scratch" || exit 1
cat >night.script <<'SCRIPT'
wait "In production" 60
wait "10 %" 60
f
wait "leave the wall" 120
wait "✖ fraud-detector v7" 120
wait "roll back" 120
B
wait "abort the candidate" 120
<Enter>
wait "Reason:" 120
errors rise<Enter>
y<Enter>
wait "done:" 120
<Esc>
wait "In production" 120
wait "100 %" 120
save-screen after.txt
quit
SCRIPT
run demo --dir work --script night.script
rc 0 "from the wall to a candidate without traffic, by what the screen says"
run audit -o json --store work/mlflow.db
out_has "errors rise" "what was done stands in the audit, with its reason"

cat >wall.script <<'SCRIPT'
wait "leave the wall" 120
wait "healthy" 120
q
gone "leave the wall" 60
wait "In production" 120
:wall cycle 1s<Enter>
wait "wall cycle 15s" 60
:wall cycle 3s<Enter>
wait "history" 120
<Esc>
wait "In production" 120
quit
SCRIPT
run demo --dir work --wall --script wall.script
rc 0 "--wall opens on it, :wall cycle turns its pages, Esc and q leave it"

store 3.17.2
cat >plain.script <<'SCRIPT'
wait "Experiments" 120
1
wait "In production" 120
quit
SCRIPT
run --script plain.script
rc 0 "a folder with nothing but runs opens on the runs; the registry's stages are a key away"
finish
