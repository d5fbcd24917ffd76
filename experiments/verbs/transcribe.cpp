#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>
#include <cmath>

#include "experiments/data/audio/resample.hpp"
#include "experiments/data/audio/sound_file.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/objectives/label_decoding.hpp"
#include "experiments/report/spectrogram_page.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/tasks/speech/listened.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "experiments/tasks/speech/speech_data.hpp"
#include "experiments/verbs/listing.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/file.hpp"
#include "models/carried_run.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// A label that was heard, and when.
struct HeardLabel {
  std::string label;
  double probability, start, end;  ///< seconds
};

/// A trained model that listens to one recording after the other.
class Listener {
 public:
  Listener(const SavedModel& model, std::int64_t beam)
      : model_(model),
        beam_(beam),
        rate_(model.config.task.get<std::int64_t>(speech_options::sample_rate)),
        listening_(model.config.task),
        run_(model.model(Readout::every_step), model.sizes.inputs, false, model.parameters) {
    listening_.set_scaling(model.preparation->inputs);
    if (listening_.features().width() != model.sizes.inputs)
      throw ModelError(
          fmt::format("the model has {} inputs, but its settings make {} features: they were changed",
                      model.sizes.inputs, listening_.features().width()));
  }

  std::vector<HeardLabel> hear(const std::string& bytes, const std::string& name) {
    Sound sound = read_sound(bytes, name);
    if (std::ranges::all_of(sound.samples, [](float x) { return x == 0; }))
      throw DataError(fmt::format("{}: silence: all its {} samples are 0, and nothing is said", name,
                                  sound.samples.size()));
    if (sound.channels > 1) say("{}: its {} channels were mixed down to one\n", name, sound.channels);
    samples_ = at_rate(std::move(sound), rate_).samples;
    const Tensor<float> inputs = listening_.inputs(samples_);
    run_.start(1);
    run_.run(Tensor<float>({inputs.shape()[0], 1, inputs.shape()[1]}, inputs.span()));
    require_finite(name);
    return ctc() ? labels_in_order() : one_label();
  }

  /// Of what was heard last.
  Heard picture(const std::string& name, const std::vector<HeardLabel>& labels) const {
    std::vector<std::string> said;
    for (const HeardLabel& one : labels) said.push_back(one.label);
    Heard heard = listened(model_.config.task, model_.preparation->labels, samples_, run_.outputs(),
                           model_.sizes.outputs);
    heard.file = name;
    heard.said = fmt::format("{}", fmt::join(said, " "));
    return heard;
  }

 private:
  bool ctc() const { return model_.objective == ctc_objective().name; }
  StepScores scores() const { return {run_.outputs(), model_.sizes.outputs}; }
  double seconds() const { return static_cast<double>(samples_.size()) / static_cast<double>(rate_); }
  const std::string& label(std::int64_t i) const {
    return model_.preparation->labels[static_cast<std::size_t>(i)];
  }

  /// What is known after the last step.
  std::vector<HeardLabel> one_label() const {
    const StepScores all = scores();
    const auto row = all.logs.end() - all.outputs;
    const auto best = std::max_element(row, all.logs.end());
    return {{label(best - row), std::exp(*best), 0, seconds()}};
  }

  std::vector<HeardLabel> labels_in_order() const {
    const StepScores all = scores();
    const std::vector<std::int64_t> labels = beam_ > 1 ? beam_labels(all, beam_) : greedy_labels(all);
    const double step = listening_.features().step_seconds();
    std::vector<HeardLabel> heard;
    const std::vector<LabelSteps> steps = aligned(all, labels);
    for (std::size_t i = 0; i < steps.size(); ++i)
      heard.push_back({label(labels[i]), steps[i].probability, static_cast<double>(steps[i].first) * step,
                       std::min(static_cast<double>(steps[i].last + 1) * step, seconds())});
    return heard;
  }

  void require_finite(const std::string& name) const {
    if (std::ranges::all_of(run_.outputs(), [](float x) { return std::isfinite(x); })) return;
    throw DataError(
        fmt::format("{}: the model's outputs hold numbers that are not finite: the recording is far from "
                    "those that it learned from",
                    name));
  }

