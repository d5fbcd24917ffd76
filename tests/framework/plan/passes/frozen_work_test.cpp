#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] frozen-work: what depends on frozen inputs alone is done once") {
  CHECK(rewritten(passes::frozen_work, R"(input %x.0 (B, 3)
frozen %W.1 (3, 3)
frozen %b.2 (3)
%transpose.3 (3, 3) = transpose{permutation=(1, 0)} %W.1
%a.4 (B, 3) = matmul %x.0 %transpose.3
%square.5 (3) = square %b.2
%add.6 (3) = add %square.5 %b.2
%neg.7 (3) = neg %add.6
%y.8 (B, 3) = add %a.4 %add.6
output %y.8
output %neg.7
)") == R"(input %x.0 (B, 3)
frozen %W.1 (3, 3)
frozen %b.2 (3)
once %transpose.3 (3, 3) = transpose{permutation=(1, 0)} %W.1
once %square.4 (3) = square %b.2
once %add.5 (3) = add %square.4 %b.2
once %neg.6 (3) = neg %add.5
%a.7 (B, 3) = matmul %x.0 %transpose.3
%y.8 (B, 3) = add %a.7 %add.5
output %y.8
output %neg.6
)");
}
