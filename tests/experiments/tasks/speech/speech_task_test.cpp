#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "experiments/config/config_error.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/tasks/speech/augment.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "experiments/tasks/speech/speech_data.hpp"
#include "tests/support/any_task.hpp"
#include "tests/support/contains.hpp"
#include "tests/support/error_of.hpp"
#include "tests/support/sounds.hpp"

using namespace unroll;
using namespace unroll::test;

namespace {

using Settings = std::map<std::string, OptionValue, std::less<>>;

/// The tones of small_recordings(), read by names such as "0_ann_3.wav".
TaskConfig tones(const std::string& variant, const Settings& more = {}) {
  TaskConfig config = any_task("speech", variant, {});
  for (const auto& [key, value] : more) config.values[key] = value;
  return config;
}

TaskConfig tones_of(const std::vector<TarEntry>& entries, const Settings& more = {}) {
  TaskConfig config = tones("label", more);
  config.values["task.recordings"] = archive_value(tar(entries));
  return config;
}

std::string refusal(const TaskConfig& config) {
  return error_of<DataError>([&] { standard_task(config); });
}

std::set<std::string> groups(const SpeechData& data, const std::vector<std::int64_t>& part) {
  std::set<std::string> all;
  for (const std::int64_t i : part) all.insert(data.recordings.all[static_cast<std::size_t>(i)].group);
  return all;
}

TarEntry named(const std::string& path, double hertz = 500, double seconds = 0.1) {
  return {path, wav(tone(hertz, seconds))};
}

}  // namespace

TEST_CASE("[speech] recordings, their labels, speakers and parts are those that names say") {
  const auto data = read_speech(tones("label"));
  CHECK(data->labels == std::vector<std::string>{"0", "1"});
  REQUIRE(data->recordings.all.size() == 40);
  for (std::size_t i = 0; i < 40; ++i) {
    const SpokenFile& one = data->recordings.all[i];
    CHECK(one.file.substr(0, 1) == data->labels[static_cast<std::size_t>(data->targets[i][0])]);
    CHECK(one.file.substr(2, 3) == one.group);
    CHECK(one.tested == contains(one.file, "_0.wav"));
  }
  CHECK(data->parts.test.size() == 4);
  CHECK(data->parts.validation.size() == 3);
  CHECK(data->parts.training.size() == 33);
  std::set<std::int64_t> all;
  for (const auto* part : {&data->parts.training, &data->parts.validation, &data->parts.test})
    all.insert(part->begin(), part->end());
  CHECK(all.size() == 40);
}

TEST_CASE("[speech] scaling is that of the training part alone, and what a model learned stays") {
  const auto data = read_speech(tones("label"));
  const std::int64_t width = data->table->inputs.shape()[1];
  std::vector<double> sum(static_cast<std::size_t>(width)), squares(sum);
  double count = 0;
  for (const std::int64_t i : data->parts.training) {
    const Range steps = data->table->sequences[static_cast<std::size_t>(i)];
    for (std::int64_t s = steps.first; s < steps.first + steps.count; ++s, ++count)
      for (std::int64_t c = 0; c < width; ++c) {
        const auto x = static_cast<double>(data->table->inputs[s * width + c]);
        sum[static_cast<std::size_t>(c)] += x;
        squares[static_cast<std::size_t>(c)] += x * x;
      }
  }
  for (std::size_t c = 0; c < sum.size(); ++c) {
    CHECK(std::abs(sum[c] / count) < 1e-5);
    CHECK(squares[c] / count == doctest::Approx(1).epsilon(1e-4));
  }
  TaskConfig later = tones("label", {{"task.test_pattern", std::string(".*_[0-5]\\.wav")}});
  later.preparation = standard_task(tones("label"))->preparation();
  const auto again = read_speech(later);
  CHECK(again->listening.scaling() == data->listening.scaling());
  CHECK(again->table->inputs.same_bits(data->table->inputs));
}

