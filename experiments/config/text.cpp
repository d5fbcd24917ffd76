#include "experiments/config/text.hpp"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <charconv>
#include <cmath>

namespace unroll {

std::size_t columns_of(std::string_view text) {
  // Every byte but the continuation bytes 10xxxxxx begins a code point.
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char byte) { return (byte & 0xC0) != 0x80; }));
}

std::string exact_number(double value) {
  if (std::isnan(value)) return "nan";  // fmt would write the sign of a NaN
  return fmt::format("{}", value);
}

std::string short_number(double value) {
  if (!std::isfinite(value)) return exact_number(value);
  const double magnitude = std::abs(value);
  if (value == 0) return "0";
  if (magnitude < 1e-3 || magnitude >= 1e6) return fmt::format("{:.3e}", value);
  const int before_point = std::max(0, static_cast<int>(std::floor(std::log10(magnitude))));
  return fmt::format("{:.{}f}", value, std::max(0, (magnitude < 1 ? 4 : 3) - before_point));
}

std::string html_escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts, std::string_view separator) {
  return fmt::format("{}", fmt::join(parts, separator));
}

bool parse_number(std::string_view text, double& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && !std::isnan(value);
}

std::string hex_hash(std::string_view bytes) {
  return fmt::format("{:016x}", XXH3_64bits(bytes.data(), bytes.size()));
}

}  // namespace unroll
