#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "framework/tensor/tensor.hpp"

namespace unroll {

/// Numbers, or indices: of tokens in a vocabulary, of classes.
using Values = std::variant<Tensor<float>, Tensor<std::int64_t>>;

inline const Shape& shape_of(const Values& values) {
  return std::visit([](const auto& tensor) -> const Shape& { return tensor.shape(); }, values);
}

/// One example.
struct Sequence {
  Values inputs;  ///< (T, inputs) numbers, or (T) tokens
  /// Of the last step: (outputs) numbers, or () a class. Of every step: (T, outputs), or (T). Labels in their
  /// order: (most labels of any sequence), no_label behind the sequence's own.
  Values target;
  std::optional<Tensor<float>> weights = {};  ///< (T): how much each step's loss counts; none: 1 each

  std::int64_t steps() const { return shape_of(inputs)[0]; }
};

/// Sequences side by side, time-major, the shorter ones padded at their ends with zeros.
struct Batch {
  Values inputs;  ///< (T, B, inputs), or (T, B)
  Values target;  ///< (B, outputs), (B), (B, labels); of every step (T, B, outputs) or (T, B)
  std::vector<std::int64_t> lengths;          ///< by sequence, at most T
  std::optional<Tensor<float>> weights = {};  ///< (T, B), where any sequence has weights

  std::int64_t steps() const { return shape_of(inputs)[0]; }
  std::int64_t rows() const { return shape_of(inputs)[1]; }
  /// Whether all sequences are as long as the batch.
  bool even() const;
  /// What step t of sequence b counts: 0 behind the sequence's end.
  float weight(std::int64_t t, std::int64_t b) const;
};

/// `every_step`: whether targets are those of every step. Throws std::invalid_argument, naming the sequence,
/// when one is of another kind or other sizes than the first, or when there is none.
Batch collate(std::span<const Sequence> sequences, bool every_step);

/// Contiguous entries of an axis: rows of a batch, steps of a sequence.
struct Range {
  std::int64_t first = 0;
  std::int64_t count = 0;

  bool operator==(const Range&) const = default;
};

/// Some sequences of a batch. `to` keeps its memory where its shapes stay.
void copy_rows(const Batch& from, Range rows, bool every_step, Batch& to);
/// Some steps of a batch with a target at every step.
void copy_steps(const Batch& from, Range steps, Batch& to);

}  // namespace unroll
