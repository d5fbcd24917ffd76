#include "experiments/verbs/program.hpp"

int main(int argc, char** argv) { return unroll::run_program(argc, argv, unroll::Laboratory()); }
