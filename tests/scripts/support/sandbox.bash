# A copy of the scripts in a folder with a space in its name, beside sources that mean nothing, with the tools
# that set-up calls replaced by ones that write down what they were asked. Sourced by the tests beside it.
set -u
sandbox=$(mktemp -d "${TMPDIR:-/tmp}/unroll scripts.XXXXXX")
trap 'rm -rf "$sandbox"' EXIT
root="$sandbox/a b"
calls=$sandbox/calls
stubs=$sandbox/stubs

fail() {
  printf 'FAILED at %s:%s: %s\n' "${BASH_SOURCE[1]##*/}" "${BASH_LINENO[0]}" "$*"
  for log in "$calls" "$sandbox/err"; do
    [[ -s $log ]] && sed "s|^|${log##*/}: |" "$log"
  done
  exit 1
}

# stub NAME: a tool, its body on stdin, that also appends its name and arguments to the list of calls.
stub() {
  {
    printf '#!/bin/bash\nprintf "%%s\\n" "%s $*" >>"%s"\n' "$1" "$calls"
    cat
  } >"$stubs/$1"
  chmod +x "$stubs/$1"
}

mkdir -p "$stubs" "$root"/{scripts,framework,models,experiments}
cp "$UNROLL_SOURCE_DIR"/scripts/{unroll,test,setup.sh,package.json,package-lock.json} "$root/scripts"
touch "$root"/{CMakeLists.txt,CMakePresets.json,framework/tensor.cpp,models/cell.cpp,experiments/main.cpp}
: >"$calls"
export PATH=$stubs:$PATH
export SANDBOX_ROOT=$root SANDBOX=$sandbox
unset CDPATH

stub apt-get </dev/null
stub id <<<'echo 0'
stub npm <<'STUB'
mkdir -p "$SANDBOX_ROOT/scripts/node_modules" && touch "$SANDBOX_ROOT/scripts/node_modules/.package-lock.json"
STUB
# Knows every package but those listed in the file `missing`.
touch "$sandbox/missing"
stub dpkg-query <<'STUB'
for name in "${@:4}"; do
  grep -qx "$name" "$SANDBOX/missing" || printf 'installed:%s ' "$name"
done
STUB
# Configures nothing; builds a program that shows what reaches it.
stub cmake <<'STUB'
[[ $1 == --build ]] || { mkdir -p "$SANDBOX_ROOT/build/$2" && touch "$SANDBOX_ROOT/build/$2/build.ninja"; exit; }
[[ -e $SANDBOX/broken ]] && { echo "error: expected ';'" >&2; exit 1; }
echo begin >>"$SANDBOX/builds"; sleep 0.2; echo end >>"$SANDBOX/builds"
echo "talk of the build tool"
cat >"$2/unroll" <<'PROGRAM'
#!/bin/bash
printf '<%s>' "$@"
cat
exit 7
PROGRAM
chmod +x "$2/unroll"
STUB
