#include <algorithm>
#include <map>
#include <tuple>

#include "framework/autodiff/ops/indexing.hpp"
#include "framework/autodiff/ops/products.hpp"
#include "framework/autodiff/ops/rows.hpp"
#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/edit.hpp"
#include "framework/plan/ir/uses.hpp"
#include "framework/plan/passes/passes.hpp"
#include "framework/plan/passes/step_graph.hpp"

namespace unroll::passes {
namespace {

using namespace ir;

/// A table this small has fewer rows than nearly every batch of sequences has positions. A product of the
/// whole table is then less work than one of the rows taken from it.
constexpr std::int64_t small_table = 256;

/// Rows x of a small table, as embedded characters are, which the steps of a loop slice.
struct Embedding {
  Id table, index;
};

/// In one loop over steps: the products of an embedding's rows become rows of products of the table, and sums
/// of products with the rows become products with sums for each row of the table,
///     x W = (table W)[i],    sum over t of x'g = table' (sum over t of g at row i).
class TableLoop {
 public:
  TableLoop(Program& program, std::size_t at, const std::map<Id, Embedding>& embeddings)
      : program_(program), at_(at), loop_(*program.code[at].loop()) {
    for (const Loop::Slice& slice : loop_.slices)
      if (const auto found = embeddings.find(slice.whole); found != embeddings.end())
        rows_[slice.part] = found->second;
  }

  /// The loop's finished form is put back with what comes before and behind it. Returns how many
  /// instructions there are now in its place.
  std::size_t finish() {
    Code all = std::move(before_);
    all.push_back({std::move(loop_)});
    insert(all, all.size(), std::move(after_));
    const std::size_t count = all.size();
    program_.code.erase(program_.code.begin() + static_cast<std::ptrdiff_t>(at_));
    insert(program_.code, at_, std::move(all));
    return count;
  }

  void take_rows_of_products() {
    const StepGraph graph(program_, loop_);
    for (Instruction& instruction : loop_.body) {
      Compute& product = *instruction.compute();
      const auto rows = product.in.empty() ? rows_.end() : rows_.find(product.in[0]);
      if (rows == rows_.end() || !plain_product(product) || !graph.steady(product.in[1])) continue;
      const Id of_table = table_times(rows->second.table, product);
      product = {&gather_op(), {}, {of_table, index_slice(rows->second.index)}, product.out};
    }
  }

  void sum_by_row() {
    const StepGraph graph(program_, loop_);
    std::vector<std::size_t> gone;
    for (const StepGraph::Sum& sum : graph.sums()) {
      const auto producer = graph.producer(sum.addend);
      const Id final = loop_.states[sum.state].final;
      if (!producer || final == none || !graph.only_summed(*producer)) continue;
      if (filled_with(program_, loop_.states[sum.state].initial) != 0.0) continue;
      const Compute product = graph.compute(*producer);
      if (product.op->rows != Rows::product || !product.attrs.as<MatmulAttrs>().transpose_a) continue;
      const bool first = rows_.contains(product.in[0]);
      if (!first && !rows_.contains(product.in[1])) continue;
      const Embedding& rows = rows_.at(product.in[first ? 0 : 1]);
      const Id by_row = summed_by_row(rows, product.in[first ? 1 : 0]);
      std::vector<Id> in = first ? std::vector<Id>{rows.table, by_row} : std::vector<Id>{by_row, rows.table};
      after_.push_back({Compute{product.op, product.attrs, std::move(in), final}});
      gone.push_back(sum.state);
    }
    for (auto k = gone.rbegin(); k != gone.rend(); ++k)
      loop_.states.erase(loop_.states.begin() + static_cast<std::ptrdiff_t>(*k));
  }

  /// `whole`, which the loop stacks, is a sum of products g W of the steps: what of it comes back to the
  /// rows of the table is the sum of (sum over t of g at row i) W. Nothing where it is something else.
  std::optional<Id> back_to_table(Id whole, const Embedding& rows) {
    const auto stack = std::ranges::find(loop_.stacks, whole, &Loop::Stack::whole);
    if (stack == loop_.stacks.end()) return std::nullopt;
    const StepGraph graph(program_, loop_);
    std::vector<Compute> products;
    if (!collect_products(graph, stack->part, products)) return std::nullopt;
    std::optional<Id> total;
    for (const Compute& product : products) {
      const Id part = append(program_, after_, *product.op,
                             {summed_by_row(rows, product.in[0]), product.in[1]}, product.attrs);
      total = total ? append(program_, after_, add_op(), {*total, part}) : part;
    }
    return total;
  }

 private:
  static bool plain_product(const Compute& compute) {
    return compute.op->rows == Rows::product && !compute.attrs.as<MatmulAttrs>().transpose_a;
  }

  static bool collect_products(const StepGraph& graph, Id value, std::vector<Compute>& products) {
    const auto producer = graph.producer(value);
    if (!producer) return false;
    const Compute& compute = graph.compute(*producer);
    if (compute.op->is(Binary::add))
      return collect_products(graph, compute.in[0], products) &&
             collect_products(graph, compute.in[1], products);
    products.push_back(compute);
    return plain_product(compute) && graph.steady(compute.in[1]);
  }

