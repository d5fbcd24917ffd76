#include "experiments/report/cell_numbers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "framework/tensor/limits.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

template <class Value>
std::vector<double> values_of(const SweepCell& cell, const Value& value) {
  std::vector<double> values;
  for (const TrialRecord* run : cell.runs)
    if (has_result(run))
      if (const std::optional<double> one = value(*run)) values.push_back(*one);
  return values;
}

/// Negated where more is better, so that what is not finite ranks as worst.
Middle ranked(std::vector<double> values, bool more_is_better) {
  if (!more_is_better) return middle_of(values);
  for (double& value : values) value = -value;
  const Middle middle = middle_of(values);
  return {-middle.median, -middle.max, -middle.min};
}

Middle success_of(const SweepCell& cell) {
  const Rate rate = cell_statistics(cell).success;
  return rate.n == 0 ? middle_of(std::span<const double>()) : Middle{rate.share(), rate.low, rate.high};
}

Middle updates_of(const SweepCell& cell) {
  return ranked(values_of(cell,
                          [](const TrialRecord& run) {
                            return std::optional(run.solved_at ? static_cast<double>(*run.solved_at) : kInf);
                          }),
                false);
}

std::string title_of(std::string name) {
  std::ranges::replace(name, '_', ' ');
  return name;
}

CellNumber scalar_number(const Scalar& scalar) {
  const bool higher = scalar.descriptor.direction == "higher";
  return {scalar.name, title_of(scalar.name), scalar.descriptor,
          [name = scalar.name, higher](const SweepCell& cell) {
            return ranked(values_of(cell, [&](const TrialRecord& run) { return run.scalar(name); }), higher);
          }};
}

void add_scalars(std::span<const SweepCell> cells, std::vector<CellNumber>& numbers) {
  for (const SweepCell& cell : cells)
    for (const TrialRecord* run : cell.runs) {
      if (!has_result(run)) continue;
      for (const Scalar& scalar : run->scalars)
        if (!scalar.name.starts_with("trivial_") &&
            std::ranges::find(numbers, scalar.name, &CellNumber::name) == numbers.end())
          numbers.push_back(scalar_number(scalar));
    }
}

Json middle_to_json(const Middle& middle) {
  if (std::isnan(middle.median)) return Json::array();
  return {plotted(middle.median), plotted(middle.min), plotted(middle.max)};
}

}  // namespace

Json plotted(double value) {
  return std::isfinite(value) ? Json(std::stod(fmt::format("{:.5g}", value))) : Json(nullptr);
}

std::vector<CellNumber> cell_numbers(std::span<const SweepCell> cells) {
  std::vector<CellNumber> numbers{
      {"success", "success rate", {.unit = "share of runs", .direction = "higher"}, success_of},
      {"solved_at",
       "updates to success",
       {.unit = "updates", .direction = "lower", .logarithmic = true},
       updates_of}};
  add_scalars(cells, numbers);
  numbers.push_back({"seconds",
                     "time of a trial",
                     {.unit = "s", .direction = "lower", .logarithmic = true},
                     [](const SweepCell& cell) {
                       return ranked(
                           values_of(cell, [](const TrialRecord& run) { return std::optional(run.seconds); }),
                           false);
                     }});
  return numbers;
}

std::string numbers_block(std::span<const SweepCell> cells) {
  const std::vector<CellNumber> numbers = cell_numbers(cells);
  Json json{{"numbers", Json::array()}, {"cells", Json::array()}};
  for (const CellNumber& one : numbers)
    json["numbers"].push_back({{"name", one.name},
                               {"title", one.title},
                               {"unit", one.descriptor.unit},
                               {"logarithmic", one.descriptor.logarithmic}});
  for (const SweepCell& cell : cells) {
    Json row = Json::array();
    for (const CellNumber& one : numbers) row.push_back(middle_to_json(one.middle(cell)));
    json["cells"].push_back(std::move(row));
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace unroll
