# abi: the version of the plugin ABI, as the header states it.
abi() {
  awk '$2 == "HEED_ABI_MAJOR" && $1 == "#define" { major = $3 }
       $2 == "HEED_ABI_MINOR" && $1 == "#define" { print major "." $3 }' \
    "$HEED_SOURCE/runner/include/heed/abi.h"
}
