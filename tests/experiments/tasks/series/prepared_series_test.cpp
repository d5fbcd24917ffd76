#include <doctest/doctest.h>

#include <numbers>

#include "experiments/tasks/series/pieces.hpp"
#include "tests/experiments/tasks/series/series_fixture.hpp"

using namespace unroll;
using namespace unroll::series_test;

namespace {

double scaled(double x, const std::vector<double>& training) {
  double mean = 0, squares = 0;
  for (const double one : training) mean += one / static_cast<double>(training.size());
  for (const double one : training)
    squares += (one - mean) * (one - mean) / static_cast<double>(training.size());
  return (x - mean) / std::sqrt(squares);
}

std::vector<float> read_at(const PreparedSeries& series, std::int64_t t) {
  std::vector<float> all(static_cast<std::size_t>(series.input_size()));
  series.read_step(t, series.levels_up_to(t), all.data());
  return all;
}

}  // namespace

TEST_CASE("[series] inputs and targets of plain numbers are those of a computation by hand") {
  const std::vector<double> x = waves(50);
  const PreparedSeries series = prepared(rows(x), {{"task.horizon", std::int64_t{2}}});
  CHECK(series.training() == Range{0, 30});
  CHECK(series.validation() == Range{30, 10});
  CHECK(series.test() == Range{40, 10});
  const std::vector<double> read(x.begin(), x.begin() + 28);  // a forecast of two lies in the training part
  const std::vector<double> first(x.begin() + 1, x.begin() + 29), second(x.begin() + 2, x.begin() + 30);
  for (const std::int64_t t : {0, 17, 45}) {
    const auto s = static_cast<std::size_t>(t);
    CHECK(read_at(series, t)[0] == doctest::Approx(scaled(x[s], read)).epsilon(1e-5));
    CHECK(series.inputs()[t] == read_at(series, t)[0]);
    CHECK(series.wanted()[2 * t] == doctest::Approx(scaled(x[s + 1], first)).epsilon(1e-5));
    CHECK(series.wanted()[2 * t + 1] == doctest::Approx(scaled(x[s + 2], second)).epsilon(1e-5));
  }
}

TEST_CASE("[series] a log and differences are read, and asked for is what comes on top of their path") {
  const std::vector<double> x = waves(60);
  const PreparedSeries series = prepared(rows(x), {{"task.transform", word("log")},
                                                   {"task.difference", integers({1, 6})},
                                                   {"task.horizon", std::int64_t{3}}});
  CHECK(series.begin() == 7);
  const auto z = [&](std::int64_t t) { return std::log(x[static_cast<std::size_t>(t)]); };
  const auto difference = [&](std::int64_t t) { return z(t) - z(t - 1) - z(t - 6) + z(t - 7); };
  const auto third = [&](std::int64_t t) { return z(t + 3) - (z(t) + z(t - 3) - z(t - 6)); };
  std::vector<double> read, wanted;
  for (std::int64_t t = 7; t + 3 < 36; ++t) {
    read.push_back(difference(t));
    wanted.push_back(third(t));
  }
  for (const std::int64_t t : {7, 30, 50}) {
    CHECK(read_at(series, t)[0] == doctest::Approx(scaled(difference(t), read)).epsilon(1e-4));
    CHECK(series.wanted()[3 * t + 2] == doctest::Approx(scaled(third(t), wanted)).epsilon(1e-4));
  }
  CHECK(series.undone(z(9)) == doctest::Approx(x[9]));
}

TEST_CASE("[series] nothing that is fitted to, or read in, a part knows what comes after it") {
  std::vector<double> x = waves(80);
  const Settings settings = {{"task.difference", integers({1})}, {"task.horizon", std::int64_t{2}}};
  const PreparedSeries before = prepared(monthly(x), settings);
  for (std::size_t t = 48; t < x.size(); ++t) x[t] += 1000 + static_cast<double>(t * t);
  const PreparedSeries after = prepared(monthly(x), settings);
  CHECK(before.preparation() == after.preparation());
  for (std::int64_t t = 1; t < 48; ++t) CHECK(read_at(before, t) == read_at(after, t));
  CHECK(read_at(before, 60) != read_at(after, 60));
  // Pieces to train on do not reach into the next part with their targets; those to judge on lie in theirs.
  const auto shared = std::make_shared<const PreparedSeries>(before);
  CHECK(training_pieces(shared)->size() == 48 - 2 - 4);
  CHECK(judged_steps(before, before.validation()) ==
        std::vector<std::int64_t>{47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61});
  CHECK(judged_steps(before, before.test()).front() == 63);
  CHECK(judged_steps(before, before.test()).back() == 77);
}

TEST_CASE("[series] the later half of a piece is trained on, and its end alone is judged") {
  const auto series =
      std::make_shared<const PreparedSeries>(prepared(rows(waves(60)), {{"task.context", std::int64_t{6}}}));
  const Sequence trained = training_pieces(series)->get(3);
  REQUIRE(trained.weights);
  CHECK(std::vector<float>(trained.weights->span().begin(), trained.weights->span().end()) ==
        std::vector<float>{0, 0, 0, 1, 1, 1});
  const Sequence judged = judged_pieces(series, series->test())->get(0);
  CHECK(std::vector<float>(judged.weights->span().begin(), judged.weights->span().end()) ==
        std::vector<float>{0, 0, 0, 0, 0, 1});
  CHECK(std::get<Tensor<float>>(judged.inputs)[5] == series->inputs()[47]);
}

