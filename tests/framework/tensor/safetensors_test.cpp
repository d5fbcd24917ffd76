#include "framework/tensor/safetensors.hpp"

#include <doctest/doctest.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <csignal>
#include <cstring>
#include <limits>
#include <random>

#include "framework/tensor/file.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace unroll;

namespace {

namespace fs = std::filesystem;

template <class T>
std::string bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

std::string file_with(const std::string& json, const std::string& data = "") {
  return bytes_of(std::vector<std::uint64_t>{json.size()}) + json + data;
}

/// A file of one tensor "a".
std::string one_tensor(const std::string& dtype, const std::string& shape, const std::string& data) {
  return file_with(
      fmt::format(R"({{"a":{{"dtype":"{}","shape":{},"data_offsets":[0,{}]}}}})", dtype, shape, data.size()),
      data);
}

std::string reading_error(std::string_view bytes) {
  return error_of<SafeTensorsError>([&] { read_safetensors(bytes, "m.safetensors"); });
}

bool same(const SafeTensors& a, const SafeTensors& b) {
  if (a.metadata != b.metadata || a.tensors.size() != b.tensors.size()) return false;
  for (std::size_t i = 0; i < a.tensors.size(); ++i)
    if (a.tensors[i].first != b.tensors[i].first || !a.tensors[i].second.same_bits(b.tensors[i].second))
      return false;
  return true;
}

SafeTensors example_file() {
  const Tensor<float> odd(Shape{2, 3},
                          {std::bit_cast<float>(0x7fc01234u), std::bit_cast<float>(0xff800001u), -0.0f,
                           std::numeric_limits<float>::infinity(), std::numeric_limits<float>::denorm_min(),
                           -std::numeric_limits<float>::max()});
  return {.metadata = {{"format", "pt"}, {"", ""}, {"cell \"λ\"\n", "h' = \\ tanh(\t\x01)"}},
          .tensors = {{"rnn.weight_hh_l0", odd},
                      {"", Tensor<float>(Shape{}, 3.0f)},
                      {"empty", Tensor<float>(Shape{0})},
                      {"empty too", Tensor<float>(Shape{3, 0, 2})},
                      {"Größe/重み \"q\"\\\n\x01 😀", Tensor<float>(Shape{1}, -0.0f)},
                      {"another", Tensor<float>(Shape{2, 1, 2}, 0.25f)}}};
}

SafeTensors random_file(std::mt19937& random) {
  const auto below = [&](unsigned n) { return static_cast<std::int64_t>(random() % n); };
  SafeTensors file;
  for (std::int64_t k = below(6); k-- > 0;) {
    Shape shape;
    for (std::int64_t axes = below(4); axes-- > 0;) shape.push_back(below(4));
    Tensor<float> tensor(shape);
    for (float& value : tensor.span()) value = std::bit_cast<float>(static_cast<std::uint32_t>(random()));
    file.tensors.emplace_back(fmt::format("{}{}", std::string(1, static_cast<char>(1 + below(127))), k),
                              std::move(tensor));
    file.metadata[fmt::format("{}", below(4))] = std::string(static_cast<std::size_t>(below(30)), 'x');
  }
  return file;
}

}  // namespace

TEST_CASE("[safetensors] what is written comes back bit by bit, in its order, with odd names and values") {
  const SafeTensors file = example_file();
  const SafeTensors back = read_safetensors(write_safetensors(file), "x");
  CHECK(same(back, file));
  CHECK(back.converted.empty());
  CHECK(same(read_safetensors(write_safetensors({}), "x"), {}));
}

TEST_CASE("[safetensors] any tensors come back, and the same tensors give the same bytes") {
  std::mt19937 random(1);
  for (int i = 0; i < 300; ++i) {
    const SafeTensors file = random_file(random);
    const std::string bytes = write_safetensors(file);
    const SafeTensors back = read_safetensors(bytes, "x");
    REQUIRE(same(back, file));
    REQUIRE(write_safetensors(back) == bytes);
  }
}

