#include "framework/plan/bind/draft.hpp"

#include <algorithm>

#include "framework/autodiff/op.hpp"
#include "framework/plan/ir/access.hpp"
#include "framework/plan/ir/uses.hpp"

namespace unroll::binding {

using namespace ir;

Draft::Draft(const Program& p)
    : program(p),
      shares(p.values.size(), none),
      region_of(p.values.size(), 0),
      made(p.values.size(), -1),
      home(p.values.size(), Home::given),
      first(p.values.size(), 0),
      last(p.values.size(), -1),
      spare_rows(p.values.size(), 0),
      shifted_from(p.values.size(), none) {
  add_region(p.code, nullptr, -1, -1);
  for (const Id input : p.inputs) regions[0].defined.push_back(input);
  for (const Instruction& instruction : p.once)
    each_result(instruction, [&](Id id) {
      home[id] = Home::always;
      regions[0].defined.push_back(id);
    });
}

int Draft::add_region(const Code& code, const Loop* loop, int parent, int position) {
  const int number = static_cast<int>(regions.size());
  regions.push_back({&code, loop, parent, position});
  moves.emplace_back();
  const auto define = [&](Id id) {
    region_of[id] = number;
    regions[static_cast<std::size_t>(number)].defined.push_back(id);
  };
  if (loop) each_argument(*loop, define);
  for (std::size_t i = 0; i < code.size(); ++i) {
    each_result(code[i], [&](Id id) {
      define(id);
      made[id] = static_cast<int>(i);
      home[id] = Home::arena;
    });
    const int inner =
        code[i].loop() ? add_region(code[i].loop()->body, code[i].loop(), number, static_cast<int>(i)) : -1;
    regions[static_cast<std::size_t>(number)].loops.push_back(inner);
  }
  return number;
}

void Draft::share(Id root, Id owner) {
  shares[root] = owner;
  first[owner] = std::min(first[owner], first[root]);
  last[owner] = std::max(last[owner], last[root]);
}

bool Draft::is_output(Id value) const {
  return std::ranges::any_of(program.outputs, [&](Id output) { return root(output) == value; });
}

namespace {

bool is_view(const Compute* compute) {
  return compute && compute->op->rows == Rows::reshape && compute->onto == none;
}

}  // namespace

void share_views(Draft& draft) {
  const auto share = [&](const Code& code) {
    for (const Instruction& instruction : code)
      if (const Compute* compute = instruction.compute(); is_view(compute))
        draft.shares[compute->out] = draft.root(compute->in[0]);
  };
  share(draft.program.once);
  for (const Region& region : draft.regions) share(*region.code);
}

namespace {

/// Walks through all code; `position_` says where in each region on the way down it is.
class Lifetimes {
 public:
  explicit Lifetimes(Draft& draft) : draft_(draft), position_(draft.regions.size(), 0) {}

  void run() {
    walk(0);
    position_[0] = static_cast<int>(draft_.program.code.size());
    for (const Id output : draft_.program.outputs) touch(output);
  }

 private:
  void touch(Id value) {
    const Id root = draft_.root(value);
    const int position = position_[static_cast<std::size_t>(draft_.region_of[root])];
    if (draft_.last[root] < 0) draft_.first[root] = position;
    draft_.last[root] = std::max(draft_.last[root], position);
  }

  void walk(int number) {
    const Region& region = draft_.regions[static_cast<std::size_t>(number)];
    for (std::size_t i = 0; i < region.code->size(); ++i) {
      position_[static_cast<std::size_t>(number)] = static_cast<int>(i);
      const Instruction& instruction = (*region.code)[i];
      each_operand(instruction, [&](Id id) { touch(id); });
      if (const Loop* loop = instruction.loop()) {
        walk(region.loops[i]);
        position_[static_cast<std::size_t>(region.loops[i])] = static_cast<int>(loop->body.size());
        each_observed(*loop, [&](Id id) { touch(id); });
      }
      each_result(instruction, [&](Id id) { touch(id); });
    }
  }

  Draft& draft_;
  std::vector<int> position_;
};

}  // namespace

void find_lifetimes(Draft& draft) { Lifetimes(draft).run(); }

namespace {

/// Whether a chain reads these bytes for nothing but this sum to begin with.
bool only_begins(const Draft& draft, const Chain& chain, const Compute& sum, Id root) {
  return sum.onto != none && draft.root(sum.onto) == root &&
         std::ranges::none_of(chain.links, [&](const Compute& link) {
           const auto reads = [&](Id in) { return draft.root(in) == root; };
           return std::ranges::any_of(link.in, reads) ||
                  (link.out != sum.out && link.onto != none && reads(link.onto));
         });
}

}  // namespace

bool chain_may_overwrite(const Draft& draft, const Chain& chain, Id out, Id root) {
  std::size_t last_read = 0, made = 0;
  for (std::size_t i = 0; i < chain.links.size(); ++i) {
    const Compute& link = chain.links[i];
    if (link.out == out && sums(*link.op)) return only_begins(draft, chain, link, root);
    if (link.out == out) made = i;
    for (const Id in : link.in) {
      if (draft.root(in) != root) continue;
      if (draft.program.dims(in) != chain.dims) return false;
      last_read = i;
    }
  }
  return last_read <= made;
}

int reads_of(const Draft& draft, const Instruction& instruction, Id root) {
  int count = 0;
  each_read(instruction, [&](Id id) { count += draft.root(id) == root; });
  return count;
}

}  // namespace unroll::binding
