#include "framework/tensor/safetensors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <set>

#include "framework/tensor/file.hpp"
#include "framework/tensor/half.hpp"
#include "framework/tensor/safetensors_header.hpp"

namespace unroll {

static_assert(std::endian::native == std::endian::little,
              "safetensors files are read and written as they lie in memory");

namespace {

constexpr std::size_t length_bytes = 8;
/// The reference implementation's limit.
constexpr std::uint64_t longest_header = 100'000'000;
constexpr std::size_t most_axes = 64;

[[noreturn]] void fail(std::string_view origin, std::string_view what) {
  throw SafeTensorsError(fmt::format("[safetensors] {}: {}", origin, what));
}

// ---- types of elements

template <class T>
T stored(const char* at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

float from_f32(const char* at) { return stored<float>(at); }
float from_f64(const char* at) { return static_cast<float>(stored<double>(at)); }
float from_bf16(const char* at) {
  return std::bit_cast<float>(static_cast<std::uint32_t>(stored<std::uint16_t>(at)) << 16);
}

float from_f16(const char* at) { return half_to_float(stored<std::uint16_t>(at)); }

struct ElementType {
  std::string_view name;
  std::uint64_t size;
  float (*read)(const char*);
};
constexpr std::array<ElementType, 4> types = {
    {{"F32", 4, from_f32}, {"F64", 8, from_f64}, {"F16", 2, from_f16}, {"BF16", 2, from_bf16}}};

const ElementType& type_of(const SafeTensorsEntry& entry, std::string_view origin) {
  const auto found = std::ranges::find(types, std::string_view(entry.dtype), &ElementType::name);
  if (found != types.end()) return *found;
  fail(origin, fmt::format("tensor {} has elements of type {}; F32, F64, F16 and BF16 can be read",
                           in_quotes(entry.name), in_quotes(entry.dtype)));
}

// ---- what a header claims, compared with the file

/// What such bytes may be instead.
std::string_view likely_cause(std::string_view bytes) {
  if (bytes.starts_with("version https://git-lfs"))
    return "it is a Git LFS pointer; fetch the file itself with `git lfs pull`";
  if (bytes.starts_with("PK")) return "it is a zip archive, as torch.save and numpy.savez write them";
  if (bytes.starts_with("\x93NUMPY")) return "it is a .npy file";
  return "it is cut short, or no safetensors file";
}

/// The JSON between the length and the data.
std::string_view header_part(std::string_view bytes, std::string_view origin) {
  if (bytes.size() < length_bytes)
    fail(origin, fmt::format("expected a header's length in 8 bytes, but it has {} in all: {}", bytes.size(),
                             likely_cause(bytes)));
  const auto length = stored<std::uint64_t>(bytes.data());
  const std::size_t rest = bytes.size() - length_bytes;
  if (length > rest)
    fail(origin, fmt::format("its header takes {} bytes by its own account, but only {} follow: {}", length,
                             rest, likely_cause(bytes)));
  if (length > longest_header)
    fail(origin, fmt::format("its header takes {} bytes; the format allows {}: {}", length, longest_header,
                             likely_cause(bytes)));
  const std::string_view json = bytes.substr(length_bytes, length);
  if (!json.starts_with('{'))
    fail(origin, fmt::format("its header must start with '{{', but {}: {}",
                             json.empty() ? "is empty" : "starts with " + in_quotes(json.substr(0, 12)),
                             likely_cause(bytes)));
  return json;
}

std::string text_of(const std::vector<std::uint64_t>& shape) {
  std::string extents;
  for (std::size_t i = 0; i < shape.size() && i < most_axes; ++i)
    extents += fmt::format("{}{}", i == 0 ? "" : ", ", shape[i]);
  return fmt::format("({}{})", extents, shape.size() > most_axes ? ", ..." : "");
}

/// Bytes of such elements, or none where a product of extents (one of 0 counted as 1) overflows.
std::optional<std::uint64_t> bytes_of(const std::vector<std::uint64_t>& shape, std::uint64_t element) {
  auto bytes = static_cast<std::int64_t>(element);
  for (const std::uint64_t extent : shape)
    if (__builtin_mul_overflow(bytes, std::max<std::uint64_t>(extent, 1), &bytes)) return std::nullopt;
  return std::ranges::find(shape, 0u) != shape.end() ? 0 : static_cast<std::uint64_t>(bytes);
}

void check_entry(const SafeTensorsEntry& e, std::uint64_t data, std::string_view origin) {
  const std::string tensor = "tensor " + in_quotes(e.name);
  const ElementType& type = type_of(e, origin);
  if (e.shape.size() > most_axes)
    fail(origin, fmt::format("{} has {} axes; at most {} can be read", tensor, e.shape.size(), most_axes));
  if (e.begin > e.end)
    fail(origin, fmt::format("the data of {} ends, at {}, before it begins, at {}: its header is damaged",
                             tensor, e.end, e.begin));
  if (e.end > data)
    fail(origin,
         fmt::format("the data of {} ends at byte {}, but {} bytes follow the header: the file is cut "
                     "short, or its header is damaged",
                     tensor, e.end, data));
  const auto expected = bytes_of(e.shape, type.size);
  if (!expected)
    fail(origin, fmt::format("{} has the shape {}, more than memory can hold: its header is damaged", tensor,
                             text_of(e.shape)));
  if (*expected != e.end - e.begin)
    fail(origin,
         fmt::format("{} has the shape {} of {}, which takes {} bytes, but its offsets {} and {} leave "
                     "{}: its header is damaged",
                     tensor, text_of(e.shape), type.name, *expected, e.begin, e.end, e.end - e.begin));
}

/// In the order of their bytes, which must lie one after the other and fill the file.
void sort_and_check(std::vector<SafeTensorsEntry>& entries, std::uint64_t data, std::string_view origin) {
  for (const SafeTensorsEntry& e : entries) check_entry(e, data, origin);
  std::ranges::stable_sort(entries, {}, [](const auto& e) { return std::pair(e.begin, e.end); });
  std::uint64_t end = 0;
  for (const SafeTensorsEntry& e : entries) {
    if (e.begin < end)
      fail(origin, fmt::format("the data of tensor {} begins at byte {}, inside another's, which ends at {}: "
                               "its header is damaged",
                               in_quotes(e.name), e.begin, end));
    if (e.begin > end)
      fail(origin,
           fmt::format("no tensor has the bytes from {} to {}, before tensor {}: its header is damaged", end,
                       e.begin, in_quotes(e.name)));
    end = e.end;
  }
  if (end != data)
    fail(origin,
         fmt::format("{} bytes follow the header, but its tensors have {}: something was appended, or "
                     "its header is damaged",
                     data, end));
}

// ---- values

Tensor<float> values_of(const SafeTensorsEntry& e, std::string_view data, std::string_view origin) {
  auto tensor = Tensor<float>::without_values(Shape({e.shape.begin(), e.shape.end()}));
  const ElementType& type = type_of(e, origin);
  const char* at = data.data() + e.begin;
  if (type.read == from_f32) {  // the usual one, at once
    if (tensor.numel() > 0) std::memcpy(tensor.data(), at, tensor.span().size_bytes());
    return tensor;
  }
  for (float& value : tensor.span()) {
    value = type.read(at);
    if (type.name == "F64" && std::isinf(value) && std::isfinite(stored<double>(at)))
      fail(origin, fmt::format("tensor {} holds {}, of type F64; the largest float is {}", in_quotes(e.name),
                               stored<double>(at), std::numeric_limits<float>::max()));
    at += type.size;
  }
  return tensor;
}

SafeTensorsHeader header_of(const SafeTensors& file) {
  SafeTensorsHeader header{.metadata = file.metadata};
  std::set<std::string_view> names;
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : file.tensors) {
    if (name == metadata_key)
      throw SafeTensorsError(fmt::format("[safetensors] no tensor can be called {}", metadata_key));
    if (!names.insert(name).second)
      throw SafeTensorsError(fmt::format("[safetensors] two tensors are called {}", in_quotes(name)));
    const std::uint64_t begin = end;
    end += tensor.span().size_bytes();
    const Shape& shape = tensor.shape();
    header.entries.push_back({name, "F32", {shape.begin(), shape.end()}, begin, end});
  }
  return header;
}

}  // namespace

const Tensor<float>* SafeTensors::find(std::string_view name) const {
  for (const auto& [known, tensor] : tensors)
    if (known == name) return &tensor;
  return nullptr;
}

std::string write_safetensors(const SafeTensors& file) {
  std::string json = safetensors_header_text(header_of(file));
  json.append((8 - json.size() % 8) % 8, ' ');
  const std::uint64_t length = json.size();
  if (length > longest_header)
    throw SafeTensorsError(fmt::format("[safetensors] names and metadata take {} bytes; a header may have {}",
                                       length, longest_header));
  std::size_t data = 0;
  for (const auto& [name, tensor] : file.tensors) data += tensor.span().size_bytes();
  std::string bytes;
  bytes.reserve(length_bytes + length + data);
  bytes.append(reinterpret_cast<const char*>(&length), length_bytes);
  bytes += json;
  for (const auto& [name, tensor] : file.tensors)
    bytes.append(reinterpret_cast<const char*>(tensor.data()), tensor.span().size_bytes());
  return bytes;
}

SafeTensors read_safetensors(std::string_view bytes, std::string_view source_name) {
  const std::string_view json = header_part(bytes, source_name);
  const std::string_view data = bytes.substr(length_bytes + json.size());
  SafeTensorsHeader header = parse_safetensors_header(json, source_name);
  sort_and_check(header.entries, data.size(), source_name);
  SafeTensors file{.metadata = std::move(header.metadata)};
  for (const SafeTensorsEntry& e : header.entries) {
    file.tensors.emplace_back(e.name, values_of(e, data, source_name));
    if (e.dtype != "F32") file.converted.emplace(e.name, e.dtype);
  }
  return file;
}

SafeTensors load_safetensors(const std::filesystem::path& path) {
  return read_safetensors(read_file(path), path.string());
}

void save_safetensors(const std::filesystem::path& path, const SafeTensors& file) {
  write_file(path, write_safetensors(file));
}

}  // namespace unroll
