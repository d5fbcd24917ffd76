#include "experiments/verbs/folder_argument.hpp"
#include "experiments/sweep/say.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace unroll {

StoredSweep read_sweep(const Arguments& arguments) {
  if (arguments.words.size() != 1) {
    throw UsageError(
        fmt::format("expected one word, the folder of a sweep, but got {}", arguments.words.size()));
  }
  const std::filesystem::path folder = arguments.words.front();
  StoredSweep sweep{folder, read_plan(folder), JournalReader(folder)};
  sweep.journals.refresh();
  for (const std::string& sentence : sweep.journals.ignored()) say("warning: {}\n", sentence);
  return sweep;
}

}  // namespace unroll
