#include "experiments/report/series_block.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <vector>

#include "experiments/report/statistics.hpp"

namespace unroll {
namespace {

// More places than a plot has pixels to tell apart only make the page heavy; with fewer than the least, a
// curve loses its shape.
constexpr std::size_t kMostPlaces = 300, kLeastPlaces = 24;
// A megabyte, packed.
constexpr std::size_t kPlacesOfAllCells = 100'000;
// Of single runs half of that, since nobody may ask for them.
constexpr std::size_t kPlacesOfAllRuns = 50'000, kLeastPlacesOfRun = 12;

std::size_t places_per_cell(std::size_t cells) {
  return std::clamp(kPlacesOfAllCells / std::max<std::size_t>(cells, 1), kLeastPlaces, kMostPlaces);
}

/// Five digits are more than a plot can show; null is a gap in it.
void append_plotted(std::string& json, const std::vector<double>& values) {
  json += '[';
  for (const double value : values) {
    if (json.back() != '[') json += ',';
    if (std::isfinite(value))
      fmt::format_to(std::back_inserter(json), FMT_COMPILE("{:.5g}"), value);
    else
      json += "null";
  }
  json += ']';
}

/// Exact: an update, a time step, a length.
std::string exact_array(const std::vector<double>& values) {
  std::string json = "[";
  for (const double value : values)
    fmt::format_to(std::back_inserter(json), "{}{}", json.size() > 1 ? "," : "", value);
  return json + ']';
}

bool alike(const std::vector<double>& a, const std::vector<double>& b) {
  return std::ranges::equal(
      a, b, [](double x, double y) { return x == y || (!std::isfinite(x) && !std::isfinite(y)); });
}

/// The places of curves, each list once: most cells have the same.
class PlaceLists {
 public:
  std::size_t index_of(const std::vector<double>& places) {
    const auto [found, fresh] = index_.try_emplace(places, index_.size());
    if (fresh) json_ += (json_.empty() ? "" : ",") + exact_array(places);
    return found->second;
  }
  const std::string& json() const { return json_; }

 private:
  std::map<std::vector<double>, std::size_t> index_;
  std::string json_;
};

void append_curve(std::string& json, const Band& band, PlaceLists& places) {
  json += '[';
  if (!band.at.empty()) {
    fmt::format_to(std::back_inserter(json), "{},", places.index_of(band.at));
    append_plotted(json, band.median);
    if (!alike(band.low, band.median) || !alike(band.high, band.median)) {
      json += ',';
      append_plotted(json, band.low);
      json += ',';
      append_plotted(json, band.high);
    }
  }
  json += ']';
}

/// What a curve over training is about, or where a profile ends up.
const std::string& main_moment(const SeriesSummary& series) {
  return series.kind == SeriesKind::curve ? series.moments.front() : series.moments.back();
}

/// A run as a cell of its own.
SweepCell alone(const SweepCell& cell, std::size_t run) {
  return {cell.at, {cell.trials[run]}, {cell.runs[run]}};
}

bool has_curve(const SweepCell& cell, std::size_t run, const SeriesSummary& series) {
  return has_result(cell.runs[run]) && cell.runs[run]->find(series.name, main_moment(series)) != nullptr;
}

}  // namespace

bool has_runs(std::span<const SweepCell> cells, const SeriesSummary& series) {
  if (series.band != nullptr || series.kind == SeriesKind::plane) return false;
  return std::ranges::any_of(cells, [&](const SweepCell& cell) {
    std::size_t runs = 0;
    for (std::size_t i = 0; i < cell.runs.size(); ++i) runs += has_curve(cell, i, series) ? 1 : 0;
    return runs > 1;
  });
}

std::string runs_block(std::span<const SweepCell> cells, const SeriesSummary& series) {
  std::size_t all = 1;
  for (const SweepCell& cell : cells) all += cell.runs.size();
  const std::size_t places = std::clamp(kPlacesOfAllRuns / all, kLeastPlacesOfRun, kMostPlaces);
  PlaceLists lists;
  std::string json;
  for (const SweepCell& cell : cells) {
    json += json.empty() ? "[" : ",[";
    for (std::size_t i = 0; i < cell.runs.size(); ++i) {
      if (!has_curve(cell, i, series)) continue;
      const Band curve = series.band_at(alone(cell, i), main_moment(series), places);
      fmt::format_to(std::back_inserter(json), "{}[{},", json.back() == '[' ? "" : ",",
                     lists.index_of(curve.at));
      append_plotted(json, curve.median);
      json += ']';
    }
    json += ']';
  }
  return fmt::format(R"({{"places":[{}],"cells":[{}]}})", lists.json(), json);
}

std::string series_block(std::span<const SweepCell> cells, const SeriesSummary& series) {
  const std::size_t places = places_per_cell(cells.size());
  PlaceLists lists;
  std::string moments;
  for (const std::string& moment : series.moments) {
    moments += moments.empty() ? "[" : ",[";
    for (const SweepCell& cell : cells) {
      if (moments.back() != '[') moments += ',';
      append_curve(moments, series.band_at(cell, moment, places), lists);
    }
    moments += ']';
  }
  return fmt::format(R"({{"places":[{}],"moments":[{}]}})", lists.json(), moments);
}

}  // namespace unroll
