#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "experiments/config/input_file.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/laboratory.hpp"
#include "experiments/tasks/file_task/file_task.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/temporary_folder.hpp"

// What the tests of the task `file` share: files in memory, and what a config says of them.

namespace unroll {

inline InputFile in_memory(std::string name, std::string bytes) {
  return {std::move(name), "", std::make_shared<const std::string>(std::move(bytes))};
}

inline InputFile csv(std::string text) { return in_memory("data.csv", std::move(text)); }

/// An .npz file of these arrays.
inline InputFile npz(const NamedTensors& arrays) {
  const TemporaryFolder folder;
  save_npz(folder / "data.npz", arrays);
  return in_memory("data.npz", read_file(folder / "data.npz"));
}

/// A config of the task, setting by setting: {{"task.data", csv("...")}, {"task.target", names("y")}}.
using FileSettings = std::map<std::string, OptionValue, std::less<>>;

inline OptionValue names(std::string one) { return std::vector<std::string>{std::move(one)}; }
inline OptionValue text(std::string one) { return one; }

inline TaskConfig file_config(FileSettings settings) {
  return {.name = "file", .values = std::move(settings)};
}

inline std::unique_ptr<Task> file_task(FileSettings settings) {
  return file_row().make(file_config(std::move(settings)), standard_objectives());
}

/// What the task says about bad data.
inline std::string refusal(FileSettings settings) {
  return error_of<DataError>([&] { file_task(std::move(settings)); });
}

/// All of a finite source in one batch.
inline Batch all_of(const DataSource& source) { return source.batch(0, source.size().value_or(1)); }

}  // namespace unroll
