#include "experiments/sweep/build_class.hpp"

#include <algorithm>

namespace unroll {

std::string_view program_of(std::string_view build) { return build.substr(0, build.find("; ")); }

std::string_view machine_of(std::string_view build) {
  return build.substr(std::min(program_of(build).size() + 2, build.size()));
}

}  // namespace unroll