TEST_CASE("[safetensors] a file is what the format says, byte by byte, with data from a multiple of 8") {
  const SafeTensors file{
      .metadata = {{"format", "pt"}},
      .tensors = {{"b", Tensor<float>(Shape{2, 1}, {1.0f, -2.0f})}, {"a", Tensor<float>(Shape{}, 0.5f)}}};
  const std::string json =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},)"
      R"("a":{"dtype":"F32","shape":[],"data_offsets":[8,12]}})";
  const std::string bytes = write_safetensors(file);
  std::string expected = json;
  expected.append((8 - json.size() % 8) % 8, ' ');
  CHECK(expected.size() % 8 == 0);
  CHECK(bytes == file_with(expected, bytes_of<float>({1.0f, -2.0f, 0.5f})));
}

TEST_CASE("[safetensors] spaces, other orders of keys and of names, and unaligned data are read") {
  const std::string json =
      " \n{ \"z\" : { \"shape\" : [ 1 ] , \"data_offsets\" : [ 2 , 6 ], \"dtype\":\"F32\" },"
      "\"a\":{\"data_offsets\":[0,2],\"dtype\":\"BF16\",\"shape\":[1,1]}}   \n";
  const std::string data = bytes_of<std::uint16_t>({0x3f80}) + bytes_of<float>({7.0f});
  const SafeTensors file = read_safetensors(file_with(json.substr(2), data), "x");
  REQUIRE(file.tensors.size() == 2);
  CHECK(file.tensors[0].first == "a");
  CHECK(file.find("a")->same_bits(Tensor<float>(Shape{1, 1}, 1.0f)));
  CHECK(file.find("z")->same_bits(Tensor<float>(Shape{1}, 7.0f)));
  CHECK(file.find("b") == nullptr);
}

TEST_CASE("[safetensors] every number of 16 bits becomes the float that it stands for") {
  std::vector<std::uint16_t> all(1 << 16);
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<std::uint16_t>(i);
  const SafeTensors half = read_safetensors(one_tensor("F16", "[65536]", bytes_of(all)), "x");
  const SafeTensors brain = read_safetensors(one_tensor("BF16", "[65536]", bytes_of(all)), "x");
  CHECK(half.converted == std::map<std::string, std::string>{{"a", "F16"}});
  CHECK(brain.converted == std::map<std::string, std::string>{{"a", "BF16"}});
  // By their definitions: (-1)^sign (implicit one + fraction) 2^(exponent - bias).
  const auto value = [](int bits, int fraction_bits, int bias) {
    const int top = (1 << (15 - fraction_bits)) - 1, exponent = (bits >> fraction_bits) & top;
    const double fraction = std::ldexp(bits & ((1 << fraction_bits) - 1), -fraction_bits);
    const double magnitude = exponent == top && fraction == 0 ? INFINITY
                             : exponent == top                ? NAN
                             : exponent == 0                  ? std::ldexp(fraction, 1 - bias)
                                                              : std::ldexp(1 + fraction, exponent - bias);
    return std::copysign(magnitude, bits >> 15 ? -1.0 : 1.0);
  };
  const auto agrees = [](float found, double expected) {
    return std::isnan(expected)
               ? std::isnan(found) && std::signbit(found) == std::signbit(expected)
               : static_cast<double>(found) == expected && std::signbit(found) == std::signbit(expected);
  };
  for (int i = 0; i < 1 << 16; ++i) {
    CAPTURE(i);
    REQUIRE(agrees((*half.find("a"))[i], value(i, 10, 15)));
    REQUIRE(agrees((*brain.find("a"))[i], value(i, 7, 127)));
  }
}

TEST_CASE("[safetensors] doubles are rounded to the nearest float, and one beyond all floats is refused") {
  const auto file = [](double x) { return one_tensor("F64", "[1]", bytes_of<double>({x})); };
  for (const double x : {0.1, -1e-50, 3.0, double(INFINITY), double(std::numeric_limits<float>::max())})
    CHECK((*read_safetensors(file(x), "x").find("a"))[0] == static_cast<float>(x));
  CHECK(std::isnan((*read_safetensors(file(NAN), "x").find("a"))[0]));
  CHECK(read_safetensors(file(1), "x").converted.at("a") == "F64");
  CHECK(contains(reading_error(file(-1e300)),
                 "m.safetensors: tensor 'a' holds -1e+300, of type F64; the largest float is 3.4028235e+38"));
}

