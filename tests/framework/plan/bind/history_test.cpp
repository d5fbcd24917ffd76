#include <doctest/doctest.h>

#include "tests/framework/plan/bind/bound.hpp"

using namespace unroll;

namespace {

/// A recurrence that stacks its state before (%9) and after (%10) each step, and what follows.
std::string recurrence(const std::string& direction, const std::string& behind) {
  return "input %x.0 (T, B, 4)\ninput %h.1 (B, 4)\nfor each step of T" + direction + R"(, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  stack %h.3 into %h.5 (T, B, 4)
  stack %h.4 into %h.6 (T, B, 4)
  carry %h.4 as %h.3, last %h.7 (B, 4)
)" + behind;
}

const std::string product = "%p.8 (T, B, 4) = mul %h.5 %h.6\noutput %p.8\noutput %h.7\n";

}  // namespace

TEST_CASE("[bind] the states before and after the steps are one buffer of a row more") {
  for (const auto& [direction, row] : {std::pair{"", 1}, {", reversed", -1}}) {
    INFO(direction);
    const Bound b(recurrence(direction, product));
    CHECK(b.place(5).home == Home::arena);
    CHECK(b.place(5).spare_rows == row);
    CHECK(b.place(6).home == Home::shifted);
    CHECK(b.place(6).shifted_from == 5);
    CHECK(b.place(4).home == Home::given);  // made in its row
    CHECK(b.loop().states.at(0).history == 5);
    CHECK(b.loop().copies_before.empty());
    CHECK(b.loop().copies_after.empty());
  }
}

TEST_CASE("[bind] without shared history both are stacked for themselves") {
  const Bound b(recurrence("", product), {.shared_history = false});
  CHECK(b.place(5).home == Home::arena);
  CHECK(b.place(6).home == Home::arena);
  CHECK(b.place(5).spare_rows == 0);
  CHECK(b.loop().copies_before.size() == 1);  // the state before the step
  CHECK(b.place(4).home == Home::given);      // the one behind it is made in its row
}

TEST_CASE("[bind] a history and a trajectory that are both outputs are apart: each may be changed") {
  const Bound both(recurrence("", "output %h.5\noutput %h.6\n"));
  CHECK(both.place(5).home == Home::arena);
  CHECK(both.place(6).home == Home::arena);
  const Bound one(recurrence("", "%p.8 (T, B, 4) = mul %h.5 %h.6\noutput %p.8\noutput %h.6\n"));
  CHECK(one.place(6).home == Home::shifted);
}

TEST_CASE("[bind] a history alone has the row behind it for the last state") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  stack %h.3 into %h.5 (T, B, 4)
  carry %h.4 as %h.3, last %h.6 (B, 4)
%p.7 (T, B, 4) = exp %h.5
output %p.7
output %h.6
)");
  CHECK(b.place(5).spare_rows == 1);
  CHECK(b.place(4).home == Home::given);
  CHECK(!b.share(5, 7));  // not a row more for the result
}

TEST_CASE("[bind] a trajectory alone is made in its rows") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  stack %h.4 into %h.5 (T, B, 4)
  carry %h.4 as %h.3
output %h.5
)");
  CHECK(b.place(5).spare_rows == 0);
  CHECK(!b.share(3, 4));  // the state before is the row before
  CHECK(b.loop().copies_after.empty());
}

TEST_CASE("[bind] what is stacked twice, or from outside, is copied") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  stack %h.3 into %h.5 (T, B, 4)
  stack %h.3 into %h.6 (T, B, 4)
  stack %h.4 into %h.7 (T, B, 4)
  stack %h.4 into %h.8 (T, B, 4)
  stack %h.1 into %h.9 (T, B, 4)
  stack %x.2 into %x.10 (T, B, 4)
  carry %h.4 as %h.3
output %h.5
output %h.6
output %h.7
output %h.8
output %h.9
output %x.10
)");
  CHECK(b.loop().copies_before.size() + b.loop().copies_after.size() >= 4);
}

