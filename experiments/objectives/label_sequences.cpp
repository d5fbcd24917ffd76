#include "experiments/objectives/label_sequences.hpp"

#include <algorithm>
#include <numeric>

#include "framework/autodiff/ctc.hpp"

namespace unroll {

std::vector<std::int64_t> said_by(std::span<const std::int64_t> path) {
  std::vector<std::int64_t> labels;
  std::int64_t before = no_label;
  for (const std::int64_t output : path) {
    if (output != before && output != no_label) labels.push_back(output);
    before = output;
  }
  return labels;
}

std::int64_t edit_distance(std::span<const std::int64_t> a, std::span<const std::int64_t> b) {
  std::vector<std::int64_t> row(b.size() + 1);  // distances of what is read of a from each beginning of b
  std::iota(row.begin(), row.end(), std::int64_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::int64_t diagonal = row[0]++;
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::int64_t replaced = diagonal + (a[i] != b[j]);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, diagonal + 1, row[j] + 1});
    }
  }
  return row.back();
}

}  // namespace unroll
