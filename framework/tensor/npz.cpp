#include <fmt/format.h>
#include <fmt/ranges.h>
#include <zip.h>

#include <memory>
#include <vector>

#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"

namespace unroll {

namespace {

constexpr std::string_view suffix = ".npy";

/// Deflate makes data smaller by less than this, so a member that claims more is damaged.
constexpr zip_uint64_t most_compression = 1032;

struct CloseFile {
  void operator()(zip_file_t* file) const { zip_fclose(file); }
};
struct Discard {
  void operator()(zip_t* archive) const { zip_discard(archive); }
};
struct FreeSource {
  void operator()(zip_source_t* source) const { zip_source_free(source); }
};
using Archive = std::unique_ptr<zip_t, Discard>;
using Source = std::unique_ptr<zip_source_t, FreeSource>;

[[noreturn]] void fail(const std::string& origin, const std::string& what) {
  throw std::runtime_error(fmt::format("[npz] {}: {}", origin, what));
}

std::string message(zip_error_t& error) {
  const std::string text = zip_error_strerror(&error);
  zip_error_fini(&error);
  return text;
}

/// A source over `bytes`, which must outlive it.
Source source_over(std::string_view bytes, const std::string& origin) {
  zip_error_t error;
  zip_error_init(&error);
  Source source(zip_source_buffer_create(bytes.data(), bytes.size(), 0, &error));
  if (!source) fail(origin, message(error));
  return source;
}

/// An archive that keeps `source` alive for as long as it lives.
Archive open_archive(const Source& source, int flags, const std::string& origin) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_keep(source.get());
  Archive archive(zip_open_from_source(source.get(), flags, &error));
  if (archive) return archive;
  zip_source_free(source.get());
  fail(origin, fmt::format("it is no .npz file, or a damaged one: {}", message(error)));
}

/// The bytes of member `index`, whose checksum must hold.
std::string read_member(zip_t* archive, zip_uint64_t index, const zip_stat_t& status,
                        const std::string& origin) {
  if ((status.valid & ZIP_STAT_SIZE) == 0 || (status.valid & ZIP_STAT_COMP_SIZE) == 0 ||
      status.size / most_compression > status.comp_size + 1)
    fail(origin, "its size is damaged");
  const std::unique_ptr<zip_file_t, CloseFile> file(zip_fopen_index(archive, index, 0));
  if (!file) fail(origin, zip_strerror(archive));
  std::string bytes(status.size, '\0');
  std::size_t size = 0;
  // One read beyond the end makes libzip compare the checksum.
  for (char beyond = 0;;) {
    const bool whole = size == bytes.size();
    const zip_int64_t got =
        zip_fread(file.get(), whole ? &beyond : bytes.data() + size, whole ? 1 : bytes.size() - size);
    if (got < 0) fail(origin, zip_file_strerror(file.get()));
    if (got == 0) break;
    if (whole) fail(origin, "it is longer than it says");
    size += static_cast<std::size_t>(got);
  }
  if (size != bytes.size()) fail(origin, fmt::format("it is cut short: {} of {} bytes", size, bytes.size()));
  return bytes;
}

void add_member(zip_t* archive, const std::string& name, std::string_view bytes, const std::string& origin) {
  Source source = source_over(bytes, origin);
  const zip_int64_t index = zip_file_add(archive, name.c_str(), source.get(), ZIP_FL_ENC_UTF_8);
  if (index < 0) fail(origin, fmt::format("member '{}': {}", name, zip_strerror(archive)));
  source.release();
  const auto at = static_cast<zip_uint64_t>(index);
  // The first of January 1980, the earliest a zip file can name.
  constexpr zip_uint16_t midnight = 0, first_day = (1 << 5) | 1;
  if (zip_set_file_compression(archive, at, ZIP_CM_STORE, 0) != 0 ||
      zip_file_set_dostime(archive, at, midnight, first_day, 0) != 0)
    fail(origin, fmt::format("member '{}': {}", name, zip_strerror(archive)));
}

/// What was written into `source`.
std::string contents(zip_source_t* source, const std::string& origin) {
  zip_stat_t status;
  zip_stat_init(&status);
  if (zip_source_stat(source, &status) != 0 || zip_source_open(source) != 0)
    fail(origin, "its bytes cannot be read");
  std::string bytes((status.valid & ZIP_STAT_SIZE) != 0 ? status.size : 0, '\0');
  const zip_int64_t got = zip_source_read(source, bytes.data(), bytes.size());
  zip_source_close(source);
  if (got < 0 || static_cast<std::size_t>(got) != bytes.size()) fail(origin, "its bytes cannot be read");
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
  const std::string bytes = read_file(path);
  // To libzip nothing at all is an archive without members.
  if (bytes.empty()) fail(path.string(), "it is empty");
  const Source source = source_over(bytes, path.string());
  const Archive archive = open_archive(source, ZIP_RDONLY | ZIP_CHECKCONS, path.string());
  NamedTensors tensors;
  const zip_int64_t count = zip_get_num_entries(archive.get(), 0);
  for (zip_uint64_t index = 0; index < static_cast<zip_uint64_t>(count); ++index) {
    zip_stat_t status;
    if (zip_stat_index(archive.get(), index, 0, &status) != 0 || (status.valid & ZIP_STAT_NAME) == 0)
      fail(path.string(), fmt::format("member {}: {}", index, zip_strerror(archive.get())));
    const std::string file_name = status.name;
    const std::string origin = fmt::format("{}, member '{}'", path.string(), file_name);
    if (!file_name.ends_with(suffix)) fail(origin, "a member's name must end in .npy");
    const std::string name = file_name.substr(0, file_name.size() - suffix.size());
    AnyTensor tensor = parse_any_npy(read_member(archive.get(), index, status, origin), origin);
    if (!tensors.emplace(name, std::move(tensor)).second) fail(origin, "there are two members of this name");
  }
  return tensors;
}

void save_npz(const std::filesystem::path& path, const NamedTensors& tensors) {
  const std::string origin = path.string();
  // libzip makes no archive without members: this is the record that ends one.
  if (tensors.empty()) return write_file(path, std::string("PK\x05\x06") + std::string(18, '\0'));
  // libzip reads the members' bytes only when the archive is closed.
  std::vector<std::string> members;
  members.reserve(tensors.size());
  const Source source = source_over({}, origin);
  Archive archive = open_archive(source, ZIP_TRUNCATE, origin);
  for (const auto& [name, tensor] : tensors) {
    members.push_back(std::visit([](const auto& t) { return npy_bytes(t); }, tensor));
    add_member(archive.get(), name + std::string(suffix), members.back(), origin);
  }
  if (zip_close(archive.get()) != 0) fail(origin, zip_strerror(archive.get()));
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
