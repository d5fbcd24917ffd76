#include "experiments/tasks/outputs.hpp"

namespace unroll {
namespace {

constexpr const char* softmax = "softmax";
constexpr const char* logistic = "logistic";

}  // namespace

const OptionSpec& outputs_option() {
  static const OptionSpec option = {"task.outputs",
                                    std::string(softmax),
                                    "a softmax of all with cross-entropy, or logistic ones, each with its "
                                    "squared error, as in Hochreiter & "
                                    "Schmidhuber 1997",
                                    {},
                                    [] {
                                      return std::vector<std::string>{softmax, logistic};
                                    }};
  return option;
}

Outputs outputs_of(const TaskConfig& config) {
  return config.get<std::string>(outputs_option()) == logistic ? Outputs::logistic : Outputs::softmax;
}

}  // namespace unroll
