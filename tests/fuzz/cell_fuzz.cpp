#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "models/language/equation_cell.hpp"

// libFuzzer: whatever bytes are given as a cell, it is a cell or an error with a place; and a cell can be
// made and its step recorded.

using namespace unroll;

namespace {

/// What a step is recorded for; the fuzzer must not spend its time on allocating large constants.
bool is_small(const Cell& cell) {
  for (const StateSpec& s : cell.states())
    if (s.shape.numel() > 1000) return false;
  for (const ParameterSpec& p : cell.parameters())
    if (p.shape.numel() > 100000) return false;
  return true;
}

void record(const Cell& cell) {
  Tape tape;
  const std::vector<ParameterSpec> specs = cell.parameters();
  const Parameters p(tape, specs);
  std::vector<Var> state;
  for (const StateSpec& s : cell.states()) state.push_back(tape.input(s.name, s.dims(sizes::B)));
  const auto given = [&](const char* name, std::int64_t size) {
    return size > 0 ? tape.input(name, {sizes::B, size}) : Var{};
  };
  cell.step(p, {.x = tape.input("x", {sizes::B, 2}),
                .state = state,
                .noise = given("noise", cell.noise_size()),
                .context = given("context", cell.context_size()),
                .feedback = given("feedback", cell.feedback_size())});
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const EquationCell cell(define_cell("fuzz", text), {2, 3});
    if (is_small(cell)) record(cell);
  } catch (const EquationError&) {
  } catch (const std::invalid_argument&) {  // sizes and constants; ShapeError would be a finding
    try {
      throw;
    } catch (const ShapeError&) {
      __builtin_trap();
    } catch (const std::invalid_argument&) {
    }
  }
  return 0;
}
