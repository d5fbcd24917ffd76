#include "experiments/data/formats/csv_table.hpp"

#include <cmath>
#include <limits>
#include <vector>

#include "tests/experiments/data/formats/fixture.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"

using namespace unroll;
using namespace unroll::formats_tests;

namespace {

using Rows = std::vector<std::vector<std::string>>;
using Names = std::vector<std::string>;

Rows rows_of(const CsvTable& table) {
  Rows rows(table.rows());
  for (std::size_t row = 0; row < table.rows(); ++row)
    for (std::size_t column = 0; column < table.names.size(); ++column)
      rows[row].emplace_back(table.field(row, column));
  return rows;
}

Rows rows_of(std::string_view bytes) { return rows_of(read_csv(bytes, "x.csv")); }

Names names_of(std::string_view bytes) { return read_csv(bytes, "x.csv").names; }

std::string csv_refusal(std::string_view bytes) {
  return error_of<DataError>([&] { read_csv(bytes, "x.csv"); });
}

CsvNumbers column(std::string_view bytes, std::string_view name) {
  return numbers(read_csv(bytes, "x.csv"), name);
}

std::string csv_refusal(std::string_view bytes, std::string_view name) {
  return error_of<DataError>([&] { column(bytes, name); });
}

}  // namespace

TEST_CASE("[csv] names, fields and the lines that rows begin on") {
  const CsvTable table = read_csv("\"Month\",\"Passengers\"\n\"1949-01\",112\n\"1949-02\",118\n", "x.csv");
  CHECK(table.names == Names{"Month", "Passengers"});
  CHECK(rows_of(table) == Rows{{"1949-01", "112"}, {"1949-02", "118"}});
  CHECK(table.lines == std::vector<std::size_t>{2, 3});
}

TEST_CASE("[csv] quoted fields hold separators, quotes and line ends, and lines are counted through them") {
  const CsvTable table = read_csv("a,b\n\"1,\n\n2\",\"say \"\"yes\"\"\"\n3,\"\"\n", "x.csv");
  CHECK(rows_of(table) == Rows{{"1,\n\n2", "say \"yes\""}, {"3", ""}});
  CHECK(table.lines == std::vector<std::size_t>{2, 5});
  CHECK(names_of("\"a\nb\",c\nx,y\n") == Names{"a\nb", "c"});
}

TEST_CASE("[csv] line ends of all systems, none at the end, a byte-order mark and empty lines at the end") {
  const Rows expected = {{"1", "2"}, {"3", "4"}};
  for (const char* text :
       {"a,b\n1,2\n3,4\n", "a,b\n1,2\n3,4", "a,b\r\n1,2\r\n3,4\r\n", "a,b\r\n1,2\r\n3,4", "a,b\r1,2\r3,4\r",
        "\xEF\xBB\xBF"
        "a,b\n1,2\n3,4\n",
        "a,b\n1,2\n3,4\n\n", "a,b\r\n1,2\r\n3,4\r\n\r\n  \r\n", "a, b \n 1,2 \n3,\t4\n"}) {
    CAPTURE(text);
    CHECK(names_of(text) == Names{"a", "b"});
    CHECK(rows_of(text) == expected);
    CHECK(read_csv(text, "x.csv").lines == std::vector<std::size_t>{2, 3});
  }
  CHECK(rows_of(gzip_of("a,b\n1,2\n3,4\n")) == expected);
}

TEST_CASE("[csv] a file without names has columns called by their position") {
  const CsvTable table = read_csv("1,-2.5,+3e4\n4,5,6\n", "x.csv");
  CHECK(table.names == Names{"1", "2", "3"});
  CHECK(table.rows() == 2);
  CHECK(table.lines == std::vector<std::size_t>{1, 2});
  CHECK(names_of("1,x\n2,3\n") == Names{"1", "x"});  // one name that is no number makes all of them names
  CHECK(names_of(",x,\n0,1,2\n") == Names{"1", "x", "3"});  // as pandas writes its index
}

