#include "experiments/report/report.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/config/text.hpp"
#include "experiments/report/csv.hpp"
#include "experiments/report/series_block.hpp"
#include "experiments/report/series_list.hpp"
#include "experiments/report/web_files.hpp"
#include "framework/tensor/file.hpp"
#include "tests/experiments/report/fixture.hpp"
#include "tests/support/contains.hpp"

using namespace unroll;

namespace {

std::string long_range_html() {
  const SweepPlan plan = fixture::long_range_plan();
  return report_html(plan, fixture::long_range_records(plan), "A & B <sweep>");
}

/// The part of the page that is not the plotting library.
std::string without_plotly(std::string html) {
  const std::string_view plotly = web_file("plotly-cartesian.min.js");
  const std::size_t at = html.find(plotly);
  REQUIRE(at != std::string::npos);
  return html.erase(at, plotly.size());
}

/// What is packed (the sweep, each series, single runs where there are several, the numbers of the cells, the
/// trials), the plotting library and the page's own.
std::size_t scripts_of(const SweepPlan& plan, const std::vector<TrialRecord>& records) {
  const auto cells = sweep_cells(plan, sweep_axes(plan), records);
  std::size_t scripts = 5;
  for (const SeriesSummary& series : series_list(plan, records)) scripts += has_runs(cells, series) ? 2 : 1;
  return scripts;
}

SweepPlan with_axes(int number) {
  const std::vector<std::string> keys{"model.cell", "task.length", "train.batch", "model.hidden",
                                      "train.optimizer"};
  const std::vector<std::vector<std::string>> values{
      {"vanilla", "gru"}, {"10", "30"}, {"20", "40"}, {"50", "100"}, {"sgd", "adam"}};
  std::vector<fixture::Axis> axes;
  for (int i = 0; i < number; ++i)
    axes.push_back(fixture::axis(keys[static_cast<std::size_t>(i)], values[static_cast<std::size_t>(i)]));
  return fixture::plan_of({keys.begin(), keys.begin() + number}, axes);
}

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
  REQUIRE(std::filesystem::file_size(path) == text.size());
}

}  // namespace

TEST_CASE("[report] the same sweep gives the same bytes") { CHECK(long_range_html() == long_range_html()); }

TEST_CASE("[report] the page is whole, in order, and asks for nothing outside itself") {
  std::string html = without_plotly(long_range_html());
  CHECK_FALSE(contains(html, "{{"));
  CHECK_FALSE(contains(html, "src=\""));
  const std::string namespaces = "http://www.w3.org/";  // names, which nobody opens
  for (std::size_t at = html.find(namespaces); at != std::string::npos; at = html.find(namespaces))
    html.erase(at, namespaces.size());
  CHECK_FALSE(contains(html, "http://"));
  CHECK_FALSE(contains(html, "https://"));
  std::size_t last = 0;
  for (const char* part :
       {"<title>", "<h1>", "60 trials", "id=\"plots\"", "id=\"success-section\"", "id=\"lines\"",
        "id=\"summary\"", "id=\"trouble\"", "Resolved configuration", "Imaginary CPU", "</html>"}) {
    const std::size_t at = html.find(part, last);
    CHECK_MESSAGE(at != std::string::npos, part);
    last = at;
  }
}

TEST_CASE("[report] one sentence says what was swept and how it went") {
  CHECK(contains(
      long_range_html(),
      "<strong>60 trials</strong>, 3 values of (activation, init) × 4 values of length × 5 seeds: 58 done, "
      "<strong class=\"diverged\">1 diverged</strong>, <strong class=\"failed\">1 failed</strong>, 0 "
      "missing."));
}

TEST_CASE("[report] nothing in a config or a reason can break out of its place") {
  const std::string html = without_plotly(long_range_html());
  const SweepPlan long_range = fixture::long_range_plan();
  const std::size_t scripts = scripts_of(long_range, fixture::long_range_records(long_range));
  CHECK(occurrences(html, "</script>") == scripts);
  CHECK(occurrences(html, "<script") == scripts);
  CHECK(contains(html, "A &amp; B &lt;sweep&gt;"));
  CHECK(contains(html, "No space left on device &amp; &lt;/script&gt;"));
  CHECK_FALSE(contains(html, "<b>&amp;"));

  const SweepPlan plan = fixture::plan_of(
      {"model.cell"},
      {fixture::axis("model.cell", {"</script><script>alert(1)", "<!--<script>", "{{data}}"})});
  const std::string page = without_plotly(report_html(plan, fixture::records_of(plan), "{{table}}"));
  CHECK(occurrences(page, "</script>") == scripts_of(plan, fixture::records_of(plan)));
  CHECK(occurrences(page, "<script") == scripts_of(plan, fixture::records_of(plan)));
  CHECK(contains(page, "<h1>{{table}}</h1>"));
}

