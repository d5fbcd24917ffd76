#pragma once

#include "framework/random/stream.hpp"
#include "models/initialiser.hpp"

namespace unroll::test {

/// The elements with which the parameter `index` of a trial begins.
inline Tensor<float> drawn_start(const InitialiserOptions& options, const Shape& shape,
                                 std::uint32_t index = 0) {
  Stream stream(1, Purpose::parameters, {index});
  return initialise(options, shape, stream);
}

}  // namespace unroll::test
