#include "models/layer.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "framework/autodiff/gradients.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/language/definition.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/small_cells.hpp"
#include "tests/models/test_cells.hpp"
#include "tests/models/wrapped_cells.hpp"
#include "tests/support/away_from_kinks.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;
using sizes::B;
using sizes::T;

namespace {

MakeCell named(std::string_view cell) {
  return [cell](std::int64_t size) {
    return make_cell(cell, {size, small_hidden, "tanh", small_constants(cell)});
  };
}

const std::map<std::string, ModelOptions> wrappers = {
    {"nothing", {}},
    {"three layers", {.layers = 3}},
    {"bidirectional", {.bidirectional = true}},
    {"two bidirectional layers, residual", {.layers = 2, .bidirectional = true, .residual = true}},
    {"residual", {.layers = 2, .residual = true}},
    {"input dropout", {.layer = {.dropout_input = 0.4}}},
    {"output dropout", {.layers = 2, .layer = {.dropout_output = 0.4}}},
    {"recurrent dropout", {.layer = {.dropout_recurrent = 0.4}}},
    {"dropout at each step",
     {.layers = 2,
      .layer =
          {.dropout_input = 0.2, .dropout_output = 0.3, .dropout_recurrent = 0.4, .mask = MaskPer::step}}},
    {"zoneout", {.layer = {.zoneout = 0.3}}},
    {"layer norm", {.layer = {.layer_norm = true}}},
    {"learned start", {.layer = {.learned_start = true}}},
    {"everything",
     {.layers = 2,
      .bidirectional = true,
      .residual = true,
      .layer = {.dropout_input = 0.1,
                .dropout_output = 0.2,
                .dropout_recurrent = 0.3,
                .zoneout = 0.2,
                .layer_norm = true,
                .learned_start = true}}},
};

/// Around these everything is tried by itself: plain and gated, one state and two, vectors and a matrix, and
/// a first state that only readouts see, of a size of its own. Around the others all of it at once.
const std::set<std::string> by_itself = {"vanilla", "lstm", "gru", "scrn", "fast weights"};

/// A model on a tape, with masks of update 3.
struct WrappedFixture {
  Tape tape;
  SequenceModel model;
  Var x;
  Parameters p;
  Noise noise{17, tape.index_input("update", {}), tape.index_input("row", {}),
              tape.index_input("steps", {T})};
  SequenceModel::Recorded recorded;
  std::vector<Tensor<double>> values;
  Tensor<double> batch;
  Tensor<std::int64_t> update{Shape{}, 3}, first_row, steps;

  WrappedFixture(const MakeCell& cell, std::int64_t input_size, const ModelOptions& options, Readout readout,
                 bool training, std::int64_t length = 4, std::int64_t rows = 3,
                 std::vector<std::string> wanted = {})
      : model(cell, input_size, options, small_outputs, readout),
        x(tape.input("x", {T, B, input_size})),
        p(tape, model.parameters()),
        recorded(model.record(
            x, p, {.values = std::move(wanted), .noise = training ? std::optional(noise) : std::nullopt})),
        batch(random_tensor<double>({length, rows, input_size}, 50)),
        steps(Shape{length}) {
    for (const ParameterSpec& spec : model.parameters()) {
      values.push_back(random_tensor<double>(spec.shape, values.size() + 1, 0.7));
      if (spec.init && spec.init->name == "constant")
        for (double& v : values.back().span()) v += spec.init->scale;
    }
    for (std::int64_t t = 0; t < length; ++t) steps[t] = t;
  }

  GradcheckPoint point() const {
    GradcheckPoint at{{{x, batch}},
                      {{noise.update, update}, {noise.first_row, first_row}, {noise.time_steps, steps}}};
    for (std::size_t i = 0; i < values.size(); ++i) at.real[p.all()[i]] = values[i];
    return at;
  }

