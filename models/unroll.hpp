#pragma once

/// Everything that a program using Unroll needs: tensors, the tape and its ops, plans, gradient checks,
/// optimisers, cells, models, and files to keep them in.
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/autodiff/tape.hpp"
#include "framework/optim/clipping.hpp"
#include "framework/optim/optimizer.hpp"
#include "framework/optim/schedule.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/tensor.hpp"
#include "models/cell_check.hpp"
#include "models/cell_table.hpp"
#include "models/interchange.hpp"
#include "models/sequence_model.hpp"
