#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <numeric>

#include "experiments/tasks/automaton.hpp"
#include "experiments/tasks/common.hpp"
#include "experiments/tasks/state_tracking.hpp"
#include "experiments/tasks/symbol_task.hpp"

namespace unroll {
namespace {

/// In one-line notation: where each thing goes.
using Permutation = std::array<std::int64_t, 5>;

bool is_even(const Permutation& p) {
  int inversions = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = i + 1; j < p.size(); ++j) inversions += p[i] > p[j];
  return inversions % 2 == 0;
}

Permutation identity() {
  Permutation p{};
  std::iota(p.begin(), p.end(), 0);
  return p;
}

/// In lexicographic order, so that the identity is the first one.
std::vector<Permutation> symmetric_group() {
  std::vector<Permutation> all;
  Permutation p = identity();
  do all.push_back(p);
  while (std::ranges::next_permutation(p).found);
  return all;
}

std::vector<Permutation> alternating_group() {
  std::vector<Permutation> even;
  std::ranges::copy_if(symmetric_group(), std::back_inserter(even), is_even);
  return even;
}

std::vector<Permutation> adjacent_transpositions() {
  std::vector<Permutation> all;
  for (std::size_t k = 0; k + 1 < Permutation{}.size(); ++k) {
    Permutation& exchange = all.emplace_back(identity());
    std::swap(exchange[k], exchange[k + 1]);
  }
  return all;
}

/// First b, then a.
Permutation product(const Permutation& a, const Permutation& b) {
  Permutation p{};
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = a[static_cast<std::size_t>(b[i])];
  return p;
}

Automaton products(const std::vector<Permutation>& group, const std::vector<Permutation>& symbols) {
  std::map<Permutation, std::int64_t> index;
  for (const Permutation& p : group) index.emplace(p, std::ssize(index));
  return state_reporter(std::ssize(group), std::ssize(symbols), [&](std::int64_t state, std::int64_t symbol) {
    return index.at(
        product(group[static_cast<std::size_t>(state)], symbols[static_cast<std::size_t>(symbol)]));
  });
}

struct Variant {
  std::string_view name;
  std::vector<Permutation> (*group)();
  std::vector<Permutation> (*symbols)();
};

constexpr std::array<Variant, 3> variants = {{
    {"S5", symmetric_group, symmetric_group},
    {"A5", alternating_group, alternating_group},
    {"S5 transpositions", symmetric_group, adjacent_transpositions},
}};

}  // namespace

TaskRow word_problem_row() {
  return {.name = "word_problem",
          .summary = "the product so far of permutations of five things",
          .source = "Merrill, Petty, Sabharwal 2024, The illusion of state in state-space models",
          .variants = variant_names(variants),
          .length = LengthRange{3, 40},
          .options = {supervision_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) {
            const Variant& variant = find_variant(variants, config);
            return follow(products(variant.group(), variant.symbols()), config);
          }};
}

}  // namespace unroll
