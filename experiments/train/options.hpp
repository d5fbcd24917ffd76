#pragma once

#include <functional>
#include <vector>

#include "experiments/config/option.hpp"
#include "experiments/train/config.hpp"
#include "models/cell_table.hpp"

namespace unroll {

// The settings that the parts of a trial export, in the order of a file. Whoever changes a default or the
// meaning of a row raises results_revision (experiments/sweep/trial_id.hpp).

/// model.cell, its activation and size. `cells` must outlive the rows.
std::vector<Option> cell_option_rows(const CellList& cells);
std::vector<Option> initialiser_option_rows();
/// What is around the cell.
std::vector<Option> model_option_rows(const std::function<bool(const Config&)>& reads_tokens);
/// model.constants.NAME
OptionFamily constants_family();
/// train.rates.NAME
OptionFamily rates_family();
std::vector<Option> optimizer_option_rows();
std::vector<Option> schedule_option_rows();
std::vector<Option> training_option_rows(const std::function<bool(const Config&)>& reads_feedback);

}  // namespace unroll
