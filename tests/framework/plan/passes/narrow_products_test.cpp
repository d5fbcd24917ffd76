#include <fmt/format.h>

#include <boost/algorithm/string/replace.hpp>
#include <string>

#include "framework/plan/ir/edit.hpp"
#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

namespace {

/// A cell whose next state is the old one times V x, and its way back.
const std::string both_ways = R"(input %x.0 (T, B, 2)
input %h.1 (B, 64)
input %V.2 (64, 2)
%zero.3 (64, 2) = fill{dims=(64, 2)}
for each step of T, states (64·B)
  slice %x.4 (B, 2) of %x.0
  state %h.5 (B, 64) from %h.1
  %v.6 (B, 64) = matmul{transpose_b} %x.4 %V.2
  %h.7 (B, 64) = mul %v.6 %h.5
  stack %h.5 into %h.8 (T, B, 64)
  carry %h.7 as %h.5, last %h.9 (B, 64)
for each step of T, reversed, states (64·B)
  slice %x.10 (B, 2) of %x.0
  slice %h.11 (B, 64) of %h.8
  state %g.12 (B, 64) from %h.9
  state %dV.13 (64, 2) from %zero.3
  %v.14 (B, 64) = matmul{transpose_b} %x.10 %V.2
  %g.15 (B, 64) = mul %v.14 %g.12
  %d.16 (B, 64) = mul %g.12 %h.11
  %p.17 (64, 2) = matmul{transpose_a} %d.16 %x.10
  %dV.18 (64, 2) = add %dV.13 %p.17
  carry %g.15 as %g.12, last %g.19 (B, 64)
  carry %dV.18 as %dV.13, last %dV.20 (64, 2)
output %g.19
output %dV.20
)";

std::string with(std::string from, std::string to) {
  std::string text = both_ways;
  boost::replace_all(text, from, to);
  return text;
}

/// But for what no output needs.
void check_unchanged(const std::string& text) {
  ir::Program program = ir::parse(text);
  ir::remove_dead(program);
  unroll::check_unchanged(passes::narrow_products, ir::to_text(ir::parse(ir::to_text(program))));
}

/// The reverse loop alone, where `op` makes the vectors and `addend`, (64, 64), is summed as well.
std::string way_back(std::string_view op, std::string_view addend) {
  return fmt::format(R"(input %x.0 (T, B, 2)
input %h.1 (B, 64)
%zero.2 (64, 2) = fill{{dims=(64, 2)}}
%zero.3 (64, 64) = fill{{dims=(64, 64)}}
for each step of T, reversed, states (64·B)
  slice %x.4 (B, 2) of %x.0
  state %g.5 (B, 64) from %h.1
  state %dV.6 (64, 2) from %zero.2
  state %dU.7 (64, 64) from %zero.3
  %g.8 (B, 64) = {} %g.5
  %p.9 (64, 2) = matmul{{transpose_a}} %g.8 %x.4
  %dV.10 (64, 2) = add %dV.6 %p.9
  %q.11 (64, 64) = {}
  %dU.12 (64, 64) = add %dU.7 %q.11
  carry %g.8 as %g.5, last %g.13 (B, 64)
  carry %dV.10 as %dV.6, last %dV.14 (64, 2)
  carry %dU.12 as %dU.7, last %dU.15 (64, 64)
output %g.13
output %dV.14
output %dU.15
)",
                     op, addend);
}

}  // namespace

TEST_CASE(
    "[passes] narrow-products: a product with two numbers is two multiplications, its gradient two sums") {
  CHECK(rewritten(passes::narrow_products, both_ways) == R"(input %x.0 (T, B, 2)
input %h.1 (B, 64)
input %V.2 (64, 2)
%zero.3 (64, 2) = fill{dims=(64, 2)}
for each step of T, states (64·B)
  slice %x.4 (B, 2) of %x.0
  state %h.5 (B, 64) from %h.1
  %V.6 (64, 1) = slice{axis=1, extent=1} %V.2
  %V.7 (64) = reshape{dims=(64)} %V.6
  %x.8 (B, 1) = slice{axis=1, extent=1} %x.4
  %mul.9 (B, 64) = mul %x.8 %V.7
  %V.10 (64, 1) = slice{axis=1, begin=1, extent=1} %V.2
  %V.11 (64) = reshape{dims=(64)} %V.10
  %x.12 (B, 1) = slice{axis=1, begin=1, extent=1} %x.4
  %mul.13 (B, 64) = mul %x.12 %V.11
  %v.14 (B, 64) = add %mul.9 %mul.13
  %h.15 (B, 64) = mul %v.14 %h.5
  stack %h.5 into %h.16 (T, B, 64)
  carry %h.15 as %h.5, last %h.17 (B, 64)
%fill.18 (64) = fill{dims=(64)}
%fill.19 (64) = fill{dims=(64)}
for each step of T, reversed, states (64·B)
  slice %x.20 (B, 2) of %x.0
  slice %h.21 (B, 64) of %h.16
  state %g.22 (B, 64) from %h.17
  state %dV.23 (64) from %fill.18
  state %dV.24 (64) from %fill.19
  %V.25 (64, 1) = slice{axis=1, extent=1} %V.2
  %V.26 (64) = reshape{dims=(64)} %V.25
  %x.27 (B, 1) = slice{axis=1, extent=1} %x.20
  %mul.28 (B, 64) = mul %x.27 %V.26
  %V.29 (64, 1) = slice{axis=1, begin=1, extent=1} %V.2
  %V.30 (64) = reshape{dims=(64)} %V.29
  %x.31 (B, 1) = slice{axis=1, begin=1, extent=1} %x.20
  %mul.32 (B, 64) = mul %x.31 %V.30
  %v.33 (B, 64) = add %mul.28 %mul.32
  %g.34 (B, 64) = mul %v.33 %g.22
  %d.35 (B, 64) = mul %g.22 %h.21
  %x.36 (B, 1) = slice{axis=1, extent=1} %x.20
  %mul.37 (B, 64) = mul %d.35 %x.36
  %sum_to.38 (64) = sum_to{dims=(64)} %mul.37
  %add.39 (64) = add %dV.23 %sum_to.38
  %x.40 (B, 1) = slice{axis=1, begin=1, extent=1} %x.20
  %mul.41 (B, 64) = mul %d.35 %x.40
  %sum_to.42 (64) = sum_to{dims=(64)} %mul.41
  %add.43 (64) = add %dV.24 %sum_to.42
  carry %g.34 as %g.22, last %g.44 (B, 64)
  carry %add.39 as %dV.23, last %dV.45 (64)
  carry %add.43 as %dV.24, last %dV.46 (64)
%dV.47 (64, 1) = reshape{dims=(64, 1)} %dV.45
%dV.48 (64, 1) = reshape{dims=(64, 1)} %dV.46
%concat.49 (64, 2) = concat{axis=1} %dV.47 %dV.48
%dV.50 (64, 2) = add %zero.3 %concat.49
output %g.44
output %dV.50
)");
}

