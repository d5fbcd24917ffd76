#include "experiments/report/short_names.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace unroll {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::size_t kDigits = 8;  // as label_of() gives them

/// "mgu" of "mgu@f8646e70"; the whole of any other value.
std::string_view name_in(std::string_view value) {
  const std::size_t at = value.find('@');
  if (at == std::string_view::npos || at == 0 || value.size() != at + 1 + kDigits) return value;
  if (value.substr(at + 1).find_first_not_of(kHexDigits) != std::string_view::npos) return value;
  return value.substr(0, at);
}

}  // namespace

std::vector<std::string> short_names(const std::vector<std::string>& values) {
  std::map<std::string_view, std::set<std::string_view>> of_name;
  for (const std::string& value : values) of_name[name_in(value)].insert(value);
  std::vector<std::string> names;
  for (const std::string& value : values) {
    const std::string_view name = name_in(value);
    names.emplace_back(of_name.at(name).size() == 1 ? name : std::string_view(value));
  }
  return names;
}

}  // namespace unroll
