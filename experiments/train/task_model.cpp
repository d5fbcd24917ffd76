#include "experiments/train/task_model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "experiments/data/slices.hpp"
#include "experiments/train/taught_task.hpp"
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

namespace unroll {
namespace {

using sizes::B;
using sizes::T;

/// In updates that descend it.
double flossing_factor_of(const TrainConfig& train, const Recording& how) {
  return how.training && (train.flossing_updates == 0 || how.flossing_alone) ? train.flossing : 0;
}

RecordOptions record_options(const Config& config, const TaskSpec& spec, const Recording& how) {
  RecordOptions options;
  options.given_states = how.windows;
  options.packed_sequences = how.packed_sequences;
  options.training = how.training;
  options.masks = how.training && draws_noise(config.model);
  options.seed = config.seed;
  options.transitions = how.transitions || (how.training && config.train.omega > 0) ||
                        flossing_factor_of(config.train, how) > 0;
  options.clip_state_gradient = how.training ? config.train.clip_state_gradient : 0;
  if (how.own_feedback) options.own_feedback = what_is_fed_back(spec.objective);
  options.clip_state_norm = how.training ? config.train.clip_state_norm : 0;
  return options;
}

/// (T, B), or of the last step one for each sequence.
Dims answer_dims(const TaskSpec& spec, const Recording& how) {
  if (spec.every_step()) return {T, B};
  return {how.packed_sequences > 0 ? Dim(how.packed_sequences) : B};
}

/// Numbers in precision To, indices as they are.
template <class To>
std::variant<Tensor<To>, Tensor<std::int64_t>> converted(const Values& values) {
  if (const auto* numbers = std::get_if<Tensor<float>>(&values)) return convert<To>(*numbers);
  return std::get<Tensor<std::int64_t>>(values);
}

/// The batch with sequences of one step without weight behind it, so that there are `count`. They have no
/// labels.
Batch with_fillers(const Batch& batch, std::int64_t count, const TaskSpec& spec) {
  const std::int64_t rows = batch.rows();
  const auto widened = [&](const Values& values, std::size_t axis, std::int64_t filler) {
    return std::visit(
        [&]<class X>(const Tensor<X>& tensor) -> Values {
          Shape shape = tensor.shape();
          shape[axis] = count;
          Tensor<X> wide(shape, static_cast<X>(filler));
          write_range(tensor.data(), axis, {0, rows}, wide);
          return wide;
        },
        values);
  };
  const std::int64_t filler = spec.objective.target == TargetKind::labels ? no_label : 0;
  Batch filled{widened(batch.inputs, 1, 0),
               widened(batch.target, spec.every_step() ? 1 : 0, filler),
               batch.lengths,
               {}};
  filled.lengths.resize(static_cast<std::size_t>(count), 1);
  return filled;
}

/// Where the sequences' steps stand, side by side or packed.
std::vector<StepPlace> places_of(const Batch& batch, const Packing* packing) {
  std::vector<StepPlace> places;
  for (std::size_t b = 0; b < (packing ? packing->lengths : batch.lengths).size(); ++b)
    places.push_back(packing
                         ? StepPlace{packing->places[b].row, packing->places[b].first, packing->lengths[b]}
                         : StepPlace{static_cast<std::int64_t>(b), 0, batch.lengths[b]});
  return places;
}

template <class To>
std::variant<Tensor<To>, Tensor<std::int64_t>> packed_values(const Packing& packing, const Values& padded) {
  return converted<To>(
      std::visit([&](const auto& tensor) -> Values { return pack_steps(packing, tensor); }, padded));
}

}  // namespace

bool share_rows(const Config& config, const TaskSpec& spec, const DataSource& source) {
  return source.uneven() && (config.train.pack || !spec.every_step() || config.model.bidirectional);
}

double Piece::weight(std::int64_t t, std::int64_t b) const {
  if (t < counted) return 0;
  const std::int64_t length = batch.lengths[static_cast<std::size_t>(b)];
  if (only_step && t != (*only_step < 0 ? length - 1 : *only_step)) return 0;
  return batch.weight(t, b);
}

double total_weight(const Piece& piece, bool every_step) {
  double total = 0;
  for (std::int64_t b = 0; b < piece.batch.rows(); ++b) {
    const std::int64_t length = piece.batch.lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = every_step ? 0 : length - 1; t < length; ++t) total += piece.weight(t, b);
  }
  return total;
}

