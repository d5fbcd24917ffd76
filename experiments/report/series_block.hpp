#pragma once

#include <span>
#include <string>

#include "experiments/report/axes.hpp"
#include "experiments/report/series_list.hpp"

namespace unroll {

/// The curves of one series in all cells, as JSON: {"places": [[...], ...], "moments": [[curve, ...], ...]},
/// moments as in `series`, curves in the order of the cells. A curve is [p, median, low, high] with p the
/// index of its places; [p, median] where all three are alike, as of a single run; [] where there is none.
///
/// Of so many cells that it would make the page heavy, each curve has fewer places, evenly spread.
std::string series_block(std::span<const SweepCell> cells, const SeriesSummary& series);

/// Whether a series has curves of single runs beside its bands: it is recorded, not derived from several
/// runs, and some cell has two runs with it.
bool has_runs(std::span<const SweepCell> cells, const SeriesSummary& series);

/// The curves of the single runs of each cell at the moment that the page draws solid: {"places": [[...],
/// ...], "cells": [[[place, [y, ...]], ...], ...]}, a list of runs per cell. Fewer places than the bands
/// have: there are as many times more curves.
std::string runs_block(std::span<const SweepCell> cells, const SeriesSummary& series);

}  // namespace unroll
