#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <utility>

namespace unroll {

/// Fit for a terminal, whatever a message quotes, see fit_for_terminal(); and of a line of more than 2000
/// bytes the middle is left out.
std::string message_text(std::string_view text);

/// A message for people, on stderr. One that cannot be written is lost: fmt::print would throw, and a
/// terminal that is gone must not end a sweep.
template <class... Values>
void say(fmt::format_string<Values...> text, Values&&... values) {
  std::fputs(message_text(fmt::format(text, std::forward<Values>(values)...)).c_str(), stderr);
}

}  // namespace unroll
