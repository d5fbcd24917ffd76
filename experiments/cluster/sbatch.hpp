#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace unroll {

/// Slurm did not take a job: what it said.
class SlurmRefused : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// sbatch ended without saying whether there is a job now.
class SlurmSilent : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Slurm's program sbatch, looked up in PATH. Throws SlurmRefused where there is none.
std::filesystem::path find_sbatch();

/// Hands `script` to Slurm without the variables `without` in its environment, which the job's is a copy of.
/// Gives the job's number. Throws SlurmRefused or SlurmSilent.
std::string submit(const std::filesystem::path& sbatch, const std::filesystem::path& script,
                   const std::vector<std::string>& without);

}  // namespace unroll
