#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/export/header/emitter.hpp"
#include "experiments/export/header/stacked_products.hpp"
#include "experiments/export/header/values.hpp"

namespace unroll {

/// The C++ of one step: statements that read the array or the token `x` and the members `state_...`, and the
/// arrays of numbers that they read.
class StepCode {
 public:
  /// Throws ModelError, naming the op, for what has no C++.
  explicit StepCode(const ModelStep& step);

  struct Array {
    std::string name;
    std::string comment;
    std::vector<float> numbers;
  };
  const std::string& statements() const { return text_; }
  const std::vector<Array>& arrays() const { return arrays_; }
  /// Where the model's outputs are after the statements.
  std::string output() { return pointer(step_.output); }
  static std::string state_name(const StateSpec& state);

  // ---- For emitters

  Shape shape(ir::Id id) const { return step_.shape(id); }
  std::int64_t count(ir::Id id) const { return values_.count(id); }
  /// An expression for the address of the value's first number.
  std::string pointer(ir::Id id);
  /// Declares the array of a result, and returns its name.
  std::string declared(ir::Id id);
  void line(const std::string& statement) { text_ += std::string(2 * depth_, ' ') + statement + '\n'; }
  void open(const std::string& statement) {
    line(statement + " {");
    ++depth_;
  }
  void close(const std::string& end = "}") {
    --depth_;
    line(end);
  }
  /// The token, of an index that is one.
  std::string token(ir::Id id) const;
  /// Makes `text` the address of the value's first number.
  void point(ir::Id id, std::string text) { pointers_[id] = std::move(text); }

 private:
  /// Elementwise work on one shape.
  struct Loop {
    std::vector<const ir::Compute*> links;
    std::vector<std::int64_t> extents;
  };

  bool is_element(const ir::Compute& compute) const;
  void collect();
  bool ready(ir::Id id) const;
  bool all_ready(const ir::Compute& compute) const;
  void write_all();
  bool write_products();
  bool write_others();
  bool write_loop();
  void write(const StackedProduct& product);
  void write(const Loop& loop);
  Loop next_loop();
  bool joins(const ir::Compute& compute, const Loop& loop) const;
  bool local(ir::Id id, const Loop& loop) const;
  bool leaves(ir::Id root, const Loop& loop) const;
  std::vector<std::int64_t> strides(ir::Id id, const ir::Compute& reader) const;
  std::string name(ir::Id id) const;
  std::string constant(ir::Id id);
  void write_states();

  friend class LoopText;

  const ModelStep& step_;
  StepValues values_;
  StackedProducts stacked_;
  std::vector<const ir::Compute*> elements_, others_;  ///< not written yet
  std::vector<const StackedProduct*> products_;
  std::map<ir::Id, std::vector<const ir::Compute*>> readers_;  ///< of each root
  std::set<ir::Id> kept_;                                      ///< roots that the end of the step reads
  std::set<ir::Id> done_;
  std::map<ir::Id, std::string> pointers_;
  std::vector<Array> arrays_;
  std::string text_;
  std::size_t depth_ = 2;
};

}  // namespace unroll
