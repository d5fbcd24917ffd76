#include "framework/plan/frame.hpp"

#include <limits>

namespace unroll {
namespace {

constexpr int forever = std::numeric_limits<int>::max();

bool has_own_bytes(const Slot& slot) { return slot.place != Place::outside && slot.alias == no_slot; }

}  // namespace

Frame::Frame(const Program& program, std::size_t real_bytes, bool reuse_memory)
    : program_(program),
      real_bytes_(real_bytes),
      reuse_memory_(reuse_memory),
      shapes_(program.slots.size()),
      bytes_(program.slots.size()),
      offsets_(program.slots.size()),
      pointers_(program.slots.size(), nullptr) {
  for (std::size_t s = 0; s < shapes_.size(); ++s) shapes_[s] = resolve(program.slots[s].dims, sizes_);
  for (const Instruction& instruction : program.prologue) prologue_.push_back(operands_of(instruction));
  for (const Instruction& instruction : program.code) code_.push_back(operands_of(instruction));
}

Frame::Operands Frame::operands_of(const Instruction& instruction) {
  Operands operands;
  for (const SlotId in : instruction.in) operands.shapes.push_back(&shapes_[in]);
  operands.pointers.resize(instruction.in.size());
  if (instruction.loop)
    operands.loop = std::make_unique<Frame>(instruction.loop->body, real_bytes_, reuse_memory_);
  return operands;
}

void Frame::resolve_shapes(Sizes sizes) {
  sizes_ = sizes;
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Slot& slot = program_.slots[s];
    for (std::size_t axis = 0; axis < slot.dims.size(); ++axis) shapes_[s][axis] = slot.dims[axis].at(sizes);
    const std::size_t element = slot.kind == Kind::real ? real_bytes_ : sizeof(std::int64_t);
    bytes_[s] = static_cast<std::size_t>(shapes_[s].numel()) * element;
  }
}

std::size_t Frame::workspace_of(const Instruction& instruction, Operands& operands, Sizes sizes) {
  if (instruction.loop) return operands.loop->lay_out(sizes);
  if (!instruction.op->workspace) return 0;
  return instruction.op->workspace(operands.shapes, shapes_[instruction.out], real_bytes_);
}

/// One interval per slot with bytes of its own, then one per instruction that needs scratch memory.
void Frame::collect_intervals() {
  intervals_.clear();
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Slot& slot = program_.slots[s];
    if (!has_own_bytes(slot)) continue;
    const bool always = slot.place != Place::arena;
    const std::size_t copies = slot.place == Place::alternating ? 2 : 1;
    intervals_.push_back({always ? -1 : slot.first, always ? forever : slot.last, copies * bytes_[s]});
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
    prologue_[i].workspace_bytes = workspace_of(program_.prologue[i], prologue_[i], sizes);
  for (std::size_t i = 0; i < code_.size(); ++i)
    code_[i].workspace_bytes = workspace_of(program_.code[i], code_[i], sizes);
  collect_intervals();
  const std::size_t total = place(intervals_, interval_offsets_, order_, reuse_memory_);
  std::size_t next = 0;
  for (std::size_t s = 0; s < shapes_.size(); ++s)
    if (has_own_bytes(program_.slots[s])) offsets_[s] = interval_offsets_[next++];
  for (Operands& operands : prologue_) operands.workspace_offset = interval_offsets_[next++];
  for (Operands& operands : code_) operands.workspace_offset = interval_offsets_[next++];
  return total;
}

void Frame::attach(std::byte* memory) {
  memory_ = memory;
  for (std::size_t s = 0; s < shapes_.size(); ++s)
    if (has_own_bytes(program_.slots[s])) pointers_[s] = memory + offsets_[s];
  for (Operands& operands : code_)
    if (operands.loop) operands.loop->attach(memory + operands.workspace_offset);
}

void Frame::share_pointers() {
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const SlotId root = program_.slots[s].alias;
    if (root != no_slot) pointers_[s] = pointers_[root];  // an alias stands after what it shares
  }
}

double Frame::flops() const {
  double total = 0;
  const auto add = [&](const Instruction& instruction, const Operands& operands) {
    if (instruction.loop)
      total += static_cast<double>(instruction.loop->length.at(sizes_)) * operands.loop->flops();
    else if (instruction.op->flops)
      total += instruction.op->flops(operands.shapes, shapes_[instruction.out], instruction.attrs);
    else
      total += static_cast<double>(shapes_[instruction.out].numel());
  };
  for (std::size_t i = 0; i < prologue_.size(); ++i) add(program_.prologue[i], prologue_[i]);
  for (std::size_t i = 0; i < code_.size(); ++i) add(program_.code[i], code_[i]);
  return total;
}

}  // namespace unroll
