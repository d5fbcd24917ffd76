#include "experiments/tasks/grammar.hpp"

#include <algorithm>
#include <utility>

namespace unroll {
namespace {

std::size_t at(std::int64_t index) { return static_cast<std::size_t>(index); }

double share_of_a_branch(const std::vector<Grammar::Branch>& branches) {
  return 1 / static_cast<double>(branches.size());
}

void add(Walk& walk, const Grammar& grammar, std::int64_t state, const Grammar::Branch& taken) {
  std::vector<bool>& possible = walk.possible.emplace_back(at(grammar.symbols));
  for (const Grammar::Branch& branch : grammar.states[at(state)]) possible[at(branch.symbol)] = true;
  walk.symbols.push_back(taken.symbol);
}

/// The states' probabilities a step later.
std::vector<double> after_a_step(const Grammar& grammar, const std::vector<double>& before) {
  std::vector<double> after(before.size());
  for (std::size_t s = 0; s < before.size(); ++s)
    for (const Grammar::Branch& branch : grammar.states[s])
      after[at(branch.next)] += before[s] * share_of_a_branch(grammar.states[s]);
  return after;
}

std::vector<double> only(const Grammar& grammar, std::int64_t state) {
  std::vector<double> probabilities(grammar.states.size());
  probabilities[at(state)] = 1;
  return probabilities;
}

}  // namespace

Strings::Strings(Grammar grammar, std::int64_t longest) : grammar_(std::move(grammar)) {
  reaches_.push_back(only(grammar_, grammar_.end));
  for (std::int64_t steps = 1; steps <= longest; ++steps) {
    std::vector<double> all(grammar_.states.size());
    for (std::size_t s = 0; s < all.size(); ++s)
      for (const Grammar::Branch& branch : grammar_.states[s])
        all[s] += reaches(branch.next, steps - 1) * share_of_a_branch(grammar_.states[s]);
    reaches_.push_back(std::move(all));
  }
}

std::vector<double> Strings::shares(LengthRange lengths) const {
  std::vector<double> all;
  for (std::int64_t length = lengths.least; length <= lengths.most; ++length)
    all.push_back(reaches(grammar_.start, length));
  return all;
}

Walk Strings::draw(Stream& stream, std::int64_t length) const {
  Walk walk;
  std::int64_t state = grammar_.start;
  for (std::int64_t left = length - 1; left >= 0; --left) {
    const std::vector<Grammar::Branch>& branches = grammar_.states[at(state)];
    double all = 0;
    for (const Grammar::Branch& branch : branches) all += reaches(branch.next, left);
    double number = stream.uniform() * all;
    const Grammar::Branch* taken = nullptr;
    for (const Grammar::Branch& branch : branches) {
      const double share = reaches(branch.next, left);
      if (share == 0) continue;
      taken = &branch;
      if (number < share) break;
      number -= share;
    }
    add(walk, grammar_, state, *taken);
    state = taken->next;
  }
  return walk;
}

std::vector<std::vector<double>> Strings::symbol_probabilities(LengthRange lengths) const {
  double in_range = 0;
  for (const double share : shares(lengths)) in_range += share;
  std::vector<std::vector<double>> all;
  std::vector<double> states = only(grammar_, grammar_.start);
  for (std::int64_t t = 0; t < lengths.most; ++t) {
    std::vector<double>& symbols = all.emplace_back(at(grammar_.symbols));
    for (std::size_t s = 0; s < states.size(); ++s)
      for (const Grammar::Branch& branch : grammar_.states[s]) {
        double ends = 0;  // within the range
        for (std::int64_t n = std::max(lengths.least, t + 1); n <= lengths.most; ++n)
          ends += reaches(branch.next, n - t - 1);
        symbols[at(branch.symbol)] += states[s] * share_of_a_branch(grammar_.states[s]) * ends / in_range;
      }
    states = after_a_step(grammar_, states);
  }
  return all;
}

Walk endless_walk(const Grammar& grammar, Stream& stream, std::int64_t steps) {
  Walk walk;
  std::int64_t state = grammar.start;
  for (std::int64_t t = 0; t < steps; ++t) {
    const std::vector<Grammar::Branch>& branches = grammar.states[at(state)];
    const std::int64_t taken =
        branches.size() > 1 ? stream.below(static_cast<std::int64_t>(branches.size())) : 0;
    add(walk, grammar, state, branches[at(taken)]);
    state = branches[at(taken)].next;
  }
  return walk;
}

std::vector<std::vector<double>> endless_probabilities(const Grammar& grammar, std::int64_t steps) {
  std::vector<std::vector<double>> all;
  std::vector<double> states = only(grammar, grammar.start);
  for (std::int64_t t = 0; t < steps; ++t) {
    std::vector<double>& symbols = all.emplace_back(at(grammar.symbols));
    for (std::size_t s = 0; s < states.size(); ++s)
      for (const Grammar::Branch& branch : grammar.states[s])
        symbols[at(branch.symbol)] += states[s] * share_of_a_branch(grammar.states[s]);
    states = after_a_step(grammar, states);
  }
  return all;
}

}  // namespace unroll
