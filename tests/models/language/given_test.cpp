// A second input and feedback, which steps are given beside x.

#include <doctest/doctest.h>

#include <cmath>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/gradcheck.hpp"
#include "models/carried_run.hpp"
#include "models/cell_check.hpp"
#include "models/cell_facts.hpp"
#include "models/unrolled_cell.hpp"
#include "tests/models/language/stepped.hpp"

using namespace unroll;
using namespace unroll::test;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t steps = 5, rows = 3;

SequenceModel::MakeCell maker(const std::string& body, std::int64_t context = 2, std::int64_t outputs = 2) {
  const auto definition = defined(body);
  return [=](std::int64_t size) {
    return std::make_unique<EquationCell>(
        definition,
        CellOptions{.input_size = size, .hidden_size = 4, .context_size = context, .output_size = outputs});
  };
}

const std::string with_context = "input s\nstate h\nh' = tanh(W x + V s + U h)\n";
const std::string with_feedback = "feedback y\nstate h\nh' = tanh(W x + V y + U h)\n";
const std::string plain = "state h\nh' = tanh(W x + U h)\n";

/// A model on a tape, and its values for random parameters and given inputs.
struct Run {
  Run(const SequenceModel& of, std::int64_t width, const RunOptions& options = {})
      : model(of), specs(model.parameters()), p(tape, specs), x(tape.input("x", {T, B, width})) {
    recorded = model.record(x, p, options);
  }

  Tensor<double> values(Var v, const std::map<std::string, Tensor<double>>& parameters,
                        const Tensor<double>& inputs) {
    Plan<double> plan(tape, {v});
    for (const ParameterSpec& spec : specs) plan.bind(p[spec.name], parameters.at(spec.name));
    plan.bind(x, inputs);
    plan.run();
    return plan.tensor(v);
  }

  Tape tape;
  const SequenceModel& model;
  std::vector<ParameterSpec> specs;
  Parameters p;
  Var x;
  SequenceModel::Recorded recorded;
};

std::map<std::string, Tensor<double>> random_parameters(const SequenceModel& model) {
  std::map<std::string, Tensor<double>> all;
  std::uint64_t seed = 0;
  for (const ParameterSpec& spec : model.parameters())
    all[spec.name] = random_tensor<double>(spec.shape, ++seed, 0.5);
  return all;
}

/// (a, b) side by side.
Tensor<double> beside(const Tensor<double>& a, const Tensor<double>& b) {
  const std::int64_t count = a.shape()[0], m = a.shape()[1], n = b.shape()[1];
  Tensor<double> both({count, m + n});
  for (std::int64_t i = 0; i < count; ++i) {
    std::copy_n(a.data() + i * m, m, both.data() + i * (m + n));
    std::copy_n(b.data() + i * n, n, both.data() + i * (m + n) + m);
  }
  return both;
}

double distance(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  double most = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

}  // namespace

TEST_CASE("[language] a cell with a second input, or with feedback, passes its check; derivatives by both") {
  for (const std::string& body : {with_context, with_feedback,
                                  std::string("input s\nfeedback y\nstate h\nz = sigmoid(V_z s + "
                                              "U_z h)\nh' = z * h + (1 - z) * tanh(W x + V_y y)\n")}) {
    const EquationCell cell(defined(body),
                            {.input_size = 3, .hidden_size = 4, .context_size = 3, .output_size = 2});
    const auto checks = check_cell(cell, 3);
    CHECK_MESSAGE(all_ok(checks), to_text(checks, body));
    UnrolledCell net(cell, 3);
    const Var given = net.context.valid() ? net.context : net.feedback;
    CHECK(given.dims() == Dims{T, B, net.context.valid() ? 3 : 2});
    CHECK(flops_per_step(cell, 3) > 0);
  }
}

TEST_CASE("[language] a step says what it is not given, and what is of another size") {
  const EquationCell cell(defined(with_context), {.input_size = 3, .hidden_size = 4, .context_size = 2});
  CHECK(cell.context_size() == 2);
  CHECK(cell.feedback_size() == 0);
  Tape tape;
  const Parameters p(tape, cell.parameters());
  const Var x = tape.input("x", {B, 3}), h = tape.input("h", {B, 4});
  const auto message = [&](Var s) -> std::string {
    try {
      cell.step(p, {.x = x, .state = {h}, .context = s});
      return "";
    } catch (const ShapeError& error) {
      return error.what();
    }
  };
  CHECK(message(tape.input("s", {B, 2})) == "");
  CHECK(message({}) ==
        "[test] the step reads s, 2 numbers for each sequence, but StepInputs::context is not given");
  CHECK(
      message(tape.input("s", {B, 3})) ==
      "[test] the step reads s, 2 numbers for each sequence, but StepInputs::context is (B, 3), not (B, 2)");
  CHECK(error_of(with_context, {.input_size = 2, .hidden_size = 3, .context_size = 0}) ==
        "the cell test reads a second input, s, but is made for none");
}

