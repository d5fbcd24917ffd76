#include <doctest/doctest.h>

#include "tests/framework/plan/bind/bound.hpp"

using namespace unroll;

namespace {

constexpr BindOptions written_apart = {.written_in_place = false};

/// A loop over T steps with two states of one shape; `body` makes %6 and %7 from %x.3, %g.4 and %h.5, and
/// `carry` ends it.
std::string two_states(const std::string& body, const std::string& carry, const std::string& behind) {
  return "input %x.0 (T, B, 4)\ninput %a.1 (B, 4)\ninput %b.2 (B, 4)\nfor each step of T, states (4·B, 4·B)\n"
         "  slice %x.3 (B, 4) of %x.0\n  state %g.4 (B, 4) from %a.1\n  state %h.5 (B, 4) from %b.2\n" +
         body + carry + behind;
}

const std::string both = "output %g.8\noutput %h.9\n";

}  // namespace

TEST_CASE("[bind] a state whose step reads it last is changed in place, where its final value is") {
  constexpr std::string_view text = R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  carry %h.4 as %h.3, last %h.5 (B, 4)
output %h.5
)";
  const Bound b(text);
  CHECK(b.share(3, 4));
  CHECK(b.loop().states.at(0).in_place);
  CHECK(b.place(3).home == Home::given);  // the final value's bytes
  const Bound without(text, written_apart);
  CHECK(!without.share(3, 4));
  CHECK(without.place(4).home == Home::pair);
}

TEST_CASE("[bind] a state that is read behind its next value has two places, used in turn") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  %y.5 (B, 4) = mul %h.3 %h.4
  stack %y.5 into %y.6 (T, B, 4)
  carry %h.4 as %h.3
output %y.6
)");
  CHECK(!b.share(3, 4));
  CHECK(b.place(4).home == Home::pair);
}

TEST_CASE("[bind] what a step makes of a state on the way to the next one is in the same bytes") {
  constexpr std::string_view text = R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %h.1
  %y.4 (B, 4) = chain
    %y.4 = add %h.3 %x.2
  %r.5 (B, 1) = sum_to{dims=(B, 1)} %y.4
  %z.6 (B, 1) = exp %r.5
  %h.7 (B, 4) = chain
    %h.7 = mul %y.4 %z.6
  carry %h.7 as %h.3, last %h.8 (B, 4)
output %h.8
)";
  const Bound b(text);
  CHECK(b.share(3, 4));
  CHECK(b.share(3, 7));
  CHECK(b.loop().states.at(0).in_place);
  const Bound without(text, written_apart);
  CHECK(!without.share(3, 4));
  CHECK(!without.share(4, 7));
  CHECK(!without.share(3, 7));
}

TEST_CASE("[bind] a state that only products follow from is not in place, nor is what they are added to") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
input %w.2 (4, 4)
for each step of T, states (4·B)
  slice %x.3 (B, 4) of %x.0
  state %h.4 (B, 4) from %h.1
  %y.5, %z.6 (B, 4) = chain
    %y.5 = mul %h.4 %x.3
    %z.6 = add %h.4 %x.3
  %h.7 (B, 4) = %y.5 += matmul %z.6 %w.2
  carry %h.7 as %h.4, last %h.8 (B, 4)
output %h.8
)");
  CHECK(!b.share(4, 7));
  CHECK(b.share(5, 7));
  CHECK(!b.share(4, 6));
}

TEST_CASE("[bind] of two states that meet in a chain one may be on its way in place") {
  const Bound b(
      two_states("  %p.6, %q.7 (B, 4) = chain\n    %p.6 = add %g.4 %h.5\n    %q.7 = mul %g.4 %h.5\n"
                 "  %g.8 (B, 4) = chain\n    %g.8 = add %p.6 %x.3\n"
                 "  %h.9 (B, 4) = chain\n    %h.9 = add %q.7 %g.8\n",
                 "  carry %g.8 as %g.4, last %g.10 (B, 4)\n  carry %h.9 as %h.5, last %h.11 (B, 4)\n",
                 "output %g.10\noutput %h.11\n"));
  CHECK(!b.share(4, 8));  // g is read behind p, and q behind g'
  CHECK(b.share(5, 7));
  CHECK(b.share(5, 9));
  CHECK(!b.share(6, 7));
  CHECK(!b.share(4, 5));
}

