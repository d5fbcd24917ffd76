#include "experiments/verbs/listing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <iterator>
#include <utility>

#include "experiments/config/text.hpp"
#include "experiments/report/csv.hpp"
#include "experiments/report/short_names.hpp"
#include "experiments/report/text_table.hpp"
#include "experiments/text/visible.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

using Cells = std::vector<std::string>;

std::string listed_text(const nlohmann::ordered_json& value) {
  if (value.is_null()) return "";
  if (value.is_string()) return value.get<std::string>();
  return value.is_number_float() ? exact_number(value.get<double>()) : value.dump();
}

std::string for_people(const nlohmann::ordered_json& value) {
  return value.is_number_float() ? short_number(value.get<double>()) : fit_for_cell(listed_text(value));
}

/// The heads, then one line per row.
template <class Render>
std::vector<Cells> lines_of(const Listing& rows, Render render) {
  std::vector<Cells> lines;
  if (rows.empty()) return lines;
  for (const auto& [key, value] : rows.front().items()) lines.resize(1), lines[0].push_back(key);
  for (const auto& row : rows) {
    Cells& cells = lines.emplace_back();
    for (const auto& [key, value] : row.items()) cells.push_back(render(value));
  }
  return lines;
}

/// Column by column, below the heads.
void shorten_names(std::vector<Cells>& lines) {
  for (std::size_t column = 0; column < lines.front().size(); ++column) {
    std::vector<std::string> values;
    for (std::size_t i = 1; i < lines.size(); ++i) values.push_back(lines[i][column]);
    const std::vector<std::string> names = short_names(values);
    for (std::size_t i = 1; i < lines.size(); ++i) lines[i][column] = names[i - 1];
  }
}

}  // namespace

std::string as_table(const Listing& rows) {
  std::vector<Cells> lines = lines_of(rows, for_people);
  if (lines.empty()) return "";
  shorten_names(lines);
  TextTable table{.right = {}, .head = std::move(lines.front()), .rows = {}};
  table.right.resize(table.head.size());
  table.rows.assign(std::make_move_iterator(lines.begin() + 1), std::make_move_iterator(lines.end()));
  return aligned(std::move(table), Rule::none);
}

std::string as_csv(const Listing& rows) {
  std::string text;
  for (const Cells& cells : lines_of(rows, listed_text)) text += csv_line(cells);
  return text;
}

namespace {

const std::vector<std::string> listing_formats = {"table", "json", "csv"};

void check_known(const std::string& format, const std::vector<std::string>& formats) {
  if (std::ranges::find(formats, format) != formats.end()) return;
  throw UsageError(fmt::format("unknown format \"{}\"{}; the formats are {} and {}", printable(format),
                               did_you_mean(format, formats),
                               fmt::join(formats.begin(), formats.end() - 1, ", "), formats.back()));
}

}  // namespace

void add_format_flag(Flags& flags) { add_format_flag(flags, {}, "table, json or csv"); }

void add_format_flag(Flags& flags, const std::vector<std::string>& more, const char* meaning) {
  std::vector<std::string> formats = listing_formats;
  formats.insert(formats.end(), more.begin(), more.end());
  flags.add_options()("format",
                      boost::program_options::value<std::string>()->default_value("table")->notifier(
                          [formats](const std::string& format) { check_known(format, formats); }),
                      meaning);
}

std::string format_of(const Arguments& arguments) { return arguments.flags["format"].as<std::string>(); }

bool is_table(const Arguments& arguments) { return format_of(arguments) == "table"; }

void print_json(const nlohmann::ordered_json& json) {
  fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

void print_listing(const Listing& rows, const Arguments& arguments) {
  print_listing(rows, format_of(arguments));
}

void print_listing(const Listing& rows, const std::string& format) {
  check_known(format, listing_formats);
  if (format == "table") {
    fmt::print("{}", as_table(rows));
  } else if (format == "csv") {
    fmt::print("{}", as_csv(rows));
  } else {
    print_json(rows);
  }
}

}  // namespace unroll
