#include "experiments/export/header/step_code.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/export/header/cpp_text.hpp"

namespace unroll {
namespace {

std::string plus(const std::string& pointer, const std::string& offset) {
  return offset.empty() ? pointer : fmt::format("{} + {}", pointer, offset);
}

}  // namespace

/// One loop over a shape as text: axes along which all operands do the same are one.
class LoopText {
 public:
  LoopText(StepCode& code, const StepCode::Loop& loop) : code_(code), loop_(loop), extents_(loop.extents) {
    for (const ir::Compute* link : loop.links)
      for (const ir::Id in : link->in)
        if (!code.local(in, loop) && !code.values_.uniform(in)) all_.push_back(code.strides(in, *link));
    if (extents_.empty()) {
      extents_.push_back(1);
      for (auto& strides : all_) strides.push_back(0);
    }
    merged_.assign(extents_.size(), false);
    for (std::size_t axis = extents_.size() - 1; axis-- > 0;)
      merged_[axis] = std::ranges::all_of(all_, [&](const std::vector<std::int64_t>& strides) {
        return strides[axis] == strides[axis + 1] * extents_[axis + 1];
      });
  }

  void write() {
    for (const ir::Compute* link : loop_.links)
      if (code_.leaves(link->out, loop_)) stored_[link->out] = code_.declared(link->out);
    std::int64_t inner = 1;
    const std::vector<std::pair<std::size_t, std::int64_t>> outer = outer_axes(inner);
    for (const auto& [axis, extent] : outer)
      code_.line(fmt::format("for (int i{0} = 0; i{0} < {1}; ++i{0})", axis, extent));
    code_.open(fmt::format("Wide::each<{}>([&](auto lanes, int i)", inner));
    for (const ir::Compute* link : loop_.links) write(*link);
    code_.close("});");
  }

 private:
  /// The axes in front of the innermost ones that are one loop, and how long that is.
  std::vector<std::pair<std::size_t, std::int64_t>> outer_axes(std::int64_t& inner) const {
    std::vector<std::pair<std::size_t, std::int64_t>> outer;
    inner = 1;
    for (std::size_t axis = 0; axis < extents_.size(); ++axis) {
      inner *= extents_[axis];
      if (axis + 1 == extents_.size() || merged_[axis]) continue;
      outer.emplace_back(axis, inner);
      inner = 1;
    }
    return outer;
  }

  /// "i0 * 8" for the outer axes.
  std::string outer_offset(const std::vector<std::int64_t>& strides) const {
    std::vector<std::string> parts;
    for (std::size_t axis = 0; axis + 1 < extents_.size(); ++axis)
      if (!merged_[axis] && strides[axis] != 0) parts.push_back(fmt::format("i{} * {}", axis, strides[axis]));
    return fmt::format("{}", fmt::join(parts, " + "));
  }

  std::string operand(ir::Id id, const ir::Compute& link) {
    if (const float* number = code_.values_.uniform(id))
      return fmt::format("lanes.all({})", float_literal(*number));
    if (code_.local(id, loop_)) return code_.name(code_.values_.view(id).root);
    std::vector<std::int64_t> strides = code_.strides(id, link);
    if (strides.empty()) strides.push_back(0);
    const std::string from = plus(code_.pointer(id), outer_offset(strides));
    const std::string text =
        strides.back() == 0 ? fmt::format("lanes.all(*({}))", from) : fmt::format("lanes.load({} + i)", from);
    const auto [found, added] = loaded_.emplace(text, fmt::format("in_{}", loaded_.size()));
    if (added) code_.line(fmt::format("const auto {} = {};", found->second, text));
    return found->second;
  }

  void write(const ir::Compute& link) {
    std::vector<std::string> in;
    for (const ir::Id id : link.in) in.push_back(operand(id, link));
    in.resize(3);
    const std::string value = fmt::format(fmt::runtime(emitter_of(*link.op).expression), in[0], in[1], in[2]);
    const std::string name = code_.name(link.out);
    code_.line(fmt::format("const auto {} = {};", name, value));
    const auto found = stored_.find(link.out);
    if (found == stored_.end()) return;
    std::vector<std::int64_t> strides(extents_.size(), 1);
    for (std::size_t axis = strides.size() - 1; axis-- > 0;)
      strides[axis] = strides[axis + 1] * extents_[axis + 1];
    code_.line(fmt::format("lanes.store({} + i, {});", plus(found->second, outer_offset(strides)), name));
  }

