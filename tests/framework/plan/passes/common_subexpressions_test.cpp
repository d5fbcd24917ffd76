#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] common-subexpressions: equal instructions are done once, and so is what follows from them") {
  CHECK(rewritten(passes::common_subexpressions, R"(input %x.0 (B, 3)
input %y.1 (B, 3)
%a.2 (B, 3) = add %x.0 %y.1
%b.3 (B, 3) = add %x.0 %y.1
%c.4 (B, 3) = tanh %a.2
%d.5 (B, 3) = tanh %b.3
%e.6 (B, 3) = mul %c.4 %d.5
output %e.6
output %d.5
)") == R"(input %x.0 (B, 3)
input %y.1 (B, 3)
%a.2 (B, 3) = add %x.0 %y.1
%c.3 (B, 3) = tanh %a.2
%e.4 (B, 3) = mul %c.3 %c.3
output %e.4
output %c.3
)");
}

TEST_CASE(
    "[passes] common-subexpressions: other operands, another order of them, another op or other attributes "
    "are other work") {
  check_unchanged(passes::common_subexpressions, R"(input %x.0 (3, 3)
input %y.1 (3, 3)
%a.2 (3, 3) = sub %x.0 %y.1
%b.3 (3, 3) = sub %y.1 %x.0
%c.4 (3, 3) = add %x.0 %y.1
%d.5 (3, 3) = matmul %x.0 %y.1
%e.6 (3, 3) = matmul{transpose_b} %x.0 %y.1
output %a.2
output %b.3
output %c.4
output %d.5
output %e.6
)");
}

TEST_CASE(
    "[passes] common-subexpressions: a loop reads what is there before it, but what it computes is not seen "
    "behind it") {
  CHECK(rewritten(passes::common_subexpressions, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
%a.2 (B, 3) = exp %h.1
for each step of T
  slice %x.3 (B, 3) of %x.0
  %a.4 (B, 3) = exp %h.1
  %b.5 (B, 3) = tanh %h.1
  %c.6 (B, 3) = mul %a.4 %b.5
  %d.7 (B, 3) = add %x.3 %c.6
  stack %d.7 into %d.8 (T, B, 3)
%b.9 (B, 3) = tanh %h.1
output %d.8
output %a.2
output %b.9
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
%a.2 (B, 3) = exp %h.1
for each step of T
  slice %x.3 (B, 3) of %x.0
  %b.4 (B, 3) = tanh %h.1
  %c.5 (B, 3) = mul %a.2 %b.4
  %d.6 (B, 3) = add %x.3 %c.5
  stack %d.6 into %d.7 (T, B, 3)
%b.8 (B, 3) = tanh %h.1
output %d.7
output %a.2
output %b.8
)");
}

TEST_CASE("[passes] common-subexpressions: the same in one step is done once, in stacks and states too") {
  CHECK(rewritten(passes::common_subexpressions, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %a.4 (B, 3) = add %h.3 %x.2
  %b.5 (B, 3) = add %h.3 %x.2
  stack %b.5 into %b.6 (T, B, 3)
  carry %b.5 as %h.3, last %h.7 (B, 3)
output %b.6
output %h.7
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %a.4 (B, 3) = add %h.3 %x.2
  stack %a.4 into %b.5 (T, B, 3)
  carry %a.4 as %h.3, last %h.6 (B, 3)
output %b.5
output %h.6
)");
}

TEST_CASE(
    "[passes] common-subexpressions: constants that are done once are one; what sums begin with has bytes of "
    "its own") {
  CHECK(rewritten(passes::common_subexpressions, R"(input %x.0 (3, 3)
once %one.1 () = fill{value=1}
once %one.2 () = fill{value=1}
%zero.3 (3, 3) = fill{dims=(3, 3)}
%zero.4 (3, 3) = fill{dims=(3, 3)}
%a.5 (3, 3) = %zero.3 += matmul %x.0 %x.0
%b.6 (3, 3) = %zero.4 += matmul %x.0 %x.0
%c.7 (3, 3) = mul %a.5 %one.1
%d.8 (3, 3) = mul %b.6 %one.2
output %c.7
output %d.8
)") == R"(input %x.0 (3, 3)
once %one.1 () = fill{value=1}
%zero.2 (3, 3) = fill{dims=(3, 3)}
%zero.3 (3, 3) = fill{dims=(3, 3)}
%a.4 (3, 3) = %zero.2 += matmul %x.0 %x.0
%b.5 (3, 3) = %zero.3 += matmul %x.0 %x.0
%c.6 (3, 3) = mul %a.4 %one.1
%d.7 (3, 3) = mul %b.5 %one.1
output %c.6
output %d.7
)");
}
