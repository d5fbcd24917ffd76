#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] single-steps: slices and stacks are reshaped, states are what they begin with") {
  CHECK(rewritten(passes::single_steps, R"(input %x.0 (1, B, 3)
input %h_0.1 (B, 3)
for each step of 1, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h_0.1
  %h.4 (B, 3) = add %x.2 %h.3
  %y.5 (B, 3) = tanh %h.4
  stack %y.5 into %ys.6 (1, B, 3)
  carry %h.4 as %h.3, last %last.7 (B, 3)
output %ys.6
output %last.7
)") == R"(input %x.0 (1, B, 3)
input %h_0.1 (B, 3)
%x.2 (B, 3) = reshape{dims=(B, 3)} %x.0
%h.3 (B, 3) = add %x.2 %h_0.1
%y.4 (B, 3) = tanh %h.3
%ys.5 (1, B, 3) = reshape{dims=(1, B, 3)} %y.4
output %ys.5
output %h.3
)");
}
