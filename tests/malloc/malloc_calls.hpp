#pragma once

#include <cstdint>
#include <string>

namespace unroll::test {

/// Calls of malloc, calloc, realloc and the aligned ones, in all threads.
struct MallocCalls {
  std::int64_t ours = 0;
  std::int64_t libraries = 0;  ///< made inside of oneDNN, OpenBLAS, libxsmm or libgomp
  std::string first_of_ours;   ///< the stack of the first one of ours, a frame per line
};

/// Counts while it lives. This program's own malloc sees every call, those of libraries too, and asks the
/// stack who made it: the first frame that is neither the C nor the C++ library decides.
class CountMallocs {
 public:
  CountMallocs();
  ~CountMallocs();
  CountMallocs(const CountMallocs&) = delete;
  CountMallocs& operator=(const CountMallocs&) = delete;

  /// Stops counting.
  MallocCalls stop();
};

}  // namespace unroll::test
