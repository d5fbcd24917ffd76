#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace unroll {

/// A message for people, on stderr. One that cannot be written is lost: fmt::print would throw, and a
/// terminal that is gone must not end a sweep.
template <class... Values>
void say(fmt::format_string<Values...> text, Values&&... values) {
  std::fputs(fmt::format(text, std::forward<Values>(values)...).c_str(), stderr);
}

}  // namespace unroll
