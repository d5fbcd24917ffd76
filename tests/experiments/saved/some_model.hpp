#pragma once

#include "experiments/saved/saved_model.hpp"
#include "experiments/train/task_model.hpp"
#include "framework/tensor/file.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

namespace unroll::test {

inline Config small_model(const TaskConfig& task, const std::string& cell = "lstm") {
  Config config = laboratory().default_config();
  config.task = task;
  config.model.cell = cell;
  config.model.hidden = 6;
  config.model.init = "normal";  // not so small that all words are as likely
  config.model.init_scale = 0.5;
  config.model.embedding_scale = 1;
  laboratory().resolve(config);
  return config;
}

/// A model as training would leave it, with the parameters that it begins with.
class SomeModel {
 public:
  explicit SomeModel(Config wanted)
      : config(std::move(wanted)),
        task(laboratory().make_task(config.task)),
        model(make_model(laboratory().cells(), config, sizes_of(task->spec()))),
        specs(model.parameters()),
        parameters(initial_parameters(config, model)) {}

  void save(const std::filesystem::path& folder) const {
    save_model(laboratory(), folder, config, {Kept::best, *task, specs, parameters, 7, 1.25, true});
  }
  SavedModel reloaded() const {
    const TemporaryFolder folder;
    save(folder.path());
    return load_model(laboratory(), folder.path());
  }

  Config config;
  std::shared_ptr<const Task> task;
  SequenceModel model;
  std::vector<ParameterSpec> specs;
  std::vector<Tensor<float>> parameters;
};

}  // namespace unroll::test