  Id table_times(Id table, const Compute& product) {
    const std::tuple key{table, product.in[1], product.attrs.as<MatmulAttrs>().transpose_b};
    if (const auto known = of_table_.find(key); known != of_table_.end()) return known->second;
    return of_table_[key] = append(program_, before_, *product.op, {table, product.in[1]}, product.attrs);
  }

  Id index_slice(Id index) {
    for (const Loop::Slice& slice : loop_.slices)
      if (slice.whole == index) return slice.part;
    const Dims& dims = program_.dims(index);
    const Id part = program_.add_like(index, {dims.begin() + 1, dims.end()});
    loop_.slices.push_back({index, part});
    return part;
  }

  /// The sum over the steps of `g`, each of its rows added at the row of the table that it belongs to.
  Id summed_by_row(const Embedding& rows, Id g) {
    const std::pair key{rows.index, g};
    if (const auto known = by_row_.find(key); known != by_row_.end()) return known->second;
    const Id addend = append(program_, loop_.body, scatter_add_op(), {index_slice(rows.index), g},
                             ExtentAttrs{program_.dims(rows.table)[0]});
    const Id initial = append_zeros(program_, before_, program_.dims(addend));
    const Id before = program_.add(program_.values[addend]), final = program_.add(program_.values[addend]);
    loop_.states.push_back(
        {initial, before, append(program_, loop_.body, add_op(), {before, addend}), final});
    return by_row_[key] = final;
  }

  Program& program_;
  std::size_t at_;
  Loop loop_;
  Code before_, after_;
  std::map<Id, Embedding> rows_;  ///< by slice
  std::map<std::tuple<Id, Id, bool>, Id> of_table_;
  std::map<std::pair<Id, Id>, Id> by_row_;
};

bool is_small_table(const Dims& dims) {
  return dims.size() == 2 && dims[0].fixed() && dims[0].number() <= small_table;
}

/// Values of the program's code that are rows of a small table for every step and sequence.
std::map<Id, Embedding> find_embeddings(const Program& program) {
  std::map<Id, Embedding> found;
  for (const Instruction& instruction : program.code) {
    const Compute* compute = instruction.compute();
    if (compute && compute->op->rows == Rows::table && is_small_table(program.dims(compute->in[0])) &&
        program.dims(compute->in[1]).size() == 2)
      found[compute->out] = {compute->in[0], compute->in[1]};
  }
  return found;
}

/// Sums to which `value` alone is broken down: its terms, each read by nothing else.
void collect_terms(const Program& program, const std::vector<int>& made, const std::vector<int>& reads,
                   Id value, std::vector<Id>& terms) {
  const Compute* compute =
      made[value] < 0 ? nullptr : program.code[static_cast<std::size_t>(made[value])].compute();
  if (!compute || !compute->op->is(Binary::add) || reads[value] != 1) return terms.push_back(value);
  for (const Id in : compute->in) collect_terms(program, made, reads, in, terms);
}

/// scatter_add(index, sum of what loops stack), where all of it can be had without stacking it.
void go_back_to_tables(Program& program) {
  for (std::size_t i = 0; i < program.code.size(); ++i) {
    const Compute* scatter = program.code[i].compute();
    if (!scatter || scatter->op->rows != Rows::scatter || !is_small_table(program.dims(scatter->out)) ||
        program.dims(scatter->in[0]).size() != 2)
      continue;
    const Id out = scatter->out, index = scatter->in[0];
    const std::vector<int> reads = count_reads(program), made = definitions(program, program.code);
    std::vector<Id> terms;
    collect_terms(program, made, reads, scatter->in[1], terms);
    Program changed = program;  // all of the terms, or none
    std::optional<Id> total;
    Code sum;
    std::size_t at = i;
    bool all = true;
    for (const Id term : terms) {
      const int maker = definitions(changed, changed.code)[term];
      if (maker < 0 || reads[term] != 1 || !changed.code[static_cast<std::size_t>(maker)].loop() ||
          !changed.code[static_cast<std::size_t>(maker)].loop()->is<Loop::Steps>()) {
        all = false;
        break;
      }
      TableLoop loop(changed, static_cast<std::size_t>(maker), {});
      // The shape of the table is that of the result: its rows count, not what is in them.
      const std::optional<Id> part = loop.back_to_table(term, {out, index});
      if (!part) {
        all = false;
        break;
      }
      at += loop.finish() - 1;
      total = total ? append(changed, sum, add_op(), {*total, *part}) : *part;
    }
    if (!all) continue;
    program = std::move(changed);
    insert(program.code, at, std::move(sum));
    replace_reads(program, out, *total);
    remove_dead(program);
    i = 0;
  }
}

}  // namespace

void small_tables(Program& program) {
  const std::map<Id, Embedding> embeddings = find_embeddings(program);
  if (!embeddings.empty()) {
    for (std::size_t i = 0; i < program.code.size(); ++i) {
      if (!program.code[i].loop() || !program.code[i].loop()->is<Loop::Steps>()) continue;
      TableLoop loop(program, i, embeddings);
      loop.take_rows_of_products();
      loop.sum_by_row();
      i += loop.finish() - 1;
    }
  }
  go_back_to_tables(program);
  remove_dead(program);
}

}  // namespace unroll::passes
