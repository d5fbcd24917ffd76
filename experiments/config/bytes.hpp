#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace unroll {

/// An amount of memory.
struct Bytes {
  std::uint64_t count = 0;

  auto operator<=>(const Bytes&) const = default;
};

/// "1 GB", "1.5 GiB", "512MB", "1000000": a number with at most one of the units B, kB, MB, GB, TB (powers of
/// 1000) and KiB, MiB, GiB, TiB (of 1024). None when it is not wholly that, when it is no whole number of
/// bytes, or when it is beyond 2^63 - 1.
std::optional<Bytes> parse_bytes(std::string_view text);

/// The one way in which an amount is written: in the largest unit that it is a whole number of.
std::string to_text(Bytes bytes);

}  // namespace unroll
