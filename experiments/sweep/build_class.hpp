#pragma once

#include <string_view>

namespace unroll {

/// What of a build's description (build_description()) is the program, up to the first "; ", and what the
/// machine: CPU model, kernels and the variants of libraries that it chose. Programs that differ may mean
/// other things by the same settings; machines that differ give other last bits.
std::string_view program_of(std::string_view build);
std::string_view machine_of(std::string_view build);

}  // namespace unroll
