#pragma once

#include <unroll/experiments/tasks/task.hpp>

/// Echo: bits come one by one, and now and then one is asked for: which bit came echo.delay steps before?
///
/// Inputs (T, 2): the bit, and 1 where it is asked. Classes (T), of which only the steps that ask count: the
/// loss is masked by weights. Lengths are drawn for each sequence, so that batches are packed.
unroll::TaskRow echo_row();
