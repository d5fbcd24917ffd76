#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] fused-chains: elementwise work on one shape is one chain, whose inner values nobody sees") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 3)
input %b.1 (3)
input %m.2 (B, 1)
input %s.3 ()
%a.4 (B, 3) = add %x.0 %b.1
%c.5 (B, 3) = tanh %a.4
%d.6 (B, 3) = mul %c.5 %m.2
%e.7 (B, 3) = mul %d.6 %s.3
output %e.7
output %c.5
)") == R"(input %x.0 (B, 3)
input %b.1 (3)
input %m.2 (B, 1)
input %s.3 ()
%c.5, %e.7 (B, 3) = chain
  %a.4 = add %x.0 %b.1
  %c.5 = tanh %a.4
  %d.6 = mul %c.5 %m.2
  %e.7 = mul %d.6 %s.3
output %e.7
output %c.5
)");
}

TEST_CASE("[passes] fused-chains: other ops come as soon as they can, and part chains that wait for them") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = tanh %x.0
%b.3 (B, 3) = exp %x.0
%c.4 (B, 3) = matmul %a.2 %W.1
%d.5 (B, 3) = mul %b.3 %c.4
output %d.5
)") == R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = chain
  %a.2 = tanh %x.0
%c.3 (B, 3) = matmul %a.2 %W.1
%d.5 (B, 3) = chain
  %b.4 = exp %x.0
  %d.5 = mul %b.4 %c.3
output %d.5
)");
}

TEST_CASE("[passes] fused-chains: what only a later chain reads is left to that one") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = tanh %x.0
%b.3 (B, 3) = square %a.2
%c.4 (B, 3) = matmul %a.2 %W.1
%d.5 (B, 3) = add %c.4 %b.3
output %d.5
)") == R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = chain
  %a.2 = tanh %x.0
%c.3 (B, 3) = matmul %a.2 %W.1
%d.5 (B, 3) = chain
  %b.4 = square %a.2
  %d.5 = add %c.3 %b.4
output %d.5
)");
}

TEST_CASE("[passes] fused-chains: shapes are chained apart") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 3)
input %y.1 (3)
%a.2 (3) = tanh %y.1
%b.3 (B, 3) = tanh %x.0
%c.4 (3) = square %a.2
%d.5 (B, 3) = mul %b.3 %c.4
output %d.5
)") == R"(input %x.0 (B, 3)
input %y.1 (3)
%c.3 (3) = chain
  %a.2 = tanh %y.1
  %c.3 = square %a.2
%d.5 (B, 3) = chain
  %b.4 = tanh %x.0
  %d.5 = mul %b.4 %c.3
output %d.5
)");
}

TEST_CASE(
    "[passes] fused-chains: a value spread to a shape is a link; what broadcasts along an axis in the middle "
    "is none") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (2, 3)
input %y.1 (2, 1, 3)
%a.2 (4, 2, 3) = broadcast_to{dims=(4, 2, 3)} %x.0
%b.3 (4, 2, 3) = tanh %a.2
%c.4 (2, 5, 3) = broadcast_to{dims=(2, 5, 3)} %y.1
%d.5 (2, 5, 3) = exp %c.4
output %b.3
output %d.5
)") == R"(input %x.0 (2, 3)
input %y.1 (2, 1, 3)
%c.2 (2, 5, 3) = broadcast_to{dims=(2, 5, 3)} %y.1
%b.4 (4, 2, 3) = chain
  %a.3 = broadcast_to{dims=(4, 2, 3)} %x.0
  %b.4 = tanh %a.3
%d.5 (2, 5, 3) = chain
  %d.5 = exp %c.2
output %b.4
output %d.5
)");
}

TEST_CASE(
    "[passes] fused-chains: the body of a loop is chained for itself, with what its stacks and states need") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %a.4 (B, 3) = add %h.3 %x.2
  %b.5 (B, 3) = tanh %a.4
  %c.6 (B, 3) = square %b.5
  stack %c.6 into %c.7 (T, B, 3)
  carry %b.5 as %h.3, last %h.8 (B, 3)
