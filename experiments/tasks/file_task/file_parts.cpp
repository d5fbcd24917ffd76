#include "experiments/tasks/file_task/file_parts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/slices.hpp"
#include "experiments/data/splits.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/tasks/file_task/file_data.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "experiments/tasks/file_task/preparation.hpp"
#include "experiments/tasks/file_task/targets.hpp"

namespace unroll {
namespace {

namespace options = file_options;

/// Of the order in which a set of sequences is split: the same in every trial, so that all are judged on the
/// same sequences.
constexpr std::uint64_t split_seed = 1;

FileRequest request_of(const TaskConfig& config) {
  const auto text = [&](const OptionSpec& row) { return config.get<std::string>(row); };
  const auto names = [&](const OptionSpec& row) { return config.get<std::vector<std::string>>(row); };
  const InputFile& data = config.get<InputFile>(options::data);
  const InputFile& train_data = config.get<InputFile>(options::train_data);
  if (data.empty() == train_data.empty())
    throw DataError(data.empty()
                        ? "task.data: the task file learns from a file: give it as task.data=FILE"
                        : "task.train_data: task.data is given too, and both are what to learn from");
  return {.data = data.empty() ? train_data : data,
          .target_data = config.get<InputFile>(options::target_data),
          .inputs = names(options::inputs),
          .context = names(options::context),
          .target = names(options::target),
          .readout = text(options::readout),
          .mask = text(options::mask),
          .lengths = text(options::lengths),
          .sequence = text(options::sequence),
          .missing = text(options::missing),
          .horizon = config.get<std::int64_t>(data_options::horizon),
          .pixels = text(options::steps) == "pixels"};
}

void check_like(const FileData& data, const FileData& training) {
  const auto refuse = [&](std::string_view what, std::int64_t found, std::int64_t expected) {
    throw DataError(
        fmt::format("{}: a step has {} {}, but in {}, which is trained on, {}: was it made in another way?",
                    data.file, found, what, training.file, expected));
  };
  if (data.input_size() != training.input_size()) refuse("inputs", data.input_size(), training.input_size());
  if (data.context != training.context) refuse("numbers of a second input", data.context, training.context);
  if (data.output_size() != training.output_size())
    refuse("targets", data.output_size(), training.output_size());
  if (data.every_step != training.every_step)
    throw DataError(fmt::format("{}: it has targets {}, but {}, which is trained on, {}", data.file,
                                data.every_step ? "at every step" : "for each sequence", training.file,
                                training.every_step ? "at every step" : "for each sequence"));
}

/// A file of another part; none where none is given.
std::optional<FileData> other_file(FileRequest request, const FileData& training, const InputFile& data,
                                   const InputFile& target, const OptionSpec& target_key) {
  if (data.empty()) {
    if (!target.empty())
      throw DataError(fmt::format("{}: there are targets, but no file of the inputs that they belong to",
                                  target_key.key));
    return std::nullopt;
  }
  request.data = data;
  request.target_data = target;
  // The same columns, without those of a second input, which are named for themselves.
  if (!training.input_names.empty())
    request.inputs.assign(training.input_names.begin(), training.input_names.end() - training.context);
  FileData other = read_file_data(request);
  check_like(other, training);
  return other;
}

std::int64_t entries(const FileData& data) {
  return data.series ? data.sequences.front().count : static_cast<std::int64_t>(data.sequences.size());
}

/// A share of the entries of a file: the next steps of a series, or the next sequences in `order`.
FilePart part_of(const FileData& data, const std::vector<std::int64_t>& order, Range share) {
  FilePart part{.table = nullptr, .series = data.series};
  if (data.series) {
    part.steps = {data.sequences.front().first + share.first, share.count};
    return part;
  }
  part.sequences.assign(order.begin() + share.first, order.begin() + share.first + share.count);
  std::ranges::sort(part.sequences);
  return part;
}

FilePart whole(const FileData& data) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(entries(data)));
  std::iota(all.begin(), all.end(), 0);
  return part_of(data, all, {0, entries(data)});
}

