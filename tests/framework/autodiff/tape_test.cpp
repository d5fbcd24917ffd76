#include "framework/autodiff/tape.hpp"

#include <doctest/doctest.h>

#include "framework/autodiff/gradients.hpp"
#include "framework/autodiff/ops.hpp"

using namespace unroll;
using sizes::B;
using sizes::T;

TEST_CASE("[tape] a dimension is a number times powers of T and B") {
  CHECK(to_string(Dims{T, B, 2}) == "(T, B, 2)");
  CHECK(to_string(Dims{}) == "()");
  CHECK(to_string(T * B * Dim(3)) == "3·T·B");
  CHECK((T * Dim(4)).at({5, 7}) == 20);
  CHECK((T * B).at({5, 7}) == 35);
  CHECK(T * Dim(0) == B * Dim(0));
  CHECK(T * B == B * T);
  CHECK_FALSE(T == B);
  CHECK(*sum(B, B) == Dim(2) * B);
  CHECK(*sum(T, Dim(0)) == T);
  CHECK_FALSE(sum(T, Dim(1)).has_value());
  CHECK(resolve({T, 3}, {2, 1}) == Shape{2, 3});
}

TEST_CASE("[tape] shapes broadcast from the last axis on") {
  CHECK(*broadcast({B, 3}, {3}) == Dims{B, 3});
  CHECK(*broadcast({T, 1, 3}, {B, 1}) == Dims{T, B, 3});
  CHECK(*broadcast({}, {B}) == Dims{B});
  CHECK_FALSE(broadcast({T}, {B}).has_value());
  CHECK_FALSE(broadcast({2, 3}, {2}).has_value());
}

TEST_CASE("[tape] it prints itself, one line per op") {
  Tape tape;
  const Var x = tape.input("x", {B, 3}), W = tape.input("W", {4, 3});
  tanh(linear(x, W));
  CHECK(tape.to_text() ==
        "%0 (B, 3) = input {name=\"x\"}\n%1 (4, 3) = input {name=\"W\"}\n%2 (B, 4) = matmul %0 %1 "
        "{transpose_b}\n%3 (B, 4) = tanh %2\n");
}

TEST_CASE("[tape] recording checks operands at once and computes nothing") {
  Tape tape, other;
  const Var x = tape.input("x", {B, 3}), y = other.input("y", {B, 3}), i = tape.index_input("i", {B});
  CHECK_THROWS_WITH_AS(x + tape.input("z", {B, 4}), doctest::Contains("[add] shapes (B, 3) and (B, 4)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(x + y, doctest::Contains("different tapes"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(tanh(i), doctest::Contains("operand 0 must be real"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(gather(x, x), doctest::Contains("operand 1 must be an integer"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(tape.input("deep", Dims(17, Dim(1))), doctest::Contains("17 axes"), ShapeError);
  CHECK_THROWS_WITH_AS(step_index(x), doctest::Contains("inside the step of a scan"), std::invalid_argument);
  const std::size_t nodes = tape.nodes().size();
  CHECK_THROWS(matmul(x, x));
  CHECK(tape.nodes().size() == nodes);  // a refused op leaves nothing behind
}

TEST_CASE("[tape] gradients want one loss, on the variables' tape, and a cotangent that fits") {
  Tape tape, other;
  const Var x = tape.input("x", {B, 3}), y = other.input("y", {});
  CHECK_THROWS_WITH_AS(gradients(x, {x}), doctest::Contains("must have one element, its shape is (B, 3)"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(gradients(sum(x), {y}), doctest::Contains("another tape"), std::invalid_argument);
  CHECK_THROWS_WITH_AS(gradients(x, {x}, tape.fill(1, {3})), doctest::Contains("its shape (B, 3), not (3)"),
                       ShapeError);
  CHECK_THROWS_WITH_AS(mse(x, tape.input("t", {B, 1})), doctest::Contains("[mse] shapes (B, 3) and (B, 1)"),
                       ShapeError);
}

TEST_CASE("[tape] a gradient that stops or is not reached is zero, and records no work for it") {
  Tape tape;
  const Var x = tape.input("x", {3}), unused = tape.input("unused", {2});
  const Var loss = sum(stop_gradient(square(x)));
  const std::size_t nodes = tape.nodes().size();
  const std::vector<Var> g = gradients(loss, {x, unused});
  CHECK(g[0].dims() == Dims{3});
  CHECK(g[1].dims() == Dims{2});
  for (std::size_t n = nodes; n < tape.nodes().size(); ++n)
    CHECK(tape.node(static_cast<NodeId>(n)).op->name == "fill");
}
