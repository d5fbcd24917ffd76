#include "framework/plan/frame.hpp"

#include <algorithm>
#include <bit>
#include <limits>

namespace unroll {
namespace {

constexpr int forever = std::numeric_limits<int>::max();

/// Rows of a wide value, of which a weight's product is made in every block, are as many as fit into the
/// third-level cache, in blocks of one size as far as that goes: 700 rows of 10,000, of 200 units, take their
/// three products in 84 ms by 350, 88 by 209, 104 by 100.
std::int64_t wide_rows_per_block(const Loop& loop, Sizes sizes) {
  constexpr std::int64_t wide_elements = 4 * 1024 * 1024;
  const std::int64_t most =
      std::max<std::int64_t>(1, wide_elements / std::max<std::int64_t>(1, loop.wide.at(sizes)));
  const std::int64_t length = std::max<std::int64_t>(1, loop.length.at(sizes));
  const std::int64_t blocks = (length + most - 1) / most;
  return (length + blocks - 1) / blocks;
}

}  // namespace

// What is kept over a block's steps should stay in the second-level cache, but a sum over its rows should be
// worth a product. The gradient of a weight too large for that cache is read and written once per block: then
// longer blocks cost less than they lose (64 rows of 512 units: 161 ms with 32 steps, 163 with 8; 64 rows of
// four gates of 256: 61 ms with 8, 65 with 32).
//
std::int64_t steps_per_block(const Loop& loop, Sizes sizes) {
  if (loop.wide != Dim(0)) return wide_rows_per_block(loop, sizes);
  constexpr std::int64_t elements = 16 * 1024, wide = 384;
  std::int64_t state = 1, units = 0;
  for (const Dim dim : loop.state_sizes) {
    state += dim.at(sizes);
    units = std::max(units, dim.number());
  }
  const std::int64_t least = units >= wide ? 32 : 8;
  const auto steps = static_cast<std::uint64_t>(std::clamp(elements / state, least, max_block_steps));
  return static_cast<std::int64_t>(std::bit_floor(steps));
}

Frame::Frame(const Program& program, const FrameOptions& options)
    : program_(program),
      options_(options),
      shapes_(program.slots.size()),
      bytes_(program.slots.size()),
      row_bytes_(program.slots.size()),
      offsets_(program.slots.size()),
      pointers_(program.slots.size(), nullptr) {
  for (std::size_t s = 0; s < shapes_.size(); ++s) shapes_[s] = resolve(program.slots[s].dims, sizes_);
  order_aliases();
  for (const Instruction& instruction : program.prologue) prologue_.push_back(operands_of(instruction));
  for (const Instruction& instruction : program.code) code_.push_back(operands_of(instruction));
}

Frame::Operands Frame::operands_of(const Instruction& instruction) {
  Operands operands;
  for (const SlotId in : instruction.in) operands.shapes.push_back(&shapes_[in]);
  operands.pointers.resize(instruction.in.size());
  if (instruction.fused) {
    operands.fused.emplace(*instruction.fused, program_.slots, instruction.in);
    operands.fused_pointers.resize(instruction.in.size() + instruction.fused->out.size());
  }
  if (instruction.loop) operands.loop = std::make_unique<Frame>(instruction.loop->body, options_);
  return operands;
}

void Frame::order_aliases() {
  std::vector<bool> done(program_.slots.size());
  for (std::size_t s = 0; s < done.size(); ++s) {
    std::vector<SlotId> chain;
    for (auto slot = static_cast<SlotId>(s); !done[slot]; slot = program_.slots[slot].alias) {
      done[slot] = true;
      if (program_.slots[slot].alias == no_slot) break;
      chain.push_back(slot);
    }
    aliases_.insert(aliases_.end(), chain.rbegin(), chain.rend());
  }
}

bool Frame::has_own_bytes(SlotId slot) const {
  return program_.slots[slot].place != Place::outside && program_.slots[slot].alias == no_slot;
}

void Frame::resolve_shapes(Sizes sizes) {
  sizes_ = sizes;
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Slot& slot = program_.slots[s];
    for (std::size_t axis = 0; axis < slot.dims.size(); ++axis) shapes_[s][axis] = slot.dims[axis].at(sizes);
    const std::size_t element = slot.kind == Kind::real ? options_.real_bytes : sizeof(std::int64_t);
    row_bytes_[s] = element;
    for (std::size_t axis = 1; axis < slot.dims.size(); ++axis)
      row_bytes_[s] *= static_cast<std::size_t>(shapes_[s][axis]);
    bytes_[s] = slot.dims.empty() ? element : row_bytes_[s] * static_cast<std::size_t>(shapes_[s][0]);
  }
}

Sizes Frame::sizes_in(const Loop& loop, std::int64_t steps) const {
  Sizes sizes = sizes_;
  if (loop.stride == Dim::block()) sizes.block = steps;
  if (loop.stride == Dim::segment()) sizes.segment = steps;
  return sizes;
}

