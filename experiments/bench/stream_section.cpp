#include <fmt/format.h>

#include <algorithm>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/sections.hpp"
#include "framework/autodiff/ops.hpp"
#include "models/carried_run.hpp"

// A trained net that reads a stream of one number: no gradient, its weights frozen, a readout of one number.
// Sound comes in blocks; a controller wants an answer to each sample.

namespace unroll {

namespace {

constexpr std::int64_t block = 64;

/// The model as the program runs it: so many samples a call, the states carried on.
class StreamedNet {
 public:
  StreamedNet(const BenchRow& row, std::int64_t samples)
      : model_(bench_cell(row.cell, {.input_size = 1, .hidden_size = row.shape.hidden, .output_size = 1}), 1,
               Readout::every_step),
        values_(bench_parameters(model_.parameters(), row.shape.hidden)),
        run_(model_, 1, false, values_),
        samples_(bench_inputs({samples, 1, 1, row.shape.hidden})) {}

  void run() { run_.run(samples_); }

 private:
  SequenceModel model_;
  std::vector<Tensor<float>> values_;
  CarriedRun run_;
  Tensor<float> samples_;
};

/// One step of the cell and the readout in a plan of their own, for somebody who calls the engine.
class SteppedNet {
 public:
  explicit SteppedNet(const BenchRow& row)
      : cell_(bench_cell(row.cell, {.input_size = 1, .hidden_size = row.shape.hidden, .output_size = 1})),
        net_(*cell_, row.shape.hidden),
        values_(bench_parameters(cell_->parameters(), row.shape.hidden)),
        readout_({1, row.shape.hidden}, 0.1f),
        bias_({1}, 0.0f),
        x_({1, 1}, 0.5f),
        states_(net_.states.size(), Tensor<float>({1, row.shape.hidden})),
        plan_(net_.tape, net_.outputs(), {.frozen = net_.frozen()}) {
    for (std::size_t i = 0; i < values_.size(); ++i) plan_.bind(net_.parameters.all()[i], values_[i]);
    plan_.bind(net_.readout, readout_);
    plan_.bind(net_.bias, bias_);
    plan_.bind(net_.x, x_);
    for (std::size_t k = 0; k < states_.size(); ++k) plan_.bind(net_.states[k], states_[k]);
  }
  SteppedNet(const SteppedNet&) = delete;  // the plan holds the addresses of the tensors
  SteppedNet& operator=(const SteppedNet&) = delete;

  void run() {
    plan_.run();
    for (std::size_t k = 0; k < states_.size(); ++k)
      std::ranges::copy(plan_.value(net_.next[k]), states_[k].data());
  }

 private:
  struct Net {
    Net(const Cell& cell, std::int64_t hidden)
        : parameters(tape, cell.parameters()),
          readout(tape.input("W_hy", {1, hidden})),
          bias(tape.input("b_y", {1})),
          x(tape.input("x", {1, 1})) {
      for (const StateSpec& state : cell.states()) states.push_back(tape.input(state.name, {1, hidden}));
      next = cell.step(parameters, {x, states}).state;
      y = linear(next[0], readout) + bias;
    }
    std::vector<Var> outputs() const {
      std::vector<Var> all = next;
      all.push_back(y);
      return all;
    }
    std::vector<Var> frozen() const {
      std::vector<Var> all = parameters.all();
      all.insert(all.end(), {readout, bias});
      return all;
    }

    Tape tape;
    Parameters parameters;
    Var readout, bias, x, y;
    std::vector<Var> states, next;
  };

  std::unique_ptr<Cell> cell_;
  Net net_;
  std::vector<Tensor<float>> values_;
  Tensor<float> readout_, bias_, x_;
  std::vector<Tensor<float>> states_;
  Plan<float> plan_;
};

/// How samples reach the net.
struct StreamWay {
  const char* key;
  const char* head;
  std::int64_t samples;  ///< in a call
};

constexpr StreamWay ways[] = {
    {"blocks", "blocks of 64", block}, {"calls", "one sample a call", 1}, {"plan", "a step's own plan", 1}};

void measure_stream(const BenchRow& row, BenchContext& context, BenchResult& result) {
  const auto blocks = std::make_shared<StreamedNet>(row, block),
             calls = std::make_shared<StreamedNet>(row, 1);
  const auto plan = std::make_shared<SteppedNet>(row);
  const std::vector<Measured> all =
      hold_contest({timed("blocks", [blocks] { blocks->run(); }), timed("calls", [calls] { calls->run(); }),
                    timed("plan", [plan] { plan->run(); })},
                   context.effort, result);
  for (std::size_t i = 0; i < all.size(); ++i) {
    result["ns_per_sample"][all[i].key] =
        all[i].problem.empty()
            ? BenchResult(1e9 * all[i].timing.median / static_cast<double>(ways[i].samples))
            : BenchResult();
  }
}

std::vector<BenchLines> stream_tables(std::span<const BenchResult> rows) {
  BenchLines lines;
  for (const BenchResult& row : rows) {
    BenchResult& line = lines.emplace_back();
    line["net"] = row["cell"];
    line["H"] = row["hidden"];
    for (const StreamWay& way : ways) {
      const BenchResult& time = row["ns_per_sample"][way.key];
      line[way.head] = time.is_null() ? "–" : fmt::format("{:.0f}", time.get<double>());
    }
  }
  return {lines};
}

}  // namespace

const BenchSection& stream_section() {
  static const BenchSection section{BenchKind::stream,
                                    "a trained net reading a stream of one number, nanoseconds per sample",
                                    measure_stream, stream_tables};
  return section;
}

}  // namespace unroll
