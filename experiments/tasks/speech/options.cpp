#include "experiments/tasks/speech/options.hpp"

#include "experiments/tasks/data_options.hpp"

namespace unroll {

namespace speech_options {
namespace {

OptionSpec choice(std::string key, std::vector<std::string> known, std::string meaning) {
  return {std::move(key), known.front(), std::move(meaning), {}, [known] { return known; }};
}

}  // namespace

const OptionSpec recordings = {
    "task.recordings", InputFile{},
    "folder or tar (.tar, .tar.gz) of recordings: WAV, FLAC, Ogg Vorbis, of any rate and number of channels"};
const OptionSpec labels = {
    "task.labels", InputFile{},
    "table (.csv) with the columns file and label; none: names of files or folders say "
    "what is said"};
const OptionSpec label_pattern = {
    "task.label_pattern", std::string(),
    "regular expression for the whole name of a file (the path, if it holds a /), whose first group is the "
    "label, as (\\d)_.*; empty: the folder's name is"};
const OptionSpec label_unit =
    choice("task.label_unit", {"words", "characters"},
           "what of a label's text is one label, where a recording has several (variant ctc)");
const OptionSpec group_pattern = {"task.group_pattern", std::string(),
                                  "the same for who speaks, as \\d_(.*)_\\d+.wav; empty: nobody knows"};
const OptionSpec test_pattern = {"task.test_pattern", std::string(),
                                 "the same: recordings whose names match are to test on"};
const OptionSpec test_group = {"task.test_group", std::string(),
                               "who is left out of training, and tested on; as an axis: each in turn"};
const OptionSpec split =
    choice("task.split", {"recordings", "groups"},
           "what the fractions to validate and test on are drawn of: single recordings, or "
           "all that somebody says");
const OptionSpec sample_rate = {"task.sample_rate", std::int64_t{8000},
                                "Hz, to which all recordings are converted", from_to(1000, 768000)};
const OptionSpec features =
    choice("task.features", {"log_mel", "mfcc"},
           "log_mel: log energies in bands; mfcc: the first coefficients of their cosine transform");
const OptionSpec frame_ms = {"task.frame_ms", 25.0, "ms of a frame, under a Hann window", above_to(0, 1000)};
const OptionSpec hop_ms = {"task.hop_ms", 10.0, "ms from one frame to the next", above_to(0, 1000)};
const OptionSpec pre_emphasis = {"task.pre_emphasis", 0.97, "a of x[n] - a x[n - 1]; 0: none", from_to(0, 1)};
const OptionSpec mels = {"task.mels", std::int64_t{40}, "bands, equally wide in mel", from_to(1, 512)};
const OptionSpec mel_low = {"task.mel_low", 20.0, "Hz where the lowest band begins", from_to(0, 384000)};
const OptionSpec mel_high = {"task.mel_high", 0.0, "Hz where the highest band ends; 0: half the sample rate",
                             from_to(0, 384000)};
const OptionSpec log_floor = {"task.log_floor", 1e-10, "least energy of a band, full scale being 1",
                              above_to(0, 1)};
const OptionSpec mfcc = {"task.mfcc", std::int64_t{13}, "coefficients, from the 0th on", from_to(1, 512)};
const OptionSpec deltas = {"task.deltas", std::int64_t{0}, "orders of derivatives over time beside them",
                           from_to(0, 2)};
const OptionSpec delta_width = {"task.delta_width", std::int64_t{2},
                                "frames to each side that a derivative is fitted to", from_to(1, 20)};
const OptionSpec stack = {"task.stack", std::int64_t{1}, "frames that make a step together", from_to(1, 50)};
const OptionSpec normalise =
    choice("task.normalise", {"training", "recording", "none"},
           "training: to mean 0 and deviation 1 as the training part has them; recording: each recording's "
           "mean is taken out before; none: numbers stay");
const OptionSpec splice = {"task.splice", LengthRange{},
                           "so many recordings, drawn at random, are one sequence (variant ctc), as 3..5; "
                           "empty: each is by itself"};
const OptionSpec augment_noise = {
    "task.augment_noise", 0.0,
    "dB below the signal of white noise in training, drawn from here to 20 more; 0: none", from_to(0, 100)};
const OptionSpec augment_gain = {"task.augment_gain", 0.0, "dB louder or softer in training, at most",
                                 from_to(0, 60)};
const OptionSpec augment_shift = {"task.augment_shift", 0.0,
                                  "ms later or, cut off, earlier in training, at most", from_to(0, 5000)};
const OptionSpec augment_speed = {
    "task.augment_speed", 0.0, "share of the speed, and pitch, that is added or taken in training, at most",
    from_to(0, 0.5)};

std::vector<OptionSpec> rows() {
  return {recordings,
          labels,
          label_pattern,
          label_unit,
          group_pattern,
          test_pattern,
          test_group,
          split,
          data_options::validation_fraction,
          data_options::test_fraction,
          sample_rate,
          features,
          frame_ms,
          hop_ms,
          pre_emphasis,
          mels,
          mel_low,
          mel_high,
          log_floor,
          mfcc,
          deltas,
          delta_width,
          stack,
          normalise,
          splice,
          augment_noise,
          augment_gain,
          augment_shift,
          augment_speed};
}

FeatureSettings feature_settings(const TaskConfig& config) {
  const auto whole = [&](const OptionSpec& row) { return config.get<std::int64_t>(row); };
  const auto real = [&](const OptionSpec& row) { return config.get<double>(row); };
  return {.kind = config.get<std::string>(features) == "mfcc" ? FeatureKind::mfcc : FeatureKind::log_mel,
          .rate = whole(sample_rate),
          .frame_ms = real(frame_ms),
          .hop_ms = real(hop_ms),
          .pre_emphasis = real(pre_emphasis),
          .mels = whole(mels),
          .mel_low = real(mel_low),
          .mel_high = real(mel_high),
          .log_floor = real(log_floor),
          .mfcc = whole(mfcc),
          .deltas = whole(deltas),
          .delta_width = whole(delta_width),
          .stack = whole(stack)};
}

}  // namespace speech_options

bool is_speech(const TaskRow& task) { return takes(task, speech_options::recordings.key); }

}  // namespace unroll
