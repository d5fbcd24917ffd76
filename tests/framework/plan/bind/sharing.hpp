#pragma once

#include <fmt/format.h>

#include <map>
#include <string>

#include "framework/plan/ir/text.hpp"
#include "framework/plan/ir/uses.hpp"
#include "tests/framework/plan/bind/lifetimes.hpp"
#include "tests/framework/plan/bind/placed.hpp"

namespace unroll {

/// Looks for values that are in each other's bytes while somebody still reads them.
class Sharing {
 public:
  Sharing(const ir::Program& program, const Binding& binding, Frame<double>& frame)
      : program_(program), binding_(binding), frame_(frame), life_(program), view_of_(program.values.size()) {
    for (std::size_t v = 0; v < view_of_.size(); ++v) view_of_[v] = static_cast<ir::Id>(v);
    note(program.once);
    note(program.code);
  }

  /// Values with bytes of their own that overlap, or one written over another too early; "" where there are
  /// none.
  std::string faults() const {
    std::string found;
    const std::map<ir::Id, Bytes> all = bytes();
    for (auto a = all.begin(); a != all.end(); ++a)
      for (auto b = std::next(a); b != all.end(); ++b)
        if (a->second.meets(b->second))
          found += fmt::format("{} and {} overlap\n", name(a->first), name(b->first));
    std::map<ir::Id, std::vector<ir::Id>> by_root;
    for (std::size_t v = 0; v < program_.values.size(); ++v)
      by_root[binding_.root(static_cast<ir::Id>(v))].push_back(static_cast<ir::Id>(v));
    for (const auto& [root, sharers] : by_root)
      for (const ir::Id u : sharers)
        for (const ir::Id v : sharers)
          if (u != v && too_early(u, v)) found += fmt::format("{} is written over {}\n", name(v), name(u));
    return found;
  }

 private:
  /// In memory, and when.
  struct Bytes {
    const std::byte *begin = nullptr, *end = nullptr;
    int from = 0, to = 0;

    bool meets(const Bytes& other) const {
      return begin < other.end && other.begin < end && from <= other.to && other.from <= to;
    }
  };

  std::string name(ir::Id id) const { return ir::value_text(program_, id); }
  ir::Id view(ir::Id id) const { return view_of_[static_cast<std::size_t>(id)]; }

  void note(const ir::Code& code) {
    for (const ir::Instruction& instruction : code) {
      ir::each_result(instruction, [&](ir::Id id) { maker_[id] = &instruction; });
      const ir::Compute* compute = instruction.compute();
      if (compute && compute->op->rows == Rows::reshape && compute->onto == ir::none &&
          binding_.root(compute->out) == binding_.root(compute->in[0]))
        view_of_[static_cast<std::size_t>(compute->out)] = view(compute->in[0]);
      if (instruction.loop()) note(instruction.loop()->body);
    }
  }

  /// A history, and the trajectory a row behind it, are one thing.
  ir::Id owner(ir::Id id) const {
    id = binding_.root(id);
    return binding_.place(id).home == Home::shifted ? binding_.root(binding_.place(id).shifted_from) : id;
  }

  std::map<ir::Id, Bytes> bytes() const {
    std::map<ir::Id, Bytes> all;
    for (std::size_t v = 0; v < program_.values.size(); ++v) {
      const auto id = static_cast<ir::Id>(v);
      const Lifetimes::Span& span = life_[id];
      const std::byte* start = frame_.pointer(id);
      if (span.made < 0 || !start || binding_.place(binding_.root(id)).home == Home::given) continue;
      const bool real = program_.values[v].kind == Kind::real;
      std::size_t size = static_cast<std::size_t>(frame_.shape(id).numel()) * (real ? sizeof(double) : 8);
      if (binding_.place(binding_.root(id)).home == Home::pair) size *= 2;
      auto [found, is_new] = all.try_emplace(owner(id), Bytes{start, start + size, span.begin(), span.end()});
      Bytes& known = found->second;
      known = {std::min(known.begin, start), std::max(known.end, start + size),
               std::min(known.from, span.begin()), std::max(known.to, span.end())};
    }
    return all;
  }

  bool too_early(ir::Id u, ir::Id v) const {
    if (life_[u].made < 0 || life_[v].made < 0 || view(u) == view(v) || binding_.root(u) != binding_.root(v))
      return false;
    const auto order = [&](ir::Id id) { return std::pair{life_[id].made, id}; };
    if (order(v) < order(u) || life_[u].last < life_[v].made) return false;
    return life_[u].last > life_[v].made || !may_overwrite(view(u), v);
  }

  /// Whether the instruction that makes `made`, the last one to read `read`, may do so over its bytes.
  bool may_overwrite(ir::Id read, ir::Id made) const {
    const auto is_read = [&](ir::Id id) { return view(id) == read; };
    const auto maker = maker_.find(view(made));
    if (maker == maker_.end()) return false;
    if (const ir::Compute* compute = maker->second->compute()) {
      const auto reads = std::ranges::count_if(compute->in, is_read);
      if (compute->onto != ir::none) return reads == 0 && is_read(compute->onto);
      return compute->op->in_place && reads == 1 && is_read(compute->in[0]);
    }
    if (const ir::Chain* chain = maker->second->chain()) {
      bool written = false, good = true;
      for (const ir::Compute& link : chain->links) {
        if (link.out == view(made) && ir::sums(*link.op)) return only_begins(*chain, link, is_read);
        for (const ir::Id in : link.in)
          if (is_read(in)) good = good && !written && program_.dims(in) == chain->dims;
        written = written || link.out == view(made);
      }
      return good && written;
    }
    return false;  // a loop's results are made when it ends, behind all that it reads
  }

  /// A sum begins before the chain reads anything.
  template <class IsRead>
  static bool only_begins(const ir::Chain& chain, const ir::Compute& sum, IsRead is_read) {
    const bool read = std::ranges::any_of(
        chain.links, [&](const ir::Compute& link) { return std::ranges::any_of(link.in, is_read); });
    return !read && sum.onto != ir::none && is_read(sum.onto);
  }

  const ir::Program& program_;
  const Binding& binding_;
  const Frame<double>& frame_;
  Lifetimes life_;
  std::vector<ir::Id> view_of_;
  std::map<ir::Id, const ir::Instruction*> maker_;
};

}  // namespace unroll
