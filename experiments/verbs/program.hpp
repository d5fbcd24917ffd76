#pragma once

namespace unroll {

/// The `unroll` program: finds the verb, parses its flags, runs it and turns errors into a message on stderr
/// and an exit status.
int run_program(int argc, char** argv);

}  // namespace unroll
