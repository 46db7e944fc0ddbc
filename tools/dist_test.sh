#!/usr/bin/env bash
# Test on several processes of one machine, GPUs or CPU:
#   bash tools/dist_test.sh CONFIG CHECKPOINT NUM_PROCESSES [options of tools/test.py]
# On several machines, run it on each with NNODES, NODE_RANK, MASTER_ADDR and PORT set.
set -euo pipefail
if [[ $# -lt 3 ]]; then
    echo "usage: bash $0 CONFIG CHECKPOINT NUM_PROCESSES [options of test.py]" >&2
    exit 2
fi
source "$(dirname "${BASH_SOURCE[0]}")/launch.sh"
launch "$3" test.py "$1" "$2" --launcher pytorch "${@:4}"
