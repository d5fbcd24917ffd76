#include "experiments/verbs/slurm.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/any.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <optional>

#include "experiments/cluster/sbatch.hpp"
#include "experiments/cluster/slurm_script.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/verbs/build.hpp"
#include "experiments/verbs/checked_cells.hpp"
#include "experiments/verbs/kernels.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "experiments/verbs/submission.hpp"
#include "experiments/verbs/train.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

namespace po = boost::program_options;

constexpr std::int64_t most_tasks = 4'000'000;  // Slurm's MaxArraySize is at most one more
constexpr std::int64_t most_cpus = 65'535;      // as Slurm counts them on a node

/// What matters to a submission alone.
Flags slurm_flags() {
  Flags flags("on a cluster");
  flags.add_options()("slurm",
                      "submit the sweep to Slurm as a job array, by sbatch, and end; what follows needs it")(
      "array", number_flag<std::int64_t>()->default_value(1),
      "tasks; they share the trials, and each runs as many at once as it has cores")(
      "nodes", po::value<std::string>(), "nodes of each task; 1 by default")(
      "time", po::value<std::string>(),
      "time limit of a task, as sbatch takes it; one that is near has the task save what runs "
      "and queue again")("partition", po::value<std::string>(), "partition")(
      "cpus", number_flag<std::int64_t>()->default_value(1), "cores of each task")(
      "mem", po::value<std::string>(), "memory of each task's node, like 8G")(
      "account", po::value<std::string>(), "account")(
      "slurm-option", po::value<std::vector<std::string>>(),
      "any other option of sbatch, like --slurm-option --qos=long; may be given again");
  return flags;
}

bool is_given(const Arguments& arguments, const std::string& flag) {
  return arguments.flags.count(flag) != 0 && !arguments.flags[flag].defaulted();
}

std::int64_t count_of(const Arguments& arguments, const char* flag, std::int64_t most) {
  const auto count = arguments.flags[flag].as<std::int64_t>();
  if (count >= 1 && count <= most) return count;
  throw UsageError(fmt::format("--{} must be from 1 to {}, but is {}", flag, most, count));
}

/// A line of the script holds it, and what it means is Slurm's to say.
std::string checked(const char* flag, const std::string& text) {
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' ' || c == 127; };
  if (text.empty()) throw UsageError(fmt::format("--{}: expected a value, found an empty one", flag));
  if (std::ranges::any_of(text, is_control))
    throw UsageError(fmt::format("--{}: expected one line without control characters, found \"{}\"", flag,
                                 printable(text)));
  return text;
}

std::string flag_text(const Arguments& arguments, const char* flag, const std::string& by_default = "") {
  return is_given(arguments, flag) ? checked(flag, arguments.flags[flag].as<std::string>()) : by_default;
}

std::vector<std::string> more_options(const Arguments& arguments) {
  std::vector<std::string> options;
  if (is_given(arguments, "slurm-option"))
    options = arguments.flags["slurm-option"].as<std::vector<std::string>>();
  for (const std::string& option : options) checked("slurm-option", option);
  return options;
}

/// "--jobs=2", as it was given.
std::string as_word(const std::string& flag, const boost::any& value) {
  const auto* text = boost::any_cast<std::string>(&value);
  if (text && !text->empty()) return fmt::format("--{}={}", flag, *text);  // it is empty where none is taken
  if (const auto* number = boost::any_cast<std::int64_t>(&value))
    return fmt::format("--{}={}", flag, *number);
  if (const auto* real = boost::any_cast<double>(&value)) return fmt::format("--{}={}", flag, *real);
  return fmt::format("--{}", flag);
}

/// Flags that a task is given as they are: all but those of the submission, those that name what the task is
/// given in its own way, and what has been done by then.
std::vector<std::string> passed_on(const Arguments& arguments) {
  constexpr std::array<std::string_view, 5> done = {"out", "extend", "no-wait", "retry-failed", "budget"};
  const Flags own = slurm_flags();
  std::vector<std::string> words;
  for (const auto& [flag, value] : arguments.flags) {
    const bool is_own =
        own.find_nothrow(flag, false) != nullptr || std::ranges::find(done, flag) != done.end();
    if (!is_own && !value.defaulted()) words.push_back(as_word(flag, value.value()));
  }
  return words;
}

/// This program, as the tasks start it.
std::string program_path() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) throw UsageError(fmt::format("--slurm: cannot tell where this program is: {}", error.message()));
  return path.string();
}

