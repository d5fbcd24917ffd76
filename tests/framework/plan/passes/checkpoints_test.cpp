#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] checkpoints: the forward loop keeps a state for each segment, and the backward one makes the "
    "rest again") {
  CHECK(rewritten(passes::checkpoints, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %U.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %h.4 %U.2
  %b.6 (B, 3) = add %a.5 %x.3
  %h.7 (B, 3) = tanh %b.6
  stack %h.7 into %h.8 (T, B, 3)
  carry %h.7 as %h.4, last %h.9 (B, 3)
for each step of T, reversed, states (3·B)
  slice %h.10 (B, 3) of %h.8
  state %g.11 (B, 3) from %h.9
  %c.12 (B, 3) = mul %g.11 %h.10
  %g.13 (B, 3) = matmul{transpose_b} %c.12 %U.2
  carry %g.13 as %g.11, last %g.14 (B, 3)
output %g.14
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %U.2 (3, 3)
for segments of S steps of T
  slice %x.3 (S, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  for each step of S, states (3·B)
    slice %x.5 (B, 3) of %x.3
    state %h.6 (B, 3) from %h.4
    %a.7 (B, 3) = matmul %h.6 %U.2
    %b.8 (B, 3) = add %a.7 %x.5
    %h.9 (B, 3) = tanh %b.8
    carry %h.9 as %h.6, last %h.10 (B, 3)
  stack %h.4 into %h.11 (N, B, 3)
  carry %h.10 as %h.4, last %h.12 (B, 3)
for segments of S steps of T, reversed
  slice %h.13 (B, 3) of %h.11
  slice %x.14 (S, B, 3) of %x.0
  state %g.15 (B, 3) from %h.12
  for each step of S, states (3·B)
    slice %x.16 (B, 3) of %x.14
    state %h.17 (B, 3) from %h.13
    %a.18 (B, 3) = matmul %h.17 %U.2
    %b.19 (B, 3) = add %a.18 %x.16
    %h.20 (B, 3) = tanh %b.19
    stack %h.20 into %h.21 (S, B, 3)
    carry %h.20 as %h.17
  for each step of S, reversed, states (3·B)
    slice %h.22 (B, 3) of %h.21
    state %g.23 (B, 3) from %g.15
    %c.24 (B, 3) = mul %g.23 %h.22
    %g.25 (B, 3) = matmul{transpose_b} %c.24 %U.2
    carry %g.25 as %g.23, last %g.26 (B, 3)
  carry %g.26 as %g.15, last %g.27 (B, 3)
output %g.27
)");
}

TEST_CASE(
    "[passes] checkpoints: what others read too is stacked by the first loop all the same, and not made "
    "again for them") {
  CHECK(rewritten(passes::checkpoints, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %a.4 (B, 3) = add %h.3 %x.2
  %h.5 (B, 3) = tanh %a.4
  stack %a.4 into %a.6 (T, B, 3)
  stack %h.5 into %h.7 (T, B, 3)
  carry %h.5 as %h.3
for each step of T, reversed, states (3·B)
  slice %a.8 (B, 3) of %a.6
  slice %h.9 (B, 3) of %h.7
  state %g.10 (B, 3) from %h.1
  %c.11 (B, 3) = mul %a.8 %h.9
  %g.12 (B, 3) = add %c.11 %g.10
  carry %g.12 as %g.10, last %g.13 (B, 3)
%d.14 (T, B, 3) = exp %h.7
output %g.13
output %d.14
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for segments of S steps of T
  slice %x.2 (S, B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  for each step of S, states (3·B)
    slice %x.4 (B, 3) of %x.2
    state %h.5 (B, 3) from %h.3
    %a.6 (B, 3) = add %h.5 %x.4
    %h.7 (B, 3) = tanh %a.6
    stack %h.7 into %h.8 (S, B, 3)
    carry %h.7 as %h.5, last %h.9 (B, 3)
  stack %h.8 into %h.10 (T, B, 3)
  stack %h.3 into %h.11 (N, B, 3)
  carry %h.9 as %h.3
for segments of S steps of T, reversed
  slice %h.12 (B, 3) of %h.11
  slice %x.13 (S, B, 3) of %x.0
  slice %h.14 (S, B, 3) of %h.10
  state %g.15 (B, 3) from %h.1
  for each step of S, states (3·B)
    slice %x.16 (B, 3) of %x.13
    state %h.17 (B, 3) from %h.12
    %a.18 (B, 3) = add %h.17 %x.16
    %h.19 (B, 3) = tanh %a.18
    stack %a.18 into %a.20 (S, B, 3)
    carry %h.19 as %h.17
  for each step of S, reversed, states (3·B)
    slice %a.21 (B, 3) of %a.20
    slice %h.22 (B, 3) of %h.14
    state %g.23 (B, 3) from %g.15
    %c.24 (B, 3) = mul %a.21 %h.22
    %g.25 (B, 3) = add %c.24 %g.23
    carry %g.25 as %g.23, last %g.26 (B, 3)
  carry %g.26 as %g.15, last %g.27 (B, 3)
%d.28 (T, B, 3) = exp %h.10
output %g.27
output %d.28
)");
}

TEST_CASE(
    "[passes] checkpoints: where all that the backward loop reads is read by others too, nothing is cut") {
  check_unchanged(passes::checkpoints, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %U.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %h.4 %U.2
  %b.6 (B, 3) = add %a.5 %x.3
  %h.7 (B, 3) = tanh %b.6
  stack %h.7 into %h.8 (T, B, 3)
  carry %h.7 as %h.4, last %h.9 (B, 3)
for each step of T, reversed, states (3·B)
  slice %h.10 (B, 3) of %h.8
  state %g.11 (B, 3) from %h.9
  %g.12 (B, 3) = add %h.10 %g.11
  carry %g.12 as %g.11, last %g.13 (B, 3)
output %g.13
output %h.8
)");
}

TEST_CASE("[passes] checkpoints: loops that go the same way, and one that nothing goes back over, stay") {
  check_unchanged(passes::checkpoints, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %U.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %h.4 %U.2
  %b.6 (B, 3) = add %a.5 %x.3
  %h.7 (B, 3) = tanh %b.6
  stack %h.7 into %h.8 (T, B, 3)
  carry %h.7 as %h.4, last %h.9 (B, 3)
for each step of T, states (3·B)
  slice %h.10 (B, 3) of %h.8
  state %g.11 (B, 3) from %h.9
  %g.12 (B, 3) = mul %g.11 %h.10
  carry %g.12 as %g.11, last %g.13 (B, 3)
output %g.13
)");
}

TEST_CASE("[passes] checkpoints: blocks of steps are cut where blocks end") {
  CHECK(rewritten(passes::checkpoints, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for blocks of R steps of T, states (3·B)
  slice %x.2 (R, B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  for each step of R
    slice %x.4 (B, 3) of %x.2
    state %h.5 (B, 3) from %h.3
    %h.6 (B, 3) = add %h.5 %x.4
    stack %h.6 into %h.7 (R, B, 3)
    carry %h.6 as %h.5, last %h.8 (B, 3)
  stack %h.7 into %h.9 (T, B, 3)
  carry %h.8 as %h.3
for blocks of R steps of T, reversed, states (3·B)
  slice %h.10 (R, B, 3) of %h.9
  state %g.11 (B, 3) from %h.1
  %s.12 (B, 3) = sum_to{dims=(B, 3)} %h.10
  %g.13 (B, 3) = add %g.11 %s.12
  carry %g.13 as %g.11, last %g.14 (B, 3)
output %g.14
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for segments of S steps of T
  slice %x.2 (S, B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  for blocks of R steps of S, states (3·B)
    slice %x.4 (R, B, 3) of %x.2
    state %h.5 (B, 3) from %h.3
    for each step of R
      slice %x.6 (B, 3) of %x.4
      state %h.7 (B, 3) from %h.5
      %h.8 (B, 3) = add %h.7 %x.6
      carry %h.8 as %h.7, last %h.9 (B, 3)
    carry %h.9 as %h.5, last %h.10 (B, 3)
  stack %h.3 into %h.11 (N, B, 3)
  carry %h.10 as %h.3
for segments of S steps of T, reversed
  slice %h.12 (B, 3) of %h.11
  slice %x.13 (S, B, 3) of %x.0
  state %g.14 (B, 3) from %h.1
  for blocks of R steps of S, states (3·B)
    slice %x.15 (R, B, 3) of %x.13
    state %h.16 (B, 3) from %h.12
    for each step of R
      slice %x.17 (B, 3) of %x.15
      state %h.18 (B, 3) from %h.16
      %h.19 (B, 3) = add %h.18 %x.17
      stack %h.19 into %h.20 (R, B, 3)
      carry %h.19 as %h.18, last %h.21 (B, 3)
    stack %h.20 into %h.22 (S, B, 3)
    carry %h.21 as %h.16
  for blocks of R steps of S, reversed, states (3·B)
    slice %h.23 (R, B, 3) of %h.22
    state %g.24 (B, 3) from %g.14
    %s.25 (B, 3) = sum_to{dims=(B, 3)} %h.23
    %g.26 (B, 3) = add %g.24 %s.25
    carry %g.26 as %g.24, last %g.27 (B, 3)
  carry %g.27 as %g.14, last %g.28 (B, 3)
output %g.28
)");
}
