#pragma once

#include <string>

namespace unroll::test {

/// A study of one sweep with two nets, two seeds and two lengths, and whatever is expected of them.
inline std::string small_study(const std::string& expectations) {
  return R"(
[study]
title = "Small"
source = "nobody, nowhere"
about = "A study for tests."

[model]
hidden = 8
[train]
updates = 20
validate_every = 10
batch = 4
validation_sequences = 10
test_sequences = 10
[sweep]
seed = { count = 2 }
"model.activation" = ["tanh", "relu"]
"task.length" = [5, 8]

[budgets.smoke]
cost = "a second"
[budgets.smoke.train]
updates = 10
[budgets.laptop]
cost = "two seconds"
)" + expectations;
}

inline const std::string tanh_at_5 = "where = \"model.activation == 'tanh' and task.length == 5\"\n";

}  // namespace unroll::test
