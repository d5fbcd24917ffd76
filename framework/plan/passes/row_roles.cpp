#include "framework/plan/passes/row_roles.hpp"
#include "framework/autodiff/ops/products.hpp"

#include <algorithm>

#include "framework/autodiff/ops/rows.hpp"

namespace unroll::passes {
namespace {

using namespace ir;
using Roles = std::optional<RowRoles>;

class Reader {
 public:
  Reader(const Compute& compute, const Program& program, Dim length)
      : compute_(compute), program_(program), length_(length) {}

  Roles read() const {
    switch (compute_.op->rows) {
      case Rows::elementwise:
      case Rows::spread:
        return elementwise();
      case Rows::last_axis:
        return last_axis();
      case Rows::table:
        return same_rows(in(1), out()) ? rows({false, true}) : std::nullopt;
      case Rows::product:
        return product();
      case Rows::reshape:
        return has_rows(out()) && has_rows(in(0)) ? rows({true}) : std::nullopt;
      case Rows::sum:
        return sum();
      case Rows::scatter:
        return same_rows(in(0), in(1)) ? summed({true, true}) : std::nullopt;
      case Rows::none:
      case Rows::axes:
        return std::nullopt;
    }
    return std::nullopt;
  }

 private:
  const Dims& in(std::size_t i) const { return program_.dims(compute_.in[i]); }
  const Dims& out() const { return program_.dims(compute_.out); }

  bool has_rows(const Dims& dims) const { return !dims.empty() && quotient(dims[0], length_); }
  bool same_rows(const Dims& a, const Dims& b) const { return has_rows(a) && has_rows(b) && a[0] == b[0]; }

  static Roles rows(std::vector<bool> operands) { return RowRoles{std::move(operands), true}; }
  static Roles summed(std::vector<bool> operands) { return RowRoles{std::move(operands), false}; }

  /// An operand that broadcasts along the first axis is needed whole.
  Roles elementwise() const {
    if (!has_rows(out())) return std::nullopt;
    std::vector<bool> roles;
    for (std::size_t i = 0; i < compute_.in.size(); ++i)
      roles.push_back(in(i).size() == out().size() && in(i)[0] == out()[0]);
    return rows(std::move(roles));
  }

  /// Ops of this kind work along the last axis of their widest value, which must not be the rows' one.
  Roles last_axis() const {
    std::size_t rank = out().size();
    for (std::size_t i = 0; i < compute_.in.size(); ++i) {
      if (!same_rows(in(i), out())) return std::nullopt;
      rank = std::max(rank, in(i).size());
    }
    return rank >= 2 ? rows(std::vector<bool>(compute_.in.size(), true)) : std::nullopt;
  }

  Roles product() const {
    if (in(0).size() != 2) return std::nullopt;
    const MatmulAttrs& attrs = compute_.attrs.as<MatmulAttrs>();
    if (!attrs.transpose_a) return same_rows(in(0), out()) ? rows({true, false}) : std::nullopt;
    return !attrs.transpose_b && same_rows(in(0), in(1)) ? summed({true, true}) : std::nullopt;
  }

  Roles sum() const {
    if (!has_rows(in(0))) return std::nullopt;
    if (out().size() == in(0).size() && out()[0] == in(0)[0]) return rows({true});
    return summed({true});
  }

  const Compute& compute_;
  const Program& program_;
  Dim length_;
};

}  // namespace

std::optional<RowRoles> row_roles(const Instruction& instruction, const Program& program, Dim length) {
  const Compute* compute = instruction.compute();
  if (!compute || compute->onto != none) return std::nullopt;
  return Reader(*compute, program, length).read();
}

}  // namespace unroll::passes
