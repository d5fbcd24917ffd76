#include "framework/tensor/npy.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <bit>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <xtensor/xnpy.hpp>

#include "framework/tensor/file.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;

namespace {

namespace fs = std::filesystem;

std::string float_bytes(const std::vector<float>& x) {
  return {reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float)};
}

/// Without waiting for the disk, unlike write_file.
void overwrite(const fs::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

template <class T>
Tensor<T> counting(Shape shape) {
  Tensor<T> t(std::move(shape));
  for (std::int64_t i = 0; i < t.numel(); ++i) t[i] = static_cast<T>(i) / T(4) - T(3);
  return t;
}

template <class T>
void check_round_trip(const TemporaryFolder& folder) {
  for (const Shape& shape :
       {Shape{}, Shape{1}, Shape{7}, Shape{0}, Shape{2, 3}, Shape{3, 0, 2}, Shape{2, 1, 4, 3}}) {
    const Tensor<T> t = counting<T>(shape);
    save_npy(folder / "t.npy", t);
    CHECK(load_npy<T>(folder / "t.npy").same_bits(t));
  }
}

NamedTensors example() {
  return {{"weight", counting<float>({3, 4})},
          {"a name with spaces/and é", counting<double>({5})},
          {"step", Tensor<std::int64_t>(Shape{}, std::int64_t{1} << 62)}};
}

}  // namespace

TEST_CASE("[npy] tensors of all types and shapes come back bit by bit") {
  const TemporaryFolder folder;
  check_round_trip<float>(folder);
  check_round_trip<double>(folder);
  check_round_trip<std::int64_t>(folder);
  CHECK(folder.files() == 1);
}

TEST_CASE("[npy] NaN with its payload, infinities and signed zeros come back") {
  const TemporaryFolder folder;
  const Tensor<float> t(Shape{5},
                        {std::bit_cast<float>(0x7fc01234u), -0.0f, std::numeric_limits<float>::infinity(),
                         std::numeric_limits<float>::denorm_min(), -std::numeric_limits<float>::max()});
  save_npy(folder / "t.npy", t);
  CHECK(load_npy<float>(folder / "t.npy").same_bits(t));
}

TEST_CASE("[npy] files are byte for byte what NumPy writes") {
  const std::string expected = std::string("\x93NUMPY\x01\x00\x76\x00", 10) +
                               "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }" +
                               std::string(58, ' ') + "\n" +
                               std::string("\x00\x00\x80\x3f\x00\x00\x00\xc0", 8);
  CHECK(npy_bytes(Tensor<float>({2, 1}, {1.0f, -2.0f})) == expected);
  CHECK(contains(npy_bytes(Tensor<double>(Shape{3})), "'<f8', 'fortran_order': False, 'shape': (3,), }"));
  CHECK(contains(npy_bytes(Tensor<std::int64_t>()), "'<i8', 'fortran_order': False, 'shape': (), }"));
}

TEST_CASE("[npy] the data begins at a multiple of 64 bytes whatever the header's length") {
  Shape shape;
  for (int axes = 0; axes < 60; ++axes, shape.push_back(1))
    CHECK(npy_bytes(Tensor<double>(shape)).size() % 64 == sizeof(double));
}

TEST_CASE("[npy] xtensor reads what is written here, and what it writes is read") {
  const TemporaryFolder folder;
  const Tensor<float> t = counting<float>({3, 5});
  save_npy(folder / "t.npy", t);
  const xt::xarray<float> read = xt::load_npy<float>((folder / "t.npy").string());
  REQUIRE(read.shape() == xt::xarray<float>::shape_type({3, 5}));
  for (std::int64_t i = 0; i < t.numel(); ++i) CHECK(read.flat(static_cast<std::size_t>(i)) == t[i]);
  xt::dump_npy((folder / "x.npy").string(), read);
  CHECK(load_npy<float>(folder / "x.npy").same_bits(t));
}

