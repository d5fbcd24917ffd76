#include "models/packing.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "framework/autodiff/gradients.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/models/wrapped_cells.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;
using sizes::B;
using sizes::T;

namespace {

using Lengths = std::vector<std::int64_t>;
const std::vector<Lengths> batches = {{5, 2, 7, 1, 3, 7, 2, 1}, {4, 4, 4}, {6}, {1, 1, 1, 1}, {1, 9, 8}};

const std::map<std::string, ModelOptions> packed_wrappers = {
    {"nothing", {}},
    {"bidirectional", {.bidirectional = true}},
    {"everything that draws no mask",
     {.layers = 2,
      .bidirectional = true,
      .residual = true,
      .layer = {.zoneout = 0.2, .layer_norm = true, .learned_start = true}}},
    {"stack", {.layers = 3}},
    {"masks of the sequence",
     {.layers = 2,
      .bidirectional = true,
      .layer = {.dropout_input = 0.3, .dropout_output = 0.3, .dropout_recurrent = 0.3}}}};

/// Outputs of a batch, and the gradients of sum(weights * sin(outputs)), of the parameters and the inputs.
struct Result {
  Tensor<double> y;  ///< (sequences, outputs) or (steps, sequences, outputs)
  std::vector<Tensor<double>> parameter_gradients;
  Tensor<double> input_gradient;            ///< (steps, sequences, inputs)
  std::vector<Tensor<double>> final_state;  ///< (sequences, shape...)
};

struct Model {
  SequenceModel model;
  Readout readout;
  bool noise;

  Model(const MakeCell& cell, const ModelOptions& options, Readout wanted)
      : model(cell, small_inputs, options, small_outputs, wanted),
        readout(wanted),
        noise(options.layer.dropout_input > 0) {}

  std::vector<Tensor<double>> values() const {
    std::vector<Tensor<double>> all;
    for (const ParameterSpec& spec : model.parameters())
      all.push_back(random_tensor<double>(spec.shape, all.size() + 1, 0.3));
    return all;
  }

