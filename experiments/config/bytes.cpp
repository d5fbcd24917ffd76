#include "experiments/config/bytes.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <limits>

namespace unroll {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

/// The largest first.
constexpr Unit units[] = {
    {"TiB", 1ull << 40},
    {"TB", 1'000'000'000'000},
    {"GiB", 1ull << 30},
    {"GB", 1'000'000'000},
    {"MiB", 1ull << 20},
    {"MB", 1'000'000},
    {"KiB", 1ull << 10},
    {"kB", 1000},
    {"B", 1},
};

constexpr std::uint64_t most = std::numeric_limits<std::int64_t>::max();

/// Bytes of one unit; 0 for a name that is none.
std::uint64_t bytes_of_unit(std::string_view name) {
  if (name.empty()) return 1;
  for (const Unit& unit : units)
    if (unit.name == name) return unit.bytes;
  return 0;
}

}  // namespace

std::optional<Bytes> parse_bytes(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  if (error != std::errc{}) return std::nullopt;
  std::string_view name(stop, static_cast<std::size_t>(end - stop));
  if (name.starts_with(' ')) {
    name.remove_prefix(1);
    if (name.empty()) return std::nullopt;
  }
  const std::uint64_t unit = bytes_of_unit(name);
  if (unit == 0) return std::nullopt;
  std::uint64_t whole = 0;
  const auto [whole_stop, whole_error] = std::from_chars(text.data(), stop, whole);
  if (whole_error == std::errc{} && whole_stop == stop) {
    if (whole > most / unit) return std::nullopt;
    return Bytes{whole * unit};
  }
  // 4.35 kB is not quite 4350 in double.
  const double bytes = number * static_cast<double>(unit);
  const bool is_whole = std::abs(std::round(bytes) - bytes) <= 1e-12 * bytes;
  if (!(bytes >= 0 && bytes < static_cast<double>(most)) || !is_whole) return std::nullopt;
  return Bytes{static_cast<std::uint64_t>(std::round(bytes))};
}

std::string to_text(Bytes bytes) {
  if (bytes.count == 0) return "0";
  for (const Unit& unit : units)
    if (unit.bytes > 1 && bytes.count % unit.bytes == 0)
      return fmt::format("{} {}", bytes.count / unit.bytes, unit.name);
  return fmt::format("{}", bytes.count);
}

}  // namespace unroll
