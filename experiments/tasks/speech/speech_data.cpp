#include "experiments/tasks/speech/speech_data.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <stdexcept>

#include "experiments/data/data_error.hpp"
#include "experiments/data/splits.hpp"
#include "experiments/tasks/data_options.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "framework/autodiff/ctc.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

namespace options = speech_options;

/// Of the order in which recordings are split: the same in every trial, so that all are judged on the same.
constexpr std::uint64_t split_seed = 1;

Features made_features(const TaskConfig& config) {
  try {
    return Features(options::feature_settings(config));
  } catch (const std::invalid_argument& error) {
    throw DataError(error.what());
  }
}

// ---- Splits ----

using Indices = std::vector<std::int64_t>;

/// The recordings in the order in which parts are cut off, those that stay together as one.
std::vector<Indices> shuffled_units(const Recordings& recordings, const Indices& of, bool by_group) {
  std::map<std::string, Indices> units;
  for (const std::int64_t i : of) {
    const SpokenFile& one = recordings.all[static_cast<std::size_t>(i)];
    units[by_group ? one.group : one.file].push_back(i);
  }
  std::vector<Indices> sorted, all;
  for (auto& [name, unit] : units) sorted.push_back(std::move(unit));
  for (const std::int64_t at : random_order(std::ssize(sorted), split_seed))
    all.push_back(sorted[static_cast<std::size_t>(at)]);
  return all;
}

Indices joined(const std::vector<Indices>& units, std::int64_t first, std::int64_t count) {
  Indices all;
  for (std::int64_t u = first; u < first + count; ++u)
    std::ranges::copy(units[static_cast<std::size_t>(u)], std::back_inserter(all));
  std::ranges::sort(all);
  return all;
}

SpeechParts split(const TaskConfig& config, const Recordings& recordings) {
  SpeechParts parts;
  Indices rest;
  for (std::int64_t i = 0; i < std::ssize(recordings.all); ++i)
    (recordings.all[static_cast<std::size_t>(i)].tested ? parts.test : rest).push_back(i);
  const bool by_group = config.get<std::string>(options::split) == "groups";
  if (by_group && config.get<std::string>(options::group_pattern).empty())
    throw DataError("task.split is groups, but task.group_pattern does not say who speaks");
  const std::vector<Indices> units = shuffled_units(recordings, rest, by_group);
  const double test = parts.test.empty() ? config.get<double>(data_options::test_fraction) : 0;
  const PartSizes sizes =
      part_sizes(std::ssize(units), config.get<double>(data_options::validation_fraction), test);
  if (sizes.training < 1 || sizes.validation < 1)
    throw DataError(
        fmt::format("{}: of {} {} that are not to be tested on, {} are to validate on and {} to test on: "
                    "nothing is left to {}; "
                    "take more, or other fractions (task.validation_fraction, task.test_fraction)",
                    recordings.source, units.size(), by_group ? "groups" : "recordings", sizes.validation,
                    sizes.test, sizes.training < 1 ? "train on" : "validate on"));
  parts.training = joined(units, 0, sizes.training);
  parts.validation = joined(units, sizes.training, sizes.validation);
  if (sizes.test > 0) parts.test = joined(units, sizes.training + sizes.validation, sizes.test);
  return parts;
}

// ---- Labels ----

bool continues_character(char byte) { return (static_cast<unsigned char>(byte) & 0xc0) == 0x80; }  // UTF-8

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words(1);
  for (const char c : text)
    if (c == ' ' || c == '\t')
      words.emplace_back();
    else
      words.back() += c;
  std::erase(words, "");
  return words;
}

std::vector<std::string> characters_of(const std::string& text) {
  std::vector<std::string> characters;
  for (const char c : text)
    if (!characters.empty() && continues_character(c))
      characters.back() += c;
    else
      characters.emplace_back(1, c);
  return characters;
}

/// What is said in a recording, label by label.
std::vector<std::string> said_in(const SpokenFile& one, const TaskConfig& config, bool ctc) {
  if (!ctc) return {one.label};
  return config.get<std::string>(options::label_unit) == "words" ? words_of(one.label)
                                                                 : characters_of(one.label);
}

using Texts = std::vector<std::vector<std::string>>;

/// Those of the training part, or those that a model has learned.
std::vector<std::string> labels_in(const TaskConfig& config, const SpeechParts& parts, const Texts& texts) {
  if (config.preparation && !config.preparation->labels.empty()) return config.preparation->labels;
  std::set<std::string> all;
  for (const std::int64_t i : parts.training)
    all.insert(texts[static_cast<std::size_t>(i)].begin(), texts[static_cast<std::size_t>(i)].end());
  return {all.begin(), all.end()};
}

