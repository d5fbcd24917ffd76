#include "experiments/tasks/automaton.hpp"
#include "experiments/tasks/state_tracking.hpp"
#include "experiments/tasks/symbol_task.hpp"

namespace unroll {
namespace {

constexpr const char* deletang =
    "Delétang et al. 2023, Neural networks and the Chomsky hierarchy, and published code";

/// The variant whose bits are numbers -1 and 1.
constexpr const char* signs = "signs";

Automaton parity() {
  return state_reporter(2, 2, [](std::int64_t odd, std::int64_t bit) { return (odd + bit) % 2; });
}

/// State 0 before the first bit, then 1 + 2 * first + last.
Automaton even_pairs() {
  const auto state = [](std::int64_t first, std::int64_t last) { return 1 + 2 * first + last; };
  Automaton automaton{.symbols = 2, .classes = 2, .states = {{{0, 2}, {state(0, 0), state(1, 1)}, 1}}};
  for (const std::int64_t first : {0, 1})
    for (const std::int64_t last : {0, 1})
      automaton.states.push_back({{0, 2}, {state(first, 0), state(first, 1)}, first == last});
  return automaton;
}

Automaton ring() {
  constexpr std::int64_t places = 5, moves = 3;
  // Channel 2 is -1, which is 2 modulo 3 and 4 modulo 5.
  return state_reporter(places, moves, [](std::int64_t place, std::int64_t move) {
    return (place + (move == 2 ? places - 1 : move)) % places;
  });
}

/// A cycle, a transposition and a map that merges two states generate all maps (Howie 1966).
Automaton four_states() {
  static constexpr std::int64_t next[4][3] = {{1, 1, 0}, {2, 0, 1}, {3, 2, 2}, {0, 3, 2}};
  return state_reporter(4, 3, [](std::int64_t state, std::int64_t symbol) { return next[state][symbol]; });
}

TaskRow row_of(std::string name, std::string summary, std::string source, Automaton (*automaton)()) {
  return {.name = std::move(name),
          .summary = std::move(summary),
          .source = std::move(source),
          .variants = {"standard"},
          .length = LengthRange{3, 40},
          .options = {supervision_option()},
          .make = [automaton](const TaskConfig& config, const ObjectiveList&) {
            return follow(automaton(), config);
          }};
}

}  // namespace

TaskRow parity_row() {
  TaskRow row = row_of("parity", "is the number of ones so far odd?", deletang, parity);
  row.variants.push_back(signs);
  row.make = [](const TaskConfig& config, const ObjectiveList&) {
    Automaton automaton = parity();
    automaton.signs = config.variant == signs;
    return follow(std::move(automaton), config);
  };
  return row;
}

TaskRow even_pairs_row() {
  return row_of("even_pairs", "are there as many changes from 0 to 1 as from 1 to 0?", deletang, even_pairs);
}

TaskRow cycle_navigation_row() {
  return row_of("cycle_navigation", "after moves 0, +1 and -1 on a ring of five places, where?", deletang,
                ring);
}

TaskRow finite_state_machine_row() {
  return row_of("finite_state_machine", "follow an automaton of four states that can forget", "ours",
                four_states);
}

}  // namespace unroll
