#include "experiments/bench/cell_bench.hpp"

#include <fmt/format.h>

#include <memory>
#include <string>

#include "experiments/bench/engine_step.hpp"
#include "experiments/bench/product_floor.hpp"
#include "experiments/bench/timing.hpp"
#include "experiments/bench/traffic_floor.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/cell_table.hpp"
#include "models/language/equation_cell.hpp"

namespace unroll {

namespace {

constexpr std::int64_t most_values = 250'000'000;  ///< 1 GB; a row that needs more is left out
constexpr std::string_view values_alone = "its values written and read";

Contestant engine(const std::string& key, const std::string& cell, StepShape shape) {
  const auto step = std::make_shared<EngineStep>(cell, shape);
  return timed(key, [step] { step->run(); });
}

}  // namespace

std::vector<nlohmann::ordered_json> bench_cell(const CellText& cell, const CellOptions& options,
                                               std::int64_t steps, std::int64_t rows) {
  single_threaded_products();  // as in a sweep's trials, and as the rows of `unroll bench` are measured
  const StepShape shape{steps, rows, options.input_size, options.hidden_size};
  const auto definition = cell_definition(cell);
  // Equations are measured as equations, also where the bench has a class of the same name.
  const std::string text = definition ? definition->whole_text() : cell.text;
  std::vector<Contestant> contestants = {engine(label_of(cell), text, shape)};
  Traffic traffic;
  if (definition) {
    const EquationCell equations(definition, options);
    const std::vector<Product> products = products_of(equations);
    if (values_of(products) <= most_values / steps / rows) {
      const auto floor = std::make_shared<ProductFloor>(products, shape);
      contestants.push_back(timed("its products alone", [floor] { floor->run(); }));
    }
    traffic = traffic_of(equations);
    if (traffic.elements * rows <= most_values / steps) {
      const auto values = std::make_shared<TrafficFloor>(traffic, rows, steps);
      contestants.push_back(timed(std::string(values_alone), [values] { values->run(); }));
    }
  }
  contestants.push_back(engine("vanilla", "vanilla", shape));
  const std::vector<Measured> measured =
      contest(contestants, {.seconds = 3, .least_rounds = 20, .sample_seconds = 0.01});
  std::vector<nlohmann::ordered_json> lines;
  for (const Measured& m : measured) {
    nlohmann::ordered_json line;
    line["what"] = m.key;
    line["milliseconds"] = fmt::format("{:.3g}", 1e3 * m.timing.median);
    line["us_per_step"] = fmt::format("{:.3g}", 1e6 * m.timing.median / static_cast<double>(steps));
    line["cell_to_it"] = fmt::format("{:.2f}", measured[0].timing.median / m.timing.median);
    const bool values = m.key == values_alone;
    const double runs = static_cast<double>(steps) * static_cast<double>(rows);
    line["megabytes"] =
        values ? fmt::format("{:.3g}", 12e-6 * runs * static_cast<double>(traffic.elements)) : "";
    line["million_operations"] =
        values ? fmt::format("{:.3g}", 1e-6 * runs * static_cast<double>(traffic.operations)) : "";
    lines.push_back(std::move(line));
  }
  return lines;
}

}  // namespace unroll