void find_targets(const Texts& texts, SpeechData& data) {
  for (std::size_t i = 0; i < texts.size(); ++i) {
    std::vector<std::int64_t>& target = data.targets.emplace_back();
    for (const std::string& label : texts[i]) {
      const auto found = std::ranges::lower_bound(data.labels, label);
      if (found == data.labels.end() || *found != label)
        throw DataError(
            fmt::format("{}: {}: the label \"{}\" is none of the {} that are trained on{}; is "
                        "task.label_pattern meant so?",
                        data.recordings.source, printable(data.recordings.all[i].file), printable(label),
                        data.labels.size(), did_you_mean(label, data.labels)));
      target.push_back(found - data.labels.begin());
    }
  }
}

void check_labels(const SpeechData& data) {
  if (data.labels.size() >= 2 || data.ctc) return;
  throw DataError(fmt::format("{}: all recordings have the label \"{}\", and there is nothing to tell apart",
                              data.recordings.source, printable(data.labels.front())));
}

/// Every sequence must have room for its labels, however its recordings stand side by side.
void check_room(const SpeechData& data) {
  if (!data.ctc) return;
  for (std::size_t i = 0; i < data.targets.size(); ++i) {
    const SpokenFile& one = data.recordings.all[i];
    const std::int64_t steps = data.listening.features().steps(std::ssize(one.samples));
    const std::int64_t labels = std::ssize(data.targets[i]);
    if (2 * labels <= steps) continue;
    throw DataError(fmt::format(
        "{}: {}: it has {} labels, but {} steps, of which each label may need two: take a smaller "
        "task.hop_ms or task.stack, or are the labels another file's?",
        data.recordings.source, printable(one.file), labels, steps));
  }
}

std::int64_t most_labels(const SpeechData& data) {
  std::size_t most = 1;
  for (const auto& target : data.targets) most = std::max(most, target.size());
  return static_cast<std::int64_t>(most) * std::max<std::int64_t>(1, data.splice.most);
}

Tensor<std::int64_t> filled_up(const std::vector<std::int64_t>& labels, std::int64_t most) {
  Tensor<std::int64_t> all({most}, no_label);
  std::ranges::copy(labels, all.data());
  return all;
}

/// (N), or of labels (N, most).
Tensor<std::int64_t> target_table(const SpeechData& data) {
  const std::int64_t count = std::ssize(data.targets), width = data.ctc ? data.most_labels : 1;
  Tensor<std::int64_t> all(data.ctc ? Shape{count, width} : Shape{count}, no_label);
  for (std::int64_t i = 0; i < count; ++i)
    std::ranges::copy(data.targets[static_cast<std::size_t>(i)], all.data() + i * width);
  return all;
}

// ---- Inputs ----

std::shared_ptr<SequenceTable> table_of(const SpeechData& data) {
  std::vector<Range> sequences;
  std::int64_t steps = 0;
  for (const SpokenFile& one : data.recordings.all) {
    sequences.push_back({steps, data.listening.features().steps(std::ssize(one.samples))});
    steps += sequences.back().count;
  }
  auto table = std::make_shared<SequenceTable>(
      SequenceTable{.inputs = Tensor<float>({steps, data.listening.features().width()}),
                    .target = target_table(data),
                    .sequences = std::move(sequences)});
  float* to = table->inputs.data();
  for (const SpokenFile& one : data.recordings.all) {
    const Tensor<float> inputs = data.listening.inputs(one.samples);
    to = std::ranges::copy(inputs.span(), to).out;
  }
  return table;
}

void scale(const TaskConfig& config, SpeechData& data, SequenceTable& table) {
  std::vector<Range> rows;
  for (const std::int64_t i : data.parts.training)
    rows.push_back(table.sequences[static_cast<std::size_t>(i)]);
  const bool none = config.get<std::string>(options::normalise) == "none";
  data.listening.set_scaling(
      config.preparation ? config.preparation->inputs
                         : fit_scaling(none ? ScalingRule::none : ScalingRule::standard, table.inputs, rows));
  data.listening.scaling().apply(table.inputs);
}

// ---- Sequences made anew ----

class MadeOf final : public DataSource {
 public:
  MadeOf(std::shared_ptr<const SpeechData> data, Indices of, std::uint64_t seed, Purpose purpose,
         bool augment, std::optional<std::int64_t> size)
      : data_(std::move(data)),
        of_(std::move(of)),
        seed_(seed),
        purpose_(purpose),
        augment_(augment && data_->augmentation.any()),
        size_(size) {}