std::filesystem::path absolute_folder(const std::filesystem::path& folder) {
  const std::filesystem::path whole = std::filesystem::absolute(folder).lexically_normal();
  const std::filesystem::path path = whole.has_filename() ? whole : whole.parent_path();
  if (const std::string why = objection_to_folder(path); !why.empty())
    throw UsageError(fmt::format("{} cannot be the folder of a submission to Slurm: {}; choose another --out",
                                 printable(path.string()), why));
  return path;
}

SlurmJob job_of(const Arguments& arguments, const std::filesystem::path& folder, const std::string& name) {
  SlurmJob job;
  job.made_by = one_line(arguments.command_line);
  job.name = one_line(name);
  job.folder = folder;
  job.tasks = count_of(arguments, "array", most_tasks);
  job.cpus = count_of(arguments, "cpus", most_cpus);
  job.nodes = flag_text(arguments, "nodes", "1");
  job.time = flag_text(arguments, "time");
  job.partition = flag_text(arguments, "partition");
  job.memory = flag_text(arguments, "mem");
  job.account = flag_text(arguments, "account");
  job.more = more_options(arguments);
  return job;
}

std::vector<std::string> command_of(const Arguments& arguments, const std::filesystem::path& config,
                                    const std::filesystem::path& folder) {
  std::vector<std::string> command = {program_path(), "sweep",         config.string(),
                                      "--out",        folder.string(), "--no-wait"};
  for (std::string& word : passed_on(arguments)) command.push_back(std::move(word));
  return command;
}

void say_submitted(const std::string& id, const SlurmJob& job, std::size_t trials) {
  const std::string folder = job.folder.string(), word = shell_word(folder);
  say("job {}: {} task{} for {} trial{}\n  unroll status {}\n  squeue --job {}\n  scancel {}   # the same "
      "sweep, submitted again, goes on\nlogs: {}/{}/{}_*.log\n",
      id, job.tasks, job.tasks == 1 ? "" : "s", trials, trials == 1 ? "" : "s", word, id, id, folder,
      slurm_folder_name, id);
}

int hand_over(Submission& submission, const SlurmJob& job, const std::filesystem::path& sbatch) {
  try {
    const std::string id = submit(sbatch, submission.script(), variables_of_kernels());
    say_submitted(id, job, submission.trials_to_run());
    fmt::print("{}\n", id);
    return exit_good;
  } catch (const SlurmRefused& error) {
    submission.withdraw();
    say("unroll: {}\n{}\n", error.what(), submission.what_is_left());
    return exit_usage;
  } catch (const SlurmSilent& error) {
    say("unroll: {}; whether {} was submitted, squeue can tell\n", error.what(),
        submission.script().string());
    return exit_trial_failed;
  }
}

}  // namespace

void add_slurm_flags(Flags& flags) { flags.add(slurm_flags()); }

bool wants_slurm(const Arguments& arguments) {
  if (arguments.has("slurm")) return true;
  const Flags own = slurm_flags();
  for (const auto& flag : own.options())
    if (is_given(arguments, flag->long_name()))
      throw UsageError(
          fmt::format("--{} needs --slurm, which submits the sweep to a cluster", flag->long_name()));
  return false;
}

int submit_to_slurm(const Arguments& arguments, const SweepPlan& plan, const std::string& config,
                    const std::filesystem::path& given, const std::string& name) {
  const bool dry = arguments.has("dry-run");
  const std::filesystem::path folder = absolute_folder(given);
  SlurmJob job = job_of(arguments, folder, name);
  const SweepOptions options = sweep_options(arguments, plan, folder);
  kept_models(arguments, "");
  std::filesystem::path sbatch;
  if (!dry) sbatch = find_sbatch();
  CheckedCells cells(arguments.laboratory(), folder, options.build);
  check_plan(arguments.laboratory(), plan, cells);

  Submission submission(arguments.laboratory(), plan, options);
  const std::size_t trials = submission.trials_to_run();
  if (trials == 0) {
    say("all {} trials are finished: there is nothing to submit\n", plan.trials.size());
    return exit_good;
  }
  job.tasks = std::min(job.tasks, static_cast<std::int64_t>(trials));
  const auto write_script = [&](const std::filesystem::path& config_file) {
    job.command = command_of(arguments, config_file, folder);
    return batch_script(job);
  };
  if (dry) {
    fmt::print("{}", write_script(submission.next_config()));
    return exit_good;
  }
  submission.write(config, write_script);
  cells.save();
  return hand_over(submission, job, sbatch);
}

}  // namespace unroll
