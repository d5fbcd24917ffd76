#include "framework/tensor/jit/recording.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace unroll::jit {

namespace {

/// Writes the instructions of one group down for a tile of them.
class TileRecorder {
 public:
  TileRecorder(const Recording& one, Tile tile, std::span<const std::int64_t> strides)
      : one_(one),
        tile_(tile),
        strides_(strides),
        all_{one.isa},
        results_(one.code.size() * static_cast<std::size_t>(tile.rows * tile.columns), -1) {}

  Recording run() {
    for (std::size_t i = 0; i < one_.code.size(); ++i)
      for (int row = 0; row < tile_.rows; ++row)
        for (int column = 0; column < tile_.columns; ++column) result(i, row, column) = made(i, row, column);
    return std::move(all_);
  }

 private:
  /// What instruction `i` makes for a group of the tile.
  int& result(std::size_t i, int row, int column) {
    const auto group = static_cast<std::size_t>(row * tile_.columns + column);
    return results_[i * static_cast<std::size_t>(tile_.rows * tile_.columns) + group];
  }

  Instruction for_group(Instruction instruction, int row, int column) {
    for (Source* source : {&instruction.a, &instruction.b, &instruction.c})
      if (!source->constant()) source->result = result(static_cast<std::size_t>(source->result), row, column);
    instruction.row = row;
    instruction.column = column;
    return instruction;
  }

  bool stays(int operand) const {
    return !strides_.empty() && strides_[static_cast<std::size_t>(operand)] == 0;
  }

  int made(std::size_t i, int row, int column) {
    const Instruction& instruction = one_.code[i];
    if (instruction.operation == Operation::add_elements) return added(i, row, column);
    const bool load = instruction.operation == Operation::load;
    if (load && row > 0 && stays(instruction.number)) return result(i, 0, column);
    if (load && column > 0 && instruction.one_for_all) return result(i, row, 0);
    return all_.add(for_group(instruction, row, column));
  }

  /// A sum over the rows is written once the last one has been added.
  int added(std::size_t i, int row, int column) {
    Instruction part = for_group(one_.code[i], row, column);
    const Source value = std::exchange(part.a, Source());
    const bool goes_on = stays(part.number);
    part.operation = Operation::load;
    Source sum{goes_on && row > 0 ? result(i, row - 1, column) : all_.add(part)};
    sum.result = all_.add({Operation::add, sum, value, {}});
    if (goes_on && row + 1 < tile_.rows) return sum.result;
    part.operation = Operation::store;
    part.a = sum;
    all_.add(part);
    return sum.result;
  }

  const Recording& one_;
  Tile tile_;
  std::span<const std::int64_t> strides_;  ///< by operand
  Recording all_;
  std::vector<int> results_;  ///< by instruction and group
};

}  // namespace

Recording side_by_side(const Recording& recording, Tile tile, std::span<const std::int64_t> strides) {
  return TileRecorder(recording, tile, strides).run();
}

std::vector<int> last_reads(const Recording& recording) {
  std::vector<int> last(recording.code.size(), 0);
  for (std::size_t i = 0; i < recording.code.size(); ++i)
    for (const Source* source : {&recording.code[i].a, &recording.code[i].b, &recording.code[i].c})
      if (!source->constant()) last[static_cast<std::size_t>(source->result)] = static_cast<int>(i);
  return last;
}

Alive most_alive(const Recording& recording) {
  const std::vector<int> last = last_reads(recording);
  std::vector<Alive> change(recording.code.size());
  for (std::size_t i = 0; i < last.size(); ++i) {
    if (last[i] == 0) continue;
    const auto kind = makes_mask(recording.code[i].operation) ? &Alive::masks : &Alive::values;
    ++(change[i].*kind);
    --(change[static_cast<std::size_t>(last[i])].*kind);
  }
  Alive now, most;
  for (const Alive& by : change) {
    most.values = std::max(most.values, now.values += by.values);
    most.masks = std::max(most.masks, now.masks += by.masks);
  }
  return most;
}

std::vector<std::uint64_t> constants_of(const Recording& recording, int least_reads) {
  std::map<std::uint64_t, int> reads;
  for (const Instruction& i : recording.code) {
    const int operands = operands_of(i.operation);
    const Source* sources[] = {&i.a, &i.b, &i.c};
    for (int s = 0; s < operands; ++s) reads[sources[s]->bits] += sources[s]->constant();
  }
  std::vector<std::uint64_t> constants;
  for (const auto& [bits, count] : reads)
    if (count >= least_reads) constants.push_back(bits);
  std::ranges::stable_sort(constants, std::greater(), [&](std::uint64_t bits) { return reads.at(bits); });
  return constants;
}

}  // namespace unroll::jit
