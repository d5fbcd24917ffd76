#pragma once

#include "experiments/config/options.hpp"
#include "experiments/saved/saved_model.hpp"
#include "experiments/train/recorded_model.hpp"
#include "framework/tensor/file.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/any_task.hpp"

namespace unroll::test {

inline Config small_model(const TaskConfig& task, const std::string& cell = "lstm") {
  Config config = default_config();
  config.task = task;
  config.model.cell = cell;
  config.model.hidden = 6;
  config.model.init = "normal";  // not so small that all words are as likely
  config.model.init_scale = 0.5;
  config.model.embedding_scale = 1;
  resolve_dependent_defaults(config);
  return config;
}

/// A model as training would leave it, with the parameters that it begins with.
class SomeModel {
 public:
  explicit SomeModel(Config wanted)
      : config(std::move(wanted)),
        task(make_task(config.task)),
        specs(make_model(config, sizes_of(*task)).parameters()),
        parameters(initial_parameters(config, specs)) {}

  void save(const std::filesystem::path& folder) const {
    save_model(folder, config, {*task, specs, parameters, 7, 1.25});
  }
  SavedModel reloaded() const {
    const TemporaryFolder folder;
    save(folder.path());
    return load_model(folder.path());
  }

  Config config;
  std::unique_ptr<Task> task;
  std::vector<ParameterSpec> specs;
  std::vector<Tensor<float>> parameters;
};

}  // namespace unroll::test
