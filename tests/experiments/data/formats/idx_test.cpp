#include "experiments/data/formats/idx.hpp"

#include <vector>

#include "tests/experiments/data/formats/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;
using namespace unroll::formats_tests;

namespace {

std::vector<double> values(std::string_view bytes) {
  const auto tensor = values_of<double>(read_idx(bytes, "x"), "x");
  return {tensor.span().begin(), tensor.span().end()};
}

std::string idx_refusal(const std::string& bytes) {
  return error_of<DataError>([&] { read_idx(bytes, "x-ubyte"); });
}

const std::string idx_matrix = from_hex("00000802 00000002 00000003 01 02 03 04 05 ff");

}  // namespace

TEST_CASE("[idx] all types are read, the highest byte first") {
  CHECK(values(from_hex("00000801 00000002 00 ff")) == std::vector<double>{0, 255});
  CHECK(values(from_hex("00000901 00000002 01 ff")) == std::vector<double>{1, -1});
  CHECK(values(from_hex("00000b01 00000002 0102 fffe")) == std::vector<double>{258, -2});
  CHECK(values(from_hex("00000c01 00000002 00010000 fffffffe")) == std::vector<double>{65536, -2});
  CHECK(values(from_hex("00000d01 00000002 3f800000 c0200000")) == std::vector<double>{1, -2.5});
  CHECK(values(from_hex("00000e01 00000001 c004000000000000")) == std::vector<double>{-2.5});
}

TEST_CASE("[idx] the header gives the shape, row-major, of one to four axes and more") {
  CHECK(read_idx(idx_matrix, "x").shape == Shape{2, 3});
  CHECK(values(idx_matrix) == std::vector<double>{1, 2, 3, 4, 5, 255});
  CHECK(read_idx(from_hex("00000804 00000001 00000002 00000001 00000002 01020304"), "x").shape ==
        Shape{1, 2, 1, 2});
  CHECK(read_idx(from_hex("00000805 00000001 00000001 00000001 00000001 00000001 07"), "x").shape ==
        Shape{1, 1, 1, 1, 1});
  CHECK(read_idx(from_hex("00000802 00000000 00000003"), "x").shape == Shape{0, 3});
}

TEST_CASE("[idx] a file cut at any length, or longer than it says, is refused with both sizes") {
  for (std::size_t length = 0; length < idx_matrix.size(); ++length) {
    CAPTURE(length);
    CHECK(idx_refusal(idx_matrix.substr(0, length)) != "(no error)");
  }
  CHECK(idx_refusal(idx_matrix.substr(0, 17)) ==
        "[idx] x-ubyte: its shape (2, 3) takes 6 bytes of data, but 5 follow the header: it is cut short; "
        "was the "
        "download complete?");
  CHECK(idx_refusal(idx_matrix + "x") ==
        "[idx] x-ubyte: its shape (2, 3) takes 6 bytes of data, but 7 follow the header: it is too long; was "
        "something appended?");
  CHECK(idx_refusal(idx_matrix.substr(0, 3)) == "[idx] x-ubyte: it ends within its header: it has 3 bytes");
  CHECK(idx_refusal(idx_matrix.substr(0, 11)) ==
        "[idx] x-ubyte: it ends within its header: 2 axes take 12 bytes, but it has 11");
}

TEST_CASE("[idx] an unknown type, no axes, and a shape beyond all memory are refused") {
  CHECK(contains(idx_refusal(from_hex("00000a01 00000001 00")), "but found 00 00 0a 01: it is no IDX file"));
  CHECK(contains(idx_refusal(from_hex("01000801 00000001 00")), "but found 01 00 08 01"));
  CHECK(contains(idx_refusal(from_hex("00000800 00")), "expected 1 to 64 axes, but its header says 0"));
  CHECK(contains(idx_refusal(from_hex("000008ff 00")), "expected 1 to 64 axes, but its header says 255"));
  CHECK(contains(idx_refusal(from_hex("00000e03 ffffffff ffffffff ffffffff")),
                 "its shape (4294967295, 4294967295, 4294967295) is more than memory can hold"));
  CHECK(
      contains(idx_refusal(from_hex("00000803 ffffffff ffffffff 00000000")), "is more than memory can hold"));
  CHECK(contains(idx_refusal(from_hex("00000801 ffffffff 00")),
                 "takes 4294967295 bytes of data, but 1 follow"));
}
