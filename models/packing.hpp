#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// How sequences of uneven lengths share the rows of a dense batch: several of them, one after the other, in
/// one row, where padding would be. A row is as long as the longest sequence.
struct Packing {
  struct Place {
    std::int64_t row, first;  ///< the sequence's row and the position of its first step there
  };

  std::vector<std::int64_t> lengths;  ///< by sequence
  std::vector<Place> places;          ///< by sequence
  std::int64_t steps = 0;             ///< positions of a row: the longest length
  std::int64_t rows = 0;

  /// (steps, rows): 1 where a sequence begins (or ends) and where there is none, else 0.
  template <class T>
  Tensor<T> begins() const;
  template <class T>
  Tensor<T> ends() const;
  /// (steps, rows): the sequence that is there; 0 where there is none.
  Tensor<std::int64_t> sequence() const;
  /// (sequences): where each sequence's first (or last) step is, as position * rows + row.
  Tensor<std::int64_t> first() const;
  Tensor<std::int64_t> last() const;
};

/// Longest first, each into the first row that has room, a new one where none has (first-fit decreasing:
/// Johnson 1973, at most 11/9 of the fewest rows possible, and one). Equal lengths keep their order: the same
/// lengths always give the same packing. Throws std::invalid_argument naming the sequence whose length is
/// below 1.
Packing pack(std::span<const std::int64_t> lengths);

/// (T, sequences, ...) padded at the end, T at least the longest length -> (steps, rows, ...), zero where no
/// sequence is. Throws std::invalid_argument naming the shape and what was expected.
template <class T>
Tensor<T> pack_steps(const Packing& packing, const Tensor<T>& padded);

/// What a padded batch has behind the end of a sequence.
enum class AfterEnd {
  zeros,
  last_value  ///< its last step's, as if the state were frozen there
};

/// The other way: (steps, rows, ...) -> (steps, sequences, ...).
template <class T>
Tensor<T> unpack_steps(const Packing& packing, const Tensor<T>& packed, AfterEnd after);

}  // namespace unroll
