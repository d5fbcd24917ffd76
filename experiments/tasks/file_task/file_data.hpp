#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/data/sequence.hpp"
#include "experiments/tasks/task_config.hpp"

namespace unroll {

/// What is read of the files of one part: the setting's values, resolved.
struct FileRequest {
  InputFile data, target_data;
  std::vector<std::string> inputs, context, target;
  std::string readout, mask, lengths, sequence, missing;
  std::int64_t horizon = 0;
  bool pixels = false;

  bool next() const;
};

/// The sequences of one part, with targets as the file has them.
struct FileData {
  std::string file;
  Tensor<float> inputs;      ///< (S, inputs): the steps of all sequences, one after the other
  std::int64_t context = 0;  ///< the last so many of them are a second input
  Tensor<float> target;      ///< of every step (S, outputs), of the last one (N, outputs)
  std::optional<Tensor<float>> weights = {};  ///< (S)
  std::vector<Range> sequences = {};
  bool every_step = false;
  bool series = false;  ///< one long sequence, which is cut in time
  bool integer_inputs = false, integer_target = false;
  bool images = false;  ///< inputs have three axes or more
  std::int64_t missing = 0;
  std::vector<std::string> input_names = {};  ///< of columns
  std::string left_out = {};                  ///< columns that are no numbers and were not asked for

  std::int64_t input_size() const { return inputs.shape()[1]; }
  std::int64_t output_size() const { return target.shape()[1]; }
};

/// Reads the files of a part. Throws DataError naming the file and the place in it.
FileData read_file_data(const FileRequest& request);

// ---- Its parts ----

FileData read_table(const FileRequest& request);
FileData read_array_data(const FileRequest& request);

/// Says where row s and column c of a table of numbers stand in the file: "line 12, column \"Temp\"".
using PlaceOf = std::function<std::string(std::int64_t row, std::int64_t column)>;

/// Refuses infinities, and puts in what `missing` says where values are missing; counts them. `sequences` are
/// the rows that may follow each other.
std::int64_t settle_missing(Tensor<float>& rows, const std::vector<Range>& sequences,
                            const FileRequest& request, const PlaceOf& place);

/// The columns but for so many at the end.
Tensor<float> without_last(const Tensor<float>& rows, std::int64_t left_out);

/// Pairs each step's inputs with the target `horizon` steps later; without one with the inputs themselves,
/// but for a second input. Each sequence loses its last steps.
void look_ahead(FileData& data, std::int64_t horizon, bool next);

}  // namespace unroll
