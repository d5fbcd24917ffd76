#include "experiments/bench/rivals/cells_as_ops.hpp"

#include <cmath>
#include <numbers>
#include <string>
#include <utility>

#include "framework/autodiff/ops.hpp"
#include "models/cell_table.hpp"

namespace unroll {

namespace {

using sizes::B;

using StepOfOps = CellStep (*)(const Parameters&, const StepInputs&);

class CellOfOps final : public Cell {
 public:
  CellOfOps(const Cell& equations, StepOfOps step)
      : parameters_(equations.parameters()), states_(equations.states()), step_(step) {}

  std::vector<ParameterSpec> parameters() const override { return parameters_; }
  std::vector<StateSpec> states() const override { return states_; }
  CellStep step(const Parameters& p, const StepInputs& in) const override { return step_(p, in); }

 private:
  std::vector<ParameterSpec> parameters_;
  std::vector<StateSpec> states_;
  StepOfOps step_;
};

Dim width(Var v) { return v.dims()[1]; }
Var column(Var v) { return reshape(v, {B, width(v), 1}); }
/// Of a vector of each sequence: (B, 1).
Var dot(Var a, Var b) { return sum(a * b, 1, true); }
/// A matrix of each sequence with a vector of it.
Var times(Var matrix, Var v) { return reshape(matmul(matrix, column(v)), {B, matrix.dims()[1]}); }
Var silu(Var v) { return v * sigmoid(v); }
Var unit(Var v) { return v / sqrt(dot(v, v)); }

CellStep lstm(const Parameters& p, const StepInputs& in) {
  const Var h = in.state[0], c = in.state[1];
  const auto gate = [&](const std::string& g) {
    return linear(in.x, p["W_" + g]) + linear(h, p["U_" + g]) + p["b_" + g];
  };
  const Var i = sigmoid(gate("i")), f = sigmoid(gate("f")), g = tanh(gate("g")), o = sigmoid(gate("o"));
  const Var next = f * c + i * g;
  return {{o * tanh(next), next}};
}

CellStep gru(const Parameters& p, const StepInputs& in) {
  const Var h = in.state[0];
  const Var r = sigmoid(linear(in.x, p["W_r"]) + linear(h, p["U_r"]) + p["b_r"]);
  const Var z = sigmoid(linear(in.x, p["W_z"]) + linear(h, p["U_z"]) + p["b_z"]);
  const Var n = tanh(linear(in.x, p["W_n"]) + p["b_n"] + r * (linear(h, p["U_n"]) + p["c_n"]));
  return {{(1.0 - z) * n + z * h}};
}

CellStep lem(const Parameters& p, const StepInputs& in) {
  const Var y = in.state[0], z = in.state[1];
  const auto sum_of = [&](const std::string& g, Var of) {
    return linear(of, p["W_" + g]) + linear(in.x, p["V_" + g]) + p["b_" + g];
  };
  const Var step_z = sigmoid(sum_of("1", y)), step_y = sigmoid(sum_of("2", y));
  const Var next_z = (1.0 - step_z) * z + step_z * tanh(sum_of("z", y));
  return {{(1.0 - step_y) * y + step_y * tanh(sum_of("y", next_z)), next_z}};
}

CellStep deltanet(const Parameters& p, const StepInputs& in) {
  const Var memory = in.state[1];
  const Var k = unit(silu(linear(in.x, p["W_k"]))), q = unit(silu(linear(in.x, p["W_q"])));
  const Var beta = sigmoid(dot(in.x, p["w_beta"]));
  const Var next = memory - reshape(beta, {B, 1, 1}) * outer(times(memory, k) - linear(in.x, p["W_v"]), k);
  return {{times(next, q), next}};
}

CellStep mlstm(const Parameters& p, const StepInputs& in) {
  const Var C = in.state[1], n = in.state[2], m = reshape(in.state[3], {B, 1});
  const double root = std::sqrt(static_cast<double>(width(n).number()));
  const Var q = linear(in.x, p["W_q"]) + p["b_q"], k = linear(in.x, p["W_k"]) / root + p["b_k"];
  const Var v = linear(in.x, p["W_v"]) + p["b_v"];
  const Var i_log = dot(in.x, p["w_i"]) + p["b_i"];
  const Var f_log = -softplus(-(dot(in.x, p["w_f"]) + p["b_f"]));
  const Var o = sigmoid(linear(in.x, p["W_o"]) + p["b_o"]);
  const Var next_m = maximum(f_log + m, i_log);
  const Var i = exp(i_log - next_m), f = exp(f_log + m - next_m);
  const Var next_C = reshape(f, {B, 1, 1}) * C + reshape(i, {B, 1, 1}) * outer(v, k);
  const Var next_n = f * n + i * k;
  const Var h = o * (times(next_C, q) / maximum(abs(dot(next_n, q)), exp(-next_m)));
  return {{h, next_C, next_n, reshape(next_m, in.state[3].dims())}};
}

CellStep selective_ssm(const Parameters& p, const StepInputs& in) {
  const Var h = in.state[1], u = linear(in.x, p["W"]);
  const Var delta = softplus(linear(in.x, p["W_delta"]) + p["b_delta"]);
  const Var next = exp(-column(delta) * exp(p["A_log"])) * h + outer(delta * u, linear(in.x, p["W_B"]));
  return {{times(next, linear(in.x, p["W_C"])) + p["D"] * u, next}};
}

/// K = pi j, by column j.
Var frequencies(Var offset) {
  const std::int64_t n = offset.dims()[1].number();
  Tensor<double> K({n});
  for (std::int64_t j = 0; j < n; ++j) K[j] = std::numbers::pi * static_cast<double>(j);
  return offset.tape().constant(std::move(K)) + offset;
}

CellStep s4d(const Parameters& p, const StepInputs& in) {
  const Var re = in.state[1], im = in.state[2], u = linear(in.x, p["V"]);
  const Var same = column(u);  // for all n
  const Var dt = reshape(exp(p["log_dt"]), {p["log_dt"].dims()[0], 1});
  const Var a = -exp(p["A_log"]), w = frequencies(p["A_off"]);
  const Var t = tanh(dt * a / 2.0);
  const Var d = 2.0 * t / (1.0 - t) * cos(dt * w) - 2.0 * square(sin(dt * w / 2.0));
  const Var e_re = 1.0 + d, e_im = exp(dt * a) * sin(dt * w);
  const Var q = square(a) + square(w);
  const Var g_re = (d * a + e_im * w) / q, g_im = (e_im * a - d * w) / q;
  const Var Cg_re = 2.0 * (p["C_re"] * g_re - p["C_im"] * g_im),
            Cg_im = 2.0 * (p["C_re"] * g_im + p["C_im"] * g_re);
  const Var next_re = e_re * re - e_im * im + same;
  const Var next_im = e_im * re + e_re * im;
  return {{sum(Cg_re * next_re - Cg_im * next_im, 2) + p["D"] * u, next_re, next_im}};
}

struct OpsRow {
  std::string_view cell;
  StepOfOps step;
};

constexpr OpsRow steps_of_ops[] = {{"lstm", lstm},   {"gru", gru},
                                   {"lem", lem},     {"deltanet", deltanet},
                                   {"mlstm", mlstm}, {"selective_ssm", selective_ssm},
                                   {"s4d", s4d}};

}  // namespace

std::unique_ptr<Cell> cell_as_ops(std::string_view name, const CellOptions& options) {
  if (!name.ends_with("_ops")) return nullptr;
  name.remove_suffix(4);
  for (const OpsRow& row : steps_of_ops)
    if (row.cell == name) return std::make_unique<CellOfOps>(*make_cell(name, options), row.step);
  return nullptr;
}

}  // namespace unroll
