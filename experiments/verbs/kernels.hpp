#pragma once

#include <string>
#include <vector>

namespace unroll {

/// Makes sure that products use the kernels that fit this CPU. OpenBLAS reads OPENBLAS_CORETYPE when it is
/// loaded; where it chose badly by itself, the program sets the variable and starts itself again, once. Where
/// the user set the variable, or a new start did not help, a warning on stderr says what is wrong.
void choose_kernels(char** argv);

/// Names of the variables in the environment that choose_kernels() set, not the user: they are about this
/// CPU, and no concern of a program that is started on another machine.
std::vector<std::string> variables_of_kernels();

}  // namespace unroll