  /// Values of some outputs.
  std::vector<Tensor<double>> run(const std::vector<Var>& wanted) const {
    Plan<double> plan(tape, wanted);
    plan.bind(x, batch);
    for (std::size_t i = 0; i < values.size(); ++i) plan.bind(p.all()[i], values[i]);
    plan.bind(noise.update, update);
    plan.bind(noise.first_row, first_row);
    plan.bind(noise.time_steps, steps);
    plan.run();
    std::vector<Tensor<double>> found;
    for (const Var& v : wanted) found.push_back(plan.tensor(v));
    return found;
  }
  Tensor<double> h() const { return run({recorded.state_trajectory[0]})[0]; }
};

MakeCell adder(std::int64_t size, double start = 0) {
  return [size, start](std::int64_t) { return std::make_unique<Adder>(size, start); };
}
MakeCell echo(std::int64_t size) {
  return [size](std::int64_t) { return std::make_unique<Echo>(size); };
}

double largest_difference(const Tensor<double>& a, const Tensor<double>& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  for (std::int64_t i = 0; i < a.numel(); ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

}  // namespace

TEST_CASE("[layers] gradients with everything around every cell agree with central differences") {
  for (const auto& [cell, make] : all_cells())
    for (const auto& [name, options] : wrappers)
      for (const Readout readout : {Readout::last, Readout::every_step}) {
        const auto definition = cell_definition(cell);
        if (definition && definition->declares_gradients()) continue;  // see check_cell()
        if (!by_itself.contains(cell) && (name != "everything" || readout == Readout::last)) continue;
        WrappedFixture f(make, small_inputs, options, readout, true);
        std::vector<Var> wrt = f.p.all();
        wrt.push_back(f.x);
        const GradcheckReport report = away_from_kinks([&](std::uint64_t seed) {
          f.batch = random_tensor<double>(f.batch.shape(), 49 + seed);
          return gradcheck(sum(sin(f.recorded.outputs)), wrt, f.point(),
                           {.floor = 5e-4, .jacobian_elements = 60});
        });
        INFO(cell, ", ", name, "\n", report.to_text());
        CHECK(report.ok());
      }
}

TEST_CASE("[layers] rates of 0 are no masks at all, bit for bit") {
  for (const auto& [cell, make] : all_cells()) {
    WrappedFixture with(make, small_inputs, {.layer = {.mask = MaskPer::step}}, Readout::last, true);
    Tape tape;
    const SequenceModel plain(make(small_inputs), small_outputs, Readout::last);
    const Var x = tape.input("x", {T, B, small_inputs});
    const Parameters p(tape, plain.parameters());
    CHECK(tape.to_text() != with.tape.to_text());  // the noise's inputs
    const Var y = plain.record(x, p).outputs;
    std::vector<Var> wanted = gradients(sum(y), p.all()),
                     same = gradients(sum(with.recorded.outputs), with.p.all());
    wanted.push_back(y);
    same.push_back(with.recorded.outputs);
    Plan<double> plan(tape, wanted);
    plan.bind(x, with.batch);
    for (std::size_t i = 0; i < with.values.size(); ++i) plan.bind(p.all()[i], with.values[i]);
    plan.run();
    const std::vector<Tensor<double>> found = with.run(same);
    for (std::size_t i = 0; i < wanted.size(); ++i) CHECK(found[i].same_bits(plan.tensor(wanted[i])));
  }
}

TEST_CASE("[layers] without noise dropout is off, and with it it is not") {
  const ModelOptions options = {
      .layer = {.dropout_input = 0.5, .dropout_output = 0.5, .dropout_recurrent = 0.5}};
  const auto outputs_of = [&](const ModelOptions& around, bool training) {
    const WrappedFixture f(named("lstm"), small_inputs, around, Readout::last, training);
    return f.run({f.recorded.outputs})[0];
  };
  CHECK(outputs_of(options, false).same_bits(outputs_of({}, false)));
  CHECK_FALSE(outputs_of(options, true).same_bits(outputs_of({}, false)));
}

TEST_CASE("[layers] a mask of the sequence holds at all steps, has its rate and keeps the mean") {
  constexpr std::int64_t units = 200, rows = 50;
  WrappedFixture f(echo(units), units, {.layer = {.dropout_input = 0.25}}, Readout::last, true, 3, rows);
  f.batch.fill(1);
  const Tensor<double> h = f.h();
  double sum = 0;
  for (std::int64_t i = 0; i < rows * units; ++i) {
    CHECK((h[i] == 0 || h[i] == doctest::Approx(1 / 0.75)));
    CHECK(h[i] == h[i + rows * units]);
    CHECK(h[i] == h[i + 2 * rows * units]);
    sum += h[i];
  }
  // Standard deviation of the mean: sqrt(0.25 / 0.75 / n).
  CHECK(std::abs(sum / (rows * units) - 1) < 5 * std::sqrt(0.25 / 0.75 / (rows * units)));
}

TEST_CASE("[layers] masks differ between steps, updates, rows, places and layers where they should") {
  constexpr std::int64_t units = 64;
  const auto mask = [&](LayerOptions layer, std::int64_t update, std::int64_t row, const char* what = "h") {
    WrappedFixture f(echo(units), units, {.layers = 2, .layer = layer}, Readout::last, true, 2, 1, {what});
    f.batch.fill(1);
    f.update[0] = update;
    f.first_row[0] = row;
    return f.run({f.recorded.values[0]})[0];
  };
  const LayerOptions step = {.dropout_input = 0.5, .mask = MaskPer::step}, whole = {.dropout_input = 0.5};
  const Tensor<double> a = mask(step, 0, 0);
  CHECK_FALSE(std::equal(a.data(), a.data() + units, a.data() + units));
  CHECK(mask(whole, 0, 0).same_bits(mask(whole, 0, 0)));
  CHECK_FALSE(mask(whole, 0, 0).same_bits(mask(whole, 1, 0)));
  CHECK_FALSE(mask(whole, 0, 0).same_bits(mask(whole, 0, 1)));
  CHECK_FALSE(mask(whole, 0, 0).same_bits(mask({.dropout_output = 0.5}, 0, 0, "layer2.h")));
  // Layer 2 echoes layer 1's features once its own mask is off: output masks of the two would be one.
  const Tensor<double> both = mask({.dropout_output = 0.5}, 0, 0, "layer2.h");
  CHECK(std::count(both.data(), both.data() + units, 0.0) > units / 4);
}

TEST_CASE("[layers] the rows of a batch have the same masks in one piece and in four") {
  constexpr std::int64_t units = 8, rows = 12;
  const LayerOptions layers[] = {
      {.dropout_input = 0.5, .dropout_output = 0.5, .dropout_recurrent = 0.5},
      {.dropout_input = 0.5, .dropout_output = 0.5, .dropout_recurrent = 0.5, .mask = MaskPer::step},
      {.zoneout = 0.5}};
  for (const LayerOptions& layer : layers) {
    WrappedFixture whole(adder(units), units, {.layers = 2, .layer = layer}, Readout::last, true, 5, rows);
    whole.batch.fill(1);
    const Tensor<double> h = whole.run({whole.recorded.final_state[1]})[0];
    for (std::int64_t part = 0; part < 4; ++part) {
      WrappedFixture split(adder(units), units, {.layers = 2, .layer = layer}, Readout::last, true, 5,
                           rows / 4);
      split.batch.fill(1);
      split.first_row[0] = part * (rows / 4);
      const Tensor<double> some = split.run({split.recorded.final_state[1]})[0];
      CHECK(std::equal(some.data(), some.data() + some.numel(), h.data() + part * some.numel()));
    }
    WrappedFixture wrong(adder(units), units, {.layers = 2, .layer = layer}, Readout::last, true, 5,
                         rows / 4);
    wrong.batch.fill(1);
    wrong.first_row[0] = 1;  // not where the part stands
    const Tensor<double> some = wrong.run({wrong.recorded.final_state[1]})[0];
    CHECK_FALSE(std::equal(some.data(), some.data() + some.numel(), h.data()));
  }
}

TEST_CASE("[layers] recurrent dropout masks what the step reads, not what is outside") {
  constexpr std::int64_t units = 100;
  WrappedFixture f(adder(units), units, {.layer = {.dropout_recurrent = 0.5}}, Readout::last, true, 3, 1);
  f.batch.fill(1);
  const Tensor<double> h = f.h();
  for (std::int64_t u = 0; u < units; ++u) {
    CHECK(h[u] == 1);
    const bool kept = h[units + u] != 1;
    CHECK(h[units + u] == (kept ? 3 : 1));
    CHECK(h[2 * units + u] == (kept ? 7 : 1));
  }
}

TEST_CASE("[layers] zoneout keeps units in training and mixes them in evaluation") {
  constexpr std::int64_t units = 4000, steps = 3;
  const ModelOptions options = {.layer = {.zoneout = 0.25}};
  WrappedFixture training(adder(units), units, options, Readout::last, true, steps, 1);
  WrappedFixture evaluation(adder(units), units, options, Readout::last, false, steps, 1);
  training.batch.fill(1);
  evaluation.batch.fill(1);
  const Tensor<double> moved = training.h(), mixed = evaluation.h();
  double sum = 0;
  for (std::int64_t u = 0; u < units; ++u) {
    double before = 0;
    for (std::int64_t t = 0; t < steps; ++t) {
      const double h = moved[t * units + u];
      CHECK((h == before || h == before + 1));
      CHECK(mixed[t * units + u] == doctest::Approx(0.75 * static_cast<double>(t + 1)));
      before = h;
    }
    sum += before;
  }
  CHECK(std::abs(sum / units - 0.75 * steps) < 5 * std::sqrt(steps * 0.25 * 0.75 / units));
}

TEST_CASE("[layers] layer norm gives every new state the mean 0 and the variance 1, times gain plus bias") {
  constexpr std::int64_t units = 10, rows = 3, steps = 4;
  WrappedFixture f(adder(units), units, {.layer = {.layer_norm = true}}, Readout::last, true, steps, rows);
  const auto specs = f.model.parameters();
  REQUIRE(specs[0].name == "layer_norm.gain");
  REQUIRE(specs[1].name == "layer_norm.bias");
  f.values[0].fill(2);
  f.values[1].fill(0.5);
  const Tensor<double> h = f.h();
  std::vector<double> expected(rows * units, 0.0);
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t r = 0; r < rows; ++r) {
      double* a = expected.data() + r * units;
      double mean = 0, variance = 0;
      for (std::int64_t u = 0; u < units; ++u) mean += (a[u] += f.batch[(t * rows + r) * units + u]) / units;
      for (std::int64_t u = 0; u < units; ++u) variance += (a[u] - mean) * (a[u] - mean) / units;
      for (std::int64_t u = 0; u < units; ++u) {
        a[u] = 2 * (a[u] - mean) / std::sqrt(variance + 1e-5) + 0.5;
        CHECK(h[(t * rows + r) * units + u] == doctest::Approx(a[u]).epsilon(1e-12));
      }
    }
}

TEST_CASE("[layers] a layer on another reads its states, under names of its own") {
  WrappedFixture both(named("gru"), small_inputs, {.layers = 2}, Readout::every_step, false);
  std::set<std::string> names;
  for (const ParameterSpec& spec : both.model.parameters()) names.insert(spec.name);
  CHECK(names.size() == both.model.parameters().size());
  CHECK(names.contains("W_r"));
  CHECK(names.contains("layer2.W_r"));
  CHECK(both.model.states()[1].name == "layer2.h");

  Tape tape;
  const SequenceModel second(make_cell("gru", {small_hidden, small_hidden, "tanh"}), small_outputs,
                             Readout::every_step);
  const Var x = tape.input("x", {T, B, small_hidden});
  const Parameters p(tape, second.parameters());
  const Var y = second.record(x, p).outputs;
  const std::vector<Tensor<double>> found =
      both.run({both.recorded.state_trajectory[0], both.recorded.outputs});
  Plan<double> plan(tape, {y});
  plan.bind(x, found[0]);
  const std::size_t first = both.values.size() - second.parameters().size();
  for (std::size_t i = 0; i < p.all().size(); ++i) plan.bind(p.all()[i], both.values[first + i]);
  plan.run();
  CHECK(largest_difference(plan.tensor(y), found[1]) < 1e-14);
}

TEST_CASE("[layers] a reverse direction is a forward one on the sequence turned round") {
  constexpr std::int64_t steps = 4, rows = 3;
  WrappedFixture both(named("lstm"), small_inputs, {.bidirectional = true}, Readout::last, false, steps,
                      rows);
  CHECK(both.model.states()[2].name == "reverse.h");
  const std::vector<Tensor<double>> found =
      both.run({both.recorded.state_trajectory[2], both.recorded.final_state[2]});
  WrappedFixture forward(named("lstm"), small_inputs, {}, Readout::last, false, steps, rows);
  for (std::int64_t t = 0; t < steps; ++t)
    std::copy_n(both.batch.data() + (steps - 1 - t) * rows * small_inputs, rows * small_inputs,
                forward.batch.data() + t * rows * small_inputs);
  const std::size_t cell_parameters = forward.values.size() - 2;
  for (std::size_t i = 0; i < cell_parameters; ++i) forward.values[i] = both.values[cell_parameters + i];
  const Tensor<double> h = forward.h();
  const std::int64_t n = rows * small_hidden;
  for (std::int64_t t = 0; t < steps; ++t)
    for (std::int64_t i = 0; i < n; ++i)
      CHECK(found[0][t * n + i] == doctest::Approx(h[(steps - 1 - t) * n + i]).epsilon(1e-12));
  for (std::int64_t i = 0; i < n; ++i)
    CHECK(found[1][i] == doctest::Approx(h[(steps - 1) * n + i]).epsilon(1e-12));
}

TEST_CASE("[layers] a residual connection adds a layer's input, from the second one on") {
  constexpr std::int64_t units = 3;
  for (const MaskPer mask : {MaskPer::sequence, MaskPer::step}) {
    WrappedFixture f(echo(units), units, {.layers = 3, .residual = true, .layer = {.mask = mask}},
                     Readout::last, false, 2, 1, {"h", "layer2.h", "layer3.h"});
    const std::vector<Tensor<double>> h = f.run(f.recorded.values);
    for (std::int64_t i = 0; i < 2 * units; ++i) {
      CHECK(h[0][i] == f.batch[i]);
      CHECK(h[1][i] == f.batch[i]);
      CHECK(h[2][i] == 2 * f.batch[i]);
    }
  }
}

TEST_CASE("[layers] states start at the cell's number, at a learned parameter or at what is given") {
  WrappedFixture constant(adder(2, 5), 2, {}, Readout::last, false, 1, 1);
  constant.batch.fill(1);
  CHECK(constant.h()[0] == 6);

  WrappedFixture learned(adder(2, 5), 2, {.layer = {.learned_start = true}}, Readout::last, false, 1, 2);
  const ParameterSpec spec = learned.model.parameters()[0];
  CHECK(spec.name == "start.h");
  CHECK(spec.init->scale == 5);
  learned.batch.fill(1);
  learned.values[0] = Tensor<double>({2}, {10, 20});
  const Tensor<double> h = learned.h();
  for (std::int64_t i = 0; i < 4; ++i) CHECK(h[i] == (i % 2 == 0 ? 11 : 21));

  Tape tape;
  const SequenceModel model(adder(2, 5), 2, {.layer = {.learned_start = true}}, 1, Readout::last);
  const Parameters p(tape, model.parameters());
  const Var x = tape.input("x", {T, B, 2}), given = tape.input("given", {B, 2});
  const SequenceModel::Recorded recorded = model.record(x, p, {given});
  Plan<double> plan(tape, {recorded.final_state[0]});
  const Tensor<double> one({1, 1, 2}, 1.0), start({1, 2}, 7.0);
  plan.bind(x, one);
  plan.bind(given, start);
  plan.run();
  CHECK(plan.value(recorded.final_state[0])[0] == 8);
}

TEST_CASE(
    "[layers] all states and named values can be had at every step; others are refused with the known") {
  const MakeCell cell = [](std::int64_t size) { return std::make_unique<FastWeights>(size, small_hidden); };
  WrappedFixture f(cell, small_inputs, {.layers = 2}, Readout::last, true, 5, 2,
                   {"k", "layer2.k", "layer2.A", "h"});
  const std::vector<Tensor<double>> values = f.run(f.recorded.values);
  CHECK(values[0].shape() == Shape{5, 2, small_hidden});
  CHECK(values[2].shape() == Shape{5, 2, small_hidden, small_hidden});
  CHECK(values[3].same_bits(f.h()));
  for (std::int64_t u = 0; u < small_hidden; ++u) {
    double k = 0;
    for (std::int64_t j = 0; j < small_inputs; ++j) k += f.values[0][u * small_inputs + j] * f.batch[j];
    CHECK(values[0][u] == doctest::Approx(std::tanh(k)).epsilon(1e-12));
  }
  const Parameters& p = f.p;
  CHECK_THROWS_WITH_AS(
      f.model.record(f.x, p, {.values = {"layer3.k"}}),
      "[SequenceModel] no state and no named value of a step is 'layer3.k'; there are h, A, k, layer2.h, "
      "layer2.A, layer2.k",
      std::invalid_argument);
}

TEST_CASE("[layers] impossible options are refused by name") {
  const auto make = [](const ModelOptions& options) {
    return SequenceModel(named("vanilla"), small_inputs, options, small_outputs, Readout::last);
  };
  CHECK_THROWS_WITH_AS(make({.layer = {.dropout_output = 1}}), doctest::Contains("dropout_output is 1"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.layer = {.zoneout = -0.1}}), doctest::Contains("zoneout is -0.1"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(make({.layers = 0}), doctest::Contains("0 layers"), std::invalid_argument);
  std::int64_t size = 3;
  const MakeCell growing = [&](std::int64_t in) { return make_cell("vanilla", {in, size++}); };
  CHECK_THROWS_WITH_AS(
      SequenceModel(growing, small_inputs, {.layers = 2, .residual = true}, small_outputs, Readout::last),
      doctest::Contains("layer 2 has 3 inputs and 4 outputs"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(mask_per("steps"), doctest::Contains("sequence, step"), std::invalid_argument);
}
