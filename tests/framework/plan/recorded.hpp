#pragma once

#include <memory>
#include <string>
#include <vector>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/lower.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/framework/plan/random_scan.hpp"

namespace unroll {

/// A program as it was recorded, and where it comes from.
struct RecordedProgram {
  std::string name;
  ir::Program program;
};

/// A cell with a readout at every step, its loss and all gradients; with `second`, those of a sum of them.
inline RecordedProgram record_cell(const CellRow& row, bool second = false) {
  using sizes::B;
  using sizes::T;
  const auto cell = row.make({3, 4, "tanh"});
  std::vector<ParameterSpec> specs = cell->parameters();
  specs.push_back({"W_hy", {2, cell->states()[0].shape[0]}, Role::readout_matrix});
  Tape tape;
  const Parameters p(tape, specs);
  const Var x = tape.input("x", {T, B, 3}), target = tape.input("target", {T, B, 2});
  std::vector<Var> initial, wanted = p.all();
  for (const StateSpec& state : cell->states()) initial.push_back(tape.input(state.name, state.dims(B)));
  const Scanned s = scan(
      [&](const auto& in, const auto& state) {
        Step step{cell->step(p, {in[0], state}).state};
        step.summed = {sum(square(linear(step.state[0], p["W_hy"]) - in[1]))};
        return step;
      },
      {x, target}, initial);
  wanted.push_back(s.state_trajectory[0]);
  std::vector<Var> outputs = gradients(s.summed[0] / count(x, {T, B}), wanted);
  if (second) outputs = gradients(sum(square(outputs[0])), {p.all()[0], initial[0]});
  outputs.push_back(s.summed[0]);
  return {row.name + (second ? ", twice" : ""), lower(tape, outputs).program};
}

inline std::vector<RecordedProgram> recorded_cells() {
  std::vector<RecordedProgram> all;
  for (const CellRow& row : cell_table()) all.push_back(record_cell(row));
  for (const char* name : {"vanilla", "gru"})
    all.push_back(record_cell(*find_cell(cell_table(), name), true));
  return all;
}

inline RecordedProgram record_scan(std::uint64_t seed) {
  const RandomScan random(seed);
  return {"random scan " + std::to_string(seed), lower(random.tape, random.outputs).program};
}

/// A readout to more classes than rows of it would stay in the cache, its loss and gradients.
inline RecordedProgram record_readout() {
  using sizes::B;
  using sizes::T;
  Tape tape;
  const Var h = tape.input("h", {T, B, 3}), W = tape.input("W", {1030, 3}), b = tape.input("b", {1030});
  const Var target = tape.index_input("target", {T, B});
  const Var loss = cross_entropy(linear(h, W) + b, target);
  std::vector<Var> outputs = gradients(loss, {h, W, b});
  outputs.push_back(loss);
  return {"readout", lower(tape, outputs).program};
}

/// Embedded characters under a recurrence.
inline RecordedProgram record_embedding() {
  using sizes::B;
  using sizes::T;
  Tape tape;
  const Var table = tape.input("E", {5, 3}), W = tape.input("W", {4, 3}), U = tape.input("U", {4, 4});
  const Var tokens = tape.index_input("tokens", {T, B});
  const Scanned s =
      scan([&](const auto& in, const auto& h) { return Step{{tanh(linear(in[0], W) + linear(h[0], U))}}; },
           {gather(table, tokens)}, {tape.zeros({B, 4})});
  const Var loss = sum(square(s.state_trajectory[0]));
  std::vector<Var> outputs = gradients(loss, {table, W, U});
  outputs.push_back(loss);
  return {"embedding", lower(tape, outputs).program};
}

/// Small ones of every kind.
inline std::vector<RecordedProgram> recorded_programs(std::uint64_t scans) {
  std::vector<RecordedProgram> all = recorded_cells();
  for (std::uint64_t seed = 0; seed < scans; ++seed) all.push_back(record_scan(seed));
  all.push_back(record_readout());
  all.push_back(record_embedding());
  return all;
}

}  // namespace unroll
