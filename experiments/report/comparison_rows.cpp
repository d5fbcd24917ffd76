#include "experiments/report/comparison_rows.hpp"

#include <cmath>
#include <cstdint>
#include <optional>

#include "experiments/config/text.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

Json number(const std::optional<double>& value) {
  if (!value || std::isnan(*value)) return nullptr;
  if (std::isfinite(*value)) return *value;
  return exact_number(*value);
}

Json row_of(const PairedSets& paired, const std::vector<std::string>& values, const ComparedFigure& figure) {
  Json row;
  for (std::size_t i = 0; i < values.size(); ++i) row[paired.shared[i]] = values[i];
  const auto& difference = figure.difference;
  const auto part = [&](auto of) { return difference ? number(of(*difference)) : Json(nullptr); };
  const bool counted = figure.metric == "success";
  row["metric"] = figure.metric;
  row["pairs"] = figure.pairs;
  row["A"] = counted && figure.a ? Json(static_cast<std::int64_t>(*figure.a)) : number(figure.a);
  row["B"] = counted && figure.b ? Json(static_cast<std::int64_t>(*figure.b)) : number(figure.b);
  row["median difference"] = counted ? Json(nullptr) : part([](const auto& d) { return d.median; });
  row["mean difference"] = part([](const auto& d) { return d.mean; });
  row["low"] = counted ? Json(nullptr) : part([](const auto& d) { return d.mean - d.half_width; });
  row["high"] = counted ? Json(nullptr) : part([](const auto& d) { return d.mean + d.half_width; });
  row["mean of"] = difference ? Json(difference->finite) : Json(nullptr);
  row["A better"] = figure.a_better;
  row["ties"] = figure.ties;
  row["B better"] = figure.b_better;
  row["p"] = number(figure.p);
  row["more seeds"] = figure.more_seeds ? Json(*figure.more_seeds) : Json(nullptr);
  return row;
}

}  // namespace

std::vector<Json> comparison_rows(const PairedSets& paired) {
  std::vector<Json> rows;
  for (const PairedConfiguration& configuration : paired.configurations)
    for (const ComparedFigure& figure : compared_figures(configuration.pairs))
      rows.push_back(row_of(paired, configuration.values, figure));
  if (paired.configurations.size() < 2) return rows;
  const std::vector<std::string> all(paired.shared.size(), "all");
  for (const ComparedFigure& figure : compared_signs(paired)) rows.push_back(row_of(paired, all, figure));
  return rows;
}

std::vector<Json> unpaired_rows(const PairedSets& paired) {
  std::vector<Json> rows;
  for (const UnpairedTrial& trial : paired.unpaired) {
    Json row{{"set", trial.set == 0 ? "A" : "B"}, {"id", trial.id}};
    for (std::size_t i = 0; i < trial.values.size(); ++i) row[paired.shared[i]] = trial.values[i];
    row["seed"] = trial.seed;
    row["reason"] = trial.reason;
    rows.push_back(row);
  }
  return rows;
}

}  // namespace unroll
