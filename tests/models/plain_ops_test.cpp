// "As fast as plain C++ ops" as a law instead of a timing: what the equation language records of a cell is,
// after the planner, the very program that the same equations give when they are written in C++ by hand: as
// many instructions of each kind, of the same shapes, in the same loops. So no cell is slower as text.

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/autodiff/scan.hpp"
#include "framework/plan/plan.hpp"
#include "models/cell_table.hpp"
#include "models/normalisation.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

constexpr std::int64_t plain_inputs = 3, plain_hidden = 8;

using Vars = std::vector<Var>;
using Weights = Parameters;

/// A step in ops: parameters, x and the states before; the states after.
using PlainStep = std::function<Vars(const Weights& p, Var x, const Vars& s)>;

/// W x + U h + b.
Var gate(const Weights& p, Var x, const char* W, Var h, const char* U, const char* b) {
  return linear(x, p[W]) + linear(h, p[U]) + p[b];
}

Vars plain_lstm(const Weights& p, Var x, const Vars& s) {
  const Var h = s[0], c = s[1];
  const Var i = sigmoid(gate(p, x, "W_i", h, "U_i", "b_i"));
  const Var f = sigmoid(gate(p, x, "W_f", h, "U_f", "b_f"));
  const Var g = tanh(gate(p, x, "W_g", h, "U_g", "b_g"));
  const Var o = sigmoid(gate(p, x, "W_o", h, "U_o", "b_o"));
  const Var c_new = f * c + i * g;
  return {o * tanh(c_new), c_new};
}

/// Which gates and functions the relatives of "a search space odyssey" have.
struct Odyssey {
  bool input_gate = true, forget_gate = true, output_gate = true, input_function = true,
       output_function = true, peepholes = true, coupled = false;
};

PlainStep odyssey(Odyssey has) {
  return [has](const Weights& p, Var x, const Vars& s) -> Vars {
    const Var y = s[0], c = s[1];
    const auto gated = [&](const char* W, const char* R, const char* peephole, Var seen, const char* b) {
      Var sum = linear(x, p[W]) + linear(y, p[R]);
      if (has.peepholes) sum = sum + p[peephole] * seen;
      return sigmoid(sum + p[b]);
    };
    Var z = gate(p, x, "W_z", y, "R_z", "b_z"), i, f, c_new;
    if (has.input_function) z = tanh(z);
    if (has.input_gate) i = gated("W_i", "R_i", "p_i", c, "b_i");
    if (has.forget_gate && !has.coupled) f = gated("W_f", "R_f", "p_f", c, "b_f");
    const Var in = has.input_gate ? z * i : z;
    c_new = in + (has.coupled ? c * (1.0 - i) : has.forget_gate ? c * f : c);
    Var out;
    if (has.output_gate) out = gated("W_o", "R_o", "p_o", c_new, "b_o");
    const Var seen = has.output_function ? tanh(c_new) : c_new;
    return {has.output_gate ? seen * out : seen, c_new};
  };
}

/// With a floor that keeps the derivative finite.
Var norm_of(Var v) { return sqrt(maximum(sum(square(v), -1, true), v.tape().fill(1e-30, {}))); }
Var silu(Var v) { return v * sigmoid(v); }
Var unit(Var v) { return v / norm_of(v); }
/// (B, n, 1) and (B, 1, n).
Var column(Var v) { return reshape(v, {v.dims()[0], v.dims()[1], 1}); }
Var plain_row(Var v) { return reshape(v, {v.dims()[0], 1, v.dims()[1]}); }
Var matrix_times(Var A, Var v) { return reshape(matmul(A, column(v)), {v.dims()[0], A.dims()[1]}); }
Var dot(Var w, Var v) { return sum(w * v, -1, true); }

