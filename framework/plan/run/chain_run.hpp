#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <vector>

#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/program.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {

/// A chain at given sizes, ready to run: everything but the pointers is settled.
class ChainRun {
 public:
  ChainRun(const ir::Program& program, const ir::Chain& chain);

  /// The values that it reads, then those that it makes for others: the order of run()'s pointers.
  const std::vector<ir::Id>& values() const { return values_; }

  /// Bytes of scratch memory for these sizes.
  std::size_t lay_out(Sizes sizes, std::size_t real_bytes);
  /// `pointers` of the operands: inputs, then results.
  template <class T>
  void run(std::span<std::byte* const> pointers, std::byte* scratch);

 private:
  struct Operand {
    ir::Access access;
    Dims dims;
    std::int64_t period = 0;  ///< tiled: elements; repeated: how many times each

    bool expanded() const { return access == ir::Access::tiled || access == ir::Access::repeated; }
  };

  /// A link of the chain with its operands and result by number: inputs, results, then inner values.
  struct Link {
    ElementKernel kernel;
    std::vector<int> from;
    int to;
  };

  void number(const ir::Program& program, const ir::Chain& chain);
  void compile();
  bool read_from_memory(std::size_t link) const;
  std::int64_t common_row() const;
  template <class T>
  void prepare(const Operand& operand, std::byte* pointer, std::int64_t at, std::int64_t n,
               ChainOperand<T>& ready) const;
  template <class T>
  void expand(const Operand& operand, const T* from, T* to, std::int64_t at, std::int64_t n) const;

  Dims dims_;
  std::vector<Link> links_;
  std::vector<ir::Id> values_;
  std::size_t inputs_ = 0;
  std::size_t results_ = 0;
  int inner_ = 0;  ///< numbered so that those not alive together share one
  std::vector<Operand> operands_;  ///< inputs
  std::vector<ChainStep> steps_;
  /// Inputs, results, inner values; the one of the plan's type is filled by its runs.
  std::tuple<std::vector<ChainOperand<float>>, std::vector<ChainOperand<double>>> chain_operands_;
  std::int64_t total_ = 0, part_ = 0;
  std::int64_t row_ = 0;  ///< elements, where it goes row by row; else 0
};

}  // namespace unroll
