#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace unroll {

/// Asks the system for pages of 2 MiB in memory that nothing was written to yet, where that holds whole ones.
/// Pages of 4 KiB are handed out one by one, at some microseconds each: of the 17 MB of a model that predicts
/// one word, that takes longer than all the rest. A system without large pages ignores it.
void prefer_large_pages(void* begin, std::size_t bytes);

/// An allocator of aligned memory, with large pages for large arrays.
template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class Other>
  LargePages(const LargePages<Other>&) {}

  T* allocate(std::size_t count) {
    constexpr std::size_t alignment = 64;  // a cache line, and the widest vector
    const std::size_t bytes = (count * sizeof(T) + alignment - 1) / alignment * alignment;
    if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
    void* memory = std::aligned_alloc(alignment, bytes > 0 ? bytes : alignment);
    if (!memory) throw std::bad_alloc();
    prefer_large_pages(memory, bytes);
    return static_cast<T*>(memory);
  }
  void deallocate(T* memory, std::size_t) { std::free(memory); }

  template <class Other>
  bool operator==(const LargePages<Other>&) const {
    return true;
  }
};

}  // namespace unroll
