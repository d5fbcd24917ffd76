#pragma once

#include <stdexcept>

namespace unroll {

/// Data that cannot be used. The message names the file, the place in it (array, row, column, line, byte),
/// what was expected, what was found, and the likely cause. The program ends with exit status 2.
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace unroll
