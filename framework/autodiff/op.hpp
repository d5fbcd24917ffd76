#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "framework/autodiff/dim.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

class Pullback;
class ReversePass;
struct ScanBody;
class Var;

/// Thrown when shapes do not fit. The message names the op, both shapes and the likely cause.
struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// Real values are float or double, chosen when a plan is made; integers are indices and counters.
enum class Kind { real, integer };

/// What fixes an op beside its operands. Each op reads the few members that its row names; equal ops on equal
/// operands with equal attributes are one value to the planner.
struct Attrs {
  std::int64_t axis = 0;
  Dim begin = 0;                          ///< slice, pad: first index kept along the axis
  Dims dims;                              ///< target shape (reshape, broadcast_to, sum_to, fill, ...)
  std::vector<std::int64_t> permutation;  ///< transpose
  bool transpose_a = false;               ///< matmul, solve: use the operand's transpose
  bool transpose_b = false;
  bool lower = false;          ///< triangle, solve_triangular: which triangle is meant
  bool unit_diagonal = false;  ///< solve_triangular: take the diagonal as ones
  double scalar = 0;           ///< fill: the value; random_mask: the probability of a one
  std::uint64_t seed = 0;      ///< random_mask
  std::uint32_t layer = 0;     ///< random_mask
  std::string name;            ///< input
  std::shared_ptr<const Tensor<double>> constant;
  std::shared_ptr<ScanBody> body;  ///< scan
  bool reverse = false;            ///< scan: from the last step to the first

  bool operator==(const Attrs&) const = default;
};

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

/// Contribution to the cotangent of one operand, written in ops; called only when that operand is wanted.
using Vjp = Var (*)(const Pullback&);

/// What the reverse pass reads of an op's values; everything else may be forgotten after the forward pass.
enum class Keep { nothing = 0, inputs = 1, output = 2, both = 3 };

/// Where gradient checks sample real operands: inside the op's smooth domain.
enum class Domain {
  real,       ///< standard normal
  positive,   ///< in [0.5, 2]
  nonzero,    ///< ±[0.5, 2]: away from kinks and poles at 0
  separated,  ///< no two elements of the operands closer than 0.05: away from ties
};

/// How an op that works on one time step works on a block of steps, stacked along a new first axis.
enum class Lift {
  never,        ///< it does not: it stays in the loop
  elementwise,  ///< as it is, with operands of lower rank filled up with axes of extent 1
  leading,      ///< as it is, when every operand is stacked
  table,        ///< as it is, when only the operands behind the first are stacked (gather)
  axes,         ///< with its axes moved up by one, when every operand is stacked
  product,      ///< the steps' rows as rows of one product, or as a batch of products
};

/// The kernel of an elementwise row, for the planner to chain: a member of `Unary` or `Binary`, the choice
/// between two operands, or a copy.
struct ElementKernel {
  enum class Form : std::uint8_t { none, unary, binary, choice, copy };
  Form form = Form::none;
  std::uint8_t index = 0;
};

/// One row of the op table.
struct Op {
  static constexpr int any_arity = -1;

  std::string_view name;
  int arity;
  ShapeRule shape;
  Forward forward;
  /// One rule per operand; a variadic op has one rule for all. Empty with a `constant_because`: zero by
  /// decision.
  std::array<Vjp, 3> vjp = {};
  Keep keep = Keep::nothing;
  Domain domain = Domain::real;
  std::string_view constant_because = {};

  /// Kinds of the operands, where not all real.
  std::array<Kind, 3> kinds = {Kind::real, Kind::real, Kind::real};
  /// Elementwise: out[i] depends on in[i] alone (up to broadcasting).
  ElementKernel element = {};
  /// An instruction or two per element: done again rather than stored for the reverse pass of a scan.
  bool cheap = false;
  Lift lift = Lift::never;
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

  constexpr bool elementwise() const { return element.form != ElementKernel::Form::none; }
  Kind kind(std::size_t operand) const { return arity == any_arity ? Kind::real : kinds[operand]; }
};

/// The list of all ops, one pointer per row.
std::span<const Op* const> op_table();

}  // namespace unroll
