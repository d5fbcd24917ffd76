#include "experiments/export/header/stacked_products.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"

namespace unroll {
namespace {

using Vector = std::tuple<ir::Id, std::int64_t, std::int64_t>;  ///< root, offset, columns

Vector key(const LinearSum::Term& term) { return {term.vector.root, term.vector.offset, term.columns}; }

class Sums {
 public:
  Sums(const ModelStep& step, const StepValues& values) : step_(step), values_(values) {}

  std::map<ir::Id, LinearSum> run(std::set<ir::Id>& absorbed) {
    for (const ir::Instruction& instruction : step_.program.code) {
      const ir::Compute& compute = *instruction.compute();
      if (compute.op == &matmul_op()) add_product(compute);
      if (compute.op == &add_op()) add_sum(compute, absorbed);
    }
    return std::move(sums_);
  }

 private:
  /// x Wᵀ or x W for one row x and a constant W, or W x for one column x.
  void add_product(const ir::Compute& compute) {
    const auto& attrs = compute.attrs.as<MatmulAttrs>();
    const Shape out = step_.shape(compute.out);
    const auto [a, b] = std::pair(compute.in[0], compute.in[1]);
    if (out.rank() != 2) return;
    if (values_.constant(b) && out[0] == 1) return add(compute.out, b, attrs.transpose_b, a);
    if (values_.constant(a) && out[1] == 1) add(compute.out, a, !attrs.transpose_a, b);
  }

  /// `by_rows`: the matrix lies as (rows, columns).
  void add(ir::Id product, ir::Id matrix, bool by_rows, ir::Id vector) {
    const Shape shape = step_.shape(matrix);
    const auto named = step_.names.find(matrix);
    const std::string name = named == step_.names.end() ? "a constant" : named->second;
    sums_.emplace(
        product,
        LinearSum{.value = product,
                  .rows = shape[by_rows ? 0 : 1],
                  .terms = {{matrix, !by_rows, values_.view(vector), shape[by_rows ? 1 : 0], name}}});
  }

  /// A sum that nothing but one addition reads, whole.
  const LinearSum* part(ir::Id id) const {
    const View view = values_.view(id);
    const auto found = sums_.find(view.root);
    const bool own = found != sums_.end() && view.offset == 0 && values_.count(id) == found->second.rows;
    return own && values_.reads(view.root) == 1 ? &found->second : nullptr;
  }

  bool starts(ir::Id id, std::int64_t rows) const {
    return values_.uniform(id) || (values_.constant(id) && values_.count(id) == rows);
  }

  void add_sum(const ir::Compute& compute, std::set<ir::Id>& absorbed) {
    const std::int64_t rows = values_.count(compute.out);
    LinearSum sum{.value = compute.out, .rows = rows};
    for (const ir::Id in : compute.in) {
      const LinearSum* one = part(in);
      if (one && one->rows != rows) return;
      if (!one && !starts(in, rows)) return;
      if (!one) {
        sum.start.push_back(in);
        continue;
      }
      sum.terms.insert(sum.terms.end(), one->terms.begin(), one->terms.end());
      sum.start.insert(sum.start.end(), one->start.begin(), one->start.end());
    }
    for (const ir::Id in : compute.in)
      if (part(in)) {
        absorbed.insert(values_.view(in).root);
        sums_.erase(values_.view(in).root);
      }
    sums_.emplace(compute.out, std::move(sum));
  }

