#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace unroll {

/// When instruments look, as diagnose_at says: each item "start", "end", a number of updates, or "every N".
class Moments {
 public:
  /// Throws std::invalid_argument naming the item that is none.
  explicit Moments(const std::vector<std::string>& items);

  /// The name of the moment after `update` updates, none where nobody looks there: "start", "update 100". The
  /// last planned update is no moment of its own where the end is one.
  std::optional<std::string> at(std::int64_t update, std::int64_t planned) const;
  bool at_end() const { return end_; }
  /// How many there are in a training of so many updates.
  std::int64_t count(std::int64_t updates) const;

 private:
  std::vector<std::int64_t> updates_, periods_;
  bool end_ = false;
};

/// The items as they stand in a config that is resolved: "start" is 0.
std::vector<std::string> resolved_moments(std::vector<std::string> items);

/// The step whose loss counts, from 0: -1 is each sequence's last one, none is all of them. `text` is
/// diagnose_loss_step; throws std::invalid_argument for what is no step.
std::optional<std::int64_t> loss_step(const std::string& text);

}  // namespace unroll
