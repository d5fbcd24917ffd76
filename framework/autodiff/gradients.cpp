#include "framework/autodiff/gradients.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "framework/autodiff/equal_work.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/scan.hpp"

namespace unroll {

Var Pullback::in(std::size_t i) const {
  if (!(static_cast<int>(node_.op->keep) & static_cast<int>(Keep::inputs)))
    throw std::logic_error(fmt::format(
        "[{}] its gradient reads an operand, but its row does not keep operands", node_.op->name));
  return pass_.import(node_.inputs[i]);
}

Var Pullback::out() const {
  if (!(static_cast<int>(node_.op->keep) & static_cast<int>(Keep::output)))
    throw std::logic_error(
        fmt::format("[{}] its gradient reads its result, but its row does not keep it", node_.op->name));
  return pass_.import(node_.outputs[0]);
}

ReversePass::ReversePass(const Tape& forward, Tape& target, std::vector<bool> active, Import import)
    : forward_(forward),
      target_(target),
      active_(std::move(active)),
      import_(std::move(import)),
      cotangents_(active_.size()),
      nodes_(static_cast<NodeId>(forward.nodes().size())) {}

std::optional<Var> ReversePass::cotangent(ValueId id) {
  Cotangent& c = cotangents_[id];
  if (c.spread) add_to(c.total, sum_to(*std::exchange(c.spread, std::nullopt), forward_.value(id).dims));
  return c.total;
}

void ReversePass::add_to(std::optional<Var>& total, Var more) { total = total ? add(*total, more) : more; }

void ReversePass::contribute(ValueId id, Var cotangent) {
  if (!active_[id]) return;
  id = first(id);
  Cotangent& c = cotangents_[id];
  if (cotangent.dims() == forward_.value(id).dims) return add_to(c.total, cotangent);
  if (c.spread && c.spread->dims() != cotangent.dims()) (void)this->cotangent(id);
  add_to(c.spread, cotangent);
}

void ReversePass::run() {
  for (NodeId id = nodes_; id-- > 0;) pull_back(id);
}

void ReversePass::pull_back(NodeId id) {
  const Node& node = forward_.node(id);
  const Op& op = *node.op;
  if (op.reverse) return op.reverse(*this, id);
  const std::optional<Var> g = cotangent(node.outputs[0]);
  if (!g || (!stops_.empty() && stops_[node.outputs[0]])) return;
  for (std::size_t i = 0; i < node.inputs.size(); ++i) {
    if (!active_[node.inputs[i]] || op.constant(i)) continue;
    const Vjp vjp = op.operands[i].vjp;
    if (!vjp)
      throw std::invalid_argument(fmt::format("[{}] has no gradient with respect to operand {}", op.name, i));
    contribute(node.inputs[i], vjp(Pullback(*this, node, *g, i)));
  }
}

std::vector<bool> depends_on(const Tape& tape, std::vector<bool> seeds) {
  seeds.resize(tape.values().size(), false);
  for (const Node& node : tape.nodes()) {
    if (node.op == &scan_op) {
      mark_scan_dependence(node, seeds);
      continue;
    }
    for (std::size_t i = 0; i < node.inputs.size(); ++i)
      if (seeds[node.inputs[i]] && !node.op->constant(i)) seeds[node.outputs[0]] = true;
  }
  return seeds;
}

namespace {

void check_wanted(Var output, const std::vector<Var>& wrt) {
  for (const Var& v : wrt)
    if (&v.tape() != &output.tape())
      throw std::invalid_argument(
          "[gradients] a variable lives on another tape than the loss; inside a scan ask for the state's "
          "trajectory");
}

/// What keeps a cotangent of its own: where the way back begins, what is asked for, and of trajectories the
/// last state too, which may be computed behind the scan.
std::vector<bool> apart(Var output, const std::vector<Var>& wrt) {
  std::vector<bool> values(output.tape().values().size(), false);
  values[output.id()] = true;
  for (const Var& v : wrt) {
    values[v.id()] = true;
    for (const bool reverse : {false, true})
      if (const auto last = last_of_trajectory(v, reverse)) values[last->id()] = true;
  }
  return values;
}

}  // namespace

std::vector<Var> gradients(Var loss, const std::vector<Var>& wrt) {
  if (numel(loss.dims()) != Dim(1))
    throw std::invalid_argument(
        fmt::format("[gradients] the loss must have one element, its shape is {}; take its sum or mean, or "
                    "give a cotangent",
                    to_string(loss.dims())));
  return gradients(loss, wrt, loss.tape().fill(1, loss.dims()));
}

std::vector<Var> gradients(Var output, const std::vector<Var>& wrt, Var cotangent) {
  check_wanted(output, wrt);
  if (&cotangent.tape() != &output.tape() || cotangent.dims() != output.dims())
    throw ShapeError(
        fmt::format("[gradients] the cotangent must be on the output's tape and have its shape {}, not {}",
                    to_string(output.dims()), to_string(cotangent.dims())));
  Tape& tape = output.tape();
  if (tape.value(output.id()).kind != Kind::real)
    throw std::invalid_argument("[gradients] an index has no gradient; what is taken with it may have one");
  std::vector<bool> wanted(tape.values().size(), false);
  for (const Var& v : wrt) wanted[v.id()] = true;
  ReversePass pass(tape, tape, depends_on(tape, wanted), [&](ValueId id) { return Var(tape, id); });
  pass.merge(first_equal(tape, apart(output, wrt)));
  for (const Var& v : wrt)
    if (is_trajectory(v)) pass.trajectories[v.id()] = std::nullopt;
  pass.contribute(output.id(), cotangent);
  pass.run();

  std::vector<Var> result;
  for (const Var& v : wrt) {
    const auto trajectory = pass.trajectories.find(v.id());
    const std::optional<Var> g =
        trajectory != pass.trajectories.end() ? trajectory->second : pass.cotangent(v.id());
    const Var value = g ? *g : tape.zeros(v.dims());
    // Variables that are only added share their cotangent; each gets a value of its own.
    const bool shared = std::find(result.begin(), result.end(), value) != result.end();
    result.push_back(shared ? identity(value) : value);
  }
  return result;
}

}  // namespace unroll
