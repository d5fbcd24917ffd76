// A table as sequences: its rows are steps, its columns numbers of a step.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "experiments/config/text.hpp"
#include "experiments/data/data_error.hpp"
#include "experiments/data/formats/csv_table.hpp"
#include "experiments/tasks/file_task/file_data.hpp"
#include "experiments/tasks/file_task/options.hpp"
#include "models/nearest.hpp"

namespace unroll {
namespace {

using Names = std::vector<std::string>;

/// Some columns side by side.
struct Columns {
  Tensor<float> values;  ///< (rows, columns)
  bool integers = true;
};

Columns columns_of(const CsvTable& table, const Names& names) {
  const auto width = static_cast<std::int64_t>(names.size());
  Columns all{Tensor<float>({static_cast<std::int64_t>(table.rows()), width})};
  for (std::int64_t c = 0; c < width; ++c) {
    const CsvNumbers column = numbers(table, names[static_cast<std::size_t>(c)]);
    all.integers = all.integers && column.array.integers;
    for (std::int64_t row = 0; row < column.array.values.numel(); ++row)
      all.values[row * width + c] = column.array.values[row];
  }
  return all;
}

std::size_t column_called(const CsvTable& table, const std::string& name, std::string_view key) {
  const auto found = std::ranges::find(table.names, name);
  if (found != table.names.end()) return static_cast<std::size_t>(found - table.names.begin());
  const std::string guess = did_you_mean(name, table.names);
  throw DataError(fmt::format("{}: {}: there is no column \"{}\"{}", key, table.file, printable(name),
                              guess.empty() ? "; there are " + printable(joined(table.names, ", ")) : guess));
}

/// Rows whose column says the same, one after the other.
std::vector<Range> sequences_of(const CsvTable& table, const std::string& name) {
  const auto rows = static_cast<std::int64_t>(table.rows());
  if (name.empty()) return {{0, rows}};
  const std::size_t column = column_called(table, name, file_options::sequence.key);
  std::vector<Range> all;
  std::map<std::string_view, std::size_t> last_line;
  for (std::int64_t row = 0; row < rows; ++row) {
    const auto r = static_cast<std::size_t>(row);
    const std::string_view field = table.field(r, column);
    if (all.empty() || field != table.field(r - 1, column)) {
      if (const auto known = last_line.find(field); known != last_line.end())
        throw DataError(
            fmt::format("{}, line {}, column \"{}\": the sequence \"{}\" goes on here, but its rows ended "
                        "on line {}: put its rows one after the other",
                        table.file, table.lines[r], printable(name), printable(field), known->second));
      all.push_back({row, 0});
    }
    ++all.back().count;
    last_line[field] = table.lines[r];
  }
  return all;
}

/// Whether the first field that is not empty is a number.
bool begins_with_number(const CsvTable& table, std::size_t column) {
  std::size_t row = 0;
  while (row + 1 < table.rows() && table.field(row, column).empty()) ++row;
  return is_csv_number(table.field(row, column));
}

/// Columns that begin with a number and are named for nothing else.
Names default_inputs(const CsvTable& table, const FileRequest& request, std::string& left_out) {
  std::set<std::string> taken(request.target.begin(), request.target.end());
  taken.insert(request.context.begin(), request.context.end());
  taken.insert({request.sequence, request.mask});
  Names inputs;
  for (std::size_t c = 0; c < table.names.size(); ++c) {
    const std::string& name = table.names[c];
    if (taken.contains(name)) continue;
    if (begins_with_number(table, c))
      inputs.push_back(name);
    else
      left_out += (left_out.empty() ? "" : ", ") + name;
  }
  if (inputs.empty())
    throw DataError(fmt::format("{}: no column of numbers is left to read beside the target; there are {}",
                                table.file, printable(joined(table.names, ", "))));
  return inputs;
}

void check_target(const CsvTable& table, const FileRequest& request, const Names& inputs) {
  if (request.target.empty())
    throw DataError(fmt::format("task.target: say which columns of {} to predict, or next; there are {}",
                                table.file, printable(joined(table.names, ", "))));
  if (request.next() || request.horizon > 0) return;
  for (const std::string& name : request.target)
    if (std::ranges::find(inputs, name) != inputs.end())
      throw DataError(
          fmt::format("task.target: the column \"{}\" of {} is in task.inputs too, where the model reads "
                      "it: leave it out there, or predict it ahead, with task.horizon",
                      printable(name), table.file));
}

void check_context(const CsvTable& table, const FileRequest& request, const Names& inputs) {
  for (const std::string& name : request.context) {
    column_called(table, name, file_options::context.key);
    if (std::ranges::find(inputs, name) != inputs.end())
      throw DataError(
          fmt::format("task.second_input: the column \"{}\" of {} is in task.inputs too; a second input is "
                      "what the first one is not: leave it out there",
                      printable(name), table.file));
  }
}

bool is_constant(const Tensor<float>& rows, Range steps) {
  const std::int64_t width = rows.shape()[1];
  for (std::int64_t i = steps.first * width; i < (steps.first + steps.count - 1) * width; ++i)
    if (rows[i] != rows[i + width]) return false;
  return true;
}

/// One target for each sequence: its last row's.
Tensor<float> last_rows(const Tensor<float>& rows, const std::vector<Range>& sequences) {
  const std::int64_t width = rows.shape()[1];
  Tensor<float> all({static_cast<std::int64_t>(sequences.size()), width});
  float* to = all.data();
  for (const Range& one : sequences)
    to = std::copy_n(rows.data() + (one.first + one.count - 1) * width, width, to);
  return all;
}

bool every_step(const FileRequest& request, const FileData& data) {
  if (request.readout != "auto") return request.readout == "every_step";
  if (data.series || request.next()) return true;
  return !std::ranges::all_of(data.sequences, [&](Range one) { return is_constant(data.target, one); });
}

}  // namespace

FileData read_table(const FileRequest& request) {
  const std::string& path = request.data.path;
  if (!request.target_data.empty())
    throw DataError(
        fmt::format("task.target_data: {} is a table, whose targets are columns of its own", path));
  if (!request.lengths.empty())
    throw DataError(
        fmt::format("task.lengths: {} is a table: name the column of its sequences as task.sequence", path));
  const CsvTable table = read_csv(content_of(request.data), path);
  FileData data{.file = path, .inputs = {}, .target = {}};
  const Names inputs =
      request.inputs.empty() ? default_inputs(table, request, data.left_out) : request.inputs;
  check_target(table, request, inputs);
  check_context(table, request, inputs);
  const auto place_in = [&](const Names& names) {
    return [&table, names](std::int64_t row, std::int64_t column) {
      return fmt::format("line {}, column \"{}\"", table.lines[static_cast<std::size_t>(row)],
                         printable(names[static_cast<std::size_t>(column)]));
    };
  };
  const auto read = [&](const Names& names, bool& integers) {
    Columns columns = columns_of(table, names);
    integers = columns.integers;
    data.missing += settle_missing(columns.values, data.sequences, request, place_in(names));
    return std::move(columns.values);
  };
  data.input_names = inputs;
  data.input_names.insert(data.input_names.end(), request.context.begin(), request.context.end());
  data.context = std::ssize(request.context);
  data.sequences = sequences_of(table, request.sequence);
  data.series = request.sequence.empty();
  data.inputs = read(data.input_names, data.integer_inputs);
  if (!request.next()) data.target = read(request.target, data.integer_target);
  data.every_step = every_step(request, data);
  if (!data.every_step) data.target = last_rows(data.target, data.sequences);
  bool ignored = false;
  if (!request.mask.empty())
    data.weights = Tensor<float>({data.inputs.shape()[0]}, read({request.mask}, ignored).span());
  return data;
}

}  // namespace unroll
