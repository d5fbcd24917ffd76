#include "experiments/data/formats/gzip.hpp"

#include "tests/experiments/data/formats/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;
using namespace unroll::formats_tests;

namespace {

/// What Python's gzip.compress(b'x\n1\n2\n', mtime=0) writes.
const std::string python_file = from_hex("1f8b0800000000000203abe032e432e20200d391a65406000000");

std::string gzip_refusal(std::string_view bytes, std::uint64_t most_bytes = most_unpacked_bytes) {
  return error_of<DataError>([&] { unpack_gzip(bytes, "x.gz", most_bytes); });
}

/// Bytes that do not compress well, so that they come in many pieces.
std::string varied(std::size_t size) {
  std::string bytes;
  for (std::uint32_t x = 1; bytes.size() < size; x = x * 1664525u + 1013904223u)
    bytes += static_cast<char>(x >> 24);
  return bytes;
}

}  // namespace

TEST_CASE("[gzip] a file that Python wrote is unpacked, with a name and a time in its header as well") {
  CHECK(is_gzip(python_file));
  CHECK(unpack_gzip(python_file, "x.gz") == "x\n1\n2\n");
  // The flag for a name, a time, and the name between header and data.
  std::string named = python_file;
  named[3] = 8;
  named[4] = 77;
  named.insert(10, std::string("x.csv\0", 6));
  CHECK(unpack_gzip(named, "x.gz") == "x\n1\n2\n");
}

TEST_CASE("[gzip] nothing, little and much come back, whatever the room was guessed to be") {
  for (const std::size_t size : {0u, 1u, 65535u, 65536u, 65537u, 1000000u}) {
    CAPTURE(size);
    CHECK(unpack_gzip(gzip_of(varied(size)), "x.gz") == varied(size));
    CHECK(unpack_gzip(gzip_of(std::string(size, 'a')), "x.gz") == std::string(size, 'a'));
  }
}

TEST_CASE("[gzip] files one after the other are one") {
  CHECK(unpack_gzip(python_file + gzip_of("3\n") + gzip_of("") + gzip_of("4\n"), "x.gz") ==
        "x\n1\n2\n3\n4\n");
}

TEST_CASE("[gzip] a file cut at any length is refused as such") {
  const std::string packed = gzip_of(varied(300));
  for (std::size_t length = 2; length < packed.size(); ++length) {
    CAPTURE(length);
    CHECK(contains(gzip_refusal(packed.substr(0, length)), "[gzip] x.gz: it is cut short: its "));
  }
  CHECK(
      gzip_refusal(python_file.substr(0, 20)) ==
      "[gzip] x.gz: it is cut short: its 20 bytes end within the compressed data, 6 bytes unpacked; was the "
      "download or copy complete?");
  CHECK(contains(gzip_refusal(python_file + python_file.substr(0, 12)), "it is cut short"));
}

TEST_CASE("[gzip] a changed byte of the data or of its checksum is found") {
  for (std::size_t at = 10; at < python_file.size(); ++at) {
    if (at == 17) continue;  // bits that only fill up the last byte
    CAPTURE(at);
    std::string damaged = python_file;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    CHECK(gzip_refusal(damaged) != "(no error)");
  }
  std::string damaged = python_file;
  damaged[20] = static_cast<char>(damaged[20] ^ 1);
  CHECK(contains(gzip_refusal(damaged), "it is damaged before byte 2"));
  CHECK(contains(gzip_refusal(damaged), "incorrect data check"));
}

TEST_CASE("[gzip] bytes behind the data are refused with their number") {
  CHECK(gzip_refusal(python_file + "abc") ==
        "[gzip] x.gz: its compressed data ends at byte 26, but 3 more bytes follow that are no gzip data: "
        "something "
        "was appended, or it is damaged");
  CHECK(contains(gzip_refusal(python_file + std::string(512, '\0')), "512 more bytes"));
}

TEST_CASE("[gzip] unpacking stops at the limit") {
  const std::string packed = gzip_of(std::string(1000000, 'a'));
  CHECK(unpack_gzip(packed, "x.gz", 1000000).size() == 1000000);
  CHECK(gzip_refusal(packed, 999999) ==
        "[gzip] x.gz: it unpacks to more than 999999 bytes, the most that is read");
  CHECK(gzip_refusal(packed, 0) == "[gzip] x.gz: it unpacks to more than 0 bytes, the most that is read");
  CHECK(contains(gzip_refusal(packed + packed, 1500000), "more than 1500000 bytes"));
}
