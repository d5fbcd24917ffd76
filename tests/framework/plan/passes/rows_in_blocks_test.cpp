#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] rows-in-blocks: what follows from a wide readout is done by blocks of rows, and its sums are "
    "added up") {
  CHECK(rewritten(passes::rows_in_blocks, R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%z.2 (T, 1024) = matmul{transpose_b} %h.0 %W.1
%p.3 (T, 1024) = softmax %z.2
%g.4 (T, 2) = matmul %p.3 %W.1
%dW.5 (1024, 2) = matmul{transpose_a} %p.3 %h.0
output %g.4
output %dW.5
)") == R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%fill.2 (1024, 2) = fill{dims=(1024, 2)}
for blocks of R rows of T, widest 1024
  slice %h.3 (R, 2) of %h.0
  state %dW.4 (1024, 2) from %fill.2
  %z.5 (R, 1024) = matmul{transpose_b} %h.3 %W.1
  %p.6 (R, 1024) = softmax %z.5
  %g.7 (R, 2) = matmul %p.6 %W.1
  %dW.8 (1024, 2) = %dW.4 += matmul{transpose_a} %p.6 %h.3
  stack %g.7 into %g.9 (T, 2)
  carry %dW.8 as %dW.4, last %dW.10 (1024, 2)
output %g.9
output %dW.10
)");
}

TEST_CASE("[passes] rows-in-blocks: rows are those that what follows looks at, through other shapes") {
  CHECK(rewritten(passes::rows_in_blocks, R"(input %h.0 (T, B, 2)
input %W.1 (1024, 2)
%r.2 (T·B, 2) = reshape{dims=(T·B, 2)} %h.0
%z.3 (T·B, 1024) = matmul{transpose_b} %r.2 %W.1
%y.4 (T, B, 1024) = reshape{dims=(T, B, 1024)} %z.3
%l.5 (T, B, 1) = logsumexp %y.4
output %l.5
)") == R"(input %h.0 (T, B, 2)
input %W.1 (1024, 2)
%r.2 (T·B, 2) = reshape{dims=(T·B, 2)} %h.0
for blocks of R rows of T, widest 1024·B
  slice %r.3 (B·R, 2) of %r.2
  %z.4 (B·R, 1024) = matmul{transpose_b} %r.3 %W.1
  %y.5 (R, B, 1024) = reshape{dims=(R, B, 1024)} %z.4
  %l.6 (R, B, 1) = logsumexp %y.5
  stack %l.6 into %l.7 (T, B, 1)
output %l.7
)");
}

TEST_CASE("[passes] rows-in-blocks: what needs the sum over all rows belongs to a second loop") {
  CHECK(rewritten(passes::rows_in_blocks, R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%z.2 (T, 1024) = matmul{transpose_b} %h.0 %W.1
%s.3 (1024) = sum_to{dims=(1024)} %z.2
%c.4 (T, 1024) = sub %z.2 %s.3
%g.5 (T, 2) = matmul %c.4 %W.1
output %g.5
)") == R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%z.2 (T, 1024) = matmul{transpose_b} %h.0 %W.1
%s.3 (1024) = sum_to{dims=(1024)} %z.2
for blocks of R rows of T, widest 1024
  slice %z.4 (R, 1024) of %z.2
  %c.5 (R, 1024) = sub %z.4 %s.3
  %g.6 (R, 2) = matmul %c.5 %W.1
  stack %g.6 into %g.7 (T, 2)
output %g.7
)");
}

TEST_CASE("[passes] rows-in-blocks: a wide value that is needed whole is stacked by its blocks") {
  CHECK(rewritten(passes::rows_in_blocks, R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%z.2 (T, 1024) = matmul{transpose_b} %h.0 %W.1
%p.3 (T, 1024) = softmax %z.2
output %p.3
)") == R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
for blocks of R rows of T, widest 1024
  slice %h.2 (R, 2) of %h.0
  %z.3 (R, 1024) = matmul{transpose_b} %h.2 %W.1
  %p.4 (R, 1024) = softmax %z.3
  stack %p.4 into %p.5 (T, 1024)
output %p.5
)");
}

TEST_CASE(
    "[passes] rows-in-blocks: narrow readouts, wide values without one, and a readout that others need whole "
    "stay") {
  check_unchanged(passes::rows_in_blocks, R"(input %h.0 (T, 2)
input %W.1 (1023, 2)
%z.2 (T, 1023) = matmul{transpose_b} %h.0 %W.1
%p.3 (T, 1023) = softmax %z.2
%g.4 (T, 2) = matmul %p.3 %W.1
output %g.4
)");
  check_unchanged(passes::rows_in_blocks, R"(input %z.0 (T, 1024)
input %W.1 (1024, 2)
%p.2 (T, 1024) = softmax %z.0
%g.3 (T, 2) = matmul %p.2 %W.1
output %g.3
)");
  check_unchanged(passes::rows_in_blocks, R"(input %h.0 (T, 2)
input %W.1 (1024, 2)
%z.2 (T, 1024) = matmul{transpose_b} %h.0 %W.1
output %z.2
)");
}
