#include "experiments/verbs/outputs.hpp"

#include <tbb/parallel_invoke.h>

#include <optional>
#include <string>
#include <vector>

#include "experiments/report/csv.hpp"
#include "experiments/report/report.hpp"
#include "experiments/studies/study_page.hpp"
#include "experiments/sweep/fixed_settings.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

/// "long_range" for out/long_range, out/long_range/ and, inside that folder, for ".".
std::string title_of(const std::filesystem::path& folder) {
  std::error_code error;
  auto whole = std::filesystem::weakly_canonical(folder, error);
  if (error) whole = folder;
  return (whole.has_filename() ? whole : whole.parent_path()).filename().string();
}

/// What a study expects of this part of it, where the folder is one and has been judged.
std::string expectations_html(const std::filesystem::path& folder) {
  std::error_code error;
  const auto whole = std::filesystem::weakly_canonical(folder, error);
  if (error) return "";
  const std::optional<Outcome> outcome = read_outcome(whole.parent_path());
  return outcome ? expectations_section(outcome->of_part(whole.filename().string())) : "";
}

constexpr int most_looks = 20;

void write_all_outputs(const Laboratory& laboratory, const StoredSweep& sweep) {
  const std::filesystem::path& folder = sweep.folder;
  const std::vector<TrialRecord> records = sweep_state(sweep.plan, sweep.journals).records;
  const std::vector<FixedSetting> fixed = fixed_settings(laboratory, sweep.plan);
  // Of ten thousand trials each takes tenths of a second.
  tbb::parallel_invoke(
      [&] {
        write_file(folder / "results.csv", results_csv(sweep.plan, records, fixed));
        write_file(folder / "timing.csv", timing_csv(sweep.plan, records));
      },
      [&] { write_file(folder / "series.csv", series_csv(sweep.plan, records)); },
      [&] {
        const ReportParts parts{
            .fixed = fixed, .published = read_published(folder), .foreword = expectations_html(folder)};
        write_file(folder / "report.html", report_html(sweep.plan, records, title_of(folder), parts));
      });
}

}  // namespace

void write_outputs(const Laboratory& laboratory, StoredSweep& sweep) {
  sweep.refresh(laboratory);
  // Those that still train write in their turn: there is an end to looking again.
  for (int looks = 0; looks < most_looks; ++looks) {
    write_all_outputs(laboratory, sweep);
    if (!sweep.refresh(laboratory)) return;
  }
}

}  // namespace unroll
