#include "models/nearest.hpp"

#include <doctest/doctest.h>
#include <rapidcheck.h>

using namespace unroll;

TEST_CASE("[config] the distance of two names counts single slips") {
  CHECK(edit_distance("length", "length") == 0);
  CHECK(edit_distance("lenght", "length") == 1);  // two neighbours swapped
  CHECK(edit_distance("lengh", "length") == 1);
  CHECK(edit_distance("lengthh", "length") == 1);
  CHECK(edit_distance("langth", "length") == 1);
  CHECK(edit_distance("", "length") == 6);
}

TEST_CASE("[config] the distance of two names is symmetric, bounded and 0 only for equals") {
  CHECK(rc::check("edit distance", [](const std::string& a, const std::string& b) {
    const std::size_t distance = edit_distance(a, b);
    RC_ASSERT(distance == edit_distance(b, a));
    RC_ASSERT(distance <= std::max(a.size(), b.size()));
    RC_ASSERT(distance >= std::max(a.size(), b.size()) - std::min(a.size(), b.size()));
    RC_ASSERT((distance == 0) == (a == b));
  }));
}

TEST_CASE("[config] a mistyped name finds the nearest one") {
  const std::vector<std::string> keys = {"task.length", "task.name", "train.learning_rate", "train.updates"};
  CHECK(nearest("task.lenght", keys) == "task.length");
  CHECK(nearest("train.lenght", keys) == "task.length");  // the wrong section
  CHECK(nearest("length", keys) == "task.length");        // no section
  CHECK(nearest("train.learningrate", keys) == "train.learning_rate");
  CHECK(did_you_mean("task.lenght", keys) == "; did you mean \"task.length\"?");
}

TEST_CASE("[config] a name unlike all others gets no suggestion") {
  const std::vector<std::string> names = {"tanh", "relu", "sigmoid"};
  CHECK_FALSE(nearest("gaussian", names));
  CHECK_FALSE(nearest("", names));
  CHECK_FALSE(nearest(std::string(100000, 't'), names));
  CHECK_FALSE(nearest("tanh", {}));
  CHECK(did_you_mean("gaussian", names) == "");
}

TEST_CASE("[config] capitals are no slips, and of a short name one letter may be wrong") {
  CHECK(nearest("LSTM", {"gru", "lstm"}) == "lstm");
  CHECK(nearest("Train.Updates", {"train.batch", "train.updates"}) == "train.updates");
  CHECK(nearest("gru", {"gro"}) == "gro");
  CHECK(nearest("nam", {"task.name", "task.length"}) == "task.name");
  CHECK(nearest("cel", {"task.name", "model.cell"}) == "model.cell");
  CHECK_FALSE(nearest("jpg", {"svg", "pdf"}));
  CHECK_FALSE(nearest("list", {"lstm"}));
}

TEST_CASE("[config] a part of one name alone is that name") {
  CHECK(nearest("gradients", {"state_gradients", "gradient_norm", "states"}) == "state_gradients");
  CHECK_FALSE(nearest("lstm", {"one-lstm-1997", "one-lstm-2000s"}));
}

TEST_CASE("[config] what is printed of a name stays on one line and short") {
  CHECK(printable("a\nb\tc\x1b[31m") == "a?b?c?[31m");
  CHECK(printable("σ") == "σ");
  CHECK(printable(std::string(1000, 'x')) == std::string(64, 'x') + "...");
  CHECK(printable(std::string(63, 'x') + "σσ") == std::string(63, 'x') + "...");  // no half of a character
}