TEST_CASE("[model] a second input is what stands behind x, in every layer, in both directions") {
  for (const ModelOptions& options : {ModelOptions{}, ModelOptions{.bidirectional = true},
                                      ModelOptions{.layer = {.dropout_output = 0.3}}}) {
    const SequenceModel two(maker(with_context), 3, options, 1, Readout::every_step);
    const SequenceModel one(maker(plain), 5, options, 1, Readout::every_step);
    Run of_two(two, 5), of_one(one, 5);
    auto parameters = random_parameters(two);
    const Tensor<double> inputs = random_tensor<double>({steps, rows, 5}, 77);
    const Tensor<double> a = of_two.values(of_two.recorded.outputs, parameters, inputs);
    for (const std::string prefix : {"", "reverse."})
      if (parameters.contains(prefix + "W"))
        parameters[prefix + "W"] = beside(parameters.at(prefix + "W"), parameters.at(prefix + "V"));
    CHECK(distance(a, of_one.values(of_one.recorded.outputs, parameters, inputs)) < 1e-14);
  }
  // Two layers: the second one reads it beside the first one's states.
  const SequenceModel deep(maker(with_context), 3, {.layers = 2}, 1, Readout::every_step);
  Run run(deep, 5);
  const auto parameters = random_parameters(deep);
  Tensor<double> inputs = random_tensor<double>({steps, rows, 5}, 78);
  auto silent = parameters;
  silent.at("V") = Tensor<double>(silent.at("V").shape());
  const Tensor<double> before = run.values(run.recorded.outputs, silent, inputs);
  inputs[4] += 1;  // of the second input at the first step
  CHECK(distance(before, run.values(run.recorded.outputs, silent, inputs)) > 1e-3);
  silent.at("layer2.V") = Tensor<double>(silent.at("layer2.V").shape());
  const Tensor<double> deaf = run.values(run.recorded.outputs, silent, inputs);
  inputs[4] += 1;
  CHECK(distance(deaf, run.values(run.recorded.outputs, silent, inputs)) == 0);
}

