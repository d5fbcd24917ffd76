#include "experiments/export/header/header_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "experiments/export/header/cpp_text.hpp"
#include "experiments/export/header/self_test.hpp"
#include "experiments/export/header/step_code.hpp"
#include "experiments/objectives/objective.hpp"
#include "framework/tensor/embedded_file.hpp"

namespace unroll {

std::span<const EmbeddedFile> embedded_step_functions();  // written by CMake

namespace {

/// What step_functions.hpp gives to every header, indented for the struct that it goes into.
std::string step_functions() {
  const std::string_view file = embedded_step_functions().front().content;
  constexpr std::string_view from = "// ---- exported from here ----\n", to = "// ---- to here ----";
  const std::size_t begin = file.find(from) + from.size(), end = file.find(to);
  std::string text;
  for (std::size_t at = begin; at < end;) {
    const std::size_t line_end = file.find('\n', at);
    const std::string_view line = file.substr(at, line_end - at);
    if (!line.empty() && !line.starts_with('#')) text += "  ";
    text += line;
    text += '\n';
    at = line_end + 1;
  }
  return text;
}

/// All of one model's header.
class HeaderText {
 public:
  HeaderText(const SavedModel& model, std::string name)
      : model_(model),
        name_(std::move(name)),
        how_(model.preparation.value_or(Preparation{})),
        step_(model_step(model)),
        code_(step_),
        test_(self_test(model)) {}

  std::string text() {
    std::string text = comment();
    text += "#include <cmath>\n#include <cstddef>\n#include <cstdint>\n#include <cstring>\n";
    text += "#include <type_traits>\n#include <utility>\n\n";
    text += fmt::format("struct {} {{\n", name_);
    text += names() + scaling() + order();
    text += fmt::format("\n  {}() {{ reset(); }}\n\n", name_);
    text += reset() + step() + self_test_function();
    text += "\n private:\n" + step_functions();
    text += "\n  using Wide = Lanes<register_width>;\n\n" + states() + arrays() + test_vectors();
    return text + "};\n\n#endif\n";
  }

 private:
  std::string guard() const {
    std::string guard = fmt::format("UNROLL_EXPORTED_{}_HPP", name_);
    std::ranges::transform(guard, guard.begin(), [](unsigned char c) { return std::toupper(c); });
    return guard;
  }

  std::int64_t inputs() const { return model_.sizes.inputs; }
  std::int64_t outputs() const { return model_.sizes.outputs; }

  std::string comment() const {
    const Config& config = model_.config;
    std::size_t numbers = 0, carried = 0;
    for (const StepCode::Array& array : code_.arrays()) numbers += array.numbers.size();
    for (const StateSpec& state : step_.states) carried += static_cast<std::size_t>(state.shape.numel());
    std::string text = fmt::format("{}: a trained model, step by step.\n//\n", header_mark);
    text += fmt::format("//     {} model;\n", name_);
    if (model_.sizes.tokens)
      text += fmt::format(
          "//     float scores[{0}::outputs];\n//     model.step(token, scores);   // false: there is no "
          "such "
          "token\n",
          name_);
    else
      text += fmt::format(
          "//     float input[{0}::inputs] = {{}}, output[{0}::outputs];\n//     model.step(input, "
          "output);\n",
          name_);
    text += "//     model.reset();               // before the next sequence\n//\n";
    text += fmt::format("// Trained on the task {} ({}); inputs: {}, outputs: {}.\n", config.task.name,
                        inputs(), outputs(), model_.objective);
    text += answer_comment() + preparation_comment();
    text += fmt::format(
        "// {} numbers that never change, {} that a step hands to the next. C++17 and its standard library; "
        "no\n"
        "// allocation, lock, exception or run-time type. One object per sequence; it may be copied.\n",
        numbers, carried);
    return text + fmt::format("#ifndef {0}\n#define {0}\n\n", guard());
  }

  std::string answer_comment() const {
    const Objective& objective = find_objective(model_.laboratory->objectives(), model_.objective);
    std::string text;
    if (model_.sizes.readout == Readout::last)
      text += "// What counts is the output after the last step of a sequence.\n";
    if (objective.target == TargetKind::classes)
      text +=
          "// Outputs are scores: the likeliest class has the largest, and softmax makes probabilities of "
          "them.\n";
    if (objective.probabilities) text += "// Outputs are log-odds: the probability is 1 / (1 + e^-output).\n";
    return text;
  }