  const ModelStep& step_;
  const StepValues& values_;
  std::map<ir::Id, LinearSum> sums_;
};

/// In an order in which the sums that read one vector stand side by side, as far as that goes: by the first
/// and the last of their vectors.
void place(std::vector<LinearSum>& sums, std::vector<Vector>& vectors) {
  for (const LinearSum& sum : sums)
    for (const LinearSum::Term& term : sum.terms)
      if (std::ranges::find(vectors, key(term)) == vectors.end()) vectors.push_back(key(term));
  std::ranges::sort(vectors);
  const auto ends = [&](const LinearSum& sum) {
    std::vector<std::ptrdiff_t> at;
    for (const LinearSum::Term& term : sum.terms)
      at.push_back(std::ranges::find(vectors, key(term)) - vectors.begin());
    return std::pair(std::ranges::min(at), std::ranges::max(at));
  };
  std::ranges::stable_sort(sums, {}, ends);
  std::int64_t at = 0;
  for (LinearSum& sum : sums) {
    sum.at = at;
    at += sum.rows;
  }
}

/// Rows of W, as the kernels want them: in blocks of up to 128 rows column by column, or row by row.
std::vector<float> laid_out(const std::vector<float>& rows, std::int64_t count, std::int64_t columns,
                            bool by_rows) {
  if (by_rows) return rows;
  constexpr std::int64_t block = 128;
  std::vector<float> weights;
  for (std::int64_t first = 0; first < count; first += block)
    for (std::int64_t k = 0; k < columns; ++k)
      for (std::int64_t r = first; r < std::min(first + block, count); ++r)
        weights.push_back(rows[static_cast<std::size_t>(r * columns + k)]);
  return weights;
}

/// Adds the rows of a matrix one behind the other.
void append_rows(const Tensor<float>& matrix, const LinearSum& sum, const LinearSum::Term& term,
                 std::vector<float>& rows) {
  for (std::int64_t r = 0; r < sum.rows; ++r)
    for (std::int64_t k = 0; k < term.columns; ++k)
      rows.push_back(matrix[term.transposed ? k * sum.rows + r : r * term.columns + k]);
}

/// In registers of eight numbers: column by column one multiplication for each, row by row one for each of
/// the columns, and then their sum.
bool better_by_rows(std::int64_t rows, std::int64_t columns) {
  return rows * ((columns + 7) / 8 + 6) < (rows + 7) / 8 * columns;
}

class Stacking {
 public:
  Stacking(const StepValues& values, StackedProducts& all) : values_(values), all_(all) {}

  void run(const std::vector<Vector>& vectors) {
    for (const Vector& vector : vectors)
      for (const LinearSum& sum : all_.sums)
        for (const LinearSum::Term& term : sum.terms)
          if (key(term) == vector) add(sum, term);
    finish();
  }

 private:
  void add(const LinearSum& sum, const LinearSum::Term& term) {
    const bool first = begun_.insert(sum.value).second;
    const bool goes_on = open_ && open_->at + open_->rows == sum.at && open_->first == first &&
                         open_->vector.root == term.vector.root && open_->columns == term.columns &&
                         open_->vector.offset == term.vector.offset;
    if (!goes_on) {
      finish();
      open_ = StackedProduct{.vector = term.vector,
                             .rows = 0,
                             .columns = term.columns,
                             .at = sum.at,
                             .first = first,
                             .by_rows = false,
                             .weights = {},
                             .names = {}};
    }
    append_rows(*values_.constant(term.matrix), sum, term, open_->weights);
    open_->rows += sum.rows;
    open_->names.push_back(term.name);
  }

  void finish() {
    if (!open_) return;
    open_->by_rows = better_by_rows(open_->rows, open_->columns);
    open_->weights = laid_out(open_->weights, open_->rows, open_->columns, open_->by_rows);
    all_.products.push_back(std::move(*open_));
    open_.reset();
  }

  const StepValues& values_;
  StackedProducts& all_;
  std::set<ir::Id> begun_;
  std::optional<StackedProduct> open_;
};

std::vector<float> start_of(const std::vector<LinearSum>& sums, const StepValues& values) {
  std::vector<float> all;
  for (const LinearSum& sum : sums)
    for (std::int64_t r = 0; r < sum.rows; ++r) {
      float start = 0;
      for (const ir::Id id : sum.start) {
        const float* uniform = values.uniform(id);
        start += uniform ? *uniform : (*values.constant(id))[r];
      }
      all.push_back(start);
    }
  return all;
}

}  // namespace

const LinearSum* StackedProducts::find(ir::Id value) const {
  const auto found = std::ranges::find(sums, value, &LinearSum::value);
  return found == sums.end() ? nullptr : &*found;
}

StackedProducts stacked_products(const ModelStep& step, const StepValues& values) {
  StackedProducts all;
  std::map<ir::Id, LinearSum> sums = Sums(step, values).run(all.absorbed);
  for (auto& [value, sum] : sums) all.sums.push_back(std::move(sum));
  std::vector<Vector> vectors;
  place(all.sums, vectors);
  all.start = start_of(all.sums, values);
  Stacking(values, all).run(vectors);
  return all;
}

}  // namespace unroll
