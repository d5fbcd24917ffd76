#include "experiments/sweep/set_aside.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include "experiments/config/config_error.hpp"
#include "experiments/config/json_field.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

void write_set_aside(const std::filesystem::path& folder, const std::vector<SetAside>& records) {
  std::string text;
  for (const SetAside& one : records)
    text += fmt::format("{{\"id\":\"{}\",\"record\":\"{}\"}}\n", one.id, one.checksum);
  if (!text.empty()) create_file(folder / fmt::format("retry-{}.jsonl", random_hex()), text);
}

bool is_set_aside_file(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return name.starts_with("retry-") && name.ends_with(".jsonl");
}

std::set<std::string> read_set_aside(const std::filesystem::path& path) {
  const std::string text = read_file(path);
  simdjson::dom::parser parser;
  std::set<std::string> checksums;
  std::string_view rest = text;
  for (int number = 1; !rest.empty(); ++number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    try {
      checksums.emplace(parse_json(parser, line, "record set aside").member("record").text());
    } catch (const std::invalid_argument& error) {
      throw ConfigError(fmt::format(
          "{}:{}: {}; the file says which trials were to be trained again: without it their earlier records "
          "count",
          path.string(), number, error.what()));
    }
  }
  return checksums;
}

}  // namespace unroll
