#include "experiments/bench/pytorch.hpp"

#include <fmt/format.h>

#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "experiments/report/web_files.hpp"
#include "framework/tensor/file.hpp"
#include "framework/tensor/gemm.hpp"

namespace unroll {

namespace {

/// The first may be one that somebody put before the distribution's, without torch.
constexpr const char* interpreters[] = {"python3", "/usr/bin/python3"};

/// This program may have set OPENBLAS_CORETYPE for itself, see choose_kernels(): as installed means without.
std::vector<LineProcess::Variable> environment(PyTorch::Setting setting) {
  std::vector<LineProcess::Variable> variables = {{"OMP_NUM_THREADS", "1"}};
  const std::string wanted = blas_report().wanted_core;
  if (setting == PyTorch::Setting::installed)
    variables.emplace_back("OPENBLAS_CORETYPE", "");
  else if (!wanted.empty())
    variables.emplace_back("OPENBLAS_CORETYPE", wanted);
  return variables;
}

/// The script as a file: TorchScript looks a function's source up there.
std::shared_ptr<const std::string> script_file() {
  std::error_code error;
  auto folder = std::filesystem::temp_directory_path(error);
  if (error) folder = "/tmp";  // TMPDIR names no folder
  const auto path = folder / ("unroll-bench-" + random_hex() + ".py");
  write_file(path, std::string(web_file("bench_pytorch.py")));
  return {new std::string(path), [](const std::string* file) {
            std::error_code none;
            std::filesystem::remove(*file, none);
            delete file;
          }};
}

std::unique_ptr<LineProcess> start(const char* python, const std::string& script, PyTorch::Setting setting) {
  std::vector<std::string> command = {python, script, "--serve"};
  if (setting == PyTorch::Setting::tuned) command.emplace_back("--flush-subnormals");
  return std::make_unique<LineProcess>(command, environment(setting));
}

}  // namespace

PyTorch PyTorch::left_out(std::string problem) {
  PyTorch none;
  none.problem_ = std::move(problem);
  return none;
}

PyTorch PyTorch::find() {
  for (const char* python : interpreters) {
    try {
      PyTorch found;
      found.script_ = script_file();
      for (const Setting setting : {Setting::installed, Setting::tuned}) {
        auto& process = found.processes_[static_cast<int>(setting)];
        process = start(python, *found.script_, setting);
        found.version_ = nlohmann::json::parse(process->read_line()).at("version").get<std::string>();
      }
      return found;
    } catch (const std::exception&) {
      // Not here; perhaps the next one.
    }
  }
  return left_out("not installed");
}

double PyTorch::seconds(Setting setting, const std::string& cell, StepShape shape, int runs,
                        std::int64_t vocabulary) {
  const std::string words = vocabulary > 0 ? fmt::format(" {}", vocabulary) : "";
  const std::string answer = processes_[static_cast<int>(setting)]->ask(fmt::format(
      "{} {} {} {} {}{} {}", cell, shape.steps, shape.rows, shape.inputs, shape.hidden, words, runs));
  return std::stod(answer);
}

}  // namespace unroll
