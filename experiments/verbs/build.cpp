#include "experiments/verbs/build.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <link.h>

#include <cstdint>
#include <cstring>
#include <span>

#include "framework/tensor/cpu.hpp"
#include "framework/tensor/gemm.hpp"
#include "framework/tensor/libm.hpp"

namespace unroll {

std::string program_version() { return UNROLL_VERSION; }

namespace {

std::size_t padded(std::size_t bytes) { return (bytes + 3) / 4 * 4; }

std::string in_hex(std::span<const unsigned char> bytes) {
  std::string text;
  for (const unsigned char byte : bytes) text += fmt::format("{:02x}", byte);
  return text;
}

/// Walks the notes of one program header: each is a head, its name and its content, padded to 4 bytes.
std::string build_id_in(const char* note, std::size_t bytes) {
  while (bytes >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) head;
    std::memcpy(&head, note, sizeof head);
    const std::size_t size = sizeof head + padded(head.n_namesz) + padded(head.n_descsz);
    if (size > bytes) break;
    const char* name = note + sizeof head;
    const auto* content = reinterpret_cast<const unsigned char*>(name + padded(head.n_namesz));
    if (head.n_type == NT_GNU_BUILD_ID && head.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      return in_hex({content, head.n_descsz});
    }
    note += size;
    bytes -= size;
  }
  return "";
}

/// The first object of the list is the program itself.
int visit_program(dl_phdr_info* info, std::size_t, void* result) {
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& header = info->dlpi_phdr[i];
    if (header.p_type != PT_NOTE) continue;
    const auto* note = reinterpret_cast<const char*>(info->dlpi_addr + header.p_vaddr);
    const std::string id = build_id_in(note, header.p_memsz);
    if (!id.empty()) *static_cast<std::string*>(result) = id;
  }
  return 1;
}

}  // namespace

std::string build_id() {
  std::string id;
  dl_iterate_phdr(visit_program, &id);
  return id.empty() ? "no-build-id" : id.substr(0, 12);
}

std::string compiler() {
#if defined(__clang__)
  return fmt::format("clang++ {}.{}.{}", __clang_major__, __clang_minor__, __clang_patchlevel__);
#else
  return fmt::format("g++ {}.{}.{}", __GNUC__, __GNUC_MINOR__, __GNUC_PATCHLEVEL__);
#endif
}

std::string build_description() {
  const BlasReport blas = blas_report();
  return fmt::format("unroll {} (build {}, {}); {}, {}; {}; {}; libm {}", program_version(), build_id(),
                     compiler(), cpu_model(), name(best_isa()), blas.float_library, blas.double_library,
                     libm_fingerprint());
}

}  // namespace unroll
