#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <new>

namespace unroll {

/// At which end of the array memory ends as well.
enum class Edge { begin, end };

/// n zeros between two pages that cannot be touched: who reads or writes beyond `edge` stops the program,
/// also where code is made at run time, which no sanitizer sees.
template <class T>
class GuardedArray {
 public:
  GuardedArray(std::int64_t n, Edge edge) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = static_cast<std::size_t>(n) * sizeof(T);
    const std::size_t inner = (bytes + page - 1) / page * page;
    whole_ = inner + 2 * page;
    start_ = mmap(nullptr, whole_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start_ == MAP_FAILED) throw std::bad_alloc();
    auto* first = static_cast<std::byte*>(start_) + page;
    if (inner > 0 && mprotect(first, inner, PROT_READ | PROT_WRITE) != 0) throw std::bad_alloc();
    data_ = reinterpret_cast<T*>(edge == Edge::begin ? first : first + inner - bytes);
  }
  ~GuardedArray() { munmap(start_, whole_); }
  GuardedArray(const GuardedArray&) = delete;
  GuardedArray& operator=(const GuardedArray&) = delete;

  T* data() { return data_; }

 private:
  void* start_ = nullptr;
  std::size_t whole_ = 0;
  T* data_ = nullptr;
};

}  // namespace unroll
