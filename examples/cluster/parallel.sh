#!/usr/bin/env bash
# A study with GNU parallel, on this machine or on several that share a disk.
#   examples/cluster/parallel.sh STUDY.toml OUT [more options of parallel]
#   examples/cluster/parallel.sh study.toml my-study --jobs 8
#   examples/cluster/parallel.sh study.toml my-study --sshloginfile machines.txt
# Stop it at will: the same command goes on. OUT.joblog says what ran when, and how it ended.
set -euo pipefail
study=$1 out=$2
shift 2

# A cell would take all cores that it sees. Here each takes one, and parallel runs many.
export RAYON_NUM_THREADS=${RAYON_NUM_THREADS:-1}
howfar plan "$study" --write --out "$out"
before=
while true; do
    # The cells that choose k; when these are over, those at the chosen k; at the end none.
    commands=$(howfar study cells "$out" --missing)
    [ -n "$commands" ] || break
    if [ "$commands" = "$before" ]; then
        echo "this round finished no cell: see \`howfar status $out\`, then run the same command again" >&2
        exit 1
    fi
    before=$commands
    # --retries is for exit code 75: the cell was stopped, or another process is at it. What is still missing after
    # that is listed again, so that a failure here does not end the script.
    parallel --env RAYON_NUM_THREADS --joblog "+$out.joblog" --retries 3 "$@" <<< "$commands" || true
done
# Nothing is left to compute: results and report, on all cores.
unset RAYON_NUM_THREADS
howfar run "$study" --out "$out"
