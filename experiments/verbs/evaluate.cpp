#include <fmt/format.h>

#include <array>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>

#include "experiments/config/overrides.hpp"
#include "experiments/config/text.hpp"
#include "experiments/saved/model_task.hpp"
#include "experiments/train/evaluator.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// The settings that name what a task is tested on.
constexpr std::array<std::string_view, 2> test_files = {"task.test_data", "task.test_text"};

/// --data as the setting of the model's task that it stands for.
std::string test_file(const SavedModel& model, const std::string& path) {
  for (const std::string_view key : test_files) {
    const Option* option = model.laboratory->options().find(key);
    if (option && model.laboratory->has(model.config, *option)) return fmt::format("{}={}", key, path);
  }
  throw UsageError(
      fmt::format("--data: the task {} is not one on files: it makes its sequences, and its settings "
                  "(task.length=400, ...) say which",
                  model.config.task.name));
}

std::vector<std::string> overrides_of(const Arguments& arguments, const SavedModel& model,
                                      std::vector<std::string> given) {
  if (arguments.has("data")) given.push_back(test_file(model, arguments.flags["data"].as<std::string>()));
  return given;
}

/// A set of the task and what it is called.
struct NamedSet {
  std::string name;
  std::optional<std::int64_t> length;  ///< where it is of one that was asked for
  std::unique_ptr<DataSource> source;
};

std::vector<NamedSet> sets_of(const ModelTask& with) {
  const TrainConfig& train = with.config.train;
  std::vector<NamedSet> sets;
  auto test = with.task->test(train.test_sequences);
  if (test)
    sets.push_back({"test", std::nullopt, std::move(test)});
  else
    sets.push_back({"validation", std::nullopt, with.task->validation(train.validation_sequences)});
  for (const std::int64_t length : with.config.task.test_lengths)
    sets.push_back({"test", length, with.task->test_at(length, train.test_sequences)});
  return sets;
}

Evaluator evaluator_of(const SavedModel& model, const ModelTask& with) {
  const Config& config = with.config;
  const auto validation = with.task->validation(config.train.validation_sequences);
  const auto test = with.task->test(config.train.test_sequences);
  const Recording recording = evaluation_recording(config, with.task->spec(), {validation.get(), test.get()});
  return Evaluator(
      std::make_shared<TaskModel>(model.laboratory->cells(), config, with.task->spec(), recording),
      config.train.batch_shards, config.train.max_memory);
}

void add_rows(const NamedSet& set, bool with_length, const TaskSpec& spec, const MetricValues& values,
              Listing& rows) {
  for (const Metric* metric : metrics_of(spec.objective, spec.criterion)) {
    nlohmann::ordered_json row = {{"set", set.name}};
    if (with_length) row["length"] = set.length ? nlohmann::ordered_json(*set.length) : nullptr;
    row["metric"] = metric->name;
    row["value"] = values.at(metric->name);
    row["unit"] = metric->unit;
    rows.push_back(std::move(row));
  }
}

/// Whatever is no setting and stands behind the model.
void check_one_model(const Arguments& arguments) {
  std::vector<std::string> names;
  for (const std::string& word : arguments.words) {
    if (word.starts_with('=') || word.ends_with('=')) return;  // key = value
    if (word.find('=') == word.npos) names.push_back(word);
  }
  if (names.size() < 2) return;
  const bool is_key = arguments.laboratory().options().find(names[1]) != nullptr;
  throw UsageError(fmt::format("expected one model, found \"{}\" and \"{}\"{}", printable(names[0]),
                               printable(names[1]),
                               is_key ? fmt::format("; a setting has a value: {}=...", names[1]) : ""));
}

int evaluate(const Arguments& arguments) {
  check_one_model(arguments);
  const ConfigArguments words = split_arguments(arguments.words);
  if (!words.file) throw UsageError("which model? Give the folder of a trained one, as out/cat");
  const SavedModel model = named_model(arguments, *words.file, Learned::read);
  const ModelTask with = task_of(model, overrides_of(arguments, model, words.overrides));
  Evaluator evaluator = evaluator_of(model, with);
  Listing rows;
  const std::vector<NamedSet> sets = sets_of(with);
  for (const NamedSet& set : sets) {
    const Evaluation evaluation = evaluator.evaluate(*set.source, model.parameters);
    if (!std::isfinite(evaluation.loss()))
      throw ModelError(
          fmt::format("{}: the loss on the {} set is {}, no finite number: its training diverged",
                      *words.file, set.name, exact_number(evaluation.loss())));
    add_rows(set, sets.size() > 1, with.task->spec(), evaluation.metrics, rows);
  }
  print_listing(rows, arguments);
  return exit_good;
}

void add_evaluate_flags(Flags& flags) {
  flags.add_options()("data", boost::program_options::value<std::string>(),
                      "the file to test on, of a model that learned from files");
  add_format_flag(flags);
}

}  // namespace

const Verb& evaluate_verb() {
  static const Verb verb{
      .name = "evaluate",
      .summary = "how well a trained model does on its task, or on the same with other settings",
      .usage = "MODEL [task.key=value ...] [--data FILE] [--format table|json|csv]",
      .examples =
          "  unroll evaluate out/one\n"
          "  unroll evaluate out/one task.length=400 train.test_sequences=1000\n"
          "  unroll evaluate out/one task.test_lengths=[40,80] --format csv\n"
          "  unroll evaluate out/ptb --data ptb.test.txt\n\n"
          "The metrics are those of the task's test set, bit by bit as at the end of training, or of the\n"
          "validation set where it has no test set: the column `set` says which.",
      .add_flags = add_evaluate_flags,
      .run = evaluate,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
