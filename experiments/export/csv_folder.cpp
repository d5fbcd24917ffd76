#include <algorithm>
#include <array>

#include "experiments/export/export_format.hpp"
#include "experiments/report/csv.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

constexpr std::array<std::string_view, 3> file_names = {"results.csv", "series.csv", "timing.csv"};

/// A folder with these files alone; results.csv begins with ids.
bool wrote_csv(const std::filesystem::path& path) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(path, ignored)) return false;
  const std::vector<std::string> names = names_in(path);
  const bool only_these = std::ranges::all_of(
      names, [](const std::string& name) { return std::ranges::find(file_names, name) != file_names.end(); });
  return only_these && (names.empty() || first_bytes(path / "results.csv", 3) == "id,");
}

void write_csv(const ExportedSweep& sweep, const std::filesystem::path& target) {
  make_folders(target);
  write_file(target / "results.csv",
             results_csv(sweep.plan, sweep.records, fixed_settings(sweep.laboratory, sweep.plan)));
  write_file(target / "series.csv", series_csv(sweep.plan, sweep.records));
  std::error_code none;
  if (sweep.timing)
    write_file(target / "timing.csv", timing_csv(sweep.plan, sweep.records));
  else
    std::filesystem::remove(target / "timing.csv", none);  // of an earlier export: it may be of other records
}

}  // namespace

const ExportFormat& csv_format() {
  static const ExportFormat format{"csv", "csv",     "a folder with results.csv and series.csv",
                                   true,  wrote_csv, write_csv};
  return format;
}

}  // namespace unroll
