#pragma once

#include <doctest/doctest.h>
#include <zlib.h>

#include <string>
#include <string_view>

#include "experiments/data/data_error.hpp"
#include "tests/support/contains.hpp"

namespace unroll::formats_tests {

/// A gzip file of `bytes`.
inline std::string gzip_of(std::string_view bytes) {
  z_stream stream = {};
  constexpr int gzip_window = 15 + 16, memory_level = 8;
  REQUIRE(deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, gzip_window, memory_level,
                       Z_DEFAULT_STRATEGY) == Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  REQUIRE(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

}  // namespace unroll::formats_tests
