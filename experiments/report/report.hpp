#pragma once

#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// report.html: one page that needs nothing outside itself. Its bytes are a function of the arguments.
/// `machine`: what the sweep was computed with, in lines of text.
std::string report_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::string& title, const std::string& machine);

/// The numbers behind the page's plots, as JSON: {"axes": [...], "series": [...], "cells": [...]}. Which
/// series there are, and how to show each, follows from the descriptors in the records alone.
std::string report_data(const SweepPlan& plan, const std::vector<TrialRecord>& records);

}  // namespace unroll
