#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "framework/autodiff/attrs.hpp"
#include "framework/autodiff/dim.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {

class Pullback;
class ReversePass;
class Var;

/// Thrown when shapes do not fit. The message names the op, both shapes and the likely cause.
struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// Real values are float or double, chosen when a plan is made; integers are indices and counters.
enum class Kind { real, integer };

/// What a shape rule sees. It returns the result's shape or throws ShapeError.
struct ShapeArgs {
  std::string_view op;
  std::span<const Dims> in;
  const Attrs& attrs;
};
using ShapeRule = Dims (*)(const ShapeArgs&);

/// One execution of an op on concrete, contiguous, row-major operands. T is float or double.
template <class T>
struct Call {
  std::span<const void* const> in;
  std::span<const Shape* const> in_shape;
  T* out;
  const Shape* out_shape;
  const Attrs& attrs;
  Sizes sizes;
  std::span<std::byte> workspace;
  bool accumulate = false;  ///< add to what `out` holds; only for rows that say `accumulates`

  const T* real(std::size_t i) const { return static_cast<const T*>(in[i]); }
  const std::int64_t* integer(std::size_t i) const { return static_cast<const std::int64_t*>(in[i]); }
  /// `out` of a row whose result is integer.
  std::int64_t* integer_out() const { return static_cast<std::int64_t*>(static_cast<void*>(out)); }
  const Shape& shape(std::size_t i) const { return *in_shape[i]; }
};

/// The forward kernel in both precisions.
struct Forward {
  void (*f32)(const Call<float>&) = nullptr;
  void (*f64)(const Call<double>&) = nullptr;

  void operator()(const Call<float>& call) const { f32(call); }
  void operator()(const Call<double>& call) const { f64(call); }
};

/// Forward{...} from one generic lambda without captures.
template <class F>
constexpr Forward forward(F) {
  return {[](const Call<float>& call) { F{}(call); }, [](const Call<double>& call) { F{}(call); }};
}

/// c (n) = a (k) b (k, n), added to c if asked for, in the order of RowProductKernel: what code made at run
/// time takes in.
struct RowProduct {
  std::int64_t n = 0, k = 0;
  bool add = false;
};

/// A call whose shapes are settled, to be made again and again on other operands: all that does not depend on
/// them is found out beforehand.
template <class T>
struct HeldCall {
  /// `pointers` are those of the operands, then of the result. Null: there is no such call, `forward` it is.
  void (*run)(const HeldCall&, void* const* pointers) = nullptr;
  alignas(8) std::array<std::byte, 96> state = {};  ///< whatever run() needs
  bool throws = true;                               ///< run() may
  std::optional<RowProduct> row_product = {};       ///< what run() does, if it is that
};

/// HeldCalls in both precisions, from calls without pointers.
struct Hold {
  HeldCall<float> (*f32)(const Call<float>&) = nullptr;
  HeldCall<double> (*f64)(const Call<double>&) = nullptr;

  explicit constexpr operator bool() const { return f32 != nullptr; }
  HeldCall<float> operator()(const Call<float>& call) const { return f32(call); }
  HeldCall<double> operator()(const Call<double>& call) const { return f64(call); }
};

/// Contribution to the cotangent of one operand, written in ops; called only when that operand is wanted.
using Vjp = Var (*)(const Pullback&);

/// How an op behaves over rows, which are stacked along the first axis of its operands and results: the steps
/// of a block of time, or the positions of a batch. `axes`, `reshape`, `spread` and `sum` rows need all their
/// operands stacked.
enum class Rows {
  none,         ///< no more is known: it stays with the step
  elementwise,  ///< as it is, operands of lower rank filled up with axes of extent 1
  last_axis,    ///< as it is, when every operand is stacked: it works along the last axis
  table,        ///< as it is, when all operands but the first are stacked (gather)
  product,      ///< the rows as rows of one product, or as a batch of products
  scatter,      ///< adds the rows up by their index: sums over stacked operands
  reshape,      ///< the same elements in another shape
  spread,       ///< broadcasts to another shape
  sum,          ///< sums over the axes along which the result broadcasts
  axes,         ///< names axes: with attributes by `behind_rows` when a new axis comes in front
};

