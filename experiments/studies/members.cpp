#include "experiments/studies/members.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/config/config_error.hpp"
#include "models/nearest.hpp"

namespace unroll {

std::vector<Member> members_of(const Member& table) {
  const auto* members = std::get_if<TomlTable>(&table.node.value);
  if (!members) refuse(table, "a table");
  std::vector<Member> all;
  for (const TomlMember& member : *members)
    all.push_back({member.key, place(table.document.name, member.at), member.node, table.document});
  return all;
}

std::string text_of(const Member& member) {
  const auto* text = std::get_if<std::string>(&member.node.value);
  if (!text || text->empty()) refuse(member, "a text in quotes");
  return *text;
}

double number_of(const Member& member) {
  if (const auto* integer = std::get_if<std::int64_t>(&member.node.value))
    return static_cast<double>(*integer);
  const auto* number = std::get_if<double>(&member.node.value);
  if (!number || !(*number - *number == 0)) refuse(member, "a finite number");
  return *number;
}

bool flag_of(const Member& member) {
  const auto* flag = std::get_if<bool>(&member.node.value);
  if (!flag) refuse(member, "true or false");
  return *flag;
}

std::vector<std::string> texts_of(const Member& member) {
  const auto* items = std::get_if<TomlArray>(&member.node.value);
  if (!items || items->empty()) refuse(member, "a list of texts");
  std::vector<std::string> texts;
  for (const TomlNode& item : *items)
    texts.push_back(text_of({member.key, place(member.document.name, item.at), item, member.document}));
  return texts;
}

void refuse(const Member& member, std::string_view expected) {
  throw ConfigError(fmt::format("{}: {}: expected {}, found {}", member.origin, member.key, expected,
                                describe(member.node)));
}

void refuse_unknown(const Member& member, const std::vector<std::string_view>& known) {
  const std::vector<std::string> names(known.begin(), known.end());
  throw ConfigError(fmt::format("{}: unknown key \"{}\"{} Known: {}", member.origin, printable(member.key),
                                did_you_mean(std::string(member.key), names), fmt::join(known, ", ")));
}

}  // namespace unroll
