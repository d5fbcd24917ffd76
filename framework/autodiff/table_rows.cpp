#include "framework/autodiff/table_rows.hpp"

#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/ops/rows.hpp"

namespace unroll {

std::optional<TableRows> rows_of_small_table(Var v) {
  Tape& tape = v.tape();
  const Node& node = tape.producer(v.id());
  if (node.op != &embed_op()) return std::nullopt;
  const Dim rows = tape.value(node.inputs[0]).dims[0];
  if (!rows.fixed() || rows.number() > small_table) return std::nullopt;
  return TableRows{Var(tape, node.inputs[0]), Var(tape, node.inputs[1])};
}

std::optional<Var> product_of_table(Var a, Var b, bool transpose_b) {
  if (!a.tape().parent()) return std::nullopt;
  const std::optional<TableRows> rows = rows_of_small_table(a);
  if (!rows || rows->table.rank() != 2) return std::nullopt;
  const std::optional<Var> table = a.tape().captured(rows->table);
  const std::optional<Var> weight = a.tape().captured(b);
  if (!table || !weight) return std::nullopt;
  return gather(matmul(*table, *weight, false, transpose_b), rows->index);
}

}  // namespace unroll
