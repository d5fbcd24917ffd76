#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/config/document.hpp"

namespace unroll {

/// A key of a table in a study's file with its value and place. Refers to the document.
struct Member {
  std::string_view key;
  std::string origin;
  const TomlNode& node;
  const TomlDocument& document;
};

// Each throws ConfigError, naming the place, the key, what was expected and what was found.

std::vector<Member> members_of(const Member& table);
std::string text_of(const Member& member);
double number_of(const Member& member);
bool flag_of(const Member& member);
std::vector<std::string> texts_of(const Member& member);

[[noreturn]] void refuse(const Member& member, std::string_view expected);
[[noreturn]] void refuse_unknown(const Member& member, const std::vector<std::string_view>& known);

}  // namespace unroll
