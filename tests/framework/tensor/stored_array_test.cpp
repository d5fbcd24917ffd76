#include "framework/tensor/stored_array.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "framework/tensor/half.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/npy_header.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;

namespace {

struct Case {
  const char *descr, *data;
  std::vector<double> values;
};

/// NumPy's bytes: np.array(values, dtype=descr).tobytes().hex().
const std::vector<Case> cases = {
    {"|b1", "000101", {0, 1, 1}},
    {"|i1", "fe0164", {-2, 1, 100}},
    {"<i2", "feff01006400", {-2, 1, 100}},
    {">i2", "fffe00010064", {-2, 1, 100}},
    {"<i4", "feffffff0100000064000000", {-2, 1, 100}},
    {">i4", "fffffffe0000000100000064", {-2, 1, 100}},
    {"<i8", "feffffffffffffff01000000000000006400000000000000", {-2, 1, 100}},
    {">i8", "fffffffffffffffe00000000000000010000000000000064", {-2, 1, 100}},
    {"|u1", "0164c8", {1, 100, 200}},
    {"<u2", "01006400c800", {1, 100, 200}},
    {">u2", "0001006400c8", {1, 100, 200}},
    {"<u4", "0100000064000000c8000000", {1, 100, 200}},
    {">u4", "0000000100000064000000c8", {1, 100, 200}},
    {"<u8", "01000000000000006400000000000000c800000000000000", {1, 100, 200}},
    {">u8", "0000000000000001000000000000006400000000000000c8", {1, 100, 200}},
    {"<f2", "00c1003c4056", {-2.5, 1, 100}},
    {">f2", "c1003c005640", {-2.5, 1, 100}},
    {"<f4", "000020c00000803f0000c842", {-2.5, 1, 100}},
    {">f4", "c02000003f80000042c80000", {-2.5, 1, 100}},
    {"<f8", "00000000000004c0000000000000f03f0000000000005940", {-2.5, 1, 100}},
    {">f8", "c0040000000000003ff00000000000004059000000000000", {-2.5, 1, 100}},
};

std::string file_of(const std::string& descr, const std::string& data, const std::string& shape = "(3,)",
                    const std::string& fortran_order = "False") {
  return npy_file(
      "{'descr': '" + descr + "', 'fortran_order': " + fortran_order + ", 'shape': " + shape + ", }", data);
}

template <class T>
std::vector<double> doubles(const Tensor<T>& tensor) {
  return {tensor.span().begin(), tensor.span().end()};
}

std::string value_refusal(const std::string& descr, const std::string& hex) {
  const std::string file = file_of(descr, from_hex(hex), "(1,)");
  return error_of<ArrayFileError>([&] { values_of<float>(read_npy(file, "x.npy"), "x.npy"); });
}

}  // namespace

TEST_CASE("[npy] NumPy's bytes of every number type, in both byte orders, are its numbers") {
  for (const auto& [descr, data, values] : cases) {
    CAPTURE(descr);
    const std::string file = file_of(descr, from_hex(data));
    const StoredArray array = read_npy(file, "x.npy");
    CHECK(doubles(values_of<float>(array, "x")) == values);
    CHECK(doubles(values_of<double>(array, "x")) == values);
    CHECK(array.type.is_integer() == (std::string(descr)[1] != 'f'));
    CHECK(std::visit([](const auto& t) { return doubles(t); }, parse_any_npy(file, "x.npy")) == values);
  }
}

TEST_CASE("[npy] a type is read into the tensor that holds all of it") {
  const auto is = [](const char* descr, const char* data) {
    return parse_any_npy(file_of(descr, from_hex(data), "()"), "x.npy").index();
  };
  CHECK(is("<f2", "0000") == 0);
  CHECK(is(">f4", "00000000") == 0);
  CHECK(is(">f8", "0000000000000000") == 1);
  CHECK(is("|b1", "00") == 2);
  CHECK(is("<u8", "0000000000000000") == 2);
}

