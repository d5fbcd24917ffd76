#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <variant>

#include "framework/tensor/stored_array.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

// NumPy's files: .npy holds one array, .npz is a zip archive of them. Format: numpy.lib.format, versions 1.0
// to 3.0. Errors are ArrayFileError, or FileError, and name the file, the member, what was expected and what
// was found; a file that is cut short or damaged is an error, before anything is allocated for what it
// claims.

/// The array of a .npy file's bytes, which must outlive it: bool, int8 to int64, uint8 to uint64, float16 to
/// float64, in either byte order, row-major or in Fortran order; values_of has its numbers.
StoredArray read_npy(std::string_view bytes, const std::string& origin);

/// An array whose elements are T as they lie in memory, as save_npy writes them: float ('<f4'), double
/// ('<f8') or std::int64_t ('<i8'). One of another type or of the other byte order is refused.
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
/// All types that read_npy knows: float16 as float, bool and integers as std::int64_t, which does not hold
/// all of uint64's: others are refused.
AnyTensor parse_any_npy(std::string_view bytes, const std::string& origin);

/// Tensors by name: the arrays of an .npz file, whose members are the names with ".npy" appended.
using NamedTensors = std::map<std::string, AnyTensor>;

NamedTensors load_npz(const std::filesystem::path& path);

/// Calls `use` with every member of an .npz file, one after the other: its name without ".npy", what errors
/// call it, and its bytes, unpacked, which are gone afterwards. The members' sizes may not add up to more
/// than `most_bytes`, nor to more than so large a file can hold.
using UseMember =
    std::function<void(const std::string& name, const std::string& origin, std::string_view bytes)>;
void for_each_member(std::string_view bytes, const std::string& origin, const UseMember& use,
                     std::uint64_t most_bytes = most_unpacked_bytes);

/// Uncompressed, in the order of the names and without the time: the same tensors give the same bytes.
void save_npz(const std::filesystem::path& path, const NamedTensors& tensors);

/// The tensor called `name`; throws std::runtime_error when there is none (with the names there are) or when
/// its elements are not T.
template <class T>
const Tensor<T>& member(const NamedTensors& tensors, const std::string& name);

}  // namespace unroll
