#include "experiments/tasks/file_task/targets.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>

#include "experiments/data/data_error.hpp"
#include "experiments/tasks/file_task/options.hpp"

namespace unroll {
namespace {

constexpr std::int64_t most_classes = 1'000'000;

bool holds_zeros_and_ones(const FileData& data) {
  bool all = true;
  const std::int64_t width = data.output_size();
  for_each_target(data, [&](std::int64_t row, std::int64_t, std::int64_t) {
    for (std::int64_t c = 0; c < width; ++c)
      all = all && (data.target[row * width + c] == 0 || data.target[row * width + c] == 1);
  });
  return all;
}

std::string default_objective(const FileData& data, bool next) {
  if (next || !data.integer_target) return "mse";
  if (data.output_size() == 1) return "cross_entropy";
  return holds_zeros_and_ones(data) ? "binary_cross_entropy" : "mse";
}

std::string place(const FileData& data, std::int64_t sequence, std::int64_t step) {
  if (data.series) return fmt::format("{}, step {}", data.file, step + 1);
  if (!data.every_step) return fmt::format("{}, sequence {}", data.file, sequence + 1);
  return fmt::format("{}, sequence {}, step {}", data.file, sequence + 1, step + 1);
}

void check_one_class(const FileData& data) {
  if (data.output_size() == 1) return;
  throw DataError(
      fmt::format("task.objective: cross_entropy takes one class for each answer, but {} has {} numbers: "
                  "take binary_cross_entropy (each 0 or 1) or mse",
                  data.file, data.output_size()));
}

void check_whole(const FileData& data) {
  for_each_target(data, [&](std::int64_t row, std::int64_t sequence, std::int64_t step) {
    if (std::floor(data.target[row]) == data.target[row]) return;
    throw DataError(
        fmt::format("{}: the target is {}, expected the whole number of a class: take "
                    "task.objective=mse for numbers",
                    place(data, sequence, step), data.target[row]));
  });
}

/// How often each label occurs, as text.
std::string listed(const std::map<std::int64_t, std::int64_t>& counts) {
  std::string text;
  std::size_t shown = 0;
  for (const auto& [label, count] : counts) {
    if (++shown > most_labels_shown) return text + fmt::format(", ... ({} labels in all)", counts.size());
    text += fmt::format("{}{} ({} times)", text.empty() ? "" : ", ", label, count);
  }
  return text;
}

}  // namespace

void for_each_target(const FileData& data,
                     const std::function<void(std::int64_t, std::int64_t, std::int64_t)>& use) {
  for (std::size_t n = 0; n < data.sequences.size(); ++n) {
    const Range& steps = data.sequences[n];
    for (std::int64_t t = data.every_step ? 0 : steps.count - 1; t < steps.count; ++t) {
      if (data.weights && (*data.weights)[steps.first + t] == 0) continue;
      use(data.every_step ? steps.first + t : static_cast<std::int64_t>(n), static_cast<std::int64_t>(n), t);
    }
  }
}

const Objective& objective_for(const FileData& data, const std::string& asked, bool next,
                               const ObjectiveList& list) {
  const Objective& objective = [&]() -> const Objective& {
    try {
      return find_objective(list, asked.empty() ? default_objective(data, next) : asked);
    } catch (const std::invalid_argument& error) {
      throw DataError(fmt::format("{}: {}", file_options::objective.key, error.what()));
    }
  }();
  if (objective.target == TargetKind::labels)
    throw DataError(fmt::format(
        "task.objective: {} takes sequences of labels, which the task speech makes of recordings, "
        "but {} has a target for each step or sequence: take cross_entropy",
        objective.name, data.file));
  if (objective.target == TargetKind::classes) {
    check_one_class(data);
    check_whole(data);
  }
  if (objective.probabilities) check_probabilities(data);
  return objective;
}

std::int64_t count_classes(const FileData& data) {
  std::map<std::int64_t, std::int64_t> counts;
  for_each_target(data, [&](std::int64_t row, std::int64_t, std::int64_t) {
    ++counts[static_cast<std::int64_t>(data.target[row])];
  });
  const auto classes = static_cast<std::int64_t>(counts.size());
  const bool whole = classes > 0 && counts.begin()->first == 0 && counts.rbegin()->first == classes - 1;
  if (!whole || classes > most_classes)
    throw DataError(
        fmt::format("{}: the classes must be 0, 1, 2, ... without a gap, but the labels are {}: number them "
                    "anew, or take task.objective=mse if they are numbers",
                    data.file, listed(counts)));
  if (classes == 1)
    throw DataError(
        fmt::format("{}: all targets are class 0, and there is nothing to tell apart", data.file));
  return classes;
}

Tensor<std::int64_t> classes_of(const FileData& data, std::int64_t classes) {
  Tensor<std::int64_t> all({data.target.shape()[0]});
  for_each_target(data, [&](std::int64_t row, std::int64_t sequence, std::int64_t step) {
    const float label = data.target[row];
    if (!(label >= 0 && label < static_cast<float>(classes)))
      throw DataError(fmt::format("{}: the class is {}, but the training data have the classes 0 to {}",
                                  place(data, sequence, step), label, classes - 1));
    all[row] = static_cast<std::int64_t>(label);
  });
  return all;
}

void check_probabilities(const FileData& data) {
  const std::int64_t width = data.output_size();
  for_each_target(data, [&](std::int64_t row, std::int64_t sequence, std::int64_t step) {
    for (std::int64_t c = 0; c < width; ++c) {
      const float x = data.target[row * width + c];
      if (x >= 0 && x <= 1) continue;
      throw DataError(
          fmt::format("{}: the target's number {} is {}, expected 0 or 1 (or a probability between): take "
                      "task.objective=mse for numbers",
                      place(data, sequence, step), c + 1, x));
    }
  });
}

}  // namespace unroll
