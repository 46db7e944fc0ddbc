#!/usr/bin/env bash
# Train under Slurm:
#   [GPUS=8] [GPUS_PER_NODE=8] [CPUS_PER_TASK=5] [SRUN_ARGS=...] bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG [options]
# --resume among the options lets a requeued job go on from its newest checkpoint. Slurm sends SIGUSR1 PREEMPT_SEC
# seconds (default 120) before the time limit: the run then saves a checkpoint and ends with exit code 75.
set -euo pipefail
if [[ $# -lt 3 ]]; then
    echo "usage: bash $0 PARTITION JOB_NAME CONFIG [options of train.py]" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
export SRUN_ARGS="--signal=USR1@${PREEMPT_SEC:-120} ${SRUN_ARGS:-}"
launch_slurm "$1" "$2" train.py "$3" --launcher slurm "${@:4}"