TEST_CASE("[safetensors] every kind of damage is refused with what was expected, what was found and why") {
  const auto entry = [](const std::string& fields) {
    return file_with("{\"a\":{" + fields + "}}", "12345678");
  };
  const auto offsets = [&](const std::string& shape, const std::string& at) {
    return entry(fmt::format(R"("dtype":"F32","shape":{},"data_offsets":{})", shape, at));
  };
  const auto two = [](int begin_a, int end_a, int begin_b, int end_b, const std::string& data) {
    const auto one = [](char name, int begin, int end) {
      return fmt::format(R"("{}":{{"dtype":"F32","shape":[{}],"data_offsets":[{},{}]}})", name,
                         (end - begin) / 4, begin, end);
    };
    return file_with("{" + one('a', begin_a, end_a) + "," + one('b', begin_b, end_b) + "}", data);
  };
  const std::string good = R"("dtype":"F32","shape":[2],"data_offsets":[0,8])";
  CHECK(reading_error(entry(good)) == "(no error)");

  const std::vector<std::pair<std::string, std::string>> cases = {
      // the length of the header
      {"", "expected a header's length in 8 bytes, but it has 0 in all: it is cut short"},
      {"1234567", "but it has 7 in all"},
      {file_with("{}").substr(0, 9),
       "its header takes 2 bytes by its own account, but only 1 follow: it is cut"},
      {std::string(8, '\xff') + "{}",
       "takes 18446744073709551615 bytes by its own account, but only 2 follow"},
      {"version https://git-lfs.github.com/spec/v1\noid", "it is a Git LFS pointer; fetch the file itself"},
      {"PK\x03\x04 archive of something", "it is a zip archive, as torch.save and numpy.savez write them"},
      {file_with(""), "its header must start with '{', but is empty"},
      {file_with(" {}"), "its header must start with '{', but starts with ' {}'"},
      {file_with("[]"), "its header must start with '{', but starts with '[]'"},
      // JSON
      {file_with("{"), "its header is not JSON at byte 2 of it"},
      {file_with("{\"a\":}"), "its header is not JSON at byte 6 of it, near '\"a\":}'"},
      {file_with("{} {}"), "its header is not JSON at byte 4"},
      {file_with("{\"\xff\":1}"), "its header is not JSON at byte 3 of it"},
      {file_with("{\"a\":NaN}"), "its header is not JSON"},
      {file_with("{\"a\":" + std::string(100000, '[')), "tensor 'a' must be an object, {...}, but is a list"},
      {file_with("{\"a\":" + std::string(1000, '{')), "its header is not JSON"},
      {entry(R"("dtype":{"x":{}})"), "the dtype of tensor 'a' is a text, but is an object, nested deeper"},
      {offsets("[[2]]", "[0,8]"), "the shape of tensor 'a' is a list of whole numbers, but holds a list"},
      // the form
      {file_with("{\"a\":3}"), "tensor 'a' must be an object, {...}, but is the number 3"},
      {file_with("{\"a\":null}"), "tensor 'a' must be an object, {...}, but is null"},
      {file_with("{\"__metadata__\":[]}"), "__metadata__ must be an object, {...}, but is a list"},
      {file_with("{\"__metadata__\":{\"k\":1}}"),
       "__metadata__ holds text only, but its 'k' is the number 1"},
      {file_with("{\"__metadata__\":{\"k\":{}}}"), "__metadata__ holds text only, but its 'k' is an object"},
      {file_with("{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}"), "'k' stands in __metadata__ twice"},
      {file_with("{\"__metadata__\":{},\"__metadata__\":{}}"),
       "name '__metadata__' stands in its header twice"},
      {file_with("{\"a\":{" + good + "},\"a\":{" + good + "}}", "12345678"),
       "the name 'a' stands in its header twice"},
      {entry(good + ",\"dtype\":\"F32\""), "tensor 'a' has dtype twice"},
      {entry(good + ",\"strides\":[1]"),
       "tensor 'a' has 'strides'; expected are dtype, shape and data_offsets"},
      {entry(R"("shape":[2],"data_offsets":[0,8])"), "tensor 'a' has no dtype"},
      {entry(R"("dtype":"F32","data_offsets":[0,8])"), "tensor 'a' has no shape"},
      {entry(R"("dtype":"F32","shape":[2])"), "tensor 'a' has no data_offsets"},
      {entry(R"("dtype":[],"shape":[2])"), "the dtype of tensor 'a' is a text, but is a list"},
      {entry(R"("dtype":"F32","shape":2)"),
       "the shape of tensor 'a' is a list of whole numbers, but is the number 2"},
      {entry(R"("dtype":"F32","shape":"2")"), "but is the text '2'"},
      {entry(R"("dtype":true)"), "but is true"},
      // types
      {one_tensor("I64", "[1]", "12345678"),
       "tensor 'a' has elements of type 'I64'; F32, F64, F16 and BF16 can"},
      {one_tensor("f32", "[1]", "1234"), "elements of type 'f32'"},
      // shapes and offsets
      {offsets("[-2]", "[0,8]"),
       "the shape of tensor 'a' is a list of whole numbers, but holds the negative number -2"},
      {offsets("[2.0]", "[0,8]"), "but holds '2.0', which is no whole number below 2^64"},
      {offsets("[18446744073709551616]", "[0,8]"),
       "but holds '18446744073709551616', which is no whole number"},
      {offsets("[2]", "[-4,4]"),
       "the data_offsets of tensor 'a' is a list of whole numbers, but holds the negative"},
      {offsets("[2]", "[0,4,8]"), "the data_offsets of tensor 'a' are two numbers, [BEGIN, END], not 3"},
      {offsets("[2]", "[]"), "[BEGIN, END], not 0"},
      {offsets("[2]", "[8,0]"), "the data of tensor 'a' ends, at 0, before it begins, at 8"},
      {offsets("[2]", "[0,16]"), "ends at byte 16, but 8 bytes follow the header: the file is cut short"},
      {offsets("[2]", "[18446744073709551608,18446744073709551615]"), "but 8 bytes follow the header"},
      {offsets("[3]", "[0,8]"),
       "the shape (3) of F32, which takes 12 bytes, but its offsets 0 and 8 leave 8"},
      {offsets("[1,1]", "[0,8]"), "the shape (1, 1) of F32, which takes 4 bytes"},
      {offsets("[4611686018427387904,2]", "[0,8]"),
       "has the shape (4611686018427387904, 2), more than memory can hold"},
      {offsets("[0,9223372036854775808]", "[0,0]"), "more than memory can hold"},
      {offsets("[18446744073709551615]", "[0,8]"), "more than memory can hold"},
      {offsets("[1" + std::string(130, 'x') + "]", "[0,8]"), "its header is not JSON"},
      {two(0, 8, 4, 12, std::string(12, 'x')),
       "the data of tensor 'b' begins at byte 4, inside another's, which ends at 8"},
      {two(0, 4, 0, 4, std::string(4, 'x')), "begins at byte 0, inside another's, which ends at 4"},
      {two(0, 4, 8, 12, std::string(12, 'x')), "no tensor has the bytes from 4 to 8, before tensor 'b'"},
      {two(4, 8, 8, 12, std::string(12, 'x')), "no tensor has the bytes from 0 to 4, before tensor 'a'"},
      {two(0, 4, 4, 8, std::string(9, 'x')),
       "9 bytes follow the header, but its tensors have 8: something was"},
      {file_with("{}", "x"), "1 bytes follow the header, but its tensors have 0"},
  };
  for (const auto& [bytes, expected] : cases) {
    const std::string message = reading_error(bytes);
    CAPTURE(message);
    CAPTURE(expected);
    CHECK(message.starts_with("[safetensors] m.safetensors: "));
    CHECK(contains(message, expected));
    CHECK(message.size() < 600);
  }
  std::string axes = "[1";
  for (int i = 0; i < 64; ++i) axes += ",1";
  CHECK(contains(reading_error(one_tensor("F32", axes + "]", "1234")), "tensor 'a' has 65 axes; at most 64"));
}

