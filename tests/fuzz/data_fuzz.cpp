#include <cstddef>
#include <cstdint>
#include <string_view>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/arrays.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "framework/tensor/stored_array.hpp"

// libFuzzer: whatever bytes are given as a file of arrays or as a table, they are one, with no more in it
// than the bytes have room for, or a DataError.

using namespace unroll;

namespace {

void arrays_of(std::string_view bytes) {
  std::uint64_t elements = 0;
  for (const auto& [name, array] : read_arrays(bytes, "fuzz")) {
    elements += array.values.span().size();
    if (array.values.numel() != array.values.shape().numel()) __builtin_trap();
  }
  if (elements > most_compression * (bytes.size() + 1)) __builtin_trap();
}

/// Every column is read as numbers, and its rows are where they are said to be.
void table_of(std::string_view bytes) {
  const CsvTable table = read_csv(bytes, "fuzz");
  if (table.rows() == 0 || table.ends.size() != table.rows() * table.names.size()) __builtin_trap();
  if (table.ends.back() != table.characters.size()) __builtin_trap();
  for (std::size_t row = 1; row < table.rows(); ++row)
    if (table.lines[row] <= table.lines[row - 1]) __builtin_trap();
  for (const std::string& name : table.names) {
    try {
      const CsvNumbers column = numbers(table, name);
      if (column.array.values.span().size() != table.rows()) __builtin_trap();
    } catch (const DataError&) {
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto read : {arrays_of, table_of}) {
    try {
      read(bytes);
    } catch (const DataError&) {
    }
  }
  return 0;
}
