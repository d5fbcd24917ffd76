#include "framework/plan/run/chain_code.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace unroll {
namespace {

/// A link with its operands and result by number.
struct Link {
  ElementKernel kernel;
  std::vector<int> from;
  int to;
  bool sum = false;
  int onto = -1;  ///< of a sum
};

class Numbering {
 public:
  Numbering(const ir::Program& program, const ir::Chain& chain, ChainCode& code)
      : program_(program), chain_(chain), code_(code) {}

  std::vector<Link> run() {
    number_inputs();
    for (const ir::Id out : chain_.out) number(out), code_.results.push_back(program_.dims(out));
    first_inner_ = static_cast<int>(code_.values.size());
    std::vector<Link> links;
    for (std::size_t i = 0; i < chain_.links.size(); ++i) links.push_back(link(i));
    return links;
  }

 private:
  void number(ir::Id value) {
    numbers_[value] = static_cast<int>(code_.values.size());
    code_.values.push_back(value);
  }

  void number_inputs() {
    std::set<ir::Id> made;
    for (std::size_t i = 0; i < chain_.links.size(); ++i) {
      for (const ir::Id in : chain_.links[i].in) {
        last_read_[in] = i;
        if (made.contains(in) || numbers_.contains(in)) continue;
        number(in);
        code_.inputs.push_back({*ir::access_in_chain(program_.dims(in), chain_.dims), program_.dims(in)});
      }
      if (const ir::Id onto = chain_.links[i].onto; onto != ir::none && !numbers_.contains(onto)) {
        number(onto);
        code_.inputs.push_back({*ir::access_in_chain(program_.dims(onto), chain_.dims), program_.dims(onto)});
      }
      made.insert(chain_.links[i].out);
    }
  }

  /// An operand that is read for the last time gives its place to the result.
  Link link(std::size_t i) {
    const ir::Compute& compute = chain_.links[i];
    Link link{{ElementKernel::Form::copy}, {}, -1};
    if (compute.op->elementwise()) link.kernel = compute.op->element;
    link.sum = ir::sums(*compute.op);
    if (compute.onto != ir::none) link.onto = numbers_.at(compute.onto);
    for (const ir::Id in : compute.in) {
      link.from.push_back(numbers_.at(in));
      if (link.from.back() >= first_inner_ && last_read_[in] == i) free_.insert(link.from.back());
    }
    if (!numbers_.contains(compute.out)) {
      if (free_.empty()) free_.insert(first_inner_ + static_cast<int>(code_.inner++));
      numbers_[compute.out] = free_.extract(free_.begin()).value();
    }
    link.to = numbers_.at(compute.out);
    return link;
  }

  const ir::Program& program_;
  const ir::Chain& chain_;
  ChainCode& code_;
  std::map<ir::Id, int> numbers_;
  std::map<ir::Id, std::size_t> last_read_;
  std::set<int> free_;
  int first_inner_ = 0;
};

/// Whether a link's result is read by more than the first operand that the next link takes over.
bool read_from_memory(const std::vector<Link>& links, std::size_t link, int first_inner) {
  const int to = links[link].to;
  if (to < first_inner) return true;
  for (std::size_t i = link + 1; i < links.size(); ++i) {
    const auto& [kernel, from, next, adds_up, onto] = links[i];
    const auto reads = std::ranges::count(from, to);
    const bool taken_over = i == link + 1 && reads == 1 &&
                            (from[0] == to || (kernel.form == ElementKernel::Form::binary && from[1] == to));
    if (reads > 0 && !taken_over) return true;
    if (next == to) return false;  // the place holds another value from here on
  }
  return false;
}

/// Turns links, which name their operands, into steps that pass a value on: a result that the next link alone
/// reads is never stored.
std::vector<ChainStep> steps_of(const std::vector<Link>& links, int first_inner, ChainCode& code) {
  using enum ChainStep::Form;
  const auto number = [](int n) { return static_cast<std::int16_t>(n); };
  std::vector<ChainStep> steps;
  int held = -1;
  for (std::size_t i = 0; i < links.size(); ++i) {
    const auto& [kernel, from, to, adds_up, onto] = links[i];
    const bool second_held = kernel.form == ElementKernel::Form::binary && from[1] == held && from[0] != held;
    if (from[0] != held && !second_held) steps.push_back({.form = load, .operand = number(from[0])});
    if (adds_up) {  // the value that is added up is passed on
      const int running = first_inner + static_cast<int>(code.inner + code.sums.size());
      code.sums.push_back({to, running, onto});
      steps.push_back({.form = ChainStep::Form::sum, .operand = number(to), .other = number(running)});
      held = from[0];
      continue;
    }
    if (kernel.form == ElementKernel::Form::unary)
      steps.push_back({.form = unary, .function = kernel.index});
    else if (kernel.form == ElementKernel::Form::binary)
      steps.push_back({.form = second_held ? reversed : binary,
                       .function = kernel.index,
                       .operand = number(second_held ? from[0] : from[1])});
    else if (kernel.form == ElementKernel::Form::choice)
      steps.push_back({.form = choice, .operand = number(from[1]), .other = number(from[2])});
    held = to;
    if (read_from_memory(links, i, first_inner)) steps.push_back({.form = store, .operand = number(to)});
  }
  return steps;
}

}  // namespace

ChainCode chain_code(const ir::Program& program, const ir::Chain& chain) {
  ChainCode code;
  code.dims = chain.dims;
  const std::vector<Link> links = Numbering(program, chain, code).run();
  code.steps = steps_of(links, static_cast<int>(code.values.size()), code);
  return code;
}

}  // namespace unroll
