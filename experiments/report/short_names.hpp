#pragma once

#include <string>
#include <vector>

namespace unroll {

/// The values of one key for people: a cell of one's own, "mgu@f8646e70", is "mgu" where no other value has
/// that name. All other values stay as they are.
std::vector<std::string> short_names(const std::vector<std::string>& values);

}  // namespace unroll
