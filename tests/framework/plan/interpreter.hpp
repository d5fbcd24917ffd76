#pragma once

#include <algorithm>
#include <cstring>
#include <vector>

#include "framework/plan/ir/program.hpp"
#include "framework/tensor/tensor.hpp"
#include "tests/support/random_tensor.hpp"

namespace unroll {

/// Runs a program as it reads: every value has bytes of its own, loops copy what they slice, carry and stack.
/// What programs mean, without anything that makes them fast.
template <class T>
class Interpreter {
 public:
  /// Inputs are random; integers among them are below 5. `block` are the iterations' steps and rows.
  Interpreter(const ir::Program& program, Sizes sizes, std::int64_t block)
      : program_(program), block_(block), values_(program.values.size()) {
    for (std::size_t i = 0; i < program.inputs.size(); ++i) {
      Value& input = values_[index(program.inputs[i])] = fresh(program.inputs[i], sizes);
      const bool real = program.values[index(program.inputs[i])].kind == Kind::real;
      const Tensor<T> random = random_tensor<T>(input.shape, i + 1, 0.5);
      if (real && !input.bytes.empty()) std::memcpy(input.bytes.data(), random.data(), input.bytes.size());
      for (std::int64_t k = 0; !real && k < input.shape.numel(); ++k)
        reinterpret_cast<std::int64_t*>(input.bytes.data())[k] = (k * 7 + k / 3) % 5;
    }
    run(program.once, sizes, 0);
    run(program.code, sizes, 0);
  }

  const std::vector<std::byte>& bytes(ir::Id id) const { return values_[index(id)].bytes; }
  std::vector<std::vector<std::byte>> outputs() const {
    std::vector<std::vector<std::byte>> all;
    for (const ir::Id output : program_.outputs) all.push_back(bytes(output));
    return all;
  }

 private:
  struct Value {
    Shape shape;
    std::vector<std::byte> bytes;
  };

  static std::size_t index(ir::Id id) { return static_cast<std::size_t>(id); }
  Value& at(ir::Id id) { return values_[index(id)]; }

  /// All bits set: no number.
  Value fresh(ir::Id id, Sizes sizes) const {
    Value value{resolve(program_.dims(id), sizes), {}};
    const bool real = program_.values[index(id)].kind == Kind::real;
    value.bytes.assign(
        static_cast<std::size_t>(value.shape.numel()) * (real ? sizeof(T) : sizeof(std::int64_t)),
        std::byte{0xff});
    return value;
  }

  void run(const ir::Code& code, Sizes sizes, std::int64_t first_step) {
    for (const ir::Instruction& instruction : code) {
      if (const ir::Compute* compute = instruction.compute()) run(*compute, sizes);
      if (const ir::Chain* chain = instruction.chain())
        for (const ir::Compute& link : chain->links) run(link, sizes);
      if (const ir::Loop* loop = instruction.loop()) run(*loop, sizes, first_step);
    }
  }

  void run(const ir::Compute& compute, Sizes sizes) {
    std::vector<const void*> in;
    std::vector<const Shape*> shapes;
    for (const ir::Id id : compute.in) in.push_back(at(id).bytes.data()), shapes.push_back(&at(id).shape);
    Value out = fresh(compute.out, sizes);
    if (compute.onto != ir::none) out.bytes = at(compute.onto).bytes;
    const std::size_t scratch_bytes =
        compute.op->workspace ? compute.op->workspace(shapes, out.shape, sizeof(T)) : 0;
    std::vector<std::byte> scratch(scratch_bytes);
    compute.op->forward(Call<T>{in, shapes, reinterpret_cast<T*>(out.bytes.data()), &out.shape, compute.attrs,
                                sizes, scratch, compute.onto != ir::none});
    at(compute.out) = std::move(out);
  }

  std::int64_t stride(const ir::Loop& loop, Sizes sizes) const {
    if (loop.is<ir::Loop::Steps>()) return 1;
    return loop.is<ir::Loop::Segments>() ? sizes.segment : block_;
  }

  /// Where the part of `whole` for steps `t` on begins, in bytes.
  std::size_t offset(const ir::Loop& loop, ir::Id whole, Sizes sizes, std::int64_t t) {
    const Dims& dims = program_.dims(whole);
    const std::size_t bytes = at(whole).bytes.size();
    if (loop.is<ir::Loop::Segments>() && dims[0] == Dim::segments())
      return bytes / static_cast<std::size_t>(sizes.segments) * static_cast<std::size_t>(t / sizes.segment);
    return bytes / static_cast<std::size_t>(loop.length.at(sizes)) * static_cast<std::size_t>(t);
  }

  void run(const ir::Loop& loop, Sizes sizes, std::int64_t first_step) {
    const std::int64_t length = loop.length.at(sizes), steps = stride(loop, sizes);
    for (const ir::Loop::Stack& stack : loop.stacks) at(stack.whole) = fresh(stack.whole, sizes);
    for (const ir::Loop::State& state : loop.states) at(state.before) = at(state.initial);
    const std::int64_t iterations = (length + steps - 1) / steps;
    for (std::int64_t i = 0; i < iterations; ++i) {
      const std::int64_t t = steps * (loop.reverse ? iterations - 1 - i : i);
      Sizes inside = sizes;
      if (loop.is<ir::Loop::Segments>()) inside.segment = std::min(steps, length - t);
      if (loop.is<ir::Loop::Blocks>() || loop.is<ir::Loop::Rows>())
        inside.block = std::min(steps, length - t);
      iterate(loop, sizes, inside, t, first_step + t);
    }
    for (const ir::Loop::State& state : loop.states)
      if (state.final != ir::none) at(state.final) = at(state.before);
  }

  void iterate(const ir::Loop& loop, Sizes sizes, Sizes inside, std::int64_t t, std::int64_t step) {
    for (const ir::Loop::Slice& slice : loop.slices) {
      at(slice.part) = fresh(slice.part, inside);
      std::vector<std::byte>& part = at(slice.part).bytes;
      const std::vector<std::byte>& whole = at(slice.whole).bytes;
      std::copy_n(whole.data() + offset(loop, slice.whole, sizes, t), part.size(), part.data());
    }
    if (loop.step_index != ir::none) {
      at(loop.step_index) = fresh(loop.step_index, inside);
      std::memcpy(at(loop.step_index).bytes.data(), &step, sizeof step);
    }
    run(loop.body, inside, step);
    for (const ir::Loop::Stack& stack : loop.stacks) {
      const std::vector<std::byte>& part = at(stack.part).bytes;
      std::copy_n(part.data(), part.size(),
                  at(stack.whole).bytes.data() + offset(loop, stack.whole, sizes, t));
    }
    std::vector<Value> after;  // before any of them is carried: states may swap
    for (const ir::Loop::State& state : loop.states) after.push_back(at(state.after));
    for (std::size_t k = 0; k < after.size(); ++k) at(loop.states[k].before) = std::move(after[k]);
  }

  const ir::Program& program_;
  std::int64_t block_;
  std::vector<Value> values_;
};

}  // namespace unroll
