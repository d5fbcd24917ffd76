#pragma once

#include <string>
#include <vector>

#include "experiments/records/record.hpp"
#include "experiments/report/published.hpp"
#include "experiments/sweep/fixed_settings.hpp"
#include "experiments/sweep/plan.hpp"

namespace unroll {

/// What a report has beside its sweep.
struct ReportParts {
  std::vector<FixedSetting> fixed = {};        ///< the settings that results.csv has too
  std::vector<PublishedValue> published = {};  ///< of the study that the sweep is a part of
  std::string foreword = "";                   ///< HTML that stands above the plots
};

/// report.html: one page that needs nothing outside itself. Its bytes are a function of the arguments.
std::string report_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::string& title, const ReportParts& parts = {});

/// A page that shows nothing but one figure, as a browser without a window is asked for it: `request` is the
/// JSON that web/figure.js reads.
std::string figure_html(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<PublishedValue>& published, const std::string& request);

/// What the page's plots say of each cell, and what there is to plot, as JSON: {"axes": [...], "figures":
/// [...], "series": [...], "cells": [...]}. Which series there are, and how to show each, follows from the
/// descriptors in the records alone; their curves are in blocks of their own (series_block.hpp).
std::string report_data(const SweepPlan& plan, const std::vector<TrialRecord>& records,
                        const std::vector<PublishedValue>& published = {});

}  // namespace unroll
