#pragma once

#include <zip.h>

#include <memory>
#include <string>
#include <string_view>

namespace unroll {

// What reading and writing .npz files share: libzip's handles, which free themselves.

inline constexpr std::string_view npz_suffix = ".npy";

struct DiscardArchive {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FreeZipSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using ZipArchive = std::unique_ptr<zip_t, DiscardArchive>;
using ZipSource = std::unique_ptr<zip_source_t, FreeZipSource>;

/// Throws ArrayFileError.
[[noreturn]] void npz_fail(const std::string& origin, const std::string& what);

/// A source over `bytes`, which must outlive it.
ZipSource source_over(std::string_view bytes, const std::string& origin);

/// An archive that keeps `source` alive for as long as it lives.
ZipArchive open_archive(const ZipSource& source, int flags, const std::string& origin);

}  // namespace unroll
