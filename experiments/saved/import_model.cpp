#include "experiments/saved/import_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "experiments/config/config_error.hpp"
#include "experiments/config/overrides.hpp"
#include "experiments/config/settings.hpp"
#include "experiments/saved/foreign_tensors.hpp"
#include "experiments/train/config_check.hpp"
#include "experiments/train/taught_task.hpp"
#include "framework/tensor/safetensors_header.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {
namespace {

/// The largest |double - float| of a file that read_safetensors has accepted.
double largest_rounding(std::string_view bytes) {
  static_assert(std::endian::native == std::endian::little);
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof(length));
  const std::string_view data = bytes.substr(sizeof(length) + length);
  double largest = 0;
  for (const SafeTensorsEntry& entry :
       parse_safetensors_header(bytes.substr(sizeof(length), length), "").entries)
    for (std::uint64_t at = entry.begin; entry.dtype == "F64" && at < entry.end; at += sizeof(double)) {
      double value = 0;
      std::memcpy(&value, data.data() + at, sizeof(value));
      largest = std::max(largest, std::abs(value - static_cast<double>(static_cast<float>(value))));
    }
  return largest;
}

/// Settings that the file's shapes give, unless they are given.
void set_default(std::vector<std::string>& overrides, const std::string& key, const std::string& value) {
  const auto is_key = [&](const std::string& one) { return one.starts_with(key + "="); };
  if (std::ranges::none_of(overrides, is_key)) overrides.push_back(key + "=" + value);
}

/// PyTorch's names of the cell's tensors without layers, "weight_ih"; the first two are its matrices.
std::vector<std::string> suffixes_of(const Laboratory& laboratory, const std::string& name) {
  const Option& option = *laboratory.options().find("model.cell");
  const auto cell = std::get<CellText>(read_setting(option, name, "--cell").value);
  const auto definition = cell_definition(laboratory.cells(), cell);
  if (!definition || definition->pytorch.size() < 2)
    throw ConfigError(fmt::format(
        "--cell {}: its equations do not say where its parameters stand in PyTorch's tensors (pytorch "
        "weight_ih = ...); vanilla, lstm and gru do",
        name));
  std::vector<std::string> suffixes;
  for (const CellDefinition::PyTorchTensor& tensor : definition->pytorch) suffixes.push_back(tensor.name);
  return suffixes;
}

/// Where the model stands: its config, and its task where that can be made.
struct Target {
  Config config;
  ModelSizes sizes;
  std::string objective;
  std::optional<Vocabulary> vocabulary;
};

Config config_of(const Laboratory& laboratory, const Settings& settings) {
  Config config = laboratory.unresolved_defaults();
  apply_settings(laboratory.options(), settings, config);
  laboratory.resolve(config);
  return config;
}

/// A language model needs no text to be used: its vocabulary says how large it is.
Target without_text(Config config, const Vocabulary& vocabulary) {
  const std::int64_t size = vocabulary.size();
  return {
      std::move(config), {size, size, Readout::every_step, true}, cross_entropy_objective().name, vocabulary};
}

Target target_of(const Laboratory& laboratory, const ImportOptions& options,
                 const std::vector<std::string>& overrides) {
  Settings settings;
  for (const Override& one : parse_overrides(laboratory.options(), overrides))
    settings[one.option->key] = read_setting(*one.option, one.text, one.origin);
  Config config = config_of(laboratory, settings);
  const TaskRow* row = find_task(laboratory.tasks(), config.task.name);
  if (row && row->carried && options.vocabulary) return without_text(std::move(config), *options.vocabulary);
  check_config(laboratory, config, [&](std::string_view key) {
    const auto found = settings.find(key);
    return found == settings.end() ? "" : found->second.origin;
  });
  const std::shared_ptr<const Task> made = task_for(laboratory, config);
  const Task& task = *made;
  if (options.vocabulary &&
      (!task.vocabulary() || task.vocabulary()->tokens() != options.vocabulary->tokens()))
    throw ConfigError(
        fmt::format("--vocabulary: the task {} {}; only models of texts (task.name=words, characters) have "
                    "one from a file",
                    config.task.name, task.vocabulary() ? "has a vocabulary of its own" : "reads no tokens"));
  std::optional<Vocabulary> vocabulary;
  if (task.vocabulary()) vocabulary = *task.vocabulary();
  return {std::move(config), sizes_of(task.spec()), task.spec().objective.name, std::move(vocabulary)};
}

constexpr const char* advice =
    "\nWhat a tensor is called here says --map embedding=NAME, --map readout=NAME; what the model does not "
    "need, "
    "--ignore NAME.";

}  // namespace

ImportedModel import_model(const Laboratory& laboratory, std::string_view bytes, const std::string& file,
                           const ImportOptions& options) {
  const std::vector<std::string> suffixes = suffixes_of(laboratory, options.cell);
  SafeTensors read = read_safetensors(bytes, file);
  std::vector<std::string> notes;
  if (const double rounding = largest_rounding(bytes); rounding > 0)
    notes.push_back(fmt::format("float64 was rounded to float32, by at most {:.2g}", rounding));
  ForeignTensors tensors(std::move(read), file);
  for (const std::string& name : options.ignored) tensors.ignore(name);
  for (const auto& [ours, theirs] : options.names) tensors.rename(ours, theirs);
  tensors.find_recurrent(suffixes);
  const RecurrentSizes found = tensors.recurrent_sizes(suffixes[0], suffixes[1]);

  std::vector<std::string> overrides = options.overrides;
  set_default(overrides, "model.cell", options.cell);
  set_default(overrides, "model.hidden", fmt::format("{}", found.hidden));
  set_default(overrides, "model.layers", fmt::format("{}", found.layers));
  set_default(overrides, "model.bidirectional", found.bidirectional ? "true" : "false");
  Target target = target_of(laboratory, options, overrides);
  if (target.sizes.tokens) {
    if (target.config.model.embedding == 0) target.config.model.embedding = found.inputs;
    tensors.find_module("embedding", {target.sizes.inputs, found.inputs});
  }
  tensors.find_module("readout", {target.sizes.outputs, found.features()});

  ImportedModel imported{{.laboratory = &laboratory,
                          .config = std::move(target.config),
                          .sizes = target.sizes,
                          .objective = std::move(target.objective),
                          .vocabulary = std::move(target.vocabulary),
                          .update = 0,
                          .validation_loss = std::numeric_limits<double>::quiet_NaN(),
                          .parameters = {}},
                         std::move(notes)};
  const SequenceModel model = imported.model.model();
  tensors.fill_biases(file_tensors(model));
  std::ranges::copy(tensors.notes(), std::back_inserter(imported.notes));
  try {
    imported.model.parameters = from_safetensors(model, tensors.take(), file);
  } catch (const ModelMismatch& error) {
    throw ModelMismatch(error.what() + std::string(advice));
  }
  return imported;
}

}  // namespace unroll
