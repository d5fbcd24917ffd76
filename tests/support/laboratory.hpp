#pragma once

#include "experiments/laboratory.hpp"

namespace unroll {

/// The laboratory of the program: the standard lists. Built once, since tests ask for it all the time.
inline const Laboratory& laboratory() {
  static const Laboratory standard;
  return standard;
}

}  // namespace unroll