TEST_CASE("[csv] semicolons and tabs separate where the first line has them and no comma") {
  CHECK(rows_of("a;b\n1,5;2\n") == Rows{{"1,5", "2"}});
  CHECK(rows_of("a\tb\n1\t\n\t\n") == Rows{{"1", ""}, {"", ""}});
  CHECK(rows_of("\"a,b\";c\n1;2\n") == Rows{{"1", "2"}});
  CHECK(names_of("a;b,c\n1,2\n") == Names{"a;b", "c"});
  CHECK(rows_of("x\n1\n2\n") == Rows{{"1"}, {"2"}});
}

TEST_CASE("[csv] rows of different lengths are refused with their line and both counts") {
  CHECK(
      csv_refusal("a,b\n1,2\n\"3\n\",4\n5\n") ==
      "[csv] x.csv, line 5: expected 2 fields, as the first line has, but found 1: is a separator or a quote "
      "missing, or one too many?");
  CHECK(
      contains(csv_refusal("a,b\n1,2,3\n"), "line 2: expected 2 fields, as the first line has, but found 3"));
  CHECK(contains(csv_refusal("a,b\n1,2\n3"), "line 3: expected 2 fields"));
}

TEST_CASE("[csv] an empty line inside is refused: it could be a missing value") {
  CHECK(csv_refusal("a\n1\n\n\n2\n") ==
        "[csv] x.csv, line 3: the line is empty, but on line 5 the table goes on: remove it, or write NA for "
        "values "
        "that are missing");
  CHECK(contains(csv_refusal("\na\n1\n"), "line 1: the line is empty"));
}

TEST_CASE("[csv] two columns of one name are refused") {
  CHECK(csv_refusal("a,b,a\n1,2,3\n") ==
        "[csv] x.csv, line 1: the columns 1 and 3 are both called \"a\": rename one of them");
  CHECK(contains(csv_refusal("2,,x\n1,2,3\n"), "the columns 1 and 2 are both called \"2\""));
}

TEST_CASE("[csv] stray quotes are refused where they stand") {
  CHECK(csv_refusal("a,b\n1,x\"y\n") ==
        "[csv] x.csv, line 2: at byte 4 of the line, near \"1,x\"y?\", a quote stands inside a field, or "
        "text behind "
        "a quoted one: a field with a quote is written \"...\"\"...\"");
  CHECK(contains(csv_refusal("a,b\n1,\"x\"y\n"), "line 2: at byte 6 of the line"));
  CHECK(
      csv_refusal("a,b\n1,2\n3,\"4\n5,6\n") ==
      "[csv] x.csv, line 3: a quoted field begins in this row and does not end: is a closing quote missing?");
}

TEST_CASE("[csv] what is no text is refused with the byte and the likely cause") {
  CHECK(csv_refusal("caf\xE9,b\n1,2\n") ==
        "[csv] x.csv: byte 0xE9 at offset 3 (line 1) is not UTF-8; perhaps it is Latin-1 or Windows-1252; "
        "convert it "
        "with: iconv -f WINDOWS-1252 -t UTF-8");
  CHECK(contains(csv_refusal(std::string("a,b\n1,\0\n", 8)), "byte 0x00 at offset 6 (line 2) is no text"));
  CHECK(contains(csv_refusal(std::string("\xFF\xFE\x61\0,\0b\0", 8)), "UTF-16"));
  CHECK(contains(csv_refusal(""), "is empty"));
  CHECK(contains(csv_refusal(" \n\n"), "the file holds spaces and empty lines only"));
  CHECK(contains(csv_refusal("a,b\n"), "the table has names of columns, but no rows"));
  CHECK(contains(csv_refusal(gzip_of("a,b\n1,2\n").substr(0, 20)), "[gzip] x.csv: it is cut short"));
}

TEST_CASE("[csv] a column of numbers, integers known as such") {
  const CsvNumbers decimals = column("t,x\na,1.5\nb,-2e-3\nc, 3 \nd,\"4\"\n", "x");
  CHECK(decimals.array.values.same_bits(Tensor<float>({4}, {1.5f, -2e-3f, 3, 4})));
  CHECK(!decimals.array.integers);
  CHECK(decimals.missing == 0);
  const CsvNumbers integers = column("x\n-1\n+2\n007\n", "x");
  CHECK(integers.array.values.same_bits(Tensor<float>({3}, {-1, 2, 7})));
  CHECK(integers.array.integers);
  CHECK(column("1,2\n3,4\n", "2").array.values.same_bits(Tensor<float>({2}, {2, 4})));
  CHECK(std::isinf(column("x\ninf\n", "x").array.values[0]));
}