  StepCode& code_;
  const StepCode::Loop& loop_;
  std::vector<std::int64_t> extents_;
  std::vector<std::vector<std::int64_t>> all_;  ///< strides of all operands in memory
  std::vector<bool> merged_;                    ///< an axis with the one behind it
  std::map<ir::Id, std::string> stored_;
  std::map<std::string, std::string> loaded_;
};

StepCode::StepCode(const ModelStep& step)
    : step_(step), values_(step), stacked_(stacked_products(step, values_)) {
  collect();
  if (!stacked_.start.empty()) {
    arrays_.push_back({"sums_start", "what the sums of products begin with", stacked_.start});
    line(fmt::format("alignas(64) float sums[{}];", stacked_.start.size()));
  }
  write_all();
  write_states();
}

std::string StepCode::state_name(const StateSpec& state) { return "state_" + identifier(state.name); }

bool StepCode::is_element(const ir::Compute& compute) const {
  return emitter_of(*compute.op).how == Emitter::How::element;
}

void StepCode::collect() {
  const auto keep = [&](ir::Id id) { kept_.insert(values_.view(id).root); };
  for (const ir::Instruction& instruction : step_.program.code) {
    const ir::Compute& compute = *instruction.compute();
    if (values_.is_view(compute.out) || stacked_.absorbed.contains(compute.out)) continue;
    if (stacked_.find(compute.out)) continue;
    for (const ir::Id in : compute.in) readers_[values_.view(in).root].push_back(&compute);
    (is_element(compute) ? elements_ : others_).push_back(&compute);
  }
  for (const StackedProduct& product : stacked_.products) {
    products_.push_back(&product);
    kept_.insert(product.vector.root);
  }
  std::ranges::for_each(step_.after, keep);
  keep(step_.output);
}

bool StepCode::ready(ir::Id id) const {
  const ir::Id root = values_.view(id).root;
  if (values_.constant(root) || std::ranges::find(step_.program.inputs, root) != step_.program.inputs.end())
    return true;
  if (const LinearSum* sum = stacked_.find(root))
    return std::ranges::none_of(products_, [&](const StackedProduct* product) {
      return product->at < sum->at + sum->rows && sum->at < product->at + product->rows;
    });
  return done_.contains(root);
}

bool StepCode::all_ready(const ir::Compute& compute) const {
  return std::ranges::all_of(compute.in, [&](ir::Id in) { return ready(in); });
}

/// Products as soon as their vectors are there, and then as much elementwise work at once as there is.
void StepCode::write_all() {
  while (!products_.empty() || !others_.empty() || !elements_.empty()) {
    if (write_products() || write_others() || write_loop()) continue;
    throw std::logic_error("[StepCode] values of the step wait for each other");
  }
}

bool StepCode::write_products() {
  // What adds to sums comes behind what begins them: they are in that order.
  if (products_.empty() || !ready(products_.front()->vector.root)) return false;
  write(*products_.front());
  products_.erase(products_.begin());
  return true;
}

bool StepCode::write_others() {
  const auto next = std::ranges::find_if(others_, [&](const ir::Compute* one) { return all_ready(*one); });
  if (next == others_.end()) return false;
  const ir::Compute& compute = **next;
  others_.erase(next);
  const Emitter& emitter = emitter_of(*compute.op);
  emitter.write(*this, compute);
  done_.insert(compute.out);
  return true;
}

bool StepCode::write_loop() {
  const Loop loop = next_loop();
  if (loop.links.empty()) return false;
  write(loop);
  for (const ir::Compute* link : loop.links) done_.insert(link->out);
  return true;
}

StepCode::Loop StepCode::next_loop() {
  Loop loop;
  for (bool more = true; more;) {
    more = false;
    for (auto at = elements_.begin(); at != elements_.end();) {
      const ir::Compute& compute = **at;
      if (loop.links.empty()) loop.extents = wide_extents(shape(compute.out));
      if (!joins(compute, loop)) {
        ++at;
        continue;
      }
      loop.links.push_back(&compute);
      at = elements_.erase(at);
      more = true;
    }
  }
  return loop;
}

bool StepCode::joins(const ir::Compute& compute, const Loop& loop) const {
  return wide_extents(shape(compute.out)) == loop.extents &&
         std::ranges::all_of(compute.in, [&](ir::Id in) { return ready(in) || local(in, loop); });
}

/// Whether a value is one of the loop's own, element for element.
bool StepCode::local(ir::Id id, const Loop& loop) const {
  const View view = values_.view(id);
  const auto made = [&](const ir::Compute* link) { return link->out == view.root; };
  return view.offset == 0 && std::ranges::any_of(loop.links, made) && wide_extents(shape(id)) == loop.extents;
}

/// Whether anything but the loop reads it.
bool StepCode::leaves(ir::Id root, const Loop& loop) const {
  if (kept_.contains(root)) return true;
  const auto found = readers_.find(root);
  if (found == readers_.end()) return false;
  return std::ranges::any_of(found->second, [&](const ir::Compute* reader) {
    if (std::ranges::find(loop.links, reader) == loop.links.end()) return true;
    return std::ranges::any_of(reader->in,
                               [&](ir::Id in) { return values_.view(in).root == root && !local(in, loop); });
  });
}

/// How far an operand moves along each axis of the reader's result whose extent is not 1.
std::vector<std::int64_t> StepCode::strides(ir::Id id, const ir::Compute& reader) const {
  const Shape own = shape(id), full = shape(reader.out);
  std::vector<std::int64_t> strides;
  std::int64_t stride = 1;
  for (std::size_t back = 1; back <= full.rank(); ++back) {
    const std::int64_t extent = back <= own.rank() ? own[own.rank() - back] : 1;
    if (full[full.rank() - back] != 1) strides.push_back(extent == 1 ? 0 : stride);
    stride *= extent;
  }
  std::ranges::reverse(strides);
  return strides;
}

void StepCode::write(const Loop& loop) { LoopText(*this, loop).write(); }

void StepCode::write(const StackedProduct& product) {
  const std::string name = fmt::format("weights_{}", arrays_.size());
  arrays_.push_back({name,
                     fmt::format("{}: {} rows, {} columns, {}", fmt::join(product.names, ", "), product.rows,
                                 product.columns, product.by_rows ? "row by row" : "in blocks of rows"),
                     product.weights});
  const View vector = product.vector;
  const std::string at = product.at == 0 ? "" : fmt::format("{}", product.at);
  line(fmt::format("Wide::{}<{}, {}>({}, {}, {}, {});", product.by_rows ? "product_by_rows" : "product",
                   product.rows, product.columns, plus(product.first ? "sums_start" : "sums", at), name,
                   plus(pointer(vector.root), vector.offset == 0 ? "" : fmt::format("{}", vector.offset)),
                   plus("sums", at)));
}

std::string StepCode::name(ir::Id id) const {
  return fmt::format("{}_{}", identifier(step_.program.values[static_cast<std::size_t>(id)].name), id);
}

std::string StepCode::constant(ir::Id id) {
  const std::string array = fmt::format("constant_{}", id);
  if (std::ranges::find(arrays_, array, &Array::name) == arrays_.end()) {
    const std::span<const float> numbers = values_.constant(id)->span();
    const auto named = step_.names.find(id);
    arrays_.push_back(
        {array, named == step_.names.end() ? "" : named->second, {numbers.begin(), numbers.end()}});
  }
  return array;
}

std::string StepCode::pointer(ir::Id id) {
  const auto [root, offset] = values_.view(id);
  std::string base;
  const auto before = std::ranges::find(step_.before, root);
  if (values_.constant(root))
    base = constant(root);
  else if (const auto found = pointers_.find(root); found != pointers_.end())
    base = found->second;
  else if (const LinearSum* sum = stacked_.find(root))
    base = plus("sums", sum->at == 0 ? "" : fmt::format("{}", sum->at));
  else if (before != step_.before.end())
    base = state_name(step_.states[static_cast<std::size_t>(before - step_.before.begin())]);
  else if (root == step_.input)
    base = "x";
  else
    base = name(root);
  return plus(base, offset == 0 ? "" : fmt::format("{}", offset));
}

std::string StepCode::declared(ir::Id id) {
  const std::string array = name(id) + "_out";
  line(fmt::format("alignas(64) float {}[{}];", array, count(id)));
  pointers_[id] = array;
  return array;
}

std::string StepCode::token(ir::Id id) const {
  if (step_.input != ir::none && values_.view(id).root == step_.input) return "token";
  throw ModelError("a step that looks up rows by anything but its token cannot be exported");
}

/// The states after the step take the places of those before it. What is another state before it is kept
/// until all have moved.
void StepCode::write_states() {
  std::vector<std::string> moves;
  for (std::size_t k = 0; k < step_.states.size(); ++k) {
    const std::string to = state_name(step_.states[k]);
    std::string from = pointer(step_.after[k]);
    if (from == to) continue;
    const std::int64_t size = count(step_.after[k]);
    if (from.starts_with("state_")) {
      const std::string copy = fmt::format("moved_{}", k);
      line(fmt::format("alignas(64) float {}[{}];", copy, size));
      line(fmt::format("std::memcpy({}, {}, sizeof {});", copy, from, copy));
      from = copy;
    }
    moves.push_back(fmt::format("std::memcpy({0}, {1}, sizeof {0});", to, from));
  }
  for (const std::string& move : moves) line(move);
}

}  // namespace unroll
