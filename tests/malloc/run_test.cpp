#include <doctest/doctest.h>
#include <fmt/format.h>
#include <oneapi/dnnl/dnnl.h>

#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "framework/tensor/gemm.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
#include "tests/malloc/malloc_calls.hpp"
#include "tests/support/random_tensor.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

constexpr std::int64_t inputs = 3, hidden = 24;
constexpr Sizes largest{500, 8};

/// Runs after which machine code for these sizes has been made.
constexpr int until_code_is_made = 64;

/// A cell with a readout and its loss after the last step, differentiated.
struct Net {
  explicit Net(std::string_view cell)
      : model(make_cell(cell, {inputs, hidden}), 1, Readout::last),
        x(tape.input("x", {sizes::T, sizes::B, inputs})),
        target(tape.input("target", {sizes::B, 1})) {
    const Parameters p(tape, model.parameters());
    parameters = p.all();
    const Var loss = mse(model.record(x, p).outputs, target);
    outputs = gradients(loss, parameters);
    outputs.push_back(loss);
  }
  Tape tape;
  SequenceModel model;
  Var x, target;
  std::vector<Var> parameters, outputs;
};

/// A plan and what its inputs are for some sizes.
template <class T>
class Runs {
 public:
  Runs(const Net& net, const PlanOptions& options) : net_(net), plan_(net.tape, net.outputs, options) {
    for (const ParameterSpec& spec : net.model.parameters())
      values_.push_back(random_tensor<T>(spec.shape, values_.size(), 0.1));
    for (std::size_t i = 0; i < values_.size(); ++i) plan_.bind(net.parameters[i], values_[i]);
  }

  MallocCalls run(Sizes sizes) {
    const auto x = random_tensor<T>({sizes.time, sizes.batch, inputs}, 1);
    const auto target = random_tensor<T>({sizes.batch, 1}, 2);
    plan_.bind(net_.x, x);
    plan_.bind(net_.target, target);
    CountMallocs count;
    plan_.run();
    return count.stop();
  }
  std::size_t peak_bytes() const { return plan_.peak_bytes(largest); }

 private:
  const Net& net_;
  std::vector<Tensor<T>> values_;
  Plan<T> plan_;
};

template <class T>
void check_runs(const std::string& what, const Net& net, const PlanOptions& options) {
  Runs<T> runs(net, options);
  const MallocCalls first = runs.run(largest);
  CHECK(first.ours > 0);  // the arena, at the least
  std::string by_libraries = fmt::format(" {} in the first;", first.libraries);
  for (const Sizes sizes : {largest, Sizes{1, 1}, {100, 3}, {300, 8}, {499, 8}, largest, {100, 3}}) {
    for (int i = 0; i < until_code_is_made; ++i) runs.run(sizes);
    const MallocCalls calls = runs.run(sizes);
    CHECK_MESSAGE(calls.ours == 0, what, ", T = ", sizes.time, ", B = ", sizes.batch, ":\n",
                  calls.first_of_ours);
    by_libraries += fmt::format(" {} at T = {}, B = {};", calls.libraries, sizes.time, sizes.batch);
  }
  MESSAGE(what, ", calls by GEMM libraries in one run:", by_libraries);
}

template <class T>
void check_runs(const char* type) {
  for (const char* cell : {"vanilla", "lstm", "gru"}) {
    const Net net(cell);
    const std::string what = std::string(cell) + " in " + type;
    check_runs<T>(what, net, {});
    const std::size_t without = Runs<T>(net, {}).peak_bytes();
    const std::size_t least = Runs<T>(net, {.max_memory = without - 1}).peak_bytes();
    REQUIRE(least < without);
    // Under the looser one shorter sequences run without checkpoints.
    for (const std::size_t budget : {least, without * 3 / 4})
      check_runs<T>(fmt::format("{} within {} bytes", what, budget), net, {.max_memory = budget});
  }
}

}  // namespace

TEST_CASE("[malloc] after some runs at the largest sizes no run allocates: float") {
  single_threaded_products();
  check_runs<float>("float");
}

TEST_CASE("[malloc] after some runs at the largest sizes no run allocates: double") {
  single_threaded_products();
  check_runs<double>("double");
}

TEST_CASE("[malloc] every way to allocate is seen, and taken for ours where it is") {
  CountMallocs count;
  void* volatile kept[] = {std::malloc(10), std::calloc(2, 10), std::aligned_alloc(64, 640),
                           nullptr,         ::operator new(10), ::operator new (64, std::align_val_t{64})};
  void* aligned = nullptr;
  const int error = ::posix_memalign(&aligned, 64, 100);
  kept[3] = std::realloc(aligned, 200);
  { const auto array = std::make_unique<std::byte[]>(100); }
  const MallocCalls calls = count.stop();
  CHECK(error == 0);
  CHECK(calls.ours == 8);
  CHECK(calls.libraries == 0);
  CHECK(calls.first_of_ours.find('\n') != std::string::npos);
  for (int i = 0; i < 4; ++i) std::free(kept[i]);
  ::operator delete(kept[4]);
  ::operator delete (kept[5], std::align_val_t{64});
}

TEST_CASE("[malloc] what a GEMM library allocates is its own") {
  dnnl_engine_t engine;
  CountMallocs count;
  const auto status = dnnl_engine_create(&engine, dnnl_cpu, 0);
  const MallocCalls calls = count.stop();
  REQUIRE(status == dnnl_success);
  dnnl_engine_destroy(engine);
  CHECK(calls.libraries > 0);
  CHECK_MESSAGE(calls.ours == 0, calls.first_of_ours);
}

TEST_CASE("[malloc] nothing is counted while nobody counts") {
  CountMallocs count;
  CHECK(count.stop().ours == 0);
  const auto array = std::make_unique<int[]>(1000);
  CHECK(array[0] == 0);
  CHECK(CountMallocs().stop().ours == 0);
}
