#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE(
    "[passes] own-results: what others can see is copied: inputs, what is done once, and what is an output "
    "already") {
  CHECK(rewritten(passes::own_results, R"(input %x.0 (B, 3)
once %one.1 (3) = fill{value=1, dims=(3)}
%a.2 (B, 3) = tanh %x.0
output %x.0
output %one.1
output %a.2
output %a.2
)") == R"(input %x.0 (B, 3)
once %one.1 (3) = fill{value=1, dims=(3)}
%a.2 (B, 3) = tanh %x.0
%identity.3 (B, 3) = identity %x.0
%identity.4 (3) = identity %one.1
%identity.5 (B, 3) = identity %a.2
output %identity.3
output %identity.4
output %a.2
output %identity.5
)");
}

TEST_CASE("[passes] own-results: views of one value are the same bytes") {
  CHECK(rewritten(passes::own_results, R"(input %x.0 (B, 4)
%a.1 (B, 4) = tanh %x.0
%b.2 (B, 2, 2) = reshape{dims=(B, 2, 2)} %a.1
%c.3 (B, 2, 2) = reshape{dims=(B, 2, 2)} %x.0
output %b.2
output %a.1
output %c.3
)") == R"(input %x.0 (B, 4)
%a.1 (B, 4) = tanh %x.0
%b.2 (B, 2, 2) = reshape{dims=(B, 2, 2)} %a.1
%c.3 (B, 2, 2) = reshape{dims=(B, 2, 2)} %x.0
%identity.4 (B, 4) = identity %a.1
%identity.5 (B, 2, 2) = identity %c.3
output %b.2
output %identity.4
output %identity.5
)");
}

TEST_CASE("[passes] own-results: a state is followed by what the step makes") {
  CHECK(rewritten(passes::own_results, R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
input %b.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %a.1
  state %h.5 (B, 4) from %b.2
  carry %h.5 as %g.4, last %g.6 (B, 4)
  carry %x.3 as %h.5, last %h.7 (B, 4)
output %g.6
output %h.7
)") == R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
input %b.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %a.1
  state %h.5 (B, 4) from %b.2
  %identity.6 (B, 4) = identity %h.5
  %identity.7 (B, 4) = identity %x.3
  carry %identity.6 as %g.4, last %g.8 (B, 4)
  carry %identity.7 as %h.5, last %h.9 (B, 4)
output %g.8
output %h.9
)");
  check_unchanged(passes::own_results, R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
for each step of T, states (4·B)
  slice %x.2 (B, 4) of %x.0
  state %g.3 (B, 4) from %a.1
  %h.4 (B, 4) = add %g.3 %x.2
  carry %h.4 as %g.3, last %g.5 (B, 4)
output %g.5
)");
}

TEST_CASE(
    "[passes] own-results: a view of another state is not what follows a state: that one changes first") {
  CHECK(rewritten(passes::own_results, R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
input %b.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %a.1
  state %h.5 (B, 4) from %b.2
  %y.6 (B, 4) = add %g.4 %x.3
  %z.7 (4·B) = reshape{dims=(4·B)} %g.4
  %z.8 (B, 4) = reshape{dims=(B, 4)} %z.7
  carry %y.6 as %g.4, last %g.9 (B, 4)
  carry %z.8 as %h.5, last %h.10 (B, 4)
output %g.9
output %h.10
)") == R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
input %b.2 (B, 4)
for each step of T, states (4·B, 4·B)
  slice %x.3 (B, 4) of %x.0
  state %g.4 (B, 4) from %a.1
  state %h.5 (B, 4) from %b.2
  %y.6 (B, 4) = add %g.4 %x.3
  %z.7 (4·B) = reshape{dims=(4·B)} %g.4
  %z.8 (B, 4) = reshape{dims=(B, 4)} %z.7
  %identity.9 (B, 4) = identity %z.8
  carry %y.6 as %g.4, last %g.10 (B, 4)
  carry %identity.9 as %h.5, last %h.11 (B, 4)
output %g.10
output %h.11
)");
}

TEST_CASE("[passes] own-results: integers are copied as integers") {
  CHECK(rewritten(passes::own_results, R"(input %i.0 (T, B) integer
input %j.1 (B) integer
for each step of T, states (B)
  slice %i.2 (B) integer of %i.0
  state %j.3 (B) integer from %j.1
  carry %i.2 as %j.3, last %j.4 (B) integer
output %i.0
output %j.4
)") == R"(input %i.0 (T, B) integer
input %j.1 (B) integer
for each step of T, states (B)
  slice %i.2 (B) integer of %i.0
  state %j.3 (B) integer from %j.1
  %index_identity.4 (B) integer = index_identity %i.2
  carry %index_identity.4 as %j.3, last %j.5 (B) integer
%index_identity.6 (T, B) integer = index_identity %i.0
output %index_identity.6
output %j.5
)");
}

TEST_CASE("[passes] own-results: in loops in loops") {
  CHECK(rewritten(passes::own_results, R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
for blocks of R steps of T
  slice %x.2 (R, B, 4) of %x.0
  state %h.3 (B, 4) from %a.1
  for each step of R
    slice %x.4 (B, 4) of %x.2
    state %h.5 (B, 4) from %h.3
    carry %x.4 as %h.5, last %h.6 (B, 4)
  carry %h.6 as %h.3, last %h.7 (B, 4)
output %h.7
)") == R"(input %x.0 (T, B, 4)
input %a.1 (B, 4)
for blocks of R steps of T
  slice %x.2 (R, B, 4) of %x.0
  state %h.3 (B, 4) from %a.1
  for each step of R
    slice %x.4 (B, 4) of %x.2
    state %h.5 (B, 4) from %h.3
    %identity.6 (B, 4) = identity %x.4
    carry %identity.6 as %h.5, last %h.7 (B, 4)
  carry %h.7 as %h.3, last %h.8 (B, 4)
output %h.8
)");
}
