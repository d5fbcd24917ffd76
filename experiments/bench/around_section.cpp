#include <fmt/format.h>

#include <numeric>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/random/stream.hpp"
#include "models/packing.hpp"

// What stands around a cell, against the cell alone: sequences of uneven lengths packed, against padded ones;
// dropout and layer norm.

namespace unroll {

namespace {

/// Uniform from 1 to `longest`, which one of them is: half of a padded batch is padding.
std::vector<std::int64_t> uneven_lengths(std::int64_t sequences, std::int64_t longest) {
  Stream stream(bench_seed, Purpose::training_data, {2});
  std::vector<std::int64_t> lengths = {longest};
  while (std::ssize(lengths) < sequences) lengths.push_back(stream.between(1, longest + 1));
  return lengths;
}

/// Forward and backward pass of one batch after whose sequences' last steps there is a loss.
class Net {
 public:
  Net(const BenchRow& row, const ModelOptions& options, const Packing* packing = nullptr)
      : model_(
            [&](std::int64_t inputs) {
              return bench_cell(row.cell, {inputs, row.shape.hidden});
            },
            row.shape.inputs, options, 1, Readout::last),
        specs_(model_.parameters()),
        values_(bench_parameters(specs_, row.shape.hidden)),
        batch_(bench_inputs(row.shape)),
        targets_(bench_targets(row.shape)),
        steps_(Shape{row.shape.steps}) {
    if (packing) batch_ = pack_steps(*packing, batch_);
    record(row, packing);
    for (std::size_t i = 0; i < specs_.size(); ++i)
      if (specs_[i].init) values_[i].fill(static_cast<float>(specs_[i].init->scale));
    if (packing) take(*packing);
    std::iota(steps_.span().begin(), steps_.span().end(), 0);
  }
  Net(const Net&) = delete;  // the plan holds the addresses of the tensors
  Net& operator=(const Net&) = delete;

  void run() { plan_->run(); }

 private:
  void record(const BenchRow& row, const Packing* packing) {
    using sizes::B;
    using sizes::T;
    const Dim sequences = packing ? Dim(row.shape.rows) : B;
    const Var x = tape_.input("x", {T, B, row.shape.inputs}), target = tape_.input("target", {sequences, 1});
    const Noise noise{bench_seed, tape_.index_input("update", {}), tape_.index_input("row", {}),
                      tape_.index_input("steps", {T})};
    if (packing) packed_.emplace(tape_, sequences);
    const Parameters p(tape_, specs_);
    const Var loss = mse(model_.record(x, p, {.noise = noise, .packed = packed_}).outputs, target);
    std::vector<Var> outputs = gradients(loss, p.all());
    outputs.push_back(loss);
    plan_.emplace(tape_, outputs);
    plan_->bind(x, batch_);
    plan_->bind(target, targets_);
    plan_->bind(noise.update, zero_);
    plan_->bind(noise.first_row, zero_);
    plan_->bind(noise.time_steps, steps_);
    for (std::size_t i = 0; i < values_.size(); ++i) plan_->bind(p.all()[i], values_[i]);
  }

  void take(const Packing& packing) {
    begins_ = packing.begins<float>();
    ends_ = packing.ends<float>();
    sequence_ = packing.sequence();
    first_ = packing.first();
    last_ = packing.last();
    plan_->bind(packed_->begins, begins_);
    plan_->bind(packed_->ends, ends_);
    plan_->bind(packed_->sequence, sequence_);
    plan_->bind(packed_->first, first_);
    plan_->bind(packed_->last, last_);
  }

  SequenceModel model_;
  std::vector<ParameterSpec> specs_;
  std::vector<Tensor<float>> values_;
  Tensor<float> batch_, targets_, begins_, ends_;
  Tensor<std::int64_t> steps_, zero_, sequence_, first_, last_;
  Tape tape_;
  std::optional<Packed> packed_;
  std::optional<Plan<float>> plan_;
};

Contestant contestant(std::string key, const BenchRow& row, const ModelOptions& options,
                      const Packing* packing = nullptr) {
  const auto net = std::make_shared<Net>(row, options, packing);
  return timed(std::move(key), [net] { net->run(); });
}

/// Times of all, and their quotients to the first one's.
void hold(const std::vector<Contestant>& contestants, const BenchContext& context, BenchResult& result) {
  const std::vector<Measured> all = hold_contest(contestants, context.effort, result);
  for (std::size_t i = 1; i < all.size(); ++i)
    result["ratios"][all[i].key] = ratio_of(to_json(all[i]), to_json(all[0]));
}

void measure_ragged(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const std::vector<std::int64_t> lengths = uneven_lengths(row.shape.rows, row.shape.steps);
  const Packing packing = pack(lengths);
  const auto steps = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  result["padding"] = 1 - static_cast<double>(steps) / static_cast<double>(row.shape.rows * row.shape.steps);
  result["packed_rows"] = packing.rows;
  hold({contestant("padded", row, {}), contestant("packed", row, {}, &packing)}, context, result);
}

void measure_around(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const LayerOptions dropout = {.dropout_output = 0.25, .dropout_recurrent = 0.25};
  LayerOptions both = dropout;
  both.layer_norm = true;
  hold({contestant("plain", row, {}), contestant("dropout", row, {.layer = dropout}),
        contestant("layer_norm", row, {.layer = {.layer_norm = true}}),
        contestant("dropout_and_layer_norm", row, {.layer = both})},
       context, result);
}

std::vector<BenchLines> around_tables(std::span<const BenchResult> rows) {
  std::vector<BenchLines> all;
  for (const BenchResult& row : rows) {
    BenchResult& line = all.emplace_back().emplace_back();
    line["T, B, inputs, H"] =
        fmt::format("{} {}, {}, {}, {}", row["cell"].get<std::string>(), row["T"].get<int>(),
                    row["B"].get<int>(), row["inputs"].get<int>(), row["hidden"].get<int>());
    for (const auto& [key, time] : row["times"].items()) line[key] = cell_text(time);
    for (const auto& [key, ratio] : row["ratios"].items()) line[key + " / first"] = ratio_text(ratio);
  }
  return all;
}

}  // namespace

const BenchSection& ragged_section() {
  static const BenchSection section{BenchKind::ragged,
                                    "sequences of uneven lengths, half of the batch padding, milliseconds",
                                    measure_ragged, around_tables};
  return section;
}

const BenchSection& around_section() {
  static const BenchSection section{
      BenchKind::around, "a cell with dropout (0.25, recurrent and output) and layer norm, milliseconds",
      measure_around, around_tables};
  return section;
}

}  // namespace unroll
