#!/usr/bin/env bash
# What fish offers for lines that are typed into it: for each one word, or none.
source "${UNROLL_SOURCE_DIR:?}/tests/scripts/support/program.bash"
command -v fish >/dev/null || { echo 'skipped: there is no fish'; exit 77; }
source "$UNROLL_SOURCE_DIR/tests/scripts/support/completions.bash"
export HOME=$work  # where fish keeps its own files

unroll completion fish | fish --no-execute || fail 'fish does not read its completion'
unroll completion fish >unroll.fish
for i in "${!typed[@]}"; do
  line=${typed[i]}
  mapfile -t offered < <(timeout 60 fish -c 'source unroll.fish; complete -C $argv[1]' -- "$line" | cut -f1)
  if [[ ${completed[i]} == "$line" ]]; then
    ((${#offered[@]} == 0)) || fail "fish offers for '$line': ${offered[*]}"
    continue
  fi
  ((${#offered[@]} == 1)) || fail "fish offers ${#offered[@]} words for '$line': ${offered[*]}"
  before=${line% *}
  [[ "$before ${offered[0]}" == "${completed[i]}" ]] || fail "fish offers '${offered[0]}' for '$line', not '${completed[i]}'"
done
printf '%d lines were typed into fish\n' "${#typed[@]}"