TEST_CASE("[npy] an array in Fortran order is transposed") {
  const std::string matrix =
      npy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", float_bytes({1, 4, 2, 5, 3, 6}));
  CHECK(parse_npy<float>(matrix, "matrix").same_bits(Tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6})));
  const std::string cube = npy_file("{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2, 2)}",
                                    float_bytes({0, 4, 2, 6, 1, 5, 3, 7}));
  CHECK(parse_npy<float>(cube, "cube").same_bits(Tensor<float>({2, 2, 2}, {0, 1, 2, 3, 4, 5, 6, 7})));
}

TEST_CASE("[npy] the header's keys may stand in any order and be quoted either way") {
  const std::string file =
      npy_file("{ \"shape\" :( 2 , ),'fortran_order' : False ,  'descr':\"<f4\"}", float_bytes({1, 2}));
  CHECK(parse_npy<float>(file, "file").same_bits(Tensor<float>({2}, {1, 2})));
}

TEST_CASE("[npy] a header longer than 127 bytes is read") {
  const std::string spaces(200, ' ');
  const std::string file =
      npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }" + spaces, float_bytes({1}));
  CHECK(parse_npy<float>(file, "file")[0] == 1.0f);
}

TEST_CASE("[npy] another element type or byte order is refused with both") {
  const TemporaryFolder folder;
  save_npy(folder / "t.npy", counting<double>({3}));
  const std::string message = error_of<std::runtime_error>([&] { load_npy<float>(folder / "t.npy"); });
  CHECK(contains(message, (folder / "t.npy").string()));
  CHECK(contains(message, "'<f4' (float32, little-endian)"));
  CHECK(contains(message, "'<f8' (float64, little-endian)"));
  const std::string swapped =
      npy_file("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", float_bytes({1}));
  CHECK(contains(error_of<std::runtime_error>([&] { parse_npy<float>(swapped, "swapped"); }),
                 "'>f4' (float32, big-endian)"));
}

TEST_CASE("[npy] a file cut at any length is an error, and so is one that is too long") {
  const std::string bytes = npy_bytes(counting<float>({3, 4}));
  for (std::size_t length = 0; length < bytes.size(); ++length)
    REQUIRE_THROWS_AS(parse_npy<float>(std::string_view(bytes).substr(0, length), "cut"), std::runtime_error);
  CHECK_THROWS_AS(parse_npy<float>(bytes + "x", "long"), std::runtime_error);
  CHECK(contains(
      error_of<std::runtime_error>([&] { parse_npy<float>(bytes.substr(0, bytes.size() - 1), "cut.npy"); }),
      "[npy] cut.npy: its shape (3, 4) takes 48 bytes of data, but 47 follow the header: it is cut short"));
}

TEST_CASE("[npy] a byte changed anywhere in the header is an error or gives a tensor, never a crash") {
  const std::string bytes = npy_bytes(counting<float>({3, 4}));
  for (std::size_t at = 0; at < 128; ++at)
    for (int value = 0; value < 256; ++value) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(value);
      std::int64_t numel = 12;
      try {
        numel = parse_npy<float>(damaged, "damaged").numel();
      } catch (const std::runtime_error&) {
      }
      REQUIRE(numel == 12);
    }
}

TEST_CASE("[npy] a shape beyond all memory is refused before anything is allocated") {
  for (const char* shape : {"(9223372036854775807,)", "(4294967296, 4294967296)", "(99999999999999999999,)",
                            "(4611686018427387904, 4, 0)", "(-1,)", "(1000000000000,)"}) {
    CAPTURE(shape);
    const std::string file = npy_file(
        "{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }", float_bytes({1}));
    CHECK_THROWS_AS(parse_npy<float>(file, "huge"), std::runtime_error);
  }
}