TEST_CASE("[speech] a speaker can be left out, and fractions can be of speakers") {
  const auto left_out = read_speech(
      tones("label", {{"task.test_pattern", std::string()}, {"task.test_group", std::string("bob")}}));
  CHECK(groups(*left_out, left_out->parts.test) == std::set<std::string>{"bob"});
  CHECK(groups(*left_out, left_out->parts.training) == std::set<std::string>{"ann"});
  CHECK(left_out->parts.test.size() == 20);
  const auto by_group = read_speech(
      tones("label", {{"task.test_pattern", std::string()}, {"task.split", std::string("groups")}}));
  CHECK(groups(*by_group, by_group->parts.validation).size() == 1);
  CHECK(groups(*by_group, by_group->parts.training) != groups(*by_group, by_group->parts.validation));
}

TEST_CASE("[speech] each speaker of the test part is a part of its own") {
  const auto task = standard_task(tones("label"));
  const std::vector<TestPart> parts = task->test_parts(100);
  REQUIRE(parts.size() == 2);
  CHECK(parts[0].name == "ann");
  CHECK(parts[1].name == "bob");
  CHECK(parts[0].source->size() == 2);
  CHECK(standard_task(tones("label", {{"task.group_pattern", std::string()}}))->test_parts(100).empty());
}

TEST_CASE("[speech] labels come from folders, and from a table by path or by name") {
  const std::vector<TarEntry> entries = {named("low/a.wav"), named("low/b.wav"), named("high/c.wav", 1500),
                                         named("high/d.wav", 1500)};
  const Settings plain = {{"task.label_pattern", std::string()},
                          {"task.group_pattern", std::string()},
                          {"task.test_pattern", std::string()},
                          {"task.validation_fraction", 0.25}};
  const auto by_folder = read_speech(tones_of(entries, plain));
  CHECK(by_folder->labels == std::vector<std::string>{"high", "low"});
  Settings with_table = plain;
  InputFile table = text_value("file,label\nlow/a.wav,down\n./low/b.wav,down\nc.wav,up\nd.wav,up\n");
  table.path = "labels.csv";
  with_table["task.labels"] = table;
  const auto by_table = read_speech(tones_of(entries, with_table));
  CHECK(by_table->labels == std::vector<std::string>{"down", "up"});
  CHECK(by_table->recordings.all[0].file == "high/c.wav");
  CHECK(by_table->recordings.all[0].label == "up");
}

TEST_CASE("[speech] several labels of a recording are words, or characters of UTF-8") {
  const std::vector<TarEntry> entries = {named("a.wav", 500, 0.2), named("b.wav", 500, 0.2),
                                         named("c.wav", 500, 0.2)};
  InputFile table = text_value("file,label\na.wav,ein äh\nb.wav,ein\nc.wav,äh  ein\n");
  table.path = "labels.csv";
  Settings settings = {{"task.label_pattern", std::string()},
                       {"task.group_pattern", std::string()},
                       {"task.test_pattern", std::string()},
                       {"task.labels", table}};
  TaskConfig config = tones_of(entries, settings);
  config.variant = "ctc";
  const auto words = read_speech(config);
  CHECK(std::set<std::string>(words->labels.begin(), words->labels.end()) ==
        std::set<std::string>{"ein", "äh"});
  CHECK(words->targets[0].size() == 2);
  CHECK(words->most_labels == 2);
  config.values["task.label_unit"] = std::string("characters");
  const auto characters = read_speech(config);
  CHECK(characters->targets[0].size() == 6);  // e i n, a blank, ä h
  CHECK(std::ranges::find(characters->labels, "ä") != characters->labels.end());
}

TEST_CASE("[speech] how labels are taken for each other is counted on the test part, by label") {
  const auto task = standard_task(tones("label"));
  const auto data = read_speech(tones("label"));
  // The second label always, but of the first recording.
  std::vector<std::int64_t> lengths;
  const std::optional<Confusion> confusion = task->confusion([&](const Tensor<float>& heard, bool go_on) {
    CHECK_FALSE(go_on);
    CHECK(heard.shape()[1] == 1);
    CHECK(heard.shape()[2] == task->spec().input_size);
    lengths.push_back(heard.shape()[0]);
    return Tensor<float>({1, 2}, lengths.size() == 1 ? std::initializer_list<float>{2, 1}
                                                     : std::initializer_list<float>{1, 2});
  });
  REQUIRE(confusion);
  CHECK(confusion->names == data->labels);
  REQUIRE(lengths.size() == 4);
  for (std::size_t i = 0; i < 4; ++i)
    CHECK(lengths[i] == data->table->sequences[static_cast<std::size_t>(data->parts.test[i])].count);
  REQUIRE(data->targets[static_cast<std::size_t>(data->parts.test[0])][0] == 0);
  CHECK(confusion->shares == std::vector<std::vector<double>>{{0.5, 0.5}, {0, 1}});
  const AnswersOf never = [](const Tensor<float>&, bool) -> Tensor<float> {
    throw std::logic_error("asked");
  };
  CHECK_FALSE(standard_task(tones("ctc"))->confusion(never));
  CHECK_FALSE(standard_task(tones("label", {{"task.test_pattern", std::string()}}))->confusion(never));
}

