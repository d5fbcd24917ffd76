#include "experiments/config/options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>

#include "experiments/tasks/task.hpp"
#include "experiments/train/make_model.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/optim/rules.hpp"
#include "framework/optim/schedule.hpp"
#include "models/activation.hpp"
#include "models/initialiser.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using Names = std::vector<std::string>;

Names task_names() {
  Names names;
  for (const TaskRow& row : task_table()) names.emplace_back(row.name);
  return names;
}

/// Input and readout matrices are not square, and not every initialiser makes such a matrix.
Names rectangular_initialiser_names() {
  Names names;
  for (const std::string& name : initialiser_names()) {
    Stream stream(0, Purpose::check);
    try {
      initialise({.name = name}, Shape{2, 3}, stream);
      names.push_back(name);
    } catch (const std::invalid_argument&) {
      continue;
    }
  }
  return names;
}

// What a row's default and the values allowed look like, one helper per kind of setting.

struct Domain {
  OptionValue default_value;
  OptionRange range = {};
  Names (*known)() = nullptr;
};

Domain integer(std::int64_t value, OptionRange range) { return {value, range}; }
Domain number(double value, OptionRange range) { return {value, range}; }
Domain flag(bool value) { return {value}; }
Domain name(std::string value, Names (*known)()) { return {std::move(value), {}, known}; }
Domain text(std::string value) { return {std::move(value)}; }
Domain cell(std::string name) { return {CellText(std::move(name))}; }
Domain text_file() { return {TextFile{}}; }
Domain amount(std::uint64_t bytes) { return {Bytes{bytes}}; }
Domain seed_number(std::uint64_t value) { return {value}; }

constexpr bool result = true;    // affects results: part of the trial's id
constexpr bool display = false;  // does not: same records whatever it is

Option row(std::string_view key, Domain domain, bool affects_results, std::string_view meaning,
           std::function<OptionField(Config&)> field) {
  return {key,
          std::move(domain.default_value),
          domain.range,
          domain.known,
          affects_results,
          meaning,
          std::move(field)};
}

