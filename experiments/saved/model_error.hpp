#pragma once

#include <stdexcept>

namespace unroll {

/// A model that cannot be loaded: the message names its file and lists every difference found.
class ModelError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace unroll