/// Most of the zoo; the others differ from these in functions of the language that have tests of their own.
const std::map<std::string, PlainStep> plain = {
    {"vanilla",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       return {tanh(gate(p, x, "W_xh", s[0], "W_hh", "b_h"))};
     }},
    {"irnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       return {relu(gate(p, x, "W_xh", s[0], "W_hh", "b_h"))};
     }},
    {"lstm", plain_lstm},
    {"lstm_chrono", plain_lstm},
    {"lstm_np", odyssey({.peepholes = false})},
    {"lstm_nig", odyssey({.input_gate = false})},
    {"lstm_nfg", odyssey({.forget_gate = false})},
    {"lstm_nog", odyssey({.output_gate = false})},
    {"lstm_niaf", odyssey({.input_function = false})},
    {"lstm_noaf", odyssey({.output_function = false})},
    {"lstm_coupled", odyssey({.coupled = true})},
    {"lstm_peephole",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], c = s[1];
       const auto gated = [&](const char* W, const char* U, const char* peephole, Var seen, const char* b) {
         return sigmoid(linear(x, p[W]) + linear(h, p[U]) + p[peephole] * seen + p[b]);
       };
       const Var i = gated("W_xi", "W_hi", "W_ci", c, "b_i"), f = gated("W_xf", "W_hf", "W_cf", c, "b_f");
       const Var c_new = f * c + i * tanh(gate(p, x, "W_xc", h, "W_hc", "b_c"));
       return {gated("W_xo", "W_ho", "W_co", c_new, "b_o") * tanh(c_new), c_new};
     }},
    {"lstm_1997",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], c = s[1];
       const Var y_in = sigmoid(gate(p, x, "W_in", h, "U_in", "b_in"));
       const Var y_out = sigmoid(gate(p, x, "W_out", h, "U_out", "b_out"));
       const Var c_new = c + y_in * (2.0 * tanh(gate(p, x, "W_c", h, "U_c", "b_c") / 2.0));
       return {y_out * tanh(c_new / 2.0), c_new};
     }},
    {"lstm_1997_truncated",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var r = stop_gradient(s[0]), c = s[1];
       const Var y_in = sigmoid(gate(p, x, "W_in", r, "U_in", "b_in"));
       const Var y_out = sigmoid(gate(p, x, "W_out", r, "U_out", "b_out"));
       const Var c_new = c + y_in * (2.0 * tanh(gate(p, x, "W_c", r, "U_c", "b_c") / 2.0));
       return {y_out * tanh(c_new / 2.0), c_new};
     }},
    {"gru",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], r = sigmoid(gate(p, x, "W_r", h, "U_r", "b_r")),
                 z = sigmoid(gate(p, x, "W_z", h, "U_z", "b_z"));
       const Var n = tanh(linear(x, p["W_n"]) + p["b_n"] + r * (linear(h, p["U_n"]) + p["c_n"]));
       return {(1.0 - z) * n + z * h};
     }},
    {"gru_v1",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], r = sigmoid(gate(p, x, "W_r", h, "U_r", "b_r")),
                 z = sigmoid(gate(p, x, "W_z", h, "U_z", "b_z"));
       return {z * h + (1.0 - z) * tanh(gate(p, x, "W_n", r * h, "U_n", "b_n"))};
     }},
    {"mgu",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], f = sigmoid(gate(p, x, "W_f", h, "U_f", "b_f"));
       return {(1.0 - f) * h + f * tanh(gate(p, x, "W_g", f * h, "U_g", "b_g"))};
     }},
    {"janet",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var c = s[0], a = linear(c, p["U_f"]) + linear(x, p["W_f"]) + p["b_f"];
       const Var g = tanh(linear(c, p["U_c"]) + linear(x, p["W_c"]) + p["b_c"]);
       return {sigmoid(a) * c + (1.0 - sigmoid(a - 1.0)) * g};
     }},
    {"update_gate_rnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], c = tanh(linear(h, p["W_ch"]) + linear(x, p["W_cx"]) + p["b_c"]);
       const Var g = sigmoid(linear(h, p["W_gh"]) + linear(x, p["W_gx"]) + p["b_g"] + 1.0);
       return {g * h + (1.0 - g) * c};
     }},
    {"light_recurrent_unit",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], g = tanh(linear(x, p["W_h"])), f = sigmoid(gate(p, x, "W_f", h, "U_f", "b_f"));
       return {(1.0 - f) * h + f * g};
     }},
    {"atr",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var a = linear(x, p["W"]), q = linear(s[0], p["U"]);
       return {sigmoid(a + q) * a + sigmoid(a - q) * s[0]};
     }},
    {"brc",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], a = 1.0 + tanh(linear(x, p["U_a"]) + p["w_a"] * h);
       const Var c = sigmoid(linear(x, p["U_c"]) + p["w_c"] * h);
       return {c * h + (1.0 - c) * tanh(linear(x, p["U"]) + a * h)};
     }},
    {"nbrc",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], a = 1.0 + tanh(linear(x, p["U_a"]) + linear(h, p["W_a"]));
       const Var c = sigmoid(linear(x, p["U_c"]) + linear(h, p["W_c"]));
       return {c * h + (1.0 - c) * tanh(linear(x, p["U"]) + a * h)};
     }},
    {"cfn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const auto forget = [&](const char* U, const char* V, const char* b) {
         return sigmoid(linear(s[0], p[U]) + linear(x, p[V]) + p[b]);
       };
       const Var theta = forget("U_theta", "V_theta", "b_theta"), eta = forget("U_eta", "V_eta", "b_eta");
       return {theta * tanh(s[0]) + eta * tanh(linear(x, p["W"]))};
     }},
    {"cfc",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var a = tanh(gate(p, x, "W", s[0], "U", "b"));
       const Var f = linear(a, p["W_f"]) + p["b_f"], g = tanh(linear(a, p["W_g"]) + p["b_g"]);
       const Var q = tanh(linear(a, p["W_q"]) + p["b_q"]), part = sigmoid(-f * 1.0);
       return {part * g + (1.0 - part) * q};
     }},
    {"cornn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var y = s[0], z = s[1];
       const Var force = tanh(linear(y, p["W"]) + linear(z, p["W_z"]) + linear(x, p["V"]) + p["b"]);
       const Var z_new = z + 0.042 * (force - 2.7 * y - 4.7 * z);
       return {y + 0.042 * z_new, z_new};
     }},
    {"unicornn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var y = s[0], z = s[1], D = 0.19 * sigmoid(p["c"]);
       const Var z_new = z - D * (tanh(p["w"] * y + linear(x, p["V"]) + p["b"]) + 30.65 * y);
       return {y + D * z_new, z_new};
     }},
    {"lem",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var y = s[0], z = s[1];
       const auto sum = [&](const char* W, Var seen, const char* V, const char* b) {
         return linear(seen, p[W]) + linear(x, p[V]) + p[b];
       };
       const Var D_z = 1.0 * sigmoid(sum("W_1", y, "V_1", "b_1")),
                 D_y = 1.0 * sigmoid(sum("W_2", y, "V_2", "b_2"));
       // One after the other: C++ may record the second of two operands first, and the planner takes ops as
       // they come.
       const Var z_kept = (1.0 - D_z) * z, z_new = z_kept + D_z * tanh(sum("W_z", y, "V_z", "b_z"));
       const Var y_kept = (1.0 - D_y) * y;
       return {y_kept + D_y * tanh(sum("W_y", z_new, "V_y", "b_y")), z_new};
     }},
    {"indrnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       return {tanh(linear(x, p["W"]) + p["u"] * s[0] + p["b"])};
     }},
    {"echo_state",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       return {0.7 * s[0] + 0.3 * tanh(linear(x, p["W"]) + linear(s[0], p["U"]))};
     }},
    {"elstm",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var c = s[1], f = sigmoid(linear(x, p["F"]) + p["w_f"] * c + p["b_f"]);
       const Var z = tanh(linear(x, p["Z"]) + p["w_z"] * c + p["b_z"]);
       const Var c_new = f * c + (1.0 - f) * z;
       return {sigmoid(linear(x, p["O"]) + linear(c_new, p["W_o"]) + p["b_o"]) * c_new, c_new};
     }},
    {"fastrnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       return {sigmoid(p["alpha"]) * tanh(gate(p, x, "W", s[0], "U", "b")) + sigmoid(p["beta"]) * s[0]};
     }},
    {"fastgrnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var a = linear(x, p["W"]) + linear(s[0], p["U"]), z = sigmoid(a + p["b_z"]),
                 g = tanh(a + p["b_h"]);
       return {(sigmoid(p["zeta"]) * (1.0 - z) + sigmoid(p["nu"])) * g + z * s[0]};
     }},
    {"mingru",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var z = sigmoid(linear(x, p["W_z"]) + p["b_z"]), g = linear(x, p["W_h"]) + p["b_h"];
       return {(1.0 - z) * s[0] + z * g};
     }},
    {"minlstm",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var f = sigmoid(linear(x, p["W_f"]) + p["b_f"]), i = sigmoid(linear(x, p["W_i"]) + p["b_i"]);
       return {f / (f + i) * s[0] + i / (f + i) * (linear(x, p["W_h"]) + p["b_h"])};
     }},
    {"minimal_rnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var z = tanh(linear(x, p["W_x"]) + p["b_z"]);
       const Var u = sigmoid(linear(s[0], p["U_h"]) + linear(z, p["U_z"]) + p["b_u"]);
       return {u * s[0] + (1.0 - u) * z};
     }},
    {"star",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var z = tanh(linear(x, p["W_z"]) + p["b_z"]), k = sigmoid(gate(p, x, "W_x", s[0], "W_h", "b_k"));
       return {tanh((1.0 - k) * s[0] + k * z)};
     }},
    {"ran",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const auto gated = [&](const char* h, const char* W, const char* b) {
         return sigmoid(linear(s[0], p[h]) + linear(x, p[W]) + p[b]);
       };
       const Var g = linear(x, p["W_cx"]) + p["b_c"], i = gated("W_ih", "W_ix", "b_i"),
                 f = gated("W_fh", "W_fx", "b_f");
       const Var c = i * g + f * s[1];
       return {tanh(c), c};
     }},
    {"mut1",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], z = sigmoid(linear(x, p["W_xz"]) + p["b_z"]),
                 r = sigmoid(gate(p, x, "W_xr", h, "W_hr", "b_r"));
       const Var g = tanh(linear(r * h, p["W_hh"]) + tanh(linear(x, p["W_xh"])) + p["b_h"]);
       return {g * z + h * (1.0 - z)};
     }},
    {"mut2",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], z = sigmoid(gate(p, x, "W_xz", h, "W_hz", "b_z")),
                 r = sigmoid(gate(p, x, "W_xr", h, "W_hr", "b_r"));
       const Var g = tanh(linear(r * h, p["W_hh"]) + linear(x, p["W_xh"]) + p["b_h"]);
       return {g * z + h * (1.0 - z)};
     }},
    {"mut3",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], z = sigmoid(gate(p, x, "W_xz", tanh(h), "W_hz", "b_z"));
       const Var r = sigmoid(gate(p, x, "W_xr", h, "W_hr", "b_r"));
       const Var g = tanh(linear(r * h, p["W_hh"]) + linear(x, p["W_xh"]) + p["b_h"]);
       return {g * z + h * (1.0 - z)};
     }},
    {"multiplicative_lstm",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var m = linear(x, p["W_mx"]) * linear(s[0], p["W_mh"]),
                 g = tanh(gate(p, x, "W_hx", m, "W_hm", "b_h"));
       const Var i = sigmoid(gate(p, x, "W_ix", m, "W_im", "b_i")),
                 o = sigmoid(gate(p, x, "W_ox", m, "W_om", "b_o"));
       const Var f = sigmoid(gate(p, x, "W_fx", m, "W_fm", "b_f")), c = f * s[1] + i * g;
       return {o * tanh(c), c};
     }},
    {"jordan",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var before = 0.5 * s[1] + s[0], h = tanh(gate(p, x, "W_h", before, "U_h", "b_h"));
       return {tanh(linear(h, p["V"]) + p["b_o"]), before};
     }},
    {"nas",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const auto sum = [&](const std::string& k) {
         return linear(x, p["W_" + k]) + linear(s[0], p["U_" + k]);
       };
       const Var l_1 = tanh(sigmoid(sum("1")) * relu(sum("2")));
       const Var l_2 = tanh(sigmoid(sum("3")) + relu(linear(x, p["W_4"]) * linear(s[0], p["U_4"])));
       const Var l_3 = tanh(tanh(sum("5")) * sigmoid(sum("6"))),
                 l_4 = sigmoid(tanh(sum("7")) + sigmoid(sum("8")));
       const Var c = tanh(l_1 + s[1]) * l_2;
       return {tanh(c * tanh(l_3 + l_4)), c};
     }},
    {"qrnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var c = s[1], u = s[2];
       const auto sum = [&](const std::string& k) { return linear(u, p["V_" + k]) + linear(x, p["W_" + k]); };
       const Var z = tanh(sum("z")), f = sigmoid(sum("f")), o = sigmoid(sum("o")),
                 c_new = f * c + (1.0 - f) * z;
       return {o * c_new, c_new, x};
     }},
    {"recurrent_highway",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       Var state = s[0];
       for (const std::string k : {"1", "2", "3"}) {
         const Var through_h = linear(state, p["R_h" + k]), through_t = linear(state, p["R_t" + k]);
         const Var in_h = k == "1" ? linear(x, p["W_h"]) + through_h : through_h;
         const Var in_t = k == "1" ? linear(x, p["W_t"]) + through_t : through_t;
         const Var h = tanh(in_h + p["b_h" + k]), t = sigmoid(in_t + p["b_t" + k]);
         state = h * t + state * (1.0 - t);
       }
       return {state};
     }},
    {"shallow_plrnn",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var inner = relu(linear(s[0], p["W_2"]) + p["h_2"]);
       return {p["A"] * s[0] + linear(inner, p["W_1"]) + p["h_1"] + linear(x, p["C"])};
     }},
    {"shallow_plrnn_clipped",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var a = linear(s[0], p["W_2"]), inner = relu(a + p["h_2"]) - relu(a);
       return {p["A"] * s[0] + linear(inner, p["W_1"]) + p["h_1"] + linear(x, p["C"])};
     }},
    {"lru",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var re = s[1], im = s[2], r = exp(-exp(p["nu_log"])), theta = exp(p["theta_log"]);
       const Var new_re =
           r * cos(theta) * re - r * sin(theta) * im + exp(p["gamma_log"]) * linear(x, p["B_re"]);
       const Var new_im =
           r * sin(theta) * re + r * cos(theta) * im + exp(p["gamma_log"]) * linear(x, p["B_im"]);
       return {linear(new_re, p["C_re"]) - linear(new_im, p["C_im"]) + linear(x, p["D"]), new_re, new_im};
     }},
    {"ltc",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var f = sigmoid(linear(s[0], p["W_r"]) + linear(x, p["W"]) + p["b"]);
       return {(s[0] + 1.0 * f * p["A"]) / (1.0 + 1.0 * (softplus(p["g"]) + f))};
     }},
    {"spiking_lif",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var i = 0.9 * s[1] + linear(x, p["W"]) + linear(s[0], p["U"]), v = 0.85 * s[2] + s[1] - s[0];
       const Var one = x.tape().fill(1, {}), spike = greater(v, one),
                 slope = (v - 1.0) / (1.0 + 10.0 * abs(v - 1.0));
       return {stop_gradient(spike) + (slope - stop_gradient(slope)), i, v};
     }},
    {"deltanet",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var S = s[1], k = unit(silu(linear(x, p["W_k"]))), q = unit(silu(linear(x, p["W_q"])));
       const Var v = linear(x, p["W_v"]), beta = 1.0 * sigmoid(dot(p["w_beta"], x));
       const Var S_new =
           S - reshape(beta, {beta.dims()[0], 1, 1}) * (column(matrix_times(S, k) - v) * plain_row(k));
       return {matrix_times(S_new, q), S_new};
     }},
    {"fast_weights",
     [](const Weights& p, Var x, const Vars& s) -> Vars {
       const Var h = s[0], A = 0.95 * s[1] + 0.5 * (column(h) * plain_row(h)),
                 z = linear(h, p["W"]) + linear(x, p["C"]);
       const Var inner = z + matrix_times(A, tanh(z));
       return {tanh(p["w_g"] * layer_norm(inner) + p["b"]), A};
     }},
};

