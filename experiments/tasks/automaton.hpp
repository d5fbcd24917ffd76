#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/tasks/task.hpp"

namespace unroll {

/// A finite automaton that reads random symbols and answers after them.
struct Automaton {
  struct State {
    Range drawn;                     ///< symbols that may come next, one as likely as another
    std::vector<std::int64_t> next;  ///< the state after each of them
    std::optional<std::int64_t> answer;
  };

  std::int64_t symbols, classes;
  std::vector<State> states;
  std::int64_t start = 0;
  bool signs = false;  ///< of two symbols: read as -1 and 1
};

/// Of so many states, each of which answers itself: `next(state, symbol)` follows.
template <class Next>
Automaton state_reporter(std::int64_t states, std::int64_t symbols, const Next& next) {
  Automaton automaton{.symbols = symbols, .classes = states, .states = {}};
  for (std::int64_t s = 0; s < states; ++s) {
    Automaton::State state{.drawn = {0, symbols}, .next = {}, .answer = s};
    for (std::int64_t symbol = 0; symbol < symbols; ++symbol) state.next.push_back(next(s, symbol));
    automaton.states.push_back(std::move(state));
  }
  return automaton;
}

/// Entropy in nats of the answer after each of so many steps, exact: the states' probabilities are followed
/// step by step. None where no state that can be reached answers.
std::vector<std::optional<double>> answer_entropies(const Automaton& automaton, std::int64_t steps);

/// The task to answer as an automaton does. `odd_only`: sequences have the largest odd number of steps that a
/// length holds.
std::unique_ptr<Task> follow(Automaton automaton, const TaskConfig& config, bool odd_only = false);

}  // namespace unroll
