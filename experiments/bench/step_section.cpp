#include <fmt/format.h>

#include <optional>
#include <stdexcept>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/rivals/gemm_floor.hpp"
#include "experiments/bench/rivals/handwritten_vanilla.hpp"
#include "experiments/bench/rivals/onednn_recurrent.hpp"
#include "experiments/bench/sections.hpp"

// Forward and backward pass of one batch: the engine, its rivals, and the products alone. oneDNN always
// computes the gradient of the inputs as well, which training one layer has no use for: the engine is timed
// with it, too.

namespace unroll {

namespace {

using Entrant = std::optional<Contestant>;

Entrant engine(const BenchRow& row, BenchContext&) {
  const auto step = std::make_shared<EngineStep>(row.cell, row.shape);
  return timed("engine", [step] { step->run(); });
}

Entrant engine_to_inputs(const BenchRow& row, BenchContext&) {
  if (row.cell == "mgu") return std::nullopt;
  const auto step = std::make_shared<EngineStep>(row.cell, row.shape, PlanOptions(), true);
  return timed("engine_dx", [step] { step->run(); });
}

struct HandwrittenRun {
  explicit HandwrittenRun(StepShape shape)
      : net(shape),
        values(bench_parameters(
            RecordedStep("vanilla", shape.steps, shape.rows, shape.inputs, shape.hidden).model.parameters(),
            shape.hidden)),
        x(bench_inputs(shape)),
        targets(bench_targets(shape)) {}

  HandwrittenVanilla net;
  std::vector<Tensor<float>> values;
  Tensor<float> x, targets;
};

Entrant handwritten(const BenchRow& row, BenchContext&) {
  if (row.cell != "vanilla") return std::nullopt;
  const auto run = std::make_shared<HandwrittenRun>(row.shape);
  return timed("handwritten", [run] { run->net.run(run->values, run->x, run->targets); });
}

Entrant products(const BenchRow& row, BenchContext&) {
  const auto floor = std::make_shared<GemmFloor>(row.cell, row.shape);
  return timed("products", [floor] { floor->run(); });
}

void fill_like(const Tensor<float>& values, Tensor<float>& tensor) {
  for (std::int64_t i = 0; i < tensor.numel(); ++i) tensor[i] = values[i % values.numel()];
}

Entrant onednn(const BenchRow& row, BenchContext&) {
  if (row.cell == "mgu") return std::nullopt;
  const auto net = std::make_shared<OnednnRecurrent>(row.cell, row.shape);
  const ParameterSpec any{"U", {row.shape.hidden, row.shape.hidden}, Role::recurrent_matrix};
  const Tensor<float> weights = bench_parameters({any}, row.shape.hidden)[0];
  fill_like(weights, net->input_weights());
  fill_like(weights, net->recurrent_weights());
  fill_like(weights, net->last_gradient());
  fill_like(bench_inputs(row.shape), net->inputs());
  return timed("onednn", [net] { net->run(); });
}

Entrant pytorch(const BenchRow& row, BenchContext& context, std::string key, PyTorch::Setting setting,
                std::string cell) {
  PyTorch& torch = context.pytorch;
  return Contestant{std::move(key), [&torch, setting, cell, shape = row.shape](int runs) {
                      if (!torch.here()) throw std::runtime_error(torch.problem());
                      return torch.seconds(setting, cell, shape, runs);
                    }};
}

Entrant pytorch_tuned(const BenchRow& row, BenchContext& context) {
  return pytorch(row, context, "pytorch_tuned", PyTorch::Setting::tuned, std::string(row.cell));
}

Entrant pytorch_installed(const BenchRow& row, BenchContext& context) {
  return pytorch(row, context, "pytorch_installed", PyTorch::Setting::installed, std::string(row.cell));
}

/// Only where PyTorch has no layer of its own, and its loop over time can be compiled.
Entrant torchscript(const BenchRow& row, BenchContext& context) {
  if (row.cell != "mgu") return std::nullopt;
  return pytorch(row, context, "torchscript", PyTorch::Setting::tuned, "mgu_script");
}

/// Everybody who can take part, and the head of their column. The engine is the first.
struct EntrantRow {
  const char* key;
  const char* head;
  Entrant (*make)(const BenchRow&, BenchContext&);
};

constexpr EntrantRow entrants[] = {
    {"engine", "engine", engine},
    {"handwritten", "hand-written", handwritten},
    {"products", "products alone", products},
    {"engine_dx", "engine, ∂L/∂x too", engine_to_inputs},
    {"onednn", "oneDNN, ∂L/∂x too", onednn},
    {"pytorch_tuned", "PyTorch tuned", pytorch_tuned},
    {"pytorch_installed", "PyTorch", pytorch_installed},
    {"torchscript", "TorchScript", torchscript},
};

/// Quotients worth reading: below 1 the first is faster.
struct RatioRow {
  const char* key;
  const char* head;
  const char* of;
  const char* to;
};

constexpr RatioRow ratios[] = {
    {"engine_to_handwritten", "engine/hand-written", "engine", "handwritten"},
    {"engine_to_products", "engine/products", "engine", "products"},
    {"engine_to_onednn", "engine/oneDNN", "engine", "onednn"},
    {"engine_dx_to_onednn", "both with ∂L/∂x", "engine_dx", "onednn"},
    {"handwritten_to_products", "hand-written/products", "handwritten", "products"},
    {"pytorch_tuned_to_engine", "PyTorch tuned/engine", "pytorch_tuned", "engine"},
    {"pytorch_installed_to_engine", "PyTorch/engine", "pytorch_installed", "engine"},
};

void measure_step(const BenchRow& row, BenchContext& context, BenchResult& result) {
  std::vector<Contestant> contestants;
  for (const EntrantRow& entrant : entrants)
    if (Entrant made = entrant.make(row, context)) contestants.push_back(std::move(*made));
  for (const EntrantRow& entrant : entrants) result["times"][entrant.key] = nullptr;
  hold_contest(contestants, context.effort, result);
  const BenchResult times = result["times"];
  BenchResult quotients;
  for (const RatioRow& ratio : ratios) quotients[ratio.key] = ratio_of(times[ratio.of], times[ratio.to]);
  result["ratios"] = quotients;
  result["product_flops"] = GemmFloor(row.cell, row.shape).flops();
}

std::string shape_text(const BenchResult& row) {
  return fmt::format("{} {}, {}, {}, {}", row["cell"].get<std::string>(), row["T"].get<int>(),
                     row["B"].get<int>(), row["inputs"].get<int>(), row["hidden"].get<int>());
}

std::vector<BenchLines> step_tables(std::span<const BenchResult> rows) {
  BenchLines times, quotients;
  for (const BenchResult& row : rows) {
    BenchResult& time = times.emplace_back();
    time["T, B, inputs, H"] = shape_text(row);
    for (const EntrantRow& entrant : entrants) time[entrant.head] = cell_text(row["times"][entrant.key]);
    BenchResult& quotient = quotients.emplace_back();
    quotient["T, B, inputs, H"] = shape_text(row);
    for (const RatioRow& ratio : ratios) quotient[ratio.head] = ratio_text(row["ratios"][ratio.key]);
  }
  return {times, quotients};
}

}  // namespace

const BenchSection& step_section() {
  static const BenchSection section{BenchKind::step, "forward and backward pass of one batch, milliseconds",
                                    measure_step, step_tables};
  return section;
}

}  // namespace unroll
