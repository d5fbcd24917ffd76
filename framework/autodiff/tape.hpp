#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "framework/autodiff/op.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

class Tape;
using ValueId = std::int32_t;
using NodeId = std::int32_t;

/// A handle to a value on a tape. Cheap to copy; valid as long as its tape lives.
class Var {
 public:
  Var() = default;
  Var(Tape& tape, ValueId id) : tape_(&tape), id_(id) {}

  bool valid() const { return tape_ != nullptr; }
  Tape& tape() const {
    if (!tape_) refuse_empty();
    return *tape_;
  }
  ValueId id() const { return id_; }
  const Dims& dims() const;
  std::size_t rank() const { return dims().size(); }

  bool operator==(const Var&) const = default;
  auto operator<=>(const Var&) const = default;

 private:
  [[noreturn]] static void refuse_empty();

  Tape* tape_ = nullptr;
  ValueId id_ = -1;
};

/// A recorded op: operands and results by value id.
struct Node {
  const Op* op;
  Attrs attrs;
  std::vector<ValueId> inputs;
  std::vector<ValueId> outputs;
};

struct Value {
  Dims dims;
  Kind kind;
  NodeId node;
};

/// An append-only list of recorded ops; recording order is a topological order. A tape is a value: make one
/// where you need one. Nothing is computed while recording; shapes are checked at once. Not thread-safe.
///
/// The body of a scan is a tape of its own whose `parent` is the tape that holds the scan; a value of the
/// parent that is used inside the body becomes a capture, by itself.
class Tape {
 public:
  Tape() = default;
  explicit Tape(Tape* parent) : parent_(parent) {}
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  /// A value given at every run. `name` appears in errors; it need not be unique.
  Var input(std::string name, Dims dims);
  /// The same for indices and counters.
  Var index_input(std::string name, Dims dims);
  Var constant(Tensor<double> value);
  /// All elements equal to `value`.
  Var fill(double value, Dims dims);
  Var zeros(Dims dims) { return fill(0, std::move(dims)); }

  /// In the body of a scan: the absolute time step, an index scalar.
  Var step_index();

  /// Appends an op. Operands from the parent tape are captured. Throws ShapeError.
  Var record(const Op& op, const std::vector<Var>& inputs, Attrs attrs = {});
  /// Appends an op with several results of the given shapes (scan).
  NodeId record_many(const Op& op, const std::vector<Var>& inputs, Attrs attrs);
  Var add_output(NodeId node, Dims dims, Kind kind = Kind::real);

  /// `v` as a value of this tape: itself, or the capture of a parent's value. Throws std::invalid_argument
  /// when it belongs to neither.
  Var import(Var v);

  const std::deque<Node>& nodes() const { return nodes_; }
  const std::deque<Value>& values() const { return values_; }
  const Node& node(NodeId id) const { return nodes_[id]; }
  Node& node(NodeId id) { return nodes_[id]; }
  const Value& value(ValueId id) const { return values_[id]; }
  const Node& producer(ValueId id) const { return nodes_[values_[id].node]; }
  Tape* parent() const { return parent_; }
  /// (value of the parent, value here) in order of first use.
  const std::vector<std::pair<ValueId, ValueId>>& captures() const { return captures_; }

  /// Nothing can be recorded on it from now on: the step of a scan, once the scan is recorded.
  void close() { closed_ = true; }

  /// One line per node: "%7 (B, 100) = matmul %3 %5 {transpose_b}".
  std::string to_text() const;

 private:
  Var append(const Op& op, Attrs attrs, std::vector<ValueId> inputs, Dims dims);

  void check_open() const;

  Tape* parent_ = nullptr;
  bool closed_ = false;
  std::deque<Node> nodes_;  // deques: references stay valid while recording goes on
  std::deque<Value> values_;
  std::vector<std::pair<ValueId, ValueId>> captures_;
  std::map<ValueId, ValueId> capture_of_;
};

/// Records `op` on the innermost tape among the operands' tapes.
Var record(const Op& op, const std::vector<Var>& inputs, Attrs attrs = {});

}  // namespace unroll
