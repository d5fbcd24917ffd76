#include "experiments/data/formats/arrays.hpp"

#include "framework/tensor/npy.hpp"
#include "tests/experiments/data/formats/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;
using namespace unroll::formats_tests;

namespace {

/// np.savez_compressed(x=np.arange(40, dtype='u1').reshape(10, 4) // 4, y=np.array([1, 0, 1], dtype='>i2')).
const std::string numpy_archive = from_hex(
    "504b0304140000000800000021005fd0e26760000000a800000005001400782e6e707901001000a80000000000000060"
    "000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a05e536aa8aea3a09e965f54529498179f5f94920a"
    "12774bcc294e058a17672416a402f91a86063a0a269a3a0ab50ae4022e06206004022620600602162060050236206007"
    "020e20e0040200504b030414000000080000002100f07fc1264a0000008600000005001400792e6e7079010010008600"
    "0000000000004a000000000000009bec17ea1b10c9c850c650ad9e925a9c5ca46ea5a06e9769a4aea3a09e965f545294"
    "98179f5f94920a12774bcc294e058a17672416a402f91ac63a9a3a0ab50a14002e06460606064600504b010214031400"
    "00000800000021005fd0e26760000000a8000000050000000000000000000000800100000000782e6e7079504b010214"
    "0314000000080000002100f07fc1264a00000086000000050000000000000000000000800197000000792e6e7079504b"
    "0506000000000200020066000000180100000000");

const std::string matrix = npy_bytes(Tensor<float>({2, 2}, {1, 2, 3, 0.5f}));
const std::string idx = from_hex("00000802 00000002 00000002 01 02 03 ff");

std::string arrays_refusal(std::string_view bytes) {
  return error_of<DataError>([&] { read_arrays(bytes, "x.bin"); });
}

DataArray only_array(std::string_view bytes) {
  const DataArrays arrays = read_arrays(bytes, "x.bin");
  REQUIRE(arrays.size() == 1);
  return arrays.at("");
}

}  // namespace

TEST_CASE("[arrays] an archive that NumPy compressed gives its arrays by name, integers known as such") {
  const DataArrays arrays = read_arrays(numpy_archive, "x.npz");
  REQUIRE(arrays.size() == 2);
  CHECK(arrays.at("x").integers);
  REQUIRE(arrays.at("x").values.shape() == Shape{10, 4});
  for (std::int64_t i = 0; i < 40; ++i) CHECK(arrays.at("x").values[i] == static_cast<float>(i / 4));
  CHECK(arrays.at("y").values.same_bits(Tensor<float>({3}, {1, 0, 1})));
}

TEST_CASE("[arrays] what a file is is told from its bytes; a single array has no name") {
  CHECK(only_array(matrix).values.same_bits(Tensor<float>({2, 2}, {1, 2, 3, 0.5f})));
  CHECK(!only_array(matrix).integers);
  CHECK(only_array(idx).values.same_bits(Tensor<float>({2, 2}, {1, 2, 3, 255})));
  CHECK(only_array(idx).integers);
  CHECK(only_array(
            npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,), }", std::string("\0\1", 2)))
            .integers);
}

TEST_CASE("[arrays] each of them may be compressed by gzip") {
  CHECK(only_array(gzip_of(matrix)).values.same_bits(only_array(matrix).values));
  CHECK(only_array(gzip_of(idx)).values.same_bits(only_array(idx).values));
  CHECK(read_arrays(gzip_of(numpy_archive), "x.npz.gz").size() == 2);
}

TEST_CASE("[arrays] errors of every reader are DataError and name the file and the member") {
  CHECK(contains(arrays_refusal(matrix.substr(0, 130)), "[npy] x.bin: its shape (2, 2) takes 16 bytes"));
  CHECK(contains(arrays_refusal(idx + "x"), "[idx] x.bin: its shape (2, 2) takes 4 bytes of data, but 5"));
  CHECK(contains(arrays_refusal(gzip_of(idx).substr(0, 20)), "[gzip] x.bin: it is cut short"));
  CHECK(contains(arrays_refusal(gzip_of(idx + "x")), "[idx] x.bin: its shape"));
  CHECK(contains(arrays_refusal(numpy_archive.substr(0, 300)),
                 "[npz] x.bin: it is no .npz file, or a damaged one"));
  std::string damaged = numpy_archive;
  damaged[100] = static_cast<char>(damaged[100] ^ 0x10);
  CHECK(contains(arrays_refusal(damaged), "[npz] x.bin, member 'x.npy': "));
  const std::string large = npy_bytes(Tensor<std::int64_t>({2}, {0, 16777217}));
  CHECK(contains(
      arrays_refusal(zip_file({stored_member("labels.npy", large)})),
      "x.bin, member 'labels.npy': element (1) of its shape (2) is 16777217, an integer that no 32-bit "
      "float holds exactly: make them smaller"));
  const std::string objects =
      npy_file("{'descr': '|O', 'fortran_order': False, 'shape': (2,), }", "\x80\x04");
  CHECK(contains(arrays_refusal(zip_file({stored_member("x.npy", objects)})),
                 "x.bin, member 'x.npy': expected elements"));
}

TEST_CASE("[arrays] other files are refused with what they seem to be") {
  CHECK(arrays_refusal("a,b\n1,2\n") ==
        "x.bin: expected an .npy, .npz or IDX file, or one of them compressed by gzip, but its bytes begin "
        "with 61 2c "
        "62 0a: it is text; a table's name must end in .csv");
  CHECK(contains(arrays_refusal(""), "it is empty"));
  CHECK(contains(arrays_refusal(gzip_of("")), "it is empty"));
  CHECK(contains(arrays_refusal(gzip_of(gzip_of(matrix))), "it is compressed twice"));
  CHECK(contains(arrays_refusal("<!DOCTYPE html>"), "it is a web page; was the download refused?"));
  CHECK(contains(arrays_refusal("version https://git-lfs.github.com/spec/v1"), "git lfs pull"));
  CHECK(contains(arrays_refusal("\x89HDF\r\n\x1a\n"), "HDF5"));
  CHECK(contains(arrays_refusal("\x80\x04\x95"), "pickle"));
  CHECK(contains(arrays_refusal("\xff\xd8\xff\xe0"),
                 "begin with ff d8 ff e0: it is another format, or damaged"));
  CHECK(contains(arrays_refusal("P"), "begin with 50"));
  CHECK(contains(arrays_refusal("PK\x03\x04"), "it is no .npz file"));
}

TEST_CASE("[arrays] a small file that is compressed twice cannot unpack to more than 1032 times its size") {
  const std::string zeros =
      npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (3000000,), }", std::string(3000000, '\0'));
  const std::string once = gzip_of(zeros);
  CHECK(only_array(once).values.numel() == 3000000);
  // The deflated part of the gzip file as a member of an archive, and that compressed by gzip once more.
  ZipMember member = stored_member("x.npy", zeros);
  member.packed = once.substr(10, once.size() - 18);
  member.deflated = true;
  const std::string archive = zip_file({member});
  CHECK(read_arrays(archive, "x.npz").at("x").values.numel() == 3000000);
  const std::string twice = gzip_of(archive);
  REQUIRE(twice.size() * 1033 < zeros.size());
  CHECK(contains(arrays_refusal(twice), "with it the file unpacks to more than "));
}
