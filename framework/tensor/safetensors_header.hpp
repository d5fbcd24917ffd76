#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

// The header of a safetensors file as it is written there: nothing in it has been compared with anything.

struct SafeTensorsEntry {
  std::string name;
  std::string dtype;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin, end;  ///< bytes, from the end of the header on
};

struct SafeTensorsHeader {
  std::map<std::string, std::string> metadata = {};
  std::vector<SafeTensorsEntry> entries = {};
};

constexpr std::string_view metadata_key = "__metadata__";

/// Reads the JSON. Memory grows with `json`, never with what stands in it. Throws SafeTensorsError that names
/// `origin`, with the byte where there is one, for what is not JSON, not of this form, or named twice.
SafeTensorsHeader parse_safetensors_header(std::string_view json, std::string_view origin);

/// The JSON again, in the order of the entries, without padding. Throws SafeTensorsError for text that is not
/// UTF-8.
std::string safetensors_header_text(const SafeTensorsHeader& header);

/// A name as a message shows it: 'NAME', without control characters and not endless.
std::string in_quotes(std::string_view name);

}  // namespace unroll
