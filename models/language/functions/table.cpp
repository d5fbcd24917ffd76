#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "models/language/functions/function.hpp"

namespace unroll {

Type joined(const FunctionArgs& args, std::vector<Size> shape) {
  Type type{.constant = true};
  for (const Type& operand : args.types) type = joined(type, operand, {});
  type.shape = std::move(shape);
  return type;
}

void require_rank(const FunctionArgs& args, std::size_t i, std::size_t rank, std::string_view function) {
  if (args.types[i].rank() == rank) return;
  throw TypeError(fmt::format("{} needs {}, not {}", function, rank == 1 ? "a vector" : "a matrix",
                              describe(args.types[i], args.sizes)));
}

const Function* FunctionTable::find(std::string_view name) const {
  const std::string_view wanted = name == "σ" ? "sigmoid" : name;
  const auto found = std::ranges::find(functions_, wanted, &Function::name);
  return found == functions_.end() ? nullptr : &*found;
}

std::vector<std::string> FunctionTable::names() const {
  std::vector<std::string> all;
  for (const Function& f : functions_) all.push_back(f.name);
  return all;
}

const FunctionTable& standard_functions() {
  static const FunctionTable table([] {
    std::vector<Function> all;
    for (std::vector<Function> part :
         {elementwise_functions(), reductions(), matrix_functions(), shape_functions()})
      std::ranges::move(part, std::back_inserter(all));
    return all;
  }());
  return table;
}

}  // namespace unroll