TEST_CASE("[model] what a model cannot give its cells is said when it is made") {
  const auto message = [](const SequenceModel::MakeCell& make, const ModelOptions& options) -> std::string {
    try {
      SequenceModel(make, 3, options, 2, Readout::every_step);
      return "";
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  CHECK(message(maker(with_context), {.embedding = 4}) ==
        "[SequenceModel] inputs are tokens, and the cell reads a second input beside them, which only "
        "vectors can hold");
  CHECK(message(maker(with_feedback, 2, 3), {}) ==
        "[SequenceModel] the cell reads 3 outputs that are fed back, but there are 2");
  CHECK(
      message(maker(with_feedback), {.bidirectional = true}).find("a reverse direction has none before it") !=
      std::string::npos);
  CHECK(message(maker(with_feedback), {.layers = 2}) == "");
}

namespace {

/// The loop over numbers: outputs (T, B, 2) of the cell with feedback, of targets or of its own outputs.
Tensor<double> by_hand(const std::map<std::string, Tensor<double>>& p, const Tensor<double>& inputs,
                       bool own) {
  constexpr std::int64_t hidden = 4, outputs = 2, width = 5;
  Tensor<double> all({steps, rows, outputs});
  for (std::int64_t b = 0; b < rows; ++b) {
    std::vector<double> h(hidden), y(outputs);
    for (std::int64_t t = 0; t < steps; ++t) {
      const double* x = inputs.data() + (t * rows + b) * width;
      if (!own) y.assign(x + 3, x + 5);
      std::vector<double> next(hidden);
      for (std::int64_t i = 0; i < hidden; ++i) {
        double s = 0;
        for (std::int64_t j = 0; j < 3; ++j) s += p.at("W")[i * 3 + j] * x[j];
        for (std::int64_t j = 0; j < outputs; ++j) s += p.at("V")[i * outputs + j] * y[j];
        for (std::int64_t j = 0; j < hidden; ++j) s += p.at("U")[i * hidden + j] * h[j];
        next[i] = std::tanh(s);
      }
      h = next;
      for (std::int64_t o = 0; o < outputs; ++o) {
        y[o] = p.at("readout.b_y")[o];
        for (std::int64_t j = 0; j < hidden; ++j) y[o] += p.at("readout.W_hy")[o * hidden + j] * h[j];
        all[(t * rows + b) * outputs + o] = y[o];
      }
    }
  }
  return all;
}

const FeedBack as_they_are = [](Var outputs) { return outputs; };

}  // namespace

TEST_CASE("[model] feedback is what inputs hold, or the model's own outputs: both by hand") {
  const SequenceModel model(maker(with_feedback), 3, {}, 2, Readout::every_step);
  const auto parameters = random_parameters(model);
  const Tensor<double> inputs = random_tensor<double>({steps, rows, 5}, 79);
  Run taught(model, 5), own(model, 5, {.own_feedback = as_they_are});
  const Tensor<double> a = taught.values(taught.recorded.outputs, parameters, inputs);
  const Tensor<double> b = own.values(own.recorded.outputs, parameters, inputs);
  CHECK(distance(a, by_hand(parameters, inputs, false)) < 1e-14);
  CHECK(distance(b, by_hand(parameters, inputs, true)) < 1e-14);
  CHECK(distance(a, b) > 1e-3);
  const SequenceModel deep(maker(with_feedback), 3, {.layers = 2}, 2, Readout::every_step);
  CHECK_THROWS_WITH_AS(Run(deep, 5, {.own_feedback = as_they_are}),
                       doctest::Contains("only to a model of one layer"), std::invalid_argument);
}

TEST_CASE(
    "[model] no gradient goes through targets; through outputs that come back it does, as differences have "
    "it") {
  const SequenceModel model(maker(with_feedback), 3, {}, 2, Readout::every_step);
  for (const bool fed : {false, true}) {
    Run run(model, 5, {.own_feedback = fed ? as_they_are : FeedBack{}});
    const Var y = run.recorded.outputs;
    const auto report = gradcheck(sum(sin(y)), run.p.all(), [&] {
      GradcheckPoint point;
      for (const auto& [name, value] : random_parameters(model)) point.real[run.p[name]] = value;
      point.real[run.x] = random_tensor<double>({4, 2, 5}, 80);
      return point;
    }());
    CHECK_MESSAGE(report.ok(), report.to_text());
    // By the readout's bias each output is 1, and what came back of the steps before is beside that.
    const Var by_bias = gradients(sum(y), {run.p["readout.b_y"]})[0];
    const Tensor<double> g =
        run.values(by_bias, random_parameters(model), random_tensor<double>({steps, rows, 5}, 80));
    CHECK((g[0] == doctest::Approx(steps * rows) && g[1] == doctest::Approx(steps * rows)) == !fed);
  }
}

TEST_CASE("[model] packed sequences begin without feedback, each with the outputs that it has alone") {
  const SequenceModel model(maker(with_feedback), 3, {}, 2, Readout::every_step);
  BoundModel packed(model, 5, false, {.packed_sequences = 3, .own_feedback = as_they_are});
  BoundModel alone(model, 5, false, {.own_feedback = as_they_are});
  std::vector<Tensor<float>> values;
  std::uint64_t seed = 0;
  for (const ParameterSpec& spec : model.parameters())
    values.push_back(random_tensor<float>(spec.shape, ++seed, 0.5));
  const std::vector<std::int64_t> lengths = {5, 2, 3};
  const Packing packing = pack(lengths);
  Tensor<float> padded = random_tensor<float>({5, 3, 5}, 81);
  const Tensor<float> inputs = pack_steps(packing, padded);
  Plan<float> together(*packed.tape, {packed.recorded.outputs}),
      single(*alone.tape, {alone.recorded.outputs});
  ModelInputs<float> given, none;
  given.set_packing(packing);
  packed.bind(together, given, values);
  together.bind(packed.inputs, inputs);
  together.run();
  alone.bind(single, none, values);
  single.bind(alone.inputs, padded);
  single.run();
  const Tensor<float> found =
      unpack_steps(packing, together.tensor(packed.recorded.outputs), AfterEnd::zeros);
  const Tensor<float> expected = single.tensor(alone.recorded.outputs);
  for (std::int64_t b = 0; b < 3; ++b)
    for (std::int64_t t = 0; t < lengths[static_cast<std::size_t>(b)]; ++t)
      for (std::int64_t o = 0; o < 2; ++o)
        CHECK(found[(t * 3 + b) * 2 + o] == doctest::Approx(expected[(t * 3 + b) * 2 + o]).epsilon(1e-5));
}
