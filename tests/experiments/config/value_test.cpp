#include "experiments/config/value.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

#include <bit>
#include <cmath>

#include "experiments/config/document.hpp"

using namespace unroll;

namespace {

const OptionValue an_integer = std::int64_t{0};
const OptionValue a_seed = std::uint64_t{0};
const OptionValue a_number = 0.0;
const OptionValue a_flag = false;
const OptionValue an_amount = Bytes{};
const OptionValue a_string = std::string();

}  // namespace

TEST_CASE("[config] the text of a value reads back as the value, bit for bit") {
  CHECK(rc::check("integers", [](std::int64_t x) {
    RC_ASSERT(parse_value(to_text(OptionValue(x)), an_integer) == OptionValue(x));
  }));
  CHECK(rc::check("seeds", [](std::uint64_t x) {
    RC_ASSERT(parse_value(to_text(OptionValue(x)), a_seed) == OptionValue(x));
  }));
  CHECK(rc::check("doubles of all magnitudes", [](std::uint64_t bits) {
    const auto x = std::bit_cast<double>(bits);
    RC_PRE(std::isfinite(x) && x != 0);
    RC_ASSERT(parse_value(to_text(OptionValue(x)), a_number) == OptionValue(x));
  }));
  CHECK(rc::check("amounts of memory", [](std::uint64_t x) {
    const Bytes bytes{x >> 1};
    RC_ASSERT(parse_value(to_text(bytes), an_amount) == OptionValue(bytes));
  }));
  CHECK(parse_value("true", a_flag) == OptionValue(true));
  CHECK(parse_value("false", a_flag) == OptionValue(false));
}

TEST_CASE("[config] a double has the shortest text, and 0 has one") {
  CHECK(to_text(OptionValue(1e-3)) == "0.001");
  CHECK(to_text(OptionValue(100.0)) == "100");
  CHECK(to_text(OptionValue(0.1 + 0.2)) == "0.30000000000000004");
  CHECK(to_text(*parse_value("-0.0", a_number)) == "0");
  CHECK(to_text(*parse_value("1e-3", a_number)) == to_text(*parse_value("0.0010", a_number)));
}

TEST_CASE("[config] text that is not wholly a value is none") {
  for (const char* text :
       {"", " 1", "1 ", "1.0", "1e3", "+1", "0x10", "one", "9223372036854775808", "1_000"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, an_integer));
  }
  for (const char* text : {"", "-1", "18446744073709551616", "1.5"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, a_seed));
  }
  for (const char* text : {"", "nan", "inf", "-inf", "1e999", "1,5", "1e", "NaN"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, a_number));
  }
  for (const char* text : {"", "1", "True", "yes"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, a_flag));
  }
}

TEST_CASE("[config] amounts of memory are read with units of 1000 and of 1024, and without") {
  const auto read = [](std::string_view text) {
    return std::get<Bytes>(*parse_value(text, an_amount)).count;
  };
  CHECK(read("0") == 0);
  CHECK(read("1000000") == 1'000'000);
  CHECK(read("1 GB") == 1'000'000'000);
  CHECK(read("1GiB") == 1'073'741'824);
  CHECK(read("1.5 MiB") == 1'572'864);
  CHECK(read("4.35 kB") == 4350);
  CHECK(read("512 B") == 512);
  CHECK(read("9223372036854775807") == 9'223'372'036'854'775'807u);
  for (const char* text : {"", " ", "GB", "1 ", "1  GB", "1 gb", "1 GBs", "-1", "-1 GB", "0.5", "1e3", "nan",
                           "inf GB", "9223372036854775808", "10000000 TiB", "1 GB "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_value(text, an_amount));
  }
  CHECK(to_toml(Bytes{1'000'000'000}) == "\"1 GB\"");
  CHECK(to_toml(Bytes{3 << 20}) == "\"3 MiB\"");
  CHECK(to_toml(Bytes{1'000'001}) == "1000001");
  CHECK(to_text(Bytes{}) == "0");
}

TEST_CASE("[config] any string survives being written as TOML") {
  CHECK(rc::check("ASCII strings", [](const std::string& x) {
    std::string ascii = x;
    for (char& c : ascii) c = static_cast<char>(c & 0x7F);
    const TomlDocument document = parse_document("x = " + to_toml(ascii), "x.toml");
    RC_ASSERT(std::get<std::string>(document.root.at(0).node.value) == ascii);
  }));
  CHECK(to_toml(std::string("σ\"\\")) == "\"σ\\\"\\\\\"");
}

TEST_CASE("[config] doubles keep their type in TOML, and large seeds are strings") {
  CHECK(to_toml(2.0) == "2.0");
  CHECK(to_toml(1e-8) == "1e-08");
  CHECK(to_toml(1e30) == "1e+30");
  CHECK(to_toml(std::uint64_t{9223372036854775807u}) == "9223372036854775807");
  CHECK(to_toml(std::uint64_t{9223372036854775808u}) == "\"9223372036854775808\"");
}

TEST_CASE("[config] ranges hold their limits only where they say so") {
  CHECK(at_least(1).holds(1));
  CHECK_FALSE(above(0).holds(0));
  CHECK(above(0).holds(1e-300));
  CHECK_FALSE(from_to_below(0, 1).holds(1));
  CHECK(from_to_below(0, 1).holds(0));
  CHECK(above_to(0, 1).holds(1));
  CHECK_FALSE(from_to(1, 5).holds(6));
  CHECK(OptionRange{}.holds(-1e300));
  CHECK_FALSE(at_least(0).holds(std::nan("")));
  CHECK(describe(at_least(1)) == "of at least 1");
  CHECK(describe(above(0)) == "above 0");
  CHECK(describe(from_to_below(0, 1)) == "from 0 to below 1");
  CHECK(describe(OptionRange{}) == "");
}
