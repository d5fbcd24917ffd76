#include "models/cell.hpp"

namespace unroll {

Dims StateSpec::dims(Dim rows) const {
  Dims all = {rows};
  for (std::size_t axis = 0; axis < shape.rank(); ++axis) all.push_back(shape[axis]);
  return all;
}

}  // namespace unroll
