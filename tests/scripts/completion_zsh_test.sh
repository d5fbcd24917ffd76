#!/usr/bin/env bash
# Tab, typed into an interactive zsh.
source "${UNROLL_SOURCE_DIR:?}/tests/scripts/support/program.bash"
command -v zsh >/dev/null || { echo 'skipped: there is no zsh'; exit 77; }
source "$UNROLL_SOURCE_DIR/tests/scripts/support/completions.bash"

unroll completion zsh | zsh -n || fail 'zsh does not read its completion'
timeout 120 zsh -f "$UNROLL_SOURCE_DIR/tests/scripts/support/typed_lines.zsh" "${typed[@]}" >lines || fail 'zsh does not answer'
mapfile -t lines <lines
for i in "${!typed[@]}"; do
  line=${lines[i]//\\/}  # a blank in a name stands behind a backslash
  [[ ${line% } == "${completed[i]}" ]] || fail "zsh makes '$line' of '${typed[i]}', not '${completed[i]}'"
  [[ $line != *=' ' ]] || fail "'$line': a value follows the = at once"
done
printf '%d lines were typed into zsh\n' "${#lines[@]}"