TEST_CASE(
    "[speech] what is heard is a recording of each label that is tested on, with its answers at every step") {
  const auto task = standard_task(tones("label"));
  const AnswersOf rising = [&](const Tensor<float>& heard, bool) {
    Tensor<float> scores({heard.shape()[0], 1, 2});
    for (std::int64_t t = 0; t < heard.shape()[0]; ++t) scores[2 * t] = static_cast<float>(t);
    return scores;
  };
  const std::vector<Heard> heard = task->heard(rising);
  REQUIRE(heard.size() == 2);
  CHECK(heard[0].file == "0_ann_0.wav");
  CHECK(heard[0].said == "0");
  CHECK(heard[1].said == "1");
  CHECK(heard[0].labels == std::vector<std::string>{"0", "1"});
  CHECK(heard[0].bands.size() == 12);
  CHECK(std::ranges::is_sorted(heard[0].bands));
  CHECK(heard[0].spectrogram.size() == 12);
  CHECK(heard[0].bin_seconds == doctest::Approx(0.01));
  const std::vector<double>& first = heard[0].posteriors.front();
  CHECK(first.size() == heard[0].spectrogram.front().size());
  for (std::size_t t = 0; t < first.size(); ++t)
    CHECK(first[t] == doctest::Approx(1 / (1 + std::exp(-static_cast<double>(t)))));
  // Tones of their own: the loudest band is where the tone is.
  const auto loudest = [](const Heard& one) {
    std::vector<double> sums;
    for (const std::vector<double>& band : one.spectrogram)
      sums.push_back(std::accumulate(band.begin(), band.end(), 0.0));
    return one.bands[static_cast<std::size_t>(std::ranges::max_element(sums) - sums.begin())];
  };
  CHECK(loudest(heard[0]) != loudest(heard[1]));
}

TEST_CASE("[speech] spliced sequences have the labels of what they are made of, as many as asked for") {
  const auto task = standard_task(tones("ctc", {{"task.splice", LengthRange{3, 5}}}));
  CHECK(task->spec().most_labels == 5);
  CHECK(task->spec().output_size == 3);
  const Batch batch = task->validation(60)->batch(0, 60);
  std::set<std::int64_t> counts;
  for (std::int64_t b = 0; b < 60; ++b) {
    const auto labels = indices(batch.target).span().subspan(static_cast<std::size_t>(b) * 5, 5);
    const auto count = std::ranges::find(labels, no_label) - labels.begin();
    counts.insert(count);
    // A tone has 6 to 10 steps of 10 ms, and one more where it meets the next.
    CHECK(batch.lengths[static_cast<std::size_t>(b)] >= 6 * count);
    CHECK(batch.lengths[static_cast<std::size_t>(b)] <= 12 * count);
  }
  CHECK(counts == std::set<std::int64_t>{3, 4, 5});
  CHECK(same_bits(training_batch(*task, 8, 3), training_batch(*task, 8, 3)));
  CHECK_FALSE(same_bits(training_batch(*task, 8, 3), training_batch(*task, 8, 4)));
  CHECK_FALSE(same_bits(training_batch(*task, 8, 3, 1), training_batch(*task, 8, 3, 2)));
}

TEST_CASE("[speech] augmentation changes training alone, the same way for the same batch") {
  const Settings how = {
      {"task.augment_noise", 10.0}, {"task.augment_gain", 6.0}, {"task.augment_shift", 20.0}};
  const auto plain = standard_task(tones("label")), changed = standard_task(tones("label", how));
  CHECK(same_bits(plain->validation(1)->batch(0, 3), changed->validation(1)->batch(0, 3)));
  CHECK(same_bits(plain->test(1)->batch(0, 4), changed->test(1)->batch(0, 4)));
  CHECK(same_bits(training_batch(*changed, 6, 2), training_batch(*changed, 6, 2)));
  CHECK_FALSE(same_bits(training_batch(*changed, 6, 2), training_batch(*changed, 6, 3)));
  CHECK(training_batch(*changed, 6).steps() <= changed->training(1)->max_steps(6));
}

