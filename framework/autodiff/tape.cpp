#include "framework/autodiff/tape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/autodiff/ops/sources.hpp"

namespace unroll {

Tape& Var::tape() const {
  if (!tape_) throw std::invalid_argument("[Var] an empty Var was used: it was never recorded on a tape");
  return *tape_;
}

const Dims& Var::dims() const { return tape().value(id_).dims; }

void Tape::check_open() const {
  if (closed_)
    throw std::invalid_argument(
        "[Tape] a value from inside the step of a scan was used after it; return it from the step instead, "
        "as a state, "
        "stacked or summed");
}

Var Tape::append(const Op& op, Attrs attrs, std::vector<ValueId> inputs, Dims dims, Kind kind) {
  check_open();
  if (dims.size() > max_rank)
    throw ShapeError(fmt::format("[{}] shape {} has {} axes, at most {} are supported", op.name,
                                 to_string(dims), dims.size(), max_rank));
  nodes_.push_back({&op, std::move(attrs), std::move(inputs), {}});
  return add_output(static_cast<NodeId>(nodes_.size()) - 1, std::move(dims), kind);
}

Var Tape::add_output(NodeId node, Dims dims, Kind kind) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({std::move(dims), kind, node});
  nodes_[node].outputs.push_back(id);
  return Var(*this, id);
}

Var Tape::input(std::string name, Dims dims) {
  Attrs attrs;
  attrs.name = std::move(name);
  return append(input_op, std::move(attrs), {}, std::move(dims), Kind::real);
}

Var Tape::index_input(std::string name, Dims dims) {
  Attrs attrs;
  attrs.name = std::move(name);
  return append(index_input_op, std::move(attrs), {}, std::move(dims), Kind::integer);
}

Var Tape::constant(Tensor<double> value) {
  Attrs attrs;
  attrs.dims.assign(value.shape().begin(), value.shape().end());
  attrs.constant = std::make_shared<const Tensor<double>>(std::move(value));
  return record(constant_op, {}, std::move(attrs));
}

Var Tape::fill(double value, Dims dims) {
  Attrs attrs;
  attrs.scalar = value;
  attrs.dims = std::move(dims);
  return record(fill_op, {}, std::move(attrs));
}

Var Tape::step_index() {
  if (!parent_)
    throw std::invalid_argument("[step_index] there are time steps only inside the step of a scan");
  return append(step_index_op, {}, {}, {}, Kind::integer);
}

namespace {

void check_operands(const Op& op, const Tape& tape, const std::vector<ValueId>& inputs) {
  if (op.arity != Op::any_arity && inputs.size() != static_cast<std::size_t>(op.arity))
    throw std::invalid_argument(
        fmt::format("[{}] takes {} operands, {} were given", op.name, op.arity, inputs.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (tape.value(inputs[i]).kind != op.kind(i))
      throw std::invalid_argument(fmt::format(
          "[{}] operand {} must be {}; was the index given where a value was wanted, or the other way round?",
          op.name, i, op.kind(i) == Kind::real ? "real, but is an integer" : "an integer, but is real"));
}

}  // namespace

Var Tape::record(const Op& op, const std::vector<Var>& inputs, Attrs attrs) {
  std::vector<ValueId> ids;
  std::vector<Dims> dims;
  for (const Var& v : inputs) {
    ids.push_back(import(v).id());
    dims.push_back(v.dims());
  }
  check_operands(op, *this, ids);
  Dims result = op.shape({op.name, dims, attrs});
  return append(op, std::move(attrs), std::move(ids), std::move(result), Kind::real);
}

NodeId Tape::record_many(const Op& op, const std::vector<Var>& inputs, Attrs attrs) {
  std::vector<ValueId> ids;
  for (const Var& v : inputs) ids.push_back(import(v).id());
  nodes_.push_back({&op, std::move(attrs), std::move(ids), {}});
  return static_cast<NodeId>(nodes_.size()) - 1;
}

Var Tape::import(Var v) {
  if (&v.tape() == this) return v;
  if (&v.tape() != parent_)
    throw std::invalid_argument(
        "[Tape] operands live on different tapes; a value of one tape can be used on another only inside the "
        "step "
        "of a scan, and not after it: return it from the step instead");
  if (const auto found = capture_of_.find(v.id()); found != capture_of_.end())
    return Var(*this, found->second);
  const Value& outer = parent_->value(v.id());
  const Var inner =
      append(outer.kind == Kind::real ? input_op : index_input_op, {}, {}, outer.dims, outer.kind);
  captures_.emplace_back(v.id(), inner.id());
  capture_of_.emplace(v.id(), inner.id());
  return inner;
}

std::optional<Var> Tape::captured(Var v) const {
  if (&v.tape() == parent_) return v;
  if (&v.tape() != this) return std::nullopt;
  for (const auto& [from, to] : captures_)
    if (to == v.id()) return Var(*parent_, from);
  return std::nullopt;
}

Var record(const Op& op, const std::vector<Var>& inputs, Attrs attrs) {
  Tape* tape = nullptr;
  for (const Var& v : inputs)
    if (!tape || v.tape().parent() == tape) tape = &v.tape();
  return tape->record(op, inputs, std::move(attrs));
}

std::string Tape::to_text() const {
  std::string text;
  for (const Node& node : nodes_) {
    for (const ValueId id : node.outputs) text += fmt::format("%{} {} ", id, to_string(values_[id].dims));
    text += fmt::format("= {}", node.op->name);
    if (!node.attrs.name.empty()) text += fmt::format(" \"{}\"", node.attrs.name);
    for (const ValueId id : node.inputs) text += fmt::format(" %{}", id);
    text += "\n";
  }
  return text;
}

}  // namespace unroll
