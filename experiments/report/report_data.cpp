#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/report/axes.hpp"
#include "experiments/report/bands.hpp"
#include "experiments/report/report.hpp"
#include "experiments/report/statistics.hpp"
#include "experiments/report/table.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

// More places than a plot has pixels to tell apart only make the page heavy.
constexpr std::size_t kPoints = 300;

/// Five digits are more than a plot can show; null is a gap in it.
Json plotted(double value) {
  if (!std::isfinite(value)) return nullptr;
  return std::stod(fmt::format("{:.5g}", value));
}

Json plotted(const std::vector<double>& values) {
  Json array = Json::array();
  for (const double value : values) array.push_back(plotted(value));
  return array;
}

Json band_to_json(const Band& band) {
  return Json{{"at", band.at},  // exact: an update or a time step
              {"median", plotted(band.median)},
              {"low", plotted(band.low)},
              {"high", plotted(band.high)}};
}

Json axis_to_json(const SweepAxis& axis) {
  return Json{{"name", axis.name}, {"labels", axis.labels}, {"numeric", axis.numeric()}};
}

Json cell_to_json(const SweepCell& cell) {
  const CellStatistics s = cell_statistics(cell);
  Json json;
  json["at"] = cell.at;
  json["successes"] = s.success.successes;
  json["results"] = s.results();
  json["low"] = plotted(s.success.low);
  json["high"] = plotted(s.success.high);
  json["median_best"] = plotted(s.best.median);
  json["updates"] = solving_text(s.solving);
  json["trouble"] = trouble_text(s);
  json["trivial"] = s.trivial_loss ? plotted(*s.trivial_loss) : Json(nullptr);
  json["loss"] = band_to_json(loss_band(cell, kPoints));
  json["start"] = band_to_json(gradient_band(cell, Moment::start, kPoints));
  json["end"] = band_to_json(gradient_band(cell, Moment::end, kPoints));
  return json;
}

}  // namespace

std::string report_data(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const std::vector<SweepAxis> axes = sweep_axes(plan);
  Json json{{"axes", Json::array()}, {"cells", Json::array()}};
  for (const SweepAxis& axis : axes) json["axes"].push_back(axis_to_json(axis));
  for (const SweepCell& cell : sweep_cells(plan, axes, records)) json["cells"].push_back(cell_to_json(cell));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace unroll
