#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "framework/tensor/safetensors.hpp"

// libFuzzer: whatever bytes are given as a safetensors file, they are tensors that the bytes have room for,
// or an error; and what was read can be written and read again, bit by bit.

using namespace unroll;

namespace {

bool same(const SafeTensors& a, const SafeTensors& b) {
  return a.metadata == b.metadata &&
         std::ranges::equal(a.tensors, b.tensors, [](const auto& x, const auto& y) {
           return x.first == y.first && x.second.same_bits(y.second);
         });
}

bool fits(const SafeTensors& file, std::size_t bytes) {
  std::size_t elements = 0;
  for (const auto& [name, tensor] : file.tensors) elements += static_cast<std::size_t>(tensor.numel());
  return elements <= bytes / 2;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const SafeTensors file = read_safetensors({reinterpret_cast<const char*>(data), size}, "fuzz");
    if (!fits(file, size) || !same(read_safetensors(write_safetensors(file), "again"), file))
      __builtin_trap();
  } catch (const SafeTensorsError&) {
  }
  return 0;
}
