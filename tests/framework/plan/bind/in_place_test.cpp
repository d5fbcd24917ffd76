#include <doctest/doctest.h>

#include "tests/framework/plan/bind/bound.hpp"

using namespace unroll;

namespace {

constexpr BindOptions copied = {.reshape_in_place = false}, apart = {.written_in_place = false};

}  // namespace

TEST_CASE("[bind] another shape of a value is the same bytes") {
  constexpr std::string_view text = R"(input %x.0 (T, B, 4)
%a.1 (T, B, 4) = tanh %x.0
%b.2 (T, B, 2, 2) = reshape{dims=(T, B, 2, 2)} %a.1
%c.3 (T·B, 4) = reshape{dims=(T·B, 4)} %b.2
%d.4 (T·B, 4) = softmax %c.3
output %d.4
output %c.3
)";
  const Bound b(text);
  CHECK(b.share(1, 2));
  CHECK(b.share(1, 3));
  CHECK(!b.share(1, 4));  // it is read behind that
  const Bound without(text, copied);
  CHECK(!without.share(1, 2));
  CHECK(!without.share(2, 3));
}

TEST_CASE("[bind] a view of an input, or of what is done once, is where that is") {
  const Bound b(R"(input %x.0 (T, B, 4)
once %ones.1 (B, 4) = fill{value=1, dims=(B, 4)}
once %row.2 (4·B) = reshape{dims=(4·B)} %ones.1
%v.3 (T·B, 4) = reshape{dims=(T·B, 4)} %x.0
%a.4 (T·B, 4) = exp %v.3
%b.5 (4·B) = exp %row.2
output %a.4
output %b.5
)");
  CHECK(b.share(0, 3));
  CHECK(b.share(1, 2));
  CHECK(b.place(0).home == Home::given);
  CHECK(b.place(1).home == Home::always);
  CHECK(!b.share(3, 4));  // inputs are not written
  CHECK(!b.share(2, 5));  // nor is what the next run reads again
}

TEST_CASE("[bind] a chain writes over an operand that nothing reads any more") {
  const Bound b(R"(input %x.0 (T, B, 4)
input %y.1 (4)
%a.2 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
%c.4, %d.5 (T, B, 4) = chain
  %b.3 = add %a.2 %y.1
  %c.4 = tanh %b.3
  %d.5 = mul %c.4 %b.3
output %c.4
output %d.5
)");
  CHECK(b.share(2, 4));
  CHECK(!b.share(2, 5));  // one of them
}

TEST_CASE("[bind] a chain writes over no operand that a later link reads, and over none that broadcasts") {
  const Bound late(R"(input %x.0 (T, B, 4)
%a.1 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
%b.2, %c.3 (T, B, 4) = chain
  %b.2 = tanh %a.1
  %c.3 = mul %b.2 %a.1
output %b.2
output %c.3
)");
  CHECK(!late.share(1, 2));
  CHECK(late.share(1, 3));
  const Bound broadcast(R"(input %x.0 (4)
%a.1 (4) = broadcast_to{dims=(4)} %x.0
%b.2 (1, 4) = reshape{dims=(1, 4)} %a.1
%c.3 (1, 4) = chain
  %c.3 = mul %b.2 %a.1
output %c.3
)");
  CHECK(!broadcast.share(1, 3));  // it is as many elements, but another shape
  const Bound twice(R"(input %x.0 (T, B, 4)
%a.1 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
%b.2 (T, B, 4) = chain
  %b.2 = mul %a.1 %a.1
output %b.2
)");
  CHECK(twice.share(1, 2));
}

TEST_CASE("[bind] no sum is written over what it adds up, of its own shape too: it begins with zeros") {
  const Bound b(R"(input %x.0 (B, 1, 1024)
%a.1 (B, 1, 1024) = broadcast_to{dims=(B, 1, 1024)} %x.0
%s.3 (B, 1, 1024) = chain
  %b.2 = exp %a.1
  %s.3 = sum_to{dims=(B, 1, 1024)} %b.2
output %s.3
)");
  CHECK(!b.share(1, 3));
}

