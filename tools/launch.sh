# Sourced by the dist_*.sh and slurm_*.sh scripts: which Python, and how torchrun finds its peers.
TOOLS="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
export PYTHONPATH="$TOOLS/..${PYTHONPATH:+:$PYTHONPATH}"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
# PYTHON wins; then an active environment; then the one that `make install` made.
if [[ -z "${PYTHON:-}" ]]; then
    PYTHON=python
    if [[ -z "${VIRTUAL_ENV:-}${CONDA_PREFIX:-}" && -x "$TOOLS/../.venv/bin/python" ]]; then
        PYTHON="$TOOLS/../.venv/bin/python"
    fi
fi

# launch NUM_PROCESSES SCRIPT [ARGUMENTS]: a free port on one machine, the classic variables on several.
launch() {
    local where=(--standalone)
    if [[ -n "${PORT:-}" || -n "${NNODES:-}" ]]; then
        where=(--nnodes="${NNODES:-1}" --node_rank="${NODE_RANK:-0}"
               --master_addr="${MASTER_ADDR:-127.0.0.1}" --master_port="${PORT:-29500}")
    fi
    exec "$PYTHON" -m torch.distributed.run "${where[@]}" --nproc_per_node="$1" "$TOOLS/$2" "${@:3}"
}

# launch_slurm PARTITION JOB_NAME SCRIPT [ARGUMENTS]: one task per GPU; the port comes from the job's number, so two
# jobs on one node do not meet.
launch_slurm() {
    local gpus="${GPUS:-8}" per_node="${GPUS_PER_NODE:-8}"
    (( per_node > gpus )) && per_node="$gpus"
    # shellcheck disable=SC2016,SC2086
    exec srun -p "$1" --job-name="$2" --gres="gpu:$per_node" --ntasks="$gpus" --ntasks-per-node="$per_node" \
        --cpus-per-task="${CPUS_PER_TASK:-5}" --kill-on-bad-exit=1 ${SRUN_ARGS:-} \
        bash -c 'export MASTER_PORT=$((20000 + SLURM_JOB_ID % 20000)); exec "$@"' _ \
        "$PYTHON" "$TOOLS/$3" "${@:4}"
}
