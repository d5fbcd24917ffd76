#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "framework/tensor/stored_array.hpp"

namespace unroll {

/// Whether bytes begin as a gzip file does (RFC 1952).
bool is_gzip(std::string_view bytes);

/// What a gzip file holds; several of them one after the other hold it in parts. Memory is taken as the data
/// comes. Throws DataError, which calls the file `name`, if it is cut short, damaged (its checksums are
/// compared), followed by other bytes, or unpacks to more than `most_bytes`.
std::string unpack_gzip(std::string_view bytes, const std::string& name,
                        std::uint64_t most_bytes = most_unpacked_bytes);

}  // namespace unroll
