#pragma once

#include <string>

namespace unroll {

/// The message of the Error that `action` throws; "(no error)" where it throws nothing.
template <class Error, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "(no error)";
}

}  // namespace unroll
