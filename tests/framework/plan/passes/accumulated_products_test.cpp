#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] accumulated-products: a product that is added to a value which nothing else reads adds to its "
    "bytes") {
  CHECK(rewritten(passes::accumulated_products, R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = matmul %x.0 %W.1
%b.3 (B, 3) = matmul{transpose_b} %x.0 %W.1
%c.4 (B, 3) = add %a.2 %b.3
%d.5 (B, 3) = matmul %c.4 %W.1
%e.6 (B, 3) = tanh %c.4
%f.7 (B, 3) = add %d.5 %e.6
output %f.7
)") == R"(input %x.0 (B, 3)
input %W.1 (3, 3)
%a.2 (B, 3) = matmul %x.0 %W.1
%c.3 (B, 3) = %a.2 += matmul{transpose_b} %x.0 %W.1
%e.4 (B, 3) = tanh %c.3
%f.5 (B, 3) = %e.4 += matmul %c.3 %W.1
output %f.5
)");
}

TEST_CASE("[passes] accumulated-products: a state is added to where nothing else reads it") {
  CHECK(rewritten(passes::accumulated_products, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %x.3 %W.2
  %h.6 (B, 3) = add %h.4 %a.5
  carry %h.6 as %h.4, last %h.7 (B, 3)
output %h.7
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %h.5 (B, 3) = %h.4 += matmul %x.3 %W.2
  carry %h.5 as %h.4, last %h.6 (B, 3)
output %h.6
)");
  check_unchanged(passes::accumulated_products, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %W.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %x.3 %W.2
  %b.6 (B, 3) = tanh %h.4
  %c.7 (B, 3) = add %h.4 %a.5
  %h.8 (B, 3) = mul %b.6 %c.7
  carry %h.8 as %h.4, last %h.9 (B, 3)
output %h.9
)");
}

TEST_CASE("[passes] accumulated-products: a slice is added to where this loop alone reads the whole") {
  CHECK(rewritten(passes::accumulated_products, R"(input %x.0 (T, B, 3)
input %W.1 (3, 3)
%y.2 (T, B, 3) = tanh %x.0
for each step of T
  slice %x.3 (B, 3) of %x.0
  slice %y.4 (B, 3) of %y.2
  %a.5 (B, 3) = matmul %x.3 %W.1
  %b.6 (B, 3) = add %a.5 %y.4
  stack %b.6 into %b.7 (T, B, 3)
output %b.7
)") == R"(input %x.0 (T, B, 3)
input %W.1 (3, 3)
%y.2 (T, B, 3) = tanh %x.0
for each step of T
  slice %x.3 (B, 3) of %x.0
  slice %y.4 (B, 3) of %y.2
  %b.5 (B, 3) = %y.4 += matmul %x.3 %W.1
  stack %b.5 into %b.6 (T, B, 3)
output %b.6
)");
  check_unchanged(passes::accumulated_products, R"(input %x.0 (T, B, 3)
input %W.1 (3, 3)
for each step of T
  slice %x.2 (B, 3) of %x.0
  %a.3 (B, 3) = matmul %x.2 %W.1
  %b.4 (B, 3) = add %a.3 %x.2
  stack %b.4 into %b.5 (T, B, 3)
output %b.5
)");
}

TEST_CASE(
    "[passes] accumulated-products: a product that is read twice, one that broadcasts, and one added to "
    "itself or to an input stay") {
  check_unchanged(passes::accumulated_products, R"(input %x.0 (B, 3)
input %W.1 (3, 3)
input %v.2 (1, 3)
%a.3 (B, 3) = matmul %x.0 %W.1
%b.4 (B, 3) = tanh %x.0
%c.5 (B, 3) = add %b.4 %a.3
%d.6 (1, 3) = matmul %v.2 %W.1
%e.7 (B, 3) = add %c.5 %d.6
%f.8 (B, 3) = matmul %a.3 %W.1
%g.9 (B, 3) = add %f.8 %f.8
%h.10 (B, 3) = matmul{transpose_b} %x.0 %W.1
%i.11 (B, 3) = add %x.0 %h.10
output %e.7
output %g.9
output %i.11
)");
}

TEST_CASE("[passes] accumulated-products: a sum of all of an array counts as a product") {
  CHECK(rewritten(passes::accumulated_products, R"(input %x.0 (T, B, 3)
input %y.1 (B, 3)
%a.2 (B, 3) = tanh %y.1
%b.3 (B, 3) = sum_to{dims=(B, 3)} %x.0
%c.4 (B, 3) = add %a.2 %b.3
output %c.4
)") == R"(input %x.0 (T, B, 3)
input %y.1 (B, 3)
%a.2 (B, 3) = tanh %y.1
%c.3 (B, 3) = %a.2 += sum_to{dims=(B, 3)} %x.0
output %c.3
)");
}
