#include "experiments/text/pair_index.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

namespace unroll {

namespace {

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit of the pair moves every bit.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

}  // namespace

std::size_t PairIndex::slot_of(std::int32_t a, std::int32_t b) const {
  const std::uint64_t key = static_cast<std::uint64_t>(a) << 32 | static_cast<std::uint32_t>(b);
  const std::size_t mask = slots_.size() - 1;
  std::size_t at = mixed(key) & mask;
  while (slots_[at].number != none && (slots_[at].a != a || slots_[at].b != b)) at = (at + 1) & mask;
  return at;
}

std::int32_t PairIndex::insert(std::int32_t a, std::int32_t b) {
  const std::size_t at = slot_of(a, b);
  if (slots_[at].number != none) return slots_[at].number;
  if (size_ == std::numeric_limits<std::int32_t>::max())
    throw std::length_error("[PairIndex] over 2^31 - 1 pairs");
  slots_[at] = {a, b, size_++};
  if (static_cast<std::size_t>(size_) * 3 > slots_.size() * 2) grow();
  return size_ - 1;
}

std::int32_t PairIndex::find(std::int32_t a, std::int32_t b) const { return slots_[slot_of(a, b)].number; }

void PairIndex::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  for (const Slot& slot : old)
    if (slot.number != none) slots_[slot_of(slot.a, slot.b)] = slot;
}

}  // namespace unroll
