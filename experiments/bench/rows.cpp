#include "experiments/bench/rows.hpp"

#include <fmt/format.h>

namespace unroll {

namespace {

using enum BenchKind;

constexpr std::string_view kind_names[] = {"step", "record", "length", "threads"};

constexpr BenchRow rows[] = {
    {step, "vanilla", {100, 20, 2, 128}, true},
    {step, "vanilla", {100, 32, 10, 128}, false},
    {step, "vanilla", {400, 20, 2, 100}, false},
    {step, "vanilla", {50, 64, 64, 256}, false},
    {step, "vanilla", {35, 20, 200, 200}, false},
    {step, "vanilla", {100, 64, 512, 512}, false},
    {step, "vanilla", {100, 20, 6, 50}, true},
    {step, "lstm", {100, 20, 2, 128}, true},
    {step, "lstm", {50, 64, 64, 256}, false},
    {step, "lstm", {35, 20, 200, 200}, false},
    {step, "gru", {100, 20, 2, 128}, true},
    {step, "gru", {50, 64, 64, 256}, false},
    {step, "gru", {35, 20, 200, 200}, false},
    {step, "mgu", {100, 20, 2, 128}, true},
    {record, "vanilla", {1'000'000, 20, 2, 128}, true},
    {record, "lstm", {1'000'000, 20, 2, 128}, true},
    {record, "gru", {1'000'000, 20, 2, 128}, true},
    {record, "gru_v1", {1'000'000, 20, 2, 128}, true},
    {record, "mgu", {1'000'000, 20, 2, 128}, true},
    {length, "vanilla", {10'000, 1, 2, 64}, true},
    {length, "vanilla", {1'000'000, 1, 2, 64}, false},
    {threads, "vanilla", {100, 20, 2, 128}, true},
};

}  // namespace

std::string_view name(BenchKind kind) { return kind_names[static_cast<int>(kind)]; }

std::string BenchRow::name() const {
  return fmt::format("{}/{}/{}x{}x{}x{}", unroll::name(kind), cell, shape.steps, shape.rows, shape.inputs,
                     shape.hidden);
}

std::span<const BenchRow> bench_rows() { return rows; }

std::vector<BenchRow> select_rows(bool quick, std::string_view only) {
  std::vector<BenchRow> selected;
  for (const BenchRow& row : rows)
    if ((row.quick || !quick) && row.name().find(only) != std::string::npos) selected.push_back(row);
  return selected;
}

}  // namespace unroll
