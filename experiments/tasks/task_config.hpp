#pragma once

#include <cstdint>
#include <string>

namespace unroll {

/// Which task, in which variant, at which length: the [task] section of a config.
struct TaskConfig {
  std::string name;
  std::string variant;
  std::int64_t length = 0;
};

}  // namespace unroll
