#include "framework/plan/run/frame.hpp"

#include <algorithm>
#include <limits>

#include "framework/plan/ir/uses.hpp"
#include "framework/plan/run/block_length.hpp"

namespace unroll {

using ir::Id;
using ir::Loop;

namespace {

constexpr int forever = std::numeric_limits<int>::max();

/// With a few cache lines more where whole pages are filled. Else operands of a chain would begin at the same
/// place of a page, and their elements of one index share the lines of one set of the first-level cache.
std::size_t apart(std::size_t bytes) {
  return bytes > 0 && bytes % 4096 == 0 ? bytes + 5 * std::size_t{64} : bytes;
}

/// Shows bytes that are there in another shape.
bool is_view(const ir::Instruction& instruction, const Binding& binding) {
  const ir::Compute* compute = instruction.compute();
  return compute && compute->op->rows == Rows::reshape && compute->onto == ir::none &&
         binding.root(compute->in[0]) == binding.root(compute->out);
}

}  // namespace

template <class T>
Frame<T>::Frame(const ir::Program& program, const Binding& binding, const FrameOptions& options)
    : program_(program),
      binding_(binding),
      options_(options),
      bodies_(binding.regions.size()),
      shapes_(program.values.size()),
      bytes_(program.values.size()),
      row_bytes_(program.values.size()),
      offsets_(program.values.size()),
      pointers_(program.values.size(), nullptr) {
  for (std::size_t v = 0; v < shapes_.size(); ++v)
    shapes_[v] = unroll::resolve(program.values[v].dims, Sizes{});
  for (const ir::Instruction& instruction : program.once) add_step(once_, instruction, 0, -1);
  for (std::size_t r = 0; r < bodies_.size(); ++r) {
    const Region& here = binding.regions[r];
    if (here.loop) bodies_[r].uses_blocks = ir::uses_blocks(program, *here.loop);
    for (std::size_t i = 0; i < here.code->size(); ++i)
      add_step(bodies_[r].steps, (*here.code)[i], static_cast<int>(i), here.loops[i]);
    const int number = static_cast<int>(r);
    const LoopMoves& loop = binding.moves[r];
    for (const LoopMoves::Move& move : loop.moves) {
      bodies_[r].moving.push_back(moving(move.part, move.whole, move.rows, number));
      for (Step& step : bodies_[r].steps)
        if (step.chain) step.chain->is_of_history(move.part);
    }
    for (const Loop::Stack& stack : loop.copies_before)
      bodies_[r].copied_before.push_back(moving(stack.part, stack.whole, 0, number));
    for (const Loop::Stack& stack : loop.copies_after)
      bodies_[r].copied_after.push_back(moving(stack.part, stack.whole, 0, number));
    for (const Id id : here.defined)
      if (has_bytes(id) && binding.place(id).home == Home::pair) bodies_[r].pairs.push_back({id, {}});
    bodies_[r].move_slots = pointers_.size();
    pointers_.resize(pointers_.size() + bodies_[r].moving.size() + bodies_[r].pairs.size());
  }
}

template <class T>
void Frame<T>::add_step(std::vector<Step>& steps, const ir::Instruction& instruction, int position,
                        int loop) {
  if (is_view(instruction, binding_)) return;
  Step& step = steps.emplace_back();
  step.instruction = &instruction;
  step.position = position;
  step.loop = loop;
  if (const ir::Compute* compute = instruction.compute()) {
    for (const Id in : compute->in) {
      step.values.push_back(binding_.root(in));
      step.shapes.push_back(&shapes_[index(in)]);
    }
    step.values.push_back(binding_.root(compute->out));
    if (compute->onto != ir::none && binding_.root(compute->onto) != step.values.back())
      step.copied = binding_.root(compute->onto);
  }
  if (const ir::Chain* chain = instruction.chain()) {
    ChainCode code = chain_code(program_, *chain);
    std::vector<Id> roots;
    for (const Id id : code.values) roots.push_back(binding_.root(id));
    step.chain = std::make_unique<ChainRun<T>>(std::move(code), std::move(roots));
  }
  step.pointers.resize(step.values.size());
}

template <class T>
typename Frame<T>::Moving Frame<T>::moving(Id part, Id whole, int rows, int number) const {
  const Dims& dims = program_.dims(whole);
  const Loop& loop = *region(number).loop;
  const bool by_iteration = loop.is<Loop::Segments>() && !dims.empty() && dims[0] == Dim::segments();
  return {part, whole, rows, by_iteration};
}

template <class T>
bool Frame<T>::has_bytes(Id value) const {
  const Place& place = binding_.place(value);
  return place.root == value &&
         (place.home == Home::arena || place.home == Home::always || place.home == Home::pair);
}

template <class T>
void Frame<T>::resolve(int number, Sizes sizes) {
  Body& here = body(number);
  here.sizes = sizes;
  here.parts = nullptr;
  for (const Id id : region(number).defined) {
    const ir::Value& value = program_.values[index(id)];
    Shape& shape = shapes_[index(id)];
    for (std::size_t axis = 0; axis < value.dims.size(); ++axis) shape[axis] = value.dims[axis].at(sizes);
    std::size_t row = value.kind == Kind::real ? sizeof(T) : sizeof(std::int64_t);
    for (std::size_t axis = 1; axis < value.dims.size(); ++axis) row *= static_cast<std::size_t>(shape[axis]);
    row_bytes_[index(id)] = row;
    bytes_[index(id)] = value.dims.empty() ? row : row * static_cast<std::size_t>(shape[0]);
  }
}

template <class T>
std::int64_t Frame<T>::stride(int number) const {
  const Loop& loop = *region(number).loop;
  if (loop.is<Loop::Steps>()) return 1;
  if (loop.is<Loop::Segments>()) return around(number).sizes.segment;
  if (options_.block_steps > 0) return options_.block_steps;
  if (const auto* rows = std::get_if<Loop::Rows>(&loop.over))
    return rows_per_block(*rows, bodies_[static_cast<std::size_t>(number)].length, around(number).sizes);
  return steps_per_block(std::get<Loop::Blocks>(loop.over), around(number).sizes);
}

template <class T>
Sizes Frame<T>::sizes_in(int number, std::int64_t steps) const {
  const Loop& loop = *region(number).loop;
  Sizes sizes = around(number).sizes;
  if (loop.is<Loop::Blocks>() || loop.is<Loop::Rows>()) sizes.block = steps;
  if (loop.is<Loop::Segments>()) sizes.segment = steps;
  if (!bodies_[static_cast<std::size_t>(number)].uses_blocks) sizes.block = 1;
  return sizes;
}

/// What follows from an instruction's shapes, beside its scratch memory.
template <class T>
void Frame<T>::settle(Step& step, Sizes sizes) {
  const ir::Compute* compute = step.instruction->compute();
  if (!compute || !compute->op->hold) return;
  step.held = compute->op->hold(Call<T>{{},
                                        step.shapes,
                                        nullptr,
                                        &shapes_[index(compute->out)],
                                        compute->attrs,
                                        sizes,
                                        {},
                                        compute->onto != ir::none});
}

template <class T>
std::size_t Frame<T>::workspace_of(Step& step, Sizes sizes) {
  settle(step, sizes);
  if (step.chain) return step.chain->lay_out(sizes);
  if (const ir::Compute* compute = step.instruction->compute())
    return compute->op->workspace
               ? compute->op->workspace(step.shapes, shapes_[index(compute->out)], sizeof(T))
               : 0;
  Body& inner = body(step.loop);
  inner.length = region(step.loop).loop->length.at(sizes);
  inner.stride = stride(step.loop);
  return lay_out(step.loop, sizes_in(step.loop, std::min(inner.stride, inner.length)));
}

/// New sizes that need no more memory than those of lay_out(): the last iteration of a loop is shorter.
template <class T>
void Frame<T>::resize(int number, Sizes sizes) {
  resolve(number, sizes);
  for (Step& step : body(number).steps) {
    settle(step, sizes);
    if (step.chain) step.chain->lay_out(sizes);
    if (step.loop < 0) continue;
    Body& inner = body(step.loop);
    inner.length = region(step.loop).loop->length.at(sizes);
    const Sizes inside = sizes_in(step.loop, std::min(inner.stride, inner.length));
    if (inside != inner.sizes) resize(step.loop, inside);
  }
}

/// One interval for each value with bytes, then one for each instruction that needs scratch memory.
template <class T>
std::size_t Frame<T>::lay_out(int number, Sizes sizes) {
  resolve(number, sizes);
  std::vector<Step>& steps = body(number).steps;
  const std::size_t once = number == 0 ? once_.size() : 0;
  for (std::size_t i = 0; i < once; ++i) once_[i].workspace_bytes = workspace_of(once_[i], sizes);
  for (Step& step : steps) step.workspace_bytes = workspace_of(step, sizes);
  intervals_.clear();  // the loops in it are done with them
  for (const Id id : region(number).defined) {
    if (!has_bytes(id)) continue;
    const Place& place = binding_.place(id);
    const bool always = place.home != Home::arena;
    const std::size_t copies = place.home == Home::pair ? 2 : 1;
    const std::size_t spare = place.spare_rows != 0 ? row_bytes_[index(id)] : 0;
    intervals_.push_back({always ? -1 : place.first, always ? forever : place.last,
                          apart(copies * bytes_[index(id)] + spare)});
  }
  for (std::size_t i = 0; i < once; ++i) intervals_.push_back({-1, -1, once_[i].workspace_bytes});
  for (const Step& step : steps) intervals_.push_back({step.position, step.position, step.workspace_bytes});
  interval_offsets_.resize(intervals_.size());
  const std::size_t total = place(intervals_, interval_offsets_, order_, options_.reuse_memory);
  std::size_t next = 0;
  for (const Id id : region(number).defined)
    if (has_bytes(id)) offsets_[index(id)] = interval_offsets_[next++];
  for (std::size_t i = 0; i < once; ++i) once_[i].workspace_offset = interval_offsets_[next++];
  for (Step& step : steps) step.workspace_offset = interval_offsets_[next++];
  return total;
}

template <class T>
std::size_t Frame<T>::lay_out(Sizes sizes) {
  return lay_out(0, sizes);
}

template <class T>
void Frame<T>::attach(std::vector<Step>& steps, std::byte* memory) {
  for (Step& step : steps) {
    if (step.chain) step.chain->attach(memory + step.workspace_offset);
    if (step.loop >= 0) attach(step.loop, memory + step.workspace_offset);
  }
}

template <class T>
void Frame<T>::attach(int number, std::byte* memory) {
  Body& here = body(number);
  here.memory = memory;
  for (const Id id : region(number).defined)
    if (has_bytes(id))
      pointers_[index(id)] =
          memory + offsets_[index(id)] + (binding_.place(id).spare_rows < 0 ? row_bytes_[index(id)] : 0);
  for (const Id id : region(number).defined) {
    const Place& place = binding_.place(id);
    if (place.root != id || place.home != Home::shifted) continue;
    const Id from = place.shifted_from;
    pointers_[index(id)] = pointers_[index(from)] + binding_.place(from).spare_rows *
                                                        static_cast<std::ptrdiff_t>(row_bytes_[index(from)]);
  }
  for (Pair& pair : here.pairs) {
    std::byte* first = memory + offsets_[index(pair.state)];
    pair.buffers[0] = first;
    pair.buffers[1] = first + bytes_[index(pair.state)];
  }
  attach(here.steps, memory);
}

template <class T>
void Frame<T>::attach(std::byte* memory) {
  attach(0, memory);
  attach(once_, memory);
}

template <class T>
double Frame<T>::flops() {
  return flops(once_, body(0).sizes) + flops(body(0).steps, body(0).sizes);
}

template <class T>
double Frame<T>::flops(const std::vector<Step>& steps, Sizes sizes) {
  double total = 0;
  for (const Step& step : steps) {
    if (step.loop >= 0) {
      total += loop_flops(step.loop);
    } else if (const ir::Chain* chain = step.instruction->chain()) {
      total += static_cast<double>(chain->links.size()) * static_cast<double>(numel(chain->dims).at(sizes));
    } else {
      const ir::Compute& compute = *step.instruction->compute();
      const Shape& out = shapes_[index(compute.out)];
      total += compute.op->flops ? compute.op->flops(step.shapes, out, compute.attrs)
                                 : static_cast<double>(out.numel());
    }
  }
  return total;
}

template <class T>
double Frame<T>::loop_flops(int number) {
  Body& inner = body(number);
  const std::int64_t rest = inner.length % inner.stride;
  const double total = static_cast<double>(inner.length / inner.stride) * flops(inner.steps, inner.sizes);
  if (rest == 0) return total;
  resize(number, sizes_in(number, rest));
  return total + flops(inner.steps, inner.sizes);
}

template class Frame<float>;
template class Frame<double>;

}  // namespace unroll