TEST_CASE("[bind] a sum over the steps begins and ends in the bytes of its zeros") {
  const auto text = [](const std::string& more) {
    return R"(input %x.0 (T, B, 4)
%zero.1 (4, 4) = fill{dims=(4, 4)}
for each step of T, states (16)
  slice %x.2 (B, 4) of %x.0
  state %s.3 (4, 4) from %zero.1
  %s.4 (4, 4) = %s.3 += matmul{transpose_a} %x.2 %x.2
  carry %s.4 as %s.3, last %s.5 (4, 4)
)" + more + "output %s.5\n";
  };
  for (const BindOptions& options : {BindOptions{}, written_apart}) {
    const Bound b(text(""), options);
    CHECK(b.share(3, 4));
    CHECK(b.share(1, 5));
    CHECK(!Bound(text("output %zero.1\n"), options).share(1, 5));  // somebody wants the zeros
  }
}

TEST_CASE("[bind] a chain's sum over the steps is one buffer, if the chain reads it for nothing else") {
  const auto text = [](const std::string& row) {
    return R"(input %x.0 (T, B, 8, 128)
%zero.1 (8, 128) = fill{dims=(8, 128)}
for each step of T, states (1024)
  slice %x.2 (B, 8, 128) of %x.0
  state %s.3 (8, 128) from %zero.1
  %s.5 (B, 8, 128) = chain
    %y.4 = )" +
           row + R"(
    %s.5 = %s.3 += sum_to{dims=(8, 128)} %y.4
  carry %s.5 as %s.3, last %s.6 (8, 128)
output %s.6
)";
  };
  const Bound b(text("exp %x.2"));
  CHECK(b.share(3, 5));
  CHECK(b.share(1, 6));
  CHECK(!Bound(text("exp %x.2"), written_apart).share(3, 5));
  CHECK(!Bound(text("mul %s.3 %x.2")).share(3, 5));
}

TEST_CASE("[bind] two sums that begin with the same zeros do not end in them") {
  const Bound b(R"(input %x.0 (T, B, 4)
%zero.1 (4, 4) = fill{dims=(4, 4)}
for each step of T, states (16, 16)
  slice %x.2 (B, 4) of %x.0
  state %s.3 (4, 4) from %zero.1
  state %t.4 (4, 4) from %zero.1
  %s.5 (4, 4) = %s.3 += matmul{transpose_a} %x.2 %x.2
  %y.6 (B, 4) = exp %x.2
  %t.7 (4, 4) = %t.4 += matmul{transpose_a} %y.6 %y.6
  carry %s.5 as %s.3, last %s.8 (4, 4)
  carry %t.7 as %t.4, last %t.9 (4, 4)
output %s.8
output %t.9
)");
  CHECK(!b.share(1, 8));
  CHECK(!b.share(1, 9));
  CHECK(!b.share(8, 9));
}

TEST_CASE("[bind] a sum in a loop in a loop is one buffer all the way") {
  const Bound b(R"(input %x.0 (T, B, 4)
%zero.1 (4, 4) = fill{dims=(4, 4)}
for blocks of R steps of T
  slice %x.2 (R, B, 4) of %x.0
  state %s.3 (4, 4) from %zero.1
  for each step of R
    slice %x.4 (B, 4) of %x.2
    state %s.5 (4, 4) from %s.3
    %s.6 (4, 4) = %s.5 += matmul{transpose_a} %x.4 %x.4
    carry %s.6 as %s.5, last %s.7 (4, 4)
  carry %s.7 as %s.3, last %s.8 (4, 4)
output %s.8
)");
  CHECK(b.share(1, 8));
  CHECK(b.share(3, 7));
  CHECK(b.share(5, 6));
}

