#include "experiments/train/restored_record.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace unroll {
namespace {

constexpr const char* record_key = "record";
constexpr const char* losses_key = "losses";
constexpr std::int64_t most_attempts = 1'000'000'000;  // more have never been made

const std::string& text_in(const SafeTensors& file, const char* key) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end()) throw std::invalid_argument(fmt::format("checkpoint: no {}", key));
  return found->second;
}

void check_range(const char* name, std::int64_t value, std::int64_t least, std::int64_t most) {
  if (value >= least && value <= most) return;
  throw std::invalid_argument(
      fmt::format("checkpoint: {} is {}, expected from {} to {}", name, value, least, most));
}

void check_finite(const std::string& name, double value, double least) {
  if (std::isfinite(value) && value >= least) return;
  throw std::invalid_argument(fmt::format("checkpoint: {} is {}, expected a number{}", name, value,
                                          least == 0 ? ", at least 0" : ""));
}

void check(const TrialRecord& record, std::int64_t planned) {
  if (record.status == TrialStatus::failed)
    throw std::invalid_argument("checkpoint: the record is of a failed trial, which has no state");
  check_range("record.updates", record.updates, 0, planned);
  check_range("record.best_update", record.best_update, 0, record.updates);
  check_range("record.solved_at", record.solved_at.value_or(0), 0, record.updates);
  check_range("record.attempts", record.attempts, 0, most_attempts);
  check_finite("record.seconds", record.seconds, 0);
  for (const char* name : {"best_loss", "last_loss"}) {
    const std::optional<double> value = record.scalar(name);
    if (!value) throw std::invalid_argument(fmt::format("checkpoint: the record has no {}", name));
    if (record.status == TrialStatus::done) check_finite(name, *value, -HUGE_VAL);
  }
}

}  // namespace

std::int64_t whole_number(const std::string& name, const nlohmann::ordered_json& json, std::int64_t least,
                          std::int64_t most) {
  if (!json.is_number_integer())  // not the text of a list: it is made by recursion
    throw std::invalid_argument(fmt::format("checkpoint: {} is {}, expected a whole number", name,
                                            json.is_number() ? json.dump() : json.type_name()));
  const auto value = json.get<std::int64_t>();
  check_range(name.c_str(), value, least, most);
  return value;
}

void keep_record(const RecordOnTheWay& state, SafeTensors& to) {
  to.metadata[record_key] = to_json(state.record);
  // Sums that are finite: their shortest digits read back to the same bits.
  to.metadata[losses_key] = nlohmann::ordered_json({state.loss_sum, state.losses}).dump();
}

RecordOnTheWay restored_record(const SafeTensors& from, std::int64_t planned) {
  RecordOnTheWay state{.record = record_from_json(text_in(from, record_key))};
  check(state.record, planned);
  const auto losses = nlohmann::ordered_json::parse(text_in(from, losses_key));
  state.loss_sum = losses.at(0).get<double>();
  check_finite("the sum of losses", state.loss_sum, -HUGE_VAL);
  state.losses = whole_number("the number of losses", losses.at(1), 0, state.record.updates);
  return state;
}

}  // namespace unroll
