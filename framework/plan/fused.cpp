#include "framework/plan/fused.hpp"

#include <algorithm>

#include "framework/tensor/kernels.hpp"

namespace unroll {
namespace {

/// Elements of one part: a handful of parts fit into the first-level cache, and calling a kernel costs little
/// beside them.
constexpr std::int64_t part_elements = 1024;

}  // namespace

FusedRun::FusedRun(const Fused& fused, std::span<const Slot> slots, std::span<const SlotId> in)
    : fused_(fused), inputs_(in.size()) {
  for (const SlotId slot : in) operands_.push_back({*access(slots[slot].dims, fused.dims), slots[slot].dims});
  operands_.resize(inputs_ + fused.out.size() + static_cast<std::size_t>(fused.inner),
                   {Access::whole, fused.dims});
}

std::size_t FusedRun::lay_out(Sizes sizes, std::size_t real_bytes) {
  total_ = numel(fused_.dims).at(sizes);
  part_ = std::min(total_, part_elements);
  std::int64_t tile = 1;  // tiles that fit into a part are laid out once, not for every part
  for (std::size_t i = 0; i < inputs_; ++i) {
    Operand& operand = operands_[i];
    const std::int64_t elements = numel(operand.dims).at(sizes);
    if (operand.access == Access::tiled) tile = std::max(tile, operand.period = elements);
    if (operand.access == Access::repeated) operand.period = elements == 0 ? 1 : total_ / elements;
  }
  if (tile > 1 && tile <= part_) part_ -= part_ % tile;
  const auto copies =
      static_cast<std::size_t>(std::count_if(operands_.begin(), operands_.end(), [](const Operand& o) {
        return o.access == Access::tiled || o.access == Access::repeated;
      }));
  return (copies + static_cast<std::size_t>(fused_.inner)) * static_cast<std::size_t>(part_) * real_bytes;
}

/// Elements at, at + 1, ... of a broadcast operand.
template <class T>
void FusedRun::expand(const Operand& operand, const T* from, T* to, std::int64_t at, std::int64_t n) const {
  if (operand.access == Access::tiled) {
    for (std::int64_t done = 0; done < n;) {
      const std::int64_t begin = (at + done) % operand.period;
      const std::int64_t count = std::min(n - done, operand.period - begin);
      std::copy_n(from + begin, count, to + done);
      done += count;
    }
    return;
  }
  for (std::int64_t done = 0; done < n;) {
    const std::int64_t element = (at + done) / operand.period;
    const std::int64_t count = std::min(n - done, (element + 1) * operand.period - at - done);
    std::fill_n(to + done, count, from[element]);
    done += count;
  }
}

template <class T>
void FusedRun::run(std::span<std::byte* const> pointers, std::byte* scratch) {
  const std::size_t outer = inputs_ + fused_.out.size();
  auto* next = reinterpret_cast<T*>(scratch);
  for (std::size_t i = 0; i < operands_.size(); ++i) {
    Operand& operand = operands_[i];
    operand.moves = i < outer && operand.access == Access::whole;
    const bool own = i >= outer || operand.access == Access::tiled || operand.access == Access::repeated;
    operand.base = own ? reinterpret_cast<std::byte*>(next) : pointers[i];
    if (own) next += part_;
  }
  const auto at_part = [&](int number, std::int64_t at) {
    const Operand& operand = operands_[static_cast<std::size_t>(number)];
    return reinterpret_cast<T*>(operand.base) + (operand.moves ? at : 0);
  };
  const auto step = [&](int number) {
    return operands_[static_cast<std::size_t>(number)].access == Access::scalar ? std::int64_t{0}
                                                                                : std::int64_t{1};
  };
  const Kernels<T>& k = kernels<T>();
  for (std::int64_t at = 0; at < total_; at += part_) {
    const std::int64_t n = std::min(part_, total_ - at);
    for (std::size_t i = 0; i < inputs_; ++i) {
      const Operand& operand = operands_[i];
      const bool tiles = operand.access == Access::tiled;
      if (operand.access != Access::repeated && !tiles) continue;
      if (tiles && at > 0 && part_ % operand.period == 0) continue;  // as it was laid out
      expand(operand, reinterpret_cast<const T*>(pointers[i]), reinterpret_cast<T*>(operand.base), at, n);
    }
    for (const Fused::Link& link : fused_.chain) {
      const T* a = at_part(link.from[0], at);
      T* y = at_part(link.to, at);
      switch (link.op->element.form) {
        case ElementKernel::Form::unary:
          k[static_cast<Unary>(link.op->element.index)](a, y, n);
          break;
        case ElementKernel::Form::binary:
          k[static_cast<Binary>(link.op->element.index)](a, step(link.from[0]), at_part(link.from[1], at),
                                                         step(link.from[1]), y, n);
          break;
        case ElementKernel::Form::choice: {
          const T *b = at_part(link.from[1], at), *c = at_part(link.from[2], at);
          const std::int64_t sa = step(link.from[0]), sb = step(link.from[1]), sc = step(link.from[2]);
          for (std::int64_t i = 0; i < n; ++i) y[i] = a[i * sa] != 0 ? b[i * sb] : c[i * sc];
          break;
        }
        default:
          if (step(link.from[0]) == 0)
            std::fill_n(y, n, *a);
          else
            std::copy_n(a, n, y);
      }
    }
  }
}

template void FusedRun::run<float>(std::span<std::byte* const>, std::byte*);
template void FusedRun::run<double>(std::span<std::byte* const>, std::byte*);

}  // namespace unroll