  std::string preparation_comment() const {
    std::string text;
    if (!how_.inputs.unit.empty())
      text += "// Inputs are in the unit of the data; step() scales them as in training.\n";
    if (!how_.target.unit.empty()) text += "// Outputs are in the unit of the data.\n";
    if (how_.pixels) text += "// Each number of an image is a step.\n";
    if (!how_.order.empty()) text += "// Step t reads number order[t] of the data.\n";
    return text;
  }

  static std::string name_list(std::string_view name, const std::vector<std::string>& names) {
    std::vector<std::string> quoted;
    for (const std::string& one : names) quoted.push_back(string_literal(one));
    return fmt::format("  static constexpr const char* {}[{}] = {{\n      {}}};\n", name, names.size(),
                       fmt::join(quoted, ",\n      "));
  }

  static std::vector<std::string> numbered(std::string_view what, std::int64_t count) {
    std::vector<std::string> names;
    for (std::int64_t i = 0; i < count; ++i) names.push_back(fmt::format("{} {}", what, i + 1));
    return names;
  }

  std::string names() const {
    std::string text = fmt::format("  static constexpr int inputs = {};{}\n", inputs(),
                                   model_.sizes.tokens ? "  // tokens" : "");
    text += fmt::format("  static constexpr int outputs = {};\n", outputs());
    const bool named = model_.vocabulary.has_value();
    if (named)
      text += name_list("input_names", model_.vocabulary->tokens());
    else if (!model_.sizes.tokens)
      text += name_list("input_names", how_.columns.empty() ? numbered("input", inputs()) : how_.columns);
    if (named && model_.vocabulary->size() == outputs())
      return text + "  static constexpr const char* const* output_names = input_names;\n";
    return text + name_list("output_names", numbered("output", outputs()));
  }

  static std::string doubles(std::string_view name, const std::vector<double>& numbers) {
    std::vector<std::string> texts;
    for (const double number : numbers) texts.push_back(double_literal(number));
    return fmt::format("  static constexpr double {}[{}] = {{{}}};\n", name, numbers.size(),
                       fmt::join(texts, ", "));
  }

  std::string scaling() const {
    std::string text;
    if (!how_.inputs.unit.empty())
      text += "  /// What the model reads of an input: (input - offset) / unit.\n" +
              doubles("input_offset", how_.inputs.offset) + doubles("input_unit", how_.inputs.unit);
    if (!how_.target.unit.empty())
      text += "  /// What an output is made of: offset + unit * what the model answers.\n" +
              doubles("output_offset", how_.target.offset) + doubles("output_unit", how_.target.unit);
    return text;
  }

  std::string order() const {
    if (how_.order.empty()) return "";
    return fmt::format("  static constexpr int order[{}] = {{{}}};\n", how_.order.size(),
                       fmt::join(how_.order, ", "));
  }

  std::string reset() const {
    std::string text = "  /// Before the first step of a sequence.\n  void reset() {\n";
    for (const StateSpec& state : step_.states)
      text += fmt::format("    std::memcpy({0}, start_{0}, sizeof {0});\n", StepCode::state_name(state));
    return text + "  }\n\n";
  }

  std::string step() {
    std::string text;
    if (model_.sizes.tokens)
      text += fmt::format(
          "  /// Reads a token, 0 to {}, and writes `outputs` scores. False, and nothing happens, for any "
          "other.\n"
          "  bool step(int token, float* output) {{\n"
          "    if (token < 0 || token >= inputs) return false;\n",
          inputs() - 1);
    else
      text += fmt::format(
          "  /// Reads `inputs` numbers and writes `outputs`; both may lie in the same place.\n"
          "  void step(const float* input, float* output) {{\n");
    if (!model_.sizes.tokens) text += read_inputs();
    text += code_.statements() + write_outputs();
    if (model_.sizes.tokens) text += "    return true;\n";
    return text + "  }\n\n";
  }

  std::string read_inputs() const {
    if (step_.input == ir::none) return "    (void)input;\n";
    if (how_.inputs.unit.empty()) return "    const float* const x = input;\n";
    return "    float x[inputs];\n    for (int i = 0; i < inputs; ++i)\n"
           "      x[i] = static_cast<float>((static_cast<double>(input[i]) - input_offset[i]) / "
           "input_unit[i]);\n";
  }

