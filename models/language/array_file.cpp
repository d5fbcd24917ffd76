#include "models/language/array_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <vector>

#include "framework/tensor/file.hpp"
#include "framework/tensor/npy.hpp"
#include "framework/tensor/safetensors.hpp"
#include "models/language/functions/function.hpp"
#include "models/language/syntax.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

constexpr std::uintmax_t most_file_bytes = std::uintmax_t{1} << 28;

/// Training is in float, and so is what it computes with.
bool is_usable(double x) { return std::abs(x) <= std::numeric_limits<float>::max(); }

// ---- Lines of a text

/// What follows `file "` in a line that begins so.
std::optional<std::string_view> after_file(std::string_view line) {
  constexpr std::string_view keyword = "file", blanks = " \t";
  const std::size_t first = std::min(line.find_first_not_of(blanks), line.size());
  line.remove_prefix(first);
  if (!line.starts_with(keyword)) return std::nullopt;
  line.remove_prefix(keyword.size());
  const std::size_t quote = line.find_first_not_of(blanks);
  if (quote == 0 || quote == std::string_view::npos || line[quote] != '"') return std::nullopt;
  return line.substr(quote + 1);
}

/// Reads NAME" (2, 2) = 1 0.5 -0.25 1.
class FileLine {
 public:
  FileLine(std::string_view rest, std::string place) : rest_(rest), place_(std::move(place)) {}

  std::string name() {
    const std::size_t end = rest_.find('"');
    if (end == 0 || end == std::string_view::npos) fail("expected a file's name in quotation marks");
    std::string name(rest_.substr(0, end));
    rest_.remove_prefix(end + 1);
    return name;
  }

  Tensor<double> array() {
    const Shape shape = this->shape();
    Tensor<double> values(shape);
    for (std::int64_t i = 0; i < values.numel(); ++i) values[i] = number(i, shape);
    skip_blanks();
    if (!rest_.empty())
      fail(fmt::format("there is more than the {} numbers of {}", values.numel(), to_string(shape)));
    return values;
  }

 private:
  [[noreturn]] void fail(std::string_view text) const {
    throw EquationError(
        fmt::format("{}: {}; a line of a file's numbers is: file \"A.npy\" (2, 2) = 1 0 0 1", place_, text));
  }

  void skip_blanks() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r"), rest_.size())); }

  bool skip(char c) {
    skip_blanks();
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  Shape shape() {
    Shape shape;
    if (!skip('(')) fail("expected a shape, (ROWS, COLUMNS) or (SIZE)");
    std::int64_t elements = 1;
    do {
      skip_blanks();
      std::int64_t extent = 0;
      const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), extent);
      if (error != std::errc{} || extent < 1 || extent > most_file_elements / elements || shape.rank() == 2)
        fail(fmt::format("expected one or two extents, together at most {}", most_file_elements));
      rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
      elements *= extent;
      shape.push_back(extent);
    } while (skip(','));
    if (!skip(')') || !skip('=')) fail("expected ) = behind the extents");
    return shape;
  }

  double number(std::int64_t i, const Shape& shape) {
    skip_blanks();
    double value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    const bool ends =
        end == rest_.data() + rest_.size() || std::string_view(" \t\r").find(*end) != std::string_view::npos;
    if (error != std::errc{} || !ends || !is_usable(value))
      fail(fmt::format("expected {} finite numbers for {}, found {}", shape.numel(), to_string(shape), i));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }

  std::string_view rest_;
  std::string place_;
};

// ---- Files

/// What is wrong with a file, without the place in the cell that names it.
struct ArrayRefused : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "W.npz:U": the file and the array in it.
struct Reference {
  std::string file, member;
};

bool holds_several(std::string_view file) { return file.ends_with(".npz") || file.ends_with(".safetensors"); }

Reference split(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && holds_several(name.substr(0, colon)))
    return {std::string(name.substr(0, colon)), std::string(name.substr(colon + 1))};
  return {std::string(name), ""};
}

std::string bytes_of(const std::filesystem::path& path) {
  std::error_code error;
  const std::filesystem::file_status status = std::filesystem::status(path, error);
  if (!std::filesystem::exists(status))
    throw ArrayRefused(
        fmt::format("{}: there is no such file (it is looked for beside the cell's)", path.string()));
  if (!std::filesystem::is_regular_file(status))
    throw ArrayRefused(fmt::format("{}: expected a file, found a folder, a pipe or a device", path.string()));
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  if (!error && size > most_file_bytes)
    throw ArrayRefused(fmt::format("{}: has {} bytes, and a cell's files at most {}: is it a data set?",
                                   path.string(), size, most_file_bytes));
  return read_file(path);
}

/// Before anything is made of it.
void check_size(const Shape& shape, const std::string& origin) {
  if (shape.rank() < 1 || shape.rank() > 2)
    throw ArrayRefused(
        fmt::format("{}: the array is {}; a cell's have one axis or two", origin, to_string(shape)));
  if (shape.numel() < 1 || shape.numel() > most_file_elements)
    throw ArrayRefused(fmt::format(
        "{}: the array is {}, {} numbers; a cell's files have from 1 to {}, which go with its text "
        "wherever it goes",
        origin, to_string(shape), shape.numel(), most_file_elements));
}

Tensor<double> from_npy(std::string_view bytes, const std::string& origin) {
  const StoredArray stored = read_npy(bytes, origin);
  check_size(stored.shape, origin);
  return values_of<double>(stored, origin);
}

[[noreturn]] void refuse_member(const Reference& wanted, const std::string& file,
                                const std::vector<std::string>& names) {
  const std::string hint = wanted.member.empty() ? "" : did_you_mean(wanted.member, names);
  throw ArrayRefused(fmt::format(
      "{}: {}; it has {}{}", file,
      wanted.member.empty()
          ? fmt::format("say which array, as in {}:{}", wanted.file, names.empty() ? "NAME" : names[0])
          : fmt::format("there is no array {}", printable(wanted.member)),
      names.empty() ? "none" : printable(fmt::format("{}", fmt::join(names, ", "))), hint));
}

