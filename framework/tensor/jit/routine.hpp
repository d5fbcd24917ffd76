#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/cpu.hpp"

namespace unroll::jit {

class Emitter;

/// Machine code made at run time, which stays until the last copy is gone. It finds its operands in an array
/// of pointers, by their slots. Copies may be shared by threads.
class Routine {
 public:
  Routine() = default;
  explicit Routine(std::shared_ptr<Emitter> code);

  explicit operator bool() const { return run_ != nullptr; }
  /// n: the elements of a chain that is for any number of them, the rows of a chain of rows, or iterations of
  /// a loop.
  void operator()(void* const* pointers, std::int64_t n = 0) const { run_(pointers, n); }
  std::uintptr_t address() const { return reinterpret_cast<std::uintptr_t>(run_); }

 private:
  std::shared_ptr<Emitter> code_;
  void (*run_)(void* const* pointers, std::int64_t n) = nullptr;
};

/// A chain as a routine: its steps, and for each operand what it is and its slot, which inner ones have none
/// of (-1).
struct ChainPiece {
  std::vector<ChainStep> steps;
  std::vector<ChainOperand> kinds;
  std::vector<int> slots;
  std::int64_t n = 0;
};
/// A chain of rows. Operands by number are in as many slots.
struct RowPiece {
  std::vector<ChainStep> steps;
  std::vector<ChainOperand> kinds;
  std::vector<std::int64_t> strides;  ///< by operand: elements from row to row; 0 where it stays
  /// By operand: what lies some kilobytes ahead of the elements that are read or written is asked for,
  /// whether it is there or not.
  std::vector<bool> asked_for = {};
  /// A total that ends with its row; others stay in their running values.
  struct Total {
    int operand, running;
    bool by_row;
    int registers = 0;  ///< other than running values have: the operand itself, a sum over the rows
    bool operator==(const Total&) const = default;
  };
  std::vector<Total> totals = {};
  std::int64_t elements = 0;  ///< of a row
};
/// c (n) = a (k) b (k, n), added to c if asked for; operands by slot.
struct RowProductPiece {
  int a, b, c;
  std::int64_t n, k;
  bool add;
};

/// Other code that throws nothing, with two arguments and the array in which it finds its operands' pointers.
struct Call {
  std::uintptr_t function = 0;
  std::array<std::uintptr_t, 2> arguments = {};
  void** pointers = nullptr;

  explicit operator bool() const { return function != 0; }
};
/// The call of a routine over n elements or rows, which finds its operands in `pointers`.
inline Call routine_call(const Routine& routine, void** pointers, std::int64_t n) {
  return {routine.address(),
          {reinterpret_cast<std::uintptr_t>(pointers), static_cast<std::uintptr_t>(n)},
          pointers};
}
/// A call, which is read each time that it is made, and the slots whose pointers become its first ones.
struct CallPiece {
  const Call* call;
  std::vector<int> slots;
};

/// What moves from one iteration of a loop to the next, after its pieces.
struct IterationMoves {
  struct Slots {
    int to, from;
  };
  std::vector<Slots> carried;    ///< a pointer becomes another one
  std::vector<Slots> moved;      ///< goes on by as many bytes as the other slot says
  std::vector<Slots> exchanged;  ///< by exclusive or with the other slot
};

/// Work of a few dozen nanoseconds, piece after piece in one routine: with no call between them and nothing
/// decided while it runs. T is float or double.
template <class T>
class RoutineBuilder {
 public:
  explicit RoutineBuilder(Isa isa = best_isa()) : isa_(isa) {}

  void add(ChainPiece chain) { pieces_.push_back(std::move(chain)); }
  void add(const RowProductPiece& product);
  void add(CallPiece call) { pieces_.push_back(std::move(call)); }
  /// Makes a loop of the pieces, whose routine is told how many iterations, at least one.
  void repeat(IterationMoves moves) { loop_ = std::move(moves); }

  /// None where this CPU, or the system, lets no code be made, or where the pieces need more than there is.
  Routine finish() const;

 private:
  Isa isa_;
  std::vector<std::variant<ChainPiece, std::vector<RowProductPiece>, CallPiece>> pieces_;
  std::optional<IterationMoves> loop_;
};

/// A chain for any number of elements, with the bits of the span kernels. None as above.
template <class T>
Routine chain_routine(const ChainPiece& chain, Isa isa = best_isa());

/// A chain of rows. It may move the operands' pointers, and counts the rows in one more behind them. None as
/// above, where functions of the C library are needed, where rows are 512 MiB long, or where operands are
/// grouped and a register holds less than a group, or rows are no multiple of running_values.
template <class T>
Routine row_routine(const RowPiece& chain, Isa isa = best_isa());

}  // namespace unroll::jit
