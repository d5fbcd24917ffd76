#include "tests/malloc/malloc_calls.hpp"

#include <dlfcn.h>
#include <execinfo.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <new>
#include <span>
#include <string_view>

// What the C library's own functions do, under the names it exports them with for programs like this.
extern "C" {
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t count, std::size_t bytes);
void* __libc_realloc(void* p, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

constexpr int most_frames = 32;

// A malloc has no other place for what it knows.
std::atomic<bool> counting{false};
std::atomic<std::int64_t> ours{0}, libraries{0};
std::array<void*, most_frames> first_stack;
std::atomic<int> first_depth{0};
thread_local bool inside = false;

enum class Maker { nobody_yet, us, library };

Maker maker_of(const void* address) {
  Dl_info frame;
  if (::dladdr(address, &frame) == 0 || frame.dli_fname == nullptr) return Maker::nobody_yet;
  const std::string_view path = frame.dli_fname;
  const std::string_view file = path.substr(path.rfind('/') + 1);
  for (const std::string_view library : {"libdnnl.", "libopenblas", "libgomp."})
    if (file.starts_with(library)) return Maker::library;
  for (const std::string_view library : {"libc.", "libstdc++.", "libgcc_s."})
    if (file.starts_with(library)) return Maker::nobody_yet;
  // libxsmm is linked into this program; its local functions have no names here, nor have ours.
  if (frame.dli_sname == nullptr) return Maker::nobody_yet;
  const std::string_view name = frame.dli_sname;
  if (name.starts_with("libxsmm_") || name.starts_with("internal_")) return Maker::library;
  for (const std::string_view allocation :
       {"malloc", "calloc", "realloc", "aligned_alloc", "posix_memalign", "memalign", "_Znw", "_Zna"})
    if (name.starts_with(allocation)) return Maker::nobody_yet;
  return Maker::us;
}

void note() {
  if (!counting.load(std::memory_order_relaxed) || inside) return;
  inside = true;
  std::array<void*, most_frames> stack;
  const int depth = ::backtrace(stack.data(), most_frames);
  Maker maker = Maker::nobody_yet;
  for (int i = 1; i < depth && maker == Maker::nobody_yet; ++i) maker = maker_of(stack[i]);
  // Whoever cannot be told is taken for us: nothing may hide.
  if (maker == Maker::library) {
    ++libraries;
  } else if (ours++ == 0) {
    first_stack = stack;
    first_depth = depth;
  }
  inside = false;
}

std::string text_of(std::span<void* const> stack) {
  std::string text;
  char** lines = ::backtrace_symbols(stack.data(), static_cast<int>(stack.size()));
  for (std::size_t i = 0; lines != nullptr && i < stack.size(); ++i) text += std::string(lines[i]) + "\n";
  std::free(lines);
  return text;
}

}  // namespace

extern "C" {

void* malloc(std::size_t bytes) {
  note();
  return __libc_malloc(bytes);
}
void* calloc(std::size_t count, std::size_t bytes) {
  note();
  return __libc_calloc(count, bytes);
}
void* realloc(void* p, std::size_t bytes) {
  note();
  return __libc_realloc(p, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  note();
  return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  note();
  return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** p, std::size_t alignment, std::size_t bytes) {
  note();
  *p = __libc_memalign(alignment, bytes);
  return *p == nullptr ? ENOMEM : 0;
}

}  // extern "C"

namespace unroll::test {

CountMallocs::CountMallocs() {
  void* frame[1];
  ::backtrace(frame, 1);  // the first call loads what it needs
  ours = libraries = first_depth = 0;
  counting = true;
}

CountMallocs::~CountMallocs() { counting = false; }

MallocCalls CountMallocs::stop() {
  counting = false;
  return {ours, libraries, text_of({first_stack.data(), static_cast<std::size_t>(first_depth.load())})};
}

}  // namespace unroll::test
