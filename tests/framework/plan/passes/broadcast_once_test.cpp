#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] broadcast-once: a bias is laid out for all rows of the batch before the steps") {
  CHECK(rewritten(passes::broadcast_once, R"(input %x.0 (T, B, 3)
input %b.1 (3)
for each step of T
  slice %x.2 (B, 3) of %x.0
  %a.3 (B, 3) = add %x.2 %b.1
  %c.4 (B, 3) = mul %b.1 %a.3
  stack %c.4 into %c.5 (T, B, 3)
output %c.5
)") == R"(input %x.0 (T, B, 3)
input %b.1 (3)
%broadcast_to.2 (B, 3) = broadcast_to{dims=(B, 3)} %b.1
for each step of T
  slice %x.3 (B, 3) of %x.0
  %a.4 (B, 3) = add %x.3 %broadcast_to.2
  %c.5 (B, 3) = mul %broadcast_to.2 %a.4
  stack %c.5 into %c.6 (T, B, 3)
output %c.6
)");
}

TEST_CASE("[passes] broadcast-once: also a column; not a scalar, nor what a step makes") {
  CHECK(rewritten(passes::broadcast_once, R"(input %x.0 (T, B, 3)
input %m.1 (B, 1)
input %s.2 ()
for each step of T
  slice %x.3 (B, 3) of %x.0
  %a.4 (B, 3) = mul %x.3 %m.1
  %b.5 (B, 3) = mul %a.4 %s.2
  %c.6 (3) = sum_to{dims=(3)} %b.5
  %d.7 (B, 3) = add %b.5 %c.6
  stack %d.7 into %d.8 (T, B, 3)
output %d.8
)") == R"(input %x.0 (T, B, 3)
input %m.1 (B, 1)
input %s.2 ()
%broadcast_to.3 (B, 3) = broadcast_to{dims=(B, 3)} %m.1
for each step of T
  slice %x.4 (B, 3) of %x.0
  %a.5 (B, 3) = mul %x.4 %broadcast_to.3
  %b.6 (B, 3) = mul %a.5 %s.2
  %c.7 (3) = sum_to{dims=(3)} %b.6
  %d.8 (B, 3) = add %b.6 %c.7
  stack %d.8 into %d.9 (T, B, 3)
output %d.9
)");
}

TEST_CASE(
    "[passes] broadcast-once: outside of loops, and where a block's length decides on the shape, nothing "
    "changes") {
  check_unchanged(passes::broadcast_once, R"(input %x.0 (T, B, 3)
input %b.1 (3)
%a.2 (T, B, 3) = add %x.0 %b.1
for blocks of R steps of T
  slice %a.3 (R, B, 3) of %a.2
  %c.4 (R, B, 3) = mul %a.3 %b.1
  stack %c.4 into %c.5 (T, B, 3)
output %c.5
)");
}

TEST_CASE("[passes] broadcast-once: what an outer loop makes is laid out there") {
  CHECK(rewritten(passes::broadcast_once, R"(input %x.0 (T, B, 3)
input %b.1 (3)
for blocks of R steps of T
  slice %x.2 (R, B, 3) of %x.0
  %m.3 (3) = sum_to{dims=(3)} %x.2
  for each step of R
    slice %x.4 (B, 3) of %x.2
    %a.5 (B, 3) = add %x.4 %m.3
    %c.6 (B, 3) = add %a.5 %b.1
    stack %c.6 into %c.7 (R, B, 3)
  stack %c.7 into %c.8 (T, B, 3)
output %c.8
)") == R"(input %x.0 (T, B, 3)
input %b.1 (3)
%broadcast_to.2 (B, 3) = broadcast_to{dims=(B, 3)} %b.1
for blocks of R steps of T
  slice %x.3 (R, B, 3) of %x.0
  %m.4 (3) = sum_to{dims=(3)} %x.3
  %broadcast_to.5 (B, 3) = broadcast_to{dims=(B, 3)} %m.4
  for each step of R
    slice %x.6 (B, 3) of %x.3
    %a.7 (B, 3) = add %x.6 %broadcast_to.5
    %c.8 (B, 3) = add %a.7 %broadcast_to.2
    stack %c.8 into %c.9 (R, B, 3)
  stack %c.9 into %c.10 (T, B, 3)
output %c.10
)");
}

TEST_CASE("[passes] broadcast-once: a frozen bias is laid out once, beside loops too; another one is not") {
  CHECK(rewritten(passes::broadcast_once, R"(input %x.0 (B, 3)
frozen %b.1 (3)
input %c.2 (3)
%y.3 (B, 3) = add %x.0 %b.1
%z.4 (B, 3) = add %y.3 %c.2
output %z.4
)") == R"(input %x.0 (B, 3)
frozen %b.1 (3)
input %c.2 (3)
once %broadcast_to.3 (B, 3) = broadcast_to{dims=(B, 3)} %b.1
%y.4 (B, 3) = add %x.0 %broadcast_to.3
%z.5 (B, 3) = add %y.4 %c.2
output %z.5
)");
}
