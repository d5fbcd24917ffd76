#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "experiments/data/scaling.hpp"

namespace unroll {

/// How the files of a task became what its model reads and answers. Kept with the model, so that more data
/// can be made ready in the same way, and answers be given in the unit of the data.
struct Preparation {
  std::vector<std::string> columns = {};  ///< of a table, in the order of the inputs; none: of an array
  bool pixels = false;                    ///< each number of an image is a step
  std::vector<std::int64_t> order = {};  ///< step t of the model is step order[t] of the data; none: as it is
  Scaling inputs = {}, target = {};
  std::vector<std::string> labels =
      {};  ///< what the outputs stand for, in their order; none: they have no names

  bool operator==(const Preparation&) const = default;
};

}  // namespace unroll
