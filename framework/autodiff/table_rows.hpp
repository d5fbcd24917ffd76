#pragma once

#include <optional>

#include "framework/autodiff/tape.hpp"

namespace unroll {

/// A value that is rows of a small table, as embedded characters are: embed(table, index).
struct TableRows {
  Var table;  ///< (rows, ...)
  Var index;
};

/// A table this small has fewer rows than nearly every batch of sequences has positions. A product of the
/// whole table is then less work than one of the rows taken from it.
inline constexpr std::int64_t small_table = 256;

/// Nothing if `v` was not embedded, or from a table of more rows or of rows unknown in number.
std::optional<TableRows> rows_of_small_table(Var v);

/// In the step of a scan, rows of a small table times a weight, neither of which changes from step to step:
/// as rows of (table times weight), made once outside. The gradients follow: they too are products of as many
/// rows as the table has. Nothing in all other cases.
std::optional<Var> product_of_table(Var a, Var b, bool transpose_b);

}  // namespace unroll
