#include <string>

#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] hoisted-inputs: the product of an input is done for a block of steps at once") {
  CHECK(rewritten(passes::hoisted_inputs, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
input %b.3 (3)
for each step of T, states (3·B)
  slice %x.4 (B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  %a.6 (B, 3) = matmul{transpose_b} %x.4 %W.2
  %c.7 (B, 3) = add %a.6 %b.3
  %h.8 (B, 3) = add %h.5 %c.7
  stack %h.8 into %h.9 (T, B, 3)
  carry %h.8 as %h.5, last %h.10 (B, 3)
output %h.9
output %h.10
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
input %b.3 (3)
for blocks of R steps of T, states (3·B)
  slice %x.4 (R, B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  %x.6 (B·R, 3) = reshape{dims=(B·R, 3)} %x.4
  %a.7 (B·R, 3) = matmul{transpose_b} %x.6 %W.2
  %a.8 (R, B, 3) = reshape{dims=(R, B, 3)} %a.7
  for each step of R
    slice %a.9 (B, 3) of %a.8
    state %h.10 (B, 3) from %h.5
    %c.11 (B, 3) = add %a.9 %b.3
    %h.12 (B, 3) = add %h.10 %c.11
    stack %h.12 into %h.13 (R, B, 3)
    carry %h.12 as %h.10, last %h.14 (B, 3)
  stack %h.13 into %h.15 (T, B, 3)
  carry %h.14 as %h.5, last %h.16 (B, 3)
output %h.15
output %h.16
)");
}

TEST_CASE("[passes] hoisted-inputs: what it needs comes along; what only follows it elementwise stays") {
  CHECK(rewritten(passes::hoisted_inputs, R"(input %x.0 (T, B, 3)
input %y.1 (T, B, 3)
input %h.2 (B, 3)
input %W.3 (3, 3)
for each step of T, reversed, states (3·B)
  slice %x.4 (B, 3) of %x.0
  slice %y.5 (B, 3) of %y.1
  state %h.6 (B, 3) from %h.2
  %m.7 (B, 3) = mul %x.4 %y.5
  %a.8 (B, 3) = matmul %m.7 %W.3
  %t.9 (B, 3) = tanh %a.8
  %h.10 (B, 3) = mul %h.6 %t.9
  carry %h.10 as %h.6, last %h.11 (B, 3)
output %h.11
)") == R"(input %x.0 (T, B, 3)
input %y.1 (T, B, 3)
input %h.2 (B, 3)
input %W.3 (3, 3)
for blocks of R steps of T, reversed, states (3·B)
  slice %x.4 (R, B, 3) of %x.0
  slice %y.5 (R, B, 3) of %y.1
  state %h.6 (B, 3) from %h.2
  %m.7 (R, B, 3) = mul %x.4 %y.5
  %m.8 (B·R, 3) = reshape{dims=(B·R, 3)} %m.7
  %a.9 (B·R, 3) = matmul %m.8 %W.3
  %a.10 (R, B, 3) = reshape{dims=(R, B, 3)} %a.9
  for each step of R, reversed
    slice %a.11 (B, 3) of %a.10
    state %h.12 (B, 3) from %h.6
    %t.13 (B, 3) = tanh %a.11
    %h.14 (B, 3) = mul %h.12 %t.13
    carry %h.14 as %h.12, last %h.15 (B, 3)
  carry %h.15 as %h.6, last %h.16 (B, 3)
output %h.16
)");
}

TEST_CASE(
    "[passes] hoisted-inputs: what follows from a state, elementwise work alone, and what reads the step's "
    "index stay") {
  check_unchanged(passes::hoisted_inputs, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
input %update.3 () integer
for each step of T, states (3·B)
  slice %x.4 (B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  index %t.6
  %a.7 (B, 3) = matmul %h.5 %W.2
  %b.8 (B, 3) = tanh %x.4
  %c.9 (B, 3) = random_mask{dims=(B, 3), keep=0.5, seed=3, layer=1} %update.3 %t.6 %update.3
  %d.10 (B, 3) = mul %b.8 %c.9
  %h.11 (B, 3) = add %a.7 %d.10
  carry %h.11 as %h.5, last %h.12 (B, 3)
output %h.12
)");
}

TEST_CASE("[passes] hoisted-inputs: a loop in blocks already is not put into blocks again") {
  CHECK(rewritten(passes::hoisted_inputs, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for blocks of R steps of T, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  for each step of R
    slice %x.5 (B, 3) of %x.3
    state %h.6 (B, 3) from %h.4
    %a.7 (B, 3) = matmul %x.5 %W.2
    %h.8 (B, 3) = add %h.6 %a.7
    carry %h.8 as %h.6, last %h.9 (B, 3)
  carry %h.9 as %h.4, last %h.10 (B, 3)
output %h.10
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for blocks of R steps of T, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %x.5 (B·R, 3) = reshape{dims=(B·R, 3)} %x.3
  %a.6 (B·R, 3) = matmul %x.5 %W.2
  %a.7 (R, B, 3) = reshape{dims=(R, B, 3)} %a.6
  for each step of R
    slice %a.8 (B, 3) of %a.7
    state %h.9 (B, 3) from %h.4
    %h.10 (B, 3) = add %h.9 %a.8
    carry %h.10 as %h.9, last %h.11 (B, 3)
  carry %h.11 as %h.4, last %h.12 (B, 3)
output %h.12
)");
}

TEST_CASE("[passes] hoisted-inputs: what the steps stack from outside is read where it is") {
  CHECK(rewritten(passes::hoisted_inputs, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %m.5 (B, 3) = mul %x.3 %h.1
  %a.6 (B, 3) = matmul %m.5 %W.2
  %h.7 (B, 3) = add %h.4 %a.6
  stack %h.1 into %h.8 (T, B, 3)
  carry %h.7 as %h.4, last %h.9 (B, 3)
output %h.8
output %h.9
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for blocks of R steps of T, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %m.5 (R, B, 3) = mul %x.3 %h.1
  %m.6 (B·R, 3) = reshape{dims=(B·R, 3)} %m.5
  %a.7 (B·R, 3) = matmul %m.6 %W.2
  %a.8 (R, B, 3) = reshape{dims=(R, B, 3)} %a.7
  for each step of R
    slice %a.9 (B, 3) of %a.8
    state %h.10 (B, 3) from %h.4
    %h.11 (B, 3) = add %h.10 %a.9
    stack %h.1 into %h.12 (R, B, 3)
    carry %h.11 as %h.10, last %h.13 (B, 3)
  stack %h.12 into %h.14 (T, B, 3)
  carry %h.13 as %h.4, last %h.15 (B, 3)
output %h.14
output %h.15
)");
}

TEST_CASE(
    "[passes] hoisted-inputs: what is spread for elementwise work alone stays, and goes where a sum needs "
    "it") {
  const std::string text = R"(input %x.0 (T, B, 3, 1)
input %h.1 (B, 3, 4)
for each step of T, states (12·B)
  slice %x.2 (B, 3, 1) of %x.0
  state %h.3 (B, 3, 4) from %h.1
  %b.4 (B, 3, 4) = broadcast_to{dims=(B, 3, 4)} %x.2
  %h.5 (B, 3, 4) = mul %h.3 %b.4
  carry %h.5 as %h.3, last %h.6 (B, 3, 4)
output %h.6
)";
  CHECK(rewritten(passes::hoisted_inputs, text) == text);
  const std::string summed = rewritten(passes::hoisted_inputs, R"(input %x.0 (T, B, 3, 1)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 3, 1) of %x.0
  state %h.3 (B, 4) from %h.1
  %b.4 (B, 3, 4) = broadcast_to{dims=(B, 3, 4)} %x.2
  %s.5 (B, 1, 4) = sum_to{dims=(B, 1, 4)} %b.4
  %s.6 (B, 4) = reshape{dims=(B, 4)} %s.5
  %h.7 (B, 4) = mul %h.3 %s.6
  carry %h.7 as %h.3, last %h.8 (B, 4)
output %h.8
)");
  CHECK(summed.find("(R, B, 3, 4) = broadcast_to") != std::string::npos);
}
