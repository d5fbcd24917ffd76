#include "experiments/tasks/speech/speech_task.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "experiments/data/data_error.hpp"
#include "experiments/objectives/label_decoding.hpp"
#include "experiments/tasks/file_task/predictors.hpp"
#include "experiments/tasks/speech/listened.hpp"
#include "experiments/tasks/speech/options.hpp"
#include "experiments/tasks/speech/speech_data.hpp"

namespace unroll {
namespace {

/// Of validation and test sets that are made of recordings: the same whatever a trial's seed is.
constexpr std::uint64_t judged_seed = 1;
/// Sequences that the trivial loss of labels is the mean of.
constexpr std::int64_t most_judged = 200;

/// Outputs that are the same at every step: a share for the blank, labels as often as they are said.
std::vector<float> constant_outputs(const SpeechData& data, double blank) {
  std::vector<double> counts(data.labels.size(), 1.0);
  double total = static_cast<double>(counts.size());
  for (const std::int64_t i : data.parts.training)
    for (const std::int64_t label : data.targets[static_cast<std::size_t>(i)]) {
      ++counts[static_cast<std::size_t>(label)];
      ++total;
    }
  std::vector<float> logits;
  for (const double count : counts)
    logits.push_back(static_cast<float>(std::log((1 - blank) * count / total)));
  logits.push_back(static_cast<float>(std::log(blank)));
  return logits;
}

double loss_of_constant(const std::vector<float>& outputs, const Batch& batch) {
  const auto& target = std::get<Tensor<std::int64_t>>(batch.target);
  const auto most = static_cast<std::size_t>(target.shape()[1]);
  double sum = 0;
  for (std::size_t b = 0; b < batch.lengths.size(); ++b) {
    std::vector<float> all;
    for (std::int64_t t = 0; t < batch.lengths[b]; ++t) all.insert(all.end(), outputs.begin(), outputs.end());
    const auto labels = target.span().subspan(b * most, most);
    const auto end = std::ranges::find(labels, no_label);
    sum += nats_of_labels(StepScores(all, std::ssize(outputs)), {labels.begin(), end});
  }
  return sum / static_cast<double>(batch.lengths.size());
}

class SpeechTask final : public Task {
  using Indices = std::vector<std::int64_t>;

 public:
  SpeechTask(const TaskConfig& config, const ObjectiveList& objectives)
      : config_(config),
        data_(read_speech(config)),
        spec_{.input_size = data_->listening.features().width(),
              .output_size = std::ssize(data_->labels) + (data_->ctc ? 1 : 0),
              .readout = data_->ctc ? Readout::every_step : Readout::last,
              .objective = find_objective(objectives, data_->ctc ? "ctc" : "cross_entropy"),
              .answer = "recording",
              .most_labels = data_->most_labels},
        trivial_loss_(data_->ctc ? loss_of_constant_labels() : loss_of_frequencies(data_->parts.validation)) {
  }

  const TaskSpec& spec() const override { return spec_; }

  std::unique_ptr<DataSource> training(std::uint64_t seed) const override {
    if (data_->splice.empty() && !data_->augmentation.any())
      return shuffled(dataset_of(data_->table), data_->parts.training, seed);
    return made_of(data_, data_->parts.training, seed, Purpose::training_data, true);
  }
  std::unique_ptr<DataSource> validation(std::int64_t sequences) const override {
    return judged_on(data_->parts.validation, Purpose::validation_data, sequences);
  }
  std::unique_ptr<DataSource> test(std::int64_t sequences) const override {
    if (data_->parts.test.empty()) return nullptr;
    return judged_on(data_->parts.test, Purpose::test_data, sequences);
  }

  std::vector<TestPart> test_parts(std::int64_t sequences) const override {
    std::map<std::string, std::vector<std::int64_t>> groups;
    for (const std::int64_t i : data_->parts.test)
      groups[data_->recordings.all[static_cast<std::size_t>(i)].group].push_back(i);
    std::vector<TestPart> parts;
    if (groups.contains("")) return parts;
    const std::int64_t each =
        std::max<std::int64_t>(1, sequences / std::max<std::int64_t>(1, std::ssize(groups)));
    for (auto& [name, of] : groups)
      parts.push_back({name, judged_on(std::move(of), Purpose::test_data, each)});
    return parts;
  }

