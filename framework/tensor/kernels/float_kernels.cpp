#include "framework/tensor/kernels/arithmetic.hpp"
#include "framework/tensor/kernels/chain.hpp"
#include "framework/tensor/kernels/dots.hpp"
#include "framework/tensor/kernels/logarithm.hpp"
#include "framework/tensor/kernels/loops.hpp"
#include "framework/tensor/kernels/reduce.hpp"
#include "framework/tensor/kernels/scalar.hpp"
#include "framework/tensor/kernels/tables.hpp"

// Compiled once for each instruction set, with UNROLL_ISA set to its name.

namespace unroll::UNROLL_ISA {

const Kernels<float> float_kernels = {
    .unary =
        {
            map_unary<float, Neg<float>>,
            map_unary<float, Exp>,
            map_unary<float, Log>,
            map_unary<float, Sqrt<float>>,
            map_unary<float, Square<float>>,
            map_unary<float, Abs<float>>,
            map_unary<float, Sign<float>>,
            each<float, c_sin>,
            each<float, c_cos>,
            map_unary<float, Tanh>,
            map_unary<float, Sigmoid>,
            map_unary<float, Relu<float>>,
            map_unary<float, Softplus>,
        },
    .binary =
        {
            map_binary<float, Add<float>>,
            map_binary<float, Sub<float>>,
            map_binary<float, Mul<float>>,
            map_binary<float, Div<float>>,
            each_pair<float, c_pow>,
            map_binary<float, Maximum<float>>,
            map_binary<float, Less<float>>,
            map_binary<float, LessEqual<float>>,
            map_binary<float, Greater<float>>,
            map_binary<float, GreaterEqual<float>>,
            map_binary<float, Equal<float>>,
            map_binary<float, NotEqual<float>>,
        },
    .sum = reduce<float, Sum<float>>,
    .max = reduce<float, Max<float>>,
    .add_rows = add_rows<float>,
    .dots = dots<float>,
    .chain = run_chain<float, float_kernels>,
};

}  // namespace unroll::UNROLL_ISA
