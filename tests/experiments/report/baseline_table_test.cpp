#include "experiments/report/baseline_table.hpp"

#include <doctest/doctest.h>

#include "tests/support/any_task.hpp"
#include "tests/support/laboratory.hpp"

using namespace unroll;

namespace {

std::string tables_of(const TaskConfig& task) {
  SweepPlan plan;
  Trial& trial = plan.trials.emplace_back();
  trial.config = laboratory().default_config();
  trial.config.task = task;
  return baseline_tables(laboratory(), plan, {});
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

TEST_CASE("[report] what n-grams reach is a table; tasks without them have none") {
  const std::string table = tables_of({.name = "cat", .variant = "sentence", .length = 5});
  CHECK_FALSE(line_of(table, "5-gram").empty());
  CHECK(tables_of({.name = "adding", .variant = "pascanu", .length = 10}).empty());
}
