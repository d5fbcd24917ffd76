#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace unroll {

/// Line and column in a file, both from 1. 0: unknown.
struct TomlPosition {
  std::size_t line = 0;
  std::size_t column = 0;
};

bool operator<(const TomlPosition& a, const TomlPosition& b);

struct TomlNode;

/// A key of a table with what it holds.
struct TomlMember;

/// A date or a time: no setting is one.
struct TomlMoment {};

/// A value in a TOML file, with its place. Members stand in the order of the file.
struct TomlNode {
  std::variant<std::int64_t, double, bool, std::string, TomlMoment, std::vector<TomlNode>,
               std::vector<TomlMember>>
      value;
  TomlPosition at;
};

struct TomlMember {
  std::string key;
  TomlPosition at;
  TomlNode node;
};

using TomlArray = std::vector<TomlNode>;
using TomlTable = std::vector<TomlMember>;

/// A parsed TOML file.
struct TomlDocument {
  std::string name;  ///< as it stands in messages
  TomlTable root;
};

/// "FILE:LINE:COLUMN".
std::string place(std::string_view file, TomlPosition at);

/// "the string \"tanh\"", "an empty list", ...: what stands in the file where something else was expected.
std::string describe(const TomlNode& node);

/// Throws ConfigError with the place of a syntax error.
TomlDocument parse_document(std::string_view text, std::string name);

/// Throws ConfigError when the file does not exist, is a folder, cannot be read or is no config (over 16
/// MiB).
TomlDocument read_document(const std::filesystem::path& file);

}  // namespace unroll
