#include <doctest/doctest.h>

#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

/// A model that answers with the last number that it reads, as it is scaled, for each step of the horizon.
AnswersOf echo(std::int64_t outputs) {
  return [outputs](const Tensor<float>& inputs, bool) {
    const Shape& shape = inputs.shape();
    Tensor<float> all({shape[0], shape[1], outputs});
    for (std::int64_t i = 0; i < all.numel(); ++i) all[i] = inputs[i / outputs * shape[2]];
    return all;
  };
}

std::vector<double> points(const Forecast& forecast) {
  std::vector<double> all;
  for (const Predictive& one : forecast.numbers) all.push_back(one.point());
  return all;
}

/// What undoes to "nothing on top of the path".
std::vector<float> nothing(const PreparedSeries& series, bool variance) {
  std::vector<float> all;
  const Scaling& scaling = series.preparation().target;
  for (std::size_t n = 0; n < scaling.unit.size(); ++n) {
    all.push_back(static_cast<float>(-scaling.offset[n] / scaling.unit[n]));
    if (variance) all.push_back(0);
  }
  return all;
}

}  // namespace

TEST_CASE("[series] nothing on top of the differences' path is the naive forecast, in the unit of the data") {
  const std::vector<double> x = waves(100);
  const PreparedSeries series = prepared(monthly(x), {{"task.transform", word("log")},
                                                      {"task.difference", integers({12})},
                                                      {"task.horizon", std::int64_t{14}}});
  const Forecasts all =
      ModelForecaster(series, constant_answers(nothing(series, true))).forecast({99, 60}, 14);
  REQUIRE(all.all.size() == 2);
  for (const Forecast& one : all.all)
    for (std::int64_t h = 0; h < 14; ++h) {
      const auto before = static_cast<std::size_t>(one.origin + 1 + h % 12 - 12);
      CHECK(points(one)[static_cast<std::size_t>(h)] == doctest::Approx(x[before]).epsilon(1e-5));
      const Predictive& number = one.numbers[static_cast<std::size_t>(h)];
      const double deviation = series.preparation().target.unit[static_cast<std::size_t>(h)];
      CHECK(number.quantile(0.9) ==
            doctest::Approx(x[before] * std::exp(1.2815515655446 * deviation)).epsilon(1e-4));
    }
}

TEST_CASE("[series] a forecast depends on its context alone") {
  std::vector<double> x = waves(100);
  const TaskConfig trained =
      config(rows(x), {{"task.horizon", std::int64_t{2}}, {"task.distribution", word("point")}});
  const PreparedSeries whole = prepared_series(trained);
  TaskConfig later = trained;
  later.preparation = whole.preparation();
  const std::vector<double> tail(x.end() - 4, x.end());
  const PreparedSeries cut = prepared_series(later, rows(tail), "tail.csv");
  const auto answer = [](const PreparedSeries& series, std::int64_t origin) {
    return points(ModelForecaster(series, echo(2)).forecast({origin}, 2).all.front());
  };
  CHECK(answer(whole, 99) == answer(cut, 3));
  CHECK_THROWS_WITH_AS(
      answer(cut, 2),
      "tail.csv: 3 steps up to row 3, but a forecast reads 4: 4 of context (task.context) and 0 that "
      "differences look back (task.difference); give a table that begins earlier",
      DataError);
}

TEST_CASE("[series] recursive forecasts go on from what was answered") {
  const std::vector<double> x = waves(100);
  const Settings settings = {{"task.horizon", std::int64_t{5}},
                             {"task.strategy", word("recursive")},
                             {"task.difference", integers({1})},
                             {"task.distribution", word("point")}};
  const PreparedSeries series = prepared(rows(x), settings);
  CHECK(series.numbers() == 1);
  const std::vector<double> found = points(ModelForecaster(series, echo(1)).forecast({80}, 5).all.front());
  // By hand: the scaled difference read is taken for the scaled difference that comes.
  const Scaling &in = series.preparation().inputs, &out = series.preparation().target;
  double level = x[80], difference = x[80] - x[79];
  for (const double one : found) {
    difference = (difference - in.offset[0]) / in.unit[0] * out.unit[0] + out.offset[0];
    level += difference;
    CHECK(one == doctest::Approx(level).epsilon(1e-5));
  }
}

TEST_CASE("[series] drawn paths of a random walk spread like the root of time, the same at every call") {
  const PreparedSeries series = prepared(rows(waves(100)), {{"task.horizon", std::int64_t{9}},
                                                            {"task.strategy", word("recursive")},
                                                            {"task.difference", integers({1})}});
  const ModelForecaster forecaster(series, constant_answers(nothing(series, true)));
  const Forecast one = forecaster.forecast({80}, 9).all.front();
  const double unit = series.preparation().target.unit[0];
  for (std::size_t h = 0; h < 9; ++h)
    CHECK(one.numbers[h].deviation() ==
          doctest::Approx(unit * std::sqrt(static_cast<double>(h + 1))).epsilon(0.15));
  const Forecast again = forecaster.forecast({80}, 9).all.front();
  CHECK(points(one) == points(again));
  CHECK(points(one) != points(forecaster.forecast({79}, 9).all.front()));
}

TEST_CASE("[series] quantiles are undone one by one, for each target") {
  std::string text = "a,b\n";
  const std::vector<double> x = waves(100);
  for (std::size_t t = 0; t < x.size(); ++t) text += fmt::format("{},{}\n", x[t], 100 - 3 * x[99 - t]);
  const PreparedSeries series = prepared(text, {{"task.target", names({"a", "b"})},
                                                {"task.distribution", word("quantile")},
                                                {"task.intervals", integers({60})},
                                                {"task.horizon", std::int64_t{2}}});
  CHECK(series.settings().levels() == std::vector<double>{0.2, 0.5, 0.8});
  CHECK(series_objective(series.settings()).outputs_per_number == 3);
  std::vector<float> outputs;
  for (int n = 0; n < 4; ++n)
    for (const float q : {-1.0f, 0.25f, 2.0f}) outputs.push_back(q + static_cast<float>(n));
  const Forecast one = ModelForecaster(series, constant_answers(outputs)).forecast({80}, 2).all.front();
  const Scaling& scaling = series.preparation().target;
  for (std::size_t n = 0; n < 4; ++n) {
    const auto undone = [&](double z) {
      return doctest::Approx(scaling.undone(z + static_cast<double>(n), n));
    };
    CHECK(one.numbers[n].quantile(0.2) == undone(-1));
    CHECK(one.numbers[n].point() == undone(0.25));
    CHECK(one.numbers[n].quantile(0.8) == undone(2));
  }
}
