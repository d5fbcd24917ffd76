#pragma once

#include <string>
#include <string_view>

namespace unroll {

/// What of a build's description (build_description()) is the program, up to the first "; ", and what the
/// machine: CPU model, kernels and the variants of libraries that it chose. Programs that differ may mean
/// other things by the same settings; machines that differ give other last bits.
std::string_view program_of(std::string_view build);
std::string_view machine_of(std::string_view build);

/// Why trials of one program are not added to those of another, and what to do.
std::string refusal_of_build(std::string_view there, std::string_view here);

}  // namespace unroll