  /// `x` (steps, rows, inputs); weights like the outputs; one row per sequence, or packed.
  Result run(const Tensor<double>& x, const Tensor<double>& weights, std::int64_t first_row,
             const Packing* packing) const {
    Tape tape;
    const Var in = tape.input("x", {T, B, small_inputs});
    const std::int64_t sequences = packing ? std::ssize(packing->lengths) : x.shape()[1];
    const Var w = readout == Readout::last ? tape.input("w", {packing ? Dim(sequences) : B, small_outputs})
                                           : tape.input("w", {T, B, small_outputs});
    const Parameters p(tape, model.parameters());
    RunOptions options;
    const Noise drawn{5, tape.index_input("update", {}), tape.index_input("row", {}),
                      tape.index_input("steps", {T})};
    if (noise) options.noise = drawn;
    if (packing) options.packed.emplace(tape, Dim(sequences));
    const SequenceModel::Recorded recorded = model.record(in, p, options);
    std::vector<Var> wrt = p.all();
    wrt.push_back(in);
    std::vector<Var> wanted = gradients(sum(w * sin(recorded.outputs)), wrt);
    const std::vector<Var> found = wanted;
    wanted.push_back(recorded.outputs);
    wanted.insert(wanted.end(), recorded.final_state.begin(), recorded.final_state.end());
    Plan<double> plan(tape, wanted);
    const std::vector<Tensor<double>> all = values();
    for (std::size_t i = 0; i < all.size(); ++i) plan.bind(p.all()[i], all[i]);
    const Tensor<std::int64_t> update(Shape{}, 2), row(Shape{}, first_row), steps(Shape{x.shape()[0]});
    plan.bind(drawn.update, update);
    plan.bind(drawn.first_row, row);
    plan.bind(drawn.time_steps, steps);
    plan.bind(in, x);
    plan.bind(w, weights);
    Tensor<double> begins, ends;
    Tensor<std::int64_t> sequence, first, last;
    if (packing) {
      begins = packing->begins<double>();
      ends = packing->ends<double>();
      sequence = packing->sequence();
      first = packing->first();
      last = packing->last();
      plan.bind(options.packed->begins, begins);
      plan.bind(options.packed->ends, ends);
      plan.bind(options.packed->sequence, sequence);
      plan.bind(options.packed->first, first);
      plan.bind(options.packed->last, last);
    }
    plan.run();
    Result result{plan.tensor(recorded.outputs), {}, plan.tensor(found.back()), {}};
    for (std::size_t i = 0; i + 1 < found.size(); ++i)
      result.parameter_gradients.push_back(plan.tensor(found[i]));
    for (const Var& state : recorded.final_state) result.final_state.push_back(plan.tensor(state));
    return result;
  }
};

/// Sequence `s` of (T, S, n) by itself: (length, 1, n).
Tensor<double> one_of(const Tensor<double>& padded, std::int64_t s, std::int64_t length) {
  const std::int64_t sequences = padded.shape()[1], n = padded.shape()[2];
  Tensor<double> one({length, 1, n});
  for (std::int64_t t = 0; t < length; ++t)
    std::copy_n(padded.data() + (t * sequences + s) * n, n, one.data() + t * n);
  return one;
}

double greatest_gap(const double* a, const double* b, std::int64_t n) {
  double worst = 0;
  for (std::int64_t i = 0; i < n; ++i) worst = std::max(worst, std::abs(a[i] - b[i]));
  return worst;
}

/// Largest difference between the batch packed and its sequences one by one.
double unpacked_difference(const Model& m, const Lengths& lengths) {
  const Packing packing = pack(lengths);
  const std::int64_t sequences = std::ssize(lengths);
  const bool every = m.readout == Readout::every_step;
  const Tensor<double> x = random_tensor<double>({packing.steps, sequences, small_inputs}, 70);
  const Tensor<double> w = every ? random_tensor<double>({packing.steps, sequences, small_outputs}, 71)
                                 : random_tensor<double>({sequences, small_outputs}, 71);
  const Result batch = m.run(pack_steps(packing, x), every ? pack_steps(packing, w) : w, 0, &packing);
  const Tensor<double> y = every ? unpack_steps(packing, batch.y, AfterEnd::zeros) : batch.y;
  const Tensor<double> dx = unpack_steps(packing, batch.input_gradient, AfterEnd::zeros);
  std::vector<Tensor<double>> sums;
  for (const Tensor<double>& g : batch.parameter_gradients) sums.emplace_back(g.shape());
  double worst = 0;
  for (std::int64_t s = 0; s < sequences; ++s) {
    const std::int64_t length = lengths[s];
    const Tensor<double> weights =
        every ? one_of(w, s, length)
              : Tensor<double>(Shape{1, small_outputs}, {w[s * small_outputs], w[s * small_outputs + 1]});
    const Result one = m.run(one_of(x, s, length), weights, s, nullptr);
    for (std::int64_t t = 0; every && t < length; ++t)
      worst = std::max(worst, greatest_gap(y.data() + (t * sequences + s) * small_outputs,
                                           one.y.data() + t * small_outputs, small_outputs));
    if (!every)
      worst = std::max(worst, greatest_gap(y.data() + s * small_outputs, one.y.data(), small_outputs));
    for (std::int64_t t = 0; t < length; ++t)
      worst = std::max(worst, greatest_gap(dx.data() + (t * sequences + s) * small_inputs,
                                           one.input_gradient.data() + t * small_inputs, small_inputs));
    for (std::size_t k = 0; k < one.final_state.size(); ++k) {
      const std::int64_t n = one.final_state[k].numel();
      worst =
          std::max(worst, greatest_gap(batch.final_state[k].data() + s * n, one.final_state[k].data(), n));
    }
    for (std::size_t i = 0; i < sums.size(); ++i)
      for (std::int64_t j = 0; j < sums[i].numel(); ++j) sums[i][j] += one.parameter_gradients[i][j];
  }
  for (std::size_t i = 0; i < sums.size(); ++i)
    worst =
        std::max(worst, greatest_gap(sums[i].data(), batch.parameter_gradients[i].data(), sums[i].numel()));
  return worst;
}

}  // namespace

TEST_CASE(
    "[packing] every step of every sequence has one place, rows do not overlap, and nothing is left open") {
  Stream stream(3, Purpose::check);
  for (int round = 0; round < 200; ++round) {
    Lengths lengths;
    for (std::int64_t n = stream.between(1, 40); n > 0; --n) lengths.push_back(stream.between(1, 30));
    const Packing packing = pack(lengths);
    CHECK(packing.steps == *std::max_element(lengths.begin(), lengths.end()));
    std::vector<int> used(static_cast<std::size_t>(packing.steps * packing.rows));
    std::int64_t total = 0;
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      total += lengths[s];
      REQUIRE(packing.places[s].first + lengths[s] <= packing.steps);
      for (std::int64_t t = 0; t < lengths[s]; ++t)
        ++used[static_cast<std::size_t>((packing.places[s].first + t) * packing.rows +
                                        packing.places[s].row)];
    }
    CHECK(std::count(used.begin(), used.end(), 1) == total);
    CHECK(std::count(used.begin(), used.end(), 0) == packing.steps * packing.rows - total);
    // No two rows of first fit are both at most half full.
    CHECK(packing.rows <= 2 * (total + packing.steps - 1) / packing.steps);
    const Packing again = pack(lengths);
    for (std::size_t s = 0; s < lengths.size(); ++s) {
      CHECK(again.places[s].row == packing.places[s].row);
      CHECK(again.places[s].first == packing.places[s].first);
    }
  }
}

