#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] transposed-weights: a weight that a step would read transposed is transposed once, before the "
    "loops that do") {
  CHECK(rewritten(passes::transposed_weights, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul{transpose_b} %h.4 %W.2
  %b.6 (B, 3) = matmul{transpose_b} %x.3 %W.2
  %h.7 (B, 3) = add %a.5 %b.6
  carry %h.7 as %h.4, last %h.8 (B, 3)
for each step of T, reversed, states (3·B)
  slice %x.9 (B, 3) of %x.0
  state %h.10 (B, 3) from %h.8
  %c.11 (B, 3) = matmul{transpose_b} %x.9 %W.2
  %h.12 (B, 3) = add %c.11 %h.10
  carry %h.12 as %h.10, last %h.13 (B, 3)
output %h.13
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
%transpose.3 (3, 3) = transpose{permutation=(1, 0)} %W.2
for each step of T, states (3·B)
  slice %x.4 (B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  %a.6 (B, 3) = matmul %h.5 %transpose.3
  %b.7 (B, 3) = matmul %x.4 %transpose.3
  %h.8 (B, 3) = add %a.6 %b.7
  carry %h.8 as %h.5, last %h.9 (B, 3)
for each step of T, reversed, states (3·B)
  slice %x.10 (B, 3) of %x.0
  state %h.11 (B, 3) from %h.9
  %c.12 (B, 3) = matmul %x.10 %transpose.3
  %h.13 (B, 3) = add %c.12 %h.11
  carry %h.13 as %h.11, last %h.14 (B, 3)
output %h.14
)");
}

TEST_CASE(
    "[passes] transposed-weights: also for steps in blocks; for what the code before the loop makes too") {
  CHECK(rewritten(passes::transposed_weights, R"(input %x.0 (T, B, 3)
input %W.1 (2, 3)
%V.2 (2, 3) = tanh %W.1
for blocks of R steps of T
  slice %x.3 (R, B, 3) of %x.0
  for each step of R
    slice %x.4 (B, 3) of %x.3
    %a.5 (B, 2) = matmul{transpose_b} %x.4 %V.2
    stack %a.5 into %a.6 (R, B, 2)
  stack %a.6 into %a.7 (T, B, 2)
output %a.7
)") == R"(input %x.0 (T, B, 3)
input %W.1 (2, 3)
%V.2 (2, 3) = tanh %W.1
%transpose.3 (3, 2) = transpose{permutation=(1, 0)} %V.2
for blocks of R steps of T
  slice %x.4 (R, B, 3) of %x.0
  for each step of R
    slice %x.5 (B, 3) of %x.4
    %a.6 (B, 2) = matmul %x.5 %transpose.3
    stack %a.6 into %a.7 (R, B, 2)
  stack %a.7 into %a.8 (T, B, 2)
output %a.8
)");
}

TEST_CASE(
    "[passes] transposed-weights: a product outside of loops, one that is not transposed, and one with what "
    "a step makes stay") {
  check_unchanged(passes::transposed_weights, R"(input %x.0 (T, 3, 3)
input %W.1 (3, 3)
%a.2 (3, 3) = matmul{transpose_b} %W.1 %W.1
for each step of T
  slice %x.3 (3, 3) of %x.0
  %b.4 (3, 3) = matmul %x.3 %a.2
  %c.5 (3, 3) = matmul{transpose_b} %a.2 %b.4
  stack %c.5 into %c.6 (T, 3, 3)
output %c.6
)");
}

TEST_CASE("[passes] transposed-weights: a batch of matrices stays as it is") {
  check_unchanged(passes::transposed_weights, R"(input %x.0 (T, 2, 4, 3)
input %W.1 (2, 5, 3)
for each step of T
  slice %x.2 (2, 4, 3) of %x.0
  %a.3 (2, 4, 5) = matmul{transpose_b} %x.2 %W.1
  stack %a.3 into %a.4 (T, 2, 4, 5)
output %a.4
)");
}

TEST_CASE("[passes] transposed-weights: a frozen weight is transposed for products outside of loops too") {
  CHECK(rewritten(passes::transposed_weights, R"(input %x.0 (B, 3)
frozen %W.1 (3, 3)
input %V.2 (3, 3)
%a.3 (B, 3) = matmul{transpose_b} %x.0 %W.1
%b.4 (B, 3) = matmul{transpose_b} %a.3 %V.2
output %b.4
)") == R"(input %x.0 (B, 3)
frozen %W.1 (3, 3)
input %V.2 (3, 3)
%transpose.3 (3, 3) = transpose{permutation=(1, 0)} %W.1
%a.4 (B, 3) = matmul %x.0 %transpose.3
%b.5 (B, 3) = matmul{transpose_b} %a.4 %V.2
output %b.5
)");
}
