#include "experiments/verbs/folder_argument.hpp"

#include <fmt/format.h>

#include "experiments/sweep/say.hpp"

namespace unroll {

std::filesystem::path folder_argument(const Arguments& arguments) {
  if (arguments.words.size() == 1) return arguments.words.front();
  throw UsageError(
      fmt::format("expected one word, the folder of a sweep, but got {}", arguments.words.size()));
}

std::string counts_text(const StoredSweep& sweep, const SweepState& state) {
  return fmt::format("{} trials: {} done, {}{} diverged, {} failed, {} missing", sweep.plan.trials.size(),
                     state.done, state.stopped > 0 ? fmt::format("{} stopped, ", state.stopped) : "",
                     state.diverged, state.failed, state.missing.size());
}

void say_ignored(const StoredSweep& sweep) {
  for (const std::string& sentence : sweep.journals.ignored()) say("warning: {}\n", sentence);
  for (const auto& [id, sentence] : sweep.journals.conflicts()) say("warning: {}\n", sentence);
}

}  // namespace unroll
