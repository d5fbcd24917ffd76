#include "tests/framework/plan/passes/rewritten.hpp"

using namespace unroll;

TEST_CASE("[passes] vector-products: a matrix times a vector is a multiplication and a sum") {
  CHECK(rewritten(passes::vector_products, R"(input %S.0 (B, 64, 16)
input %k.1 (B, 16)
input %v.2 (B, 64, 1)
%k.3 (B, 16, 1) = reshape{dims=(B, 16, 1)} %k.1
%a.4 (B, 64, 1) = matmul %S.0 %k.3
%b.5 (B, 16, 1) = matmul{transpose_a} %S.0 %v.2
%c.6 (B, 1, 16) = matmul{transpose_a} %v.2 %S.0
output %a.4
output %b.5
output %c.6
)") == R"(input %S.0 (B, 64, 16)
input %k.1 (B, 16)
input %v.2 (B, 64, 1)
%k.3 (B, 1, 16) = reshape{dims=(B, 1, 16)} %k.1
%mul.4 (B, 64, 16) = mul %S.0 %k.3
%a.5 (B, 64, 1) = sum_to{dims=(B, 64, 1)} %mul.4
%mul.6 (B, 64, 16) = mul %S.0 %v.2
%sum_to.7 (B, 1, 16) = sum_to{dims=(B, 1, 16)} %mul.6
%b.8 (B, 16, 1) = reshape{dims=(B, 16, 1)} %sum_to.7
%mul.9 (B, 64, 16) = mul %S.0 %v.2
%c.10 (B, 1, 16) = sum_to{dims=(B, 1, 16)} %mul.9
output %a.5
output %b.8
output %c.10
)");
}

TEST_CASE("[passes] vector-products: a product of two vectors is a multiplication, added where it was") {
  CHECK(rewritten(passes::vector_products, R"(input %S.0 (B, 64, 16)
input %v.1 (B, 64, 1)
input %k.2 (B, 16, 1)
%T.3 (B, 64, 16) = tanh %S.0
%a.4 (B, 64, 16) = %T.3 += matmul{transpose_b} %v.1 %k.2
output %a.4
)") == R"(input %S.0 (B, 64, 16)
input %v.1 (B, 64, 1)
input %k.2 (B, 16, 1)
%T.3 (B, 64, 16) = tanh %S.0
%k.4 (B, 1, 16) = reshape{dims=(B, 1, 16)} %k.2
%mul.5 (B, 64, 16) = mul %v.1 %k.4
%a.6 (B, 64, 16) = add %T.3 %mul.5
output %a.6
)");
}

TEST_CASE("[passes] vector-products: others stay products: of one matrix, of small ones, of two") {
  check_unchanged(passes::vector_products, R"(input %S.0 (B, 64, 16)
input %W.1 (64, 16)
input %k.2 (16, 1)
input %s.3 (B, 4, 3)
input %q.4 (B, 3, 1)
input %R.5 (B, 16, 2)
%a.6 (64, 1) = matmul %W.1 %k.2
%b.7 (B, 4, 1) = matmul %s.3 %q.4
%c.8 (B, 64, 2) = matmul %S.0 %R.5
output %a.6
output %b.7
output %c.8
)");
}
