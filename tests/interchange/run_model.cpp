#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <string>
#include <tuple>
#include <vector>

#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/interchange.hpp"

// run_model CELL ACTIVATION LAYERS DIRECTIONS MODEL INPUTS OUTPUTS: the model in MODEL, which is drawn and
// written where there is no such file, run over the tensor x (T, B, inputs) of INPUTS; what its readout gives
// at every step is written as the tensor y of OUTPUTS. tests/scripts/torch_interchange_test.sh uses it.

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t hidden = 5, outputs = 2;

std::vector<Tensor<float>> drawn(const SequenceModel& model) {
  std::vector<Tensor<float>> values;
  std::uint32_t number = 0;
  for (const ParameterSpec& spec : model.parameters()) {
    Stream stream(1, Purpose::parameters, {number++});
    values.push_back(initialise({.name = "uniform", .scale = 0.5}, spec.shape, stream));
  }
  return values;
}

Tensor<float> run(const SequenceModel& model, const std::vector<Tensor<float>>& values,
                  const Tensor<float>& x) {
  Tape tape;
  const Parameters p(tape, model.parameters());
  const Var inputs = tape.input("x", {T, B, x.shape()[2]});
  const Var y = model.record(inputs, p).outputs;
  Plan<float> plan(tape, {y});
  plan.bind(inputs, x);
  for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], values[i]);
  plan.run();
  return plan.tensor(y);
}

void run(const std::vector<std::string>& arguments) {
  const auto& [cell, activation, layers, directions] =
      std::tie(arguments.at(0), arguments.at(1), arguments.at(2), arguments.at(3));
  const std::filesystem::path file = arguments.at(4);
  const Tensor<float> x = *load_safetensors(arguments.at(5)).find("x");
  const SequenceModel model(
      [&](std::int64_t inputs) {
        return make_cell(cell, {inputs, hidden, activation});
      },
      x.shape()[2], {.layers = std::stoll(layers), .bidirectional = directions == "2"}, outputs,
      Readout::every_step);
  if (!std::filesystem::exists(file)) save_safetensors(file, to_safetensors(model, drawn(model)));
  const auto values = from_safetensors(model, load_safetensors(file), file.string());
  save_safetensors(arguments.at(6), {.tensors = {{"y", run(model, values, x)}}});
}

}  // namespace

int main(int count, char** arguments) {
  try {
    run({arguments + 1, arguments + count});
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "run_model: {}\n", error.what());
    return 1;
  }
}
