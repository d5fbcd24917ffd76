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
using Permutation = std::vector<std::int64_t>;

/// A finite group: its elements are numbers, 0 the identity, and symbols stand for some of them.
struct Group {
  std::vector<std::vector<std::int64_t>> product;  ///< of a (by row) and b
  std::vector<std::int64_t> symbols;
};

bool is_even(const Permutation& p) {
  int inversions = 0;
  for (std::size_t i = 0; i < p.size(); ++i)
    for (std::size_t j = i + 1; j < p.size(); ++j) inversions += p[i] > p[j];
  return inversions % 2 == 0;
}

Permutation identity(std::size_t things) {
  Permutation p(things);
  std::iota(p.begin(), p.end(), 0);
  return p;
}

/// In lexicographic order, so that the identity is the first one.
std::vector<Permutation> all_permutations(std::size_t things) {
  std::vector<Permutation> all;
  Permutation p = identity(things);
  do all.push_back(p);
  while (std::ranges::next_permutation(p).found);
  return all;
}

std::vector<Permutation> even_permutations(std::size_t things) {
  std::vector<Permutation> even;
  std::ranges::copy_if(all_permutations(things), std::back_inserter(even), is_even);
  return even;
}

std::vector<Permutation> adjacent_transpositions(std::size_t things) {
  std::vector<Permutation> all;
  for (std::size_t k = 0; k + 1 < things; ++k) {
    Permutation& exchange = all.emplace_back(identity(things));
    std::swap(exchange[k], exchange[k + 1]);
  }
  return all;
}

/// First b, then a.
Permutation product(const Permutation& a, const Permutation& b) {
  Permutation p(a.size());
  for (std::size_t i = 0; i < p.size(); ++i) p[i] = a[static_cast<std::size_t>(b[i])];
  return p;
}

/// `product(a, b)` of numbers below `size`; every element is a symbol.
template <class Product>
Group group_of(std::int64_t size, const Product& product) {
  Group group;
  for (std::int64_t a = 0; a < size; ++a) {
    std::vector<std::int64_t>& row = group.product.emplace_back();
    for (std::int64_t b = 0; b < size; ++b) row.push_back(product(a, b));
    group.symbols.push_back(a);
  }
  return group;
}

/// Those of `symbols` alone are symbols.
Group permutation_group(const std::vector<Permutation>& elements, const std::vector<Permutation>& symbols) {
  std::map<Permutation, std::int64_t> index;
  for (const Permutation& p : elements) index.emplace(p, std::ssize(index));
  const auto element = [&](std::int64_t i) { return elements[static_cast<std::size_t>(i)]; };
  Group group = group_of(std::ssize(elements), [&](std::int64_t a, std::int64_t b) {
    return index.at(product(element(a), element(b)));
  });
  group.symbols.clear();
  for (const Permutation& symbol : symbols) group.symbols.push_back(index.at(symbol));
  return group;
}

Group permutation_group(const std::vector<Permutation>& elements) {
  return permutation_group(elements, elements);
}

Group cyclic_group(std::int64_t size) {
  return group_of(size, [size](std::int64_t a, std::int64_t b) { return (a + b) % size; });
}

/// Pairs of an element of each, the second one's changing first.
Group direct_product(const Group& first, const Group& second) {
  const std::int64_t n = std::ssize(second.product);
  const auto of = [](const Group& group, std::int64_t a, std::int64_t b) {
    return group.product[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)];
  };
  return group_of(std::ssize(first.product) * n, [&](std::int64_t a, std::int64_t b) {
    return of(first, a / n, b / n) * n + of(second, a % n, b % n);
  });
}

Automaton products(const Group& group) {
  return state_reporter(
      std::ssize(group.product), std::ssize(group.symbols), [&](std::int64_t state, std::int64_t symbol) {
        return group.product[static_cast<std::size_t>(state)]
                            [static_cast<std::size_t>(group.symbols[static_cast<std::size_t>(symbol)])];
      });
}

struct WordProblemVariant {
  std::string_view name;
  Group (*group)();
};

constexpr std::array<WordProblemVariant, 5> word_problem_variants = {{
    {"S5", [] { return permutation_group(all_permutations(5)); }},
    {"A5", [] { return permutation_group(even_permutations(5)); }},
    {"S5 transpositions", [] { return permutation_group(all_permutations(5), adjacent_transpositions(5)); }},
    {"Z60", [] { return cyclic_group(60); }},
    {"A4xZ5", [] { return direct_product(permutation_group(even_permutations(4)), cyclic_group(5)); }},
}};

}  // namespace

TaskRow word_problem_row() {
  return {.name = "word_problem",
          .summary = "the product so far of elements of a group",
          .source = "Merrill, Petty, Sabharwal 2024, The illusion of state in state-space models",
          .variants = variant_names(word_problem_variants),
          .length = LengthRange{3, 40},
          .options = {supervision_option()},
          .make = [](const TaskConfig& config, const ObjectiveList&) {
            return follow(products(find_variant(word_problem_variants, config).group()), config);
          }};
}

}  // namespace unroll
