#pragma once

/// Everything that a program using Unroll needs: tensors, the tape and its ops, plans, gradient checks,
/// cells.
#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/autodiff/tape.hpp"
#include "framework/plan/gradcheck.hpp"
#include "framework/plan/plan.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/tensor.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"
