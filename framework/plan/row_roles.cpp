#include "framework/plan/row_roles.hpp"

#include <algorithm>

#include "framework/autodiff/ops/products.hpp"

namespace unroll {
namespace {

using Roles = std::optional<RowRoles>;

class Reader {
 public:
  Reader(const Instruction& instruction, const Program& program, Dim length)
      : instruction_(instruction), program_(program), length_(length) {}

  Roles read() const {
    switch (instruction_.op->rows) {
      case Rows::product:
        return product();
      case Rows::sum:
        return sum();
      case Rows::scatter:
        return scatter();
      case Rows::reshape:
        return has_rows(out()) && has_rows(in(0)) ? rows({true}) : std::nullopt;
      case Rows::spread:
      case Rows::elementwise:
        return elementwise();
      case Rows::last_axis:
        return last_axis();
      case Rows::table:
        return same_rows(in(1), out()) ? rows({false, true}) : std::nullopt;
      default:
        return std::nullopt;
    }
  }

 private:
  const Dims& in(std::size_t i) const { return program_.slots[instruction_.in[i]].dims; }
  const Dims& out() const { return program_.slots[instruction_.out].dims; }

  bool has_rows(const Dims& dims) const { return !dims.empty() && quotient(dims[0], length_); }
  bool same_rows(const Dims& a, const Dims& b) const { return has_rows(a) && has_rows(b) && a[0] == b[0]; }

  static Roles rows(std::vector<bool> operands) { return RowRoles{std::move(operands), true}; }
  static Roles summed(std::vector<bool> operands) { return RowRoles{std::move(operands), false}; }

  /// An operand that broadcasts along the first axis is needed whole.
  Roles elementwise() const {
    if (!has_rows(out())) return std::nullopt;
    std::vector<bool> roles;
    for (std::size_t i = 0; i < instruction_.in.size(); ++i)
      roles.push_back(in(i).size() == out().size() && in(i)[0] == out()[0]);
    return rows(std::move(roles));
  }

  /// Ops of this kind work along the last axis of their widest value, which must not be the rows' one.
  Roles last_axis() const {
    std::size_t rank = out().size();
    for (std::size_t i = 0; i < instruction_.in.size(); ++i) {
      if (!same_rows(in(i), out())) return std::nullopt;
      rank = std::max(rank, in(i).size());
    }
    return rank >= 2 ? rows(std::vector<bool>(instruction_.in.size(), true)) : std::nullopt;
  }

  Roles product() const {
    if (in(0).size() != 2) return std::nullopt;
    const MatmulAttrs& attrs = instruction_.attrs.as<MatmulAttrs>();
    if (!attrs.transpose_a) return same_rows(in(0), out()) ? rows({true, false}) : std::nullopt;
    return !attrs.transpose_b && same_rows(in(0), in(1)) ? summed({true, true}) : std::nullopt;
  }

  Roles sum() const {
    if (!has_rows(in(0))) return std::nullopt;
    if (out().size() == in(0).size() && out()[0] == in(0)[0]) return rows({true});
    return summed({true});
  }

  Roles scatter() const { return same_rows(in(0), in(1)) ? summed({true, true}) : std::nullopt; }

  const Instruction& instruction_;
  const Program& program_;
  Dim length_;
};

}  // namespace

std::optional<RowRoles> row_roles(const Instruction& instruction, const Program& program, Dim length) {
  if (instruction.loop || instruction.fused || instruction.accumulate) return std::nullopt;
  const Slot& out = program.slots[instruction.out];
  if (out.alias != no_slot || out.place != Place::arena) return std::nullopt;
  return Reader(instruction, program, length).read();
}

}  // namespace unroll
