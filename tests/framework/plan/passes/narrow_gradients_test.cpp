#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] narrow-gradients: a sum of products with few columns is one of products with few rows, turned "
    "behind the loop") {
  CHECK(rewritten(passes::narrow_gradients, R"(input %x.0 (T, B, 6)
input %g.1 (T, B, 20)
input %W.2 (20, 6)
%zeros.3 (20, 6) = fill{dims=(20, 6)}
for each step of T, states (120, 120)
  slice %x.4 (B, 6) of %x.0
  slice %g.5 (B, 20) of %g.1
  state %a.6 (20, 6) from %zeros.3
  state %b.7 (20, 6) from %W.2
  %a.8 (20, 6) = %a.6 += matmul{transpose_a} %g.5 %x.4
  %b.9 (20, 6) = %b.7 += matmul{transpose_a} %g.5 %x.4
  carry %a.8 as %a.6, last %a.10 (20, 6)
  carry %b.9 as %b.7, last %b.11 (20, 6)
output %a.10
output %b.11
)") == R"(input %x.0 (T, B, 6)
input %g.1 (T, B, 20)
input %W.2 (20, 6)
%fill.3 (6, 20) = fill{dims=(6, 20)}
%transpose.4 (6, 20) = transpose{permutation=(1, 0)} %W.2
for each step of T, states (120, 120)
  slice %x.5 (B, 6) of %x.0
  slice %g.6 (B, 20) of %g.1
  state %a.7 (6, 20) from %fill.3
  state %b.8 (6, 20) from %transpose.4
  %a.9 (6, 20) = %a.7 += matmul{transpose_a} %x.5 %g.6
  %b.10 (6, 20) = %b.8 += matmul{transpose_a} %x.5 %g.6
  carry %a.9 as %a.7, last %a.11 (6, 20)
  carry %b.10 as %b.8, last %b.12 (6, 20)
%a.13 (20, 6) = transpose{permutation=(1, 0)} %a.11
%b.14 (20, 6) = transpose{permutation=(1, 0)} %b.12
output %a.13
output %b.14
)");
}

TEST_CASE(
    "[passes] narrow-gradients: what is wide or short, what something else reads, other products, and sums "
    "in "
    "inner loops stay") {
  check_unchanged(passes::narrow_gradients, R"(input %x.0 (T, B, 6)
input %g.1 (T, B, 20)
input %few.2 (T, B, 15)
input %wide.3 (T, B, 13)
input %p.4 (20, 4)
input %q.5 (4, 6)
input %W.6 (20, 6)
input %V.7 (15, 6)
input %U.8 (20, 13)
for each step of T, states (120)
  slice %x.9 (B, 6) of %x.0
  slice %g.10 (B, 20) of %g.1
  slice %few.11 (B, 15) of %few.2
  slice %wide.12 (B, 13) of %wide.3
  state %a.13 (20, 6) from %W.6
  state %b.14 (15, 6) from %V.7
  state %c.15 (20, 13) from %U.8
  state %d.16 (20, 6) from %W.6
  state %e.17 (20, 6) from %W.6
  %a.18 (20, 6) = %a.13 += matmul{transpose_a} %g.10 %x.9
  %b.19 (15, 6) = %b.14 += matmul{transpose_a} %few.11 %x.9
  %c.20 (20, 13) = %c.15 += matmul{transpose_a} %g.10 %wide.12
  %d.21 (20, 6) = %d.16 += matmul %p.4 %q.5
  %e.22 (20, 6) = tanh %e.17
  stack %a.18 into %a.23 (T, 20, 6)
  carry %a.18 as %a.13
  carry %b.19 as %b.14, last %b.24 (15, 6)
  carry %c.20 as %c.15, last %c.25 (20, 13)
  carry %d.21 as %d.16, last %d.26 (20, 6)
  carry %e.22 as %e.17, last %e.27 (20, 6)
for blocks of R steps of T, states (120)
  slice %x.28 (R, B, 6) of %x.0
  slice %g.29 (R, B, 20) of %g.1
  state %f.30 (20, 6) from %W.6
  for each step of R
    slice %x.31 (B, 6) of %x.28
    slice %g.32 (B, 20) of %g.29
    state %f.33 (20, 6) from %f.30
    %f.34 (20, 6) = %f.33 += matmul{transpose_a} %g.32 %x.31
    carry %f.34 as %f.33, last %f.35 (20, 6)
  carry %f.35 as %f.30, last %f.36 (20, 6)
output %a.23
output %b.24
output %c.25
output %d.26
output %e.27
output %f.36
)");
}
