#pragma once

#include <map>
#include <memory>
#include <string>

#include "experiments/instruments/state_map.hpp"
#include "framework/random/stream.hpp"
#include "models/cell_table.hpp"

namespace unroll::test {

/// The map of one layer of a cell, by name or equations. Parameters that `values` does not name are 0.
inline std::unique_ptr<StateMap> map_of(const std::string& cell, const CellOptions& options,
                                        const std::map<std::string, Tensor<double>>& values,
                                        bool without_input = false) {
  const SequenceModel model(make_cell(cell, options), 1, Readout::last);
  std::vector<Tensor<double>> parameters;
  for (const ParameterSpec& spec : model.parameters()) {
    const auto found = values.find(spec.name);
    parameters.push_back(found == values.end() ? Tensor<double>(spec.shape) : found->second);
  }
  return std::make_unique<StateMap>(model, options.input_size, false, std::move(parameters), without_input);
}

/// Independent standard normal numbers times `scale`.
inline Tensor<double> normal(Shape shape, double scale, std::uint32_t number) {
  Tensor<double> values(std::move(shape));
  Stream stream(7, Purpose::check, {number});
  for (double& x : values.span()) x = scale * stream.normal();
  return values;
}

}  // namespace unroll::test