  std::optional<std::int64_t> size() const override { return size_; }
  bool uneven() const override { return true; }

  Batch batch(std::int64_t n, std::int64_t sequences) const override {
    std::int64_t count = sequences;
    if (size_) count = std::min(count, *size_ - n * sequences);
    std::vector<Sequence> all;
    for (std::int64_t b = 0; b < count; ++b) all.push_back(sequence(n * sequences + b));
    return collate(all, false);
  }

  std::int64_t max_steps(std::int64_t) const override {
    std::int64_t most = 1;
    for (const std::int64_t i : of_) most = std::max(most, std::ssize(data_->samples(i)));
    if (augment_) most = most_samples(most, data_->rate, data_->augmentation);
    return data_->listening.features().steps(most * std::max<std::int64_t>(1, data_->splice.most));
  }

 private:
  Sequence sequence(std::int64_t at) const {
    Stream stream(seed_, purpose_, {static_cast<std::uint32_t>(at >> 32), static_cast<std::uint32_t>(at)});
    std::vector<float> samples;
    std::vector<std::int64_t> labels;
    for (std::int64_t left = drawn_count(stream); left > 0; --left) {
      const std::int64_t i = of_[static_cast<std::size_t>(stream.below(std::ssize(of_)))];
      std::vector<float> one = data_->samples(i);
      if (augment_) one = augmented(std::move(one), data_->rate, data_->augmentation, stream);
      samples.insert(samples.end(), one.begin(), one.end());
      const auto& target = data_->targets[static_cast<std::size_t>(i)];
      labels.insert(labels.end(), target.begin(), target.end());
    }
    Tensor<std::int64_t> target;
    if (data_->ctc)
      target = filled_up(labels, data_->most_labels);
    else
      target[0] = labels.front();
    return {data_->listening.inputs(samples), std::move(target)};
  }

  std::int64_t drawn_count(Stream& stream) const {
    if (data_->splice.empty()) return 1;
    return stream.between(data_->splice.least, data_->splice.most + 1);
  }

  std::shared_ptr<const SpeechData> data_;
  Indices of_;
  std::uint64_t seed_;
  Purpose purpose_;
  bool augment_;
  std::optional<std::int64_t> size_;
};

}  // namespace

Listening::Listening(const TaskConfig& config)
    : features_(made_features(config)),
      without_mean_(config.get<std::string>(options::normalise) == "recording") {}

Tensor<float> Listening::inputs(std::span<const float> samples) const {
  Tensor<float> inputs = features_.of(samples);
  if (without_mean_) {
    const Scaling own = fit_scaling(ScalingRule::standard, inputs, {{0, inputs.shape()[0]}});
    Scaling{own.offset, std::vector<double>(own.offset.size(), 1.0)}.apply(inputs);
  }
  scaling_.apply(inputs);
  return inputs;
}

std::shared_ptr<const SpeechData> read_speech(const TaskConfig& config) {
  auto data = std::make_shared<SpeechData>(SpeechData{.recordings = read_recordings(config),
                                                      .parts = {},
                                                      .listening = Listening(config),
                                                      .labels = {},
                                                      .targets = {},
                                                      .table = nullptr,
                                                      .splice = config.get<LengthRange>(options::splice),
                                                      .augmentation = augmentation_of(config),
                                                      .rate = config.get<std::int64_t>(options::sample_rate),
                                                      .ctc = config.variant == "ctc"});
  if (!data->splice.empty() && !data->ctc)
    throw DataError(
        fmt::format("task.splice is {}, but task.variant is {}, which has one label for each sequence: "
                    "take task.variant=ctc",
                    to_text(data->splice), config.variant));
  data->parts = split(config, data->recordings);
  Texts texts;
  for (const SpokenFile& one : data->recordings.all) texts.push_back(said_in(one, config, data->ctc));
  data->labels = labels_in(config, data->parts, texts);
  find_targets(texts, *data);
  check_labels(*data);
  check_room(*data);
  data->most_labels = most_labels(*data);
  const std::shared_ptr<SequenceTable> table = table_of(*data);
  scale(config, *data, *table);
  data->table = table;
  return data;
}

std::unique_ptr<DataSource> made_of(std::shared_ptr<const SpeechData> data, std::vector<std::int64_t> of,
                                    std::uint64_t seed, Purpose purpose, bool augment,
                                    std::optional<std::int64_t> size) {
  return std::make_unique<MadeOf>(std::move(data), std::move(of), seed, purpose, augment, size);
}

}  // namespace unroll