%d.9 (T, B, 3) = exp %c.7
output %d.9
output %h.8
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %b.5, %c.6 (B, 3) = chain
    %a.4 = add %h.3 %x.2
    %b.5 = tanh %a.4
    %c.6 = square %b.5
  stack %c.6 into %c.7 (T, B, 3)
  carry %b.5 as %h.3, last %h.8 (B, 3)
%d.9 (T, B, 3) = chain
  %d.9 = exp %c.7
output %d.9
output %h.8
)");
}

TEST_CASE("[passes] fused-chains: sums of work on rows are taken in it, and are read behind it") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 64, 16)
input %r.1 (B, 1, 16)
input %c.2 (B, 64, 1)
%a.3 (B, 64, 16) = mul %x.0 %r.1
%b.4 (B, 64, 1) = sum_to{dims=(B, 64, 1)} %a.3
%d.5 (B, 64, 1) = tanh %b.4
%e.6 (B, 64, 16) = mul %a.3 %d.5
%f.7 (B, 64, 16) = add %e.6 %c.2
%g.8 (64, 16) = sum_to{dims=(64, 16)} %f.7
output %g.8
)") == R"(input %x.0 (B, 64, 16)
input %r.1 (B, 1, 16)
input %c.2 (B, 64, 1)
%a.3, %b.4 (B, 64, 16) = chain
  %a.3 = mul %x.0 %r.1
  %b.4 = sum_to{dims=(B, 64, 1)} %a.3
%d.5 (B, 64, 1) = chain
  %d.5 = tanh %b.4
%g.8 (B, 64, 16) = chain
  %e.6 = mul %a.3 %d.5
  %f.7 = add %e.6 %c.2
  %g.8 = sum_to{dims=(64, 16)} %f.7
output %g.8
)");
}

TEST_CASE("[passes] fused-chains: sums stay apart that a chain of rows would add up in another order") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 64, 4)
input %y.1 (B, 64, 12)
input %t.2 (64, 12)
%a.3 (B, 64, 1) = sum_to{dims=(B, 64, 1)} %x.0
%c.4 (B, 1, 1) = sum_to{dims=(B, 1, 1)} %y.1
%b.5 (64, 12) = %t.2 += sum_to{dims=(64, 12)} %y.1
output %a.3
output %c.4
output %b.5
)") == R"(input %x.0 (B, 64, 4)
input %y.1 (B, 64, 12)
input %t.2 (64, 12)
%a.3 (B, 64, 1) = sum_to{dims=(B, 64, 1)} %x.0
%c.4 (B, 1, 1) = sum_to{dims=(B, 1, 1)} %y.1
%b.5 (B, 64, 12) = chain
  %b.5 = %t.2 += sum_to{dims=(64, 12)} %y.1
output %a.3
output %c.4
output %b.5
)");
}

TEST_CASE("[passes] fused-chains: where a function of the C library is called there are no sums in a chain") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 64, 16)
%a.1 (B, 64, 16) = sin %x.0
%b.2 (64, 16) = sum_to{dims=(64, 16)} %a.1
output %b.2
)") == R"(input %x.0 (B, 64, 16)
%a.1 (B, 64, 16) = chain
  %a.1 = sin %x.0
%b.2 (64, 16) = sum_to{dims=(64, 16)} %a.1
output %b.2
)");
}

TEST_CASE("[passes] fused-chains: rows may be of eight, and an operand begin anew with each") {
  CHECK(rewritten(passes::fused_chains, R"(input %x.0 (B, 128, 8)
input %r.1 (8)
%a.2 (B, 128, 8) = mul %x.0 %r.1
%b.3 (B, 128, 1) = sum_to{dims=(B, 128, 1)} %a.2
output %b.3
)") == R"(input %x.0 (B, 128, 8)
input %r.1 (8)
%b.3 (B, 128, 8) = chain
  %a.2 = mul %x.0 %r.1
  %b.3 = sum_to{dims=(B, 128, 1)} %a.2
output %b.3
)");
}
