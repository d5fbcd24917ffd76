#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace unroll {

/// A central interval of a forecast at each step.
struct ForecastBand {
  std::int64_t percent;
  std::vector<double> low, high;
};

/// One column's past and forecast, in the unit of the data; NaN where a value is missing.
struct ForecastCurve {
  std::string name;
  std::vector<double> past, forecast;
  std::vector<ForecastBand> bands;  ///< the narrowest first; none where a forecast is a number alone
};

/// What a forecast's page shows.
struct ForecastPage {
  std::string title, summary;
  std::string step;                      ///< what the axis is called: "Month"
  bool dates = false;                    ///< whether labels are dates as ISO 8601 writes them
  std::vector<std::string> past, steps;  ///< labels of the steps behind, and of those ahead
  std::vector<std::string> shown;        ///< the latter as the file writes them
  std::vector<ForecastCurve> curves;
};

/// A page that needs nothing outside itself: a plot of each curve with its intervals, and a table of all
/// numbers. Its bytes are a function of the argument.
std::string forecast_html(const ForecastPage& page);

}  // namespace unroll
