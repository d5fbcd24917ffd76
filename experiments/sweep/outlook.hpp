#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "experiments/sweep/space.hpp"

namespace unroll {

/// Trials that the sweep would refuse for one reason.
struct Refusal {
  std::string reason;
  std::size_t trials = 0;
  std::string first;  ///< the settings of one of them
};

/// What a sweep would do, without doing any of it.
struct Outlook {
  std::filesystem::path folder;
  std::size_t points = 0;
  Omitted omitted;
  std::size_t trials = 0;
  std::size_t done = 0, stopped = 0, diverged = 0, failed = 0;  ///< in the folder already
  std::size_t to_run = 0;
  std::vector<Refusal> refusals;
  std::vector<std::string> folder_refuses;  ///< why the folder takes none of them

  std::vector<std::vector<Rung>> rungs;  ///< of each bracket of a search
  double share = 1;                      ///< of all updates, those that the search makes

  double flops = 0, flops_to_run = 0;
  int at_once = 1;   ///< trials
  double bytes = 0;  ///< of so many of the largest together
  double bytes_available = 0;
  double seconds = 0;                  ///< NaN: nothing could be measured
  std::int64_t updates_in_budget = 0;  ///< of each trial; 0: not even one
  bool may_end_early = false;          ///< then the time is the most that it takes
  std::size_t shapes = 0;              ///< that trials to run differ by in cost
  std::size_t costed = 0;              ///< of them; the others are told from these
  std::size_t measured = 0;

  bool refused() const { return !refusals.empty() || !folder_refuses.empty(); }
};

struct OutlookOptions {
  std::filesystem::path folder;
  int at_once = 1;
  bool extend = false;
  std::string build;  ///< of this program; empty: any will do
  double calibration_seconds = 1;
  double budget_seconds = 0;  ///< for all of it; above 0, Outlook::updates_in_budget is told
};

/// Expands a sweep, costs it, and trains a few updates of some trials to tell how long it takes. Writes
/// nothing. Throws ConfigError for a config that makes no sweep, FileError and JournalConflict for a folder
/// that cannot be read.
Outlook outlook_of(const Laboratory& laboratory, Space& space, const OutlookOptions& options);

}  // namespace unroll
