#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "framework/autodiff/ops/shaping.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/text.hpp"

namespace unroll::ir {
namespace {

/// One line of the text, read from left to right.
class Line {
 public:
  Line(std::string_view text, std::size_t number) : number_(number) {
    indent_ = std::min(text.find_first_not_of(' '), text.size());
    rest_ = text.substr(indent_);
  }

  std::size_t indent() const { return indent_; }
  bool empty() const { return rest_.empty(); }

  [[noreturn]] void expected(std::string_view what) const {
    throw std::invalid_argument(
        fmt::format("[parse] line {}: expected {} before '{}'", number_, what, rest_));
  }

  /// What `f` reads, in whose words, the line apart, it is said where it cannot be read.
  template <class F>
  auto reading(F f) const {
    try {
      return f();
    } catch (const std::invalid_argument& error) {
      throw std::invalid_argument(fmt::format("[parse] line {}: {}", number_, error.what()));
    }
  }

  bool starts_with(std::string_view word) const { return rest_.starts_with(word); }
  bool take(std::string_view word) {
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }
  void need(std::string_view word) {
    if (!take(word)) expected(fmt::format("'{}'", word));
  }
  void end() const {
    if (!rest_.empty()) expected("the end of the line");
  }

  /// Up to one of `ends`, or the end of the line.
  std::string_view until(std::string_view ends) {
    const std::string_view taken = rest_.substr(0, rest_.find_first_of(ends));
    rest_.remove_prefix(taken.size());
    return taken;
  }

  /// "%h.7".
  std::string name() {
    if (!rest_.starts_with('%')) expected("a value, as %name.7");
    return std::string(until(" ,"));
  }

  /// "(T, B, 3)".
  Dims dims() {
    const std::size_t end = rest_.find(')');
    if (!rest_.starts_with('(') || end == std::string_view::npos) expected("a shape, as (T, B, 3)");
    const Dims dims = reading([&] { return parse_dims(rest_.substr(0, end + 1)); });
    rest_.remove_prefix(end + 1);
    return dims;
  }

  /// "{axis=1}" or nothing.
  std::string_view attrs() {
    if (!rest_.starts_with('{')) return {};
    const std::size_t end = rest_.find('}');
    if (end == std::string_view::npos) expected("attributes that end with }");
    const std::string_view taken = rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    return taken;
  }

 private:
  std::string_view rest_;
  std::size_t indent_ = 0;
  std::size_t number_;
};

class Parser {
 public:
  explicit Parser(std::string_view text) {
    for (std::size_t number = 1; !text.empty(); ++number) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      if (Line line(text.substr(0, end), number); !line.empty()) lines_.push_back(line);
      text.remove_prefix(std::min(end + 1, text.size()));
    }
  }

  Program run() {
    while (at_ < lines_.size()) {
      Line line = lines_[at_];
      if (line.take("input ")) {
        program_.inputs.push_back(typed(line));
        next(line);
      } else if (line.take("frozen ")) {
        program_.inputs.push_back(typed(line));
        program_.frozen.push_back(program_.inputs.back());
        next(line);
      } else if (line.take("output ")) {
        program_.outputs.push_back(read(line));
        next(line);
      } else if (line.take("once ")) {
        program_.once.push_back({compute(line)});
        next(line);
      } else {
        program_.code.push_back(instruction(line));
      }
    }
    return std::move(program_);
  }

 private:
  void next(const Line& line) {
    line.end();
    ++at_;
  }

  Id define(Line& line, const std::string& name, Dims dims, Kind kind) {
    if (ids_.contains(name)) line.expected(fmt::format("another name: {} is defined already", name));
    const std::size_t dot = name.rfind('.');
    const bool named = dot != std::string::npos;
    return ids_[name] = program_.add({std::move(dims), kind, named ? name.substr(1, dot - 1) : ""});
  }

  /// "%x.0 (T, B, 3) integer".
  Id typed(Line& line) {
    const std::string name = line.name();
    line.need(" ");
    Dims dims = line.dims();
    return define(line, name, std::move(dims), line.take(" integer") ? Kind::integer : Kind::real);
  }

  Id read(Line& line) {
    const std::string name = line.name();
    const auto found = ids_.find(name);
    if (found == ids_.end()) line.expected(fmt::format("a value that is defined, not {},", name));
    return found->second;
  }

  /// "matmul{transpose_b} %h.6 %U.1", or with "%sum.3 += " before it.
  void call(Line& line, Compute& compute) {
    if (line.starts_with("%")) {
      compute.onto = read(line);
      line.need(" += ");
    }
    const std::string name(line.until("{ "));
    const auto rows = op_table();
    const auto row = std::ranges::find(rows, name, [](const Op* op) { return op->name; });
    if (row == rows.end()) line.expected(fmt::format("the name of an op, not '{}',", name));
    compute.op = *row;
    const std::string_view attrs = line.attrs();
    if (!attrs.empty()) compute.attrs = line.reading([&] { return parse_attrs(**row, attrs); });
    while (line.take(" ")) compute.in.push_back(read(line));
  }

