#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/export/event_file.hpp"
#include "experiments/export/export_format.hpp"
#include "experiments/report/axes.hpp"
#include "experiments/report/statistics.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {
namespace {

/// The only file of a trial's folder. TensorBoard looks for "tfevents" in it.
constexpr const char* file_name = "events.out.tfevents.0000000000.unroll";
constexpr std::size_t longest_name = 200;  // of a folder, in bytes; systems allow 255
constexpr std::size_t id_digits = 8;

bool is_run_folder(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) return false;
  const std::vector<std::string> names = names_in(folder);
  return names.empty() || (names.size() == 1 && names.front() == file_name);
}

bool wrote_tensorboard(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) &&
         std::ranges::all_of(names_in(path),
                             [&](const std::string& name) { return is_run_folder(path / name); });
}

/// "seed=1,task.length=10-0a1b2c3d": what people choose by, as a folder may be called; the id keeps two
/// apart.
std::string folder_of(const SweepPlan& plan, const Trial& trial) {
  std::string name;
  for (const std::string& key : plan.axis_keys)
    if (const auto value = trial.axes.find(key); value != trial.axes.end())
      name += fmt::format("{}{}={}", name.empty() ? "" : ",", key, value->second);
  for (char& c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte >= 127 || c == '/' || c == '\\') c = '_';
  }
  if (name.empty() || name.front() == '.') name.insert(0, "trial");
  return fmt::format("{}-{}", name.substr(0, longest_name), trial.id.substr(0, id_digits));
}

/// Steps of TensorBoard are whole numbers: a series over anything else has its points counted.
bool has_steps(const RecordedSeries& series) {
  return std::ranges::all_of(series.x, [](double x) { return x == std::floor(x) && std::abs(x) <= 0x1p53; });
}

std::string tag_of(const RecordedSeries& series) {
  return series.moment.empty() ? series.name : series.name + "/" + series.moment;
}

std::string events_of(const TrialRecord& run) {
  EventFile file;
  for (const RecordedSeries& series : run.series) {
    const bool steps = has_steps(series);
    for (std::size_t i = 0; i < series.x.size(); ++i)
      file.add(tag_of(series), steps ? static_cast<std::int64_t>(series.x[i]) : static_cast<std::int64_t>(i),
               series.y[i]);
  }
  for (const Scalar& scalar : run.scalars) file.add("result/" + scalar.name, run.updates, scalar.value);
  return file.bytes();
}

void write_tensorboard(const ExportedSweep& sweep, const std::filesystem::path& target) {
  make_folders(target);
  std::set<std::string> written;
  const std::vector<const TrialRecord*> runs = runs_of(sweep.plan, sweep.records);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    if (!has_result(runs[i])) continue;
    const std::string name = folder_of(sweep.plan, sweep.plan.trials[i]);
    make_folders(target / name);
    write_file(target / name / file_name, events_of(*runs[i]));
    written.insert(name);
  }
  // Of an earlier export, when other settings told the trials apart.
  std::error_code none;
  for (const std::string& name : names_in(target))
    if (!written.contains(name) && is_run_folder(target / name))
      std::filesystem::remove_all(target / name, none);
}

}  // namespace

const ExportFormat& tensorboard_format() {
  static const ExportFormat format{
      "tensorboard", "tensorboard",     "a folder with TensorBoard's event files, one folder a trial",
      false,         wrote_tensorboard, write_tensorboard};
  return format;
}

}  // namespace unroll