TEST_CASE("[report] no embedded script can end its own element") {
  for (const char* name :
       {"plotly-cartesian.min.js", "unpack.js", "data.js", "plots.js", "heat_map.js", "lines.js",
        "numbers.js", "export.js", "keyboard.js", "views.js", "tables.js", "report.js", "figure.js"})
    CHECK_FALSE(contains(std::string(web_file(name)), "</script"));
}

TEST_CASE("[report] any number of axes, and no records at all, give a page") {
  for (int axes = 0; axes <= 5; ++axes) {
    CAPTURE(axes);
    const SweepPlan plan = with_axes(axes);
    for (const auto& records : {fixture::records_of(plan), std::vector<TrialRecord>{}}) {
      const std::string html = report_html(plan, records, "Sweep");
      CHECK(occurrences(html, "<th scope=\"row\"") == static_cast<std::size_t>(axes) * plan.trials.size());
      const auto data = nlohmann::json::parse(report_data(plan, records));
      CHECK(data["axes"].size() == static_cast<std::size_t>(axes));
      CHECK(data["cells"].size() == plan.trials.size());
    }
  }
}

TEST_CASE("[report] the data holds the success counts that the records have") {
  const SweepPlan plan = fixture::long_range_plan();
  const auto records = fixture::long_range_records(plan);
  const auto data = nlohmann::json::parse(report_data(plan, records));
  std::size_t successes = 0, results = 0, expected = 0;
  for (const auto& cell : data["cells"]) {
    successes += cell["successes"].get<std::size_t>();
    results += cell["results"].get<std::size_t>();
  }
  for (const TrialRecord& record : records) expected += record.success ? 1 : 0;
  CHECK(successes == expected);
  CHECK(results == 59);
}

TEST_CASE("[report] the page learns from the records alone which series there are and how to show them") {
  const SweepPlan plan = fixture::plan_of({}, {});
  TrialRecord record = fixture::empty_record(plan.trials[0]);
  record.series = {{.name = "spectrum",
                    .moment = "end",
                    .axis = "frequency",
                    .descriptor = {.unit = "dB", .logarithmic = true},
                    .x = fixture::steps_of(40),
                    .y = std::vector<double>(40, 1.0)}};
  record.set({"trivial_perplexity", 8});
  record.series.push_back(fixture::curve_of("perplexity", "validation", {}, {0, 100}, {9, 5}));
  const auto data = nlohmann::json::parse(report_data(plan, {record}));
  CHECK(data["series"] == nlohmann::json::parse(R"([
    {"name": "spectrum", "axis": "frequency", "kind": "profile", "unit": "dB", "logarithmic": true,
     "moments": ["end"], "leads": true, "runs": false},
    {"name": "perplexity", "axis": "update", "kind": "curve", "unit": "", "logarithmic": false,
     "moments": ["validation"], "leads": true, "runs": false}])"));
  CHECK(data["figures"] == nlohmann::json::parse(R"([
    {"id": "learning", "title": "Learning curves", "kind": "series", "series": [1]},
    {"id": "profile-frequency", "title": "Spectrum", "kind": "series", "series": [0]}])"));
  const auto& cell = data["cells"][0];
  CHECK(cell["trivial"] == nlohmann::json{{"perplexity", 8.0}});
  CHECK(cell["trained"].empty());
}

TEST_CASE("[report] places that have names are called by them, where all runs have the same") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  std::vector<TrialRecord> records = fixture::classes_records(plan);
  const auto series_of = [&](const std::string& name) {
    const auto data = nlohmann::json::parse(report_data(plan, records));
    for (const auto& series : data["series"])
      if (series["name"] == name) return series;
    return nlohmann::json();
  };
  const auto matrix = series_of("answers to each class"), parts = series_of("accuracy of each part");
  CHECK(matrix["kind"] == "profile");
  CHECK(matrix["names"] == nlohmann::json{"yes", "no", "<b>"});
  CHECK(matrix["moments"] == matrix["names"]);
  CHECK(parts["kind"] == "points");
  CHECK(parts["names"] == nlohmann::json{"ann", "bob"});
  records[1].series.back().names = {"ann", "theo"};
  CHECK_FALSE(series_of("accuracy of each part").contains("names"));
}

TEST_CASE("[report] what is drawn over a picture is no plot of its own") {
  const SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  const auto data = nlohmann::json::parse(report_data(plan, fixture::classes_records(plan)));
  const auto& series = data["series"];
  const auto number_of = [&](const std::string& name) {
    std::size_t i = 0;
    while (i < series.size() && series[i]["name"] != name) ++i;
    REQUIRE(i < series.size());
    return i;
  };
  const auto picture = number_of("<a>.wav: yes"), lines = number_of("answers in <a>.wav: yes");
  CHECK(series[lines]["over"] == "<a>.wav: yes");
  CHECK(series[lines]["kind"] == "profile");
  CHECK_FALSE(series[picture].contains("over"));
  const nlohmann::json heard = {{"id", "profile-second"},
                                {"title", "What was heard"},
                                {"kind", "series"},
                                {"series", nlohmann::json::array({picture})}};
  CHECK(std::ranges::find(data["figures"], heard) != data["figures"].end());
}