TEST_CASE("[npy] Fortran order of big-endian and of narrow numbers is undone as well") {
  // np.asfortranarray(np.arange(6, dtype='>i2').reshape(2, 3))
  const std::string file = file_of(">i2", from_hex("0000 0003 0001 0004 0002 0005"), "(2, 3)", "True");
  CHECK(doubles(values_of<float>(read_npy(file, "x"), "x")) == std::vector<double>{0, 1, 2, 3, 4, 5});
  const std::string cube =
      file_of("|u1", from_hex("00 06 02 08 04 0a 01 07 03 09 05 0b"), "(2, 3, 2)", "True");
  CHECK(doubles(values_of<float>(read_npy(cube, "x"), "x")) ==
        std::vector<double>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
}

TEST_CASE("[npy] halves are the floats that NumPy makes of them") {
  CHECK(half_to_float(0x0001) == 0x1p-24f);
  CHECK(half_to_float(0x03FF) == 1023 * 0x1p-24f);
  CHECK(std::signbit(half_to_float(0x8000)));
  CHECK(half_to_float(0x7BFF) == 65504.0f);
  CHECK(half_to_float(0xFC00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(half_to_float(0x7E00)));
}

TEST_CASE(
    "[npy] integers that a float rounds are refused with value and index, others of that size are not") {
  for (const std::int64_t n : {std::int64_t{1} << 24, (std::int64_t{1} << 24) + 2, std::int64_t{1} << 62,
                               -(std::int64_t{1} << 24), std::numeric_limits<std::int64_t>::min()}) {
    const std::string file = npy_bytes(Tensor<std::int64_t>({1}, {n}));
    CHECK(static_cast<double>(values_of<float>(read_npy(file, "x"), "x")[0]) == static_cast<double>(n));
  }
  for (const std::int64_t n : {(std::int64_t{1} << 24) + 1, -(std::int64_t{1} << 24) - 1,
                               std::numeric_limits<std::int64_t>::max()}) {
    const std::string file = npy_bytes(Tensor<std::int64_t>({2, 2}, {0, 1, n, 2}));
    const std::string message =
        error_of<ArrayFileError>([&] { values_of<float>(read_npy(file, "x"), "x.npy"); });
    CHECK(contains(message, "x.npy: element (1, 0) of its shape (2, 2) is " + std::to_string(n)));
    CHECK(contains(message, "an integer that no 32-bit float holds exactly"));
    CHECK(doubles(values_of<double>(read_npy(npy_bytes(Tensor<std::int64_t>({1}, {1 - (1 << 25)})), "x"),
                                    "x"))[0] == 1 - (1 << 25));
  }
  CHECK(contains(value_refusal("<u4", "01000001"), "is 16777217"));
  CHECK(contains(value_refusal(">u8", "ffffffffffffffff"), "is 18446744073709551615"));
  const std::string fortran =
      file_of("<i4", from_hex("00000000 00000000 01000001 00000000"), "(2, 2)", "True");
  CHECK(contains(error_of<ArrayFileError>([&] { values_of<float>(read_npy(fortran, "x"), "x"); }),
                 "element (0, 1)"));
  const std::string huge = file_of("<u8", from_hex("0000000000000080"), "()");
  CHECK(contains(error_of<ArrayFileError>([&] { parse_any_npy(huge, "x"); }),
                 "no 64-bit integer holds exactly"));
}

TEST_CASE(
    "[npy] a double beyond the floats is refused; infinities and NaN stay, and rounding is to the nearest") {
  const std::string big = npy_bytes(Tensor<double>({2}, {0, -1e39}));
  CHECK(contains(error_of<ArrayFileError>([&] { values_of<float>(read_npy(big, "x"), "x.npy"); }),
                 "x.npy: element (1) of its shape (2) is -1e+39, beyond the largest 32-bit float"));
  const double infinity = std::numeric_limits<double>::infinity();
  const std::string file = npy_bytes(Tensor<double>({3}, {infinity, std::nan(""), 0.1}));
  const auto values = values_of<float>(read_npy(file, "x"), "x");
  CHECK(values[0] == std::numeric_limits<float>::infinity());
  CHECK(std::isnan(values[1]));
  CHECK(values[2] == 0.1f);
}

TEST_CASE("[npy] what is no array of numbers is refused with a remedy") {
  const auto message = [](const std::string& descr) {
    return error_of<ArrayFileError>([&] { read_npy(file_of(descr, "", "(0,)"), "x.npy"); });
  };
  CHECK(
      contains(message("|O"), "but found '|O', Python objects, as rows of different lengths make: save it"));
  CHECK(contains(message("|O"), "allow_pickle=False"));
  CHECK(contains(message("<U2"), "'<U2', text: save numbers"));
  CHECK(contains(message("|S2"), "'|S2', text"));
  CHECK(contains(message("<M8[D]"), "times"));
  CHECK(contains(message("<c8"), "complex numbers"));
  CHECK(contains(message("|V2"), "bfloat16"));
  CHECK(contains(message("<f16"), "'<f16', which is not read: save it as x.astype(np.float32)"));
  for (const char* descr :
       {"", "f", "<", "<f", "f4", "|f4", "=f4", "<b2", "<i3", "<f4 ", "<f44444444444444444444"}) {
    CAPTURE(descr);
    CHECK(contains(message(descr), "expected elements of type bool, int8 to int64"));
  }
  const std::string records = npy_file(
      "{'descr': [('a', '<f4'), ('b', '<i4')], 'fortran_order': False, 'shape': (2,), }", std::string(16, 0));
  CHECK(contains(error_of<ArrayFileError>([&] { read_npy(records, "x.npy"); }), "it holds records"));
}

TEST_CASE("[npy] too many axes are refused without listing them") {
  std::string shape = "(";
  for (int i = 0; i < 65; ++i) shape += "1, ";
  CHECK(error_of<ArrayFileError>([&] { read_npy(file_of("|u1", "x", shape + ")"), "x.npy"); }) ==
        "[npy] x.npy: it has 65 axes; at most 64 can be read");
}
