#include "experiments/tasks/file_task/file_task.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "experiments/data/data_error.hpp"
#include "experiments/data/slices.hpp"
#include "experiments/data/splits.hpp"
#include "experiments/tasks/file_task/file_data.hpp"
#include "experiments/tasks/file_task/file_parts.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "experiments/tasks/file_task/targets.hpp"

namespace unroll {
namespace {

std::vector<std::int64_t> all_of(const Dataset& data) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

/// Pieces that teach nothing, all of whose steps are masked, are left out.
std::shared_ptr<const Dataset> windows(const FilePart& part, std::int64_t window, std::int64_t stride) {
  std::vector<Range> pieces = windows_in(part.steps, window, stride);
  const auto& weights = part.table->weights;
  if (weights)
    std::erase_if(pieces, [&](Range piece) {
      const auto first = weights->span().begin() + piece.first;
      return std::all_of(first, first + piece.count, [](float weight) { return weight == 0; });
    });
  return dataset_of(part.table, std::move(pieces));
}

std::string lengths_of(const FilePart& part) {
  const std::vector<Range> rows = part.input_rows();
  const auto [least, most] = std::ranges::minmax(rows, {}, &Range::count);
  return least.count == most.count ? fmt::format("{}", most.count)
                                   : fmt::format("{} to {}", least.count, most.count);
}

std::int64_t size_of(const FilePart& part) {
  return part.series ? part.steps.count : static_cast<std::int64_t>(part.sequences.size());
}

std::string class_counts(const Answers& training) {
  std::map<std::int64_t, std::int64_t> counts;
  for (const std::int64_t one : std::get<Tensor<std::int64_t>>(training.target).span()) ++counts[one];
  std::string text;
  for (const auto& [label, count] : counts) {
    if (label >= static_cast<std::int64_t>(most_labels_shown)) return text + ", ...";
    text += fmt::format("{}{}: {}", text.empty() ? "" : ", ", label, count);
  }
  return text;
}

class FileTask final : public Task {
 public:
  FileTask(const TaskConfig& config, const ObjectiveList& objectives)
      : parts_(read_file_parts(config, objectives)),
        window_(config.get<std::int64_t>(file_options::window)),
        training_answers_(parts_.training.answers()),
        constant_(best_constant(spec().objective, training_answers_, spec().output_size)),
        trivial_loss_(loss_of(spec().objective, constant_, parts_.validation.answers())) {
    if (!parts_.training.series) return;
    if (window_ > parts_.training.steps.count)
      throw DataError(
          fmt::format("task.window: is {} steps, but the series has {} to train on: take a smaller one",
                      window_, parts_.training.steps.count));
    if (window_ == 0 && parts_.training.table->weights)
      throw DataError(
          "task.mask: a series that runs through in streams (task.window=0) has no mask: a window of it "
          "might count nothing; take a task.window above 0");
  }

  const TaskSpec& spec() const override { return parts_.spec; }

  std::unique_ptr<DataSource> training(std::uint64_t seed) const override {
    const FilePart& part = parts_.training;
    if (!part.series) return shuffled(dataset_of(part.table), part.sequences, seed);
    if (window_ == 0) return streams(series_of(*part.table, part.steps));
    const std::shared_ptr<const Dataset> pieces = windows(part, window_, 1);
    return shuffled(pieces, all_of(*pieces), seed);
  }
  std::unique_ptr<DataSource> validation(std::int64_t) const override { return judged_on(parts_.validation); }
  std::unique_ptr<DataSource> test(std::int64_t) const override {
    return parts_.test.empty() ? nullptr : judged_on(parts_.test);
  }

  double trivial_loss() const override { return trivial_loss_; }
  SuccessRule success() const override {
    return {{{"loss", Condition::Relation::below, trivial_loss_}},
            fmt::format("{} below {:.4g} (the {} of the training part)", spec().objective.name, trivial_loss_,
                        constant_name())};
  }
  bool ends_when_solved() const override { return false; }