/// A cell over time and its gradients by all parameters, as the planner has them: one line for each
/// instruction, without names, in an order of its own.
std::vector<std::string> plan_of(const Cell& cell, const PlainStep& step) {
  Tape tape;
  const std::vector<ParameterSpec> specs = cell.parameters();
  const Parameters p(tape, specs);
  const Var x = tape.input("x", {T, B, plain_inputs});
  Vars start;
  for (const StateSpec& state : cell.states()) start.push_back(tape.input("start", state.dims(B)));
  const Scanned scanned =
      scan([&](const Vars& in, const Vars& state) { return Step{step(p, in[0], state)}; }, {x}, start);
  Vars outputs = gradients(sum(sin(scanned.state_trajectory[0])), p.all());
  outputs.push_back(scanned.state_trajectory[0]);
  std::istringstream text(Plan<float>(tape, outputs).to_text());
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);)
    lines.push_back(std::regex_replace(line, std::regex("%[^ ]*\\.[0-9]+"), "%"));
  std::ranges::sort(lines);
  return lines;
}

std::vector<std::string> plan_as_text(const Cell& cell) {
  return plan_of(
      cell, [&](const Weights& p, Var x, const Vars& s) { return cell.step(p, {.x = x, .state = s}).state; });
}

/// What the first has and the second has not.
std::string missing_names(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  std::vector<std::string> only;
  std::ranges::set_difference(a, b, std::back_inserter(only));
  std::string all;
  for (const std::string& line : only) all += line + "\n";
  return all;
}

}  // namespace

