#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] loop-invariants: what no step changes is computed before the loop, what follows from it too") {
  CHECK(rewritten(passes::loop_invariants, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %V.5 (3, 3) = tanh %W.2
  %U.6 (3, 3) = transpose{permutation=(1, 0)} %V.5
  %m.7 (B, 3) = matmul %h.4 %U.6
  %h.8 (B, 3) = add %m.7 %x.3
  carry %h.8 as %h.4, last %h.9 (B, 3)
output %h.9
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
%V.3 (3, 3) = tanh %W.2
%U.4 (3, 3) = transpose{permutation=(1, 0)} %V.3
for each step of T, states (3·B)
  slice %x.5 (B, 3) of %x.0
  state %h.6 (B, 3) from %h.1
  %m.7 (B, 3) = matmul %h.6 %U.4
  %h.8 (B, 3) = add %m.7 %x.5
  carry %h.8 as %h.6, last %h.9 (B, 3)
output %h.9
)");
}

TEST_CASE(
    "[passes] loop-invariants: what reads a slice, a state or the step's index stays, and what follows from "
    "it") {
  CHECK(rewritten(passes::loop_invariants, R"(input %x.0 (T, 3)
input %h.1 (3)
input %table.2 (5, 3)
for each step of T, states (3)
  slice %x.3 (3) of %x.0
  state %h.4 (3) from %h.1
  index %step.5
  %a.6 (3) = tanh %x.3
  %b.7 (3) = add %h.4 %a.6
  %c.8 (1, 3) = reshape{dims=(1, 3)} %b.7
  %d.9 (3) = sum_to{dims=(3)} %c.8
  %count.10 () = count{dims=(3)}
  carry %d.9 as %h.4, last %h.11 (3)
output %h.11
)") == R"(input %x.0 (T, 3)
input %h.1 (3)
input %table.2 (5, 3)
%count.3 () = count{dims=(3)}
for each step of T, states (3)
  slice %x.4 (3) of %x.0
  state %h.5 (3) from %h.1
  index %step.6
  %a.7 (3) = tanh %x.4
  %b.8 (3) = add %h.5 %a.7
  %c.9 (1, 3) = reshape{dims=(1, 3)} %b.8
  %d.10 (3) = sum_to{dims=(3)} %c.9
  carry %d.10 as %h.5, last %h.11 (3)
output %h.11
)");
}

TEST_CASE("[passes] loop-invariants: what only an inner loop does not change leaves that one, and no other") {
  CHECK(rewritten(passes::loop_invariants, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for blocks of R steps of T
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  for each step of R
    slice %x.5 (B, 3) of %x.3
    state %h.6 (B, 3) from %h.4
    %V.7 (3, 3) = tanh %W.2
    %g.8 (B, 3) = exp %h.4
    %a.9 (B, 3) = matmul %g.8 %V.7
    %b.10 (B, 3) = add %x.5 %a.9
    %h.11 (B, 3) = tanh %b.10
    carry %h.11 as %h.6, last %h.12 (B, 3)
  carry %h.12 as %h.4, last %h.13 (B, 3)
output %h.13
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
%V.3 (3, 3) = tanh %W.2
for blocks of R steps of T
  slice %x.4 (R, B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  %g.6 (B, 3) = exp %h.5
  %a.7 (B, 3) = matmul %g.6 %V.3
  for each step of R
    slice %x.8 (B, 3) of %x.4
    state %h.9 (B, 3) from %h.5
    %b.10 (B, 3) = add %x.8 %a.7
    %h.11 (B, 3) = tanh %b.10
    carry %h.11 as %h.9, last %h.12 (B, 3)
  carry %h.12 as %h.5, last %h.13 (B, 3)
output %h.13
)");
}

TEST_CASE("[passes] loop-invariants: what is stacked or carried may be the same at every step") {
  CHECK(rewritten(passes::loop_invariants, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %a.4 (B, 3) = exp %h.1
  %b.5 (B, 3) = add %h.3 %x.2
  stack %a.4 into %a.6 (T, B, 3)
  stack %b.5 into %b.7 (T, B, 3)
  carry %a.4 as %h.3
output %a.6
output %b.7
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
%a.2 (B, 3) = exp %h.1
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %b.5 (B, 3) = add %h.4 %x.3
  stack %a.2 into %a.6 (T, B, 3)
  stack %b.5 into %b.7 (T, B, 3)
  carry %a.2 as %h.4
output %a.6
output %b.7
)");
}

TEST_CASE("[passes] loop-invariants: what is the same at every step is not stacked for the reverse steps") {
  CHECK(rewritten(passes::loop_invariants, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %w.2 (3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %v.5 (3) = tanh %w.2
  %h.6 (B, 3) = mul %h.4 %v.5
  stack %v.5 into %v.7 (T, 3)
  stack %h.6 into %h.8 (T, B, 3)
  carry %h.6 as %h.4, last %h.9 (B, 3)
for each step of T, reversed, states (3·B)
  slice %v.10 (3) of %v.7
  slice %h.11 (B, 3) of %h.8
  state %g.12 (B, 3) from %h.9
  %u.13 (3) = square %v.10
  %a.14 (B, 3) = mul %g.12 %u.13
  %g.15 (B, 3) = add %a.14 %h.11
  carry %g.15 as %g.12, last %g.16 (B, 3)
output %g.16
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %w.2 (3)
%v.3 (3) = tanh %w.2
for each step of T, states (3·B)
  state %h.4 (B, 3) from %h.1
  %h.5 (B, 3) = mul %h.4 %v.3
  stack %h.5 into %h.6 (T, B, 3)
  carry %h.5 as %h.4, last %h.7 (B, 3)
%u.8 (3) = square %v.3
for each step of T, reversed, states (3·B)
  slice %h.9 (B, 3) of %h.6
  state %g.10 (B, 3) from %h.7
  %a.11 (B, 3) = mul %g.10 %u.8
  %g.12 (B, 3) = add %a.11 %h.9
  carry %g.12 as %g.10, last %g.13 (B, 3)
output %g.13
)");
}
