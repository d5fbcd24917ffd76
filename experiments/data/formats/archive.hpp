#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace unroll {

/// A tar of so many bytes may unpack to this many: a hundred times as much, and 64 MiB. Sounds that are no
/// silence never come near it.
constexpr std::uint64_t most_unpacked(std::uint64_t bytes) { return 100 * bytes + (std::uint64_t{64} << 20); }

/// Takes a file of an archive: its path there and its bytes.
using UseArchiveMember = std::function<void(const std::string& path, std::string bytes)>;

/// Hands on every file of a tar (ustar, GNU, pax), perhaps compressed by gzip, in its order. Folders, and
/// files whose name begins with a dot, are passed over. Nothing is written anywhere. Throws DataError, which
/// calls the archive `name`, for what is no tar, is cut short or damaged (with the byte), unpacks to more
/// than most_unpacked(), or has an absolute path, one with "..", a link, a device or a path twice.
void for_each_member(std::string_view tar, const std::string& name, const UseArchiveMember& use);

}  // namespace unroll
