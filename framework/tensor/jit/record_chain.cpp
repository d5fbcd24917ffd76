#include "framework/tensor/jit/record_chain.hpp"

#include <algorithm>

#include "framework/tensor/jit/traced.hpp"
#include "framework/tensor/kernels/binary.hpp"
#include "framework/tensor/kernels/unary.hpp"

namespace unroll::jit {
namespace {

Operation adding_to(ChainOperand total) {
  if (total == ChainOperand::total) return Operation::add_up;
  if (total == ChainOperand::grouped) return Operation::add_groups;
  return total == ChainOperand::group_sums ? Operation::write_groups : Operation::add_elements;
}

template <class T>
class ChainRecorder {
 public:
  using Value = Traced<T>;

  ChainRecorder(std::span<const ChainOperand> operands, Isa isa)
      : operands_(operands), known_(operands.size()), recording_{isa} {}

  Recording run(std::span<const ChainStep> steps) {
    for (const ChainStep& step : steps) value_ = after(step);
    return std::move(recording_);
  }

 private:
  Value after(const ChainStep& s) {
    switch (s.form) {
      case ChainStep::Form::load:
        return operand(s.operand);
      case ChainStep::Form::store:
        return stored(s.operand);
      case ChainStep::Form::unary:
        return unary(s.function);
      case ChainStep::Form::binary:
        return binary(s.function, value_, operand(s.operand));
      case ChainStep::Form::reversed:
        return binary(s.function, operand(s.operand), value_);
      case ChainStep::Form::choice: {
        const Value yes = operand(s.operand), no = operand(s.other);
        return select(value_ == Value(T{0}), no, yes);
      }
      case ChainStep::Form::sum:
        return summed(s.operand);
    }
    return value_;
  }

  /// Loaded once; a value that was stored stays known.
  Value operand(int number) {
    std::optional<Value>& known = known_[static_cast<std::size_t>(number)];
    if (!known) {
      const bool one_for_all = kind(number) == ChainOperand::one_for_all;
      const bool grouped = kind(number) == ChainOperand::grouped;
      const Instruction load{Operation::load, {}, {}, {}, number, one_for_all, grouped};
      known = Value(TracedSource{&recording_, {recording_.add(load)}});
    }
    return *known;
  }

  Value stored(int number) {
    known_[static_cast<std::size_t>(number)] = value_;
    if (kind(number) != ChainOperand::inner) trace(Operation::store, value_, {}, {}, number);
    return value_;
  }

  /// The value goes on.
  Value summed(int number) {
    trace(adding_to(kind(number)), value_, {}, {}, number);
    return value_;
  }

  Value unary(int index) {
    return with_function<Unary>(index, [&, x = value_](auto f) {
      if constexpr (std::invocable<decltype(f), Value>)
        return f(x);
      else
        return Value(trace(Operation::call_unary, x, {}, {}, index));
    });
  }

  Value binary(int index, Value a, Value b) {
    return with_function<Binary>(index, [&](auto f) {
      if constexpr (std::invocable<decltype(f), Value, Value>)
        return f(a, b);
      else
        return Value(trace(Operation::call_binary, a, b, {}, index));
    });
  }

  ChainOperand kind(int number) const { return operands_[static_cast<std::size_t>(number)]; }

  std::span<const ChainOperand> operands_;
  std::vector<std::optional<Value>> known_;
  Recording recording_;
  Value value_;
};

}  // namespace

template <class T>
Recording record_chain(std::span<const ChainStep> steps, std::span<const ChainOperand> operands, Isa isa) {
  return ChainRecorder<T>(operands, isa).run(steps);
}

namespace {

template <class T>
bool instructions_of(Unary f) {
  return with_function<Unary>(static_cast<int>(f),
                              [](auto g) { return std::invocable<decltype(g), Traced<T>>; });
}

template <class T>
bool instructions_of(Binary f) {
  return with_function<Binary>(static_cast<int>(f),
                               [](auto g) { return std::invocable<decltype(g), Traced<T>, Traced<T>>; });
}

}  // namespace

bool has_instructions(Unary f) { return instructions_of<float>(f); }
bool has_instructions(Binary f) { return instructions_of<float>(f); }

template <class T>
bool has_instructions(std::span<const ChainStep> steps) {
  using enum ChainStep::Form;
  return std::ranges::all_of(steps, [](const ChainStep& step) {
    if (step.form == unary) return instructions_of<T>(static_cast<Unary>(step.function));
    return (step.form != binary && step.form != reversed) ||
           instructions_of<T>(static_cast<Binary>(step.function));
  });
}

template bool has_instructions<float>(std::span<const ChainStep>);
template bool has_instructions<double>(std::span<const ChainStep>);
template Recording record_chain<float>(std::span<const ChainStep>, std::span<const ChainOperand>, Isa);
template Recording record_chain<double>(std::span<const ChainStep>, std::span<const ChainOperand>, Isa);

}  // namespace unroll::jit
