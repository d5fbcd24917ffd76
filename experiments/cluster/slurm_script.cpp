#include "experiments/cluster/slurm_script.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/config/text.hpp"

namespace unroll {

namespace {

/// Before the time limit, in seconds: long enough for an update to end and a checkpoint to be written, though
/// Slurm sends the signal up to a minute early.
constexpr int lead = 120;

// What follows the #SBATCH lines and the command.
//
// Slurm sends SIGUSR1 to this shell alone, which passes it on. SIGTERM, as it cancels or preempts a job, goes
// to every process of it; a SIGTERM that comes second has the command end at once, without saving, and so
// what is passed on is a SIGUSR1, which says nothing new then, and not before the SIGTERM is there. A command
// that gets a signal before it watches for them dies of it, with 138 or 143, and has done nothing yet.
//
// A task is named by array and index: the number of the array's last task is that of the whole array as well,
// and requeueing that one would restart all tasks.
//
// A time limit shorter than the lead has the signal come at once, in every start.
constexpr std::string_view task_text = R"(
# More than one node: the same command on each of them.
if ((${SLURM_JOB_NUM_NODES:-1} > 1)); then
  command=(srun --ntasks-per-node=1 --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=0 --wait=0 "${command[@]}")
fi

signals=0 limit_is_near='' cancelled='' child=''
pass_on() {
  signals=$((signals + 1))
  [[ -z $child ]] || kill -USR1 "$child" 2>/dev/null
}
trap 'limit_is_near=1; pass_on' USR1
trap 'cancelled=1; sleep 1; pass_on' TERM

"${command[@]}" &
child=$!
[[ -z $limit_is_near$cancelled ]] || kill -USR1 "$child" 2>/dev/null
while
  before=$signals
  wait "$child"
  status=$?
  ((signals != before))
do :; done

# 75: stopped by a signal, with what was reached saved.
case $status in
  75 | 138 | 143) ;;
  *) exit "$status" ;;
esac
[[ -n $limit_is_near && -z $cancelled ]] || exit "$status"
if ((SECONDS < 60 && ${SLURM_RESTART_COUNT:-0} >= 10)); then
  echo "not requeued: the signal before the time limit keeps coming within a minute of the start; ask for more time" >&2
  exit "$status"
fi
if scontrol requeue "${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"; then
  echo "requeued, to go on from what was saved" >&2
else
  echo "Slurm does not requeue this task; submitting the sweep again goes on from what was saved" >&2
fi
exit "$status"
)";

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("/._-=:,+@%").find(c) != std::string_view::npos;
}

/// A value of an #SBATCH line as sbatch reads it: in double quotes, in which a backslash keeps a character
/// from meaning anything.
std::string directive_value(std::string_view text) {
  if (std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

std::string directive(std::string_view option, std::string_view value) {
  return value.empty() ? "" : fmt::format("#SBATCH --{}={}\n", option, directive_value(value));
}

std::string directives(const SlurmJob& job) {
  std::string text =
      directive("job-name", job.name) + directive("chdir", job.folder.string()) +
      fmt::format("#SBATCH --output={}/%A_%a.log\n#SBATCH --open-mode=append\n", slurm_folder_name) +
      fmt::format("#SBATCH --array=1-{}\n", job.tasks) + directive("nodes", job.nodes) +
      fmt::format("#SBATCH --ntasks-per-node=1\n#SBATCH --cpus-per-task={}\n", job.cpus) +
      directive("time", job.time) + directive("partition", job.partition) + directive("mem", job.memory) +
      directive("account", job.account) +
      fmt::format("#SBATCH --requeue\n#SBATCH --signal=B:USR1@{}\n", lead);
  for (const std::string& option : job.more)
    text += fmt::format("#SBATCH {}{}\n", option.starts_with('-') ? "" : "--", option);
  return text;
}

std::string command_text(const std::vector<std::string>& command) {
  std::vector<std::string> words;
  for (const std::string& word : command) words.push_back(shell_word(word));
  return fmt::format("command=({})\n", joined(words, " "));
}

bool is_control(char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; }

}  // namespace

std::string shell_word(std::string_view text) {
  if (!text.empty() && std::ranges::all_of(text, is_plain)) return std::string(text);
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'')
      quoted += "'\\''";
    else
      quoted += c;
  }
  return quoted + "'";
}

std::string objection_to_folder(const std::filesystem::path& folder) {
  const std::string text = folder.string();
  if (std::ranges::any_of(text, is_control)) return "its path has control characters, such as a line end";
  // In the name of a log they mean the numbers of job and task, and "no such meaning": so also in its folder.
  if (text.find_first_of("%\\") != std::string::npos)
    return "its path has a % or a \\, which Slurm does not take as they are where it writes logs";
  return "";
}

std::string batch_script(const SlurmJob& job) {
  return fmt::format("#!/bin/bash\n# {}\n{}\n{}{}", job.made_by, directives(job), command_text(job.command),
                     task_text);
}

}  // namespace unroll