TEST_CASE(
    "[zoo] a cell as text is the very program that its equations are in C++ ops, forward and backward") {
  for (const auto& [name, step] : plain) {
    const auto cell = make_cell(name, {.input_size = plain_inputs, .hidden_size = plain_hidden});
    const std::vector<std::string> text = plan_as_text(*cell), ops = plan_of(*cell, step);
    INFO(name, "\nas text only:\n", missing_names(text, ops), "in ops only:\n", missing_names(ops, text));
    CHECK(text == ops);
  }
  CHECK(plain.size() >= 50);
}

TEST_CASE("[zoo] and one more op, or one in another place, is another program") {
  const auto cell = make_cell("gru", {.input_size = plain_inputs, .hidden_size = plain_hidden});
  const std::vector<std::string> text = plan_as_text(*cell);
  const PlainStep more = [](const Weights& p, Var x, const Vars& s) -> Vars {
    return {1.0 * plain.at("gru")(p, x, s)[0]};
  };
  CHECK(text != plan_of(*cell, more));
  const PlainStep other = [](const Weights& p, Var x, const Vars& s) -> Vars {
    const Var h = s[0], r = sigmoid(gate(p, x, "W_r", h, "U_r", "b_r")),
              z = sigmoid(gate(p, x, "W_z", h, "U_z", "b_z"));
    const Var n = tanh(linear(x, p["W_n"]) + p["b_n"] + r * (linear(h, p["U_n"]) + p["c_n"]));
    return {n + z * (h - n)};
  };
  CHECK(text != plan_of(*cell, other));
}
