#pragma once

#include "framework/autodiff/op.hpp"

namespace unroll {

/// scatter_add: the rows of the result; place: its last axis.
struct ExtentAttrs {
  Dim extent = 0;
  static constexpr auto fields = std::tuple(field("extent", &ExtentAttrs::extent));
};

}  // namespace unroll
