#pragma once

#include <string>
#include <vector>

namespace unroll {

struct LibraryVersion {
  const char* name;
  std::string version;
};

/// The libraries this program was built on, beside those of products.
std::vector<LibraryVersion> library_versions();

/// Whether the compiler optimised this program.
bool optimized();

}  // namespace unroll
