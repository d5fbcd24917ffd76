#include "experiments/verbs/checked_cells.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <xxhash.h>

#include <sstream>

#include "experiments/config/config_error.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/taught_task.hpp"
#include "framework/tensor/file.hpp"
#include "models/cell_check.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"

namespace unroll {
namespace {

std::vector<CellCheck> checks_of(const Laboratory& laboratory, const Config& config) {
  const auto make = [&](const CellOptions& options) {
    return make_cell(laboratory.cells(), config.model.cell, options);
  };
  const CellOptions small =
      small_sizes(make, cell_options(config, sizes_of(task_for(laboratory, config)->spec())));
  try {
    return check_cell(*make(small), small.input_size);
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("the cell {} cannot be checked at input {} and hidden {}: {}",
                                  label_of(config.model.cell), small.input_size, small.hidden_size,
                                  error.what()));
  }
}

/// What the equations were taken to mean: a mistyped matrix shows as a parameter too many.
void print_inferred(const Laboratory& laboratory, const Config& config) {
  const auto cell = make_cell(laboratory.cells(), config.model.cell,
                              cell_options(config, sizes_of(task_for(laboratory, config)->spec())));
  std::vector<std::string> parts;
  for (const StateSpec& s : cell->states())
    parts.push_back(fmt::format("state {} {}", s.name, to_string(s.shape)));
  for (const ParameterSpec& p : cell->parameters())
    parts.push_back(fmt::format("{} {}", p.name, to_string(p.shape)));
  const std::string_view note = cell_definition(laboratory.cells(), config.model.cell)->gradient_note();
  say("cell {}: {}{}{}\n", label_of(config.model.cell), fmt::join(parts, ", "), note.empty() ? "" : "; ",
      note);
}

}  // namespace

CheckedCells::CheckedCells(const Laboratory& laboratory, const std::filesystem::path& folder,
                           std::string build)
    : laboratory_(laboratory),
      folder_(folder),
      file_(folder / "checked-cells.txt"),
      build_(std::move(build)) {
  read();
}

void CheckedCells::read() {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file_, ignored)) return;
  std::istringstream lines(read_file(file_));
  for (std::string line; std::getline(lines, line);) passed_.insert(line);
}

std::string CheckedCells::key_of(const Config& config) const {
  std::string text = build_ + "\n" + config.model.cell.text + "\n" +
                     equations_hash(laboratory_.cells(), config.model.cell) + "\n" + config.model.activation +
                     "\n";
  for (const auto& [name, value] : config.model.constants) text += fmt::format("{}={}\n", name, value);
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

void CheckedCells::check(const SweepPlan& plan) {
  for (const Trial& trial : plan.trials) {
    const ModelConfig& model = trial.config.model;
    const std::string key = key_of(trial.config);
    if (passed_.contains(key)) continue;
    const std::vector<CellCheck> checks = checks_of(laboratory_, trial.config);
    if (!all_ok(checks))
      throw ConfigError(
          fmt::format("the cell {} does not pass its gradient check, so nothing was trained; "
                      "`unroll cells check` repeats it\n{}",
                      label_of(model.cell), to_text(checks, label_of(model.cell))));
    if (is_cell_text(model.cell)) print_inferred(laboratory_, trial.config);
    passed_.insert(key);
  }
}

void CheckedCells::save() {
  try {
    read();  // what other processes checked meanwhile stays; what is lost all the same is checked again
    std::string text;
    for (const std::string& key : passed_) text += key + "\n";
    write_file(file_, text);
  } catch (const FileError&) {  // the trials are what counts; the next run checks again
  }
}

}  // namespace unroll
