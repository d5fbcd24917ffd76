#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "framework/tensor/tensor.hpp"

namespace unroll {

// NumPy's files: .npy holds one array, .npz is a zip archive of them. Format: numpy.lib.format, versions 1.0
// to 3.0. T is float ('<f4'), double ('<f8') or std::int64_t ('<i8'); an array of another type or of the
// other byte order is refused. One in Fortran order is transposed while it is read. All errors are
// std::runtime_error and name the file, the member, what was expected and what was found; a file that is cut
// short or damaged is an error.

template <class T>
Tensor<T> load_npy(const std::filesystem::path& path);

/// Writes under a temporary name and renames.
template <class T>
void save_npy(const std::filesystem::path& path, const Tensor<T>& tensor);

/// The bytes of a .npy file and back; `origin` is the name that errors give.
template <class T>
Tensor<T> parse_npy(std::string_view bytes, const std::string& origin);
template <class T>
std::string npy_bytes(const Tensor<T>& tensor);

using AnyTensor = std::variant<Tensor<float>, Tensor<double>, Tensor<std::int64_t>>;
AnyTensor parse_any_npy(std::string_view bytes, const std::string& origin);

/// Tensors by name: the arrays of an .npz file, whose members are the names with ".npy" appended.
using NamedTensors = std::map<std::string, AnyTensor>;

NamedTensors load_npz(const std::filesystem::path& path);

/// Uncompressed, in the order of the names and without the time: the same tensors give the same bytes.
void save_npz(const std::filesystem::path& path, const NamedTensors& tensors);

/// The tensor called `name`; throws std::runtime_error when there is none (with the names there are) or when
/// its elements are not T.
template <class T>
const Tensor<T>& member(const NamedTensors& tensors, const std::string& name);

}  // namespace unroll
