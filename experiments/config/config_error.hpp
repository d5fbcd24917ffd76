#pragma once

#include <stdexcept>

namespace unroll {

/// A config, an override or a file that cannot be used. The message says where (file:line:column, or the
/// override), which key, what was expected and what was found. The program ends with exit status 2.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace unroll