TEST_CASE("[passes] narrow-products: with one number nothing is sliced, and the sum begins where it began") {
  CHECK(rewritten(passes::narrow_products, R"(input %x.0 (T, B, 1)
input %h.1 (B, 64)
input %c.2 (1, 64)
for each step of T, states (64·B)
  slice %x.3 (B, 1) of %x.0
  state %h.4 (B, 64) from %h.1
  state %dc.5 (1, 64) from %c.2
  %h.6 (B, 64) = tanh %h.4
  %p.7 (1, 64) = matmul{transpose_a} %x.3 %h.6
  %dc.8 (1, 64) = add %dc.5 %p.7
  carry %h.6 as %h.4, last %h.9 (B, 64)
  carry %dc.8 as %dc.5, last %dc.10 (1, 64)
output %h.9
output %dc.10
)") == R"(input %x.0 (T, B, 1)
input %h.1 (B, 64)
input %c.2 (1, 64)
%fill.3 (64) = fill{dims=(64)}
for each step of T, states (64·B)
  slice %x.4 (B, 1) of %x.0
  state %h.5 (B, 64) from %h.1
  state %dc.6 (64) from %fill.3
  %h.7 (B, 64) = tanh %h.5
  %mul.8 (B, 64) = mul %h.7 %x.4
  %sum_to.9 (64) = sum_to{dims=(64)} %mul.8
  %add.10 (64) = add %dc.6 %sum_to.9
  carry %h.7 as %h.5, last %h.11 (B, 64)
  carry %add.10 as %dc.6, last %dc.12 (64)
%dc.13 (1, 64) = reshape{dims=(1, 64)} %dc.12
%concat.14 (1, 64) = concat %dc.13
%dc.15 (1, 64) = add %c.2 %concat.14
output %h.11
output %dc.15
)");
}

TEST_CASE("[passes] narrow-products: vectors that fill no registers stay, and more than a few numbers") {
  check_unchanged(with("64", "48"));
  check_unchanged(with("64", "72"));
  check_unchanged(with(", 2)", ", 5)"));
  CHECK(rewritten(passes::narrow_products, with(", 2)", ", 4)")) != with(", 2)", ", 4)"));
}

TEST_CASE(
    "[passes] narrow-products: a product that no way back needs stays, and what a product is added to") {
  const std::size_t second = both_ways.find("for each step of T, reversed");
  check_unchanged(both_ways.substr(0, second) + "output %h.9\n");
  // Both loops add it to what a product with the state makes.
  std::string added = with("%h.7 (B, 64) = mul %v.6 %h.5",
                           "%u.70 (B, 64) = matmul %h.5 %U.71\n  %h.7 (B, 64) = add %v.6 %u.70");
  boost::replace_all(added, "%g.15 (B, 64) = mul %v.14 %g.12",
                     "%w.72 (B, 64) = matmul %g.12 %U.71\n  %g.15 (B, 64) = add %v.14 %w.72");
  boost::replace_all(added, "%p.17 (64, 2) = matmul{transpose_a} %d.16 %x.10",
                     "%p.17 (64, 2) = fill{dims=(64, 2)}");
  boost::replace_all(added, "input %V.2 (64, 2)\n", "input %V.2 (64, 2)\ninput %U.71 (64, 64)\n");
  check_unchanged(added);
}

TEST_CASE("[passes] narrow-products: where another product keeps the vectors, the gradient is one too") {
  const std::string other = way_back("tanh", "matmul{transpose_a} %g.8 %g.8");
  check_unchanged(other);
  const std::string none = way_back("tanh", "tanh %zero.3");
  CHECK(rewritten(passes::narrow_products, none) != none);
}

TEST_CASE("[passes] narrow-products: vectors on which functions of the C library are called stay") {
  check_unchanged(way_back("sin", "tanh %zero.3"));
}