TEST_CASE("[bind] an op that may writes over its first operand, if that is no other operand too") {
  constexpr std::string_view text = R"(input %x.0 (T, B, 4)
%a.1 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
%b.2 (T, B, 4) = softmax %a.1
output %b.2
)";
  CHECK(Bound(text).share(1, 2));
  CHECK(!Bound(text, apart).share(1, 2));
}

TEST_CASE("[bind] what adds to a value adds to its bytes, where nothing reads that again") {
  constexpr std::string_view text = R"(input %x.0 (B, 4)
input %y.1 (4, 4)
%zero.2 (4, 4) = fill{dims=(4, 4)}
%a.3 (4, 4) = %zero.2 += matmul{transpose_a} %x.0 %x.0
%b.4 (4, 4) = %a.3 += matmul{transpose_a} %x.0 %x.0
%c.5 (4, 4) = %a.3 += matmul %y.1 %y.1
%d.6 (4, 4) = %c.5 += matmul %y.1 %c.5
%e.7 (4, 4) = %y.1 += matmul %y.1 %y.1
output %b.4
output %d.6
output %e.7
)";
  for (const BindOptions& options : {BindOptions{}, apart}) {
    const Bound b(text, options);
    CHECK(b.share(2, 3));
    CHECK(!b.share(3, 4));  // that is read once more
    CHECK(b.share(3, 5));
    CHECK(!b.share(5, 6));  // it is an operand too
    CHECK(!b.share(1, 7));  // an input
  }
}

TEST_CASE("[bind] a step may write over its slice of what this loop alone reads, once") {
  const auto shares = [](const std::string& slice, const std::string& read, const std::string& behind) {
    return Bound(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
%a.2 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
for each step of T, states (4·B)
  slice %x.3 (B, 4) of %x.0
  slice %a.4 (B, 4) of )" +
                 slice + R"(
  state %h.5 (B, 4) from %h.1
  %b.6 (B, 4) = softmax %a.4
  %c.7 (B, 4) = sub %b.6 )" +
                 read + R"(
  %d.8 (B, 4) = add %c.7 %h.5
  carry %d.8 as %h.5, last %h.9 (B, 4)
)" + behind + "output %h.9\n")
        .share(4, 6);
  };
  CHECK(shares("%a.2", "%x.3", ""));
  CHECK(!shares("%x.0", "%x.3", ""));                                            // an input
  CHECK(!shares("%a.2", "%a.4", ""));                                            // read again in the step,
  CHECK(!shares("%a.2", "%x.3", "%e.10 (T, B, 4) = exp %a.2\noutput %e.10\n"));  // or behind the loop
  CHECK(!shares("%a.2", "%x.3", "output %a.2\n"));
}

TEST_CASE("[bind] a slice is not written over where the loop reads the same value in another way") {
  const auto shares = [](const std::string& more, const std::string& operand) {
    return Bound(R"(input %x.0 (T, B, 4)
input %h.1 (B, 4)
%a.2 (T, B, 4) = broadcast_to{dims=(T, B, 4)} %x.0
%v.3 (T, B, 2, 2) = reshape{dims=(T, B, 2, 2)} %a.2
for each step of T, states (4·B)
  slice %a.4 (B, 4) of %a.2
)" + more + R"(  state %h.6 (B, 4) from %h.1
  %b.7 (B, 4) = softmax %a.4
  %c.8 () = sum_to )" +
                 operand + R"(
  %d.9 (B, 4) = mul %b.7 %c.8
  %e.10 (B, 4) = add %d.9 %h.6
  carry %e.10 as %h.6, last %h.11 (B, 4)
output %h.11
)")
        .share(4, 7);
  };
  CHECK(!shares("  slice %v.5 (B, 2, 2) of %v.3\n", "%v.5"));
  CHECK(!shares("  slice %x.5 (B, 4) of %x.0\n", "%v.3"));
  CHECK(shares("  slice %x.5 (B, 4) of %x.0\n", "%x.5"));
}
