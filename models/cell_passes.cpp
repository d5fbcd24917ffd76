#include "models/cell_passes.hpp"

#include <fmt/format.h>

#include <set>
#include <sstream>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/ir/text.hpp"
#include "framework/plan/lower.hpp"
#include "framework/plan/pipeline.hpp"
#include "models/unrolled_cell.hpp"

namespace unroll {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// The lines of one that the other lacks, each behind `sign`.
std::string missing(const std::vector<std::string>& lines, const std::vector<std::string>& in, char sign) {
  std::multiset<std::string> rest(in.begin(), in.end());
  std::string text;
  for (const std::string& line : lines) {
    const auto same = rest.find(line);
    if (same != rest.end())
      rest.erase(same);
    else
      text += fmt::format("{} {}\n", sign, line);
  }
  return text;
}

ir::Program recorded(const Cell& cell, std::int64_t input_size) {
  UnrolledCell net(cell, input_size);
  const Var loss = sum(square(net.scanned.final_state[0]));
  std::vector<Var> outputs = {loss};
  for (const Var& gradient : gradients(loss, net.p.all())) outputs.push_back(gradient);
  return lower(net.tape, outputs).program;
}

}  // namespace

std::string cell_passes(const Cell& cell, std::int64_t input_size) {
  ir::Program program = recorded(cell, input_size);
  std::vector<std::string> before = lines_of(ir::to_text(program));
  std::string text = fmt::format("as recorded\n{}", ir::to_text(program));
  for (const Pass& pass : pipeline()) {
    // One that runs on any T, and needs no budget.
    if (!pass.run || pass.when == Pass::When::under_budget || pass.name == "single-steps") continue;
    pass.run(program);
    const std::vector<std::string> after = lines_of(ir::to_text(program));
    const std::string change = missing(before, after, '-') + missing(after, before, '+');
    if (!change.empty()) text += fmt::format("\n{}: {}\n{}", pass.name, pass.does, change);
    before = after;
  }
  return text;
}

}  // namespace unroll