Tensor<double> from_npz(std::string_view bytes, const std::string& file, const Reference& wanted) {
  constexpr std::uint64_t most_unpacked = std::uint64_t{1} << 30;
  std::vector<std::string> names;
  std::optional<Tensor<double>> found;
  const auto look = [&](const std::string& name, const std::string& origin, std::string_view unpacked) {
    names.push_back(name);
    if (name == wanted.member) found = from_npy(unpacked, origin);
  };
  for_each_member(bytes, file, look, most_unpacked);
  if (!found) refuse_member(wanted, file, names);
  return std::move(*found);
}

Tensor<double> from_safetensors(std::string_view bytes, const std::string& file, const Reference& wanted) {
  const SafeTensors all = read_safetensors(bytes, file);
  if (const Tensor<float>* found = all.find(wanted.member)) {
    check_size(found->shape(), fmt::format("{}, {}", file, wanted.member));
    return convert<double>(*found);
  }
  std::vector<std::string> names;
  for (const auto& [name, tensor] : all.tensors) names.push_back(name);
  refuse_member(wanted, file, names);
}

void check_finite(const Tensor<double>& array, std::string_view reference) {
  const auto bad = std::ranges::find_if_not(array.span(), is_usable);
  if (bad == array.span().end()) return;
  const std::int64_t at = bad - array.span().begin(),
                     columns = array.shape().rank() == 2 ? array.shape()[1] : 1;
  throw ArrayRefused(fmt::format(
      "{}: the element [{}{}] is {}, and training is in float, whose numbers end at 3.4e38", reference,
      at / columns, array.shape().rank() == 2 ? fmt::format(", {}", at % columns) : "", *bad));
}

Tensor<double> array_of(const std::filesystem::path& folder, std::string_view name) {
  const Reference wanted = split(name);
  const std::filesystem::path path = folder / wanted.file;
  const std::string file = path.string();
  if (!wanted.file.ends_with(".npy") && !holds_several(wanted.file))
    throw ArrayRefused(fmt::format("{}: expected A.npy, A.npz:NAME or A.safetensors:NAME", printable(name)));
  const std::string bytes = bytes_of(path);
  Tensor<double> array = wanted.file.ends_with(".npy")   ? from_npy(bytes, file)
                         : wanted.file.ends_with(".npz") ? from_npz(bytes, file, wanted)
                                                         : from_safetensors(bytes, file, wanted);
  check_finite(array, name);
  return array;
}

std::int64_t elements_of(const FileArrays& files) {
  std::int64_t total = 0;
  for (const auto& [name, array] : files) total += array->numel();
  return total;
}

}  // namespace

TextApart take_file_lines(std::string_view name, std::string_view text) {
  TextApart apart;
  std::size_t number = 0;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, length);
    const bool ended = length < text.size();
    text.remove_prefix(length + ended);
    ++number;
    if (const auto rest = after_file(line)) {
      FileLine reader(*rest, fmt::format("{}:{}", name, number));
      std::string file = reader.name();
      auto array = std::make_shared<const Tensor<double>>(reader.array());
      if (!apart.files.emplace(std::move(file), std::move(array)).second)
        throw EquationError(fmt::format("{}:{}: the numbers of this file stand here twice", name, number));
      if (elements_of(apart.files) > most_file_elements)
        throw EquationError(fmt::format("{}:{}: the files of a cell have together at most {} numbers", name,
                                        number, most_file_elements));
    } else {
      apart.equations += line;
    }
    if (ended) apart.equations += '\n';
  }
  return apart;
}

std::string array_text(const Tensor<double>& array) {
  return fmt::format("({}) = {}", fmt::join(array.shape().begin(), array.shape().end(), ", "),
                     fmt::join(array.span(), " "));
}

std::string with_file_lines(std::string_view equations, const FileArrays& files) {
  std::string text(equations);
  if (files.empty()) return text;
  text.erase(text.find_last_not_of('\n') + 1);
  text += '\n';
  for (const auto& [name, array] : files) text += fmt::format("file \"{}\" {}\n", name, array_text(*array));
  return text;
}

std::string with_files(std::string_view name, std::string_view text, const std::filesystem::path& folder) {
  TextApart apart = take_file_lines(name, text);
  const Source source(std::string(name), apart.equations);
  for (const Expression& at : file_references(parse_cell(source, standard_functions()))) {
    if (apart.files.contains(at.name)) continue;
    try {
      apart.files.emplace(at.name, std::make_shared<const Tensor<double>>(array_of(folder, at.name)));
    } catch (const std::runtime_error& error) {  // ArrayRefused, ArrayFileError, SafeTensorsError, FileError
      throw EquationError(source, at.at, error.what());
    }
    if (elements_of(apart.files) > most_file_elements)
      throw EquationError(
          source, at.at,
          fmt::format("with this one the files of the cell have {} numbers, together at most {}",
                      elements_of(apart.files), most_file_elements));
  }
  return with_file_lines(apart.equations, apart.files);
}

bool needs_files(std::string_view text) {
  try {
    const TextApart apart = take_file_lines("cell", text);
    return std::ranges::any_of(
        file_references(parse_cell(Source("cell", apart.equations), standard_functions())),
        [&](const Expression& at) { return !apart.files.contains(at.name); });
  } catch (const EquationError&) {
    return false;
  }
}

std::string read_cell_file(const std::filesystem::path& path) {
  return with_files(path.string(), read_file(path), path.parent_path());
}

}  // namespace unroll
