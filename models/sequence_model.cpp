#include "models/sequence_model.hpp"

#include <fmt/format.h>

#include "framework/autodiff/scan.hpp"

namespace unroll {

SequenceModel::SequenceModel(std::unique_ptr<Cell> cell, std::int64_t output_size, Readout readout)
    : cell_(std::move(cell)), output_size_(output_size), readout_(readout) {}

std::vector<ParameterSpec> SequenceModel::parameters() const {
  std::vector<ParameterSpec> specs = cell_->parameters();
  specs.push_back({"W_hy", {output_size_, cell_->states()[0].shape[0]}, Role::readout_matrix});
  specs.push_back({"b_y", {output_size_}, Role::bias});
  return specs;
}

SequenceModel::Recorded SequenceModel::record(Var inputs, const Parameters& p,
                                              std::vector<Var> initial) const {
  if (inputs.rank() != 3)
    throw ShapeError("[SequenceModel] inputs are time-major, (T, B, input_size), not " +
                     to_string(inputs.dims()));
  const Dim rows = inputs.dims()[1];
  if (initial.empty())
    for (const StateSpec& state : states()) initial.push_back(inputs.tape().zeros(state.dims(rows)));
  check_initial(initial, rows);
  const auto step = [&](const std::vector<Var>& x, const std::vector<Var>& state) {
    return Step{cell_->step(p, x[0], state).state};
  };
  const Scanned scanned = scan(step, {inputs}, initial);
  const Var h = readout_ == Readout::last ? scanned.final_state[0] : scanned.state_trajectory[0];
  return {linear(h, p["W_hy"]) + p["b_y"], scanned.state_trajectory, scanned.final_state};
}

void SequenceModel::check_initial(const std::vector<Var>& initial, Dim rows) const {
  const std::vector<StateSpec> specs = states();
  if (initial.size() != specs.size())
    throw ShapeError(fmt::format("[SequenceModel] {} initial states given, the cell has {}", initial.size(),
                                 specs.size()));
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Dims expected = specs[i].dims(rows);
    if (initial[i].dims() == expected) continue;
    throw ShapeError(
        fmt::format("[SequenceModel] the initial state {} is {}, not {}, a row for each sequence",
                    specs[i].name, to_string(initial[i].dims()), to_string(expected)));
  }
}

}  // namespace unroll
