#include "experiments/data/formats/arrays.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/gzip.hpp"
#include "experiments/data/formats/idx.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/npy_header.hpp"

namespace unroll {

namespace {

DataArray to_floats(const StoredArray& array, const std::string& origin) {
  return {values_of<float>(array, origin), array.type.is_integer()};
}

DataArrays only(DataArray array) {
  DataArrays arrays;
  arrays.emplace("", std::move(array));
  return arrays;
}

/// What bytes may be that are none of the formats.
std::string_view likely_cause(std::string_view bytes) {
  if (is_gzip(bytes)) return "it is compressed twice";
  if (bytes.starts_with("version https://git-lfs"))
    return "it is a Git LFS pointer; fetch the file itself with `git lfs pull`";
  if (bytes.starts_with('<')) return "it is a web page; was the download refused?";
  if (bytes.starts_with("\x89HDF")) return "it is an HDF5 file; save its arrays with numpy.savez";
  if (bytes.starts_with('\x80')) return "it is a Python pickle; save its arrays with numpy.savez";
  const bool is_text =
      std::all_of(bytes.begin(), bytes.begin() + std::min<std::ptrdiff_t>(std::ssize(bytes), 64),
                  [](char c) { return (c >= ' ' && c <= '~') || (c >= '\t' && c <= '\r'); });
  return is_text ? "it is text; a table's name must end in .csv" : "it is another format, or damaged";
}

std::string first_bytes(std::string_view bytes) {
  std::string shown;
  for (const char c : bytes.substr(0, 4)) shown += fmt::format(" {:02x}", static_cast<unsigned char>(c));
  return shown;
}

DataArrays read_unpacked(std::string_view bytes, const std::string& name, std::uint64_t most_bytes) {
  if (bytes.empty())
    throw DataError(fmt::format("{}: it is empty; was the download or copy complete?", name));
  if (bytes.starts_with(npy_magic)) return only(to_floats(read_npy(bytes, name), name));
  if (is_idx(bytes)) return only(to_floats(read_idx(bytes, name), name));
  if (!bytes.starts_with("PK"))
    throw DataError(
        fmt::format("{}: expected an .npy, .npz or IDX file, or one of them compressed by gzip, but its "
                    "bytes begin with{}: {}",
                    name, first_bytes(bytes), likely_cause(bytes)));
  DataArrays arrays;
  const auto use = [&](const std::string& member, const std::string& origin, std::string_view unpacked) {
    arrays.emplace(member, to_floats(read_npy(unpacked, origin), origin));
  };
  for_each_member(bytes, name, use, most_bytes);
  return arrays;
}

}  // namespace

DataArrays read_arrays(std::string_view bytes, const std::string& name) {
  // One compression stays below this; a small file that is compressed twice, and an archive whose members
  // share their bytes, could go far beyond it.
  const std::uint64_t most_bytes =
      std::min<std::uint64_t>(most_unpacked_bytes, most_compression * (bytes.size() + 1));
  try {
    if (!is_gzip(bytes)) return read_unpacked(bytes, name, most_bytes);
    return read_unpacked(unpack_gzip(bytes, name, most_bytes), name, most_bytes);
  } catch (const ArrayFileError& error) {
    throw DataError(error.what());
  }
}

}  // namespace unroll
