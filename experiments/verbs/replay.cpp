#include "experiments/verbs/replay.hpp"

#include <fmt/format.h>

#include "experiments/config/document.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/sweep/resolved.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/train/make_model.hpp"
#include "experiments/train/non_finite_file.hpp"
#include "experiments/train/taught_task.hpp"
#include "experiments/verbs/build.hpp"
#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/language/definition.hpp"

namespace unroll {
namespace {

/// With the cell's equations, whatever becomes of its file.
std::string config_text(const Laboratory& laboratory, Config config) {
  if (const auto definition = cell_definition(laboratory.cells(), config.model.cell))
    config.model.cell = CellText(definition->whole_text());
  return resolved_toml(laboratory, std::move(config), {});
}

Config config_in(const Laboratory& laboratory, const NonFiniteFile& file, const std::string& name) {
  Config config = laboratory.unresolved_defaults();
  apply_settings(laboratory.options(), read_settings(laboratory.options(), parse_document(file.config, name)),
                 config);
  laboratory.resolve(config);
  return config;
}

std::string sentence(const NonFiniteFile& file, const std::string& where) {
  return fmt::format("trial {}, {} {}: the first value that is not finite is {}", file.trial,
                     file.batch.training ? "update" : "validation after update", file.batch.update, where);
}

void check_words(const Arguments& arguments) {
  if (arguments.has("dry-run"))
    throw UsageError("run --replay trains nothing and writes nothing: leave --dry-run out");
  if (arguments.words.empty()) return;
  throw UsageError(
      fmt::format("run --replay takes its settings from the file; \"{}\" would change them: leave it out",
                  arguments.words.front()));
}

}  // namespace

void keep_non_finite(const Laboratory& laboratory, const std::filesystem::path& folder, const Trial& trial,
                     const std::string& build, const NonFiniteBatch& batch) {
  const auto task = task_for(laboratory, trial.config);
  const std::filesystem::path path = folder / non_finite_name;
  const NonFiniteFile file{trial.id, build, config_text(laboratory, trial.config), batch};
  save_non_finite(path, file,
                  make_model(laboratory.cells(), trial.config, sizes_of(task->spec())).parameters());
  say("{}\nIts batch is kept: unroll run --replay {}\n", sentence(file, batch.where), path.string());
}

int replay(const Arguments& arguments) {
  check_words(arguments);
  const std::string path = arguments.flags["replay"].as<std::string>();
  const NonFiniteFile file = load_non_finite(path);
  const Laboratory& laboratory = arguments.laboratory();
  const Config config = config_in(laboratory, file, path + " (its config)");
  const auto task = task_for(laboratory, config);
  const FlushSubnormals flush;  // as in training, and products as there
  single_threaded_products();
  const std::string where = find_non_finite(laboratory.cells(), config, task->spec(), file.batch);
  fmt::print("{}\n", sentence(file, where));
  if (where == file.batch.where) return exit_good;
  say("When it was trained this was found:\n{}\n", sentence(file, file.batch.where));
  return exit_trial_failed;
}

}  // namespace unroll
