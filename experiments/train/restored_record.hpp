#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "experiments/records/record.hpp"
#include "framework/tensor/safetensors.hpp"

namespace unroll {

/// What is known of a trial on its way.
struct RecordOnTheWay {
  TrialRecord record;
  double loss_sum = 0;  ///< of updates since the last validation
  std::int64_t losses = 0;
};

/// Writes it into a checkpoint's metadata.
void keep_record(const RecordOnTheWay& state, SafeTensors& to);

/// Reads it again. `planned`: updates of the whole trial. Throws std::invalid_argument that names what is
/// missing or what no trial can have: more updates than planned, fewer than none, a best loss that is no
/// number.
RecordOnTheWay restored_record(const SafeTensors& from, std::int64_t planned);

/// A whole number from a checkpoint's JSON. Throws std::invalid_argument that names it, what was expected and
/// what was found.
std::int64_t whole_number(const std::string& name, const nlohmann::ordered_json& json, std::int64_t least,
                          std::int64_t most);

}  // namespace unroll