TEST_CASE("[safetensors] names in messages have no control characters and an end") {
  const std::string name = "\\u001b[31m" + std::string(10000, 'n');
  const std::string message = reading_error(file_with("{\"" + name + "\":1}"));
  CHECK(contains(message, "tensor '?[31mnnn"));
  CHECK(message.size() < 400);
}

TEST_CASE("[safetensors] a file cut at any length is an error") {
  const std::string bytes = write_safetensors(example_file());
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    CAPTURE(length);
    REQUIRE_THROWS_AS(read_safetensors(std::string_view(bytes).substr(0, length), "x"), SafeTensorsError);
  }
}

TEST_CASE("[safetensors] a file with any byte changed is an error or tensors that are within it") {
  const std::string bytes = write_safetensors(example_file());
  for (std::size_t at = 0; at < bytes.size(); ++at)
    for (const int change : {0x01, 0x02, 0x10, 0x41, 0x80}) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ change);
      CAPTURE(at);
      try {
        const SafeTensors file = read_safetensors(damaged, "x");
        REQUIRE(same(read_safetensors(write_safetensors(file), "x"), file));
      } catch (const SafeTensorsError&) {
      }
    }
}

TEST_CASE("[safetensors] what no file can hold is refused before anything is written") {
  const auto message = [](const SafeTensors& file) -> std::string {
    try {
      write_safetensors(file);
    } catch (const SafeTensorsError& error) {
      return error.what();
    }
    return "nothing was thrown";
  };
  const Tensor<float> t;
  CHECK(message({.tensors = {{"a", t}, {"b", t}, {"a", t}}}) == "[safetensors] two tensors are called 'a'");
  CHECK(message({.tensors = {{"__metadata__", t}}}) == "[safetensors] no tensor can be called __metadata__");
  CHECK(contains(message({.tensors = {{"\xff", t}}}), "is not UTF-8"));
  CHECK(contains(message({.metadata = {{"k", "\xc3"}}}), "is not UTF-8"));
}

