#include "experiments/report/forecast_page.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/config/text.hpp"
#include "experiments/report/filled.hpp"
#include "experiments/report/web_files.hpp"

namespace unroll {
namespace {

using Json = nlohmann::ordered_json;

/// What is no number is a gap in a plot.
Json numbers_json(const std::vector<double>& values) {
  Json all = Json::array();
  for (const double x : values) all.push_back(std::isfinite(x) ? Json(x) : Json(nullptr));
  return all;
}

Json curve_json(const ForecastCurve& curve) {
  Json bands = Json::array();
  for (const ForecastBand& band : curve.bands)
    bands.push_back(
        {{"percent", band.percent}, {"low", numbers_json(band.low)}, {"high", numbers_json(band.high)}});
  return {{"name", curve.name},
          {"past", numbers_json(curve.past)},
          {"forecast", numbers_json(curve.forecast)},
          {"bands", std::move(bands)}};
}

/// No text in it may end the element that it stands in.
std::string data_json(const ForecastPage& page) {
  Json curves = Json::array();
  for (const ForecastCurve& curve : page.curves) curves.push_back(curve_json(curve));
  const Json all = {{"step", page.step},
                    {"dates", page.dates},
                    {"past", page.past},
                    {"steps", page.steps},
                    {"curves", std::move(curves)}};
  std::string text;
  for (const char c : all.dump(-1, ' ', false, Json::error_handler_t::replace))
    text += c == '<' ? std::string("\\u003c") : std::string(1, c);
  return text;
}

std::string row_html(const std::vector<std::string>& cells, std::string_view tag) {
  std::string html = "<tr>";
  for (const std::string& cell : cells) html += fmt::format("<{0}>{1}</{0}>", tag, html_escaped(cell));
  return html + "</tr>\n";
}

std::string table_html(const ForecastPage& page) {
  std::vector<std::string> heads = {page.step};
  for (const ForecastCurve& curve : page.curves) {
    heads.push_back(curve.name);
    for (const ForecastBand& band : curve.bands) heads.push_back(fmt::format("{} %", band.percent));
  }
  std::string html = "<table><thead>" + row_html(heads, "th") + "</thead><tbody>\n";
  for (std::size_t t = 0; t < page.steps.size(); ++t) {
    std::vector<std::string> cells = {page.shown[t]};
    for (const ForecastCurve& curve : page.curves) {
      cells.push_back(short_number(curve.forecast[t]));
      for (const ForecastBand& band : curve.bands)
        cells.push_back(fmt::format("{} to {}", short_number(band.low[t]), short_number(band.high[t])));
    }
    html += row_html(cells, "td");
  }
  return html + "</tbody></table>";
}

}  // namespace

std::string forecast_html(const ForecastPage& page) {
  return filled(page_template("forecast.html"), [&](std::string_view name) -> std::string {
    if (name == "title") return html_escaped(page.title);
    if (name == "summary") return html_escaped(page.summary);
    if (name == "table") return table_html(page);
    if (name == "data") return data_json(page);
    return std::string(web_file(name));
  });
}

}  // namespace unroll