/// The kernel of an elementwise row, for the planner to chain: a member of `Unary` or `Binary`, the choice
/// between two operands, or a copy.
struct ElementKernel {
  enum class Form : std::uint8_t { none, unary, binary, choice, copy };
  Form form = Form::none;
  std::uint8_t index = 0;
};

/// What a row says about one operand.
struct OperandSpec {
  Kind kind = Kind::real;
  Vjp vjp = nullptr;
  /// Instead of a rule: why the gradient is zero by decision. An index has neither: its gradient is an error.
  std::string_view constant_because = {};
};

/// Those of all operands of a row.
class OperandSpecs {
 public:
  static constexpr std::size_t most = 8;  ///< of a fixed number

  constexpr OperandSpecs() = default;
  constexpr OperandSpecs(std::initializer_list<OperandSpec> specs) : size_(specs.size()) {
    if (size_ > most)
      throw std::length_error("[OperandSpecs] a row has more operands than there is room for");
    std::copy(specs.begin(), specs.end(), specs_.begin());
  }
  /// Any number of operands, all with the same.
  static constexpr OperandSpecs any(OperandSpec spec) {
    OperandSpecs specs{spec};
    specs.any_number_ = true;
    return specs;
  }

  constexpr bool any_number() const { return any_number_; }
  constexpr std::size_t size() const { return size_; }
  constexpr const OperandSpec& operator[](std::size_t i) const { return specs_[any_number_ ? 0 : i]; }
  constexpr OperandSpec& operator[](std::size_t i) { return specs_[any_number_ ? 0 : i]; }

 private:
  std::array<OperandSpec, most> specs_ = {};
  std::size_t size_ = 0;
  bool any_number_ = false;
};

/// One row of the op table.
struct Op {
  std::string_view name;
  OperandSpecs operands = {};
  Kind result = Kind::real;
  ShapeRule shape;
  Forward forward = {};
  Hold hold = {};
  Keep keep = Keep::nothing;
  Domain domain = Domain::real;
  /// The struct of its attributes, where it has any: &attrs_type<S>.
  const AttrsType* attrs = nullptr;

  /// Elementwise: out[i] depends on in[i] alone (up to broadcasting).
  ElementKernel element = {};
  /// An instruction or two per element: done again rather than stored for the reverse pass of a scan.
  bool cheap = false;
  Rows rows = Rows::none;
  /// Rows::axes: the attributes for operands with one more axis in front.
  Attrs (*behind_rows)(const Attrs&) = nullptr;
  /// Its kernel can add to the result instead of writing it.
  bool accumulates = false;
  /// Its kernel may leave the result where it reads the first operand.
  bool in_place = false;
  /// Bytes of scratch memory that a call needs, given the shapes and the size of one real.
  std::size_t (*workspace)(std::span<const Shape* const> in, const Shape& out,
                           std::size_t real_bytes) = nullptr;
  /// Floating-point operations of one call; where absent, one per element of the result.
  double (*flops)(std::span<const Shape* const> in, const Shape& out, const Attrs& attrs) = nullptr;
  /// Ops with several results (scan) write their reverse pass themselves.
  void (*reverse)(ReversePass& pass, std::int32_t node) = nullptr;

  /// Values that come from outside, or are the same in every run.
  constexpr bool source() const { return operands.size() == 0; }
  /// What comes from outside.
  constexpr bool input() const { return source() && !forward.f32; }
  constexpr bool elementwise() const { return element.form != ElementKernel::Form::none; }
  constexpr bool is(Unary f) const {
    return element.form == ElementKernel::Form::unary && element.index == static_cast<std::uint8_t>(f);
  }
  constexpr bool is(Binary f) const {
    return element.form == ElementKernel::Form::binary && element.index == static_cast<std::uint8_t>(f);
  }
  /// The gradient with respect to operand i is zero by decision.
  constexpr bool constant(std::size_t i) const { return !operands[i].constant_because.empty(); }
};

/// The list of all ops, one pointer per row.
std::span<const Op* const> op_table();

}  // namespace unroll
