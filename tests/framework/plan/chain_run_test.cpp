#include <doctest/doctest.h>
#include <fmt/format.h>

#include <string_view>
#include <vector>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/run/chain_run.hpp"
#include "framework/tensor/cpu.hpp"
#include "tests/support/skipped.hpp"

using namespace unroll;

namespace {

/// The last instruction of a program, which is a chain, on memory of its own for each value.
class OneChain {
 public:
  /// `in_place`: sums have the bytes of what they are added to.
  explicit OneChain(std::string_view text, bool in_place = false)
      : program_(ir::parse(text)),
        code_(chain_code(program_, *program_.code.back().chain())),
        chain_(code_, roots(in_place)),
        memory_(program_.values.size()) {}

  void lay_out(std::int64_t batch) {
    const Sizes sizes{.time = 1, .batch = batch};
    scratch_.assign(chain_.lay_out(sizes) + 64, std::byte{0});
    chain_.attach(scratch_.data());
    pointers_.clear();
    for (std::size_t v = 0; v < memory_.size(); ++v) {
      memory_[v].assign(static_cast<std::size_t>(resolve(program_.values[v].dims, sizes).numel()), 0.5f);
      pointers_.push_back(reinterpret_cast<std::byte*>(memory_[v].data()));
    }
  }
  void run(int times) {
    for (int i = 0; i < times; ++i) chain_.run(pointers_.data());
  }
  ChainRun<float>& chain() { return chain_; }

 private:
  std::vector<ir::Id> roots(bool in_place) const {
    std::vector<ir::Id> all = code_.values;
    for (const ChainCode::Sum& sum : code_.sums)
      if (in_place) all[static_cast<std::size_t>(sum.total)] = all[static_cast<std::size_t>(sum.onto)];
    return all;
  }

  ir::Program program_;
  ChainCode code_;
  ChainRun<float> chain_;
  std::vector<std::vector<float>> memory_;
  std::vector<std::byte> scratch_;
  std::vector<std::byte*> pointers_;
};

constexpr std::string_view elementwise = R"(input %x.0 (B, 8)
input %y.1 (B, 8)
%b.3 (B, 8) = chain
  %a.2 = mul %x.0 %y.1
  %b.3 = tanh %a.2
output %b.3
)";

constexpr int runs_before_code = 8;

}  // namespace

TEST_CASE("[plan] a chain can be called once it has code; a short one, which is written out, has none") {
  if (best_isa() == Isa::baseline) return test::say_skipped("for this CPU no code is made");
  OneChain one(elementwise);
  for (const std::int64_t batch : {100, 200}) {
    one.lay_out(1);
    CHECK(one.chain().written_out() == 8);
    CHECK(one.chain().settled());
    one.run(100);
    one.lay_out(batch);
    CHECK(one.chain().written_out() == 0);
    one.run(runs_before_code);  // however often it has run while it was short
    CHECK(one.chain().settled());
    CHECK(one.chain().call());
    CHECK(one.chain().call().arguments[1] == static_cast<std::uintptr_t>(8 * batch));
  }
}

TEST_CASE("[plan] chains of other sizes wait for their code") {
  OneChain one(elementwise);
  one.lay_out(100);
  one.run(runs_before_code - 1);
  CHECK_FALSE(one.chain().settled());
  CHECK_FALSE(one.chain().call());
  one.lay_out(0);
  CHECK(one.chain().settled());
  CHECK_FALSE(one.chain().call());
}

TEST_CASE("[plan] a chain with sums can be called where they are added to in place and end with a row") {
  if (best_isa() == Isa::baseline) return test::say_skipped("for this CPU no code is made");
  const auto can_be_called = [](std::string_view total, bool in_place) {
    OneChain one(fmt::format(R"(input %x.0 (B, 64)
input %y.1 (64)
input %t.2 {0}
%b.4 (B, 64) = chain
  %a.3 = mul %x.0 %y.1
  %b.4 = %t.2 += sum_to{{dims={0}}} %a.3
output %b.4
)",
                             total),
                 in_place);
    one.lay_out(4);
    CHECK_FALSE(one.chain().settled());
    one.run(runs_before_code);
    CHECK(one.chain().settled());
    return static_cast<bool>(one.chain().call());
  };
  CHECK(can_be_called("(64)", true));
  CHECK(can_be_called("(B, 1)", true));
  CHECK_FALSE(can_be_called("(1)", true));  // its running values are added up at the end
  for (const std::string_view total : {"(64)", "(B, 1)", "(1)"}) CHECK_FALSE(can_be_called(total, false));
}
