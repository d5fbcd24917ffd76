#include "experiments/train/make_model.hpp"

#include "experiments/train/cell_options.hpp"
#include "models/cell_table.hpp"

namespace unroll {

SequenceModel make_model(const Config& config, const Task& task) {
  const ModelConfig& model = config.model;
  const auto cell = [&](std::int64_t input_size) {
    CellOptions options = cell_options(config, task);
    options.input_size = input_size;
    return make_cell(model.cell, options);
  };
  const LayerOptions layer = {.dropout_input = model.dropout_input,
                              .dropout_output = model.dropout_output,
                              .dropout_recurrent = model.dropout_recurrent,
                              .mask = mask_per(model.dropout_mask),
                              .zoneout = model.zoneout,
                              .layer_norm = model.layer_norm,
                              .learned_start = model.initial_state == "learned"};
  return {cell,
          task.input_size(),
          {model.layers, model.bidirectional, model.residual, layer},
          task.output_size(),
          task.readout()};
}

bool draws_noise(const ModelConfig& model) {
  return model.dropout_input > 0 || model.dropout_output > 0 || model.dropout_recurrent > 0 ||
         model.zoneout > 0;
}

std::vector<std::string> initial_state_names() { return {"cell", "learned"}; }

}  // namespace unroll
