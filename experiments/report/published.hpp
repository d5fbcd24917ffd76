#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace unroll {

/// What a paper got, where a study gives it as a number: a line or a point in the plots of those trials.
struct PublishedValue {
  std::string of;                ///< a scalar ("best_loss", "solved_at") or a series ("loss")
  std::string moment = "";       ///< of a series
  std::optional<double> x = {};  ///< of a series: where along its axis, as updates
  std::optional<double> y = {};  ///< the value; none: at any
  std::string text;              ///< as the study says it: "850 updates [log]"
  std::vector<std::string> ids;  ///< of the trials that it is about
};

/// Keeps them in a sweep's folder, where every later report of it finds them; none: leaves the folder alone.
/// Throws FileError.
void write_published(const std::filesystem::path& folder, const std::vector<PublishedValue>& values);

/// Those that the folder holds. Throws FileError, and ConfigError naming the file where it is not what
/// write_published() writes.
std::vector<PublishedValue> read_published(const std::filesystem::path& folder);

}  // namespace unroll
