#include <fmt/format.h>

#include <boost/program_options/value_semantic.hpp>
#include <cstdio>

#include "experiments/config/options.hpp"
#include "experiments/tasks/task.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/number_flag.hpp"

namespace unroll {

namespace {

nlohmann::ordered_json row_of(const TaskRow& task, std::string_view variant, std::int64_t length) {
  nlohmann::ordered_json row;
  row["task"] = task.name;
  row["variant"] = variant;
  try {
    const auto made =
        task.make({.name = std::string(task.name), .variant = std::string(variant), .length = length});
    row["trivial_loss"] = made->trivial_loss();
    row["success"] = made->success_rule();
  } catch (const std::exception& error) {  // too short a length; no text
    row["trivial_loss"] = nullptr;
    row["success"] = error.what();
  }
  row["definition"] = task.summary;
  row["source"] = task.source;
  return row;
}

void print_paragraphs(const Listing& rows) {
  for (const auto& row : rows) {
    fmt::print("{}, {}\n", row["task"].get<std::string>(), row["variant"].get<std::string>());
    fmt::print("  {}\n", row["definition"].get<std::string>());
    if (row["trivial_loss"].is_number())
      fmt::print("  trivial loss  {:.4f}\n", row["trivial_loss"].get<double>());
    fmt::print("  success       {}\n", row["success"].get<std::string>());
    fmt::print("  source        {}\n\n", row["source"].get<std::string>());
  }
}

int tasks(const Arguments& arguments) {
  if (!arguments.words.empty()) {
    throw UsageError(fmt::format("`unroll tasks` takes flags only, but got \"{}\"", arguments.words.front()));
  }
  const std::int64_t length = arguments.flags["length"].as<std::int64_t>();
  if (const std::string why = objection(*find_option("task.length"), length); !why.empty())
    throw UsageError("--length: " + why);
  Listing rows;
  for (const TaskRow& task : task_table()) {
    for (const std::string_view variant : task.variants) rows.push_back(row_of(task, variant, length));
  }
  if (arguments.flags["format"].as<std::string>() == "table") {
    print_paragraphs(rows);
  } else {
    print_listing(rows, arguments);
  }
  return exit_good;
}

void add_tasks_flags(Flags& flags) {
  add_format_flag(flags);
  flags.add_options()("length", number_flag<std::int64_t>()->default_value(default_config().task.length),
                      "task.length that the trivial loss is computed for");
}

}  // namespace

const Verb& tasks_verb() {
  static const Verb verb{
      .name = "tasks",
      .summary = "the tasks: definition, source, trivial loss and success rule",
      .usage = "[--length N] [--format table|json|csv]",
      .examples =
          "  unroll tasks\n"
          "  unroll tasks --length 400 --format csv",
      .add_flags = add_tasks_flags,
      .run = tasks,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