TEST_CASE("[npy] a missing file and a folder that is not there are named") {
  const TemporaryFolder folder;
  CHECK(contains(error_of<std::runtime_error>([&] { load_npy<float>(folder / "none.npy"); }),
                 (folder / "none.npy").string()));
  CHECK(
      contains(error_of<std::runtime_error>([&] { load_npy<float>(folder / "none.npy"); }), "No such file"));
  CHECK(contains(error_of<std::runtime_error>([&] { save_npy(folder / "no/t.npy", Tensor<float>()); }),
                 "No such file"));
  CHECK(folder.files() == 0);
}

TEST_CASE("[npy] a write that fails leaves the old file and nothing beside it") {
  const TemporaryFolder folder;
  fs::create_directory(folder / "t.npy");
  CHECK_THROWS_AS(save_npy(folder / "t.npy", Tensor<float>()), std::runtime_error);
  CHECK(fs::is_directory(folder / "t.npy"));
  CHECK(folder.files() == 1);
}

TEST_CASE("[npz] named tensors of mixed types come back bit by bit") {
  const TemporaryFolder folder;
  save_npz(folder / "t.npz", example());
  const NamedTensors read = load_npz(folder / "t.npz");
  REQUIRE(read.size() == 3);
  CHECK(member<float>(read, "weight").same_bits(counting<float>({3, 4})));
  CHECK(member<double>(read, "a name with spaces/and é").same_bits(counting<double>({5})));
  CHECK(member<std::int64_t>(read, "step")[0] == std::int64_t{1} << 62);
  CHECK(folder.files() == 1);
}

TEST_CASE("[npz] an archive without tensors comes back") {
  const TemporaryFolder folder;
  save_npz(folder / "t.npz", {});
  CHECK(load_npz(folder / "t.npz").empty());
}

TEST_CASE("[npz] the same tensors give the same bytes") {
  const TemporaryFolder folder;
  save_npz(folder / "a.npz", example());
  save_npz(folder / "b.npz", example());
  CHECK(read_file(folder / "a.npz") == read_file(folder / "b.npz"));
}

TEST_CASE("[npz] a tensor that is not there or of another type is named") {
  const NamedTensors tensors = example();
  const std::string missing = error_of<std::runtime_error>([&] { member<float>(tensors, "bias"); });
  CHECK(contains(missing, "'bias'"));
  CHECK(contains(missing, "step, weight"));
  const std::string other = error_of<std::runtime_error>([&] { member<double>(tensors, "weight"); });
  CHECK(contains(other, "'weight' was expected to hold double, but holds float"));
}

TEST_CASE("[npz] an archive cut at any length is an error") {
  const TemporaryFolder folder;
  save_npz(folder / "t.npz", example());
  const std::string bytes = read_file(folder / "t.npz");
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    overwrite(folder / "cut.npz", std::string_view(bytes).substr(0, length));
    REQUIRE_THROWS_AS(load_npz(folder / "cut.npz"), std::runtime_error);
  }
}

TEST_CASE("[npz] a changed byte of a tensor is found by its checksum, and no changed byte crashes") {
  const TemporaryFolder folder;
  save_npz(folder / "t.npz", {{"weight", counting<float>({3, 4})}});
  const std::string bytes = read_file(folder / "t.npz");
  const std::size_t data = bytes.find(std::string("\x00\x00\x40\xc0", 4));
  REQUIRE(data != std::string::npos);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x41);
    overwrite(folder / "damaged.npz", damaged);
    bool thrown = false;
    try {
      load_npz(folder / "damaged.npz");
    } catch (const std::runtime_error&) {
      thrown = true;
    }
    if (at >= data && at < data + 48) CHECK(thrown);
  }
}

TEST_CASE("[npz] a file that is no archive is refused by name") {
  const TemporaryFolder folder;
  write_file(folder / "t.npz", "not an archive");
  CHECK(contains(error_of<std::runtime_error>([&] { load_npz(folder / "t.npz"); }),
                 (folder / "t.npz").string()));
}