/// Fractions are of parts that have no file.
void split(const FileData& data, double validation, double test, FileParts& parts) {
  const PartSizes sizes = part_sizes(entries(data), validation, test);
  if (sizes.training < 1)
    throw DataError(fmt::format(
        "{}: nothing is left to train on: of its {} {}, {} are to validate on and {} to test "
        "on; take more data, or lower task.validation_fraction or task.test_fraction",
        data.file, entries(data), data.series ? "steps" : "sequences", sizes.validation, sizes.test));
  const std::vector<std::int64_t> order =
      data.series ? std::vector<std::int64_t>() : random_order(entries(data), split_seed);
  parts.training = part_of(data, order, {0, sizes.training});
  if (sizes.validation > 0) parts.validation = part_of(data, order, {sizes.training, sizes.validation});
  if (sizes.test > 0) parts.test = part_of(data, order, {sizes.training + sizes.validation, sizes.test});
}

/// The files of a task's parts, and which share of them each is.
struct Files {
  FileData training;
  std::optional<FileData> validation, test;
};

Files read_files(const TaskConfig& config, const FileRequest& request) {
  Files files{.training = read_file_data(request), .validation = {}, .test = {}};
  const auto other = [&](const OptionSpec& data, const OptionSpec& target) {
    return other_file(request, files.training, config.get<InputFile>(data), config.get<InputFile>(target),
                      target);
  };
  files.validation = other(options::validation_data, options::validation_target_data);
  files.test = other(options::test_data, options::test_target_data);
  return files;
}

std::vector<FileData*> all_of(Files& files) {
  std::vector<FileData*> all = {&files.training};
  if (files.validation) all.push_back(&*files.validation);
  if (files.test) all.push_back(&*files.test);
  return all;
}

void split_files(const TaskConfig& config, const Files& files, FileParts& parts) {
  const double validation = files.validation ? 0 : config.get<double>(data_options::validation_fraction);
  const double test = files.test ? 0 : config.get<double>(data_options::test_fraction);
  split(files.training, validation, test, parts);
  if (files.validation) parts.validation = whole(*files.validation);
  if (files.test) parts.test = whole(*files.test);
  if (parts.validation.empty())
    throw DataError(
        "task.validation_fraction: nothing to validate on: give task.validation_data, or a fraction above 0");
}

std::shared_ptr<const SequenceTable> table_of(FileData data, const Objective& objective,
                                              std::int64_t classes) {
  Values target =
      objective.target == TargetKind::classes ? Values(classes_of(data, classes)) : Values(data.target);
  return std::make_shared<const SequenceTable>(SequenceTable{std::move(data.inputs), std::move(target),
                                                             data.every_step, std::move(data.weights),
                                                             std::move(data.sequences)});
}

/// Rows of the training part's targets.
std::vector<Range> target_rows(const FileParts& parts, const FileData& data) {
  if (data.every_step) return rows_of(parts.training, data.sequences);
  std::vector<Range> rows;
  for (const std::int64_t n : parts.training.sequences) rows.push_back({n, 1});
  return rows;
}

/// Whether targets are numbers, which are scaled.
bool scales_targets(const Objective& objective) {
  return objective.target == TargetKind::numbers && !objective.probabilities;
}

/// Fits on the training part alone.
void fit(const TaskConfig& config, const FileData& training, FileParts& parts) {
  const std::string asked = config.get<std::string>(options::scale);
  const std::vector<Range> rows = rows_of(parts.training, training.sequences);
  const ScalingRule rule = input_rule(asked, training, rows);
  Scaling& inputs = parts.preparation.inputs = fit_scaling(rule, training.inputs, rows);
  parts.scaling = describe(rule, inputs, "inputs", parts.next ? "" : joined(training.input_names, ", "));
  if (!scales_targets(parts.spec.objective)) return;
  const ScalingRule target_rule = output_rule(asked);
  Scaling& target = parts.preparation.target = inputs;
  if (parts.next && !target.unit.empty()) {
    target.offset.resize(static_cast<std::size_t>(training.output_size()));
    target.unit.resize(static_cast<std::size_t>(training.output_size()));
  }
  if (parts.next) return;
  target = fit_scaling(target_rule, training.target, target_rows(parts, training));
  parts.scaling += "; " + describe(target_rule, target, "targets", "");
}

