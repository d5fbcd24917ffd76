#include "experiments/tasks/music/music.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "experiments/objectives/frame_cross_entropy.hpp"
#include "experiments/tasks/music/melody.hpp"
#include "experiments/tasks/music/note_baselines.hpp"
#include "experiments/tasks/music/options.hpp"
#include "experiments/tasks/music/pieces.hpp"
#include "experiments/tasks/music/transposed.hpp"

namespace unroll {
namespace {

/// What a model is given of a piece, and what it is to answer.
struct Notation {
  TaskSpec spec;
  Sequence (*sequence)(const MusicPiece&);
  std::vector<StepCosts> (*baselines)(const std::vector<MusicPiece>& training);
  bool tokens;
};

/// Each step from the one before, the first one from silence.
Sequence frames_of(const MusicPiece& piece) {
  const PianoRoll roll = roll_of(piece.notes, piece.steps);
  const Shape shape{piece.steps, piano_keys};
  Tensor<float> before(shape), frames(shape);
  for (std::size_t t = 0; t < roll.size(); ++t)
    for (std::size_t k = 0; k < piano_keys; ++k) {
      const auto at = static_cast<std::int64_t>(t * piano_keys + k);
      frames[at] = roll[t][k] ? 1.0f : 0.0f;
      before[at] = t > 0 && roll[t - 1][k] ? 1.0f : 0.0f;
    }
  return {std::move(before), std::move(frames)};
}

Sequence tokens_of(const MusicPiece& piece) {
  const std::vector<std::int64_t> melody = melody_of(piece);
  Tensor<std::int64_t> before(Shape{piece.steps}), tokens(Shape{piece.steps});
  for (std::int64_t t = 0; t < piece.steps; ++t) {
    before[t] = t == 0 ? rest_token : melody[static_cast<std::size_t>(t - 1)];
    tokens[t] = melody[static_cast<std::size_t>(t)];
  }
  return {std::move(before), std::move(tokens)};
}

Notation frames() {
  return {{.inputs = InputKind::vectors,
           .input_size = piano_keys,
           .output_size = piano_keys,
           .readout = Readout::every_step,
           .objective = frame_cross_entropy_objective(),
           .answer = "frame"},
          frames_of,
          frame_baselines,
          false};
}

Notation melodies() {
  return {{.inputs = InputKind::tokens,
           .input_size = melody_tokens,
           .output_size = melody_tokens,
           .readout = Readout::every_step,
           .objective = cross_entropy_objective(),
           .answer = "step"},
          tokens_of,
          melody_baselines,
          true};
}

/// How much each step of a piece counts.
enum class Counted {
  all,                   ///< alike, the first one too: training
  behind_first,          ///< alike, but not the first one
  behind_first_by_piece  ///< the same, each piece as much as another
};

Tensor<float> weights_of(std::int64_t steps, Counted counted) {
  Tensor<float> weights(Shape{steps});
  weights.fill(counted == Counted::behind_first ? 1.0f : 1.0f / static_cast<float>(steps - 1));
  weights[0] = 0;
  return weights;
}

class PieceSet final : public Dataset {
 public:
  PieceSet(std::vector<MusicPiece> pieces, const Notation& notation, Counted counted)
      : pieces_(std::move(pieces)), sequence_(notation.sequence), counted_(counted) {}

  std::int64_t size() const override { return std::ssize(pieces_); }
  Sequence get(std::int64_t i) const override {
    Sequence sequence = sequence_(piece(i));
    if (weighted()) sequence.weights = weights_of(piece(i).steps, counted_);
    return sequence;
  }
  std::int64_t length(std::int64_t i) const override { return piece(i).steps; }
  bool every_step() const override { return true; }
  bool weighted() const override { return counted_ != Counted::all; }

 private:
  const MusicPiece& piece(std::int64_t i) const { return pieces_[static_cast<std::size_t>(i)]; }