  const SavedModel& model_;
  std::int64_t beam_;
  std::int64_t rate_;
  Listening listening_;
  CarriedRun run_;
  std::vector<float> samples_;  ///< of what was heard last
};

void check_model(const SavedModel& model, const std::string& name) {
  const bool hears = model.preparation && !model.preparation->labels.empty();
  if (!hears)
    throw ModelError(
        fmt::format("{}: the model learned the task {}, expected speech: it cannot listen; `unroll predict` "
                    "asks models of other "
                    "tasks",
                    name, model.config.task.name));
  const bool ctc = model.objective == ctc_objective().name;
  const auto labels = std::ssize(model.preparation->labels) + (ctc ? 1 : 0);
  if (labels != model.sizes.outputs)
    throw ModelError(fmt::format("{}: the model has {} outputs, but labels for {}: the list was changed",
                                 name, model.sizes.outputs, labels));
}

/// Rows of one recording; one that nothing was heard in has one as well.
void add_rows(const std::string& file, const std::vector<HeardLabel>& heard, Listing& rows) {
  const auto rounded = [](double seconds) { return std::round(1000 * seconds) / 1000; };
  for (const HeardLabel& one : heard)
    rows.push_back({{"file", file},
                    {"label", one.label},
                    {"probability", one.probability},
                    {"start", rounded(one.start)},
                    {"end", rounded(one.end)}});
  if (heard.empty())
    rows.push_back(
        {{"file", file}, {"label", nullptr}, {"probability", nullptr}, {"start", nullptr}, {"end", nullptr}});
}

int transcribe(const Arguments& arguments) {
  if (arguments.words.size() < 2)
    throw UsageError("expected a model's folder and recordings (.wav, .flac, .ogg; - for standard input)");
  const std::int64_t beam = arguments.flags["beam"].as<std::int64_t>();
  if (beam < 1) throw UsageError(fmt::format("--beam must be at least 1, but is {}", beam));
  const SavedModel model = named_model(arguments, arguments.words[0]);
  check_model(model, arguments.words[0]);
  Listener listener(model, beam);
  Listing rows;
  std::vector<Heard> pictures;
  int status = exit_good;
  for (std::size_t i = 1; i < arguments.words.size(); ++i) {
    const std::string& file = arguments.words[i];
    try {
      const std::string bytes = read_file(file == "-" ? "/dev/stdin" : file);
      const std::vector<HeardLabel> heard = listener.hear(bytes, file == "-" ? "standard input" : file);
      add_rows(file, heard, rows);
      if (arguments.has("picture")) pictures.push_back(listener.picture(file, heard));
    } catch (const std::runtime_error& error) {  // DataError, FileError: the others are heard nevertheless
      say("unroll: {}\n", error.what());
      status = exit_usage;
    }
  }
  if (!rows.empty() || status == exit_good) print_listing(rows, arguments);
  if (arguments.has("picture") && !pictures.empty())
    write_file(arguments.flags["picture"].as<std::string>(),
               spectrogram_page(fmt::format("What {} hears", arguments.words[0]), pictures));
  return status;
}

void add_transcribe_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()(
      "beam", number_flag<std::int64_t>()->default_value(16),
      "of labels in their order: beginnings kept by the prefix beam search; 1: the labels of the "
      "likeliest path")(
      "picture", po::value<std::string>(),
      "write a page (.html) with a spectrogram of each recording and the labels' probabilities over it");
  add_format_flag(flags);
}

}  // namespace

const Verb& transcribe_verb() {
  static const Verb verb{
      .name = "transcribe",
      .summary = "what a trained model hears in recordings: labels, how sure it is, and when",
      .usage = "MODEL FILE... [--beam N] [--picture FILE.html] [--format table|json|csv]",
      .examples =
          "  unroll transcribe out/digits seven.wav\n"
          "  unroll transcribe out/digits *.flac --format json --picture out/heard.html\n"
          "  sox noisy.wav -t wav - | unroll transcribe out/strings - --beam 1\n\n"
          "A file that cannot be read is named, the others are heard, and the exit status is 2.",
      .add_flags = add_transcribe_flags,
      .run = transcribe,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