TEST_CASE("[bind] states that swap") {
  const Bound b(two_states("  %y.6 (B, 4) = exp %x.3\n  %z.7 (B, 4) = exp %y.6\n",
                           "  carry %h.5 as %g.4, last %g.8 (B, 4)\n  carry %g.4 as %h.5, last %h.9 (B, 4)\n",
                           both));
  CHECK(!b.share(4, 5));
  const Bound computed(
      two_states("  %y.6 (B, 4) = add %h.5 %x.3\n  %z.7 (B, 4) = mul %g.4 %x.3\n",
                 "  carry %y.6 as %g.4, last %g.8 (B, 4)\n  carry %z.7 as %h.5, last %h.9 (B, 4)\n", both));
  CHECK(!computed.share(6, 7));
  CHECK(!computed.share(8, 9));
}

TEST_CASE("[bind] one chain makes both states: only what is read no more is overwritten") {
  const Bound b(
      two_states("  %g.6, %h.7 (B, 4) = chain\n    %g.6 = mul %g.4 %x.3\n    %h.7 = add %g.4 %h.5\n",
                 "  carry %g.6 as %g.4, last %g.8 (B, 4)\n  carry %h.7 as %h.5, last %h.9 (B, 4)\n", both));
  CHECK(!b.share(4, 6));  // h' reads g behind g'
  CHECK(b.share(5, 7));
}

TEST_CASE("[bind] a state that stays as it is") {
  const Bound b(two_states("  %y.6 (B, 4) = mul %g.4 %x.3\n  %z.7 (B, 4) = add %y.6 %h.5\n",
                           "  carry %g.4 as %g.4, last %g.8 (B, 4)\n  carry %z.7 as %h.5, last %h.9 (B, 4)\n",
                           both));
  CHECK(!b.share(8, 9));
}

TEST_CASE("[bind] two states with the same next value") {
  const Bound b(two_states("  %y.6 (B, 4) = mul %g.4 %x.3\n  %z.7 (B, 4) = add %y.6 %h.5\n",
                           "  carry %z.7 as %g.4, last %g.8 (B, 4)\n  carry %z.7 as %h.5, last %h.9 (B, 4)\n",
                           both));
  CHECK(!b.share(5, 7));
  CHECK(!b.share(4, 7));
}

TEST_CASE("[bind] a state whose next value comes from outside, from a slice, or is another's final one") {
  for (const char* next : {"%a.1", "%x.3", "%b.2"}) {
    INFO(next);
    const Bound b(two_states("  %y.6 (B, 4) = mul %g.4 %x.3\n  %z.7 (B, 4) = add %y.6 %h.5\n",
                             std::string("  carry ") + next +
                                 " as %g.4, last %g.8 (B, 4)\n  carry %z.7 as %h.5, last %h.9 (B, 4)\n",
                             both));
    CHECK(!b.share(8, 9));
  }
}

TEST_CASE("[bind] states that begin with the same value, which is an output too") {
  const Bound b(R"(input %x.0 (T, B, 4)
%a.1 (B, 4) = sum_to{dims=(B, 4)} %x.0
for each step of T, states (4·B, 4·B)
  slice %x.2 (B, 4) of %x.0
  state %g.3 (B, 4) from %a.1
  state %h.4 (B, 4) from %a.1
  %g.5 (B, 4) = chain
    %g.5 = add %g.3 %x.2
  %h.6 (B, 4) = chain
    %h.6 = mul %h.4 %x.2
  carry %g.5 as %g.3, last %g.7 (B, 4)
  carry %h.6 as %h.4, last %h.8 (B, 4)
output %g.7
output %h.8
output %a.1
)");
  CHECK(b.share(3, 5));
  CHECK(b.share(4, 6));
  CHECK(!b.share(1, 7));
}

TEST_CASE("[bind] the final value of one loop is where the next one begins") {
  const Bound b(R"(input %x.0 (T, B, 4)
%a.1 (B, 4) = sum_to{dims=(B, 4)} %x.0
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %h.3 (B, 4) from %a.1
  %h.4 (B, 4) = chain
    %h.4 = add %h.3 %x.2
  carry %h.4 as %h.3, last %h.5 (B, 4)
for each step of T, reversed, states (4·B)
  slice %x.6 (B, 4) of %x.0
  state %h.7 (B, 4) from %h.5
  %h.8 (B, 4) = chain
    %h.8 = mul %h.7 %x.6
  carry %h.8 as %h.7, last %h.9 (B, 4)
output %h.9
)");
  CHECK(b.share(1, 5));
  CHECK(b.share(5, 9));
}