TEST_CASE("[csv] fields without a value are NaN and counted") {
  const CsvNumbers found = column("x,y\n1,a\n,a\nNA,a\nnan,a\n NaN ,a\n\"\",a\n2,a\n", "x");
  CHECK(found.missing == 5);
  CHECK(!found.array.integers);
  for (std::int64_t row = 0; row < 7; ++row)
    CHECK(std::isnan(found.array.values[row]) == (row > 0 && row < 6));
}

TEST_CASE("[csv] a text where a number should be is refused with file, line, column and text") {
  CHECK(csv_refusal("Date,Temp\n1982-07-19,1.5\n1982-07-20,?0.2\n", "Temp") ==
        "[csv] x.csv, line 3, column \"Temp\": found \"?0.2\"; expected a number; a value that is missing is "
        "an empty "
        "field, NA or nan");
  CHECK(csv_refusal("a;b\n1,5;2\n", "a") ==
        "[csv] x.csv, line 2, column \"a\": found \"1,5\"; expected a number, with a decimal point and no "
        "other "
        "separators");
  for (const char* text : {"0x10", "1.5.2", "1 2", "--1", "+-1", "+", "-", ".", "e5", "n/a", "1e", "١"}) {
    CAPTURE(text);
    CHECK(contains(csv_refusal("x\n" + std::string(text) + "\n", "x"), "line 2, column \"x\": found"));
  }
  const std::string message = csv_refusal("x\n" + std::string(100000, 'a') + "\n", "x");
  CHECK(contains(message, "aaa...\""));
  CHECK(message.size() < 300);
}

TEST_CASE("[csv] numbers that no float holds are refused") {
  CHECK(contains(csv_refusal("x\n1\n-1e39\n", "x"),
                 "line 3, column \"x\": found \"-1e39\"; expected a number of at most 3.4"));
  CHECK(column("x\n1e-60\n", "x").array.values[0] == 0.0f);
  CHECK(column("x\n16777216\n16777218\n", "x").array.integers);
  CHECK(csv_refusal("x\n1\n16777217\n", "x") ==
        "[csv] x.csv, line 3, column \"x\": found \"16777217\"; the column has integers only, and no 32-bit "
        "float "
        "holds this one exactly: make them smaller (subtract the least one), or write a decimal point if "
        "rounding "
        "does no harm");
  CHECK(contains(csv_refusal("x\n9223372036854775807\n", "x"), "holds this one exactly"));
  CHECK(contains(csv_refusal("x\n9007199254740993\n", "x"), "holds this one exactly"));
  CHECK(contains(csv_refusal("x\n100000000000000000000\n", "x"), "holds this one exactly"));
  // Among real numbers it is rounded as these are.
  CHECK(column("x\n0.5\n16777217\n", "x").array.values[1] == 16777216.0f);
  CHECK(column("x\n16777217\n0.5\n", "x").array.values[0] == 16777216.0f);
}

TEST_CASE("[csv] a column that is not there: the nearest name, or those there are") {
  CHECK(csv_refusal("Month,Passengers\n1,2\n", "Passanger") ==
        "[csv] x.csv: there is no column \"Passanger\"; did you mean \"Passengers\"?");
  CHECK(csv_refusal("Month,Passengers\n1,2\n", "temperature") ==
        "[csv] x.csv: there is no column \"temperature\"; there are Month, Passengers");
}

TEST_CASE("[csv] a file cut at any length is a table or an error, and so is one with any byte changed") {
  const std::string text = "\"a\",b\n\"1\"\"\n\",2.5\n3,\"4\"\n";
  for (std::size_t at = 0; at < text.size(); ++at)
    for (int byte = 0; byte < 256; ++byte) {
      std::string changed = text.substr(0, byte == 0 ? at : text.size());
      if (byte != 0) changed[at] = static_cast<char>(byte);
      try {
        const CsvTable table = read_csv(changed, "x.csv");
        REQUIRE(table.ends.size() == table.rows() * table.names.size());
      } catch (const DataError&) {
      }
    }
}
