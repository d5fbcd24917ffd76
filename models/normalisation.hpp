#pragma once

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// (v - mean) / sqrt(variance + 1e-5) over the last axis, without gain or bias; Ba, Kiros & Hinton 2016, eq.
/// 3, with the epsilon that PyTorch's nn.LayerNorm has.
Var layer_norm(Var v);

}  // namespace unroll