TaskModel::TaskModel(const CellList& cells, const Config& config, const TaskSpec& task_spec,
                     const Recording& how)
    : BoundModel(make_model(cells, config, sizes_of(task_spec)), task_spec.input_size,
                 task_spec.inputs == InputKind::tokens, record_options(config, task_spec, how)),
      spec(task_spec),
      recording(how),
      omega_factor(how.training ? config.train.omega : 0),
      path(omega_factor > 0 ? omega_path(config.train.omega_through) : OmegaPath::weights),
      flossing_factor(flossing_factor_of(config.train, how)),
      flossing_exponents(config.train.flossing_exponents) {
  if (how.own_feedback && how.windows)
    throw std::invalid_argument(
        fmt::format("train.own_feedback: the task's series runs through in windows, where outputs are fed "
                    "back within one alone; "
                    "leave it out, or take pieces (task.window above 0)"));
  specs = with_rates(std::move(specs), config.train);
  const Dims dims = answer_dims(spec, how);
  if (how.weighted) weights = tape->input("weights", dims);
  record_target(dims);
  Var each = elements[0];
  if (weights.valid()) {
    Dims beside = weights.dims();
    if (spec.objective.target == TargetKind::numbers) beside.push_back(1);
    each = each * reshape(weights, beside);
  }
  loss = mean(each);
  for (std::size_t i = 0; i < specs.size(); ++i)
    if (specs[i].trained) trained.push_back(i);
}

void TaskModel::record_target(const Dims& answers) {
  switch (spec.objective.target) {
    case TargetKind::labels:
      labels = ctc_inputs(*tape, answers[0], spec.most_labels);
      elements = spec.objective.label_elements(recorded.outputs, *labels);
      return;
    case TargetKind::classes:
      target = tape->index_input("classes", answers);
      break;
    case TargetKind::numbers: {
      Dims dims = answers;
      dims.push_back(spec.output_size / spec.objective.outputs_per_number);
      target = tape->input("target", dims);
    }
  }
  elements = spec.objective.elements(recorded.outputs, target);
}

void TaskModel::record_gradients() {
  if (!parameter_gradients.empty()) return;
  std::vector<Var> wanted;
  for (const std::size_t i : trained) wanted.push_back(parameters[i]);
  if (flossing_factor > 0)
    flossing = flossing_factor * model.flossing(named, run, recorded, flossing_exponents);
  if (recording.flossing_alone)
    parameter_gradients = gradients(flossing, wanted);
  else if (omega_factor == 0)
    parameter_gradients = gradients(flossing.valid() ? loss + flossing : loss, wanted);
  else
    record_regularised_gradients(wanted);
}

void TaskModel::record_regularised_gradients(const std::vector<Var>& wanted) {
  std::vector<Var> all = wanted;
  all.insert(all.end(), recorded.state_trajectory.begin(), recorded.state_trajectory.end());
  all = gradients(loss, all);
  const std::vector<Var> e(all.begin() + static_cast<std::ptrdiff_t>(wanted.size()), all.end());
  omega = model.omega(named, run, recorded, e, path);
  refuse_unreached(wanted);
  const std::vector<Var> added = gradients(omega, wanted);
  for (std::size_t g = 0; g < wanted.size(); ++g)
    parameter_gradients.push_back(all[g] + omega_factor * added[g]);
  if (!flossing.valid()) return;
  const std::vector<Var> more = gradients(flossing, wanted);
  for (std::size_t g = 0; g < wanted.size(); ++g) parameter_gradients[g] = parameter_gradients[g] + more[g];
}

void TaskModel::record_state_gradients() {
  if (state_gradients.empty()) state_gradients = gradients(loss, recorded.state_trajectory);
}

/// A regulariser that changes nothing would look as if it had been tried.
void TaskModel::refuse_unreached(const std::vector<Var>& wanted) const {
  std::vector<bool> seeds(tape->values().size(), false);
  for (const Var& v : wanted) seeds[static_cast<std::size_t>(v.id())] = true;
  if (depends_on(*tape, std::move(seeds))[static_cast<std::size_t>(omega.id())]) return;
  throw std::invalid_argument(fmt::format(
      "train.omega is {}, but reaches no trained parameter of this model: with train.omega_through={} it "
      "needs "
      "{}",
      omega_factor, path == OmegaPath::weights ? "weights" : "step",
      path == OmegaPath::weights
          ? "trained weights that gradients pass on their way from step to step, and here they pass gates "
            "alone; take train.omega_through=step"
          : "a step whose Jacobian depends on parameters; leave it out"));
}

std::vector<Var> TaskModel::training_outputs() const {
  std::vector<Var> all = parameter_gradients;
  all.push_back(loss);
  if (recording.windows)
    all.insert(all.end(), recorded.state_trajectory.begin(), recorded.state_trajectory.end());
  return all;
}

std::vector<Var> TaskModel::evaluation_outputs() const {
  std::vector<Var> all = elements;
  if (recording.windows)
    all.insert(all.end(), recorded.state_trajectory.begin(), recorded.state_trajectory.end());
  return all;
}

