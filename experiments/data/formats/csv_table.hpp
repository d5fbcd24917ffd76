#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/data/formats/arrays.hpp"

namespace unroll {

/// The fields of a CSV file (RFC 4180), as text without their quotes. They lie in one string, so that a table
/// takes about as much memory as its file.
struct CsvTable {
  std::string file;                ///< what errors call it
  std::vector<std::string> names;  ///< of the columns
  std::vector<std::size_t> lines;  ///< by row: the line of the file that it begins on, from 1
  std::string characters;          ///< of all fields, row by row
  std::vector<std::size_t> ends;   ///< by field: one past its last character

  std::size_t rows() const { return lines.size(); }
  std::string_view field(std::size_t row, std::size_t column) const;
};

/// The table in a file's bytes: UTF-8, perhaps compressed by gzip, at least one row. The separator is a
/// comma, or a semicolon or tab where the first line has these and no comma. The first line holds the names
/// of the columns; one without a name, and all of them where that line holds numbers only, are called by
/// their position, "1", "2", ... Spaces around fields without quotes are no part of them; empty lines at the
/// end are none. Throws DataError, which calls the file `name` and gives the line, for what is no such table:
/// rows of different lengths, two columns of one name, stray quotes, an empty line inside, NUL, no UTF-8.
CsvTable read_csv(std::string_view bytes, const std::string& name);

/// A column as numbers.
struct CsvNumbers {
  DataArray array;           ///< (rows); `integers` where all fields are written as such and none is missing
  std::int64_t missing = 0;  ///< fields without a value, which are NaN
};

/// The numbers of the column called `column`, with a decimal point; an empty field, NA and NaN (in any case)
/// have no value. Throws DataError, with line and column, for a text that is none of these, a number beyond
/// float's range, and, where the column has integers only, one that no float holds exactly.
CsvNumbers numbers(const CsvTable& table, std::string_view column);

/// The same in double precision, of any size: whole numbers that no float holds exactly among them.
std::vector<double> real_numbers(const CsvTable& table, std::string_view column);

/// Whether a field is written as a number.
bool is_csv_number(std::string_view field);

}  // namespace unroll
