#include "experiments/tasks/speech/recordings.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>

#include "experiments/data/audio/resample.hpp"
#include "experiments/data/audio/sound_file.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/archive.hpp"
#include "experiments/tasks/speech/names.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

namespace options = speech_options;

constexpr std::size_t most_shown = 5;

/// Says of a path what a user has said of it.
class Namer {
 public:
  explicit Namer(const TaskConfig& config)
      : label_(options::label_pattern, config.get<std::string>(options::label_pattern)),
        group_(options::group_pattern, config.get<std::string>(options::group_pattern)),
        tested_(options::test_pattern, config.get<std::string>(options::test_pattern)),
        tested_group_(config.get<std::string>(options::test_group)) {
    const InputFile& table = config.get<InputFile>(options::labels);
    if (!table.empty()) table_.emplace(table);
    if (table_ && !label_.empty())
      throw DataError("task.label_pattern: task.labels is given too, and both say what the labels are");
    if (!tested_group_.empty() && group_.empty())
      throw DataError(fmt::format("task.test_group is \"{}\", but task.group_pattern does not say who speaks",
                                  printable(tested_group_)));
  }

  /// Without samples. "" as its label: there is none.
  SpokenFile named(const std::string& path) const {
    SpokenFile one{
        .file = path, .label = label_of(path), .group = group_.of(path).value_or(""), .samples = {}};
    if (!group_.empty() && one.group.empty())
      throw DataError(
          fmt::format("{}: task.group_pattern \"{}\" does not match it, and nobody knows who speaks",
                      printable(path), printable(group_.text())));
    one.tested = tested_.of(path).has_value() || (!tested_group_.empty() && one.group == tested_group_);
    return one;
  }

  void check_tested(const std::vector<SpokenFile>& all) const {
    std::set<std::string> groups;
    for (const SpokenFile& one : all) groups.insert(one.group);
    const std::vector<std::string> known(groups.begin(), groups.end());
    if (!tested_group_.empty() && !groups.contains(tested_group_))
      throw DataError(fmt::format("task.test_group: nobody is called \"{}\"{}; there are {}",
                                  printable(tested_group_), did_you_mean(tested_group_, known),
                                  printable(fmt::format("{}", fmt::join(known, ", ")))));
    const auto matches = [&](const SpokenFile& one) { return tested_.of(one.file).has_value(); };
    if (!tested_.empty() && std::ranges::none_of(all, matches))
      throw DataError(
          fmt::format("task.test_pattern: no file's name matches \"{}\" as a whole; the first one is {}",
                      printable(tested_.text()), printable(all.front().file)));
  }

 private:
  std::string label_of(const std::string& path) const {
    if (table_) return table_->of(path).value_or("");
    return label_.empty() ? folder_name(path) : label_.of(path).value_or("");
  }

  NamePattern label_, group_, tested_;
  std::string tested_group_;
  std::optional<LabelTable> table_;
};

void check_labelled(const Recordings& recordings, const TaskConfig& config) {
  std::vector<std::string> without;
  for (const SpokenFile& one : recordings.all)
    if (one.label.empty()) without.push_back(printable(one.file));
  if (without.empty()) return;
  const bool table = !config.get<InputFile>(options::labels).empty();
  const bool pattern = !config.get<std::string>(options::label_pattern).empty();
  const std::string count = fmt::format("{} of {}", without.size(), recordings.all.size());
  if (without.size() > most_shown) {
    without.resize(most_shown);
    without.emplace_back("...");
  }
  throw DataError(fmt::format("{}: labels are missing for {} recordings: {}; {}", recordings.source, count,
                              fmt::join(without, ", "),
                              table     ? "task.labels has no row for them"
                              : pattern ? "task.label_pattern does not match their names as a whole"
                                        : "they lie in no folder; give task.label_pattern, or task.labels"));
}

void check_audible(const SpokenFile& one, const std::string& source) {
  if (std::ranges::any_of(one.samples, [](float x) { return x != 0; })) return;
  throw DataError(
      fmt::format("{}: {}: silence: all its {} samples are 0; leave the file out, or record it again", source,
                  printable(one.file), one.samples.size()));
}

std::string kind_of(const Sound& sound) {
  return fmt::format("{} Hz, {} channel{}", sound.rate, sound.channels, sound.channels == 1 ? "" : "s");
}

}  // namespace

Recordings read_recordings(const TaskConfig& config) {
  const InputFile& file = config.get<InputFile>(options::recordings);
  if (file.empty())
    throw DataError(
        "task.recordings: the task speech learns from recordings: give a folder or a tar of them");
  const std::int64_t rate = config.get<std::int64_t>(options::sample_rate);
  const Namer namer(config);
  Recordings recordings{.source = file.path, .all = {}, .kinds = {}, .passed_over = {}};
  for_each_member(archive_of(file), file.path, [&](const std::string& given, const std::string& bytes) {
    const std::string path = std::filesystem::path(given).lexically_normal().string();
    if (!is_sound_name(path)) return recordings.passed_over.push_back(path);
    Sound sound = read_sound(bytes, fmt::format("{}: {}", file.path, printable(path)));
    ++recordings.kinds[kind_of(sound)];
    recordings.mixed_down += sound.channels > 1;
    recordings.resampled += sound.rate != rate;
    SpokenFile& one = recordings.all.emplace_back(namer.named(path));
    one.samples = at_rate(std::move(sound), rate).samples;
    check_audible(one, file.path);
  });
  if (recordings.all.empty())
    throw DataError(fmt::format("{}: expected recordings (.wav, .flac, .ogg), found {} other files",
                                file.path, recordings.passed_over.size()));
  std::ranges::sort(recordings.all, {}, &SpokenFile::file);
  check_labelled(recordings, config);
  namer.check_tested(recordings.all);
  return recordings;
}

}  // namespace unroll