TEST_CASE("[packing] what is packed comes back, with zeros or the last value behind the end") {
  const Lengths lengths = {2, 4, 1, 1};
  const Packing packing = pack(lengths);
  CHECK(packing.rows == 2);
  const Tensor<double> padded = random_tensor<double>({6, 4, 3}, 1);
  const Tensor<double> zeros = unpack_steps(packing, pack_steps(packing, padded), AfterEnd::zeros);
  const Tensor<double> frozen = unpack_steps(packing, pack_steps(packing, padded), AfterEnd::last_value);
  REQUIRE(zeros.shape() == Shape{4, 4, 3});
  for (std::int64_t t = 0; t < 4; ++t)
    for (std::int64_t s = 0; s < 4; ++s)
      for (std::int64_t i = 0; i < 3; ++i) {
        const std::int64_t at = (t * 4 + s) * 3 + i, end = ((lengths[s] - 1) * 4 + s) * 3 + i;
        CHECK(zeros[at] == (t < lengths[s] ? padded[at] : 0));
        CHECK(frozen[at] == (t < lengths[s] ? padded[at] : padded[end]));
      }
}

TEST_CASE("[packing] a sequence without steps and batches of another packing are refused") {
  CHECK_THROWS_WITH_AS(pack(Lengths{3, 0}), doctest::Contains("sequence 1 has the length 0"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(pack_steps(pack(Lengths{3, 2}), Tensor<double>({3, 1, 2})),
                       doctest::Contains("is (3, 1, 2), but must have 3 steps and 2 rows"),
                       std::invalid_argument);
  CHECK_THROWS_AS(unpack_steps(pack(Lengths{3, 2}), Tensor<double>({2, 2}), AfterEnd::zeros),
                  std::invalid_argument);
}

TEST_CASE("[packing] outputs and gradients are those of the sequences one by one, around every cell") {
  for (const auto& [cell, make] : all_cells())
    for (const auto& [name, options] : packed_wrappers)
      for (const Readout readout : {Readout::last, Readout::every_step})
        for (const Lengths& lengths : batches) {
          INFO(cell, ", ", name, ", ", lengths.size(), " sequences");
          CHECK(unpacked_difference({make, options, readout}, lengths) < 1e-10);
        }
}

TEST_CASE("[packing] sequences that are not told apart have other gradients") {
  const Model m(all_cells().at("gru"), {}, Readout::every_step);
  const Lengths lengths = {4, 2, 2};
  Packing packing = pack(lengths);
  const Tensor<double> x = random_tensor<double>({4, 3, small_inputs}, 70),
                       w = random_tensor<double>({4, 3, small_outputs}, 71);
  const Result right = m.run(pack_steps(packing, x), pack_steps(packing, w), 0, &packing);
  const Tensor<double> packed_x = pack_steps(packing, x), packed_w = pack_steps(packing, w);
  packing.lengths = {4, 4};  // one long sequence where there are two
  packing.places.pop_back();
  const Result wrong = m.run(packed_x, packed_w, 0, &packing);
  CHECK(greatest_gap(right.parameter_gradients[0].data(), wrong.parameter_gradients[0].data(),
                     right.parameter_gradients[0].numel()) > 1e-4);
}

TEST_CASE("[packing] given states enter their own sequences") {
  const SequenceModel model(std::make_unique<Adder>(1), 1, Readout::last);
  Tape tape;
  const Var x = tape.input("x", {T, B, 1}), given = tape.input("h_0", {3, 1});
  const Parameters p(tape, model.parameters());
  const Packed packed(tape, 3);
  const SequenceModel::Recorded recorded = model.record(x, p, {.initial = {given}, .packed = packed});
  const Packing packing = pack(Lengths{2, 4, 1});
  Plan<double> plan(tape, {recorded.final_state[0]});
  const Tensor<double> ones({packing.steps, packing.rows, 1}, 1.0), start({3, 1}, {100, 200, 300});
  const Tensor<double> begins = packing.begins<double>();
  const Tensor<std::int64_t> sequence = packing.sequence(), last = packing.last();
  plan.bind(x, ones);
  plan.bind(given, start);
  plan.bind(packed.begins, begins);
  plan.bind(packed.sequence, sequence);
  plan.bind(packed.last, last);
  plan.run();
  const auto h = plan.value(recorded.final_state[0]);
  CHECK(h[0] == 102);
  CHECK(h[1] == 204);
  CHECK(h[2] == 301);
}