/// Scales all files, in the same way.
void scale(const TaskConfig& config, Files& files, FileParts& parts) {
  if (config.preparation) {
    parts.preparation.inputs = config.preparation->inputs;
    parts.preparation.target = config.preparation->target;
    parts.scaling = "scaled as the data were that the model was trained on";
  } else {
    fit(config, files.training, parts);
  }
  parts.spec.criterion.units = parts.preparation.target.unit;
  for (FileData* data : all_of(files)) {
    parts.preparation.inputs.apply(data->inputs);
    parts.preparation.target.apply(data->target);
  }
}

/// One random order of the steps, for all sequences of all files.
void permute(std::uint64_t seed, Files& files, Preparation& preparation) {
  preparation.order = random_order(files.training.sequences.front().count, seed);
  for (FileData* data : all_of(files)) permute_steps(*data, preparation.order);
}

/// Puts the parts on tables: a part without a file of its own is one of the training file's.
void share_tables(Files files, std::int64_t classes, FileParts& parts) {
  const Objective& objective = parts.spec.objective;
  parts.training.table = table_of(std::move(files.training), objective, classes);
  parts.validation.table =
      files.validation ? table_of(std::move(*files.validation), objective, classes) : parts.training.table;
  parts.test.table = files.test ? table_of(std::move(*files.test), objective, classes) : parts.training.table;
}

}  // namespace

std::vector<Range> FilePart::input_rows() const { return rows_of(*this, table->sequences); }

Answers FilePart::answers() const {
  std::vector<Range> targets, weights = input_rows();
  if (!table->every_step) {
    for (const std::int64_t n : sequences) targets.push_back({n, 1});
    for (Range& one : weights) one = {one.first + one.count - 1, 1};
  }
  const std::vector<Range>& rows = table->every_step ? weights : targets;
  Answers answers{
      std::visit([&](const auto& tensor) -> Values { return gathered(tensor, rows); }, table->target)};
  if (table->weights) answers.weights = gathered(*table->weights, weights);
  return answers;
}

FileParts read_file_parts(const TaskConfig& config, const ObjectiveList& objectives) {
  const FileRequest request = request_of(config);
  Files files = read_files(config, request);
  for (const FileData* data : all_of(files)) check_weights(*data);
  FileParts parts;
  parts.preparation.columns = files.training.input_names;
  parts.preparation.pixels = request.pixels;
  if (const std::int64_t seed = config.get<std::int64_t>(options::permute); seed > 0)
    permute(static_cast<std::uint64_t>(seed), files, parts.preparation);
  parts.spec = {.input_size = files.training.input_size(),
                .output_size = files.training.output_size(),
                .readout = files.training.every_step ? Readout::every_step : Readout::last,
                .objective = objective_for(files.training, config.get<std::string>(options::objective),
                                           request.next(), objectives)};
  parts.spec.context_size = files.training.context;
  parts.next = request.next();
  parts.left_out = files.training.left_out;
  for (const FileData* data : all_of(files)) {
    parts.missing += data->missing;
    if (parts.spec.objective.probabilities) check_probabilities(*data);
  }
  const bool classes = parts.spec.objective.target == TargetKind::classes;
  if (classes) parts.spec.output_size = count_classes(files.training);
  split_files(config, files, parts);
  scale(config, files, parts);
  share_tables(std::move(files), parts.spec.output_size, parts);
  return parts;
}

}  // namespace unroll
