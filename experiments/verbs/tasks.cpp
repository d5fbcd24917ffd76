#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cstdio>

#include "experiments/laboratory.hpp"
#include "experiments/verbs/listing.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

nlohmann::ordered_json row_of(const Laboratory& laboratory, const TaskRow& task, const std::string& variant,
                              LengthRange length) {
  nlohmann::ordered_json row;
  row["task"] = task.name;
  row["variant"] = variant;
  try {
    const auto made = laboratory.make_task({.name = task.name,
                                            .variant = variant,
                                            .length = task.length ? length : LengthRange{},
                                            .test_lengths = {},
                                            .values = {}});
    row["trivial_loss"] = made->trivial_loss();
    row["success"] = made->success().text;
  } catch (const std::exception& error) {  // too short a length; no data
    row["trivial_loss"] = nullptr;
    row["success"] = error.what();
  }
  row["definition"] = task.summary;
  row["source"] = task.source;
  return row;
}

void print_task_paragraphs(const Listing& rows) {
  for (const auto& row : rows) {
    const auto variant = row["variant"].get<std::string>();
    fmt::print("{}{}{}\n", row["task"].get<std::string>(), variant.empty() ? "" : ", ", variant);
    fmt::print("  {}\n", row["definition"].get<std::string>());
    if (row["trivial_loss"].is_number())
      fmt::print("  trivial loss  {:.4f}\n", row["trivial_loss"].get<double>());
    fmt::print("  success       {}\n", row["success"].get<std::string>());
    fmt::print("  source        {}\n\n", row["source"].get<std::string>());
  }
}

/// That of the flag; none: each task's own.
LengthRange task_length_of(const Arguments& arguments) {
  if (!arguments.has("length")) return {};
  const auto text = arguments.flags["length"].as<std::string>();
  if (const auto lengths = parse_length_range(text)) return *lengths;
  throw UsageError(fmt::format("--length: expected a length like 100 or a range like 3..40, found \"{}\"",
                               printable(text)));
}

std::vector<std::string> task_words(const Laboratory& laboratory) {
  std::vector<std::string> names;
  for (const TaskRow& task : laboratory.tasks()) names.push_back(task.name);
  return names;
}

void check_task(const Laboratory& laboratory, const std::string& name) {
  if (find_task(laboratory.tasks(), name)) return;
  if (name == "list") throw UsageError("`unroll tasks` lists the tasks without a word behind it");
  const std::vector<std::string> names = task_words(laboratory);
  throw UsageError(fmt::format("there is no task \"{}\"{}; there are {}", printable(name),
                               did_you_mean(name, names), fmt::join(names, ", ")));
}

int tasks(const Arguments& arguments) {
  const Laboratory& laboratory = arguments.laboratory();
  for (const std::string& word : arguments.words) check_task(laboratory, word);
  Listing rows;
  for (const TaskRow& task : laboratory.tasks()) {
    if (!arguments.words.empty() && std::ranges::find(arguments.words, task.name) == arguments.words.end())
      continue;
    const std::vector<std::string> variants =
        task.variants.empty() ? std::vector<std::string>{""} : task.variants;
    for (const std::string& variant : variants)
      rows.push_back(row_of(laboratory, task, variant, task_length_of(arguments)));
  }
  if (is_table(arguments)) {
    print_task_paragraphs(rows);
  } else {
    print_listing(rows, arguments);
  }
  return exit_good;
}

void add_tasks_flags(Flags& flags) {
  add_format_flag(flags);
  flags.add_options()("length", boost::program_options::value<std::string>(),
                      "task.length that the trivial loss is computed for; none: each task's default");
}

}  // namespace

const Verb& tasks_verb() {
  static const Verb verb{
      .name = "tasks",
      .summary = "the tasks: definition, source, trivial loss and success rule",
      .usage = "[TASK...] [--length N] [--format table|json|csv]",
      .examples =
          "  unroll tasks\n"
          "  unroll tasks --length 400 --format csv",
      .add_flags = add_tasks_flags,
      .run = tasks,
      .trains = false,
      .words = task_words,
  };
  return verb;
}

}  // namespace unroll