  std::vector<MusicPiece> pieces_;
  Sequence (*sequence_)(const MusicPiece&);
  Counted counted_;
};

std::vector<std::int64_t> all_of(const Dataset& data) {
  std::vector<std::int64_t> all(static_cast<std::size_t>(data.size()));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::string size_of(const std::vector<MusicPiece>& pieces) {
  std::int64_t steps = 0;
  for (const MusicPiece& piece : pieces) steps += piece.steps;
  return fmt::format("{} pieces ({} steps)", pieces.size(), steps);
}

class MusicTask final : public Task {
 public:
  MusicTask(const TaskConfig& config, Notation notation)
      : notation_(std::move(notation)),
        grid_(grid_of(config)),
        transpose_(config.get<std::int64_t>(music_options::transpose)),
        by_piece_(config.get<std::string>(music_options::averaged_over) == "pieces"),
        parts_(read_music(config)),
        baselines_(notation_.baselines(parts_.training)),
        trivial_loss_(mean_cost(baselines_.front(), parts_.validation, by_piece_)) {
    const Counted judged = by_piece_ ? Counted::behind_first_by_piece : Counted::behind_first;
    training_ = std::make_shared<PieceSet>(parts_.training, notation_, Counted::all);
    validation_ = std::make_shared<PieceSet>(parts_.validation, notation_, judged);
    if (!parts_.test.empty()) test_ = std::make_shared<PieceSet>(parts_.test, notation_, judged);
    if (notation_.tokens) vocabulary_ = melody_vocabulary();
  }

  const TaskSpec& spec() const override { return notation_.spec; }
  std::unique_ptr<DataSource> training(std::uint64_t seed) const override {
    return transposed(shuffled(training_, all_of(*training_), seed), transpose_, seed);
  }
  std::unique_ptr<DataSource> validation(std::int64_t) const override {
    return in_order(validation_, all_of(*validation_));
  }
  std::unique_ptr<DataSource> test(std::int64_t) const override {
    return test_ ? in_order(test_, all_of(*test_)) : nullptr;
  }

  double trivial_loss() const override { return trivial_loss_; }
  SuccessRule success() const override {
    return {{{"loss", Condition::Relation::below, trivial_loss_}},
            fmt::format("loss below {:.4f} nats per {} ({})", trivial_loss_, spec().answer,
                        baselines_.front().name)};
  }
  bool ends_when_solved() const override { return false; }
  const Vocabulary* vocabulary() const override { return vocabulary_ ? &*vocabulary_ : nullptr; }

  std::vector<Baseline> baselines() const override {
    std::vector<Baseline> all;
    for (const StepCosts& costs : baselines_) {
      all.push_back({costs.name, mean_cost(costs, parts_.validation, by_piece_)});
      if (test_) all.back().test_loss = mean_cost(costs, parts_.test, by_piece_);
    }
    return all;
  }

  std::string description() const override {
    std::string text = fmt::format(
        "{} to train on, {} to validate on, {} to test on; {} steps in a {}; the mean over {}, from "
        "the second step of each piece on",
        size_of(parts_.training), size_of(parts_.validation), size_of(parts_.test), grid_.steps,
        grid_.seconds ? "second" : "quarter note",
        by_piece_ ? "pieces of the mean over their steps" : "the steps of all pieces");
    if (transpose_ > 0) text += fmt::format("\nmoved by up to {} semitones in training", transpose_);
    if (parts_.percussion > 0) text += fmt::format("\nleft out: {} notes of percussion", parts_.percussion);
    if (parts_.off_piano > 0)
      text += fmt::format("\nleft out: {} notes below {} or above {}", parts_.off_piano, lowest_note,
                          highest_note);
    if (parts_.other_files > 0)
      text += fmt::format("\nnot read: {} files that are no .mid or .midi", parts_.other_files);
    return text;
  }

 private:
  Notation notation_;
  Grid grid_;
  std::int64_t transpose_;
  bool by_piece_;
  MusicParts parts_;
  std::vector<StepCosts> baselines_;
  double trivial_loss_;  ///< of the first of them, on the validation part
  std::shared_ptr<const Dataset> training_, validation_, test_;  ///< the last one null without such a part
  std::optional<Vocabulary> vocabulary_;
};

ModelUse written(const TaskConfig&) { return {"generate", {"--bars", "16", "--out", "new.mid"}}; }

}  // namespace

TaskRow music_row() {
  return {.name = "music",
          .summary = "predict the next chord of music of your own: MIDI files, piano rolls (task.music)",
          .source = "Boulanger-Lewandowski, Bengio, Vincent 2012; counted as Bai, Kolter, Koltun 2018",
          .variants = {},
          .length = std::nullopt,
          .options = music_options::rows(),
          .use = written,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<MusicTask>(config, frames());
          }};
}

TaskRow melody_row() {
  return {.name = "melody",
          .summary = "predict the next note of melodies of your own, the highest notes of such files",
          .source = "Eck & Schmidhuber 2002, Finding temporal structure in music",
          .variants = {},
          .length = std::nullopt,
          .inputs = InputKind::tokens,
          .options = music_options::rows(),
          .use = written,
          .make = [](const TaskConfig& config, const ObjectiveList&) -> std::unique_ptr<Task> {
            return std::make_unique<MusicTask>(config, melodies());
          }};
}

}  // namespace unroll
