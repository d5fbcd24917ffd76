#include <boost/algorithm/string/replace.hpp>
#include <string>

#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] sunk-results: a readout that no later step needs is done behind a block of steps") {
  CHECK(rewritten(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (2, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %h.5 (B, 3) = add %h.4 %x.3
  %y.6 (B, 2) = matmul{transpose_b} %h.5 %V.2
  %z.7 (B, 2) = tanh %y.6
  stack %z.7 into %z.8 (T, B, 2)
  carry %h.5 as %h.4, last %h.9 (B, 3)
output %z.8
output %h.9
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (2, 3)
for blocks of R steps of T, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  for each step of R
    slice %x.5 (B, 3) of %x.3
    state %h.6 (B, 3) from %h.4
    %h.7 (B, 3) = add %h.6 %x.5
    stack %h.7 into %h.8 (R, B, 3)
    carry %h.7 as %h.6, last %h.9 (B, 3)
  %h.10 (B·R, 3) = reshape{dims=(B·R, 3)} %h.8
  %y.11 (B·R, 2) = matmul{transpose_b} %h.10 %V.2
  %y.12 (R, B, 2) = reshape{dims=(R, B, 2)} %y.11
  %z.13 (R, B, 2) = tanh %y.12
  stack %z.13 into %z.14 (T, B, 2)
  carry %h.9 as %h.4, last %h.15 (B, 3)
output %z.14
output %h.15
)");
}

TEST_CASE("[passes] sunk-results: a weight's gradient is one product over the block that adds to the sum") {
  CHECK(rewritten(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
%zero.2 (3, 3) = fill{dims=(3, 3)}
for each step of T, reversed, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  state %dW.5 (3, 3) from %zero.2
  %h.6 (B, 3) = add %h.4 %x.3
  %p.7 (3, 3) = matmul{transpose_a} %h.6 %x.3
  %dW.8 (3, 3) = add %dW.5 %p.7
  carry %h.6 as %h.4, last %h.9 (B, 3)
  carry %dW.8 as %dW.5, last %dW.10 (3, 3)
output %h.9
output %dW.10
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
%zero.2 (3, 3) = fill{dims=(3, 3)}
for blocks of R steps of T, reversed, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  state %dW.5 (3, 3) from %zero.2
  for each step of R, reversed
    slice %x.6 (B, 3) of %x.3
    state %h.7 (B, 3) from %h.4
    %h.8 (B, 3) = add %h.7 %x.6
    stack %h.8 into %h.9 (R, B, 3)
    carry %h.8 as %h.7, last %h.10 (B, 3)
  %h.11 (B·R, 3) = reshape{dims=(B·R, 3)} %h.9
  %x.12 (B·R, 3) = reshape{dims=(B·R, 3)} %x.3
  %matmul.13 (3, 3) = %dW.5 += matmul{transpose_a} %h.11 %x.12
  carry %h.10 as %h.4, last %h.14 (B, 3)
  carry %matmul.13 as %dW.5, last %dW.15 (3, 3)
output %h.14
output %dW.15
)");
}

TEST_CASE("[passes] sunk-results: a sum of what is sunk is a sum over the block's rows") {
  CHECK(rewritten(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (2, 3)
%zero.3 () = fill
for each step of T, states (3·B)
  slice %x.4 (B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  state %loss.6 () from %zero.3
  %h.7 (B, 3) = add %h.5 %x.4
  %y.8 (B, 2) = matmul{transpose_b} %h.7 %V.2
  %s.9 () = sum_to %y.8
  %q.10 () = square %s.9
  %loss.11 () = add %loss.6 %q.10
  carry %h.7 as %h.5
  carry %loss.11 as %loss.6, last %loss.12 ()
output %loss.12
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (2, 3)
%zero.3 () = fill
for blocks of R steps of T, states (3·B)
  slice %x.4 (R, B, 3) of %x.0
  state %h.5 (B, 3) from %h.1
  state %loss.6 () from %zero.3
  for each step of R
    slice %x.7 (B, 3) of %x.4
    state %h.8 (B, 3) from %h.5
    %h.9 (B, 3) = add %h.8 %x.7
    stack %h.9 into %h.10 (R, B, 3)
    carry %h.9 as %h.8, last %h.11 (B, 3)
  %h.12 (B·R, 3) = reshape{dims=(B·R, 3)} %h.10
  %y.13 (B·R, 2) = matmul{transpose_b} %h.12 %V.2
  %y.14 (R, B, 2) = reshape{dims=(R, B, 2)} %y.13
  %s.15 (R, 1, 1) = sum_to{dims=(R, 1, 1)} %y.14
  %s.16 (R) = reshape{dims=(R)} %s.15
  %q.17 (R) = square %s.16
  %sum_to.18 () = %loss.6 += sum_to %q.17
  carry %h.11 as %h.5
  carry %sum_to.18 as %loss.6, last %loss.19 ()
output %loss.19
)");
}

TEST_CASE(
    "[passes] sunk-results: what a state follows from, and elementwise work on what a step makes, stay in "
    "the steps") {
  check_unchanged(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %U.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %a.5 (B, 3) = matmul %h.4 %U.2
  %h.6 (B, 3) = add %a.5 %x.3
  %y.7 (B, 3) = tanh %h.6
  stack %y.7 into %y.8 (T, B, 3)
  carry %h.6 as %h.4
output %y.8
)");
}

TEST_CASE("[passes] sunk-results: elementwise work on what is stacked anyway is done behind the steps") {
  CHECK(rewritten(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
for each step of T, states (3·B)
  slice %x.2 (B, 3) of %x.0
  state %h.3 (B, 3) from %h.1
  %h.4 (B, 3) = add %h.3 %x.2
  %y.5 (B, 3) = mul %h.4 %x.2
  stack %h.4 into %h.6 (T, B, 3)
  stack %y.5 into %y.7 (T, B, 3)
  carry %h.4 as %h.3
output %h.6
output %y.7
)") == R"(input %x.0 (T, B, 3)
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
  %y.9 (R, B, 3) = mul %h.7 %x.2
  stack %h.7 into %h.10 (T, B, 3)
  stack %y.9 into %y.11 (T, B, 3)
  carry %h.8 as %h.3
output %h.10
output %y.11
)");
}

TEST_CASE("[passes] sunk-results: what is the same at every step is read where it is, stacked or not") {
  CHECK(rewritten(passes::sunk_results, R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (3, 3)
for each step of T, states (3·B)
  slice %x.3 (B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  %h.5 (B, 3) = add %h.4 %x.3
  %y.6 (B, 3) = matmul %h.5 %V.2
  %z.7 (B, 3) = mul %y.6 %h.1
  stack %h.1 into %h.8 (T, B, 3)
  stack %z.7 into %z.9 (T, B, 3)
  carry %h.5 as %h.4
output %h.8
output %z.9
)") == R"(input %x.0 (T, B, 3)
input %h.1 (B, 3)
input %V.2 (3, 3)
for blocks of R steps of T, states (3·B)
  slice %x.3 (R, B, 3) of %x.0
  state %h.4 (B, 3) from %h.1
  for each step of R
    slice %x.5 (B, 3) of %x.3
    state %h.6 (B, 3) from %h.4
    %h.7 (B, 3) = add %h.6 %x.5
    stack %h.1 into %h.8 (R, B, 3)
    stack %h.7 into %h.9 (R, B, 3)
    carry %h.7 as %h.6, last %h.10 (B, 3)
  %h.11 (B·R, 3) = reshape{dims=(B·R, 3)} %h.9
  %y.12 (B·R, 3) = matmul %h.11 %V.2
  %y.13 (R, B, 3) = reshape{dims=(R, B, 3)} %y.12
  %z.14 (R, B, 3) = mul %y.13 %h.1
  stack %h.8 into %h.15 (T, B, 3)
  stack %z.14 into %z.16 (T, B, 3)
  carry %h.10 as %h.4
output %h.15
output %z.16
)");
}

TEST_CASE(
    "[passes] sunk-results: work on a matrix for each sequence stays with its step, and so do its sums") {
  const std::string program = R"(input %x.0 (T, B, 64, 16)
input %S.1 (B, 64, 16)
%zero.2 (64, 16) = fill{dims=(64, 16)}
for each step of T, states (1024·B)
  slice %x.3 (B, 64, 16) of %x.0
  state %S.4 (B, 64, 16) from %S.1
  state %d.5 (64, 16) from %zero.2
  %S.6 (B, 64, 16) = add %S.4 %x.3
  %a.7 (B, 64, 16) = mul %S.4 %x.3
  %b.8 (64, 16) = sum_to{dims=(64, 16)} %a.7
  %d.9 (64, 16) = add %d.5 %b.8
  carry %S.6 as %S.4, last %S.10 (B, 64, 16)
  carry %d.9 as %d.5, last %d.11 (64, 16)
output %S.10
output %d.11
)";
  check_unchanged(passes::sunk_results, program);
  const std::string small = boost::replace_all_copy(program, "64, 16", "2, 8");
  check_unchanged(passes::sunk_results, boost::replace_all_copy(small, "1024·B", "16·B"));
}

namespace {

/// A step that sums vectors over the batch.
std::string sums_of_vectors(int units) {
  std::string text = R"(input %x.0 (T, B, N)
input %h.1 (B, N)
%zero.2 (N) = fill{dims=(N)}
for each step of T, reversed, states (N·B)
  slice %x.4 (B, N) of %x.0
  state %h.5 (B, N) from %h.1
  state %db.6 (N) from %zero.2
  %h.7 (B, N) = mul %h.5 %x.4
  %d.8 (B, N) = tanh %h.5
  %s.9 (N) = sum_to{dims=(N)} %d.8
  %db.10 (N) = add %db.6 %s.9
  carry %h.7 as %h.5, last %h.11 (B, N)
  carry %db.10 as %db.6, last %db.13 (N)
output %h.11
output %db.13
)";
  boost::replace_all(text, "N", std::to_string(units));
  return ir::to_text(ir::parse(text));
}

}  // namespace

TEST_CASE(
    "[passes] sunk-results: the step adds up vectors that fill registers, a block's are kept of others") {
  check_unchanged(passes::sunk_results, sums_of_vectors(64));
  for (const int units : {32, 72}) {
    const std::string others = rewritten(passes::sunk_results, sums_of_vectors(units));
    CHECK(others.find("+= sum_to") != std::string::npos);
  }
}

TEST_CASE(
    "[passes] sunk-results: where a product over the batch keeps vectors, sums are behind the block too") {
  const std::string after = rewritten(passes::sunk_results, R"(input %x.0 (T, B, 64)
input %h.1 (B, 64)
%zero.2 (64) = fill{dims=(64)}
%zero.98 (64, 64) = fill{dims=(64, 64)}
for each step of T, reversed, states (64·B)
  slice %x.3 (B, 64) of %x.0
  state %h.4 (B, 64) from %h.1
  state %dU.95 (64, 64) from %zero.98
  state %db.5 (64) from %zero.2
  %h.6 (B, 64) = mul %h.4 %x.3
  %d.7 (B, 64) = tanh %h.4
  %s.8 (64) = sum_to{dims=(64)} %d.7
  %db.9 (64) = add %db.5 %s.8
  %p.96 (64, 64) = matmul{transpose_a} %d.7 %x.3
  %dU.97 (64, 64) = add %dU.95 %p.96
  carry %dU.97 as %dU.95, last %dU.99 (64, 64)
  carry %h.6 as %h.4, last %h.10 (B, 64)
  carry %db.9 as %db.5, last %db.11 (64)
output %dU.99
output %h.10
output %db.11
)");
  // One line of the block each, and none of its steps.
  CHECK(after.find("\n  %sum_to.17 (64) = %db.7 += sum_to{dims=(64)} %d.12\n") != std::string::npos);
  CHECK(after.find("\n    %s.") == std::string::npos);
}
