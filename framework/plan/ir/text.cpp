#include "framework/plan/ir/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace unroll::ir {
namespace {

class Writer {
 public:
  explicit Writer(const Program& program) : program_(program) {}

  std::string run() {
    for (const Id input : program_.inputs)
      line("", (program_.is_frozen(input) ? "frozen " : "input ") + typed(input));
    write(program_.once, "", "once ");
    write(program_.code, "", "");
    for (const Id output : program_.outputs) line("", "output " + name(output));
    return std::move(text_);
  }

 private:
  void line(const std::string& margin, const std::string& content) { text_ += margin + content + "\n"; }

  std::string name(Id id) const { return value_text(program_, id); }
  std::string typed(Id id) const {
    return fmt::format("{} {}{}", name(id), to_string(program_.dims(id)),
                       program_.values[id].kind == Kind::integer ? " integer" : "");
  }

  std::string call(const Compute& compute) const {
    std::string text = compute.onto == none ? "" : name(compute.onto) + " += ";
    text += std::string(compute.op->name) + unroll::to_text(compute.attrs);
    for (const Id in : compute.in) text += " " + name(in);
    return text;
  }

  void write(const Code& code, const std::string& margin, const char* mark) {
    for (const Instruction& instruction : code) {
      if (const Compute* compute = instruction.compute())
        line(margin, fmt::format("{}{} = {}", mark, typed(compute->out), call(*compute)));
      if (const Chain* chain = instruction.chain()) write(*chain, margin);
      if (const Loop* loop = instruction.loop()) write(*loop, margin);
    }
  }

  void write(const Chain& chain, const std::string& margin) {
    std::string results;
    for (const Id out : chain.out) results += (results.empty() ? "" : ", ") + name(out);
    line(margin, fmt::format("{} {} = chain", results, to_string(chain.dims)));
    for (const Compute& link : chain.links)
      line(margin + "  ", fmt::format("{} = {}", name(link.out), call(link)));
  }

  static std::string sizes(const Dims& dims) {
    return dims.empty() ? "" : fmt::format(", states {}", to_string(dims));
  }

  static std::string head(const Loop& loop) {
    const std::string over =
        fmt::format(" of {}{}", to_string(loop.length), loop.reverse ? ", reversed" : "");
    if (const auto* steps = std::get_if<Loop::Steps>(&loop.over))
      return "for each step" + over + sizes(steps->state_sizes);
    if (const auto* blocks = std::get_if<Loop::Blocks>(&loop.over))
      return "for blocks of R steps" + over + sizes(blocks->state_sizes);
    if (const auto* rows = std::get_if<Loop::Rows>(&loop.over))
      return fmt::format("for blocks of R rows{}, widest {}", over, to_string(rows->widest));
    return "for segments of S steps" + over;
  }

  void write(const Loop& loop, const std::string& margin) {
    const std::string inside = margin + "  ";
    line(margin, head(loop));
    for (const Loop::Slice& slice : loop.slices)
      line(inside, fmt::format("slice {} of {}", typed(slice.part), name(slice.whole)));
    for (const Loop::State& state : loop.states)
      line(inside, fmt::format("state {} from {}", typed(state.before), name(state.initial)));
    if (loop.step_index != none) line(inside, "index " + name(loop.step_index));
    write(loop.body, inside, "");
    for (const Loop::Stack& stack : loop.stacks)
      line(inside, fmt::format("stack {} into {}", name(stack.part), typed(stack.whole)));
    for (const Loop::State& state : loop.states)
      line(inside, fmt::format("carry {} as {}{}", name(state.after), name(state.before),
                               state.final == none ? "" : ", last " + typed(state.final)));
  }

  const Program& program_;
  std::string text_;
};

}  // namespace

std::string value_text(const Program& program, Id id) {
  if (id < 0 || static_cast<std::size_t>(id) >= program.values.size()) return fmt::format("%({})", id);
  std::string name = "%";
  for (const char c : program.values[id].name)
    name += std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' ? c : '_';
  if (name.size() > 1) name += ".";
  return name + std::to_string(id);
}

std::string to_text(const Program& program) { return Writer(program).run(); }

}  // namespace unroll::ir
