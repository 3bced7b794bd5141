#!/usr/bin/env bash
# A study as a job array of OpenPBS or PBS Professional, where a site allows few jobs: ten parts, however many cells.
#
#   howfar plan study.toml --write --out my-study
#   first=$(qsub -v STUDY=my-study,PARTS=10 pbs.sh)                                    # the cells that choose k
#   second=$(qsub -v STUDY=my-study,PARTS=10 -W depend=afterany:"$first" pbs.sh)       # those at the chosen k
#   howfar study cells my-study --missing          # when both are over. Where it lists any: another qsub as for `first`
#   howfar run study.toml --out my-study     # nothing is left to compute: results and report
#
# howfar must be on the PATH of jobs, and the folder on a disk that all machines share.
# PARTS must be the number of jobs in the array (-J below, or on qsub's command line). Part I is every PARTS-th cell
# from the I-th on. Submit again at will: finished cells are skipped, begun ones go on from their checkpoint.
#PBS -N howfar
#PBS -J 0-9
#PBS -r y
#PBS -l select=1:ncpus=1:mem=4gb
#PBS -l walltime=04:00:00
set -euo pipefail
cd "$PBS_O_WORKDIR"

# Chooses k when the first stage is over; study cell then takes its part of the second. Prints what nobody needs.
howfar study cells "$STUDY" --missing > /dev/null
# A cell would take all cores that it sees; PBS says in NCPUS how many are its own.
export RAYON_NUM_THREADS=${NCPUS:-1}
# Its exit code is the job's: 0, or 75 where it was stopped (the walltime is over) or another process is at a cell.
exec howfar study cell "$STUDY" --part "$PBS_ARRAY_INDEX" --of "$PARTS"
