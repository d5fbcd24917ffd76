#include "experiments/saved/model_task.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/config_error.hpp"
#include "experiments/config/overrides.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/train/config_check.hpp"
#include "experiments/train/taught_task.hpp"

namespace unroll {
namespace {

/// The rest is what the model is, or how it was trained.
bool may_be_set(std::string_view key) {
  return (key.starts_with("task.") && key != "task.name") || key == "train.test_sequences";
}

Settings settings_of(const OptionTable& options, const std::vector<std::string>& overrides) {
  Settings settings;
  for (const Override& one : parse_overrides(options, overrides)) {
    const std::string& key = one.option->key;
    if (!may_be_set(key))
      throw ConfigError(
          fmt::format("{}: {} was decided when the model was trained; expected settings of its task "
                      "(task.length, ...) or "
                      "train.test_sequences",
                      one.origin, key));
    settings[key] = read_setting(*one.option, one.text, one.origin);
  }
  return settings;
}

std::string shown(const ModelSizes& sizes) {
  return fmt::format("{} {}, {} outputs {}", sizes.inputs, sizes.tokens ? "tokens" : "inputs", sizes.outputs,
                     sizes.readout == Readout::every_step ? "at every step" : "after the last step");
}

void check_fit(const SavedModel& model, const Task& task, const std::string& name) {
  const ModelSizes sizes = sizes_of(task.spec());
  if (shown(sizes) != shown(model.sizes))
    throw ModelError(fmt::format("the model has {}, but the task {} with these settings has {}",
                                 shown(model.sizes), name, shown(sizes)));
  const Vocabulary* vocabulary = task.vocabulary();
  if (model.vocabulary && vocabulary && vocabulary->tokens() != model.vocabulary->tokens())
    throw ModelError(fmt::format(
        "the task {} numbers its tokens otherwise than the model: its text is not the one that the "
        "model's vocabulary was made from",
        name));
}

}  // namespace

ModelTask task_of(const SavedModel& model, const std::vector<std::string>& overrides) {
  const Laboratory& laboratory = *model.laboratory;
  const Settings settings = settings_of(laboratory.options(), overrides);
  Config config = model.config;
  config.model.start = {};  // its parameters are there; what they once started from need not be
  apply_settings(laboratory.options(), settings, config);
  laboratory.resolve(config);
  check_config(laboratory, config, [&](std::string_view key) {
    const auto found = settings.find(key);
    return found == settings.end() ? "" : found->second.origin;
  });
  const std::shared_ptr<const Task> task = task_for(laboratory, config);
  check_fit(model, *task, config.task.name);
  return {std::move(config), task};
}

}  // namespace unroll