  std::optional<Confusion> confusion(const AnswersOf& answers) const override {
    if (data_->ctc || data_->parts.test.empty()) return std::nullopt;
    const std::size_t labels = data_->labels.size();
    std::vector<std::vector<double>> counts(labels, std::vector<double>(labels));
    for (const std::int64_t i : data_->parts.test) {
      const Range steps = data_->table->sequences[static_cast<std::size_t>(i)];
      const std::int64_t width = spec_.input_size;
      const Tensor<float> heard({steps.count, 1, width}, data_->table->inputs.span().subspan(
                                                             static_cast<std::size_t>(steps.first * width),
                                                             static_cast<std::size_t>(steps.count * width)));
      const Tensor<float> scores = answers(heard, false);
      const auto best = std::ranges::max_element(scores.span()) - scores.span().begin();
      ++counts[static_cast<std::size_t>(data_->targets[static_cast<std::size_t>(i)][0])]
              [static_cast<std::size_t>(best)];
    }
    for (std::vector<double>& of : counts) {
      const double all = std::accumulate(of.begin(), of.end(), 0.0);
      for (double& one : of) one /= all;  // of a label that is not tested: no number
    }
    return Confusion{data_->labels, std::move(counts)};
  }

  std::vector<Heard> heard(const AnswersOf& answers) const override {
    std::vector<Heard> all;
    for (const Indices& one : pictured()) {
      std::vector<float> samples;
      std::string file;
      for (const std::int64_t i : one) {
        samples.insert(samples.end(), data_->samples(i).begin(), data_->samples(i).end());
        file += (file.empty() ? "" : " + ") + data_->recordings.all[static_cast<std::size_t>(i)].file;
      }
      const Tensor<float> inputs = data_->listening.inputs(samples);
      const Tensor<float> scores =
          answers(Tensor<float>({inputs.shape()[0], 1, inputs.shape()[1]}, inputs.span()), false);
      all.push_back(listened(config_, data_->labels, samples, scores.span(), spec_.output_size));
      all.back().file = std::move(file);
      all.back().said = said_in(one);
    }
    return all;
  }

  double trivial_loss() const override { return trivial_loss_; }
  SuccessRule success() const override {
    return {{{"loss", Condition::Relation::below, trivial_loss_}},
            fmt::format("{} below {:.4g} ({})", spec_.objective.name, trivial_loss_, trivial_name())};
  }
  bool ends_when_solved() const override { return false; }

  std::vector<Baseline> baselines() const override {
    Baseline one{trivial_name(), trivial_loss_};
    if (!data_->parts.test.empty() && !data_->ctc) one.test_loss = loss_of_frequencies(data_->parts.test);
    return {one};
  }

  std::optional<Preparation> preparation() const override {
    Preparation preparation;
    preparation.inputs = data_->listening.scaling();
    preparation.labels = data_->labels;
    return preparation;
  }

  std::string description() const override {
    const SpeechParts& parts = data_->parts;
    const Recordings& recordings = data_->recordings;
    std::string text = fmt::format(
        "{} recordings to train on, {} to validate on, {} to test on; {} labels: {}", parts.training.size(),
        parts.validation.size(), parts.test.size(), data_->labels.size(), shown(data_->labels));
    if (!data_->splice.empty()) text += fmt::format("; {} of them are a sequence", to_text(data_->splice));
    const auto [least, most] = std::ranges::minmax(data_->table->sequences, {}, &Range::count);
    text += fmt::format("\na recording has {} to {} steps of {} numbers, one every {:.4g} ms", least.count,
                        most.count, spec_.input_size, 1000 * data_->listening.features().step_seconds());
    std::vector<std::string> kinds;
    for (const auto& [kind, count] : recordings.kinds) kinds.push_back(fmt::format("{} of {}", count, kind));
    text += fmt::format("\nread: {}", fmt::join(kinds, "; "));
    if (recordings.resampled > 0)
      text += fmt::format("; {} were converted to {} Hz", recordings.resampled, data_->rate);
    if (recordings.mixed_down > 0)
      text += fmt::format("; {} were mixed down to one channel", recordings.mixed_down);
    if (!recordings.passed_over.empty())
      text += fmt::format("\nfiles that are no recordings are not read: {}", shown(recordings.passed_over));
    return text + speakers();
  }

