#include "framework/plan/ir/access.hpp"

#include <algorithm>

#include "framework/tensor/chain.hpp"
#include "framework/tensor/jit/record_chain.hpp"

namespace unroll::ir {

std::optional<Access> access(const Dims& operand, const Dims& full) {
  if (operand.size() > full.size()) return std::nullopt;
  Dims dims(full.size() - operand.size(), Dim(1));
  dims.insert(dims.end(), operand.begin(), operand.end());
  if (dims == full) return Access::whole;
  const auto is_one = [](Dim d) { return d == Dim(1); };
  if (std::all_of(dims.begin(), dims.end(), is_one)) return Access::scalar;
  const auto first = std::find_if_not(dims.begin(), dims.end(), is_one) - dims.begin();
  if (std::equal(dims.begin() + first, dims.end(), full.begin() + first)) return Access::tiled;
  const auto last = std::find_if_not(dims.rbegin(), dims.rend(), is_one) - dims.rbegin();
  if (std::equal(dims.rbegin() + last, dims.rend(), full.rbegin() + last)) return Access::repeated;
  return std::nullopt;
}

bool of_rows(const Dims& full) {
  constexpr std::int64_t least_in_row = grouped_elements, least_in_matrix = running_values, wide = 1024;
  if (full.size() < 3 || !full.back().fixed() || full.back().number() < least_in_row) return false;
  const bool of_matrices = full[full.size() - 2].fixed();
  return numel(full).number() >= (of_matrices ? least_in_matrix : wide);
}

bool of_vectors(const Dims& full) {
  constexpr std::int64_t least_in_row = 64;
  return full.size() == 2 && full[1].fixed() && full[1].number() >= least_in_row &&
         full[1].number() % running_values == 0;
}

bool sums_by_row(const Dims& sum, const Dims& full) {
  if (of_vectors(full)) return sum.size() == 1 && sum[0] == full[1];
  if (!of_rows(full)) return false;
  if (full.back().number() % running_values == 0) return true;
  const auto axis = [](const Dims& dims, std::size_t from_last) {
    return from_last < dims.size() ? dims[dims.size() - 1 - from_last] : Dim(1);
  };
  return axis(sum, 0) == axis(full, 0) || axis(sum, 1) == axis(full, 1);
}

std::optional<Access> access_in_chain(const Dims& operand, const Dims& full) {
  if (const auto known = access(operand, full)) return known;
  const bool broadcasts = of_rows(full) && broadcast(operand, full) == full;
  return broadcasts ? std::optional(Access::by_rows) : std::nullopt;
}

const Dims& shape_in_chain(const Compute& compute, const Program& program) {
  return program.dims(sums(*compute.op) ? compute.in[0] : compute.out);
}

namespace {

bool calls_a_function(const Op& op) {
  const ElementKernel& element = op.element;
  if (element.form == ElementKernel::Form::unary)
    return !jit::has_instructions(static_cast<Unary>(element.index));
  return element.form == ElementKernel::Form::binary &&
         !jit::has_instructions(static_cast<Binary>(element.index));
}

}  // namespace

std::vector<Dims> shapes_with_calls(const Program& program, const Code& code) {
  std::vector<Dims> found;
  for (const Instruction& instruction : code) {
    const Compute* compute = instruction.compute();
    if (compute && chainable(*compute->op) && calls_a_function(*compute->op))
      found.push_back(shape_in_chain(*compute, program));
  }
  return found;
}

}  // namespace unroll::ir