TEST_CASE("[bind] two states with the same next value have no history in one buffer") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %g.1 (B, 4)
input %h.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %g.1
  state %h.5 (B, 4) from %h.2
  %y.6 (B, 4) = chain
    %y.6 = add %g.4 %h.5
  stack %g.4 into %g.7 (T, B, 4)
  stack %h.5 into %h.8 (T, B, 4)
  stack %y.6 into %y.9 (T, B, 4)
  carry %y.6 as %g.4
  carry %y.6 as %h.5
%p.10 (T, B, 4) = mul %g.7 %h.8
output %p.10
output %y.9
)");
  CHECK(b.place(7).spare_rows == 0);
  CHECK(b.place(8).spare_rows == 0);
}

TEST_CASE("[bind] states that swap, with histories") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %g.1 (B, 4)
input %h.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %g.1
  state %h.5 (B, 4) from %h.2
  stack %g.4 into %g.6 (T, B, 4)
  stack %h.5 into %h.7 (T, B, 4)
  carry %h.5 as %g.4
  carry %g.4 as %h.5
output %g.6
output %h.7
)");
  CHECK(!b.share(6, 7));
}

TEST_CASE("[bind] the history of steps in blocks is one buffer of all blocks") {
  for (const std::string direction : {"", ", reversed"}) {
    INFO(direction);
    const Bound b("input %x.0 (T, B, 4)\ninput %h.1 (B, 4)\nfor blocks of R steps of T" + direction +
                  R"(, states (4·B)
  slice %x.2 (R, B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  for each step of R)" +
                  direction + R"(
    slice %x.4 (B, 4) of %x.2
    state %h.5 (B, 4) from %h.3
    %h.6 (B, 4) = chain
      %h.6 = add %h.5 %x.4
    stack %h.5 into %h.7 (R, B, 4)
    stack %h.6 into %h.8 (R, B, 4)
    carry %h.6 as %h.5, last %h.9 (B, 4)
  %y.10 (R, B, 4) = mul %h.7 %h.8
  stack %h.7 into %h.11 (T, B, 4)
  stack %h.8 into %h.12 (T, B, 4)
  stack %y.10 into %y.13 (T, B, 4)
  carry %h.9 as %h.3, last %h.14 (B, 4)
%p.15 (T, B, 4) = mul %h.11 %h.12
output %p.15
output %y.13
output %h.14
)");
    const int row = direction.empty() ? 1 : -1;
    CHECK(b.place(11).spare_rows == row);
    CHECK(b.place(12).home == Home::shifted);
    CHECK(b.place(7).home == Home::given);
    CHECK(b.place(8).home == Home::given);
    CHECK(b.loop(1).copies_before.empty());
    CHECK(b.loop(1).copies_after.empty());
    CHECK(b.loop(2).copies_before.empty());
    CHECK(b.loop(2).copies_after.empty());
    CHECK(b.loop(2).states.at(0).stays);  // the next block begins in the row where this one ends
    CHECK(b.place(9).home == Home::given);
  }
}

TEST_CASE("[bind] a block may keep its own history where only its trajectory leaves it") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for blocks of R steps of T, states (4·B)
  slice %x.2 (R, B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  for each step of R
    slice %x.4 (B, 4) of %x.2
    state %h.5 (B, 4) from %h.3
    %h.6 (B, 4) = chain
      %h.6 = add %h.5 %x.4
    stack %h.5 into %h.7 (R, B, 4)
    stack %h.6 into %h.8 (R, B, 4)
    carry %h.6 as %h.5, last %h.9 (B, 4)
  %y.10 (R, B, 4) = mul %h.7 %h.8
  stack %h.8 into %h.11 (T, B, 4)
  stack %y.10 into %y.12 (T, B, 4)
  carry %h.9 as %h.3
output %h.11
output %y.12
)");
  CHECK(b.place(11).spare_rows == 0);
  CHECK(!b.loop(2).states.at(0).stays);  // the next block writes over it
  CHECK(b.place(9).home == Home::pair);
}
