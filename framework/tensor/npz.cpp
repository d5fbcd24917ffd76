#include <fmt/format.h>
#include <fmt/ranges.h>

#include <vector>

#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/npz_archive.hpp"

namespace unroll {

namespace {

void add_member(zip_t* archive, const std::string& name, std::string_view bytes, const std::string& origin) {
  ZipSource source = source_over(bytes, origin);
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0) npz_fail(origin, fmt::format("member '{}': {}", name, zip_strerror(archive)));
  source.release();
  const auto at = static_cast<zip_uint64_t>(index);
  // The first of January 1980, the earliest a zip file can name.
  constexpr zip_uint16_t midnight = 0, first_day = (1 << 5) | 1;
  if (zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, at, midnight, first_day, 0) != 0)
    npz_fail(origin, fmt::format("member '{}': {}", name, zip_strerror(archive)));
}

/// What was written into `source`.
std::string contents(zip_source_t* source, const std::string& origin) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_source_stat(source, &status) != 0 || zip_source_open(source) != 0)
    npz_fail(origin, "its bytes cannot be read");
  std::string bytes((status.valid & ZIP_STAT_SIZE) != 0 ? status.size : 0, '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) npz_fail(origin, "its bytes cannot be read");
  return bytes;
}

std::vector<std::string> names_of(const NamedTensors& tensors) {
  std::vector<std::string> names;
  for (const auto& [name, tensor] : tensors) names.push_back(name);
  return names;
}

template <class T>
constexpr std::string_view element_name = "int64";
template <>
constexpr std::string_view element_name<float> = "float";
template <>
constexpr std::string_view element_name<double> = "double";

std::string_view element_name_of(const AnyTensor& tensor) {
  return std::visit([]<class T>(const Tensor<T>&) { return element_name<T>; }, tensor);
}

}  // namespace

NamedTensors load_npz(const std::filesystem::path& path) {
  NamedTensors tensors;
  for_each_member(read_file(path), path.string(),
                  [&](const auto& name, const auto& origin, std::string_view bytes) {
                    tensors.emplace(name, parse_any_npy(bytes, origin));
                  });
  return tensors;
}

void save_npz(const std::filesystem::path& path, const NamedTensors& tensors) {
  const std::string origin = path.string();
  // libzip makes no archive without members: this is the record that ends one.
  if (tensors.empty()) return write_file(path, std::string("PK\x05\x06") + std::string(18, '\0'));
  // libzip reads the members' bytes only when the archive is closed.
  std::vector<std::string> members;
  members.reserve(tensors.size());
  const ZipSource source = source_over({}, origin);
  ZipArchive archive = open_archive(source, ZIP_TRUNCATE, origin);
  for (const auto& [name, tensor] : tensors) {
    members.push_back(std::visit([](const auto& t) { return npy_bytes(t); }, tensor));
    add_member(archive.get(), name + std::string(npz_suffix), members.back(), origin);
  }
  if (zip_close(archive.get()) != 0) npz_fail(origin, zip_strerror(archive.get()));
  archive.release();
  write_file(path, contents(source.get(), origin));
}

template <class T>
const Tensor<T>& member(const NamedTensors& tensors, const std::string& name) {
  const auto found = tensors.find(name);
  if (found == tensors.end())
    throw std::runtime_error(fmt::format("[npz] there is no tensor '{}'; there are: {}", name,
                                         fmt::join(names_of(tensors), ", ")));
  if (const auto* tensor = std::get_if<Tensor<T>>(&found->second)) return *tensor;
  throw std::runtime_error(fmt::format("[npz] tensor '{}' was expected to hold {}, but holds {}", name,
                                       element_name<T>, element_name_of(found->second)));
}

template const Tensor<float>& member(const NamedTensors&, const std::string&);
template const Tensor<double>& member(const NamedTensors&, const std::string&);
template const Tensor<std::int64_t>& member(const NamedTensors&, const std::string&);

}  // namespace unroll