// Upper limits are far beyond what anyone trains; they keep products of sizes inside 64 bits.
// Whoever changes a default or the meaning of a row raises results_revision (experiments/sweep/trial_id.hpp).
const auto& table() {
  static const auto rows = std::to_array<Option>({
      row("seed", seed_number(1), result, "of every random stream; 64 bits, as an integer or a string",
          [](Config& c) -> OptionField { return &c.seed; }),
      row("out", text(""), display, "output folder; empty: out/ and the name of the config file",
          [](Config& c) -> OptionField { return &c.out; }),
      row("jobs", integer(0, from_to(0, 4096)), display,
          "threads: trials trained at once, then shards of a batch; 0: one per core",
          [](Config& c) -> OptionField { return &c.jobs; }),

      row("task.name", name("adding", task_names), result, "what the model must learn",
          [](Config& c) -> OptionField { return &c.task.name; }),
      row("task.variant", text(""), result, "which definition of the task; empty: its first one",
          [](Config& c) -> OptionField { return &c.task.variant; }),
      row("task.length", integer(100, from_to(1, 1e7)), result,
          "steps T of a sequence, as the task counts them",
          [](Config& c) -> OptionField { return &c.task.length; }),
      row("task.text", text_file(), result, "of characters and words: the file to learn from",
          [](Config& c) -> OptionField { return &c.task.text; }),
      row("task.validation_text", text_file(), result,
          "file to validate on; none: the part of task.text behind the training part",
          [](Config& c) -> OptionField { return &c.task.validation_text; }),
      row("task.test_text", text_file(), result,
          "file to test the best model on; none: the last part of task.text, if it has a fraction",
          [](Config& c) -> OptionField { return &c.task.test_text; }),
      row("task.validation_fraction", number(0.1, from_to_below(0, 1)), result,
          "of task.text's tokens, where there is no task.validation_text",
          [](Config& c) -> OptionField { return &c.task.validation_fraction; }),
      row("task.test_fraction", number(0.0, from_to_below(0, 1)), result,
          "of task.text's tokens, where there is no task.test_text",
          [](Config& c) -> OptionField { return &c.task.test_fraction; }),
      row("task.min_count", integer(1, from_to(1, 1e9)), result,
          "times that a token must stand in the training text; rarer ones become <unk>",
          [](Config& c) -> OptionField { return &c.task.min_count; }),
      row("task.vocabulary", integer(0, from_to(0, 1e7)), result,
          "most frequent tokens that are kept, the others become <unk>; 0: all",
          [](Config& c) -> OptionField { return &c.task.vocabulary; }),

      row("model.cell", cell("vanilla"), result,
          "the recurrent step: one of `unroll cells`, the path of a .cell file, or equations",
          [](Config& c) -> OptionField { return &c.model.cell; }),
      row("model.activation", name("tanh", activation_names), result,
          "act(...) of the cell's equations: what stands where tanh is usual, never in a gate",
          [](Config& c) -> OptionField { return &c.model.activation; }),
      row("model.hidden", integer(100, from_to(1, 1e5)), result, "units H of the state",
          [](Config& c) -> OptionField { return &c.model.hidden; }),
      row("model.init", name("glorot", initialiser_names), result, "start of the recurrent matrix",
          [](Config& c) -> OptionField { return &c.model.init; }),
      row("model.input_init", name("glorot", rectangular_initialiser_names), result,
          "start of the input and readout matrices",
          [](Config& c) -> OptionField { return &c.model.input_init; }),
      row("model.init_scale", number(1.0, at_least(0)), result,
          "of the recurrent matrix: std of normal, bound of uniform, gain of orthogonal and identity",
          [](Config& c) -> OptionField { return &c.model.init_scale; }),
      row("model.input_scale", number(1.0, at_least(0)), result,
          "the same, of the input and readout matrices",
          [](Config& c) -> OptionField { return &c.model.input_scale; }),
      row("model.spectral_radius", number(0.95, above(0)), result,
          "largest |eigenvalue| after rescaling, of sparse",
          [](Config& c) -> OptionField { return &c.model.spectral_radius; }),
      row("model.nonzeros", integer(15, from_to(1, 1e5)), result,
          "weights other than 0 per row (all of a shorter one), of sparse",
          [](Config& c) -> OptionField { return &c.model.nonzeros; }),
      row("model.embedding", integer(0, from_to(0, 1e5)), result,
          "size of a token's vector, in tasks on tokens; 0: as many as hidden units",
          [](Config& c) -> OptionField { return &c.model.embedding; }),
      row("model.embedding_scale", number(0.1, at_least(0)), result,
          "bound of the uniform start of tokens' vectors",
          [](Config& c) -> OptionField { return &c.model.embedding_scale; }),
      row("model.tied", flag(false), result,
          "the readout's matrix is that of the tokens' vectors (Press & Wolf 2017)",
          [](Config& c) -> OptionField { return &c.model.tied; }),
      row("model.layers", integer(1, from_to(1, 1000)), result, "cells on each other, each with H units",
          [](Config& c) -> OptionField { return &c.model.layers; }),
      row("model.bidirectional", flag(false), result,
          "each layer also from the last step to the first, features side by side; not with truncated BPTT",
          [](Config& c) -> OptionField { return &c.model.bidirectional; }),
      row("model.residual", flag(false), result, "from layer 2 on a layer's input is added to its output",
          [](Config& c) -> OptionField { return &c.model.residual; }),
      row("model.dropout_input", number(0.0, from_to_below(0, 1)), result,
          "rate at which the model's inputs are dropped in training, the rest times 1 / (1 - rate)",
          [](Config& c) -> OptionField { return &c.model.dropout_input; }),
      row("model.dropout_output", number(0.0, from_to_below(0, 1)), result,
          "the same, of what a layer hands to the next one or to the readout",
          [](Config& c) -> OptionField { return &c.model.dropout_output; }),
      row("model.dropout_recurrent", number(0.0, from_to_below(0, 1)), result,
          "the same, of the first state as the step reads it (Gal & Ghahramani 2016)",
          [](Config& c) -> OptionField { return &c.model.dropout_recurrent; }),
      row("model.dropout_mask", name("sequence", mask_names), result,
          "one mask of dropout for all steps of a sequence, or a new one at each step",
          [](Config& c) -> OptionField { return &c.model.dropout_mask; }),
      row("model.zoneout", number(0.0, from_to_below(0, 1)), result,
          "rate at which units of all states stay as they were in training (Krueger et al. 2017)",
          [](Config& c) -> OptionField { return &c.model.zoneout; }),
      row("model.layer_norm", flag(false), result,
          "each new first state is normalised over its units, with learned gain and bias (Ba et al. 2016)",
          [](Config& c) -> OptionField { return &c.model.layer_norm; }),
      row("model.initial_state", name("cell", initial_state_names), result,
          "states before the first step: the cell's own, 0 where it says nothing, or all learned",
          [](Config& c) -> OptionField { return &c.model.initial_state; }),

      row("train.optimizer", name("rmsprop", optimizer_names), result, "the update rule",
          [](Config& c) -> OptionField { return &c.train.optimizer; }),
      row("train.learning_rate", number(1e-3, above(0)), result, "step size at the start",
          [](Config& c) -> OptionField { return &c.train.learning_rate; }),
      row("train.momentum", number(0.9, from_to_below(0, 1)), result, "of momentum",
          [](Config& c) -> OptionField { return &c.train.momentum; }),
      row("train.decay", number(0.0, from_to_below(0, 1)), result,
          "of the mean of squares, of rmsprop; 0: the variant's own (char-rnn 0.95, others 0.9)",
          [](Config& c) -> OptionField { return &c.train.decay; }),
      row("train.epsilon", number(0.0, at_least(0)), result,
          "beside the root in the denominator; 0: 1e-8, of rmsprop the variant's own (urnn none)",
          [](Config& c) -> OptionField { return &c.train.epsilon; }),
      row("train.rmsprop", name("urnn", rmsprop_variants), result,
          "urnn: mean square starts at 1e-3, no epsilon; tensorflow: epsilon inside the root; char-rnn: "
          "outside",
          [](Config& c) -> OptionField { return &c.train.rmsprop; }),
      row("train.beta1", number(0.9, from_to_below(0, 1)), result, "decay of the mean, of adam and adamw",
          [](Config& c) -> OptionField { return &c.train.beta1; }),
      row("train.beta2", number(0.999, from_to_below(0, 1)), result,
          "decay of the mean of squares, of adam and adamw",
          [](Config& c) -> OptionField { return &c.train.beta2; }),
      row("train.weight_decay", number(0.0, at_least(0)), result, "0: off; decoupled in adamw, L2 elsewhere",
          [](Config& c) -> OptionField { return &c.train.weight_decay; }),
      row("train.schedule", name("constant", schedule_names), result,
          "of the learning rate; plateau: times the factor when validation stalls",
          [](Config& c) -> OptionField { return &c.train.schedule; }),
      row("train.schedule_factor", number(0.5, above_to(0, 1)), result, "of every schedule but constant",
          [](Config& c) -> OptionField { return &c.train.schedule_factor; }),
      row("train.schedule_every", integer(1000, from_to(1, 1e9)), result,
          "updates per factor, of exponential and step",
          [](Config& c) -> OptionField { return &c.train.schedule_every; }),
      row("train.schedule_patience", integer(1, from_to(1, 1e9)), result,
          "validations without a new best before plateau's factor",
          [](Config& c) -> OptionField { return &c.train.schedule_patience; }),
      row("train.clip_norm", number(0.0, at_least(0)), result,
          "largest norm of all gradients together; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_norm; }),
      row("train.clip_value", number(0.0, at_least(0)), result, "largest |element| of a gradient; 0: off",
          [](Config& c) -> OptionField { return &c.train.clip_value; }),
      row("train.batch", integer(20, from_to(1, 1e5)), result, "sequences B per update",
          [](Config& c) -> OptionField { return &c.train.batch; }),
      row("train.batch_shards", integer(1, from_to(1, 4096)), result,
          "fixed parts of a batch that cores work on at the same time, where trials leave some idle; at most "
          "one per sequence",
          [](Config& c) -> OptionField { return &c.train.batch_shards; }),
      row("train.max_memory", amount(0), display,
          "bytes that the values of an update, of a validation and of the gradients' norms may take at a "
          "time, "
          "by computing some again; 0: as many as they take",
          [](Config& c) -> OptionField { return &c.train.max_memory; }),
      row("train.window", integer(0, from_to(0, 1e7)), result,
          "steps that truncated BPTT goes back, in tasks with a loss at every step; 0: all, full BPTT, but "
          "50 on "
          "a text",
          [](Config& c) -> OptionField { return &c.train.window; }),
      row("train.stride", integer(0, from_to(0, 1e7)), result,
          "steps per update of truncated BPTT, at most the window, whose loss is their mean; 0: the window",
          [](Config& c) -> OptionField { return &c.train.stride; }),
      row("train.updates", integer(3000, from_to(1, 1e9)), result, "parameter updates at most",
          [](Config& c) -> OptionField { return &c.train.updates; }),
      row("train.validate_every", integer(100, from_to(1, 1e9)), result, "updates between validations",
          [](Config& c) -> OptionField { return &c.train.validate_every; }),
      row("train.validation_sequences", integer(2000, from_to(1, 1e7)), result,
          "fresh sequences of a validation",
          [](Config& c) -> OptionField { return &c.train.validation_sequences; }),
      row("train.early_stop", flag(true), result, "stop when the task's success rule holds",
          [](Config& c) -> OptionField { return &c.train.early_stop; }),
      row("train.gradient_norms", flag(true), result,
          "how large the loss's gradient is at every step's state, before and after training, for the report",
          [](Config& c) -> OptionField { return &c.train.gradient_norms; }),
      row("train.checkpoint_seconds", number(60.0, above(0)), display,
          "seconds after which the state of training is kept again, and a better model; at an interruption "
          "it is kept in any case",
          [](Config& c) -> OptionField { return &c.train.checkpoint_seconds; }),
  });
  return rows;
}

/// A constant of a cell's equations.
Option constant_row(std::string_view key) {
  const std::string constant(key.substr(constants_key.size() + 1));
  return {key, unset, {}, nullptr, result, "of the cell's equations", [constant](Config& c) -> OptionField {
            return &c.model.constants.try_emplace(constant, unset).first->second;
          }};
}

/// Rows are made when they are first asked for, and kept: keys refer to them.
const Option* find_constant(std::string_view key) {
  const bool named = key.starts_with(constants_key) && key.size() > constants_key.size() + 1 &&
                     key[constants_key.size()] == '.';
  if (!named) return nullptr;
  static std::mutex mutex;
  static std::map<std::string, Option, std::less<>> rows;
  const std::lock_guard lock(mutex);
  const auto at = rows.try_emplace(std::string(key)).first;
  if (at->second.key.empty()) at->second = constant_row(at->first);
  return &at->second;
}

std::string found(const OptionValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? fmt::format("\"{}\"", printable(*text)) : to_text(value);
}

/// Of a long text in parallel streams, which no full BPTT goes through.
constexpr std::int64_t streamed_window = 50;

void resolve_variant(TaskConfig& task) {
  if (!task.variant.empty()) return;
  const TaskRow* row = find_task(task.name);
  if (row && !row->variants.empty()) task.variant = row->variants.front();
}

double as_double(const OptionValue& value) {
  if (const auto* integer_value = std::get_if<std::int64_t>(&value)) {
    return static_cast<double>(*integer_value);
  }
  if (const auto* number_value = std::get_if<double>(&value)) return *number_value;
  return 0;
}

bool has_range(const Option& option) {
  return std::holds_alternative<std::int64_t>(option.default_value) ||
         std::holds_alternative<double>(option.default_value);
}

std::string help_default(const Option& option) {
  const std::string shown = to_text(option.default_value);
  return shown.empty() ? "\"\"" : shown;
}

}  // namespace

