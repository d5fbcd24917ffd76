#include "framework/plan/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/ir/verify.hpp"
#include "framework/plan/lower.hpp"
#include "framework/plan/run/block_length.hpp"
#include "framework/tensor/large_pages.hpp"

namespace unroll {
namespace {

[[noreturn]] void mismatch(const std::string& name, const Dims& dims, const Shape& shape,
                           const std::string& reason) {
  throw std::invalid_argument(fmt::format("[run] input '{}' was recorded as {}, but is bound to {}: {}", name,
                                          to_string(dims), to_string(shape), reason));
}

/// Takes T or B from an axis that is a number times that symbol; what does not come out even is found by the
/// caller.
void learn(std::optional<std::int64_t>& size, Dim symbol, Dim dim, std::int64_t extent) {
  if (!size && dim == Dim(dim.number()) * symbol && dim.number() > 0) size = extent / dim.number();
}

/// Steps of the longest loop that is cut into segments.
std::int64_t longest(const ir::Program& program, Sizes sizes) {
  std::int64_t steps = 0;
  for (const ir::Instruction& instruction : program.code)
    if (const ir::Loop* loop = instruction.loop(); loop && loop->is<ir::Loop::Segments>())
      steps = std::max(steps, loop->length.at(sizes));
  return steps;
}

ir::Program planned(ir::Program program, const PlanOptions& options, bool checkpoints) {
#ifdef NDEBUG
  run_passes(program, options, checkpoints);
#else
  run_passes(program, options, checkpoints, ir::verify);
#endif
  return program;
}

/// Throws std::invalid_argument where one of `frozen` is no input of the tape.
void freeze(Lowered& lowered, const Tape& tape, const std::vector<Var>& frozen) {
  for (const Var& v : frozen) {
    if (&v.tape() != &tape || !tape.nodes()[tape.value(v.id()).node].op->input())
      throw std::invalid_argument("[Plan] only inputs of the tape can be frozen");
    const auto live = lowered.inputs.find(v.id());
    if (live != lowered.inputs.end() && !lowered.program.is_frozen(live->second))
      lowered.program.frozen.push_back(live->second);
  }
}

}  // namespace

template <class T>
Plan<T>::Plan(const Tape& tape, const std::vector<Var>& outputs, const PlanOptions& options)
    : tape_(&tape), options_(options.checked()) {
  for (const Var& v : outputs)
    if (&v.tape() != &tape) throw std::invalid_argument("[Plan] an output lives on another tape");
  Lowered lowered = lower(tape, outputs);
  freeze(lowered, tape, options.frozen);
  input_of_.assign(tape.values().size(), -1);
  output_of_ = input_of_;
  for (std::size_t i = outputs.size(); i-- > 0;) output_of_[outputs[i].id()] = static_cast<std::ptrdiff_t>(i);
  recorded_ = std::move(lowered.program);
  whole_ = Variant(planned(recorded_, options_, false), options_);
  if (options_.max_memory > 0) segmented_ = Variant(planned(recorded_, options_, true), options_);
  const std::vector<int> reads = ir::count_reads(recorded_);
  for (const auto& [v, id] : lowered.inputs) {
    const ir::Value& value = recorded_.values[static_cast<std::size_t>(id)];
    const bool frozen = recorded_.is_frozen(id);
    if (!frozen) changing_.push_back(inputs_.size());
    input_of_[v] = static_cast<std::ptrdiff_t>(inputs_.size());
    inputs_.push_back({.id = reads[static_cast<std::size_t>(id)] > 0 ? id : ir::none,
                       .frozen = frozen,
                       .kind = value.kind,
                       .name = value.name,
                       .dims = value.dims});
  }
  const auto note = [&](Dim dim) {
    uses_time_ = uses_time_ || dim.uses_time();
    uses_batch_ = uses_batch_ || dim.uses_batch();
  };
  for (const ir::Value& value : whole_.program->values) std::ranges::for_each(value.dims, note);
  ir::each_extent(whole_.program->once, note);
  ir::each_extent(whole_.program->code, note);
}

template <class T>
Plan<T>::Variant::Variant(ir::Program planned, const PlanOptions& options)
    : program(std::make_unique<ir::Program>(std::move(planned))),
      binding(std::make_unique<Binding>(
          unroll::bind(*program, {options.runs("reshape-in-place"), options.runs("shared-history"),
                                  options.runs("written-in-place")}))),
      frame(new_frame(options)) {}

template <class T>
std::unique_ptr<Frame<T>> Plan<T>::Variant::new_frame(const PlanOptions& options) const {
  if (!program) return nullptr;
  return std::make_unique<Frame<T>>(*program, *binding,
                                    FrameOptions{options.runs("memory-reuse"), options.block_steps});
}

template <class T>
bool Plan<T>::is_single_step(Sizes sizes) const {
  return uses_time_ && sizes.time == 1 && options_.runs("single-steps");
}

template <class T>
typename Plan<T>::Variant Plan<T>::single_step() const {
  ir::Program program = recorded_;
  ir::set_time(program, 1);
  return Variant(planned(std::move(program), options_, false), options_);
}

template <class T>
Plan<T>::~Plan() = default;
template <class T>
Plan<T>::Plan(Plan&&) noexcept = default;

/// Of one of the tape's values; -1 where it has none, or is another tape's or a later one.
template <class T>
std::ptrdiff_t Plan<T>::position(const std::vector<std::ptrdiff_t>& positions, Var v) const {
  const auto id = static_cast<std::size_t>(v.id());
  return &v.tape() == tape_ && id < positions.size() ? positions[id] : -1;
}

template <class T>
typename Plan<T>::Input& Plan<T>::find(Var input, Kind kind) {
  const std::ptrdiff_t at = position(input_of_, input);
  if (at < 0) throw std::invalid_argument("[Plan] only inputs of the tape can be bound");
  Input& here = inputs_[static_cast<std::size_t>(at)];
  if (here.kind != kind)
    throw std::invalid_argument(
        fmt::format("[Plan] input '{}' holds {}", here.name,
                    kind == Kind::real ? "integers: bind a Tensor<std::int64_t>" : "real numbers"));
  return here;
}

template <class T>
bool Plan<T>::reads(Var input) const {
  const std::ptrdiff_t at = position(input_of_, input);
  return at >= 0 && inputs_[static_cast<std::size_t>(at)].id != ir::none;
}

template <class T>
void Plan<T>::bind(Var input, const Tensor<T>& tensor) {
  Input& here = find(input, Kind::real);
  here.real = &tensor;
  frozen_bound_ = frozen_bound_ || here.frozen;
}

template <class T>
void Plan<T>::bind(Var input, const Tensor<std::int64_t>& tensor) {
  Input& here = find(input, Kind::integer);
  here.index = &tensor;
  frozen_bound_ = frozen_bound_ || here.frozen;
}

/// Takes what is bound, but for what is frozen, for the next run; false where something has not the shape
/// that it had in the last run. Small nets run once for each sample of a stream: to find out T and B anew
/// would take longer than the run.
template <class T>
bool Plan<T>::take_inputs() {
  Frame<T>& frame = *chosen_->frame;
  for (const std::size_t i : changing_) {
    const Input& input = inputs_[i];
    if (input.bound() ? input.shape() != input.seen : input.id != ir::none) return false;
    if (input.id != ir::none) frame.set_pointer(input.id, input.data());
  }
  return true;
}

template <class T>
Sizes Plan<T>::read_sizes() const {
  std::optional<std::int64_t> time, batch;
  for (const Input& input : inputs_) {
    // An input that nothing depends on still tells T and B, which a zero gradient's shape may need.
    if (input.id == ir::none && !input.bound()) continue;
    if (!input.bound())
      throw std::invalid_argument(
          fmt::format("[run] input '{}' of shape {} is not bound", input.name, to_string(input.dims)));
    if (input.dims.size() != input.shape().rank())
      mismatch(input.name, input.dims, input.shape(), "the number of axes differs");
    for (std::size_t axis = 0; axis < input.dims.size(); ++axis) {
      learn(time, Dim::time(), input.dims[axis], input.shape()[axis]);
      learn(batch, Dim::batch(), input.dims[axis], input.shape()[axis]);
    }
  }
  check_known(time.has_value(), batch.has_value());
  const Sizes sizes{time.value_or(1), batch.value_or(1)};
  for (const Input& input : inputs_)
    for (std::size_t axis = 0; input.bound() && axis < input.dims.size(); ++axis)
      if (input.dims[axis].at(sizes) != input.shape()[axis])
        mismatch(input.name, input.dims, input.shape(),
                 fmt::format("axis {} should be {} (T = {}, B = {})", axis, input.dims[axis].at(sizes),
                             sizes.time, sizes.batch));
  return sizes;
}

template <class T>
void Plan<T>::check_known(bool time, bool batch) const {
  const auto check = [](bool used, bool known, const char* symbol) {
    if (used && !known)
      throw std::invalid_argument(fmt::format(
          "[run] {} is needed, but no bound input has an axis of {}; bind one, or record a number", symbol,
          symbol));
  };
  check(uses_time_, time, "T");
  check(uses_batch_, batch, "B");
}

/// The program without checkpoints, or for one step, where it keeps within the budget; else the one with
/// them, in segments of the length that needs the least.
template <class T>
typename Plan<T>::Choice Plan<T>::choose(Frame<T>& whole, Frame<T>* segmented, Sizes sizes) const {
  const std::size_t needed = whole.lay_out(sizes);
  if (options_.max_memory == 0 || needed <= options_.max_memory) return {false, sizes, needed};
  // Segments end where blocks end: all lengths of blocks are powers of two up to this one, or the given one.
  const std::int64_t unit = options_.block_steps > 0 ? options_.block_steps : max_block_steps;
  const std::int64_t steps = longest(*segmented_.program, sizes);
  Choice best{false, sizes, needed};
  for (std::int64_t length = unit; length < steps; length *= 2) {
    Sizes cut = sizes;
    cut.segment = length;
    cut.segments = (steps + length - 1) / length;
    const std::size_t bytes = segmented->lay_out(cut);
    if (bytes < best.bytes) best = {true, cut, bytes};
  }
  if (best.bytes > options_.max_memory)
    throw std::length_error(fmt::format(
        "[Plan] max_memory is {} bytes, but with T = {} and B = {} a run needs {} bytes even with "
        "checkpoints "
        "({} without); is something of length T kept outside of the scan, read by another scan (layers on "
        "each other), or a second derivative asked for?",
        options_.max_memory, sizes.time, sizes.batch, best.bytes, needed));
  return best;
}

template <class T>
void Plan<T>::resize(Sizes sizes) {
  laid_out_ = false;  // until all has gone well
  const bool single = is_single_step(sizes);
  if (single && !single_.program) single_ = single_step();
  Variant& whole = single ? single_ : whole_;
  const Choice choice = choose(*whole.frame, segmented_.frame.get(), sizes);
  chosen_ = choice.segmented ? &segmented_ : &whole;
  Frame<T>& frame = *chosen_->frame;
  frame.lay_out(choice.sizes);
  // Shorter sequences may need more, up to the budget, for then no checkpoints are kept. What is never
  // touched takes no memory.
  const std::size_t bytes = choice.segmented ? options_.max_memory : choice.bytes;
  if (bytes > capacity_ || !arena_) {
    constexpr std::size_t alignment = 64;
    memory_.reset();
    arena_ = nullptr;
    capacity_ = 0;
    memory_ = std::make_unique_for_overwrite<std::byte[]>(bytes + alignment);
    prefer_large_pages(memory_.get(), bytes + alignment);
    void* start = memory_.get();
    std::size_t space = bytes + alignment;
    arena_ = static_cast<std::byte*>(std::align(alignment, bytes, start, space));
    capacity_ = bytes;
  }
  frame.attach(arena_);
  sizes_ = sizes;
  laid_out_ = true;
}

/// Sizes, and what depends on them and on frozen inputs alone.
template <class T>
void Plan<T>::renew() {
  const Sizes sizes = read_sizes();
  const bool resized = !laid_out_ || sizes != sizes_;
  if (resized) resize(sizes);
  for (Input& input : inputs_) {
    if (input.bound()) input.seen = input.shape();
    if (input.id != ir::none) chosen_->frame->set_pointer(input.id, input.data());
  }
  if (resized || frozen_bound_) chosen_->frame->run_once();
  frozen_bound_ = false;
}

template <class T>
void Plan<T>::run() {
  if (!laid_out_ || frozen_bound_ || !take_inputs()) renew();
  chosen_->frame->run();
}

template <class T>
ir::Id Plan<T>::output_id(Var output, Kind kind) const {
  const std::ptrdiff_t at = position(output_of_, output);
  if (at < 0)
    throw std::invalid_argument("[Plan] this value is no output of the plan; name it when the plan is made");
  if (!laid_out_) throw std::logic_error("[Plan] run() comes before the outputs");
  const ir::Id id = chosen_->program->outputs[static_cast<std::size_t>(at)];
  if (chosen_->program->values[static_cast<std::size_t>(id)].kind != kind)
    throw std::invalid_argument(
        fmt::format("[Plan] this output holds {}", kind == Kind::real
                                                       ? "integers: read it with index_value or index_tensor"
                                                       : "real numbers: read it with value or tensor"));
  return id;
}

template <class T>
std::span<const T> Plan<T>::value(Var output) const {
  const ir::Id id = output_id(output, Kind::real);
  const Frame<T>& frame = *chosen_->frame;
  return {reinterpret_cast<const T*>(frame.pointer(id)), static_cast<std::size_t>(frame.shape(id).numel())};
}

template <class T>
std::span<T> Plan<T>::mutable_value(Var output) {
  const ir::Id id = output_id(output, Kind::real);
  const Frame<T>& frame = *chosen_->frame;
  return {reinterpret_cast<T*>(frame.pointer(id)), static_cast<std::size_t>(frame.shape(id).numel())};
}

template <class T>
Tensor<T> Plan<T>::tensor(Var output) const {
  return Tensor<T>(chosen_->frame->shape(output_id(output, Kind::real)), value(output));
}

template <class T>
std::span<const std::int64_t> Plan<T>::index_value(Var output) const {
  const ir::Id id = output_id(output, Kind::integer);
  const Frame<T>& frame = *chosen_->frame;
  return {reinterpret_cast<const std::int64_t*>(frame.pointer(id)),
          static_cast<std::size_t>(frame.shape(id).numel())};
}

template <class T>
Tensor<std::int64_t> Plan<T>::index_tensor(Var output) const {
  return Tensor<std::int64_t>(chosen_->frame->shape(output_id(output, Kind::integer)), index_value(output));
}

template <class T>
std::size_t Plan<T>::peak_bytes(Sizes sizes) const {
  const auto segmented = segmented_.new_frame(options_);
  if (!is_single_step(sizes)) return choose(*whole_.new_frame(options_), segmented.get(), sizes).bytes;
  return choose(*single_step().frame, segmented.get(), sizes).bytes;
}

template <class T>
double Plan<T>::flops(Sizes sizes) const {
  const auto whole = whole_.new_frame(options_);
  whole->lay_out(sizes);
  return whole->flops();
}

template <class T>
std::string Plan<T>::to_text() const {
  return ir::to_text(*whole_.program);
}

template class Plan<float>;
template class Plan<double>;

}  // namespace unroll
