#include "framework/tensor/kernels/arithmetic.hpp"
#include "framework/tensor/kernels/chain.hpp"
#include "framework/tensor/kernels/dots.hpp"
#include "framework/tensor/kernels/loops.hpp"
#include "framework/tensor/kernels/reduce.hpp"
#include "framework/tensor/kernels/scalar.hpp"
#include "framework/tensor/kernels/tables.hpp"

// Compiled once for each instruction set, with UNROLL_ISA set to its name.

namespace unroll::UNROLL_ISA {

const Kernels<double> double_kernels = {
    .unary =
        {
            map_unary<double, Neg<double>>,
            each<double, c_exp>,
            each<double, c_log>,
            map_unary<double, Sqrt<double>>,
            map_unary<double, Square<double>>,
            map_unary<double, Abs<double>>,
            map_unary<double, Sign<double>>,
            each<double, c_sin>,
            each<double, c_cos>,
            each<double, c_tanh>,
            each<double, c_sigmoid>,
            map_unary<double, Relu<double>>,
            each<double, c_softplus>,
        },
    .binary =
        {
            map_binary<double, Add<double>>,
            map_binary<double, Sub<double>>,
            map_binary<double, Mul<double>>,
            map_binary<double, Div<double>>,
            each_pair<double, c_pow>,
            map_binary<double, Maximum<double>>,
            map_binary<double, Less<double>>,
            map_binary<double, LessEqual<double>>,
            map_binary<double, Greater<double>>,
            map_binary<double, GreaterEqual<double>>,
            map_binary<double, Equal<double>>,
            map_binary<double, NotEqual<double>>,
        },
    .sum = reduce<double, Sum<double>>,
    .max = reduce<double, Max<double>>,
    .add_rows = add_rows<double>,
    .dots = dots<double>,
    .chain = run_chain<double, double_kernels>,
};

}  // namespace unroll::UNROLL_ISA