std::span<const Option> options() { return table(); }

const Option* find_option(std::string_view key) {
  const auto rows = options();
  const auto at = std::find_if(rows.begin(), rows.end(), [&](const Option& o) { return o.key == key; });
  return at == rows.end() ? find_constant(key) : &*at;
}

std::vector<const Option*> rows_of(const Config& config) {
  std::vector<const Option*> rows;
  const auto add_constants = [&] {
    for (const auto& [constant, value] : config.model.constants)
      rows.push_back(find_option(fmt::format("{}.{}", constants_key, constant)));
  };
  for (const Option& option : options()) {
    const bool model_ends =
        !rows.empty() && section_of(rows.back()->key) == "model" && section_of(option.key) != "model";
    if (model_ends) add_constants();
    rows.push_back(&option);
  }
  return rows;
}

std::vector<std::string> option_keys() {
  std::vector<std::string> keys;
  for (const Option& option : options()) keys.emplace_back(option.key);
  return keys;
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::vector<std::string> sections() {
  std::vector<std::string> names;
  for (const Option& option : options()) {
    const std::string section(section_of(option.key));
    if (!section.empty() && (names.empty() || names.back() != section)) names.push_back(section);
  }
  return names;
}

Config unresolved_defaults() {
  Config config{};
  for (const Option& option : options()) store(option.field(config), option.default_value);
  return config;
}

Config default_config() {
  Config config = unresolved_defaults();
  resolve_dependent_defaults(config);
  return config;
}

bool governs_defaults(std::string_view key) {
  return key == "task.name" || key == "train.optimizer" || key == "train.rmsprop" || key == "train.window";
}

void resolve_dependent_defaults(Config& config) {
  resolve_variant(config.task);
  std::erase_if(config.model.constants, [](const auto& constant) { return constant.second == unset; });
  const TaskRow* task = find_task(config.task.name);
  if (config.train.window == 0 && task && task->streams) config.train.window = streamed_window;
  if (config.train.stride == 0) config.train.stride = config.train.window;
  const bool rmsprop = config.train.optimizer == "rmsprop";
  const rules::RmspropVariant& published = rules::rmsprop_variant(config.train.rmsprop);
  if (config.train.decay == 0) config.train.decay = published.decay;
  if (config.train.epsilon == 0) config.train.epsilon = rmsprop ? published.epsilon : 1e-8;
}

std::string expectation(const Option& option) {
  if (option.known) return fmt::format("one of: {}", fmt::join(option.known(), ", "));
  const std::string range = has_range(option) ? describe(option.range) : "";
  return std::string(type_name(option.default_value)) + (range.empty() ? "" : " " + range);
}

std::string objection(const Option& option, const OptionValue& value) {
  if (has_range(option) && !option.range.holds(as_double(value))) {
    return fmt::format("expected {}, found {}", expectation(option), found(value));
  }
  if (const auto* cell_text = std::get_if<CellText>(&value)) return objection_to(*cell_text);
  if (!option.known) return "";
  const Names names = option.known();
  const auto& given = std::get<std::string>(value);
  if (std::find(names.begin(), names.end(), given) != names.end()) return "";
  return fmt::format("\"{}\" is unknown{} Known: {}", printable(given),
                     nearest(given, names) ? did_you_mean(given, names) : ".", fmt::join(names, ", "));
}

std::string options_help() {
  std::string text = "Settings: [section] and key in the file, section.key=value on the command line.\n";
  std::string_view section;
  for (const Option& option : options()) {
    if (section_of(option.key) != section) {
      section = section_of(option.key);
      text += fmt::format("\n[{}]\n", section);
    }
    text += fmt::format("  {:<27} {:<9} {}\n", option.key, help_default(option), option.meaning);
    text += fmt::format("  {:<37} {}{}\n", "", expectation(option),
                        option.affects_results ? "" : "; does not affect results");
  }
  return text;
}

}  // namespace unroll
