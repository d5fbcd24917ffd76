#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// Columns that UTF-8 text takes on a terminal, every code point counted as one.
std::size_t columns_of(std::string_view text);

/// Shortest decimal that reads back as the same double; "nan", "inf", "-inf". The form in results.csv.
std::string exact_number(double value);

/// Four significant digits, for people: "0.1667", "12.34", "1.000e-30"; "nan", "inf", "-inf".
std::string short_number(double value);

/// `text` with &, <, >, " and ' written as character references.
std::string html_escaped(std::string_view text);

std::string joined(const std::vector<std::string>& parts, std::string_view separator);

/// The number that the whole of `text` is written as (decimal, not NaN), or nothing.
bool parse_number(std::string_view text, double& value);

/// XXH3-64 of the bytes, 16 hex digits: what tells contents apart in names and records.
std::string hex_hash(std::string_view bytes);

}  // namespace unroll
