#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "framework/plan/run/chain_code.hpp"
#include "framework/plan/run/chain_rows.hpp"
#include "framework/tensor/jit/routine.hpp"

namespace unroll {

/// A chain at given sizes, ready to run: everything but the pointers is settled. T is float or double.
template <class T>
class ChainRun {
 public:
  /// `roots` have the bytes of the code's values.
  ChainRun(ChainCode code, std::vector<ir::Id> roots);

  /// Says that the value with this root is a step of a history: see ChainRows.
  void is_of_history(ir::Id root);

  /// Bytes of scratch memory for these sizes.
  std::size_t lay_out(Sizes sizes);
  void attach(std::byte* scratch);

  /// `pointers` by root.
  void run(std::byte* const* pointers);

  /// Elements, where a routine of several pieces may hold the chain; else 0: broadcast operands have to be
  /// made ready, or it is too long to be written out.
  std::int64_t written_out() const;
  /// For a routine that finds operands by root.
  jit::ChainPiece piece() const;
  /// Whether there is machine code, if there will ever be for these sizes; what is written out needs none.
  bool settled() const;
  /// The machine code, where it is all that run() runs, with the pointers of roots().
  jit::Call call();
  const std::vector<ir::Id>& roots() const { return roots_; }

 private:
  jit::ChainPiece whole() const;
  void settle_code();
  void run_kernel(std::int64_t n);
  void read_inputs(Sizes sizes);
  bool needs_rows() const;
  bool sums_are_additions() const;
  bool expanded(std::size_t input) const;
  std::int64_t common_row() const;
  void place_scratch();
  void run_in_parts();
  void prepare(std::size_t input, std::int64_t at, std::int64_t n);
  void expand(std::size_t input, const T* from, T* to, std::int64_t at, std::int64_t n) const;

  ChainCode code_;
  std::vector<ir::Id> roots_;
  std::vector<ir::Access> read_as_;     ///< of inputs, in this run
  std::vector<std::int64_t> elements_;  ///< of values
  std::vector<std::int64_t> period_;    ///< of inputs; tiled: elements, repeated: how many times each
  std::vector<T*> operands_;
  std::vector<T*> broadcast_;  ///< inputs that are expanded, as they are
  std::vector<T*> laid_out_;   ///< where they are expanded to
  std::vector<ChainOperand> kinds_;
  jit::Routine routine_;  ///< made once the chain has run a few times
  int runs_ = 0;
  T* scratch_ = nullptr;
  std::int64_t total_ = 0, part_ = 0;
  std::int64_t row_ = 0;  ///< elements, where it goes row by row; else 0
  bool in_one_go_ = false;
  bool short_ = false;    ///< it is written out: code of its own waits longer
  bool calls_functions_;  ///< of the C library
  ChainRows<T> rows_;
  bool by_rows_ = false;
};

extern template class ChainRun<float>;
extern template class ChainRun<double>;

}  // namespace unroll
