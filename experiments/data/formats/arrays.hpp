#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// An array of a file as training takes it.
struct DataArray {
  Tensor<float> values;   ///< float64 is rounded to the nearest
  bool integers = false;  ///< every element was stored as an integer, or as true or false
};

using DataArrays = std::map<std::string, DataArray, std::less<>>;

/// The arrays of a file's bytes by name: of .npz the members, without ".npy"; .npy and IDX hold one, called
/// "". Each may be compressed by gzip. What it is is told from the bytes; `name` is what errors call it.
/// Throws DataError for files that are damaged or none of these, elements that are no numbers, integers that
/// no float holds exactly, and real numbers beyond float's range. NaN and infinities are kept. Whatever a
/// file claims, memory is taken for what it really holds, at most 16 GiB and 1032 times its size, and its
/// elements as floats.
DataArrays read_arrays(std::string_view bytes, const std::string& name);

}  // namespace unroll
