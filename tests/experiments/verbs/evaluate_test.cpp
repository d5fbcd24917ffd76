#include <doctest/doctest.h>

#include <map>

#include "tests/experiments/verbs/trained.hpp"

// `evaluate`, --keep-models and model.start, from the outside.

using namespace unroll;
using namespace unroll::test;
using nlohmann::json;

namespace {

/// "test_loss" to its value; "loss over length" to its values.
struct Figures {
  std::map<std::string, double> scalars;
  std::map<std::string, std::vector<double>> series;
};

double number(const json& value) {
  return value.is_string() ? std::stod(value.get<std::string>()) : value.get<double>();
}

Figures figures_of(const json& record) {
  Figures figures;
  for (const json& scalar : record.at("scalars"))
    figures.scalars[scalar.at("name").get<std::string>()] = number(scalar.at("value"));
  for (const json& series : record.at("series"))
    for (const json& y : series.at("y"))
      figures.series[series.at("name").get<std::string>() + "/" + series.at("moment").get<std::string>()]
          .push_back(number(y));
  return figures;
}

json evaluated(const std::filesystem::path& folder, std::vector<std::string> words) {
  words.insert(words.begin(), "evaluate");
  words.insert(words.end(), {"--format", "json"});
  const CommandOutcome outcome = call(folder, words);
  REQUIRE_MESSAGE(outcome.status == 0, outcome.err);
  return json::parse(outcome.out);
}

double loss_in(const json& rows) { return number(rows.at(0).at("value")); }

}  // namespace

TEST_CASE("[evaluate] gives the record's test metrics, and those at other lengths, bit by bit") {
  const TemporaryFolder folder;
  const std::string run = (folder.path() / "run").string();
  REQUIRE(call(folder.path(), adding_run(run, {"--keep-models", "first,best,last"})).status == 0);
  const Figures record = figures_of(record_in(run));
  std::size_t tests = 0;
  std::map<std::string, std::vector<double>> by_length;
  for (const json& row : evaluated(folder.path(), {run})) {
    const auto metric = row.at("metric").get<std::string>();
    CHECK(row.at("set") == "test");
    if (!row.at("length").is_null()) {
      by_length[metric].push_back(number(row.at("value")));
      continue;
    }
    CAPTURE(metric);
    CHECK(number(row.at("value")) == record.scalars.at("test_" + metric));
    ++tests;
  }
  CHECK(tests > 3);
  for (const auto& [metric, values] : by_length)
    CHECK(values == record.series.at(metric + " over length/test"));
  CHECK(by_length.at("loss").size() == 2);

  SUBCASE("negative control: another model of the training, and other settings, give other figures") {
    const double best = record.scalars.at("test_loss");
    CHECK(loss_in(evaluated(folder.path(), {run + "/first"})) != best);
    CHECK(loss_in(evaluated(folder.path(), {run, "task.length=40"})) != best);
    CHECK(loss_in(evaluated(folder.path(), {run, "train.test_sequences=7"})) != best);
    CHECK(loss_in(evaluated(folder.path(), {run, "task.length=6", "task.test_lengths=[5]"})) == best);
  }
  SUBCASE("the models kept are those that their folders say") {
    const auto says = [&](const std::string& where, const std::string& text) {
      return read_file(std::filesystem::path(run) / where / "model.toml").find(text) != std::string::npos;
    };
    CHECK(says("first", "\nupdate = 0\n"));
    CHECK(says("first", "\nvalidation_loss = nan\n"));
    CHECK(says("last", "\nupdate = 20\n"));
    CHECK(says("", "\n[saved]\n"));
  }
  SUBCASE("what is not so is refused") {
    const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
        {{run, "model.hidden=7"}, "model.hidden was decided when the model was trained"},
        {{run, "task.name=copy"}, "task.name was decided"},
        {{run, "task.lenght=7"}, "did you mean"},
        {{run, "task.text=x"}, "task.text"},
        {{run, "--data", "x.npz"}, "the task adding is not one on files"},
        {{run + "/nowhere"}, "there is no such folder"},
        {{}, "which model?"},
    };
    for (auto [words, message] : wrong) {
      words.insert(words.begin(), "evaluate");
      const CommandOutcome outcome = call(folder.path(), words);
      CAPTURE(message);
      CHECK(outcome.status == 2);
      CHECK_MESSAGE(outcome.err.find(message) != std::string::npos, outcome.err);
    }
  }
}

TEST_CASE("[keep-models] the best alone by default, and only what is known") {
  const TemporaryFolder folder;
  const auto run = folder.path() / "run";
  REQUIRE(call(folder.path(), adding_run(run)).status == 0);
  CHECK(std::filesystem::exists(run / "model.toml"));
  CHECK_FALSE(std::filesystem::exists(run / "first"));
  CHECK_FALSE(std::filesystem::exists(run / "last"));
  const CommandOutcome unknown =
      call(folder.path(), adding_run(folder.path() / "x", {"--keep-models", "worst"}));
  CHECK(unknown.status == 2);
  CHECK(unknown.err.find("expected a list of first, best and last, found \"worst\"") != std::string::npos);
}

TEST_CASE("[model.start] training goes on from the last model of another") {
  const TemporaryFolder folder;
  const auto first = folder.path() / "first", second = folder.path() / "second";
  REQUIRE(call(folder.path(), adding_run(first, {"--keep-models", "last"})).status == 0);
  const std::string start = "model.start=" + (first / "last/model.safetensors").string();
  REQUIRE(call(folder.path(), adding_run(second, {start, "seed=9"})).status == 0);
  const json before = record_in(first), after = record_in(second);
  CHECK(figures_of(after).series.at("loss/validation").front() == figures_of(before).scalars.at("last_loss"));
  CHECK(figures_of(before).series.at("loss/validation").front() !=
        figures_of(before).scalars.at("last_loss"));

  SUBCASE("the trial's id follows from what is in the file, not from where it is") {
    const auto id_with = [&](const std::filesystem::path& file) {
      const auto out = folder.path() / ("id-" + random_hex());
      REQUIRE(call(folder.path(), adding_run(out, {"model.start=" + file.string(), "seed=9"})).status == 0);
      return record_in(out).at("id");
    };
    std::filesystem::copy(first / "last/model.safetensors", folder.path() / "copy.safetensors");
    CHECK(id_with(folder.path() / "copy.safetensors") == after.at("id"));
    CHECK(id_with(second / "model.safetensors") != after.at("id"));
  }
  SUBCASE("a file of other shapes is refused with every difference, a folder too") {
    std::vector<std::string> wider = adding_run(folder.path() / "x", {start});
    std::ranges::replace(wider, "model.hidden=5", "model.hidden=7");
    const CommandOutcome outcome = call(folder.path(), wider);
    CHECK(outcome.status == 2);
    for (const char* name : {"rnn.weight_ih_l0", "rnn.weight_hh_l0", "rnn.bias_ih_l0", "readout.weight"})
      CHECK_MESSAGE(outcome.err.find(std::string(name) + ": expected (") != std::string::npos, outcome.err);
    CHECK(outcome.err.find("readout.bias") == std::string::npos);  // it fits
    CHECK(call(folder.path(), adding_run(folder.path() / "x", {"model.start=" + first.string()})).status ==
          2);
  }
}
