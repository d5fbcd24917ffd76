#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "framework/tensor/tensor.hpp"

namespace unroll {

class FunctionTable;

// Arrays that a cell takes from files: const A: (6, 6) = file("A.npy"), init file("W.npz:U"). A cell is its
// text, wherever it goes: into configs, a trial's id, the folder of a sweep, a saved model. So the numbers go
// into the text, once, when the cell's file is read: behind the equations, each array in a line of its own,
//
//     file "A.npy" (2, 2) = 1 0.5 -0.25 1
//
// row by row, each number as short as says exactly which double it is. A text with this line needs no file.

/// Arrays by what file("...") calls them: (n), or (rows, columns).
using FileArrays = std::map<std::string, std::shared_ptr<const Tensor<double>>, std::less<>>;

/// Elements of all files of a cell together. They are read again wherever the cell is.
inline constexpr std::int64_t most_file_elements = std::int64_t{1} << 18;

/// A text, apart from its lines `file "NAME" ...`, which are blank here: every other line keeps its number.
struct TextApart {
  std::string equations;
  FileArrays files;
};
/// Throws EquationError, with the line, for one that says something else than it should: `name` is what
/// errors call the text.
TextApart take_file_lines(std::string_view name, std::string_view text);

/// A text with a line for each of the files behind it.
std::string with_file_lines(std::string_view equations, const FileArrays& files);

/// "(2, 2) = 1 0.5 -0.25 1".
std::string array_text(const Tensor<double>& array);

/// A cell's text with the numbers of all files that it names, those that are not in it already read from
/// `folder`: "A.npy", "W.npz:NAME", "W.safetensors:NAME". Throws EquationError: for what is wrong with the
/// equations; at the place that names it for a file that cannot be read, is none of these or damaged, for
/// pickled objects, complex numbers and text, an array of other than one or two axes, more than
/// most_file_elements, a number that is NaN or infinite, and an integer that no double holds.
std::string with_files(std::string_view name, std::string_view text, const std::filesystem::path& folder);

/// The same of a cell's file, whose arrays lie beside it. Throws FileError, too.
std::string read_cell_file(const std::filesystem::path& path);

/// Whether a text is a cell that names files whose numbers are not in it.
bool needs_files(std::string_view text);

}  // namespace unroll
