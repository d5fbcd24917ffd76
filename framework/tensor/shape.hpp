#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace unroll {

/// The extents of a dense row-major array, outermost axis first. A shape without axes is a scalar's.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents) : extents_(extents) {}
  explicit Shape(std::vector<std::int64_t> extents) : extents_(std::move(extents)) {}

  std::size_t rank() const { return extents_.size(); }
  std::int64_t operator[](std::size_t axis) const { return extents_[axis]; }
  std::int64_t& operator[](std::size_t axis) { return extents_[axis]; }
  std::int64_t back() const { return extents_.back(); }

  /// Number of elements: the product of the extents, 1 for a scalar.
  std::int64_t numel() const;

  auto begin() const { return extents_.begin(); }
  auto end() const { return extents_.end(); }
  void push_back(std::int64_t extent) { extents_.push_back(extent); }

  /// Written out: a plan compares a few of them in each run, which may be a step of eight units.
  bool operator==(const Shape& other) const {
    if (rank() != other.rank()) return false;
    for (std::size_t axis = 0; axis < rank(); ++axis)
      if (extents_[axis] != other.extents_[axis]) return false;
    return true;
  }

 private:
  std::vector<std::int64_t> extents_;
};

/// "(20, 100)"; "()" for a scalar.
std::string to_string(const Shape& shape);

}  // namespace unroll
