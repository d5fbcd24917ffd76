#include "framework/plan/run/frame.hpp"

#include <algorithm>
#include <bit>
#include <limits>

#include "framework/plan/ir/uses.hpp"

namespace unroll {

using ir::Id;
using ir::Loop;

namespace {

constexpr int forever = std::numeric_limits<int>::max();

/// Rows of a wide value, of which a weight's product is made in every block, are as many as fit into the
/// third-level cache, in blocks of one size as far as that goes: 700 rows of 10,000, of 200 units, take their
/// three products in 84 ms by 350, 88 by 209, 104 by 100.
std::int64_t wide_rows_per_block(const Loop::Rows& rows, std::int64_t length, Sizes sizes) {
  constexpr std::int64_t wide_elements = 4 * 1024 * 1024;
  const std::int64_t most =
      std::max<std::int64_t>(1, wide_elements / std::max<std::int64_t>(1, rows.widest.at(sizes)));
  length = std::max<std::int64_t>(1, length);
  const std::int64_t blocks = (length + most - 1) / most;
  return (length + blocks - 1) / blocks;
}

}  // namespace

// What is kept over a block's steps should stay in the second-level cache, but a sum over its rows should be
// worth a product. The gradient of a weight too large for that cache is read and written once per block: then
// longer blocks cost less than they lose (64 rows of 512 units: 161 ms with 32 steps, 163 with 8; 64 rows of
// four gates of 256: 61 ms with 8, 65 with 32).
std::int64_t steps_per_block(const Loop::Blocks& blocks, Sizes sizes) {
  constexpr std::int64_t elements = 16 * 1024, wide = 384;
  std::int64_t state = 1, units = 0;
  for (const Dim dim : blocks.state_sizes) {
    state += dim.at(sizes);
    units = std::max(units, dim.number());
  }
  const std::int64_t least = units >= wide ? 32 : 8;
  const auto steps = static_cast<std::uint64_t>(std::clamp(elements / state, least, max_block_steps));
  return static_cast<std::int64_t>(std::bit_floor(steps));
}

Frame::Frame(const ir::Program& program, const Binding& binding, const FrameOptions& options)
    : program_(program),
      binding_(binding),
      options_(options),
      bodies_(binding.regions.size()),
      shapes_(program.values.size()),
      bytes_(program.values.size()),
      row_bytes_(program.values.size()),
      offsets_(program.values.size()),
      pointers_(program.values.size(), nullptr) {
  for (std::size_t v = 0; v < shapes_.size(); ++v) shapes_[v] = unroll::resolve(program.values[v].dims, Sizes{});
  for (const ir::Instruction& instruction : program.once) once_.push_back(step_of(instruction, -1));
  for (std::size_t r = 0; r < bodies_.size(); ++r) {
    const Region& here = binding.regions[r];
    for (std::size_t i = 0; i < here.code->size(); ++i)
      bodies_[r].steps.push_back(step_of((*here.code)[i], here.loops[i]));
    bodies_[r].starts.resize(binding.moves[r].moves.size());
    bodies_[r].units.resize(binding.moves[r].moves.size());
  }
}

Frame::Step Frame::step_of(const ir::Instruction& instruction, int loop) const {
  Step step{.instruction = &instruction, .loop = loop};
  if (const ir::Compute* compute = instruction.compute()) {
    for (const Id in : compute->in) {
      step.in.push_back(binding_.root(in));
      step.shapes.push_back(&shapes_[index(in)]);
    }
    step.pointers.resize(step.in.size());
    step.out = binding_.root(compute->out);
    if (compute->onto != ir::none && binding_.root(compute->onto) != step.out)
      step.copied = binding_.root(compute->onto);
    step.nothing_to_do =
        compute->op->rows == Rows::reshape && compute->onto == ir::none && step.in[0] == step.out;
  }
  if (const ir::Chain* chain = instruction.chain()) {
    step.chain.emplace(program_, *chain);
    for (const Id id : step.chain->values()) step.in.push_back(binding_.root(id));
    step.chain_pointers.resize(step.in.size());
  }
  return step;
}

bool Frame::has_bytes(Id value) const {
  const Place& place = binding_.place(value);
  return place.root == value && (place.home == Home::arena || place.home == Home::always || place.home == Home::pair);
}

void Frame::resolve(int number, Sizes sizes) {
  body(number).sizes = sizes;
  for (const Id id : region(number).defined) {
    const ir::Value& value = program_.values[index(id)];
    const std::size_t v = index(id);
    for (std::size_t axis = 0; axis < value.dims.size(); ++axis) shapes_[v][axis] = value.dims[axis].at(sizes);
    const std::size_t element = value.kind == Kind::real ? options_.real_bytes : sizeof(std::int64_t);
    row_bytes_[v] = element;
    for (std::size_t axis = 1; axis < value.dims.size(); ++axis)
      row_bytes_[v] *= static_cast<std::size_t>(shapes_[v][axis]);
    bytes_[v] = value.dims.empty() ? element : row_bytes_[v] * static_cast<std::size_t>(shapes_[v][0]);
  }
}

std::int64_t Frame::length(int number) const {
  return region(number).loop->length.at(bodies_[static_cast<std::size_t>(region(number).parent)].sizes);
}

std::int64_t Frame::stride(int number) const {
  const Loop& loop = *region(number).loop;
  const Sizes& sizes = bodies_[static_cast<std::size_t>(region(number).parent)].sizes;
  if (loop.is<Loop::Steps>()) return 1;
  if (loop.is<Loop::Segments>()) return sizes.segment;
  if (options_.block_steps > 0) return options_.block_steps;
  if (const auto* rows = std::get_if<Loop::Rows>(&loop.over))
    return wide_rows_per_block(*rows, length(number), sizes);
  return steps_per_block(std::get<Loop::Blocks>(loop.over), sizes);
}

Sizes Frame::sizes_in(int number, std::int64_t steps) const {
  const Loop& loop = *region(number).loop;
  Sizes sizes = bodies_[static_cast<std::size_t>(region(number).parent)].sizes;
  if (loop.is<Loop::Blocks>() || loop.is<Loop::Rows>()) sizes.block = steps;
  if (loop.is<Loop::Segments>()) sizes.segment = steps;
  return sizes;
}

std::size_t Frame::workspace_of(Step& step, Sizes sizes) {
  if (step.chain) return step.chain->lay_out(sizes, options_.real_bytes);
  if (const ir::Compute* compute = step.instruction->compute())
    return compute->op->workspace
               ? compute->op->workspace(step.shapes, shapes_[index(compute->out)], options_.real_bytes)
               : 0;
  Body& inner = body(step.loop);
  inner.stride = stride(step.loop);
  return lay_out(step.loop, sizes_in(step.loop, std::min(inner.stride, length(step.loop))));
}

/// New sizes that need no more memory than those of lay_out(): the last iteration of a loop is shorter.
void Frame::resize(int number, Sizes sizes) {
  resolve(number, sizes);
  for (Step& step : body(number).steps) {
    if (step.chain) step.chain->lay_out(sizes, options_.real_bytes);
    if (step.loop >= 0)
      resize(step.loop, sizes_in(step.loop, std::min(body(step.loop).stride, length(step.loop))));
  }
}

/// One interval for each value with bytes, then one for each instruction that needs scratch memory.
std::size_t Frame::lay_out(int number, Sizes sizes) {
  resolve(number, sizes);
  std::vector<Step> none_once;
  std::vector<Step>& once = number == 0 ? once_ : none_once;
  for (Step& step : once) step.workspace_bytes = workspace_of(step, sizes);
  for (Step& step : body(number).steps) step.workspace_bytes = workspace_of(step, sizes);
  // Loops in it are laid out: the scratch vectors are this region's from here on.
  intervals_.clear();
  for (const Id id : region(number).defined) {
    if (!has_bytes(id)) continue;
    const Place& place = binding_.place(id);
    const bool always = place.home != Home::arena;
    const std::size_t copies = place.home == Home::pair ? 2 : 1;
    const std::size_t extra = place.spare_rows != 0 ? row_bytes_[index(id)] : 0;
    intervals_.push_back(
        {always ? -1 : place.first, always ? forever : place.last, copies * bytes_[index(id)] + extra});
  }
  for (const Step& step : once) intervals_.push_back({-1, -1, step.workspace_bytes});
  for (std::size_t i = 0; i < body(number).steps.size(); ++i) {
    const int position = static_cast<int>(i);
    intervals_.push_back({position, position, body(number).steps[i].workspace_bytes});
  }
  interval_offsets_.resize(intervals_.size());
  const std::size_t total = place(intervals_, interval_offsets_, order_, options_.reuse_memory);
  std::size_t next = 0;
  for (const Id id : region(number).defined)
    if (has_bytes(id)) offsets_[index(id)] = interval_offsets_[next++];
  for (Step& step : once) step.workspace_offset = interval_offsets_[next++];
  for (Step& step : body(number).steps) step.workspace_offset = interval_offsets_[next++];
  return total;
}

std::size_t Frame::lay_out(Sizes sizes) { return lay_out(0, sizes); }

void Frame::attach(int number, std::byte* memory) {
  body(number).memory = memory;
  for (const Id id : region(number).defined) {
    const Place& place = binding_.place(id);
    if (has_bytes(id))
      pointers_[index(id)] = memory + offsets_[index(id)] + (place.spare_rows < 0 ? row_bytes_[index(id)] : 0);
  }
  for (const Id id : region(number).defined) {
    const Place& place = binding_.place(id);
    if (place.root == id && place.home == Home::shifted)
      pointers_[index(id)] = pointers_[index(place.shifted_from)] +
                             binding_.place(place.shifted_from).spare_rows *
                                 static_cast<std::ptrdiff_t>(row_bytes_[index(place.shifted_from)]);
  }
  for (Step& step : body(number).steps)
    if (step.loop >= 0) attach(step.loop, memory + step.workspace_offset);
}

void Frame::attach(std::byte* memory) { attach(0, memory); }

double Frame::flops() { return flops(once_, body(0).sizes) + flops(body(0).steps, body(0).sizes); }

double Frame::flops(std::vector<Step>& steps, Sizes sizes) {
  double total = 0;
  for (Step& step : steps) {
    if (step.loop >= 0) {
      total += loop_flops(step.loop);
    } else if (const ir::Chain* chain = step.instruction->chain()) {
      total += static_cast<double>(chain->links.size()) * static_cast<double>(numel(chain->dims).at(sizes));
    } else if (!step.nothing_to_do) {
      const ir::Compute& compute = *step.instruction->compute();
      const Shape& out = shapes_[index(compute.out)];
      total += compute.op->flops ? compute.op->flops(step.shapes, out, compute.attrs)
                                 : static_cast<double>(out.numel());
    }
  }
  return total;
}

double Frame::loop_flops(int number) {
  Body& inner = body(number);
  const std::int64_t steps = length(number);
  double total = static_cast<double>(steps / inner.stride) * flops(inner.steps, inner.sizes);
  if (steps % inner.stride == 0) return total;
  resize(number, sizes_in(number, steps % inner.stride));
  return total + flops(inner.steps, inner.sizes);
}

}  // namespace unroll
