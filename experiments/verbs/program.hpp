#pragma once

#include "experiments/laboratory.hpp"

namespace unroll {

/// The `unroll` program: finds the verb, parses its flags, runs it and turns errors into a message on stderr
/// and an exit status. A program of one's own hands it a laboratory with tasks,
/// objectives and cells of its own, and has every verb with them.
int run_program(int argc, char** argv, const Laboratory& laboratory);

}  // namespace unroll
