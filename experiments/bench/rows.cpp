#include "experiments/bench/rows.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace unroll {

namespace {

using enum BenchKind;
using enum BenchRuns;

constexpr std::string_view kind_names[] = {"step",   "small",  "stream",  "reverse", "ops",
                                           "record", "length", "memory",  "threads", "shards",
                                           "ragged", "around", "language"};

constexpr BenchRow rows[] = {
    {step, "vanilla", {100, 20, 2, 128}, all},
    {step, "vanilla", {100, 32, 10, 128}, full},
    {step, "vanilla", {400, 20, 2, 100}, full},
    {step, "vanilla", {50, 64, 64, 256}, full},
    {step, "vanilla", {35, 20, 200, 200}, full},
    {step, "vanilla", {100, 64, 512, 512}, full},
    {step, "vanilla", {100, 20, 6, 50}, all},
    {step, "lstm", {100, 20, 2, 128}, all},
    {step, "lstm", {50, 64, 64, 256}, full},
    {step, "lstm", {35, 20, 200, 200}, full},
    {step, "gru", {100, 20, 2, 128}, all},
    {step, "gru", {50, 64, 64, 256}, full},
    {step, "gru", {35, 20, 200, 200}, full},
    {step, "mgu", {100, 20, 2, 128}, all},
    {small, "vanilla", {512, 1, 1, 1}, full},
    {small, "vanilla", {512, 1, 1, 4}, full},
    {small, "vanilla", {512, 1, 1, 8}, all},
    {small, "vanilla", {512, 1, 1, 16}, full},
    {small, "vanilla", {512, 1, 1, 32}, full},
    {small, "vanilla", {512, 1, 1, 64}, full},
    {small, "vanilla", {512, 16, 1, 1}, full},
    {small, "vanilla", {512, 16, 1, 4}, full},
    {small, "vanilla", {512, 16, 1, 8}, all},
    {small, "vanilla", {512, 16, 1, 16}, full},
    {small, "vanilla", {512, 16, 1, 32}, full},
    {small, "vanilla", {512, 16, 1, 64}, full},
    {small, "gru", {512, 1, 1, 1}, full},
    {small, "gru", {512, 1, 1, 4}, full},
    {small, "gru", {512, 1, 1, 8}, all},
    {small, "gru", {512, 1, 1, 16}, full},
    {small, "gru", {512, 1, 1, 32}, full},
    {small, "gru", {512, 1, 1, 64}, full},
    {small, "gru", {512, 16, 1, 1}, full},
    {small, "gru", {512, 16, 1, 4}, full},
    {small, "gru", {512, 16, 1, 8}, all},
    {small, "gru", {512, 16, 1, 16}, full},
    {small, "gru", {512, 16, 1, 32}, full},
    {small, "gru", {512, 16, 1, 64}, full},
    {small, "lstm", {512, 1, 1, 1}, full},
    {small, "lstm", {512, 1, 1, 4}, full},
    {small, "lstm", {512, 1, 1, 8}, all},
    {small, "lstm", {512, 1, 1, 16}, full},
    {small, "lstm", {512, 1, 1, 32}, full},
    {small, "lstm", {512, 1, 1, 64}, full},
    {small, "lstm", {512, 16, 1, 1}, full},
    {small, "lstm", {512, 16, 1, 4}, full},
    {small, "lstm", {512, 16, 1, 8}, all},
    {small, "lstm", {512, 16, 1, 16}, full},
    {small, "lstm", {512, 16, 1, 32}, full},
    {small, "lstm", {512, 16, 1, 64}, full},
    {stream, "gru", {64, 1, 1, 8}, all},
    {stream, "gru", {64, 1, 1, 16}, full},
    {stream, "gru", {64, 1, 1, 32}, full},
    {stream, "gru", {64, 1, 1, 64}, full},
    {stream, "lstm", {64, 1, 1, 8}, all},
    {stream, "lstm", {64, 1, 1, 16}, full},
    {stream, "lstm", {64, 1, 1, 32}, full},
    {stream, "lstm", {64, 1, 1, 64}, full},
    {reverse, "lstm", {1023, 1, 14, 14}, all, 0, 0, 0, 2},
    {reverse, "lstm", {4095, 1, 14, 14}, full, 0, 0, 0, 4},
    {ops, "lstm", {100, 20, 2, 128}, all},
    {ops, "gru", {100, 20, 2, 128}, full},
    {ops, "lem", {100, 20, 2, 128}, full},
    {ops, "deltanet", {100, 20, 2, 128}, full},
    {ops, "mlstm", {100, 20, 2, 128}, full},
    {ops, "selective_ssm", {100, 20, 2, 128}, full},
    {ops, "s4d", {100, 20, 2, 128}, full},
    {record, "vanilla", {1'000'000, 20, 2, 128}, all},
    {record, "lstm", {1'000'000, 20, 2, 128}, all},
    {record, "gru", {1'000'000, 20, 2, 128}, all},
    {record, "gru_v1", {1'000'000, 20, 2, 128}, all},
    {record, "mgu", {1'000'000, 20, 2, 128}, all},
    {length, "vanilla", {10'000, 1, 2, 64}, quick},
    {length, "vanilla", {1'000'000, 1, 2, 64}, full},
    {memory, "vanilla", {20'000, 8, 2, 64}, quick, 4'000'000, 2'000},
    {memory, "vanilla", {1'000'000, 8, 2, 64}, full, 1'000'000'000, 100'000},
    {memory, "lstm", {20'000, 8, 2, 64}, full, 8'000'000, 20'000},
    {threads, "vanilla", {100, 20, 2, 128}, all},
    {shards, "vanilla", {100, 64, 2, 128}, all},
    {shards, "vanilla", {100, 64, 2, 512}, full},
    {ragged, "vanilla", {400, 32, 10, 128}, all},
    {ragged, "lstm", {400, 32, 10, 128}, full},
    {around, "mgu", {100, 20, 2, 128}, all},
    {language, "vanilla", {35, 20, 200, 200}, all, 0, 0, 10'000},
    {language, "lstm", {35, 20, 200, 200}, full, 0, 0, 10'000},
    {language, "vanilla", {50, 50, 128, 128}, full, 0, 0, 65},
    {language, "lstm", {50, 50, 128, 128}, full, 0, 0, 65},
};

}  // namespace

std::string_view name(BenchKind kind) { return kind_names[static_cast<int>(kind)]; }

std::string BenchRow::name() const {
  const std::int64_t more = std::max(vocabulary, layers);
  return fmt::format("{}/{}/{}x{}x{}x{}{}", unroll::name(kind), cell, shape.steps, shape.rows, shape.inputs,
                     shape.hidden, more > 0 ? fmt::format("x{}", more) : "");
}

std::span<const BenchRow> bench_rows() { return rows; }

std::vector<BenchRow> select_rows(bool quick, std::string_view only) {
  const BenchRuns other = quick ? full : BenchRuns::quick;
  const bool whole_name = std::ranges::any_of(rows, [&](const BenchRow& row) { return row.name() == only; });
  std::vector<BenchRow> selected;
  for (const BenchRow& row : rows)
    if (row.runs != other && (whole_name ? row.name() == only : row.name().find(only) != std::string::npos))
      selected.push_back(row);
  return selected;
}

}  // namespace unroll
