// The unroll program with a task and a cell of one's own: every verb has them.
//
//     build/laboratory sweep echo.toml --out out/echo
#include <unroll/experiments/verbs/program.hpp>

#include "echo_task.hpp"
#include "recurrent_additive_network.hpp"

int main(int argc, char** argv) {
  const unroll::CellRow additive = {
      "additive", "Lee, Levy & Zettlemoyer 2017", [](const unroll::CellOptions& options) {
        return std::make_unique<RecurrentAdditiveNetwork>(options.input_size, options.hidden_size);
      }};
  return unroll::run_program(argc, argv, unroll::Laboratory({echo_row()}, {}, {additive}));
}
