#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <filesystem>

#include "experiments/config/text.hpp"
#include "experiments/report/forecast_page.hpp"
#include "experiments/saved/series_model.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/tasks/series/forecasts.hpp"
#include "experiments/text/text.hpp"
#include "experiments/train/answering_model.hpp"
#include "experiments/verbs/horizon_argument.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

namespace {

/// The file of a word; "-" is standard input.
std::string bytes_of(const std::string& file) { return file == "-" ? read_text("-") : read_file(file); }

/// Everything that is told of one forecast.
struct Told {
  const PreparedSeries& series;
  Forecast forecast;
  std::int64_t horizon;

  std::string label(std::int64_t step) const { return series.data().axis.label(step); }
  const Predictive& of(std::int64_t h, std::size_t target) const {
    return forecast.numbers[static_cast<std::size_t>(h * series.targets()) + target];
  }
  std::string time_name() const {
    return series.data().axis.column.empty() ? "step" : series.data().axis.column;
  }
  std::vector<std::int64_t> intervals() const {
    return of(0, 0).is_point() ? std::vector<std::int64_t>() : series.settings().intervals;
  }
};

double low_of(const Predictive& one, std::int64_t percent) {
  return one.quantile(static_cast<double>(100 - percent) / 200);
}
double high_of(const Predictive& one, std::int64_t percent) {
  return one.quantile(static_cast<double>(100 + percent) / 200);
}

Listing rows_of(const Told& told) {
  Listing rows;
  for (std::int64_t h = 0; h < told.horizon; ++h) {
    nlohmann::ordered_json row = {{told.time_name(), told.label(told.forecast.origin + 1 + h)}};
    for (std::size_t k = 0; k < told.series.data().targets.size(); ++k) {
      const std::string& name = told.series.data().targets[k].name;
      row[name] = told.of(h, k).point();
      for (const std::int64_t percent : told.intervals()) {
        row[fmt::format("{} low {}", name, percent)] = low_of(told.of(h, k), percent);
        row[fmt::format("{} high {}", name, percent)] = high_of(told.of(h, k), percent);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

ForecastCurve curve_of(const Told& told, std::size_t target, std::int64_t first) {
  ForecastCurve curve{told.series.data().targets[target].name, {}, {}, {}};
  for (std::int64_t t = first; t <= told.forecast.origin; ++t)
    curve.past.push_back(told.series.value(target, t));
  for (std::int64_t h = 0; h < told.horizon; ++h) curve.forecast.push_back(told.of(h, target).point());
  for (const std::int64_t percent : told.intervals()) {
    ForecastBand& band = curve.bands.emplace_back(ForecastBand{percent, {}, {}});
    for (std::int64_t h = 0; h < told.horizon; ++h) {
      band.low.push_back(low_of(told.of(h, target), percent));
      band.high.push_back(high_of(told.of(h, target), percent));
    }
  }
  return curve;
}

ForecastPage page_of(const Told& told, const std::string& model, const std::string& file) {
  constexpr std::int64_t shown_horizons = 6;
  static const DateForm iso = {.pattern = "%Y-%m-%dT%H:%M:%S", .name = ""};
  const TimeAxis& axis = told.series.data().axis;
  const std::int64_t origin = told.forecast.origin;
  const std::int64_t first = std::max<std::int64_t>(
      0, origin + 1 - std::max(told.series.settings().context, shown_horizons * told.horizon));
  const auto plotted = [&](std::int64_t step) {
    return axis.has_dates() ? format_date(axis.moment(step), iso) : axis.label(step);
  };
  ForecastPage page{.title = fmt::format("{} steps ahead of {}", told.horizon, file),
                    .summary = fmt::format("By the model {}, from {} on.", model, told.label(origin)),
                    .step = told.time_name(),
                    .dates = axis.has_dates(),
                    .past = {},
                    .steps = {},
                    .shown = {},
                    .curves = {}};
  for (std::int64_t t = first; t <= origin; ++t) page.past.push_back(plotted(t));
  for (std::int64_t t = origin + 1; t <= origin + told.horizon; ++t) {
    page.steps.push_back(plotted(t));
    page.shown.push_back(told.label(t));
  }
  for (std::size_t k = 0; k < told.series.data().targets.size(); ++k)
    page.curves.push_back(curve_of(told, k, first));
  return page;
}

/// F.html beside F.csv.
std::filesystem::path page_path(std::filesystem::path out) { return out.replace_extension(".html"); }

void require_finite(const Told& told) {
  for (const Predictive& one : told.forecast.numbers)
    if (!std::isfinite(one.point()))
      throw ModelError(
          fmt::format("the forecast holds {}, expected finite numbers: the model's training diverged, or "
                      "the series is far from the one that it learned from",
                      one.point()));
}

int forecast(const Arguments& arguments) {
  if (arguments.words.size() != 2)
    throw UsageError(fmt::format(
        "expected two words, the folder of a model and a table, but got {}: unroll forecast out/passengers "
        "passengers.csv",
        arguments.words.size()));
  const std::string& file = arguments.words[1];
  const SavedModel model = model_argument(arguments, 2);
  require_series_model(model);
  const PreparedSeries series = series_for(model, bytes_of(file), file == "-" ? "standard input" : file);
  const std::int64_t horizon = horizon_argument(arguments, series.settings());
  AnsweringModel answering(model.model(), model.sizes, model.parameters);
  const ModelForecaster forecaster(series, answering.answers());
  Forecasts forecasts = forecaster.forecast({series.data().history - 1}, horizon);
  const Told told{series, std::move(forecasts.all.front()), horizon};
  require_finite(told);
  const SeriesData& data = series.data();
  say("{}: {} steps to {}, {}; forecast from there\n", data.file, data.history, data.place(data.history - 1),
      data.axis_note);
  if (data.missing > 0) say("{} values are missing: the last one before is read instead\n", data.missing);
  if (!arguments.has("out")) {
    print_listing(rows_of(told), arguments);
    return exit_good;
  }
  const std::filesystem::path out = arguments.flags["out"].as<std::string>();
  if (out.extension() == ".html")
    throw UsageError("--out names the table, as F.csv; its picture is written beside it, as F.html");
  write_file(out, as_csv(rows_of(told)));
  write_file(page_path(out), forecast_html(page_of(told, arguments.words[0], data.file)));
  fmt::print("{}\n{}\n", out.string(), page_path(out).string());
  return exit_good;
}

void add_forecast_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("horizon", number_flag<std::int64_t>(),
                      "steps ahead; default: those the model was trained for")(
      "out", po::value<std::string>(), "the table to write, F.csv, with its picture beside it, F.html");
  add_format_flag(flags);
}

}  // namespace

const Verb& forecast_verb() {
  static const Verb verb{
      .name = "forecast",
      .summary = "what comes next in a series, with intervals and a picture",
      .usage = "MODEL TABLE [--horizon N] [--out F.csv | --format table|json|csv]",
      .examples =
          "  unroll forecast out/passengers passengers.csv\n"
          "  unroll forecast out/passengers later.csv --horizon 6 --out forecast.csv\n"
          "  curl -s https://example.org/prices.csv | unroll forecast out/prices - --format json\n\n"
          "The table has the columns that the model was trained on; it may begin and end elsewhere, and the "
          "forecast\n"
          "goes on behind its last value. What is known ahead (task.known) stands in rows behind that.",
      .add_flags = add_forecast_flags,
      .run = forecast,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
