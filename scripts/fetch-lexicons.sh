#!/usr/bin/env bash
# Extracts two sentiment lexicons from Python packages: VADER (Hutto and Gilbert
# 2014; MIT) and AFINN-111 (Nielsen 2011; ODbL).  Prints their paths.
#   scripts/fetch-lexicons.sh [FOLDER]    default: ~/.cache/heed
set -euo pipefail
. "$(dirname "$0")/package.bash"

folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/heed}
from_package vaderSentiment==3.3.2 vaderSentiment/vader_lexicon.txt \
  1ec9c6e9ee19aade328f8beb393a6afa71a5bb3acf7d3cc22d4ef568df374bf5 \
  "$folder/vader_lexicon.txt"
from_package afinn==0.1 afinn-0.1/afinn/data/AFINN-111.txt \
  4703e14ed5ce7cb73591037cf21a202c0bdf8bdac06392808a1d5606ecf77a06 \
  "$folder/AFINN-111.txt"
