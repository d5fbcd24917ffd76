#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace unroll {

/// Numbers pairs (a, b) of numbers from 0 to 2^31 - 1 in the order of their first appearance. A flat hash
/// table with linear probing: a text's n-grams are many and small, and looked up in random order.
class PairIndex {
 public:
  static constexpr std::int32_t none = -1;

  PairIndex() : slots_(initial_slots) {}

  std::int32_t size() const { return size_; }

  /// The pair's number; a new pair's is size() before the call.
  std::int32_t insert(std::int32_t a, std::int32_t b);

  /// The pair's number, or `none`.
  std::int32_t find(std::int32_t a, std::int32_t b) const;

  /// f(a, b, number) for every pair, in no order.
  template <class F>
  void for_each(F f) const {
    for (const Slot& slot : slots_)
      if (slot.number != none) f(slot.a, slot.b, slot.number);
  }

 private:
  struct Slot {
    std::int32_t a = none, b = none, number = none;
  };
  static constexpr std::size_t initial_slots = 1024;

  std::size_t slot_of(std::int32_t a, std::int32_t b) const;
  void grow();

  std::vector<Slot> slots_;  // a power of two, at most two thirds of them taken
  std::int32_t size_ = 0;
};

}  // namespace unroll
