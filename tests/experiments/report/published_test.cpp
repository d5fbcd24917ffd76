#include "experiments/report/published.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "experiments/config/config_error.hpp"
#include "experiments/report/report.hpp"
#include "framework/tensor/file.hpp"
#include "tests/experiments/report/fixture.hpp"
#include "tests/experiments/sweep/fake_sweep.hpp"

using namespace unroll;

namespace {

std::string error_of_text(const std::string& text) {
  const TemporaryFolder folder;
  write_file(folder.path() / "published.json", text);
  try {
    read_published(folder.path());
    return "";
  } catch (const ConfigError& error) {
    std::string message = error.what();
    return message.erase(0, folder.path().string().size() + 1);
  }
}

}  // namespace

TEST_CASE("[published] what is written into a folder is read again; none leaves no file") {
  const TemporaryFolder folder;
  write_published(folder.path(), {});
  CHECK(std::filesystem::is_empty(folder.path()));
  CHECK(read_published(folder.path()).empty());
  write_published(folder.path(),
                  {{.of = "best_loss", .y = 0.25, .text = "a \"quarter\" [text]", .ids = {"1", "2"}},
                   {.of = "loss", .moment = "validation", .x = 850, .y = 0.1, .text = "", .ids = {}}});
  const std::vector<PublishedValue> values = read_published(folder.path());
  REQUIRE(values.size() == 2);
  CHECK(values[0].of == "best_loss");
  CHECK_FALSE(values[0].x);
  CHECK(values[0].y == 0.25);
  CHECK(values[0].text == "a \"quarter\" [text]");
  CHECK(values[0].ids == std::vector<std::string>{"1", "2"});
  CHECK(values[1].moment == "validation");
  CHECK(values[1].x == 850);
}

TEST_CASE("[published] a file that is something else is refused by its name") {
  CHECK(error_of_text("[{\"of\": 1}]") == "published.json: member '[0].of' must be a string, but is number");
  CHECK(error_of_text("[{\"of\": \"loss\"}]") == "published.json: no member '[0].moment'");
  CHECK(error_of_text("[").starts_with("published.json: not JSON: "));
  CHECK(error_of_text("[]").empty());
}

TEST_CASE("[published] a value stands with the cells whose trials it is about, and with no other") {
  const SweepPlan plan =
      fixture::plan_of({"model.cell", "seed"},
                       {fixture::axis("model.cell", {"lstm", "gru"}), fixture::axis("seed", {"0", "1"})});
  const std::string id = plan.trials[0].id;
  const auto data = nlohmann::json::parse(report_data(
      plan, fixture::records_of(plan), {{.of = "best_loss", .y = 0.25, .text = "a quarter", .ids = {id}}}));
  std::size_t with = 0;
  for (const auto& cell : data["cells"]) with += cell.contains("published") ? 1 : 0;
  CHECK(with == 1);
  CHECK(data["cells"][0]["published"] ==
        nlohmann::json::parse(
            R"([{"of": "best_loss", "moment": "", "x": null, "y": 0.25, "text": "a quarter"}])"));
}
