#pragma once

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "framework/plan/bind/binding.hpp"
#include "framework/plan/run/frame.hpp"
#include "tests/framework/plan/interpreter.hpp"

namespace unroll {

/// A program that is bound and laid out in memory of its own, filled with what is no number.
template <class T = double>
class Placed {
 public:
  Placed(const ir::Program& program, const BindOptions& options, Sizes sizes, std::int64_t block,
         bool reuse = true)
      : Placed(program, bind(program, options), sizes, block, reuse) {}
  Placed(const ir::Program& program, Binding made, Sizes sizes, std::int64_t block, bool reuse = true)
      : program_(program), binding(std::move(made)), frame(program, binding, {reuse, block}) {
    bytes = frame.lay_out(sizes);
    memory_.assign(bytes + 64, std::byte{0xff});
    void* start = memory_.data();
    std::size_t space = memory_.size();
    frame.attach(static_cast<std::byte*>(std::align(64, bytes, start, space)));
  }

  /// With the inputs that an Interpreter makes; twice, so that what the first run leaves must not matter.
  std::vector<std::vector<std::byte>> run(const Interpreter<T>& inputs) {
    const auto bind = [&](ir::Id input) { frame.set_pointer(input, inputs.bytes(input).data()); };
    std::ranges::for_each(program_.frozen, bind);
    frame.run_once();
    std::ranges::for_each(program_.inputs, bind);
    for (int n = 0; n < 2; ++n) frame.run();
    std::vector<std::vector<std::byte>> outputs;
    for (const ir::Id output : program_.outputs) {
      const std::byte* from = frame.pointer(output);
      outputs.emplace_back(from, from + inputs.bytes(output).size());
    }
    return outputs;
  }

 private:
  const ir::Program& program_;
  std::vector<std::byte> memory_;

 public:
  Binding binding;
  Frame<T> frame;
  std::size_t bytes = 0;
};

}  // namespace unroll
