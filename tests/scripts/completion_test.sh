#!/bin/bash
# What bash completes, and that the manual page is one.
set -u
place=$(mktemp -d "${TMPDIR:-/tmp}/unroll completion.XXXXXX")
trap 'rm -rf "$place"' EXIT
cd "$place" || exit
PATH=$(dirname "$UNROLL_PROGRAM"):$PATH

fail() {
  printf 'FAILED: %s\n' "$*"
  exit 1
}

touch my_config.toml my.cell
source <(unroll completion bash) || fail "bash does not read its completion"
complete -p unroll >/dev/null || fail "nothing is registered"
compopt() { :; }  # outside of a completion there is none

# completes LINE WORD...: each word must be offered at the end of the line.
completes() {
  local line=$1
  shift
  COMP_LINE=$line COMP_POINT=${#line} COMPREPLY=()
  _unroll
  for word in "$@"; do
    printf '%s\n' "${COMPREPLY[@]}" | grep -qxF -- "$word" || fail "'$line' offers no $word but: ${COMPREPLY[*]}"
  done
}
completes 'unroll sw' sweep
completes 'unroll ' run study cells help
completes 'unroll run --dr' --dry-run
completes 'unroll run model.ce' model.cell=
completes 'unroll run model.cell=ls' lstm
completes 'unroll run model.bidirectional=' true false
completes 'unroll sweep my_c' my_config.toml
completes 'unroll run model.cell=my' my.cell
completes 'unroll run model.start=my_' my_config.toml
completes 'unroll cells sh' show
completes 'unroll cells show gr' gru
completes 'unroll study grad' gradient-flow
completes 'unroll tasks add' adding
completes 'unroll help pl' plan
completes 'unroll completion f' fish
COMP_LINE='unroll run nothing.like.this' COMP_POINT=${#COMP_LINE} COMPREPLY=()
_unroll
((${#COMPREPLY[@]} == 0)) || fail "words are offered for nothing: ${COMPREPLY[*]}"

unroll man >unroll.1 || fail "no manual page"
for word in '.TH UNROLL' '.SH VERBS' 'unroll sweep' 'train.learning_rate' 'EXIT STATUS'; do
  grep -qF "${word//-/\\-}" unroll.1 || grep -qF "$word" unroll.1 || fail "the manual page lacks $word"
done
if command -v man >/dev/null; then
  man --warnings -l unroll.1 2>warnings >page || fail "man does not read the page"
  [[ ! -s warnings ]] || fail "man warns: $(head -3 warnings)"
fi
printf 'completion and manual page\n'
