#include "experiments/report/places_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "experiments/config/text.hpp"
#include "experiments/report/bands.hpp"
#include "experiments/report/text_table.hpp"

namespace unroll {
namespace {

constexpr std::size_t kAllPlaces = std::numeric_limits<std::size_t>::max();

std::string value_at(const Band& band, double place) {
  const auto found = std::ranges::find(band.at, place);
  if (found == band.at.end()) return "–";
  return short_number(band.median[static_cast<std::size_t>(found - band.at.begin())]);
}

/// "accuracy over length, test" with a unit behind it.
std::string title_of(const SeriesSummary& series, const std::string& moment) {
  std::string title = series.name;
  if (!moment.empty()) title += ", " + moment;
  if (!series.descriptor.unit.empty()) title += fmt::format(" ({})", series.descriptor.unit);
  return title;
}

std::string place_name(const SeriesSummary& series, double place) {
  const auto index = static_cast<std::size_t>(place);
  return index < series.names.size() ? series.names[index] : exact_number(place);
}

std::string table_of(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells,
                     const SeriesSummary& series, const std::string& moment) {
  std::vector<Band> bands;
  std::set<double> places;
  for (const SweepCell& cell : cells) {
    bands.push_back(band_of(cell, series.name, moment, kAllPlaces));
    places.insert(bands.back().at.begin(), bands.back().at.end());
  }
  TextTable table = table_of_cells(axes, cells);
  for (const double place : places) table.head.push_back(place_name(series, place));
  table.right.resize(table.head.size(), true);
  for (std::size_t i = 0; i < cells.size(); ++i)
    for (const double place : places) table.rows[i].push_back(value_at(bands[i], place));
  return fmt::format("{}: median over runs, by {}\n", title_of(series, moment), series.axis) + aligned(table);
}

}  // namespace

std::string places_table(const std::vector<SweepAxis>& axes, const std::vector<SweepCell>& cells,
                         const SeriesSummary& series) {
  std::string text;
  for (const std::string& moment : series.moments) text += table_of(axes, cells, series, moment);
  return text;
}

}  // namespace unroll
