#!/usr/bin/env bash
# Fetch what the Ego2Exo benchmark needs of Ego-Exo4D, with the official downloader `egoexo` and your own licence:
#   bash tools/data/download_ego2exo.sh OUT_DIR TAKE_IDS [--dry-run] [-- options of egoexo]
# OUT_DIR   data root, e.g. data/ego2exo
# TAKE_IDS  take_ids.txt of the LaGTran repository: training takes, one uid per line. Validation takes are read from the
#           annotations, which are fetched first.
# --dry-run prints the commands and fetches nothing. BATCH (default 100) is the number of takes per command.
# Files that are there already are not fetched again, so a broken download goes on where it stopped.
set -euo pipefail

usage() {
    sed -n '2,8s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
    exit 2
}

fail() {
    echo "download_ego2exo.sh: $1" >&2
    exit 2
}

places=()
dry_run=
while [[ $# -gt 0 ]]; do
    case "$1" in
        --dry-run) dry_run=1 ;;
        --) shift; break ;;
        -h | --help) usage ;;
        -*) echo "unknown option $1" >&2; usage ;;
        *) places+=("$1") ;;
    esac
    shift
done
extra=("$@")
[[ ${#places[@]} -eq 2 ]] || usage
out="${places[0]}" take_ids="${places[1]}" batch="${BATCH:-100}"
# A folder whose name begins with a hyphen would be taken for an option.
[[ "$out" != -* ]] || out="./$out"
[[ "$batch" =~ ^[1-9][0-9]{0,4}$ ]] || fail "BATCH: expected a number of takes from 1 to 99999, found '$batch'."
[[ -f "$take_ids" ]] || fail "$take_ids: expected a file with one take uid per line, found none. Copy take_ids.txt from\
 the LaGTran repository."
if [[ -z "$dry_run" ]] && ! command -v egoexo > /dev/null; then
    fail "expected the downloader egoexo of the package ego4d on PATH, found none. Install it: pip install '.[ego4d]'"
fi

# shellcheck source=../launch.sh
source "$(dirname "${BASH_SOURCE[0]}")/../launch.sh"

# fetch ARGUMENTS...: one call of the downloader, printed first.
fetch() {
    local command=(egoexo -o "$out" "$@" -y ${extra[@]+"${extra[@]}"})
    printf '%q ' "${command[@]}"
    echo
    if [[ -z "$dry_run" ]]; then
        "${command[@]}" || fail "egoexo ended with code $?. Run this script again; if it says that no manifest can be\
 read, check the section [default] of ~/.aws/credentials and whether your licence has expired (14 days)."
    fi
}

fetch --parts metadata annotations

if [[ -f "$out/annotations/keystep_train.json" && -f "$out/annotations/keystep_val.json" ]]; then
    listed="$("$PYTHON" "$TOOLS/data/build_ego2exo.py" --root "$out" --take-ids "$take_ids" --list-takes all)"
elif [[ -n "$dry_run" ]]; then
    echo "# no annotations yet: the validation takes are unknown, training takes only"
    listed="$(tr -d '\r' < "$take_ids")"
else
    fail "$out/annotations: expected keystep_train.json and keystep_val.json after the download, found none."
fi
mapfile -t uids < <(printf '%s\n' "$listed" | sed '/^[[:space:]]*$/d')
for uid in "${uids[@]}"; do
    [[ "$uid" =~ ^[A-Za-z0-9][A-Za-z0-9_-]*$ ]] || fail "$take_ids: expected a take uid, found '$uid'."
done
for ((first = 0; first < ${#uids[@]}; first += batch)); do
    fetch --parts features/omnivore_video --uids "${uids[@]:first:batch}"
done
if [[ -z "$dry_run" ]]; then
    echo "${#uids[@]} takes are in $out. Next: python tools/data/build_ego2exo.py --root $(printf '%q' "$out")\
 --take-ids $(printf '%q' "$take_ids") --features-dir $(printf '%q' "$out/features/omnivore_video")"
fi
