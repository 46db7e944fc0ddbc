#!/usr/bin/env bash
# Train on several processes of one machine, GPUs or CPU:
#   bash tools/dist_train.sh CONFIG NUM_PROCESSES [options of tools/train.py]
# On several machines, run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [[ $# -lt 2 ]]; then
    echo "usage: bash $0 CONFIG NUM_PROCESSES [options of train.py]" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
launch "$2" train.py "$1" --launcher pytorch "${@:3}"