  std::vector<Baseline> baselines() const override {
    std::vector<Baseline> all = {baseline(constant_name(), [&](const FilePart&) { return constant_; })};
    const Objective& objective = spec().objective;
    if (parts_.next && objective.target == TargetKind::numbers && !objective.probabilities)
      all.push_back(baseline("last value", [&](const FilePart& part) {
        return without_last(gathered(part.table->inputs, part.input_rows()), spec().context_size);
      }));
    return all;
  }

  std::optional<Preparation> preparation() const override { return parts_.preparation; }

  std::string description() const override {
    const FilePart& training = parts_.training;
    std::string text = fmt::format("{} {} to train on, {} to validate on, {} to test on; ", size_of(training),
                                   training.series ? "steps" : "sequences", size_of(parts_.validation),
                                   size_of(parts_.test));
    if (!training.series) text += fmt::format("of {} steps; ", lengths_of(training));
    if (training.series && window_ > 0) text += fmt::format("in pieces of {} steps; ", window_);
    const std::string second =
        spec().context_size > 0 ? fmt::format(" and {} of a second input", spec().context_size) : "";
    text += fmt::format("a step has {} numbers{}, and {} is predicted {}",
                        spec().input_size - spec().context_size, second, what_is_predicted(),
                        spec().every_step() ? "at every step" : "for each sequence");
    text += "\n" + parts_.scaling;
    if (spec().objective.target == TargetKind::classes)
      text += "\nclasses to train on: " + class_counts(training_answers_);
    if (parts_.missing > 0)
      text += fmt::format("\n{} missing values were put in (task.missing)", parts_.missing);
    if (parts_.next && training.series && window_ > 0)
      text += "\nto forecast it instead, with dates, intervals and baselines: task.name=series";
    if (!parts_.left_out.empty()) text += "\ncolumns that are no numbers are not read: " + parts_.left_out;
    return text;
  }

 private:
  std::unique_ptr<DataSource> judged_on(const FilePart& part) const {
    if (!part.series) return in_order(dataset_of(part.table), part.sequences);
    if (window_ == 0) return streams(series_of(*part.table, part.steps), 1);
    const std::shared_ptr<const Dataset> pieces = windows(part, window_, window_);
    return in_order(pieces, all_of(*pieces));
  }

  std::string constant_name() const {
    return spec().objective.target == TargetKind::classes ? "class frequencies" : "mean";
  }

  std::string what_is_predicted() const {
    if (parts_.next) return "what comes next";
    if (spec().objective.target == TargetKind::classes)
      return fmt::format("one of {} classes", spec().output_size);
    return spec().output_size == 1 ? "a number" : fmt::format("{} numbers", spec().output_size);
  }

  template <class OutputsOf>
  Baseline baseline(std::string name, const OutputsOf& outputs_of) const {
    const auto loss_on = [&](const FilePart& part) {
      return loss_of(spec().objective, outputs_of(part), part.answers());
    };
    Baseline one{std::move(name), loss_on(parts_.validation)};
    if (!parts_.test.empty()) one.test_loss = loss_on(parts_.test);
    return one;
  }

  FileParts parts_;
  std::int64_t window_;
  Answers training_answers_;
  Tensor<float> constant_;  ///< outputs
  double trivial_loss_;     ///< of these, on the validation part
};

}  // namespace

TaskRow file_row() {
  return {
      .name = "file",
      .summary = "predict classes or numbers from sequences of your own: .npz, .npy, IDX, .csv (task.data)",
      .source = "your data",
      .variants = {},
      .length = std::nullopt,
      .options = file_options::rows(),
      .make = [](const TaskConfig& config, const ObjectiveList& objectives) -> std::unique_ptr<Task> {
        return std::make_unique<FileTask>(config, objectives);
      }};
}

}  // namespace unroll