TEST_CASE("[speech] noise, gain, shift and speed do what they say, as far as they may") {
  std::vector<float> samples;
  for (const double x : tone(500, 0.2)) samples.push_back(static_cast<float>(x));
  const auto power = [](const std::vector<float>& of) {
    double sum = 0;
    for (const float x : of) sum += static_cast<double>(x) * static_cast<double>(x);
    return sum / static_cast<double>(of.size());
  };
  for (std::uint32_t n = 0; n < 20; ++n) {
    const auto stream = [&] { return Stream(1, Purpose::check, {n}); };
    Stream for_gain = stream(), for_noise = stream(), for_shift = stream(), for_speed = stream();
    const double gain =
        10 * std::log10(power(augmented(samples, 8000, {.gain_db = 6}, for_gain)) / power(samples));
    CHECK(std::abs(gain) <= 6.001);
    std::vector<float> noisy = augmented(samples, 8000, {.noise_db = 10}, for_noise);
    for (std::size_t i = 0; i < noisy.size(); ++i) noisy[i] -= samples[i];
    const double below = 10 * std::log10(power(samples) / power(noisy));
    CHECK(below > 9);
    CHECK(below < 31);
    const std::vector<float> shifted = augmented(samples, 8000, {.shift_ms = 50}, for_shift);
    CHECK(std::abs(std::ssize(shifted) - std::ssize(samples)) <= 400);
    const std::vector<float> faster = augmented(samples, 8000, {.speed = 0.1}, for_speed);
    CHECK(faster.size() >= 1450);
    CHECK(faster.size() <= 1780);
    CHECK(std::ssize(faster) <= most_samples(std::ssize(samples), 8000, {.speed = 0.1}));
  }
}

TEST_CASE("[speech] means of each recording are taken out where asked for") {
  const auto data = read_speech(tones("label", {{"task.normalise", std::string("recording")}}));
  const std::int64_t width = data->table->inputs.shape()[1];
  for (const Range& steps : data->table->sequences)
    for (std::int64_t c = 0; c < width; ++c) {
      double sum = 0;
      for (std::int64_t s = steps.first; s < steps.first + steps.count; ++s)
        sum += static_cast<double>(data->table->inputs[s * width + c]);
      const double offset = data->listening.scaling().offset[static_cast<std::size_t>(c)];
      const double unit = data->listening.scaling().unit[static_cast<std::size_t>(c)];
      CHECK(std::abs(sum / static_cast<double>(steps.count) + offset / unit) < 1e-4);
    }
}

TEST_CASE("[speech] what was read is said: kinds of files, conversions, who is in which part") {
  std::vector<TarEntry> entries = {named("0_ann_0.wav"),
                                   named("0_ann_1.wav"),
                                   named("1_bob_1.wav", 900),
                                   {"1_bob_0.wav", wav(tone(900, 0.1, 3, 16000), {.rate = 16000})},
                                   {"0_ann_2.wav", wav(tone(500, 0.2), {.channels = 2})},
                                   {"notes.txt", "who said what"}};
  const std::string text = standard_task(tones_of(entries))->description();
  for (const char* part : {"2 recordings to train on, 1 to validate on, 2 to test on; 2 labels: 0, 1",
                           "1 of 16000 Hz, 1 channel; 3 of 8000 Hz, 1 channel; 1 of 8000 Hz, 2 channels",
                           "1 were converted to 8000 Hz", "1 were mixed down to one channel",
                           "files that are no recordings are not read: notes.txt", "tested on: ann, bob"})
    CHECK_MESSAGE(contains(text, part), text);
}

