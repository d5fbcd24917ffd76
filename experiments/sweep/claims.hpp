#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "experiments/sweep/worker.hpp"

namespace unroll {

/// Who does what in a folder that any number of processes work on, on any number of machines. A claim is a
/// file, claim-<unit>.<n>, whose content is its worker's token. It is made by an exclusive create, which
/// local and network file systems promise to let only one process win; nothing is locked or renamed.
///
/// Claim n + 1 takes over from claim n when the worker of that is dead (WorkerWatch). One that was only
/// paused goes on without knowing: then a unit may be done twice, which gives the same records. Who has
/// claimed a unit looks what of it is recorded before it does anything; its own records are written before
/// the claim goes. Claims stand in the folder of the journals: making one lets a network file system's client
/// see the files that others made there.
///
/// tests/sweep_claims.pml is this protocol as a model, which is checked.
class Claims {
 public:
  Claims(std::filesystem::path folder, std::chrono::milliseconds patience,
         std::chrono::milliseconds beat = std::chrono::seconds(2));
  ~Claims();
  Claims(const Claims&) = delete;
  Claims& operator=(const Claims&) = delete;

  /// Whether the unit is this process's from now on. Throws FileError.
  bool take(const std::string& unit);
  /// How many dead workers had a unit before that is this process's.
  int takeovers(const std::string& unit) const { return taken_.at(unit) - 1; }
  /// It is nobody's from now on.
  void release(const std::string& unit);

 private:
  struct Standing {
    int number = 0;  ///< of the latest claim; 0: there is none
    std::string token;
  };

  Standing standing(const std::string& unit) const;
  std::filesystem::path path_of(const std::string& unit, int number) const;
  bool create(const std::string& unit, int number);

  std::filesystem::path folder_;
  Worker worker_;
  WorkerWatch watch_;
  std::map<std::string, int> taken_;  ///< with their numbers
};

/// Removes what processes that were killed left in a folder: their claims and their own files. Only where
/// every trial is recorded; elsewhere a claim that goes could be made anew while another one takes it over.
void remove_dead_claims(const std::filesystem::path& folder, std::chrono::milliseconds patience);

}  // namespace unroll
