#pragma once

#include "framework/autodiff/gradients.hpp"

namespace unroll {

/// The reverse pass of a scan node: one scan in the other direction, whose step pulls the cotangents of the
/// state, the stacked and the summed results back through the recorded step. Input and output swap roles:
/// what was stacked becomes an input, what was captured becomes a sum, the final state's cotangent is the
/// initial one. Forward values that the rules read are stacked by the forward scan (residuals) and are inputs
/// here.
void reverse_scan(ReversePass& pass, NodeId node);

}  // namespace unroll
