#include "framework/autodiff/tape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "framework/autodiff/ops/sources.hpp"

namespace unroll {

void Var::refuse_empty() {
  throw std::invalid_argument("[Var] an empty Var was used: it was never recorded on a tape");
}

const Dims& Var::dims() const { return tape().value(id_).dims; }

void Tape::check_open() const {
  if (closed_)
    throw std::invalid_argument(
        "[Tape] a value from inside the step of a scan was used after it; return it from the step instead, "
        "as a state, "
        "stacked or summed");
}

Var Tape::append(const Op& op, Attrs attrs, std::vector<ValueId> inputs, Dims dims) {
  check_open();
  if (dims.size() > max_rank)
    throw ShapeError(fmt::format("[{}] shape {} has {} axes, at most {} are supported", op.name,
                                 to_string(dims), dims.size(), max_rank));
  nodes_.push_back({&op, std::move(attrs), std::move(inputs), {}});
  return add_output(static_cast<NodeId>(nodes_.size()) - 1, std::move(dims), op.result);
}

Var Tape::add_output(NodeId node, Dims dims, Kind kind) {
  const auto id = static_cast<ValueId>(values_.size());
  values_.push_back({std::move(dims), kind, node});
  nodes_[node].outputs.push_back(id);
  return Var(*this, id);
}

Var Tape::input(std::string name, Dims dims) {
  return append(input_op, InputAttrs{std::move(name)}, {}, std::move(dims));
}

Var Tape::index_input(std::string name, Dims dims) {
  return append(index_input_op, InputAttrs{std::move(name)}, {}, std::move(dims));
}

Var Tape::constant(Tensor<double> value) {
  return record(constant_op, {}, ConstantAttrs{std::make_shared<const Tensor<double>>(std::move(value))});
}

Var Tape::fill(double value, Dims dims) { return record(fill_op, {}, FillAttrs{value, std::move(dims)}); }

Var Tape::step_index() {
  if (!parent_)
    throw std::invalid_argument("[step_index] there are time steps only inside the step of a scan");
  return append(step_index_op, {}, {}, {});
}

namespace {

void check_operands(const Op& op, const Tape& tape, const std::vector<ValueId>& inputs) {
  if (!op.operands.any_number() && inputs.size() != op.operands.size())
    throw std::invalid_argument(
        fmt::format("[{}] takes {} operands, {} were given", op.name, op.operands.size(), inputs.size()));
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (tape.value(inputs[i]).kind != op.operands[i].kind)
      throw std::invalid_argument(fmt::format(
          "[{}] operand {} must be {}; was the index given where a value was wanted, or the other way round?",
          op.name, i,
          op.operands[i].kind == Kind::real ? "real, but is an integer" : "an integer, but is real"));
}

/// `attrs` of the row's struct: its defaults where nothing is given.
Attrs own_attrs(const Op& op, Attrs attrs) {
  if (attrs.type() == op.attrs) return attrs;
  if (!attrs.type()) return op.attrs->defaults();
  throw std::invalid_argument(
      fmt::format("[{}] attributes {} were given, which are another op's", op.name, to_text(attrs)));
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
  attrs = own_attrs(op, std::move(attrs));
  Dims result = op.shape({op.name, dims, attrs});
  return append(op, std::move(attrs), std::move(ids), std::move(result));
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
      append(outer.kind == Kind::real ? input_op : index_input_op, InputAttrs(), {}, outer.dims);
  captures_.emplace_back(v.id(), inner.id());
  capture_of_.emplace(v.id(), inner.id());
  return inner;
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
    for (const ValueId id : node.inputs) text += fmt::format(" %{}", id);
    if (const std::string attrs = unroll::to_text(node.attrs); !attrs.empty()) text += " " + attrs;
    text += "\n";
  }
  return text;
}

}  // namespace unroll