TEST_CASE("[speech] bad recordings and bad settings are refused, naming the file or the setting") {
  std::vector<TarEntry> good;
  for (const char* label : {"0", "1"})
    for (const char* number : {"0", "1", "2", "3"})
      good.push_back(named(std::string(label) + "_ann_" + number + ".wav"));
  const auto with = [&](const TarEntry& entry) {
    std::vector<TarEntry> all = good;
    all.push_back(entry);
    return tones_of(all);
  };
  const auto set = [&](const std::string& key, OptionValue value) {
    return tones_of(good, {{key, std::move(value)}});
  };
  CHECK(refusal(tones_of(good)) == "(no error)");
  TaskConfig none = tones_of(good);
  none.values.erase("task.recordings");
  struct Bad {
    TaskConfig config;
    std::string part;
  };
  TaskConfig other_labels = tones_of(good);
  other_labels.preparation = Preparation{.labels = {"1", "2"}};
  TaskConfig spliced = set("task.splice", LengthRange{3, 5});
  TaskConfig crowded = set("task.hop_ms", 200.0);
  crowded.variant = "ctc";
  for (const Bad& bad : std::vector<Bad>{
           {none, "task.recordings: the task speech learns from recordings: give a folder or a tar of them"},
           {with({"2_ann_1.wav", wav(std::vector<double>(800, 0.0))}),
            "set.tar: 2_ann_1.wav: silence: all its 800 samples are 0"},
           {with({"0_ann_9.wav", wav(tone(500, 0.1)).substr(0, 900)}),
            "set.tar: 0_ann_9.wav: byte 36: cut short: a chunk \"data\" of 1600 bytes needs 1644 bytes, but "
            "the "
            "file ends at byte 900"},
           {set("task.label_pattern", std::string("(1)_.*")),
            "set.tar: labels are missing for 4 of 8 recordings: 0_ann_0.wav, 0_ann_1.wav, 0_ann_2.wav, "
            "0_ann_3.wav; task.label_pattern does not match their names as a whole"},
           {with(named("2_ann_0.wav")),
            "set.tar: 2_ann_0.wav: the label \"2\" is none of the 2 that are trained on"},
           {with({"notes", "x", '2', "/etc/passwd"}), "set.tar: \"notes\" is a link"},
           {tones_of({{"a.txt", "x"}}),
            "set.tar: expected recordings (.wav, .flac, .ogg), found 1 other files"},
           {set("task.label_pattern", std::string("(")),
            "task.label_pattern: \"(\" is no regular expression: "},
           {set("task.test_pattern", std::string("z.*")),
            "task.test_pattern: no file's name matches \"z.*\" as a whole; the first one is 0_ann_0.wav"},
           {set("task.test_group", std::string("anna")),
            "task.test_group: nobody is called \"anna\"; did you mean"},
           {set("task.group_pattern", std::string("(x)")),
            "0_ann_0.wav: task.group_pattern \"(x)\" does not match it"},
           {set("task.validation_fraction", 0.0), "nothing is left to validate on"},
           {set("task.mels", std::int64_t{300}), "task.mels is 300: band "},
           {spliced, "task.splice is 3..5, but task.variant is label"},
           {crowded, "it has 1 labels, but 1 steps, of which each label may need two"},
           {other_labels, "the label \"0\" is none of the 2 that are trained on"},
           {tones_of({named("0_ann_0.wav"), named("0_ann_1.wav"), named("0_ann_2.wav")}),
            "set.tar: all recordings have the label \"0\", and there is nothing to tell apart"}}) {
    const std::string message = refusal(bad.config);
    CHECK_MESSAGE(contains(message, bad.part), message, " | expected: ", bad.part);
  }
}

TEST_CASE("[speech] a table of labels without its columns, or with a file twice, is refused with the line") {
  const auto with = [&](const std::string& csv) {
    InputFile table = text_value(csv);
    table.path = "labels.csv";
    return refusal(tones("label", {{"task.label_pattern", std::string()}, {"task.labels", table}}));
  };
  CHECK(contains(with("name,label\na,1\n"),
                 "labels.csv: expected the columns file and label, found no column \"file\""));
  CHECK(contains(with("file,label\na.wav,1\na.wav,2\n"),
                 "labels.csv: line 3: the file \"a.wav\" has a label already"));
  CHECK(contains(with("file,label\na.wav,1\n"), "labels are missing for 40 of 40 recordings: 0_ann_0.wav, "));
  CHECK(contains(with("file,label\na.wav,1\n"), "task.labels has no row for them"));
}