  std::string write_outputs() {
    const std::string from = code_.output();
    if (how_.target.unit.empty())
      return fmt::format("    std::memcpy(output, {}, outputs * sizeof(float));\n", from);
    return fmt::format(
        "    for (int i = 0; i < outputs; ++i)\n"
        "      output[i] = static_cast<float>(static_cast<double>(({})[i]) * output_unit[i] + "
        "output_offset[i]);\n",
        from);
  }

  std::string self_test_function() const {
    const std::string unit = how_.target.unit.empty() ? "" : " / static_cast<float>(output_unit[i])";
    const std::string right =
        how_.target.unit.empty()
            ? "right"
            : "((right - static_cast<float>(output_offset[i])) / static_cast<float>(output_unit[i]))";
    return fmt::format(
        "  /// The largest difference between what it answers to {0} stored steps and what the model did, in "
        "the\n"
        "  /// unit that the model learned in, of outputs above 1 as a part of them. Something is wrong "
        "where it is\n"
        "  /// not below self_test_limit.\n"
        "  static float self_test() {{\n"
        "    {1} model;\n"
        "    float largest = 0, output[outputs];\n"
        "    for (int t = 0; t < {0}; ++t) {{\n"
        "      model.step({2}, output);\n"
        "      for (int i = 0; i < outputs; ++i) {{\n"
        "        const float right = test_outputs[t * outputs + i], size = std::fabs({3});\n"
        "        const float difference = std::fabs(output[i] - right){4} / (size > 1 ? size : 1);\n"
        "        if (difference != difference) return difference;\n"
        "        if (difference > largest) largest = difference;\n"
        "      }}\n"
        "    }}\n"
        "    return largest;\n"
        "  }}\n"
        "  static constexpr float self_test_limit = {5};\n",
        test_.steps, name_, model_.sizes.tokens ? "test_inputs[t]" : "test_inputs + t * inputs", right, unit,
        float_literal(static_cast<float>(test_.limit)));
  }

  std::string states() const {
    std::string text;
    for (const StateSpec& state : step_.states)
      text += fmt::format("  alignas(64) float {}[{}];\n", StepCode::state_name(state), state.shape.numel());
    return text + '\n';
  }

  static std::string array(const std::string& name, const std::string& note, std::span<const float> numbers) {
    const std::string above = note.empty() ? "" : fmt::format("  // {}\n", note);
    return fmt::format("{}  alignas(64) static constexpr float {}[{}] = {{\n{}}};\n", above, name,
                       numbers.size(), literals(numbers, "      "));
  }

  std::string arrays() const {
    std::string text;
    for (std::size_t k = 0; k < step_.states.size(); ++k)
      text += array("start_" + StepCode::state_name(step_.states[k]), "", test_.starts[k].span());
    for (const StepCode::Array& one : code_.arrays()) text += array(one.name, one.comment, one.numbers);
    return text;
  }

  std::string test_vectors() const {
    std::string text;
    if (model_.sizes.tokens)
      text += fmt::format("  static constexpr int test_inputs[{}] = {{{}}};\n", test_.tokens.size(),
                          fmt::join(test_.tokens, ", "));
    else
      text += array("test_inputs", "", test_.inputs);
    return text + array("test_outputs", "", test_.outputs);
  }

  const SavedModel& model_;
  std::string name_;
  Preparation how_;
  ModelStep step_;
  StepCode code_;
  SelfTest test_;
};

}  // namespace

std::string header_text(const SavedModel& model, const std::string& name) {
  return HeaderText(model, name).text();
}

std::string struct_name(const std::string& file_stem) {
  std::string name;
  bool begins = true;
  for (const char c : file_stem) {
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (word) name += begins ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    begins = !word;
  }
  constexpr std::array inside = {"Lanes", "Register",
                                 "Wide"};  // types in the struct, which it must not be called
  const bool taken = std::ranges::find(inside, name) != inside.end();
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front())) || taken)
    throw ModelError(
        fmt::format("the header's struct has its name from the file, and \"{}\" gives none{}: expected a "
                    "name that begins "
                    "with a letter, as in --out my_model.hpp",
                    file_stem, taken ? fmt::format(" (it has a {} inside)", name) : ""));
  return name;
}

}  // namespace unroll
