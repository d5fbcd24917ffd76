#pragma once

#include <cstdint>
#include <string>

#include "experiments/config/text_file.hpp"

namespace unroll {

/// Which task, in which variant, at which length: the [task] section of a config.
struct TaskConfig {
  std::string name;
  std::string variant;
  std::int64_t length = 0;
  // Of tasks on a text of the user's:
  TextFile text = {};             ///< training text, or all of it
  TextFile validation_text = {};  ///< empty: the fraction of `text` that follows the training part
  TextFile test_text = {};
  double validation_fraction = 0;
  double test_fraction = 0;
  std::int64_t min_count = 1;   ///< of a token in the vocabulary
  std::int64_t vocabulary = 0;  ///< most frequent tokens that stay; 0: all

  bool operator==(const TaskConfig&) const = default;
};

}  // namespace unroll