TEST_CASE("[report] the range of lengths of training goes with a cell") {
  const SweepPlan plan = fixture::lengths_plan();
  const auto data = nlohmann::json::parse(report_data(plan, fixture::lengths_records(plan)));
  for (const auto& cell : data["cells"]) CHECK(cell["trained"]["length"] == nlohmann::json{10, 40});
}

TEST_CASE("[report] a long table shows its first rows, and has them all") {
  std::vector<std::string> rates;
  for (int i = 1; i <= 450; ++i) rates.push_back(std::to_string(i));
  const SweepPlan plan = fixture::plan_of({"train.batch"}, {fixture::axis("train.batch", rates)});
  const std::string html = report_html(plan, fixture::records_of(plan), "");
  CHECK(occurrences(html, "<th scope=\"row\"") == 450);
  const std::size_t rest = html.find("<tbody class=\"rest\">");
  REQUIRE(rest != std::string::npos);
  CHECK(occurrences(html.substr(0, rest), "<th scope=\"row\"") == 200);
}

TEST_CASE("[report] the page of a figure has what it needs, and nothing of it can break out") {
  const SweepPlan plan = fixture::plan_of(
      {"model.cell", "seed"},
      {fixture::axis("model.cell", {"</script><b>", "{{request}}"}), fixture::axis("seed", {"0", "1"})});
  const std::string html =
      without_plotly(figure_html(plan, fixture::records_of(plan), {}, R"({"figure": "</script>"})"));
  CHECK(contains(html, "<script id=\"packed-request\""));
  CHECK(contains(html, "<script id=\"packed-runs-"));
  CHECK_FALSE(contains(html, "{{"));
  // As a report without its trials, with the request and the seed of the generator instead.
  CHECK(occurrences(html, "</script>") == scripts_of(plan, fixture::records_of(plan)) + 1);
}

TEST_CASE("[report] builds are listed, of several with the number of their trials") {
  const SweepPlan plan = fixture::long_range_plan();
  std::vector<TrialRecord> records = fixture::long_range_records(plan);
  const std::string build = records[0].build;
  CHECK(occurrences(report_html(plan, records, ""), build) == 1);
  records[0].build = "another build";
  const std::string html = report_html(plan, records, "");
  CHECK(contains(html, "1 of " + std::to_string(records.size()) + " trials: another build\n"));
  CHECK(contains(html, std::to_string(records.size() - 1) + " of " + std::to_string(records.size()) +
                           " trials: " + build));
}

TEST_CASE("[report] the page says which step's loss the gradients are of") {
  SweepPlan plan = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1"})});
  const auto says = [&](const std::string& text) {
    return contains(report_html(plan, fixture::records_of(plan), ""),
                    "the loss of one sequence at " + text + ".");
  };
  CHECK(says("its last step"));
  for (Trial& trial : plan.trials) trial.config.diagnose_loss_step = "all";
  CHECK(says("all of its steps together"));
  for (Trial& trial : plan.trials) trial.config.diagnose_loss_step = "7";
  CHECK(says("its step number 7"));
  plan.trials[1].config.diagnose_loss_step = "last";
  CHECK(says("the step that its trial says (number 7, last)"));
}

// Leaves pages to look at, and for tests/browser/report_test.mjs. Where: UNROLL_REPORT_PAGES, or the build
// folder.
TEST_CASE("[report] example pages are written") {
  const char* chosen = std::getenv("UNROLL_REPORT_PAGES");
  const std::filesystem::path root = chosen != nullptr ? chosen : UNROLL_BINARY_DIR "/report-pages";
  const auto leave = [&](const std::string& name, const SweepPlan& plan,
                         const std::vector<TrialRecord>& records) {
    std::filesystem::create_directories(root / name);
    write(root / name / "report.html", report_html(plan, records, name + ": adding problem"));
    write(root / name / "results.csv", results_csv(plan, records));
    CHECK(contains(read_file(root / name / "report.html"), "<h1>" + name + ": adding problem</h1>"));
    CHECK(occurrences(read_file(root / name / "results.csv"), "\n") == plan.trials.size() + 1);
  };
  const SweepPlan plan = fixture::long_range_plan();
  leave("long_range", plan, fixture::long_range_records(plan));
  leave("over_length", fixture::lengths_plan(), fixture::lengths_records(fixture::lengths_plan()));
  for (int axes = 0; axes <= 5; ++axes)
    leave("axes_" + std::to_string(axes), with_axes(axes), fixture::records_of(with_axes(axes)));
  leave("nothing_yet", plan, {});
  const SweepPlan lengths = fixture::plan_of(
      {"task.length", "seed"},
      {fixture::axis("task.length", {"1", "2", "5", "10", "20", "40", "60", "80", "100", "200"}),
       fixture::axis("seed", {"0", "1"})});
  leave("lengths", lengths, fixture::records_of(lengths));
  const SweepPlan seeds = fixture::plan_of({"seed"}, {fixture::axis("seed", {"0", "1", "2"})});
  leave("classes", seeds, fixture::classes_records(seeds));
}
