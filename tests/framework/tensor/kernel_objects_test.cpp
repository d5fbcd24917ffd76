#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "framework/tensor/cpu.hpp"

using namespace unroll;

namespace {

/// The lines of `nm` for symbols that other object files may define as well, of which the linker keeps one:
/// V, W and u. Left out is what carries no code, and what has a register type of the instruction set in its
/// signature: portable code has no such type, so it cannot have that function. (With sanitizers the compiler
/// keeps xsimd's operators as functions.)
std::vector<std::string> shared_symbols(const std::string& nm_output) {
  std::vector<std::string> found;
  std::istringstream lines(nm_output);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream fields(line);
    std::string address, type, name;
    fields >> address >> type;
    std::getline(fields >> std::ws, name);
    const bool shared = type == "V" || type == "W" || type == "u";
    const bool own = name.starts_with("DW.ref.") || name.find("xsimd::avx") != std::string::npos;
    if (shared && !own) found.push_back(name);
  }
  return found;
}

/// What `command` prints; empty where it fails.
std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
  std::string output;
  char buffer[4096];
  while (pipe && std::fgets(buffer, sizeof buffer, pipe.get()) != nullptr) output += buffer;
  return output;
}

std::string symbols_of(Isa isa, const std::string& type) {
  const std::filesystem::path object = std::filesystem::path(UNROLL_BINARY_DIR) / "CMakeFiles" /
                                       ("unroll_kernels_" + std::string(name(isa)) + ".dir") /
                                       ("framework/tensor/kernels/" + type + "_kernels.cpp.o");
  return output_of("nm -C --defined-only '" + object.string() + "'");
}

}  // namespace

TEST_CASE("[kernels] an inline function shared between object files is recognised in what nm prints") {
  const auto found = shared_symbols(
      "0000000000000000 D unroll::avx2::float_kernels\n"
      "0000000000000000 V DW.ref.__gxx_personality_v0\n"
      "0000000000000000 W xsimd::operator+(xsimd::batch<float, xsimd::avx512bw> const&)\n"
      "0000000000000010 t unroll::(anonymous namespace)::c_log(float)\n"
      "0000000000000020 W float const& std::max<float>(float const&, float const&)\n");
  CHECK(found == std::vector<std::string>{"float const& std::max<float>(float const&, float const&)"});
}

#if defined(__x86_64__) && defined(__linux__)

// A copy of such a function made of AVX-512 instructions, kept for the whole program, would stop it on a CPU
// without them.
TEST_CASE("[kernels] objects compiled for an instruction set share no function with portable code") {
  for (Isa isa : {Isa::avx2, Isa::avx512})
    for (const std::string type : {"float", "double"}) {
      CAPTURE(name(isa));
      CAPTURE(type);
      const std::string symbols = symbols_of(isa, type);
      REQUIRE(symbols.find("_kernels") != std::string::npos);
      const auto shared = shared_symbols(symbols);
      const std::string first = shared.empty() ? "none" : shared.front();
      CHECK(first == "none");
    }
}

#endif