 private:
  /// Recordings one by one, or so many sequences made of them.
  std::unique_ptr<DataSource> judged_on(std::vector<std::int64_t> of, Purpose purpose,
                                        std::int64_t sequences) const {
    if (data_->splice.empty()) return in_order(dataset_of(data_->table), std::move(of));
    return made_of(data_, std::move(of), judged_seed, purpose, false, sequences);
  }

  /// The first recordings of a few labels that are tested on, or validated on; of strings, as many in a row.
  std::vector<Indices> pictured() const {
    constexpr std::size_t most_pictured = 3;
    const Indices& from = data_->parts.test.empty() ? data_->parts.validation : data_->parts.test;
    const auto in_a_row = static_cast<std::size_t>(std::max<std::int64_t>(1, data_->splice.most));
    Indices chosen;
    std::set<std::vector<std::int64_t>> shown;
    for (const std::int64_t i : from)
      if (chosen.size() < most_pictured * in_a_row &&
          shown.insert(data_->targets[static_cast<std::size_t>(i)]).second)
        chosen.push_back(i);
    std::vector<Indices> all;
    for (std::size_t k = 0; k < chosen.size(); k += in_a_row)
      all.emplace_back(chosen.begin() + static_cast<std::ptrdiff_t>(k),
                       chosen.begin() + static_cast<std::ptrdiff_t>(std::min(k + in_a_row, chosen.size())));
    return all;
  }

  std::string said_in(const Indices& recordings) const {
    std::string text;
    for (const std::int64_t i : recordings)
      text += (text.empty() ? "" : " ") + data_->recordings.all[static_cast<std::size_t>(i)].label;
    return text;
  }

  std::string trivial_name() const { return data_->ctc ? "constant outputs" : "class frequencies"; }

  Answers answers(const std::vector<std::int64_t>& of) const {
    Tensor<std::int64_t> classes({std::ssize(of)});
    for (std::size_t k = 0; k < of.size(); ++k)
      classes[static_cast<std::int64_t>(k)] = data_->targets[static_cast<std::size_t>(of[k])].front();
    return {classes};
  }

  double loss_of_frequencies(const std::vector<std::int64_t>& of) const {
    return loss_of(spec_.objective,
                   best_constant(spec_.objective, answers(data_->parts.training), spec_.output_size),
                   answers(of));
  }

  /// With the best of a few shares for the blank.
  double loss_of_constant_labels() const {
    const auto source = validation(most_judged);
    const Batch batch = source->batch(0, std::min(most_judged, *source->size()));
    double least = std::numeric_limits<double>::infinity();
    for (const double blank : {0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99})
      least = std::min(least, loss_of_constant(constant_outputs(*data_, blank), batch));
    return least;
  }

  static std::string shown(std::vector<std::string> names) {
    constexpr std::size_t most = 20;
    const std::size_t more = names.size() > most ? names.size() - most : 0;
    names.resize(names.size() - more);
    return fmt::format("{}{}", fmt::join(names, ", "), more > 0 ? fmt::format(" and {} more", more) : "");
  }

  /// "\nspeakers to train on: a, b; to test on: c".
  std::string speakers() const {
    const auto of = [&](const std::vector<std::int64_t>& part) {
      std::map<std::string, int> names;
      for (const std::int64_t i : part) ++names[data_->recordings.all[static_cast<std::size_t>(i)].group];
      std::vector<std::string> all;
      for (const auto& [name, count] : names) all.push_back(name);
      return shown(all);
    };
    if (data_->recordings.all.front().group.empty()) return "";
    return fmt::format("\nwho is trained on: {}; validated on: {}; tested on: {}", of(data_->parts.training),
                       of(data_->parts.validation), of(data_->parts.test));
  }

  TaskConfig config_;
  std::shared_ptr<const SpeechData> data_;
  TaskSpec spec_;
  double trivial_loss_;
};

}  // namespace

TaskRow speech_row() {
  return {.name = "speech",
          .summary = "say what is spoken in recordings of your own: .wav, .flac, .ogg (task.recordings)",
          .source = "your recordings",
          .variants = {"label", "ctc"},
          .length = std::nullopt,
          .options = speech_options::rows(),
          .use =
              [](const TaskConfig&) {
                return ModelUse{"transcribe", {"FILE.wav"}};
              },
          .make = [](const TaskConfig& config, const ObjectiveList& objectives) -> std::unique_ptr<Task> {
            return std::make_unique<SpeechTask>(config, objectives);
          }};
}

}  // namespace unroll
