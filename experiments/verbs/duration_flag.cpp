#include "experiments/verbs/duration_flag.hpp"

#include <fmt/format.h>

#include <array>
#include <string_view>
#include <utility>

#include "experiments/config/value.hpp"
#include "experiments/verbs/verb.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 4> units = {
    {{"min", 60}, {"s", 1}, {"h", 3600}, {"d", 86'400}}};
constexpr double most_duration = 366.0 * 86'400;

}  // namespace

std::chrono::milliseconds duration_of(const std::string& flag, const std::string& text) {
  for (const auto& [unit, seconds_per_unit] : units) {
    if (!text.ends_with(unit)) continue;
    const auto number = parse_value(text.substr(0, text.size() - unit.size()), double{});
    if (!number) break;
    const double seconds = std::get<double>(*number) * seconds_per_unit;
    if (seconds >= 0.001 && seconds <= most_duration)
      return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
    break;
  }
  throw UsageError(
      fmt::format("{}: expected a time like 90s, 12min, 1.5h or 2d, of at most a year, found \"{}\"", flag,
                  printable(text)));
}

boost::program_options::typed_value<std::string>* duration_flag(const std::string& flag) {
  return boost::program_options::value<std::string>()->notifier(
      [flag](const std::string& text) { duration_of(flag, text); });
}

}  // namespace unroll