  /// "%matmul.8 (B, 5) = %sum.3 += matmul %h.6 %U.1".
  Compute compute(Line& line) {
    Compute made;
    const std::string name = line.name();
    line.need(" ");
    const Dims dims = line.dims();
    const Kind kind = line.take(" integer") ? Kind::integer : Kind::real;
    line.need(" = ");
    call(line, made);
    made.out = define(line, name, dims, kind);
    return made;
  }

  Instruction instruction(Line line) {
    if (line.take("for ")) return {loop(line)};
    Line copy = line;
    std::vector<std::string> results = {copy.name()};
    while (copy.take(", ")) results.push_back(copy.name());
    copy.need(" ");
    Dims dims = copy.dims();
    if (copy.take(" = chain")) return {chain(copy, results, std::move(dims))};
    Compute made = compute(line);
    next(line);
    return {std::move(made)};
  }

  Chain chain(Line& line, const std::vector<std::string>& results, Dims dims) {
    const std::size_t indent = line.indent();
    next(line);
    Chain made;
    made.dims = std::move(dims);
    while (at_ < lines_.size() && lines_[at_].indent() > indent) {
      Line link = lines_[at_];
      const std::string name = link.name();
      link.need(" = ");
      Compute& compute = made.links.emplace_back();
      call(link, compute);
      const auto* sum = sums(*compute.op) ? compute.attrs.get_if<DimsAttrs>() : nullptr;
      compute.out = define(link, name, sum ? sum->dims : made.dims, Kind::real);
      next(link);
    }
    for (const std::string& name : results) {
      const auto found = ids_.find(name);
      const bool made_here = found != ids_.end() &&
                             std::ranges::find(made.links, found->second, &Compute::out) != made.links.end();
      if (!made_here) line.expected(fmt::format("a link of the chain that makes {}", name));
      made.out.push_back(found->second);
    }
    return made;
  }

  static Dim single(const Line& line, std::string_view text) {
    const Dims dims = line.reading([&] { return parse_dims(fmt::format("({})", text)); });
    if (dims.size() != 1) line.expected("an extent");
    return dims[0];
  }

  static Dims state_sizes(Line& line) { return line.take(", states ") ? line.dims() : Dims{}; }

  /// "blocks of R steps of T, reversed, states (5·B)".
  static void head(Line& line, Loop& loop) {
    const bool steps = line.take("each step"), blocks = !steps && line.take("blocks of R steps");
    const bool rows = !steps && !blocks && line.take("blocks of R rows");
    if (!steps && !blocks && !rows) line.need("segments of S steps");
    line.need(" of ");
    loop.length = single(line, line.until(","));
    loop.reverse = line.take(", reversed");
    if (steps) loop.over = Loop::Steps{state_sizes(line)};
    if (blocks) loop.over = Loop::Blocks{state_sizes(line)};
    if (!steps && !blocks && !rows) loop.over = Loop::Segments{};
    if (!rows) return;
    line.need(", widest ");
    loop.over = Loop::Rows{single(line, line.until(""))};
  }

  Loop loop(Line& line) {
    const std::size_t indent = line.indent();
    Loop made;
    head(line, made);
    next(line);
    while (at_ < lines_.size() && lines_[at_].indent() > indent) {
      Line inside = lines_[at_];
      if (member(inside, made))
        next(inside);
      else
        made.body.push_back(instruction(inside));
    }
    if (std::ranges::find(made.states, none, &Loop::State::after) != made.states.end())
      line.expected("that each state of the loop is carried");
    return made;
  }

  /// What a loop has beside its body.
  bool member(Line& line, Loop& loop) {
    if (line.take("slice ")) {
      const Id part = typed(line);
      line.need(" of ");
      loop.slices.push_back({read(line), part});
    } else if (line.take("state ")) {
      const Id before = typed(line);
      line.need(" from ");
      loop.states.push_back({read(line), before, none});
    } else if (line.take("index ")) {
      loop.step_index = define(line, line.name(), {}, Kind::integer);
    } else if (line.take("stack ")) {
      const Id part = read(line);
      line.need(" into ");
      loop.stacks.push_back({part, typed(line)});
    } else if (line.take("carry ")) {
      carry(line, loop);
    } else {
      return false;
    }
    return true;
  }

  void carry(Line& line, Loop& loop) {
    const Id after = read(line);
    line.need(" as ");
    const Id before = read(line);
    const auto state = std::ranges::find(loop.states, before, &Loop::State::before);
    if (state == loop.states.end()) line.expected("a state of this loop");
    state->after = after;
    if (line.take(", last ")) state->final = typed(line);
  }

  Program program_;
  std::vector<Line> lines_;
  std::size_t at_ = 0;
  std::map<std::string, Id> ids_;
};

}  // namespace

Program parse(std::string_view text) {
  Program program = Parser(text).run();
  return program;
}

}  // namespace unroll::ir
