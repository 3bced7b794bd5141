#!/usr/bin/env bash
# What the contract with programs costs (docs/trainers.md): seconds of each cell of a study whose program trains nothing
# and answers at once, for faces handed over as PNG files.
#   bench/trainer_cost.sh [HOWFAR_BINARY]
set -euo pipefail
howfar=$(realpath "${1:-target/release/howfar}")
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
cd "$place"
cat >nothing.sh <<'END'
answer=$(sed -n 's/^ *"answer": *"\(.*\)",*$/\1/p' "$1")
predict=$(sed -n 's/^ *"predict": *"\(.*\)",*$/\1/p' "$1")
awk -v n="$(($(wc -l <"$predict") - 1))" 'BEGIN {
    print "row,p_anger,p_disgust,p_fear,p_happiness,p_sadness,p_surprise"
    for (i = 0; i < n; i++) { p = (i % 7 + 1) / 20; q = (1 - p) / 5; print i "," p "," q "," q "," q "," q "," q }
}' >"$answer/predictions.csv"
END
cat >study.toml <<'END'
name = "nothing"
[real]
sets = ["studio"]
[generated]
sets = ["wild"]
[unseen]
sets = ["unseen"]
[grid]
k = [0, 2]
seeds = 5
arms = ["mix"]
[train]
command = ["sh", "nothing.sh"]
faces = "png"
budget = "epochs"
END
"$howfar" draw --people 24 --style studio --seed 1 --out studio --quiet >/dev/null
"$howfar" draw --people 60 --style wild --seed 2 --out wild --quiet >/dev/null
"$howfar" draw --people 24 --style unseen --seed 3 --out unseen --quiet >/dev/null
"$howfar" run study.toml --out out --quiet >/dev/null 2>&1
for cell in out/runs/*; do
    sed -n "s|^ *\"seconds\": \([0-9.]*\).*|\1 s  $(basename "$cell")|p" "$cell/timing.json"
done
