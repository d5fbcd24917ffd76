#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "framework/autodiff/tape.hpp"
#include "framework/plan/pipeline.hpp"
#include "framework/plan/run/frame.hpp"
#include "framework/tensor/tensor.hpp"

namespace unroll {

/// A tape compiled to compute some of its values, in precision T (float or double), again and again.
///
///     Plan<float> plan(tape, {loss, dW});
///     plan.bind(x, batch);  plan.bind(W, weights);   // by reference: they must outlive run()
///     plan.run();
///     double value = plan.value(loss)[0];
///
/// T and B are read off the bound tensors and may differ from run to run. run() allocates nothing once it has
/// seen the largest sizes and made machine code for its small steps, after 64 runs. The tape may be recorded
/// on or destroyed afterwards; the plan does not look at it again. One thread at a time; plans share nothing.
template <class T>
class Plan {
 public:
  Plan(const Tape& tape, const std::vector<Var>& outputs, const PlanOptions& options = {});
  ~Plan();
  Plan(Plan&&) noexcept;

  /// By reference: the tensor is looked at in run(), with the shape it has then. Throws std::invalid_argument
  /// when `input` is no input of the tape, or not of this kind. An input that nothing depends on may be bound
  /// or not. See PlanOptions::frozen for inputs that do not change.
  void bind(Var input, const Tensor<T>& tensor);
  void bind(Var input, const Tensor<std::int64_t>& tensor);
  void bind(Var input, Tensor<T>&&) = delete;
  void bind(Var input, Tensor<std::int64_t>&&) = delete;

  /// Whether an output depends on this input of the tape.
  bool reads(Var input) const;

  /// Throws std::invalid_argument when an input is not bound, when shapes disagree with the recorded ones or
  /// with each other about T or B, or when nothing tells a T or B that is needed; std::out_of_range for an
  /// index outside its table; std::length_error when no checkpoints bring it below PlanOptions::max_memory.
  void run();

  /// An output of the last run; valid until the next one.
  std::span<const T> value(Var output) const;
  /// The same, to be changed in place (clipping of gradients).
  std::span<T> mutable_value(Var output);
  Tensor<T> tensor(Var output) const;
  /// The same of an output that holds integers; each throws std::invalid_argument for one of the other kind.
  std::span<const std::int64_t> index_value(Var output) const;
  Tensor<std::int64_t> index_tensor(Var output) const;

  /// Bytes of the arena at these sizes, without allocating it. Under PlanOptions::max_memory what a run takes
  /// with as many checkpoints as that needs; throws std::length_error, with the bytes needed, where nothing
  /// helps.
  std::size_t peak_bytes(Sizes sizes) const;
  /// Floating-point operations of one run at these sizes, without checkpoints: 2 m n k for a product, 1 for
  /// each element of the rest.
  double flops(Sizes sizes) const;

  /// The program, one line per instruction.
  std::string to_text() const;

 private:
  struct Input {
    ir::Id id = ir::none;  ///< none where nothing depends on it
    bool frozen = false;
    const Tensor<T>* real = nullptr;
    const Tensor<std::int64_t>* index = nullptr;
    Shape seen = {};  ///< in the last run
    Kind kind;
    std::string name;
    Dims dims;

    bool bound() const { return real || index; }
    const void* data() const { return real ? static_cast<const void*>(real->data()) : index->data(); }
    const Shape& shape() const { return real ? real->shape() : index->shape(); }
  };

  struct Variant {
    Variant() = default;
    Variant(ir::Program planned, const PlanOptions& options);
    /// One of its own to lay out.
    std::unique_ptr<Frame<T>> new_frame(const PlanOptions& options) const;

    std::unique_ptr<ir::Program> program;
    std::unique_ptr<Binding> binding;
    std::unique_ptr<Frame<T>> frame;
  };

  struct Choice {
    bool segmented;
    Sizes sizes;
    std::size_t bytes;
  };

  Choice choose(Frame<T>& whole, Frame<T>* segmented, Sizes sizes) const;
  bool is_single_step(Sizes sizes) const;
  Variant single_step() const;
  std::ptrdiff_t position(const std::vector<std::ptrdiff_t>& positions, Var v) const;
  Input& find(Var input, Kind kind);
  bool take_inputs();
  Sizes read_sizes() const;
  void check_known(bool time, bool batch) const;
  void resize(Sizes sizes);
  void renew();
  ir::Id output_id(Var output, Kind kind) const;

  const Tape* tape_;  ///< to tell its Vars from another tape's; never looked into
  bool uses_time_ = false, uses_batch_ = false;
  std::vector<Input> inputs_;
  std::vector<std::size_t> changing_;  ///< which of them are not frozen
  /// By value of the tape: which of the inputs, and which of the programs' outputs; -1 where it is none.
  std::vector<std::ptrdiff_t> input_of_, output_of_;
  PlanOptions options_;
  ir::Program recorded_;
  Variant whole_, segmented_;
  Variant single_;             ///< for runs of one time step; made for the first of them
  Variant* chosen_ = nullptr;  ///< by the last sizes
  Sizes sizes_;
  bool laid_out_ = false;
  bool frozen_bound_ = true;  ///< since the last run
  std::unique_ptr<std::byte[]> memory_;
  std::byte* arena_ = nullptr;
  std::size_t capacity_ = 0;
};

extern template class Plan<float>;
extern template class Plan<double>;

}  // namespace unroll
