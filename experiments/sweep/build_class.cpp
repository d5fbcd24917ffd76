#include "experiments/sweep/build_class.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unroll {

std::string_view program_of(std::string_view build) { return build.substr(0, build.find("; ")); }

std::string_view machine_of(std::string_view build) {
  return build.substr(std::min(program_of(build).size() + 2, build.size()));
}

std::string refusal_of_build(std::string_view there, std::string_view here) {
  return fmt::format(
      "the finished trials were computed by another build, whose bits may differ:\n"
      "  there: {}\n  here:  {}\n"
      "Choose another --out, or continue all the same with --allow-other-build.",
      there, here);
}

}  // namespace unroll
