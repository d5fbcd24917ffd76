#pragma once

#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/fixed_settings.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// report.html: one page that needs nothing outside itself; `fixed` are the settings that results.csv has
/// too; `above`: HTML that stands before the plots, such as what a study expected. Its bytes are a function
/// of the arguments.
std::string report_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::string& title, const std::vector<FixedSetting>& fixed = {},
                        const std::string& above = "");

/// What the page's plots say of each cell, and what there is to plot, as JSON: {"axes": [...], "series":
/// [...], "cells": [...]}. Which series there are, and how to show each, follows from the descriptors in the
/// records alone; their curves are in blocks of their own (series_block.hpp).
std::string report_data(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
