#!/bin/bash
# Every public header compiles alone. Where a source includes its own header first, building it has shown that;
# the other headers are compiled here. And what would make the umbrella header slow to compile stays out of it.
set -u
cd "$UNROLL_SOURCE_DIR" || exit

own_source_is_proof() {  # own_source_is_proof HEADER
  local source=${1%.hpp}.cpp
  [[ -e $source && $(grep -m1 '^#include' "$source") == "#include \"$1\"" ]]
}
compiles_alone() {  # compiles_alone HEADER
  g++ -std=c++20 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -I. -include "$1" -x c++ /dev/null
}

control=$(mktemp --suffix .hpp)
trap 'rm -f "$control"' EXIT
echo 'std::string name();' >"$control"
compiles_alone "$control" 2>/dev/null && { echo "FAILED: a header without its includes passes"; exit 1; }

compiled=0
failures=()
while IFS= read -r header; do
  own_source_is_proof "$header" && continue
  compiles_alone "$header" || failures+=("$header does not compile alone")
  compiled=$((compiled + 1))
done < <(find framework models -name '*.hpp' -not -path 'framework/tensor/kernels/*' | sort)
((compiled)) || failures+=("no header found")
printf '%d compiled here\n' "$compiled"

heavy=$(g++ -std=c++20 -I. -M -include models/unroll.hpp -x c++ /dev/null | grep -oE '/include/(boost|fmt|tao|tbb|xsimd)/' | sort -u)
[[ -z $heavy ]] || failures+=("models/unroll.hpp includes what is slow to compile: ${heavy//$'\n'/ }")

((${#failures[@]} == 0)) || { printf 'FAILED: %s\n' "${failures[@]}"; exit 1; }
