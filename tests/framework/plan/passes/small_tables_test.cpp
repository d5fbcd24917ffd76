#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] small-tables: the product of an embedding is a row of the product of the table") {
  CHECK(rewritten(passes::small_tables, R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %W.2 (4, 3)
input %h.3 (B, 4)
%x.4 (T, B, 3) = gather %E.0 %i.1
for each step of T, states (4·B)
  slice %x.5 (B, 3) of %x.4
  state %h.6 (B, 4) from %h.3
  %a.7 (B, 4) = matmul{transpose_b} %x.5 %W.2
  %h.8 (B, 4) = add %h.6 %a.7
  carry %h.8 as %h.6, last %h.9 (B, 4)
output %h.9
)") == R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %W.2 (4, 3)
input %h.3 (B, 4)
%matmul.4 (5, 4) = matmul{transpose_b} %E.0 %W.2
for each step of T, states (4·B)
  slice %i.5 (B) integer of %i.1
  state %h.6 (B, 4) from %h.3
  %a.7 (B, 4) = gather %matmul.4 %i.5
  %h.8 (B, 4) = add %h.6 %a.7
  carry %h.8 as %h.6, last %h.9 (B, 4)
output %h.9
)");
}

TEST_CASE("[passes] small-tables: a sum of products with the rows is a product with the sums by row") {
  CHECK(rewritten(passes::small_tables, R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %y.2 (T, B, 4)
%x.3 (T, B, 3) = gather %E.0 %i.1
%zero.4 (4, 3) = fill{dims=(4, 3)}
for each step of T
  slice %x.5 (B, 3) of %x.3
  slice %y.6 (B, 4) of %y.2
  state %dW.7 (4, 3) from %zero.4
  %p.8 (4, 3) = matmul{transpose_a} %y.6 %x.5
  %dW.9 (4, 3) = add %dW.7 %p.8
  carry %dW.9 as %dW.7, last %dW.10 (4, 3)
output %dW.10
)") == R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %y.2 (T, B, 4)
%fill.3 (5, 4) = fill{dims=(5, 4)}
for each step of T
  slice %y.4 (B, 4) of %y.2
  slice %i.5 (B) integer of %i.1
  state %scatter_add.6 (5, 4) from %fill.3
  %scatter_add.7 (5, 4) = scatter_add{extent=5} %i.5 %y.4
  %add.8 (5, 4) = add %scatter_add.6 %scatter_add.7
  carry %add.8 as %scatter_add.6, last %scatter_add.9 (5, 4)
%dW.10 (4, 3) = matmul{transpose_a} %scatter_add.9 %E.0
output %dW.10
)");
}

TEST_CASE(
    "[passes] small-tables: the gradient of the table is had from sums by row, and no step's is stacked") {
  CHECK(rewritten(passes::small_tables, R"(input %i.0 (T, B) integer
input %y.1 (T, B, 4)
input %W.2 (4, 3)
for each step of T, reversed
  slice %y.3 (B, 4) of %y.1
  %g.4 (B, 3) = matmul %y.3 %W.2
  stack %g.4 into %g.5 (T, B, 3)
%dE.6 (5, 3) = scatter_add{extent=5} %i.0 %g.5
output %dE.6
)") == R"(input %i.0 (T, B) integer
input %y.1 (T, B, 4)
input %W.2 (4, 3)
%fill.3 (5, 4) = fill{dims=(5, 4)}
for each step of T, reversed
  slice %y.4 (B, 4) of %y.1
  slice %i.5 (B) integer of %i.0
  state %scatter_add.6 (5, 4) from %fill.3
  %scatter_add.7 (5, 4) = scatter_add{extent=5} %i.5 %y.4
  %add.8 (5, 4) = add %scatter_add.6 %scatter_add.7
  carry %add.8 as %scatter_add.6, last %scatter_add.9 (5, 4)
%matmul.10 (5, 3) = matmul %scatter_add.9 %W.2
output %matmul.10
)");
}

TEST_CASE(
    "[passes] small-tables: a large table, rows that are read in another way, and a sum that begins with "
    "something stay") {
  check_unchanged(passes::small_tables, R"(input %E.0 (257, 3)
input %i.1 (T, B) integer
input %W.2 (3, 3)
%x.3 (T, B, 3) = gather %E.0 %i.1
for each step of T
  slice %x.4 (B, 3) of %x.3
  %a.5 (B, 3) = matmul %x.4 %W.2
  stack %a.5 into %a.6 (T, B, 3)
output %a.6
)");
  check_unchanged(passes::small_tables, R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
%x.2 (T, B, 3) = gather %E.0 %i.1
for each step of T
  slice %x.3 (B, 3) of %x.2
  %a.4 (B, 3) = tanh %x.3
  stack %a.4 into %a.5 (T, B, 3)
output %a.5
)");
  check_unchanged(passes::small_tables, R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %y.2 (T, B, 4)
input %S.3 (4, 3)
%x.4 (T, B, 3) = gather %E.0 %i.1
for each step of T
  slice %x.5 (B, 3) of %x.4
  slice %y.6 (B, 4) of %y.2
  state %S.7 (4, 3) from %S.3
  %p.8 (4, 3) = matmul{transpose_a} %y.6 %x.5
  %S.9 (4, 3) = add %S.7 %p.8
  carry %S.9 as %S.7, last %S.10 (4, 3)
output %S.10
)");
  check_unchanged(passes::small_tables, R"(input %E.0 (5, 3)
input %i.1 (T, B) integer
input %y.2 (T, B, 4)
%x.3 (T, B, 3) = gather %E.0 %i.1
%ones.4 (4, 3) = fill{value=1, dims=(4, 3)}
for each step of T
  slice %x.5 (B, 3) of %x.3
  slice %y.6 (B, 4) of %y.2
  state %S.7 (4, 3) from %ones.4
  %p.8 (4, 3) = matmul{transpose_a} %y.6 %x.5
  %S.9 (4, 3) = add %S.7 %p.8
  carry %S.9 as %S.7, last %S.10 (4, 3)
output %S.10
)");
}

TEST_CASE("[passes] small-tables: a gradient of which a part is no product of the steps is left whole") {
  check_unchanged(passes::small_tables, R"(input %i.0 (T, B) integer
input %y.1 (T, B, 4)
input %W.2 (4, 3)
input %z.3 (T, B, 3)
for each step of T, reversed
  slice %y.4 (B, 4) of %y.1
  slice %z.5 (B, 3) of %z.3
  %g.6 (B, 3) = matmul %y.4 %W.2
  %g.7 (B, 3) = add %g.6 %z.5
  stack %g.7 into %g.8 (T, B, 3)
%dE.9 (5, 3) = scatter_add{extent=5} %i.0 %g.8
output %dE.9
)");
}
