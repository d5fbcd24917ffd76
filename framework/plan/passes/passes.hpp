#pragma once

#include "framework/plan/ir/program.hpp"

/// The passes over a whole program, loops included. What each is for, and why it stands where it does, is
/// said in plan/pipeline.cpp.
namespace unroll::passes {

void narrow_products(ir::Program& program);
void common_subexpressions(ir::Program& program);
void single_steps(ir::Program& program);
void loop_invariants(ir::Program& program);
void small_tables(ir::Program& program);
void hoisted_inputs(ir::Program& program);
void sunk_results(ir::Program& program);
void checkpoints(ir::Program& program);
void rows_in_blocks(ir::Program& program);
void transposed_weights(ir::Program& program);
void vector_products(ir::Program& program);
void accumulated_products(ir::Program& program);
void narrow_gradients(ir::Program& program);
void broadcast_once(ir::Program& program);
void own_results(ir::Program& program);
void frozen_work(ir::Program& program);
void fused_chains(ir::Program& program);

}  // namespace unroll::passes
