#pragma once

namespace unroll {

/// Makes sure that products use the kernels that fit this CPU. OpenBLAS reads OPENBLAS_CORETYPE when it is
/// loaded; where it chose badly by itself, the program sets the variable and starts itself again, once. Where
/// the user set the variable, or a new start did not help, a warning on stderr says what is wrong.
void choose_kernels(char** argv);

}  // namespace unroll
