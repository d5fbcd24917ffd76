#include "experiments/tasks/file_task/options.hpp"

#include "experiments/tasks/data_options.hpp"

namespace unroll::file_options {
namespace {

using Names = std::vector<std::string>;

OptionSpec choice(std::string key, Names known, std::string meaning) {
  return {std::move(key), known.front(), std::move(meaning), {}, [known] { return known; }};
}

}  // namespace

const OptionSpec data = {
    "task.data", InputFile{},
    "file to learn from: .npz, .npy, IDX (perhaps .gz) or a table, .csv. An array N x T x I "
    "is N sequences of T steps of I numbers, N x T such of one number; of one axis, of two with "
    "target=next, or with N = 1, it is one long series, as a table without task.sequence is"};
const OptionSpec train_data = {"task.train_data", InputFile{},
                               "the same, where the other parts are files of their own"};
const OptionSpec validation_data = {"task.validation_data", InputFile{},
                                    "file to validate on; none: validation_fraction of the data"};
const OptionSpec test_data = {"task.test_data", InputFile{},
                              "file to test the best model on; none: test_fraction of the data"};
const OptionSpec target_data = {"task.target_data", InputFile{},
                                "file of the targets of task.data or train_data, where they are not in it"};
const OptionSpec validation_target_data = {"task.validation_target_data", InputFile{},
                                           "those of validation_data"};
const OptionSpec test_target_data = {"task.test_target_data", InputFile{}, "those of test_data"};
const OptionSpec inputs = {
    "task.inputs", Names{},
    "the array, or the columns, to read; none: the only array, all columns of numbers that "
    "are named nowhere else"};
const OptionSpec context = {
    "task.second_input", Names{},
    "the array, or the columns, of a second input, which cells name by `input u`; none: there is one input"};
const OptionSpec target = {"task.target", Names{},
                           "the array, or the columns, to predict; next: the inputs, horizon steps ahead"};
const OptionSpec objective = {"task.objective", std::string(),
                              "what is made small; empty: cross_entropy of integers, binary_cross_entropy of "
                              "several that are 0 or 1, else mse"};
const OptionSpec readout =
    choice("task.readout", {"auto", "last_step", "every_step"},
           "how many targets a sequence has; auto: every_step of N x T targets, of a series, "
           "and of a column that changes within a sequence");
const OptionSpec mask = {"task.mask", std::string(),
                         "array N x T, or column, of how much each step's loss counts; 0: not at all"};
const OptionSpec lengths = {
    "task.lengths", std::string(),
    "array N of the steps that each sequence has; what stands behind them is not read"};
const OptionSpec sequence = {"task.sequence", std::string(),
                             "column that says which sequence a row belongs to; none: all are one series"};
const OptionSpec missing =
    choice("task.missing", {"refuse", "previous", "zero"},
           "what stands for a value that is missing: an error, the value a step before, or 0");
const OptionSpec steps = choice("task.steps", {"rows", "pixels"},
                                "what a step of an array N x H x W is: a row of W numbers, or one number");
const OptionSpec permute = {"task.permute", std::int64_t{0},
                            "seed of one random order of the steps for all sequences; 0: as they are",
                            from_to(0, 4294967295)};
const OptionSpec scale =
    choice("task.scale", {"auto", "none", "standard", "minmax", "bytes"},
           "how inputs and numeric targets are scaled, column by column, as the training part "
           "has it: mean 0 and deviation 1, or 0 to 1; bytes: inputs / 255. auto: bytes of "
           "images (whole numbers to 255, of three axes), none of zeros and ones, else standard");
const OptionSpec window = {
    "task.window", std::int64_t{50},
    "steps of the pieces that a series is cut into, which overlap in training; 0: it runs "
    "through in streams, states carried on, by train.window steps",
    from_to(0, 1e7)};

std::vector<OptionSpec> rows() {
  return {data,
          train_data,
          validation_data,
          test_data,
          target_data,
          validation_target_data,
          test_target_data,
          inputs,
          context,
          target,
          objective,
          readout,
          mask,
          lengths,
          sequence,
          data_options::validation_fraction,
          data_options::test_fraction,
          data_options::horizon,
          missing,
          scale,
          window,
          steps,
          permute};
}

}  // namespace unroll::file_options
