#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/report/axes.hpp"
#include "experiments/report/cell_numbers.hpp"
#include "experiments/report/figure_list.hpp"
#include "experiments/report/report.hpp"
#include "experiments/report/series_block.hpp"
#include "experiments/report/series_list.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/report/table.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

Json axis_to_json(const SweepAxis& axis) {
  return Json{{"name", axis.name}, {"labels", axis.labels}, {"numbers", axis.numbers}};
}

Json figure_to_json(const Figure& figure) {
  return Json{{"id", figure.id},
              {"title", figure.title},
              {"kind", kind_name(figure.kind)},
              {"series", figure.series}};
}

Json series_to_json(const SeriesSummary& series, const std::vector<SweepCell>& cells) {
  Json json{{"name", series.name},
            {"axis", series.axis},
            {"kind", kind_name(series.kind)},
            {"unit", series.descriptor.unit},
            {"logarithmic", series.descriptor.logarithmic},
            {"moments", series.moments},
            {"leads", series.leads},
            {"runs", has_runs(cells, series)}};
  if (!series.names.empty()) json["names"] = series.names;
  if (!series.over.empty()) json["over"] = series.over;
  return json;
}

/// By the name of a series, what doing nothing would give, as the first result says.
Json trivial_values(const SweepCell& cell, const std::vector<SeriesSummary>& list) {
  Json values = Json::object();
  const auto run = std::ranges::find_if(cell.runs, has_result);
  if (run == cell.runs.end()) return values;
  for (const SeriesSummary& series : list)
    if (const std::optional<double> value = (*run)->scalar("trivial_" + series.name))
      values[series.name] = plotted(*value);
  return values;
}

/// By the name of an axis, between which places the trials trained.
Json trained_ranges(const SweepCell& cell) {
  LengthRange all;
  for (const Trial* trial : cell.trials) {
    const LengthRange& length = trial->config.task.length;
    if (length.empty()) continue;
    all = all.empty() ? length
                      : LengthRange(std::min(all.least, length.least), std::max(all.most, length.most));
  }
  Json ranges = Json::object();
  if (!all.empty()) ranges["length"] = {all.least, all.most};
  return ranges;
}

Json or_null(const std::optional<double>& value) { return value ? plotted(*value) : Json(nullptr); }

/// What was published of the trials of a cell.
Json published_of(const SweepCell& cell, const std::vector<PublishedValue>& published) {
  Json json = Json::array();
  for (const PublishedValue& value : published) {
    const bool about = std::ranges::any_of(cell.trials, [&](const Trial* trial) {
      return std::ranges::find(value.ids, trial->id) != value.ids.end();
    });
    if (about)
      json.push_back({{"of", value.of},
                      {"moment", value.moment},
                      {"x", or_null(value.x)},
                      {"y", or_null(value.y)},
                      {"text", value.text}});
  }
  return json;
}

Json cell_to_json(const SweepCell& cell, const std::vector<SeriesSummary>& list,
                  const std::vector<PublishedValue>& published) {
  const CellStatistics s = cell_statistics(cell);
  Json json;
  json["at"] = cell.at;
  json["successes"] = s.success.successes;
  json["results"] = s.results();
  json["low"] = plotted(s.success.low);
  json["high"] = plotted(s.success.high);
  json["median_best"] = plotted(s.best.median);
  json["median_test"] = plotted(s.test.median);
  json["test_accuracy"] = plotted(1 - s.test_errors.median);
  json["updates"] = solving_text(s.solving);
  json["trouble"] = trouble_text(s);
  json["trivial"] = trivial_values(cell, list);
  json["trained"] = trained_ranges(cell);
  if (Json values = published_of(cell, published); !values.empty()) json["published"] = std::move(values);
  return json;
}

}  // namespace

std::string report_data(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<PublishedValue>& published) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  const std::vector<SeriesSummary> list = series_list(plan, records);
  const std::vector<SweepCell> cells = sweep_cells(plan, axes, records);
  Json json{{"axes", Json::array()},
            {"figures", Json::array()},
            {"series", Json::array()},
            {"cells", Json::array()}};
  for (const SweepAxis& axis : axes) json["axes"].push_back(axis_to_json(axis));
  for (const Figure& figure : figure_list(axes, cells, list))
    json["figures"].push_back(figure_to_json(figure));
  for (const SeriesSummary& series : list) json["series"].push_back(series_to_json(series, cells));
  for (const SweepCell& cell : cells) json["cells"].push_back(cell_to_json(cell, list, published));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace unroll
