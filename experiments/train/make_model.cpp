#include "experiments/train/make_model.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/config/cell_text.hpp"
#include "models/cell_table.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

std::int64_t embedding_size(const ModelConfig& model) {
  return model.embedding > 0 ? model.embedding : model.hidden;
}

std::int64_t size_of_x(const ModelSizes& sizes) { return sizes.inputs - sizes.context - sizes.feedback; }

/// A column that nobody reads, and one that is not there, would be lost without a word.
void check_given(const Cell& cell, const Config& config, const ModelSizes& sizes) {
  const std::string name = label_of(config.model.cell);
  if (cell.context_size() > 0 && sizes.context == 0)
    throw std::invalid_argument(
        fmt::format("the cell {} reads a second input, but the task {} gives none; the task file does, with "
                    "task.second_input",
                    name, config.task.name));
  if (cell.context_size() == 0 && sizes.context > 0)
    throw std::invalid_argument(
        fmt::format("the task {} gives a second input of {} numbers (task.second_input), but the cell {} "
                    "reads none: name "
                    "it there, `input u`, or leave task.second_input empty",
                    config.task.name, sizes.context, name));
  if (cell.feedback_size() > 0 && sizes.feedback == 0)
    throw std::invalid_argument(
        fmt::format("the cell {} reads outputs that are fed back, but the task {} was made without", name,
                    config.task.name));
}

std::string hint_before_list(const std::string& name, const std::vector<std::string>& names) {
  const std::string hint = did_you_mean(name, names);
  return hint.empty() ? "." : hint;
}

}  // namespace

ModelSizes sizes_of(const TaskSpec& spec) {
  return {spec.input_size,   spec.output_size,  spec.readout, spec.inputs == InputKind::tokens,
          spec.context_size, spec.feedback_size};
}

CellOptions cell_options(const Config& config, const ModelSizes& sizes) {
  CellOptions options{sizes.tokens ? embedding_size(config.model) : size_of_x(sizes), config.model.hidden,
                      config.model.activation, config.model.constants};
  if (sizes.context > 0) options.context_size = sizes.context;
  options.output_size = sizes.outputs;
  return options;
}

SequenceModel make_model(const CellList& cells, const Config& config, const ModelSizes& sizes,
                         const WrapCell& wrap) {
  const ModelConfig& model = config.model;
  if (model.tied && !sizes.tokens)
    throw std::invalid_argument(
        fmt::format("model.tied: the inputs of the task {} are vectors, not tokens: there is no embedding to "
                    "tie the readout to",
                    config.task.name));
  const auto cell = [&](std::int64_t input_size) {
    CellOptions options = cell_options(config, sizes);
    options.input_size = input_size;
    std::unique_ptr<Cell> made = make_cell(cells, model.cell, options);
    check_given(*made, config, sizes);
    return wrap ? wrap(std::move(made)) : std::move(made);
  };
  const LayerOptions layer = {.dropout_input = model.dropout_input,
                              .dropout_output = model.dropout_output,
                              .dropout_recurrent = model.dropout_recurrent,
                              .mask = mask_per(model.dropout_mask),
                              .zoneout = model.zoneout,
                              .layer_norm = model.layer_norm,
                              .learned_start = model.initial_state == "learned"};
  const ModelOptions options = {.layers = model.layers,
                                .bidirectional = model.bidirectional,
                                .residual = model.residual,
                                .layer = layer,
                                .embedding = sizes.tokens ? embedding_size(model) : 0,
                                .embedding_scale = model.embedding_scale,
                                .tied = model.tied,
                                .state_readout = model.readout == readout_names().back()};
  return {cell, size_of_x(sizes), options, sizes.outputs, sizes.readout};
}

std::vector<ParameterSpec> with_rates(std::vector<ParameterSpec> specs, const TrainConfig& train) {
  std::vector<std::string> names;
  for (const ParameterSpec& spec : specs) names.push_back(spec.name);
  for (const auto& [name, rate] : train.rates) {
    const auto spec = std::ranges::find(specs, name, &ParameterSpec::name);
    if (spec == specs.end())
      throw std::invalid_argument(fmt::format("train.rates.{}: the model has no such parameter{} It has: {}",
                                              printable(name), hint_before_list(name, names),
                                              fmt::join(names, ", ")));
    if (!spec->trained)
      throw std::invalid_argument(
          fmt::format("train.rates.{}: the cell declares this parameter fixed, so that no learning rate "
                      "reaches it; leave "
                      "the factor out",
                      name));
    spec->rate = rate;
  }
  return specs;
}

bool draws_noise(const ModelConfig& model) {
  return model.dropout_input > 0 || model.dropout_output > 0 || model.dropout_recurrent > 0 ||
         model.zoneout > 0;
}

std::vector<std::string> readout_names() { return {"linear", "state"}; }

std::vector<std::string> initial_state_names() { return {"cell", "learned"}; }

}  // namespace unroll
