#include "experiments/config/length_range.hpp"

#include <fmt/format.h>

#include <charconv>

namespace unroll {
namespace {

constexpr std::int64_t longest = 10'000'000;
constexpr std::string_view dots = "..";

std::optional<std::int64_t> parse_length(std::string_view text) {
  std::int64_t length = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, length);
  if (error != std::errc{} || stop != end || length < 1 || length > longest) return std::nullopt;
  return length;
}

}  // namespace

std::optional<LengthRange> parse_length_range(std::string_view text) {
  const std::size_t at = text.find(dots);
  const auto least = parse_length(text.substr(0, at));
  const auto most = at == std::string_view::npos ? least : parse_length(text.substr(at + dots.size()));
  if (!least || !most || *least > *most) return std::nullopt;
  return LengthRange{*least, *most};
}

std::string to_text(LengthRange lengths) {
  if (lengths.empty()) return "";
  return lengths.fixed() ? fmt::format("{}", lengths.least)
                         : fmt::format("{}{}{}", lengths.least, dots, lengths.most);
}

}  // namespace unroll
