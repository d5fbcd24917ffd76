#include "experiments/report/baseline_table.hpp"

#include <doctest/doctest.h>

#include "experiments/config/options.hpp"
#include "tests/support/any_task.hpp"

using namespace unroll;

namespace {

std::string tables_of(const TaskConfig& task) {
  SweepPlan plan;
  Trial& trial = plan.trials.emplace_back();
  trial.config = default_config();
  trial.config.task = task;
  return baseline_tables(plan, {});
}

/// The line that begins with this name, with single spaces; empty where there is none.
std::string line_of(const std::string& table, const std::string& name) {
  const std::size_t at = table.find("\n  " + name + " ");
  if (at == std::string::npos) return "";
  std::string line;
  for (const char c : table.substr(at + 3, table.find('\n', at + 1) - at - 3))
    if (c != ' ' || !line.ends_with(' ')) line += c;
  return line;
}

}  // namespace

TEST_CASE(
    "[report] beside perplexities stands the share of unknown tokens in the validation and test parts") {
  TaskConfig task = any_task("words", "punctuation", 100);
  task.validation_text = text_value("one zebra two\nthree four five yak\n");  // <eos> twice
  const std::string validated = tables_of(task);
  CHECK(line_of(validated, "<unk>") == "<unk> 22.22 %");
  CHECK_FALSE(line_of(validated, "5-gram").empty());
  task.test_text = text_value("one zebra yak\n");
  CHECK(line_of(tables_of(task), "<unk>") == "<unk> 22.22 % 50.00 %");
  task.test_text = text_value("one <unk> two\n");  // written so by who made the text
  CHECK(line_of(tables_of(task), "<unk>") == "<unk> 22.22 % 25.00 %");
  task.validation_text = text_value("one two\n");
  CHECK(line_of(tables_of(task), "<unk>") == "<unk> 0.00 % 25.00 %");
}

TEST_CASE("[report] sentences that a task makes have nothing unknown, and tasks without a text no table") {
  const std::string table = tables_of({"cat", "sentence", 5});
  CHECK_FALSE(line_of(table, "5-gram").empty());
  CHECK(line_of(table, "<unk>").empty());
  CHECK(tables_of({"adding", "pascanu", 10}).empty());
}
