#!/usr/bin/env bash
# Includes point one way: the framework knows no models, models know no experiments, and inside of framework/ and
# experiments/ a folder includes only itself and those before it.
set -euo pipefail
cd "${UNROLL_SOURCE_DIR:-$(dirname "$0")/../..}"

# What is on one line may include each other: a laboratory is made of the settings of training, which asks it.
order=(
  framework/tensor
  framework/random
  framework/autodiff
  framework/plan/ir
  framework/plan/passes
  framework/plan/bind
  framework/plan/run
  framework/plan
  framework/optim
  models
  experiments/config
  experiments/text
  experiments/data
  experiments/objectives
  experiments/tasks
  experiments/records
  "experiments/train experiments/instruments experiments/laboratory"
  experiments/sweep
  experiments/cluster
  experiments/report
  experiments/studies
  experiments/saved
  experiments/export
  experiments/bench
  "experiments/verbs experiments/main"
)

# Prints the arrows back in the tree $1, one "FILE includes FILE" a line.
arrows_back() {
  (cd "$1" && grep -rnoE '^#include "[^"]+"' --include='*.hpp' --include='*.cpp' framework models experiments) |
    awk -F '[:"]' -v floors="$(printf '%s\n' "${order[@]}")" '
      BEGIN {
        count = split(floors, lines, "\n")
        for (i = 1; i <= count; ++i) {
          parts = split(lines[i], names, " ")
          for (j = 1; j <= parts; ++j) rank[names[j]] = i
        }
      }
      function place(file,   parts, base, count) {
        count = split(file, parts, "/")
        if (parts[1] == "models") return parts[1]
        base = parts[2]
        sub(/\..*/, "", base)
        if (base == "plan" && count > 3) base = base "/" parts[3]
        return parts[1] "/" base
      }
      {
        from = place($1); to = place($4)
        if (!(from in rank)) { print $1 " is in no folder of the order"; next }
        if (!(to in rank)) { print $4 " is in no folder of the order"; next }
        if ((to in rank) && rank[to] > rank[from]) print $1 " includes " $4
      }'
}

found=$(arrows_back .)
if [[ -n $found ]]; then
  printf 'Includes that point back:\n%s\n' "$found"
  exit 1
fi

# It sees one where there is one.
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree"/{framework/{autodiff,plan/{ir,bind}},models,experiments/{config,train}}
echo '#include "experiments/train/config.hpp"' > "$tree/experiments/config/option.cpp"
echo '#include "experiments/config/option.hpp"' > "$tree/experiments/train/config.hpp"
echo '#include "models/cell.hpp"' > "$tree/framework/autodiff/tape.hpp"
echo '#include "framework/plan/bind/binding.hpp"' > "$tree/framework/plan/ir/program.hpp"
echo '#include "framework/plan/ir/program.hpp"' > "$tree/framework/plan/bind/binding.hpp"
expected=$'experiments/config/option.cpp includes experiments/train/config.hpp
framework/autodiff/tape.hpp includes models/cell.hpp
framework/plan/ir/program.hpp includes framework/plan/bind/binding.hpp'
if [[ $(arrows_back "$tree" | sort) != "$expected" ]]; then
  printf 'The check does not see arrows back:\n%s\n' "$(arrows_back "$tree")"
  exit 1
fi
