#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/verify.hpp"
#include "framework/plan/passes/passes.hpp"
#include "framework/plan/pipeline.hpp"
#include "tests/framework/plan/bind/sharing.hpp"
#include "tests/framework/plan/random_program.hpp"
#include "tests/framework/plan/recorded.hpp"

using namespace unroll;

namespace {

class Mutation {
 public:
  Mutation(ir::Program& program, std::mt19937& random) : program_(program), random_(random) {}

  void run() {
    std::vector<ir::Code*> codes = {&program_.code};
    for (std::size_t i = 0; i < codes.size(); ++i)
      for (ir::Instruction& instruction : *codes[i])
        if (instruction.loop()) codes.push_back(&instruction.loop()->body);
    ir::Code& code = *codes[random_() % codes.size()];
    if (code.size() > 1 && random_() % 4 == 0)
      std::swap(code[random_() % code.size()], code[random_() % code.size()]);
    else
      read_another();
  }

 private:
  /// One of the reads is of another value of this shape and kind.
  void read_another() {
    int reads = 0;
    ir::each_read_of(program_.code, [&](ir::Id&) { ++reads; });
    int chosen = static_cast<int>(random_() % static_cast<unsigned>(std::max(reads, 1)));
    ir::each_read_of(program_.code, [&](ir::Id& id) {
      if (chosen-- == 0) id = another(id);
    });
  }

  ir::Id another(ir::Id id) {
    const ir::Value& value = program_.values[static_cast<std::size_t>(id)];
    for (int n = 0; n < 200; ++n) {
      const std::size_t other = random_() % program_.values.size();
      if (program_.values[other].dims == value.dims && program_.values[other].kind == value.kind)
        return static_cast<ir::Id>(other);
    }
    return id;
  }

  ir::Program& program_;
  std::mt19937& random_;
};

/// The same bits, or both no number: which one, where there are two operands that are none, is anybody's
/// guess.
bool alike(const std::vector<std::vector<std::byte>>& a, const std::vector<std::vector<std::byte>>& b) {
  const auto same = [](const double& x, const double& y) {
    return std::memcmp(&x, &y, sizeof x) == 0 || (std::isnan(x) && std::isnan(y));
  };
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto* x = reinterpret_cast<const double*>(a[i].data());
    const auto* y = reinterpret_cast<const double*>(b[i].data());
    if (a[i].size() != b[i].size() || !std::equal(x, x + a[i].size() / sizeof(double), y, same)) return false;
  }
  return a.size() == b.size();
}

/// Planned programs of several kinds.
std::vector<ir::Program> programs_to_mutate() {
  std::vector<ir::Program> all;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    all.push_back(seed % 4 == 0 ? record_scan(seed).program : RandomProgram(seed).program);
    run_passes(all.back(), {}, seed % 2 == 0);
  }
  for (const char* name : {"vanilla", "lstm"}) {
    all.push_back(record_cell(*find_cell(cell_table(), name)).program);
    run_passes(all.back(), {}, false);
  }
  return all;
}

}  // namespace

TEST_CASE("[bind] a planned program that is changed at random is refused, or bound as it is now") {
  std::mt19937 random(5);
  int refused = 0, bound = 0;
  const Sizes sizes{.time = 5, .batch = 2, .block = 1, .segment = 2, .segments = 3};
  for (const ir::Program& planned : programs_to_mutate())
    for (int n = 0; n < 8; ++n) {
      ir::Program program = planned;
      for (int k = 0; k < 12; ++k) {
        ir::Program changed = program;
        Mutation(changed, random).run();
        try {
          ir::verify(changed);
          program = std::move(changed);
        } catch (const std::logic_error&) {
          ++refused;
        }
      }
      passes::own_results(program);
      const Interpreter<double> apart(program, sizes, 2);
      Placed<> placed(program, BindOptions{}, sizes, 2);
      CHECK(Sharing(program, placed.binding, placed.frame).faults() == "");
      CHECK(alike(placed.run(apart), apart.outputs()));
      ++bound;
    }
  CHECK(refused > 100);
  CHECK(bound > 100);
}