template <class To>
void TaskModel::fill(Feed<To>& feed, const Piece& piece, Range rows, double total) const {
  const bool all = rows == Range{0, piece.batch.rows()};
  if (!all) {
    copy_rows(piece.batch, rows, spec.every_step(), feed.piece.batch);
    feed.piece.counted = piece.counted;
    feed.piece.only_step = piece.only_step;
  }
  const Piece& own = all ? piece : feed.piece;
  const std::int64_t steps = own.batch.steps();
  feed.model.initial.resize(initial.size());
  for (std::size_t k = 0; k < initial.size(); ++k) {
    Tensor<float> part;
    copy_range(piece.initial[k], 0, rows, part);
    feed.model.initial[k] = convert<To>(part);
  }
  feed.model.carried[0] = piece.carried ? 1 : 0;
  feed.packing.reset();
  Shape answers = spec.every_step() ? Shape{steps, rows.count} : Shape{rows.count};
  if (packed) {
    const Batch filled = with_fillers(own.batch, packed_sequences, spec);
    feed.packing = pack(filled.lengths);
    feed.model.set_packing(*feed.packing);
    feed.inputs = packed_values<To>(*feed.packing, filled.inputs);
    feed.target =
        spec.every_step() ? packed_values<To>(*feed.packing, filled.target) : converted<To>(filled.target);
    answers = spec.every_step() ? Shape{feed.packing->steps, feed.packing->rows} : Shape{packed_sequences};
  } else if constexpr (!std::is_same_v<To, float>) {
    feed.inputs = converted<To>(own.batch.inputs);
    feed.target = converted<To>(own.batch.target);
  }
  if (labels) fill_labels(feed, own.batch);
  if (noise)
    feed.model.set_noise(piece.number, rows.first, piece.first_step,
                         feed.packing ? feed.packing->steps : steps);
  if (!weights.valid()) return;
  // The mean over the elements here, weighed by the share of the rows here, must add up to the sum of all
  // that counts, over `total`.
  const double scale = static_cast<double>(answers.numel()) / total *
                       static_cast<double>(piece.batch.rows()) / static_cast<double>(rows.count);
  feed.weights = Tensor<To>(answers);
  const Layout where{rows.count, spec.every_step(), feed.packing ? &*feed.packing : nullptr};
  for (std::int64_t b = 0; b < rows.count; ++b) {
    const std::int64_t length = own.batch.lengths[static_cast<std::size_t>(b)];
    for (std::int64_t t = spec.every_step() ? 0 : length - 1; t < length; ++t)
      feed.weights[where.at(t, b)] = static_cast<To>(own.weight(t, b) * scale);
  }
}

template <class To>
void TaskModel::fill_labels(Feed<To>& feed, const Batch& batch) const {
  const Packing* packing = feed.packing ? &*feed.packing : nullptr;
  const auto& wanted =
      packing ? std::get<Tensor<std::int64_t>>(feed.target) : std::get<Tensor<std::int64_t>>(batch.target);
  feed.labels = ctc_lattice<To>(wanted, places_of(batch, packing), packing ? packing->steps : batch.steps(),
                                packing ? packing->rows : batch.rows(), spec.output_size);
}

template <class To>
void TaskModel::bind(Plan<To>& plan, const Feed<To>& feed, const Piece& piece,
                     const std::vector<Tensor<To>>& values) const {
  BoundModel::bind(plan, feed.model, values);
  const bool own = packed || !std::is_same_v<To, float>;
  const auto bind_one = [&](Var input, const auto& all) {
    std::visit([&](const auto& tensor) { plan.bind(input, tensor); }, all);
  };
  if (own) {
    bind_one(inputs, feed.inputs);
    if (!labels) bind_one(target, feed.target);
  } else if constexpr (std::is_same_v<To, float>) {
    bind_one(inputs, piece.batch.inputs);
    if (!labels) bind_one(target, piece.batch.target);
  }
  if (labels) {
    plan.bind(labels->outputs, feed.labels.outputs);
    plan.bind(labels->steps, feed.labels.steps);
    plan.bind(labels->live, feed.labels.live);
    plan.bind(labels->skips, feed.labels.skips);
    plan.bind(labels->ends, feed.labels.ends);
  }
  if (weights.valid()) plan.bind(weights, feed.weights);
}

Layout TaskModel::layout(const Feed<float>& feed, std::int64_t rows) const {
  return {rows, spec.every_step(), feed.packing ? &*feed.packing : nullptr};
}

template void TaskModel::fill(Feed<float>&, const Piece&, Range, double) const;
template void TaskModel::fill(Feed<double>&, const Piece&, Range, double) const;
template void TaskModel::bind(Plan<float>&, const Feed<float>&, const Piece&,
                              const std::vector<Tensor<float>>&) const;
template void TaskModel::bind(Plan<double>&, const Feed<double>&, const Piece&,
                              const std::vector<Tensor<double>>&) const;

}  // namespace unroll
