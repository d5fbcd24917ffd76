#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <sstream>

#include "tests/experiments/verbs/command.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr double trivial = 1.0 / 6;
constexpr double half = trivial / 2;

std::vector<std::string> split(const std::string& line, char separator) {
  std::vector<std::string> fields;
  std::istringstream stream(line);
  for (std::string field; std::getline(stream, field, separator);) fields.push_back(field);
  return fields;
}

/// results.csv as one map per row, column to text.
std::vector<std::map<std::string, std::string>> read_rows(const std::string& csv) {
  std::vector<std::map<std::string, std::string>> rows;
  const std::vector<std::string> lines = split(csv, '\n');
  const std::vector<std::string> head = split(lines.at(0), ',');
  for (std::size_t i = 1; i < lines.size(); ++i) {
    std::vector<std::string> fields = split(lines[i], ',');
    if (lines[i].ends_with(',')) fields.emplace_back();  // an empty last field, which getline does not see
    REQUIRE(fields.size() == head.size());
    for (std::size_t c = 0; c < head.size(); ++c) rows.resize(i), rows[i - 1][head[c]] = fields.at(c);
  }
  return rows;
}

/// Best losses over the seeds of one cell of the sweep.
std::vector<double> best_losses(const std::string& csv, const std::string& activation,
                                const std::string& length) {
  std::vector<double> losses;
  for (const auto& row : read_rows(csv))
    if (row.at("model.activation") == activation && row.at("task.length") == length)
      losses.push_back(std::stod(row.at("best_loss")));
  return losses;
}

std::string source(const std::string& path) { return std::string(UNROLL_SOURCE_DIR) + "/" + path; }

}  // namespace

TEST_CASE(
    "[slow] the long-range sweep shows how far back each activation remembers, and repeats to the byte") {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "long_range").string();
  const std::vector<std::string> arguments = {"sweep", source("experiments/configs/long_range.toml"), "--out",
                                              out};
  const CommandOutcome first = call(folder.path(), arguments);
  INFO(first.err);
  REQUIRE(first.status == 0);
  CHECK(first.out.find("report.html") != std::string::npos);
  const std::string csv = read_file(out + "/results.csv");
  const auto rows = read_rows(csv);
  REQUIRE(rows.size() == 60);
  for (const auto& row : rows) CHECK(row.at("status") == "done");

  // At length 100 tanh and sigmoid stay at the trivial baseline; Arjovsky et al. 2016 and Le et al. 2015 saw
  // the same.
  for (const char* activation : {"tanh", "sigmoid"})
    for (const double loss : best_losses(csv, activation, "100")) CHECK(loss > 0.9 * trivial);
  // ReLU from the identity goes below half of it in most seeds.
  const std::vector<double> relu = best_losses(csv, "relu", "100");
  CHECK(std::count_if(relu.begin(), relu.end(), [](double loss) { return loss < half; }) >= 3);
  // tanh is not broken: it solves the short ones.
  for (const char* length : {"10", "30"})
    for (const double loss : best_losses(csv, "tanh", length)) CHECK(loss < half);

  const auto journals = journals_in(out);
  const CommandOutcome again = call(folder.path(), arguments);
  CHECK(again.status == 0);
  CHECK(journals_in(out) == journals);  // nothing is trained again: that would begin a journal
  CHECK(read_file(out + "/results.csv") == csv);
}

TEST_CASE("[slow] the sigmoid is not simply broken: at length 5 it learns") {
  const TemporaryFolder folder;
  const std::string out = (folder.path() / "control").string();
  const CommandOutcome outcome =
      call(folder.path(), {"sweep", source("experiments/configs/sigmoid_control.toml"), "--out", out});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const auto rows = read_rows(read_file(out + "/results.csv"));
  REQUIRE(rows.size() == 5);
  for (const auto& row : rows) {
    CHECK(std::stod(row.at("best_loss")) < 0.13);
    CHECK(std::stoll(row.at("best_update")) <= 2500);
  }
}

TEST_CASE("[slow] real trials give the same bytes whatever the number of jobs") {
  const TemporaryFolder folder;
  std::vector<std::string> tables;
  for (const char* jobs : {"1", "2", "4"}) {
    const std::string out = (folder.path() / jobs).string();
    const CommandOutcome outcome =
        call(folder.path(), {"sweep", source("experiments/configs/long_range.toml"), "--out", out, "--jobs",
                             jobs, "task.length=10,20", "train.updates=200"});
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    tables.push_back(read_file(out + "/results.csv"));
  }
  CHECK(tables[0] == tables[1]);
  CHECK(tables[0] == tables[2]);
}
