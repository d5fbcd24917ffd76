#include <fmt/format.h>

#include "experiments/laboratory.hpp"
#include "experiments/verbs/listing.hpp"

namespace unroll {

namespace {

Listing rows_of(const InstrumentList& instruments) {
  Listing rows;
  for (const Instrument& one : instruments) {
    nlohmann::ordered_json row;
    row["instrument"] = one.name;
    row["shows"] = one.shows;
    row["looks"] = one.watch ? "at every update" : "at each moment of diagnose_at";
    row["needs"] = one.needs;
    row["source"] = one.source;
    rows.push_back(std::move(row));
  }
  return rows;
}

void print_instrument_paragraphs(const Listing& rows) {
  for (const auto& row : rows) {
    fmt::print("{}\n  {}\n", row["instrument"].get<std::string>(), row["shows"].get<std::string>());
    for (const char* key : {"looks", "needs", "source"})
      if (const auto text = row[key].get<std::string>(); !text.empty()) fmt::print("  {:<8}{}\n", key, text);
    fmt::print("\n");
  }
}

int instruments(const Arguments& arguments) {
  if (!arguments.words.empty())
    throw UsageError(
        fmt::format("`unroll instruments` takes flags only, but got \"{0}\"; one is asked for while a model "
                    "trains: unroll run diagnose={0}",
                    printable(arguments.words.front())));
  const Listing rows = rows_of(arguments.laboratory().instruments());
  if (is_table(arguments))
    print_instrument_paragraphs(rows);
  else
    print_listing(rows, arguments);
  return exit_good;
}

}  // namespace

const Verb& instruments_verb() {
  static const Verb verb{
      .name = "instruments",
      .summary = "what can be looked at while training, for `diagnose = [...]`",
      .usage = "[--format table|json|csv]",
      .examples =
          "  unroll instruments\n"
          "  unroll run task.length=30 'diagnose=[state_gradients, recurrent_matrix]' 'diagnose_at=[0, end]'",
      .add_flags = add_format_flag,
      .run = instruments,
      .trains = false,
  };
  return verb;
}

}  // namespace unroll