std::size_t Frame::workspace_of(const Instruction& instruction, Operands& operands) {
  if (operands.fused) return operands.fused->lay_out(sizes_, options_.real_bytes);
  if (!instruction.loop)
    return instruction.op->workspace
               ? instruction.op->workspace(operands.shapes, shapes_[instruction.out], options_.real_bytes)
               : 0;
  const Loop& loop = *instruction.loop;
  Frame& body = *operands.loop;
  if (loop.stride == Dim::segment()) body.stride_ = sizes_.segment;
  if (loop.stride == Dim::block())
    body.stride_ = options_.block_steps > 0 ? options_.block_steps : steps_per_block(loop, sizes_);
  return body.lay_out(sizes_in(loop, std::min(body.stride_, loop.length.at(sizes_))));
}

void Frame::resize(Sizes sizes) {
  resolve_shapes(sizes);
  for (std::size_t i = 0; i < code_.size(); ++i) {
    if (code_[i].fused) code_[i].fused->lay_out(sizes, options_.real_bytes);
    if (!code_[i].loop) continue;
    const Loop& loop = *program_.code[i].loop;
    code_[i].loop->resize(sizes_in(loop, std::min(code_[i].loop->stride_, loop.length.at(sizes))));
  }
}

/// One interval per slot with bytes of its own, then one per instruction that needs scratch memory.
void Frame::collect_intervals() {
  intervals_.clear();
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Slot& slot = program_.slots[s];
    if (!has_own_bytes(static_cast<SlotId>(s))) continue;
    const bool always = slot.place != Place::arena;
    const std::size_t copies = slot.place == Place::alternating ? 2 : 1;
    const std::size_t extra = slot.has_one_more ? row_bytes_[s] : 0;
    intervals_.push_back(
        {always ? -1 : slot.first, always ? forever : slot.last, copies * bytes_[s] + extra});
  }
  for (const Operands& operands : prologue_) intervals_.push_back({-1, -1, operands.workspace_bytes});
  for (std::size_t i = 0; i < code_.size(); ++i) {
    const int position = static_cast<int>(i);
    intervals_.push_back({position, position, code_[i].workspace_bytes});
  }
  interval_offsets_.resize(intervals_.size());
}

std::size_t Frame::lay_out(Sizes sizes) {
  resolve_shapes(sizes);
  for (std::size_t i = 0; i < prologue_.size(); ++i)
    prologue_[i].workspace_bytes = workspace_of(program_.prologue[i], prologue_[i]);
  for (std::size_t i = 0; i < code_.size(); ++i)
    code_[i].workspace_bytes = workspace_of(program_.code[i], code_[i]);
  collect_intervals();
  const std::size_t total = place(intervals_, interval_offsets_, order_, options_.reuse_memory);
  std::size_t next = 0;
  for (std::size_t s = 0; s < shapes_.size(); ++s)
    if (has_own_bytes(static_cast<SlotId>(s))) offsets_[s] = interval_offsets_[next++];
  for (Operands& operands : prologue_) operands.workspace_offset = interval_offsets_[next++];
  for (Operands& operands : code_) operands.workspace_offset = interval_offsets_[next++];
  return total;
}

void Frame::attach(std::byte* memory) {
  memory_ = memory;
  for (std::size_t s = 0; s < shapes_.size(); ++s)
    if (has_own_bytes(static_cast<SlotId>(s))) pointers_[s] = memory + offsets_[s];
  for (Operands& operands : code_)
    if (operands.loop) operands.loop->attach(memory + operands.workspace_offset);
}

void Frame::share_pointers() {
  for (const SlotId slot : aliases_) {
    const Slot& alias = program_.slots[slot];
    pointers_[slot] = pointers_[alias.alias] + (alias.next_step ? row_bytes_[slot] : 0);
  }
}

double Frame::flops() { return flops(program_.prologue, prologue_) + flops(program_.code, code_); }

double Frame::flops(const std::vector<Instruction>& instructions, std::vector<Operands>& operands) {
  double total = 0;
  for (std::size_t i = 0; i < instructions.size(); ++i) {
    const Instruction& instruction = instructions[i];
    if (instruction.loop)
      total += loop_flops(*instruction.loop, *operands[i].loop);
    else if (instruction.fused)
      total += static_cast<double>(instruction.fused->chain.size()) *
               static_cast<double>(numel(instruction.fused->dims).at(sizes_));
    else if (instruction.op->flops)
      total += instruction.op->flops(operands[i].shapes, shapes_[instruction.out], instruction.attrs);
    else
      total += static_cast<double>(shapes_[instruction.out].numel());
  }
  return total;
}

double Frame::loop_flops(const Loop& loop, Frame& body) const {
  const std::int64_t length = loop.length.at(sizes_), stride = body.stride_;
  double total = body.flops(body.program_.prologue, body.prologue_) +
                 static_cast<double>(length / stride) * body.flops(body.program_.code, body.code_);
  if (length % stride == 0) return total;
  body.resize(sizes_in(loop, length % stride));
  return total + body.flops(body.program_.code, body.code_);
}

}  // namespace unroll
