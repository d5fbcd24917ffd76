#include "framework/plan/run/chain_rows.hpp"

#include <algorithm>
#include <utility>

namespace unroll {
namespace {

/// Runs before machine code is made, which takes as long as a hundred of them.
constexpr int row_runs_before_code = 8;

/// A step of a history of at least so many bytes is asked for ahead: a chain goes through more such streams
/// at once than the prefetcher of the CPU follows. Where more is written than fits into the second-level
/// cache, to ask for that takes longer than it saves.
constexpr std::int64_t least_bytes_asked_for = 16 << 10, most_bytes_to_write = 256 << 10;

Dims with_axes(Dims dims, std::size_t count) {
  dims.insert(dims.begin(), count - dims.size(), Dim(1));
  return dims;
}

}  // namespace

template <class T>
ChainRows<T>::ChainRows(const ChainCode& code) : code_(code) {
  for (const ChainCode::Input& input : code.inputs) dims_.push_back(with_axes(input.dims, code.dims.size()));
  for (const Dims& result : code.results) dims_.push_back(with_axes(result, code.dims.size()));
  axes_.resize(code.dims.size() + 2);
  for (Axis& axis : axes_) axis.strides.resize(dims_.size());
  index_.resize(axes_.size());
  in_row_.resize(dims_.size());
  count_of_.resize(dims_.size());
  of_history_.resize(dims_.size());
  offset_.resize(dims_.size());
  rows_of_sum_.resize(code.sums.size());
  operands_.resize(dims_.size() + code.inner + code.sums.size());
  row_.resize(operands_.size());
  routine_arguments_.resize(operands_.size() + 1);
  piece_.steps = code.steps;
  piece_.kinds.assign(operands_.size(), ChainOperand::elements);
  std::fill_n(piece_.kinds.begin() + static_cast<std::ptrdiff_t>(dims_.size()), code.inner,
              ChainOperand::inner);
  for (const ChainCode::Sum& sum : code.sums)
    piece_.kinds[static_cast<std::size_t>(sum.running)] = ChainOperand::running;
  piece_.strides.assign(operands_.size(), 0);
  piece_.asked_for.assign(operands_.size(), false);
  for (auto* totals : {&piece_.totals, &known_totals_}) totals->reserve(code.sums.size());
}

/// Behind the others: one more, or more of the last one.
template <class T>
void ChainRows<T>::add_axis(std::size_t number, Sizes sizes) {
  const std::int64_t extent = code_.dims[number].at(sizes);
  if (extent == 1) return;
  const auto moves = [&](std::size_t v) { return dims_[v][number].at(sizes) != 1; };
  const Axis* last = count_ > 0 ? &axes_[count_ - 1] : nullptr;
  bool same = last != nullptr;
  for (std::size_t v = 0; same && v < dims_.size(); ++v) same = (last->strides[v] != 0) == moves(v);
  if (!same) axes_[count_++].extent = 1;
  Axis& axis = axes_[count_ - 1];
  axis.extent *= extent;
  for (std::size_t v = 0; v < dims_.size(); ++v) axis.strides[v] = moves(v) ? 1 : 0;
}

/// As the first axis: there is at least one of rows, and the row.
template <class T>
void ChainRows<T>::add_single_row() {
  std::rotate(axes_.begin(), axes_.begin() + static_cast<std::ptrdiff_t>(count_),
              axes_.begin() + static_cast<std::ptrdiff_t>(count_) + 1);
  axes_[0].extent = 1;
  std::ranges::fill(axes_[0].strides, 0);
  ++count_;
}

template <class T>
void ChainRows<T>::lay_out(Sizes sizes) {
  count_ = 0;
  for (std::size_t axis = 0; axis < code_.dims.size(); ++axis) add_axis(axis, sizes);
  while (count_ < 2) add_single_row();
  for (std::size_t v = 0; v < dims_.size(); ++v) {
    std::int64_t& stride = count_of_[v] = 1;
    for (std::size_t axis = count_; axis-- > 0;)
      if (axes_[axis].strides[v] != 0)
        stride *= std::exchange(axes_[axis].strides[v], stride) * axes_[axis].extent;
  }
  elements_ = axes_[count_ - 1].extent;
  for (std::size_t v = 0; v < dims_.size(); ++v)
    in_row_[v] = axes_[count_ - 1].strides[v] == 0 ? ChainOperand::one_for_all : ChainOperand::elements;
  group_elements();
  rows_ = axes_[count_ - 2].extent;
  for (const Dim dim : code_.dims)
    if (dim.at(sizes) == 0) rows_ = 0;
  settle_code();
}

/// Rows of as few elements as a group has become one, where no operand begins anew with each of them.
template <class T>
void ChainRows<T>::group_elements() {
  if (elements_ != grouped_elements) return;
  const Axis &outer = axes_[count_ - 2], &inner = axes_[count_ - 1];
  if (outer.extent * elements_ % running_values != 0) return;
  for (std::size_t v = 0; v < dims_.size(); ++v)
    if (outer.strides[v] == 0 && inner.strides[v] != 0) return;
  for (std::size_t v = 0; v < dims_.size(); ++v)
    if (outer.strides[v] != 0 && inner.strides[v] == 0) in_row_[v] = ChainOperand::grouped;
  elements_ *= outer.extent;
  if (--count_ < 2) add_single_row();
}

/// What a value is to the code: what it is in a row, or which kind of sum.
template <class T>
ChainOperand ChainRows<T>::kind_of(std::size_t v) const {
  const auto sum = std::ranges::find(code_.sums, static_cast<int>(v), &ChainCode::Sum::total);
  if (sum == code_.sums.end()) return in_row_[v];
  if (in_row_[v] == ChainOperand::one_for_all) return ChainOperand::total;
  const auto in_one_row = [&](const Axis& axis) { return axis.extent == 1 || axis.strides[v] != 0; };
  const auto row = axes_.begin() + static_cast<std::ptrdiff_t>(count_) - 1;
  const bool whole = sum->onto < 0 && std::all_of(axes_.begin(), row, in_one_row);
  return in_row_[v] == ChainOperand::grouped && whole ? ChainOperand::group_sums : in_row_[v];
}

/// What operands are to the code. Code that was made for others is forgotten.
template <class T>
void ChainRows<T>::settle_code() {
  bool changed = std::exchange(piece_.elements, elements_) != elements_;
  const auto settle = [&](auto&& place, auto value) {
    changed = changed || place != value;
    place = value;
  };
  for (std::size_t v = 0; v < dims_.size(); ++v) {
    settle(piece_.kinds[v], kind_of(v));
    settle(piece_.strides[v], axes_[count_ - 2].strides[v]);
    const std::int64_t bytes = count_of_[v] * static_cast<std::int64_t>(sizeof(T));
    const bool written = v >= code_.inputs.size();
    settle(piece_.asked_for[v],
           of_history_[v] && bytes >= least_bytes_asked_for && (!written || bytes <= most_bytes_to_write));
  }
  if (!settle_totals() && !changed) return;
  routine_ = {};
  runs_ = 0;
}

/// Which sums end with each row, and which ones later. Says whether that is new.
template <class T>
bool ChainRows<T>::settle_totals() {
  known_totals_.swap(piece_.totals);
  piece_.totals.clear();
  for (std::size_t s = 0; s < code_.sums.size(); ++s) {
    const auto& [total, running, onto] = code_.sums[s];
    const auto v = static_cast<std::size_t>(total);
    rows_of_sum_[s] = 1;
    for (std::size_t axis = count_ - 1; axis-- > 0 && axes_[axis].strides[v] == 0;)
      rows_of_sum_[s] *= axes_[axis].extent;
    if (in_row_[v] == ChainOperand::one_for_all)
      piece_.totals.push_back({total, running, rows_of_sum_[s] == 1});
  }
  return piece_.totals != known_totals_;
}

template <class T>
void ChainRows<T>::run(T* const* operands) {
  begin_sums(operands);
  if (rows_ == 0) return;
  row_number_ = 0;
  if (runs_ < row_runs_before_code && ++runs_ == row_runs_before_code) routine_ = jit::row_routine<T>(piece_);
  if (count_ == 2) return run_rows(operands);
  std::copy_n(operands, operands_.size(), operands_.begin());
  std::fill(index_.begin(), index_.end(), 0);
  std::fill(offset_.begin(), offset_.end(), 0);
  do {
    for (std::size_t v = 0; v < dims_.size(); ++v) operands_[v] = operands[v] + offset_[v];
    run_rows(operands_.data());
  } while (next());
}

template <class T>
bool ChainRows<T>::settled() const {
  return rows_ == 0 || runs_ == row_runs_before_code;
}

/// It reads neither inner operands, which stay in registers, nor running values of sums that end with a row.
template <class T>
jit::Call ChainRows<T>::call(std::span<const ir::Id> roots) {
  if (!routine_ || count_ != 2 || rows_ == 0) return {};
  const auto root = [&](int value) { return roots[static_cast<std::size_t>(value)]; };
  for (std::size_t s = 0; s < code_.sums.size(); ++s) {
    const auto& [total, running, onto] = code_.sums[s];
    const ChainOperand kind = piece_.kinds[static_cast<std::size_t>(total)];
    const bool in_place = onto >= 0 && root(onto) == root(total);
    const bool ends = kind != ChainOperand::total || rows_of_sum_[s] == 1;
    if (kind != ChainOperand::group_sums && !(in_place && ends)) return {};
  }
  return jit::routine_call(routine_, routine_arguments_.data(), rows_);
}

template <class T>
void ChainRows<T>::begin_sums(T* const* operands) {
  for (const auto& [total, running, onto] : code_.sums) {
    const ChainOperand kind = piece_.kinds[static_cast<std::size_t>(total)];
    if (kind == ChainOperand::group_sums) continue;  // begins anew
    const std::int64_t count = count_of_[static_cast<std::size_t>(total)];
    if (onto < 0)
      std::fill_n(operands[total], count, T{0});
    else if (operands[onto] != operands[total])
      std::copy_n(operands[onto], count, operands[total]);
    if (kind == ChainOperand::total) std::fill_n(operands[running], running_values, T{0});
  }
}

/// Those along the last axis but one, from these on.
template <class T>
void ChainRows<T>::run_rows(T* const* operands) {
  if (!routine_) return run_single_rows(operands);
  std::copy_n(operands, piece_.kinds.size(), routine_arguments_.begin());
  routine_(routine_arguments_.data(), rows_);
  row_number_ += rows_;
  finish_sums(operands);
}

/// One by one, by the kernels.
template <class T>
void ChainRows<T>::run_single_rows(T* const* operands) {
  std::copy_n(operands, row_.size(), row_.begin());
  for (std::int64_t row = 0; row < rows_; ++row) {
    run_chain<T>(piece_.steps, piece_.kinds, row_.data(), elements_);
    ++row_number_;
    finish_sums(row_.data());
    for (std::size_t v = 0; v < dims_.size(); ++v) row_[v] += piece_.strides[v];
  }
}

/// Those that end here; the routine has done so with those that end with each row.
template <class T>
void ChainRows<T>::finish_sums(T* const* operands) {
  if (piece_.totals.empty()) return;
  for (std::size_t s = 0; s < code_.sums.size(); ++s) {
    const auto& [total, running, onto] = code_.sums[s];
    const bool running_out = piece_.kinds[static_cast<std::size_t>(total)] == ChainOperand::total;
    if (!running_out || (routine_ && rows_of_sum_[s] == 1) || !finished(s)) continue;
    finish_sum(operands[running], operands[total]);
  }
}

/// The next index along the axes before the rows; false behind the last one.
template <class T>
bool ChainRows<T>::next() {
  for (std::size_t axis = count_ - 2; axis-- > 0;) {
    for (std::size_t v = 0; v < dims_.size(); ++v) offset_[v] += axes_[axis].strides[v];
    if (++index_[axis] < axes_[axis].extent) return true;
    for (std::size_t v = 0; v < dims_.size(); ++v) offset_[v] -= axes_[axis].strides[v] * axes_[axis].extent;
    index_[axis] = 0;
  }
  return false;
}

template class ChainRows<float>;
template class ChainRows<double>;

}  // namespace unroll
