#include "experiments/tasks/automaton.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "experiments/tasks/symbol_task.hpp"

namespace unroll {
namespace {

using Probabilities = std::vector<double>;

Probabilities after_a_step(const Automaton& automaton, const Probabilities& before) {
  Probabilities after(before.size());
  for (std::size_t s = 0; s < before.size(); ++s) {
    const std::vector<std::int64_t>& next = automaton.states[s].next;
    const double each = before[s] / static_cast<double>(next.size());
    if (each == 0) continue;
    for (const std::int64_t state : next) after[static_cast<std::size_t>(state)] += each;
  }
  return after;
}

std::optional<double> answer_entropy(const Automaton& automaton, const Probabilities& states) {
  Probabilities classes(static_cast<std::size_t>(automaton.classes));
  bool answers = false;
  for (std::size_t s = 0; s < states.size(); ++s) {
    const std::optional<std::int64_t>& answer = automaton.states[s].answer;
    if (states[s] == 0 || !answer) continue;
    classes[static_cast<std::size_t>(*answer)] += states[s];
    answers = true;
  }
  if (!answers) return std::nullopt;
  double nats = 0;
  for (const double p : classes)
    if (p > 0) nats -= p * std::log(p);
  return nats;
}

class Follow final : public SymbolTask {
 public:
  Follow(Automaton automaton, const TaskConfig& config, bool odd_only)
      : SymbolTask({.symbols = automaton.symbols,
                    .classes = automaton.classes,
                    .always_answers = std::ranges::all_of(
                        automaton.states, [](const auto& state) { return state.answer.has_value(); }),
                    .signs = automaton.signs},
                   config, supervision_of(config)),
        automaton_(std::move(automaton)),
        odd_only_(odd_only) {}

 protected:
  std::int64_t steps_of(std::int64_t length) const override {
    return odd_only_ ? length - (length % 2 == 0) : length;
  }

  std::vector<SymbolStep> draw(Stream& stream, std::int64_t length) const override {
    std::vector<SymbolStep> read;
    const Automaton::State* state = &at(automaton_.start);
    for (std::int64_t t = 0; t < steps_of(length); ++t) {
      const std::int64_t drawn = stream.below(state->drawn.count);
      const std::int64_t symbol = state->drawn.first + drawn;
      state = &at(state->next[static_cast<std::size_t>(drawn)]);
      read.push_back({symbol, state->answer});
    }
    return read;
  }

  std::vector<std::optional<double>> entropies(std::int64_t steps) const override {
    return answer_entropies(automaton_, steps);
  }

 private:
  const Automaton::State& at(std::int64_t state) const {
    return automaton_.states[static_cast<std::size_t>(state)];
  }

  Automaton automaton_;
  bool odd_only_;
};

}  // namespace

std::vector<std::optional<double>> answer_entropies(const Automaton& automaton, std::int64_t steps) {
  Probabilities states(automaton.states.size());
  states[static_cast<std::size_t>(automaton.start)] = 1;
  std::vector<std::optional<double>> all;
  for (std::int64_t t = 0; t < steps; ++t) {
    states = after_a_step(automaton, states);
    all.push_back(answer_entropy(automaton, states));
  }
  return all;
}

std::unique_ptr<Task> follow(Automaton automaton, const TaskConfig& config, bool odd_only) {
  return std::make_unique<Follow>(std::move(automaton), config, odd_only);
}

}  // namespace unroll
