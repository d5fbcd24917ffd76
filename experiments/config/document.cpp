#include "experiments/config/document.hpp"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <tuple>

#include "experiments/config/config_error.hpp"
#include "experiments/config/toml_depth.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

constexpr std::size_t largest_file = std::size_t{16} << 20;

TomlPosition position(const toml::source_region& source) { return {source.begin.line, source.begin.column}; }

TomlNode convert(const toml::node& node);

TomlArray convert_array(const toml::array& array) {
  TomlArray items;
  for (const toml::node& item : array) items.push_back(convert(item));
  return items;
}

/// toml++ keeps tables sorted by key: back to the order of the file, which is the order of the axes.
TomlTable convert_table(const toml::table& table) {
  TomlTable members;
  for (const auto& [key, node] : table) {
    const TomlPosition of_key = position(key.source());
    members.push_back(
        {std::string(key.str()), of_key.line ? of_key : position(node.source()), convert(node)});
  }
  std::stable_sort(members.begin(), members.end(),
                   [](const TomlMember& a, const TomlMember& b) { return a.at < b.at; });
  return members;
}

TomlNode convert(const toml::node& node) {
  const TomlPosition at = position(node.source());
  if (const auto* table = node.as_table()) return {convert_table(*table), at};
  if (const auto* array = node.as_array()) return {convert_array(*array), at};
  if (const auto* integer = node.as_integer()) return {integer->get(), at};
  if (const auto* real = node.as_floating_point()) return {real->get(), at};
  if (const auto* flag = node.as_boolean()) return {flag->get(), at};
  if (const auto* text = node.as_string()) return {text->get(), at};
  return {TomlMoment{}, at};
}

std::string read_text(const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  std::error_code error;
  const fs::file_status status = fs::status(file, error);
  if (status.type() == fs::file_type::not_found) {
    throw ConfigError(fmt::format("{}: this config file does not exist", file.string()));
  }
  if (status.type() == fs::file_type::directory) {
    throw ConfigError(fmt::format("{}: expected a config file, found a folder", file.string()));
  }
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  std::array<char, 1 << 16> chunk;
  while (stream && text.size() <= largest_file) {
    stream.read(chunk.data(), chunk.size());
    text.append(chunk.data(), static_cast<std::size_t>(stream.gcount()));
  }
  const int code = errno;  // before anything is allocated
  if (!stream.is_open() || stream.bad()) {
    const char* reason = code ? std::strerror(code) : "unknown reason";
    throw ConfigError(fmt::format("{}: this config file cannot be read: {}", file.string(), reason));
  }
  if (text.size() > largest_file) {
    throw ConfigError(
        fmt::format("{}: over {} bytes, too large for a config file", file.string(), largest_file));
  }
  return text;
}

}  // namespace

bool operator<(const TomlPosition& a, const TomlPosition& b) {
  return std::tie(a.line, a.column) < std::tie(b.line, b.column);
}

std::string place(std::string_view file, TomlPosition at) {
  return at.line ? fmt::format("{}:{}:{}", file, at.line, at.column) : std::string(file);
}

std::string describe(const TomlNode& node) {
  struct Words {
    std::string operator()(std::int64_t x) const { return fmt::format("the integer {}", x); }
    std::string operator()(double x) const { return fmt::format("the number {}", x); }
    std::string operator()(bool x) const { return x ? "true" : "false"; }
    std::string operator()(const std::string& x) const {
      return fmt::format("the string \"{}\"", printable(x));
    }
    std::string operator()(TomlMoment) const { return "a date or time"; }
    std::string operator()(const TomlArray& x) const { return x.empty() ? "an empty list" : "a list"; }
    std::string operator()(const TomlTable&) const { return "a table"; }
  };
  return std::visit(Words{}, node.value);
}

TomlDocument parse_document(std::string_view text, std::string name) {
  check_toml_depth(text, name);
  try {
    const toml::table root = toml::parse(text, name);
    return {std::move(name), convert_table(root)};
  } catch (const toml::parse_error& error) {
    throw ConfigError(
        fmt::format("{}: not valid TOML: {}", place(name, position(error.source())), error.description()));
  }
}

TomlDocument read_document(const std::filesystem::path& file) {
  return parse_document(read_text(file), file.string());
}

}  // namespace unroll
