#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "experiments/sweep/say.hpp"
#include "experiments/verbs/folder_argument.hpp"

namespace unroll {

namespace {

void add_retry_flags(Flags& flags) {
  flags.add_options()("failed", "trials that failed")("diverged", "trials that diverged")(
      "disagreeing", "trials whose records disagree");
}

struct Chosen {
  std::vector<SetAside> records;
  std::size_t failed = 0, diverged = 0, disagreeing = 0;
  std::size_t trials() const { return failed + diverged + disagreeing; }
};

Chosen chosen(const Arguments& arguments, const StoredSweep& sweep) {
  Chosen all;
  const auto take = [&](const std::string& id, std::optional<TrialStatus> status, std::size_t& count) {
    std::ranges::move(sweep.journals.lines_of(id, status), std::back_inserter(all.records));
    ++count;
  };
  for (const auto& [id, record] : sweep.journals.records()) {
    if (sweep.journals.conflicts().contains(id)) {
      if (arguments.has("disagreeing")) take(id, {}, all.disagreeing);
    } else if (record.status == TrialStatus::failed && arguments.has("failed")) {
      take(id, TrialStatus::failed, all.failed);
    } else if (record.status == TrialStatus::diverged && arguments.has("diverged")) {
      take(id, TrialStatus::diverged, all.diverged);
    }
  }
  return all;
}

int retry(const Arguments& arguments) {
  if (!arguments.has("failed") && !arguments.has("diverged") && !arguments.has("disagreeing"))
    throw UsageError("`unroll retry` needs to know which trials: --failed, --diverged or --disagreeing");
  const StoredSweep sweep = read_sweep(arguments.laboratory(), folder_argument(arguments));
  say_ignored(sweep);
  const Chosen all = chosen(arguments, sweep);
  write_set_aside(sweep.folder, all.records);
  say("{} trial{} to be trained again: {} failed, {} diverged, {} with records that disagree{}\n",
      all.trials(), all.trials() == 1 ? "" : "s", all.failed, all.diverged, all.disagreeing,
      all.trials() == 0 ? "" : "; the command that made the folder, which sweep.toml begins with, does it");
  return exit_good;
}

}  // namespace

const Verb& retry_verb() {
  static const Verb verb{
      .name = "retry",
      .summary = "set records aside, so that the sweep's command trains these trials again",
      .usage = "DIR [--failed] [--diverged] [--disagreeing]",
      .examples =
          "  unroll retry out/long_range --failed\n"
          "The journals stay as they are. What diverged or failed for a reason that is still there does so "
          "again.",
      .add_flags = add_retry_flags,
      .run = retry,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
