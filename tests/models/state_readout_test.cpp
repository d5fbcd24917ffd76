#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t readout_inputs = 2, readout_hidden = 4;

SequenceModel lstm(const ModelOptions& options, std::int64_t outputs, Readout readout) {
  return {[](std::int64_t size) {
            return make_cell("lstm", {size, readout_hidden, "tanh", {}});
          },
          readout_inputs, options, outputs, readout};
}

std::string refusal(const ModelOptions& options, std::int64_t outputs) {
  return error_of<std::invalid_argument>([&] { lstm(options, outputs, Readout::last); });
}

}  // namespace

TEST_CASE(
    "[models] without a readout outputs are the first units of the last layer, and no parameters are its") {
  for (const Readout readout : {Readout::last, Readout::every_step}) {
    const SequenceModel model = lstm({.layers = 2, .state_readout = true}, 3, readout);
    for (const ParameterSpec& spec : model.parameters())
      CHECK(spec.name.find("readout") == std::string::npos);
    CHECK(model.parameters().size() == lstm({.layers = 2}, 3, readout).parameters().size() - 2);
    Tape tape;
    const Parameters p(tape, model.parameters());
    const Var x = tape.input("x", {T, B, readout_inputs});
    const auto recorded = model.record(x, p);
    Plan<double> plan(tape, {recorded.outputs, recorded.state_trajectory[2]});  // layer 2's h
    const Tensor<double> batch = random_tensor<double>({5, 2, readout_inputs}, 1);
    plan.bind(x, batch);
    std::vector<Tensor<double>> values;
    for (const ParameterSpec& spec : model.parameters())
      values.push_back(random_tensor<double>(spec.shape, values.size() + 2, 0.7));
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], values[i]);
    plan.run();
    const auto outputs = plan.tensor(recorded.outputs), h = plan.tensor(recorded.state_trajectory[2]);
    const std::int64_t first = readout == Readout::last ? 4 : 0;
    for (std::int64_t t = first; t < 5; ++t)
      for (std::int64_t b = 0; b < 2; ++b)
        for (std::int64_t k = 0; k < 3; ++k)
          CHECK(outputs[((t - first) * 2 + b) * 3 + k] == h[(t * 2 + b) * readout_hidden + k]);
  }
}

TEST_CASE("[models] more outputs than units cannot be units, and there is no readout to tie") {
  CHECK(refusal({.state_readout = true}, readout_hidden) == "(no error)");
  const std::string many = refusal({.state_readout = true}, readout_hidden + 1);
  CHECK_MESSAGE(many.find("5 outputs") != std::string::npos, many);
  CHECK_MESSAGE(many.find("there are 4") != std::string::npos, many);
  CHECK(refusal({.embedding = readout_hidden, .tied = true, .state_readout = true}, readout_inputs)
            .find("tie") != std::string::npos);
}
