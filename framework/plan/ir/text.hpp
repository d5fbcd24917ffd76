#pragma once

#include <string>

#include "framework/plan/ir/program.hpp"

namespace unroll::ir {

/// "%h.7": the name that a value has in the recorded equations, or that of the op which makes it, and its
/// number.
std::string value_text(const Program& program, Id id);

/// One line per instruction, what stands in a loop or a chain indented:
///
///     input %x.0 (T, B, 3)
///     once %fill.4 () = fill{value=2}
///     for each step of T, states (5·B)
///       slice %x.5 (B, 3) of %x.0
///       state %h.6 (B, 5) from %h_0.2
///       %matmul.8 (B, 5) = matmul{transpose_b} %h.6 %U.1
///       %tanh.10 (B, 5) = chain
///         %add.9 = add %x.5 %matmul.8
///         %tanh.10 = tanh %add.9
///       carry %tanh.10 as %h.6, last %h.11 (B, 5)
///     output %h.11
std::string to_text(const Program& program);

/// The program that to_text() wrote. Throws std::invalid_argument, naming the line and what was expected
/// there. Whether it is a valid program is for verify() to say.
Program parse(std::string_view text);

}  // namespace unroll::ir
