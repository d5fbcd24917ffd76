#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <vector>

namespace unroll {

/// Interpolated modified Kneser-Ney by definition: every n-gram is a vector in a map, every sum is made anew.
/// With a line end, each line is a sentence that begins with a token of its own (here -1), as SRILM has it.
class KneserNeyOracle {
 public:
  using Ngram = std::vector<int>;

  KneserNeyOracle(const std::vector<int>& text, int types, int order, int line_end)
      : types_(types), order_(order), line_end_(line_end) {
    for (const Ngram& sentence : sentences(text))
      for (std::size_t end = 1; end <= sentence.size(); ++end)
        for (std::size_t n = 1; n <= std::min<std::size_t>(end, static_cast<std::size_t>(order)); ++n)
          if (sentence[end - 1] != -1) ++raw_[part(sentence, end - n, end)];
    std::map<Ngram, std::set<int>> before;
    for (const auto& [ngram, count] : raw_)
      if (ngram.size() > 1) before[part(ngram, 1, ngram.size())].insert(ngram.front());
    for (const auto& [ngram, count] : raw_)
      adjusted_[ngram] = before.contains(ngram) ? static_cast<int>(before[ngram].size()) : count;
  }

  /// `context` from the text's start.
  double probability(const std::vector<int>& context, int token) const {
    Ngram h = sentences(context, true).back();
    const std::size_t longest = static_cast<std::size_t>(order_) - 1;
    if (h.size() > longest) h = part(h, h.size() - longest, h.size());
    return probability(h, token, true);
  }

 private:
  static Ngram part(const Ngram& all, std::size_t from, std::size_t to) {
    return {all.begin() + static_cast<std::ptrdiff_t>(from), all.begin() + static_cast<std::ptrdiff_t>(to)};
  }

  std::vector<Ngram> sentences(const std::vector<int>& text, bool open = false) const {
    if (line_end_ < 0) return {text};
    std::vector<Ngram> all{{-1}};
    for (const int token : text) {
      all.back().push_back(token);
      if (token == line_end_) all.push_back({-1});
    }
    if (!open && all.back().size() == 1) all.pop_back();
    return all;
  }

  double probability(const Ngram& h, int token, bool highest) const {
    const std::size_t n = h.size() + 1;
    const auto& counts = highest && n == static_cast<std::size_t>(order_) ? raw_ : adjusted_;
    const double lower = h.empty() ? 1.0 / types_ : probability(part(h, 1, h.size()), token, false);
    double total = 0, kept_back = 0, own = 0;
    const std::vector<double> d = discounts(counts, n);
    for (const auto& [ngram, count] : counts) {
      if (ngram.size() != n || part(ngram, 0, n - 1) != h) continue;
      const double discount = d[static_cast<std::size_t>(std::min(count, 3))];
      total += count;
      kept_back += discount;
      if (ngram.back() == token) own = count - discount;
    }
    return total == 0 ? lower : own / total + kept_back / total * lower;
  }

  static std::vector<double> discounts(const std::map<Ngram, int>& counts, std::size_t n) {
    std::vector<double> having(6);
    for (const auto& [ngram, count] : counts)
      if (ngram.size() == n && count <= 4) ++having[static_cast<std::size_t>(count)];
    const double y = having[1] / (having[1] + 2 * having[2]);
    const std::vector<double> d{0, 1 - 2 * y * having[2] / having[1], 2 - 3 * y * having[3] / having[2],
                                3 - 4 * y * having[4] / having[3]};
    const bool fits = d[1] > 0 && d[2] > 0 && d[3] > 0 && d[1] < 1 && d[2] < 2 && d[3] < 3;
    return fits ? d : std::vector<double>{0, 0.5, 1, 1.5};
  }

  int types_, order_, line_end_;
  std::map<Ngram, int> raw_, adjusted_;
};

}  // namespace unroll
