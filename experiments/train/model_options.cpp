#include <fmt/format.h>

#include "experiments/train/make_model.hpp"
#include "experiments/train/option_rows.hpp"
#include "experiments/train/options.hpp"
#include "models/activation.hpp"
#include "models/layer.hpp"

namespace unroll {
namespace {

using namespace rows;

/// The key below which every name is a setting.
constexpr const char* constants_key = "model.constants";

Option cell_row(const CellList& cells) {
  Option option =
      called({"rnn", "architecture"},
             row("model.cell", {CellText("vanilla")}, result,
                 "the recurrent step: one of `unroll cells`, the path of a .cell file, or equations",
                 [](Config& c) -> OptionField { return &c.model.cell; }));
  option.objection = [&cells](const OptionValue& value) {
    return objection_to(std::get<CellText>(value), cells);
  };
  return option;
}

/// A constant of a cell's equations.
Option constant_row(const std::string& key) {
  const std::string constant = key.substr(std::string(constants_key).size() + 1);
  return row(key, {unset}, result, "of the cell's equations", [constant](Config& c) -> OptionField {
    return &c.model.constants.try_emplace(constant, unset).first->second;
  });
}

std::vector<std::string> constant_keys(const Config& config) {
  std::vector<std::string> keys;
  for (const auto& [constant, value] : config.model.constants)
    keys.push_back(fmt::format("{}.{}", constants_key, constant));
  return keys;
}

}  // namespace

OptionFamily constants_family() {
  return {constants_key, "a constant of the cell's equations, of those that `unroll cells show CELL` lists",
          constant_row, constant_keys};
}

std::vector<Option> cell_option_rows(const CellList& cells) {
  return {
      cell_row(cells),
      called({"nonlinearity"},
             row("model.activation", name("tanh", activation_names), result,
                 "act(...) of the cell's equations: what stands where tanh is usual, never in a gate",
                 [](Config& c) -> OptionField { return &c.model.activation; })),
      called({"hidden_size", "hidden_dim", "units", "num_units", "n_hidden", "dim", "width"},
             row("model.hidden", integer(100, from_to(1, 1e5)), result, "units H of the state",
                 [](Config& c) -> OptionField { return &c.model.hidden; })),
  };
}

std::vector<Option> model_option_rows(const std::function<bool(const Config&)>& reads_tokens) {
  return {
      row(
          "model.embedding", integer(0, from_to(0, 1e5)), result,
          "size of a token's vector, in tasks on tokens; 0: as many as hidden units",
          [](Config& c) -> OptionField { return &c.model.embedding; }, reads_tokens),
      row(
          "model.embedding_scale", number(0.1, at_least(0)), result,
          "bound of the uniform start of tokens' vectors",
          [](Config& c) -> OptionField { return &c.model.embedding_scale; }, reads_tokens),
      row(
          "model.tied", flag(false), result,
          "the readout's matrix is that of the tokens' vectors (Press & Wolf 2017)",
          [](Config& c) -> OptionField { return &c.model.tied; }, reads_tokens),
      called(
          {"num_layers", "n_layers", "depth"},
          row("model.layers", integer(1, from_to(1, 1000)), result, "cells on each other, each with H units",
              [](Config& c) -> OptionField { return &c.model.layers; })),
      row("model.bidirectional", flag(false), result,
          "each layer also from the last step to the first, features side by side; not with truncated BPTT",
          [](Config& c) -> OptionField { return &c.model.bidirectional; }),
      row("model.residual", flag(false), result, "from layer 2 on a layer's input is added to its output",
          [](Config& c) -> OptionField { return &c.model.residual; }),
      row("model.dropout_input", number(0.0, from_to_below(0, 1)), result,
          "rate at which the model's inputs are dropped in training, the rest times 1 / (1 - rate)",
          [](Config& c) -> OptionField { return &c.model.dropout_input; }),
      called({"dropout"}, row("model.dropout_output", number(0.0, from_to_below(0, 1)), result,
                              "the same, of what a layer hands to the next one or to the readout",
                              [](Config& c) -> OptionField { return &c.model.dropout_output; })),
      row("model.dropout_recurrent", number(0.0, from_to_below(0, 1)), result,
          "the same, of the first state as the step reads it (Gal & Ghahramani 2016)",
          [](Config& c) -> OptionField { return &c.model.dropout_recurrent; }),
      row(
          "model.dropout_mask", name("sequence", mask_names), result,
          "one mask of dropout for all steps of a sequence, or a new one at each step",
          [](Config& c) -> OptionField { return &c.model.dropout_mask; },
          [](const Config& c) {
            return c.model.dropout_input > 0 || c.model.dropout_output > 0 || c.model.dropout_recurrent > 0;
          }),
      row("model.zoneout", number(0.0, from_to_below(0, 1)), result,
          "rate at which units of all states stay as they were in training (Krueger et al. 2017)",
          [](Config& c) -> OptionField { return &c.model.zoneout; }),
      row("model.layer_norm", flag(false), result,
          "each new first state is normalised over its units, with learned gain and bias (Ba et al. 2016)",
          [](Config& c) -> OptionField { return &c.model.layer_norm; }),
      row("model.initial_state", name("cell", initial_state_names), result,
          "states before the first step: the cell's own, 0 where it says nothing, or all learned",
          [](Config& c) -> OptionField { return &c.model.initial_state; }),
      row("model.readout", name("linear", readout_names), result,
          "outputs of the last layer: a linear readout, or state: its first units themselves, no parameters",
          [](Config& c) -> OptionField { return &c.model.readout; }),
      called({"checkpoint", "pretrained"},
             row("model.start", file(), result,
                 "parameters to start from, as safetensors under the names of a trained model's; none: drawn",
                 [](Config& c) -> OptionField { return &c.model.start; })),
  };
}

}  // namespace unroll