TEST_CASE("[safetensors] files are saved and loaded, and their errors name the path") {
  const TemporaryFolder folder;
  save_safetensors(folder / "m.safetensors", example_file());
  CHECK(same(load_safetensors(folder / "m.safetensors"), example_file()));
  CHECK(folder.files() == 1);
  CHECK_THROWS_AS(load_safetensors(folder / "none"), FileError);
  write_file(folder / "other", "text");
  CHECK_THROWS_WITH_AS(load_safetensors(folder / "other"),
                       doctest::Contains((folder / "other").string().c_str()), SafeTensorsError);
}

TEST_CASE("[safetensors] a disk that takes only the beginning of a file leaves the old one whole") {
  const TemporaryFolder folder;
  const fs::path path = folder / "m.safetensors";
  save_safetensors(path, example_file());
  const SafeTensors larger{.tensors = {{"w", Tensor<float>(Shape{100, 1000})}}};

  // A limit on the size of files fails in the middle of a write, as a full disk does.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  rlimit limit;
  REQUIRE(getrlimit(RLIMIT_FSIZE, &limit) == 0);
  const rlimit small{1 << 16, limit.rlim_max};
  setrlimit(RLIMIT_FSIZE, &small);
  int error = 0;
  try {
    save_safetensors(path, larger);
  } catch (const FileError& refused) {
    error = refused.error();
  }
  setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);

  CHECK(error == EFBIG);
  CHECK(same(load_safetensors(path), example_file()));
  CHECK(folder.files() == 1);
  save_safetensors(path, larger);
  CHECK(same(load_safetensors(path), larger));
}
