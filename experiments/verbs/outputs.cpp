#include "experiments/verbs/outputs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "experiments/report/csv.hpp"
#include "experiments/report/report.hpp"
#include "experiments/sweep/fixed_settings.hpp"
#include "experiments/sweep/folder_lock.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

/// The lines of a folder's header without their '#'.
std::vector<std::string> comments_in(const std::string& header) {
  std::vector<std::string> lines;
  std::istringstream stream(header);
  for (std::string line; std::getline(stream, line);)
    if (line.starts_with("# ")) lines.push_back(line.substr(2));
  return lines;
}

/// What computed the records: one line each, usually one; then what made the folder, and when.
std::string provenance(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  std::set<std::string> builds;
  for (const TrialRecord& record : records) builds.insert(record.build);
  std::vector<std::string> lines(builds.begin(), builds.end());
  for (const std::string& line : comments_in(plan.header))
    if (!builds.contains(line)) lines.push_back(line);
  return fmt::format("{}", fmt::join(lines, "\n"));
}

/// "long_range" for out/long_range, out/long_range/ and, inside that folder, for ".".
std::string title_of(const std::filesystem::path& folder) {
  std::error_code error;
  auto whole = std::filesystem::weakly_canonical(folder, error);
  if (error) whole = folder;
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

}  // namespace

void write_outputs(const Laboratory& laboratory, StoredSweep& sweep) {
  const std::filesystem::path& folder = sweep.folder;
  const FolderLock lock(folder);
  sweep.refresh(laboratory);
  const std::vector<TrialRecord> records = sweep_state(sweep.plan, sweep.journals).records;
  write_file(folder / "results.csv",
             results_csv(sweep.plan, records, fixed_settings(laboratory, sweep.plan)));
  write_file(folder / "series.csv", series_csv(sweep.plan, records));
  write_file(folder / "timing.csv", timing_csv(sweep.plan, records));
  write_file(folder / "report.html",
             report_html(sweep.plan, records, title_of(folder), provenance(sweep.plan, records)));
}

}  // namespace unroll
