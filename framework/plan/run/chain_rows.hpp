#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "framework/plan/run/chain_code.hpp"
#include "framework/tensor/jit/routine.hpp"

namespace unroll {

/// A chain that is gone through row by row: in a row every operand moves from element to element or stands
/// still, so that nothing is laid out for those that broadcast, and sums are taken on the way. Axes along
/// which all operands do the same are one. T is float or double.
template <class T>
class ChainRows {
 public:
  explicit ChainRows(const ChainCode& code);

  /// Says that an operand is a step of a history: each run has another one, which no cache holds yet.
  void is_of_history(std::size_t operand) { of_history_[operand] = true; }

  /// For these sizes. Allocates nothing.
  void lay_out(Sizes sizes);
  /// Elements of a row.
  std::int64_t elements() const { return elements_; }

  /// `operands` by number of the code's, with room for what inner ones and running values need.
  void run(T* const* operands);
  /// Whether there is machine code, if there will ever be for these sizes.
  bool settled() const;
  /// The machine code, where it is all that run() runs; `roots` of values.
  jit::Call call(std::span<const ir::Id> roots);

 private:
  /// Axes that all operands go along in the same way.
  struct Axis {
    std::int64_t extent = 1;
    std::vector<std::int64_t> strides;  ///< by value; elements
  };

  void add_axis(std::size_t axis, Sizes sizes);
  void add_single_row();
  void group_elements();
  ChainOperand kind_of(std::size_t value) const;
  void settle_code();
  bool settle_totals();
  bool finished(std::size_t sum) const { return row_number_ % rows_of_sum_[sum] == 0; }
  void begin_sums(T* const* operands);
  void run_rows(T* const* operands);
  void run_single_rows(T* const* operands);
  void finish_sums(T* const* operands);
  bool next();

  const ChainCode& code_;
  std::vector<Dims> dims_;  ///< of values, as many axes as the chain has
  std::vector<Axis> axes_;  ///< outermost first; the last one is the row
  std::size_t count_ = 0;   ///< of axes_ in use
  std::int64_t elements_ = 0, rows_ = 0;
  std::vector<ChainOperand> in_row_;       ///< by value: what it is to the elements of a row
  std::vector<std::int64_t> count_of_;     ///< by value: elements
  std::vector<bool> of_history_;           ///< by value
  std::vector<std::int64_t> index_;        ///< by axis, before the rows
  std::vector<std::int64_t> offset_;       ///< by value, where these indices are
  std::vector<std::int64_t> rows_of_sum_;  ///< by sum: as many rows are added up
  std::int64_t row_number_ = 0;
  jit::RowPiece piece_;
  std::vector<jit::RowPiece::Total> known_totals_;  ///< for the sizes before
  std::vector<T*> operands_;                        ///< the first row's, where these indices are
  std::vector<T*> row_;                             ///< of a row without machine code
  std::vector<void*> routine_arguments_;
  jit::Routine routine_;  ///< made once the chain has run a few times
  int runs_ = 0;
};

extern template class ChainRows<float>;
extern template class ChainRows<double>;

}  // namespace unroll
