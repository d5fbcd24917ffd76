#pragma once

#include <boost/program_options/value_semantic.hpp>
#include <chrono>
#include <string>

namespace unroll {

/// "90s", "12min", "1.5h", "2d"; seconds without a unit are refused, since everyone means something else.
/// Throws UsageError naming the flag.
std::chrono::milliseconds duration_of(const std::string& flag, const std::string& text);

/// A flag that takes one, which is looked at while flags are read.
boost::program_options::typed_value<std::string>* duration_flag(const std::string& flag);

}  // namespace unroll