TEST_CASE("[series] columns known ahead are read ahead, others as they are, the calendar of the next step") {
  std::string text = "date,x,rain,price\n";
  const std::vector<double> x = waves(60);
  for (int t = 0; t < 63; ++t)
    text += fmt::format("2024-{:02}-{:02},{},{},{}\n", 1 + t / 28, 1 + t % 28,
                        t < 60 ? fmt::format("{}", x[static_cast<std::size_t>(t)]) : "",
                        t < 60 ? fmt::format("{}", t * t % 13) : "", t % 11);
  // Months of 28 days: rows are taken as they follow.
  const PreparedSeries series = prepared(text, {{"task.target", names({"x"})},
                                                {"task.covariates", names({"rain"})},
                                                {"task.known", names({"price"})},
                                                {"task.calendar", names({"week"})},
                                                {"task.gaps", word("skip")},
                                                {"task.horizon", std::int64_t{3}}});
  CHECK(series.data().history == 60);
  CHECK(series.data().length == 63);
  CHECK(series.preparation().columns == std::vector<std::string>{"x", "rain", "price 1 ahead",
                                                                 "price 2 ahead", "price 3 ahead",
                                                                 "sine of the week", "cosine of the week"});
  const Scaling& scaling = series.preparation().inputs;
  const std::vector<float> last = read_at(series, 59);
  CHECK(scaling.undone(static_cast<double>(last[1]), 1) == doctest::Approx(59 * 59 % 13).epsilon(1e-5));
  for (std::size_t h = 1; h <= 3; ++h)
    CHECK(scaling.undone(static_cast<double>(last[1 + h]), 1 + h) ==
          doctest::Approx(static_cast<double>((59 + h) % 11)).epsilon(1e-5));
}

TEST_CASE(
    "[series] missing values are read as the last one and said, and what is asked of them counts nothing") {
  std::vector<double> x = waves(60);
  std::string text = "x\n";
  for (std::size_t t = 0; t < x.size(); ++t)
    text += t == 9 || t == 10 || t == 50 ? "NA\n" : fmt::format("{}\n", x[t]);
  const PreparedSeries series = prepared(text, {{"task.horizon", std::int64_t{2}}});
  CHECK(series.data().missing == 3);
  CHECK(series.preparation().columns == std::vector<std::string>{"x", "missing x"});
  CHECK(series.levels()[0][10] == x[8]);
  for (std::int64_t t = 0; t < 58; ++t) {
    const bool asks_for_missing = (t >= 7 && t <= 9) || t == 48 || t == 49;
    CHECK(series.counts(t) == !asks_for_missing);
  }
  CHECK(read_at(series, 10)[1] == 1);  // it is said that it is missing
  CHECK(read_at(series, 11)[1] == 0);
  CHECK(series.description().find("3 values are missing") != std::string::npos);
}

TEST_CASE(
    "[series] of several rows of a time each column has the mean, the first or the last value there is") {
  std::string text = "day,x,y\n";
  for (int t = 1; t <= 60; ++t)
    text += fmt::format("2024-{:02}-{:02},{},{}\n", 1 + (t - 1) / 28, 1 + (t - 1) % 28, t % 9, t % 7);
  text += "2024-03-05,,1\n2024-03-05,4,NA\n2024-03-05,10,5\n";
  const auto last_of = [&](const std::string& rule) {
    const SeriesData data = prepared(text, {{"task.target", names({"x"})},
                                            {"task.covariates", names({"y"})},
                                            {"task.duplicates", word(rule)},
                                            {"task.gaps", word("skip")}})
                                .data();
    CHECK(data.length == 61);
    return std::pair(data.targets[0].values.back(), data.covariates[0].values.back());
  };
  CHECK(last_of("mean") == std::pair(7.0, 3.0));
  CHECK(last_of("first") == std::pair(4.0, 1.0));
  CHECK(last_of("last") == std::pair(10.0, 5.0));
  CHECK(refusal(text, {{"task.target", names({"x"})}}).find("line 62 has the same time") !=
        std::string::npos);
}

TEST_CASE("[series] a saved preparation is used as it is, and other columns are refused") {
  const TaskConfig trained = config(monthly(waves(80)));
  const PreparedSeries before = prepared_series(trained);
  TaskConfig later = trained;
  later.preparation = before.preparation();
  std::vector<double> x = waves(95);
  for (double& one : x) one += 40;
  const PreparedSeries after = prepared_series(later, monthly(x), "later.csv");
  CHECK(after.preparation() == before.preparation());
  CHECK(read_at(after, 90)[0] ==
        doctest::Approx((x[90] - before.preparation().inputs.offset[0]) / before.preparation().inputs.unit[0])
            .epsilon(1e-5));
  CHECK_THROWS_WITH_AS(
      prepared_series(later, monthly(x, "y"), "later.csv"),
      "later.csv: the model reads x, but here are y: was it trained on a table of other columns?", DataError);
}
