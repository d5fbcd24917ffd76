#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unroll {

/// Lengths of sequences: one, or all from `least` to `most`. The default, 0, is no length.
struct LengthRange {
  std::int64_t least = 0, most = 0;

  constexpr LengthRange() = default;
  constexpr LengthRange(std::int64_t length) : least(length), most(length) {}  // NOLINT: a length is a range
  constexpr LengthRange(std::int64_t first, std::int64_t last) : least(first), most(last) {}

  bool empty() const { return most == 0; }
  bool fixed() const { return least == most; }
  auto operator<=>(const LengthRange&) const = default;
};

/// "100" or "3..40". None when it is neither, or not 1 <= least <= most <= 1e7.
std::optional<LengthRange> parse_length_range(std::string_view text);
/// The one way in which it is written; "" for no length.
std::string to_text(LengthRange lengths);

}  // namespace unroll
