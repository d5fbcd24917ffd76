#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace unroll {

/// A job array for Slurm, each task of which runs the same command. What is empty is left to the cluster.
struct SlurmJob {
  std::string made_by;           ///< what was typed, for a comment
  std::string name;              ///< as squeue shows it
  std::filesystem::path folder;  ///< absolute: where the tasks run, and keep their logs in slurm/
  std::int64_t tasks = 1;
  std::int64_t cpus = 1;  ///< of each task, on each of its nodes
  std::string nodes = "1";
  std::string time, partition, memory, account;  ///< as sbatch takes them
  std::vector<std::string> more;                 ///< options of sbatch as they are, after the others
  std::vector<std::string> command;              ///< a program and its arguments
};

/// Below the folder of a sweep: the submissions to Slurm and the logs of their tasks.
inline constexpr std::string_view slurm_folder_name = "slurm";

/// Why a script that runs in this folder cannot be written; "" where it can.
std::string objection_to_folder(const std::filesystem::path& folder);

/// The batch script. A task whose time limit is near lets its command save and exit with 75, and puts itself
/// back into the queue; one that is cancelled saves as well, and ends.
std::string batch_script(const SlurmJob& job);

/// One word of a command for a shell, whatever is in it: 'it'\''s'. What needs no quotes stays as it is.
std::string shell_word(std::string_view text);

}  // namespace unroll
