#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"
#include "framework/plan/plan.hpp"
#include "framework/tensor/npy.hpp"
#include "models/cell_table.hpp"
#include "models/sequence_model.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

namespace {

/// A file of tests/data, made by PyTorch (make_recurrent_oracles.py says what is in it), and the cell it is
/// for.
struct Oracle {
  std::string file, cell, activation;

  NamedTensors load() const {
    return load_npz(std::string(UNROLL_SOURCE_DIR) + "/tests/data/recurrent_" + file + ".npz");
  }
};

const Oracle oracles[] = {{"vanilla_tanh", "vanilla", "tanh"},
                          {"vanilla_relu", "vanilla", "relu"},
                          {"lstm", "lstm", "tanh"},
                          {"gru", "gru", "tanh"},
                          {"gru_v1", "gru_v1", "tanh"}};

/// The oracle's problem on a tape, its values by the names of the file.
struct Recorded {
  Tape tape;
  std::map<std::string, Var> given, computed;

  explicit Recorded(const Oracle& oracle, const NamedTensors& file) {
    const std::int64_t inputs = extent(file, "x", 2), hidden = extent(file, "h", 2),
                       outputs = extent(file, "y", 2);
    const SequenceModel model(make_cell(oracle.cell, {inputs, hidden, oracle.activation}), outputs,
                              Readout::every_step);
    const Parameters p(tape, model.parameters());
    const Var x = given["x"] = tape.input("x", {T, B, inputs});
    const Var targets = given["targets"] = tape.input("targets", {T, B, outputs});
    std::vector<Var> initial;
    for (const StateSpec& state : model.states())
      initial.push_back(given[state.name + "0"] = tape.input(state.name + "0", state.dims(B)));
    const SequenceModel::Recorded r = model.record(x, p, initial);
    Var loss = mse(r.outputs, targets);
    for (std::size_t i = 0; i < initial.size(); ++i) {
      const StateSpec state = model.states()[i];
      const Var weight = given["k_" + state.name] = tape.input("k_" + state.name, state.dims(B));
      loss = loss + sum(weight * r.final_state[i]);
      computed[state.name + "_T"] = r.final_state[i];
    }
    computed.insert({{"y", r.outputs}, {"h", r.state_trajectory[0]}, {"loss", loss}});
    for (const ParameterSpec& spec : model.parameters())
      given[spec.name.substr(spec.name.rfind('.') + 1)] = p[spec.name];
    differentiate(loss);
  }

 private:
  static std::int64_t extent(const NamedTensors& file, const std::string& name, std::size_t axis) {
    return member<double>(file, name).shape()[axis];
  }

  void differentiate(Var loss) {
    std::vector<Var> wrt;
    std::vector<std::string> names;
    for (const auto& [name, var] : given) {
      if (name == "targets" || name.starts_with("k_")) continue;
      wrt.push_back(var);
      names.push_back("d_" + name);
    }
    const std::vector<Var> found = gradients(loss, wrt);
    for (std::size_t i = 0; i < found.size(); ++i) computed[names[i]] = found[i];
  }
};

/// The largest error of each computed value, relative to its largest entry in the file.
template <class Real>
std::map<std::string, double> errors(const Oracle& oracle, const NamedTensors& file) {
  const Recorded recorded(oracle, file);
  std::vector<Var> outputs;
  for (const auto& [name, var] : recorded.computed) outputs.push_back(var);
  Plan<Real> plan(recorded.tape, outputs);
  std::map<std::string, Tensor<Real>> values;
  for (const auto& [name, var] : recorded.given)
    plan.bind(var, values[name] = convert<Real>(member<double>(file, name)));
  plan.run();
  std::map<std::string, double> worst;
  for (const auto& [name, var] : recorded.computed) {
    const Tensor<double>& expected = member<double>(file, name);
    const auto found = plan.value(var);
    REQUIRE(static_cast<std::int64_t>(found.size()) == expected.numel());
    double error = 0, largest = 0;
    for (std::int64_t i = 0; i < expected.numel(); ++i) {
      error = std::max(error, std::abs(static_cast<double>(found[i]) - expected[i]));
      largest = std::max(largest, std::abs(expected[i]));
    }
    worst[name] = error / largest;
  }
  return worst;
}

template <class Real>
void check_all(double bound) {
  for (const Oracle& oracle : oracles) {
    const NamedTensors file = oracle.load();
    for (const auto& [name, error] : errors<Real>(oracle, file)) {
      INFO(oracle.file, " ", name);
      CHECK(error <= bound);
    }
  }
}

std::size_t beyond(double bound, const std::map<std::string, double>& errors) {
  return std::count_if(errors.begin(), errors.end(), [&](const auto& e) { return e.second > bound; });
}

}  // namespace

TEST_CASE(
    "[oracle] outputs, final states and all gradients of every cell are PyTorch's, in double to 1e-10") {
  check_all<double>(1e-10);
}

TEST_CASE("[oracle] and in float to 1e-5") { check_all<float>(1e-5); }

TEST_CASE("[oracle] every gradient in the files is compared") {
  for (const Oracle& oracle : oracles) {
    const NamedTensors file = oracle.load();
    const Recorded recorded(oracle, file);
    CHECK(recorded.given.size() + recorded.computed.size() == file.size());
  }
}

TEST_CASE("[oracle] a swapped gate, an update gate turned round, or the other GRU is noticed") {
  NamedTensors swapped = oracles[2].load();
  for (const std::string kind : {"W_", "U_", "b_"}) std::swap(swapped.at(kind + "i"), swapped.at(kind + "f"));
  CHECK(beyond(1e-3, errors<double>(oracles[2], swapped)) == errors<double>(oracles[2], swapped).size());

  NamedTensors turned = oracles[3].load();  // -z instead of z: 1 - σ(z)
  for (const std::string kind : {"W_z", "U_z", "b_z"})
    for (double& x : std::get<Tensor<double>>(turned.at(kind)).span()) x = -x;
  CHECK(beyond(1e-3, errors<double>(oracles[3], turned)) == errors<double>(oracles[3], turned).size());

  const Oracle other = {"gru_v1", "gru", "tanh"};
  NamedTensors file = other.load();  // Cho's own values, for the GRU that resets after the product
  const Tensor<double>& b = member<double>(file, "b_n");
  file["c_n"] = Tensor<double>(b.shape());
  file["d_c_n"] = member<double>(file, "d_b_n");
  CHECK(beyond(1e-3, errors<double>(other, file)) == errors<double>(other, file).size());
}
