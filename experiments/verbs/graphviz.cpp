#include "experiments/verbs/graphviz.hpp"

#include <cstdio>
#include <filesystem>
#include <memory>

#include "experiments/config/config_error.hpp"
#include "framework/tensor/file.hpp"

namespace unroll {

std::string svg_of(const std::string& dot) {
  const std::filesystem::path file =
      std::filesystem::temp_directory_path() / ("unroll-" + random_hex() + ".dot");
  write_file(file, dot);
  const std::string command = "dot -Tsvg '" + file.string() + "' 2>/dev/null";
  std::string svg;
  {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    char buffer[4096];
    for (std::size_t n = 0; pipe && (n = std::fread(buffer, 1, sizeof buffer, pipe.get())) > 0;)
      svg.append(buffer, n);
  }
  std::error_code ignored;
  std::filesystem::remove(file, ignored);
  if (svg.empty())
    throw ConfigError(
        "--format svg needs Graphviz's program dot (Debian: apt-get install graphviz); --format "
        "dot does without");
  return svg;
}

}  // namespace unroll
