#pragma once

#include <doctest/doctest.h>

#include <string>

namespace unroll::test {

/// Says that a case can check nothing here, and why; it then returns. CTest shows a case that said so and
/// checked nothing as skipped, where one that says nothing fails (CMakeLists.txt).
inline void say_skipped(const std::string& why) { MESSAGE("skipped: ", why); }

}  // namespace unroll::test
