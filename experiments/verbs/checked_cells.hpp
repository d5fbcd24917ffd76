#pragma once

#include <filesystem>
#include <set>
#include <string>

#include "experiments/sweep/plan.hpp"

namespace unroll {

/// The cells of a sweep's trials, each checked (models/cell_check.hpp) the first time that an output folder
/// meets it: which ones passed stands in its file checked-cells.txt, by equations, activation, constants and
/// build.
class CheckedCells {
 public:
  CheckedCells(const Laboratory& laboratory, const std::filesystem::path& folder, std::string build);

  /// Throws ConfigError with the table of offenders.
  void check(const SweepPlan& plan);
  /// Into the folder, which exists by now, beside what other processes checked.
  void save();

 private:
  std::string key_of(const Config& config) const;

  void read();

  const Laboratory& laboratory_;
  std::filesystem::path folder_, file_;
  std::string build_;
  std::set<std::string> passed_;
};

}  // namespace unroll
