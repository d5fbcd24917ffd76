#include "experiments/config/option.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

#include "models/nearest.hpp"

namespace unroll {
namespace {

double as_double(const OptionValue& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) return static_cast<double>(*integer);
  return std::get<double>(value);
}

bool has_range(const Option& option) {
  return std::holds_alternative<std::int64_t>(option.default_value) ||
         std::holds_alternative<double>(option.default_value);
}

std::string found(const OptionValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text ? fmt::format("\"{}\"", printable(*text)) : to_text(value);
}

std::string help_default(const Option& option) {
  const std::string shown = to_text(option.default_value);
  return shown.empty() ? "\"\"" : shown;
}

/// What others call a value.
constexpr std::array<std::pair<std::string_view, std::string_view>, 4> value_synonyms = {
    {{"xavier", "glorot"}, {"xavier_uniform", "glorot"}, {"linear", "identity"}, {"logistic", "sigmoid"}}};

std::string meant_by_value(const std::string& given, const std::vector<std::string>& names) {
  for (const auto& [word, meant] : value_synonyms)
    if (word == given && std::ranges::find(names, meant) != names.end())
      return fmt::format("; did you mean \"{}\"?", meant);
  return did_you_mean(given, names);
}

std::string objection_to_name(const std::string& given, const std::vector<std::string>& names) {
  if (std::ranges::find(names, given) != names.end()) return "";
  const std::string meant = meant_by_value(given, names);
  return fmt::format("\"{}\" is unknown{} Known: {}", printable(given), meant.empty() ? "." : meant,
                     fmt::join(names, ", "));
}

std::string owners_text(const Option& option) {
  return option.owners.empty() ? "" : fmt::format("; of {}", fmt::join(option.owners, ", "));
}

std::string_view last_part(std::string_view key) { return key.substr(key.rfind('.') + 1); }

std::string row_help(const Option& option) {
  return fmt::format("  {:<27} {:<9} {}\n  {:<37} {}{}{}\n", option.key, help_default(option), option.meaning,
                     "", expectation(option), owners_text(option),
                     option.affects_results ? "" : "; does not affect results");
}

std::string family_help(const OptionFamily& family) {
  return fmt::format("  {:<37} {}\n", family.prefix + ".NAME", family.meaning);
}

std::string families_help(const OptionTable& table, std::string_view section) {
  std::string text;
  for (const OptionFamily& family : table.families())
    if (section_of(family.prefix) == section) text += family_help(family);
  return text;
}

}  // namespace

OptionTable::OptionTable(std::vector<Option> rows, std::vector<OptionFamily> families)
    : rows_(std::move(rows)), families_(std::move(families)) {
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    const std::string& key = rows_[i].key;
    if (!by_key_.emplace(key, &rows_[i]).second)
      throw std::invalid_argument(fmt::format("the setting {} is in the table twice", key));
    const std::string section(section_of(key));
    if (!section.empty() && (sections_.empty() || sections_.back() != section)) sections_.push_back(section);
    ends_section_.push_back(i + 1 == rows_.size() || section_of(rows_[i + 1].key) != section);
  }
}

const Option* OptionTable::find(std::string_view key) const {
  const auto row = by_key_.find(key);
  if (row != by_key_.end()) return row->second;
  for (const OptionFamily& family : families_) {
    const bool member = key.starts_with(family.prefix) && key.size() > family.prefix.size() + 1 &&
                        key[family.prefix.size()] == '.';
    if (!member) continue;
    const std::lock_guard lock(mutex_);
    const auto known = members_.find(key);
    if (known != members_.end()) return &known->second;
    Option made = family.make(std::string(key));
    made.of_family = true;
    return &members_.emplace(std::string(key), std::move(made)).first->second;
  }
  return nullptr;
}

std::vector<const Option*> OptionTable::rows_of(const Config& config) const {
  std::vector<const Option*> rows;
  rows.reserve(rows_.size());
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    rows.push_back(&rows_[i]);
    if (!ends_section_[i]) continue;
    for (const OptionFamily& family : families_)
      if (section_of(family.prefix) == section_of(rows_[i].key))
        for (const std::string& key : family.keys(config)) rows.push_back(find(key));
  }
  return rows;
}

std::vector<std::string> OptionTable::keys() const {
  std::vector<std::string> keys;
  for (const Option& option : rows_) keys.push_back(option.key);
  return keys;
}

std::vector<std::string> OptionTable::keys_of(std::string_view section) const {
  std::vector<std::string> keys;
  for (const Option& option : rows_)
    if (section_of(option.key) == section) keys.push_back(option.key);
  return keys;
}

bool OptionTable::is_section(std::string_view key) const {
  return std::ranges::find(sections_, key) != sections_.end();
}

bool OptionTable::is_family(std::string_view prefix) const {
  return std::ranges::find(families_, prefix, &OptionFamily::prefix) != families_.end();
}

std::string_view section_of(std::string_view key) {
  const std::size_t dot = key.find('.');
  return dot == std::string_view::npos ? std::string_view{} : key.substr(0, dot);
}

std::string expectation(const Option& option) {
  const bool list = std::holds_alternative<std::vector<std::string>>(option.default_value);
  if (option.known && list) return fmt::format("a list of any of: {}", fmt::join(option.known(), ", "));
  if (option.known) return fmt::format("one of: {}", fmt::join(option.known(), ", "));
  const std::string range = has_range(option) ? describe(option.range) : "";
  return std::string(type_name(option.default_value)) + (range.empty() ? "" : " " + range);
}

std::string objection(const Option& option, const OptionValue& value) {
  if (has_range(option) && !option.range.holds(as_double(value)))
    return fmt::format("expected {}, found {}", expectation(option), found(value));
  if (option.objection) return option.objection(value);
  if (!option.known) return "";
  const std::vector<std::string> names = option.known();
  if (const auto* text = std::get_if<std::string>(&value)) return objection_to_name(*text, names);
  const auto& list = std::get<std::vector<std::string>>(value);
  for (std::size_t i = 0; i < list.size(); ++i) {
    if (std::string why = objection_to_name(list[i], names); !why.empty()) return why;
    if (std::find(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i), list[i]) !=
        list.begin() + static_cast<std::ptrdiff_t>(i))
      return fmt::format("\"{}\" is listed twice", printable(list[i]));
  }
  return "";
}

std::string options_help(const OptionTable& table) {
  std::string text = "Settings: [section] and key in the file, section.key=value on the command line.\n";
  std::string_view section;
  for (const Option& option : table.rows()) {
    if (section_of(option.key) != section) {
      text += families_help(table, section);
      section = section_of(option.key);
      text += fmt::format("\n[{}]\n", section);
    }
    text += row_help(option);
  }
  return text + families_help(table, section);
}

std::string option_help(const OptionTable& table, std::string_view key) {
  const auto is_meant = [&](const Option& option) {
    return option.key == key || section_of(option.key) == key || last_part(option.key) == key;
  };
  std::string text;
  for (const Option& option : table.rows())
    if (is_meant(option)) text += row_help(option);
  for (const OptionFamily& family : table.families())
    if (key.starts_with(family.prefix) || section_of(family.prefix) == key) text += family_help(family);
  if (!text.empty()) return text;
  const std::optional<std::string> meant = key_called(table, key);
  return meant ? option_help(table, *meant) : "";
}

std::optional<std::string> key_called(const OptionTable& table, std::string_view synonym) {
  for (const Option& option : table.rows())
    if (std::ranges::find(option.synonyms, last_part(synonym)) != option.synonyms.end()) return option.key;
  return std::nullopt;
}

}  // namespace unroll
