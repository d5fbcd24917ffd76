#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <tuple>
#include <vector>

#include "framework/plan/program.hpp"
#include "framework/tensor/kernels.hpp"

namespace unroll {

/// How a chain of elementwise ops on one shape reads an operand.
enum class Access {
  whole,     ///< element for element
  scalar,    ///< one value for all
  tiled,     ///< again and again: it broadcasts along the first axes (a bias)
  repeated,  ///< each value many times: it broadcasts along the last axes (a mask of rows)
};

/// Nothing where an operand broadcasts along axes in the middle: then it is not fused.
std::optional<Access> access(const Dims& operand, const Dims& full);

/// A chain at given sizes, ready to run: everything but the pointers is settled.
class FusedRun {
 public:
  FusedRun(const Fused& fused, std::span<const Slot> slots, std::span<const SlotId> in);

  /// Bytes of scratch memory for these sizes.
  std::size_t lay_out(Sizes sizes, std::size_t real_bytes);
  /// `pointers` of the operands: inputs, then results.
  template <class T>
  void run(std::span<std::byte* const> pointers, std::byte* scratch);

 private:
  struct Operand {
    Access access;
    Dims dims;
    std::int64_t period = 0;  ///< tiled: elements; repeated: how many times each

    bool expanded() const { return access == Access::tiled || access == Access::repeated; }
  };

  void compile();
  bool read_from_memory(std::size_t link) const;
  std::int64_t common_row() const;
  template <class T>
  void prepare(const Operand& operand, std::byte* pointer, std::int64_t at, std::int64_t n,
               ChainOperand<T>& ready) const;
  template <class T>
  void expand(const Operand& operand, const T* from, T* to, std::int64_t at, std::int64_t n) const;

  const Fused& fused_;
  std::size_t inputs_;
  std::size_t results_;
  std::vector<Operand> operands_;  ///< inputs
  std::vector<ChainStep> steps_;
  /// Inputs, results, inner values; the one of the plan's type is filled by its runs.
  std::tuple<std::vector<ChainOperand<float>>, std::vector<ChainOperand<double>>> chain_operands_;
  std::int64_t total_ = 0, part_ = 0;
  std::int64_t row_ = 0;  ///< elements, where it goes row by row; else 0
};

}  // namespace unroll
