#include <fmt/format.h>

#include <algorithm>
#include <boost/program_options/value_semantic.hpp>

#include "experiments/saved/model_inputs.hpp"
#include "experiments/saved/model_task.hpp"
#include "experiments/sweep/say.hpp"
#include "experiments/train/taught_task.hpp"
#include "experiments/verbs/model_argument.hpp"
#include "experiments/verbs/number_flag.hpp"
#include "framework/tensor/npy.hpp"
#include "models/carried_run.hpp"
#include "models/nearest.hpp"

namespace unroll {

namespace {

/// Sequences side by side, and what of them goes into the file.
struct Read {
  Values inputs;
  std::vector<std::int64_t> lengths;
  std::optional<Values> target = {};  ///< of sequences that the task made
};

Read from_text(const SavedModel& model, const Arguments& arguments) {
  const EncodedText text = encode_prompt(model, text_flag(arguments, "text")).text;
  say_unknown(text);
  const std::vector<std::int32_t> read = from_start(model, text.ids);
  Tensor<std::int64_t> tokens({static_cast<std::int64_t>(read.size()), 1});
  std::ranges::copy(read, tokens.data());
  return {std::move(tokens), {static_cast<std::int64_t>(read.size())}};
}

Read from_file(const SavedModel& model, const std::string& file) {
  const std::vector<Values> sequences = inputs_in(model, file);
  Read read{side_by_side(sequences), {}};
  for (const Values& one : sequences) read.lengths.push_back(shape_of(one)[0]);
  return read;
}

/// The first ones of the test set, or else the validation set.
Read from_task(const SavedModel& model, std::int64_t sequences) {
  const ModelTask with = task_of(model);
  auto source = with.task->test(sequences);
  if (!source) source = with.task->validation(sequences);
  if (source->carried())
    throw UsageError(
        fmt::format("the task {} has one long text: give a part of it as --text TEXT, or tokens as "
                    "--data FILE",
                    with.config.task.name));
  Batch batch = source->batch(0, sequences);
  return {std::move(batch.inputs), std::move(batch.lengths), std::move(batch.target)};
}

Read read_of(const SavedModel& model, const Arguments& arguments) {
  if (arguments.has("text")) return from_text(model, arguments);
  if (arguments.has("data")) return from_file(model, arguments.flags["data"].as<std::string>());
  return from_task(model, arguments.flags["sequences"].as<std::int64_t>());
}

/// --values, or all that there are.
std::vector<std::string> names_of(const SavedModel& model, const Arguments& arguments) {
  const std::vector<std::string> known = model.model().value_names(model.sizes.inputs);
  if (!arguments.has("values")) return known;
  const std::vector<std::string> wanted = split_at_commas(arguments.flags["values"].as<std::string>());
  for (const std::string& name : wanted)
    if (std::ranges::find(known, name) == known.end())
      throw UsageError(fmt::format("--values: the model has no value {}{}; it has {}", printable(name),
                                   did_you_mean(name, known), fmt::join(known, ", ")));
  return wanted;
}

void require_even(const SavedModel& model, const Read& read) {
  if (!model.config.model.bidirectional ||
      std::ranges::count(read.lengths, read.lengths.front()) == std::ssize(read.lengths))
    return;
  throw ModelError(
      "this model is bidirectional (model.bidirectional): its reverse direction begins at a sequence's end, "
      "so "
      "sequences of different lengths cannot stand side by side; give them one by one");
}

void put(NamedTensors& arrays, const std::string& name, AnyTensor values) {
  if (arrays.emplace(name, std::move(values)).second) return;
  throw ModelError(
      fmt::format("two arrays would be called {}: leave the model's value of that name out by "
                  "--values",
                  name));
}

AnyTensor any(Values values) {
  return std::visit([](auto&& tensor) -> AnyTensor { return std::move(tensor); }, std::move(values));
}

/// (T, B, outputs). What a task asks for after the last step only is read out at every step as well, unless
/// the readout sees both ends of a sequence.
NamedTensors arrays_of(const SavedModel& model, const std::vector<std::string>& names, Read read) {
  const Readout readout = model.config.model.bidirectional ? model.sizes.readout : Readout::every_step;
  CarriedRun::Options options{.record = {.values = names}};
  // Sequences of the task have the targets that outputs should be; a file has none.
  if (model.sizes.feedback > 0 && !read.target)
    options.record.own_feedback =
        what_is_fed_back(find_objective(model.laboratory->objectives(), model.objective));
  CarriedRun run(model.model(readout), model.sizes.inputs, model.sizes.tokens, model.parameters, options);
  const std::int64_t steps = shape_of(read.inputs)[0], rows = shape_of(read.inputs)[1];
  run.start(rows);
  std::visit([&](const auto& values) { run.run(values); }, read.inputs);
  NamedTensors arrays;
  for (std::size_t i = 0; i < names.size(); ++i) put(arrays, names[i], run.value(i));
  const std::int64_t outputs = model.sizes.outputs;
  const Shape shape = readout == Readout::last ? Shape{rows, outputs} : Shape{steps, rows, outputs};
  put(arrays, "outputs", Tensor<float>(shape, run.outputs()));
  put(arrays, model.sizes.tokens ? "tokens" : "inputs", any(std::move(read.inputs)));
  put(arrays, "lengths", Tensor<std::int64_t>({rows}, read.lengths));
  if (read.target) put(arrays, "target", any(std::move(*read.target)));
  return arrays;
}

int states(const Arguments& arguments) {
  if (!arguments.has("out")) throw UsageError("where to? Give the file to write as --out X.npz");
  if (arguments.has("text") && arguments.has("data"))
    throw UsageError("--text and --data exclude each other: one says what the model reads");
  if (const auto n = arguments.flags["sequences"].as<std::int64_t>(); n < 1)
    throw UsageError(fmt::format("--sequences must be at least 1, but is {}", n));
  if (arguments.words.size() != 1)
    throw UsageError(fmt::format("expected one word, the folder of a trained model, but got {} words",
                                 arguments.words.size()));
  const bool given = arguments.has("text") || arguments.has("data");
  const SavedModel model =
      named_model(arguments, arguments.words.front(), given ? Learned::left_out : Learned::read);
  const std::vector<std::string> names = names_of(model, arguments);
  Read read = read_of(model, arguments);
  require_even(model, read);
  const NamedTensors arrays = arrays_of(model, names, std::move(read));
  save_npz(arguments.flags["out"].as<std::string>(), arrays);
  for (const auto& [name, values] : arrays)
    fmt::print("{} {}\n", name, to_string(std::visit([](const auto& t) { return t.shape(); }, values)));
  return exit_good;
}

void add_states_flags(Flags& flags) {
  namespace po = boost::program_options;
  flags.add_options()("data", po::value<std::string>(),
                      "sequences to read: .npz (the array inputs, or the only one), .npy: (sequences, steps, "
                      "inputs); .csv: one sequence, its columns the inputs")(
      "text", po::value<std::string>(), "a text to read, for models of text; -: standard input")(
      "sequences", number_flag<std::int64_t>()->default_value(8),
      "without --data and --text: so many of the test set, or else the validation set")(
      "values", po::value<std::string>(),
      "which states and named values of the cell, as h,c,f; default: all")("out", po::value<std::string>(),
                                                                           "the .npz file to write");
}

}  // namespace

const Verb& states_verb() {
  static const Verb verb{
      .name = "states",
      .summary = "all states and gates of a trained model over time, as a NumPy file",
      .usage = "MODEL [--data FILE | --text TEXT] [--values h,c,f] --out X.npz",
      .examples =
          "  unroll states out/cat --text \"The cat sat on the\" --out cat.npz\n"
          "  unroll states out/one --sequences 32 --values h --out h.npz\n"
          "  python3 -c 'import numpy; print(numpy.load(\"h.npz\")[\"h\"].shape)'\n\n"
          "Arrays are (steps, sequences, ...), by the names of the cell's equations (layer2.h: of the "
          "second\n"
          "layer), and outputs, inputs or tokens, lengths, and where the task made the sequences target. Of "
          "a\n"
          "sequence that is shorter than the longest, what stands behind its length means nothing.",
      .add_flags = add_states_flags,
      .run = states,
      .trains = true,
  };
  return verb;
}

}  // namespace unroll
