// Bad data: one message naming the file or the setting, the place, and what was expected.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "tests/experiments/tasks/file_fixture.hpp"
#include "tests/support/file_bytes.hpp"

using namespace unroll;

namespace {

Tensor<float> ones(Shape shape) { return Tensor<float>(std::move(shape), 1.0f); }
Tensor<std::int64_t> classes(std::initializer_list<std::int64_t> values) {
  return Tensor<std::int64_t>({static_cast<std::int64_t>(values.size())}, values);
}

FileSettings arrays(const NamedTensors& members, FileSettings more = {}) {
  more.insert({{"task.data", npz(members)}, {"task.inputs", names("x")}, {"task.target", names("y")}});
  return more;
}

FileSettings table(std::string content, FileSettings more = {}) {
  more.insert({{"task.data", csv(std::move(content))}, {"task.target", names("next")}});
  return more;
}

void check_says(FileSettings settings, std::initializer_list<std::string_view> parts) {
  const std::string message = refusal(std::move(settings));
  for (const std::string_view part : parts)
    CHECK_MESSAGE(message.find(part) != std::string::npos, part << " in: " << message);
}

const Tensor<std::int64_t> four = classes({0, 1, 0, 1});

}  // namespace

TEST_CASE("[file task] refuses arrays that do not belong together") {
  check_says(arrays({{"x", ones({4, 3})}, {"y", classes({0, 1, 0})}}),
             {"data.npz", "(3)", "4 sequences of 3 steps"});
  check_says(arrays({{"x", ones({4, 3})}, {"y", four}, {"m", ones({4, 2})}}, {{"task.mask", text("m")}}),
             {"data.npz", "mask \"m\" is (4, 2)", "(4, 3)"});
  check_says(
      arrays({{"x", ones({4, 3})}, {"y", four}, {"n", classes({1, 2})}}, {{"task.lengths", text("n")}}),
      {"lengths \"n\" is (2)", "(4)"});
  for (const std::int64_t wrong : {0, 4, -1})
    check_says(arrays({{"x", ones({4, 3})}, {"y", four}, {"n", classes({1, 2, wrong, 3})}},
                      {{"task.lengths", text("n")}}),
               {"data.npz", "sequence 3", "from 1 to 3"});
}

TEST_CASE("[file task] refuses NaN and infinity, with sequence, step and number") {
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    Tensor<float> x = ones({4, 3, 2});
    x[(2 * 3 + 1) * 2 + 1] = bad;
    check_says(arrays({{"x", x}, {"y", four}}), {"data.npz", "sequence 3, step 2, number 2"});
  }
  Tensor<float> y = ones({4});
  y[3] = std::nanf("");
  check_says(arrays({{"x", ones({4, 3})}, {"y", y}}), {"data.npz", "target of sequence 4"});
  check_says(table("x\n1\n2\ninf\n4\n"), {"data.csv, line 4, column \"x\"", "finite"});
}

TEST_CASE("[file task] refuses classes with gaps, below 0, or unknown to the training data") {
  check_says(arrays({{"x", ones({4, 3})}, {"y", classes({0, 2, 0, 2})}}),
             {"data.npz", "0 (2 times), 2 (2 times)", "without a gap"});
  check_says(arrays({{"x", ones({4, 3})}, {"y", classes({-1, 1, 0, 1})}}), {"-1 (1 times)"});
  FileSettings more = arrays({{"x", ones({4, 3})}, {"y", four}});
  more["task.test_data"] = npz({{"x", ones({2, 3})}, {"y", classes({0, 7})}});
  check_says(more, {"sequence 2", "the class is 7", "0 to 1"});
}

TEST_CASE("[file task] refuses targets that the objective does not take") {
  check_says(arrays({{"x", ones({4, 3})}, {"y", Tensor<float>({4}, {0, 1, 0.5f, 1})}},
                    {{"task.objective", text("cross_entropy")}}),
             {"sequence 3", "0.5", "mse"});
  check_says(arrays({{"x", ones({4, 3})}, {"y", classes({0, 1, 2, 1})}},
                    {{"task.objective", text("binary_cross_entropy")}}),
             {"sequence 3", "is 2", "0 or 1"});
  check_says(arrays({{"x", ones({4, 3})}, {"y", four}}, {{"task.objective", text("cross_entrpy")}}),
             {"task.objective", "did you mean \"cross_entropy\""});
}

TEST_CASE("[file task] refuses tables that are ragged, hold text, or lack a column") {
  check_says(table("x,y\n1,2\n3\n"), {"data.csv, line 3", "expected 2 fields"});
  check_says(table("x\n1\n2\nthree\n"), {"line 4", "\"three\"", "expected a number"});
  check_says(table("sunspots\n1\n2\n", {{"task.inputs", names("sunspot")}}),
             {"no column \"sunspot\"", "did you mean \"sunspots\""});
  check_says(table("who,x\na,1\nb,2\na,3\n", {{"task.sequence", text("who")}}),
             {"line 4", "\"a\"", "line 2"});
  check_says(table("x,y\n1,2\n3,4\n", {{"task.inputs", OptionValue(std::vector<std::string>{"x", "y"})},
                                       {"task.target", names("y")}}),
             {"task.target", "\"y\"", "task.inputs too"});
  check_says(table("d\nmon\ntue\n"), {"no column of numbers"});
}

TEST_CASE("[file task] refuses files that lie, are cut, or hold objects") {
  const auto one = [](std::string bytes) {
    return FileSettings{{"task.data", in_memory("data.npy", std::move(bytes))},
                        {"task.target", names("next")}};
  };
  check_says(one(npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000,), }", "abcd")),
             {"data.npy"});
  check_says(one(npy_file("{'descr': '|O', 'fortran_order': False, 'shape': (3,), }", "abc")),
             {"data.npy", "objects"});
  check_says(one(from_hex("0000 0803 0000 0002 0000 0002 0000 0002 01")), {"data.npy", "cut short"});
  std::string bomb = npy_file("{'descr': '|u1', 'fortran_order': False, 'shape': (4,), }", "abcd");
  ZipMember member = stored_member("x.npy", bomb);
  member.size = 0xF0000000;
  check_says(one(zip_file({member})), {"data.npy"});
  check_says(one(""), {"data.npy", "empty"});
}

TEST_CASE("[file task] refuses parts that are empty or unlike the training data") {
  check_says({{"task.target", names("next")}}, {"task.data"});
  check_says(table("x\n1\n2\n3\n", {{"task.validation_fraction", 0.0}}),
             {"task.validation_fraction", "nothing to validate on"});
  check_says(table("x\n1\n2\n"), {"nothing is left to train on"});
  check_says(table("x\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"), {"task.window", "50", "7 to train on"});
  FileSettings other = arrays({{"x", ones({4, 3, 2})}, {"y", four}});
  other["task.test_data"] = npz({{"x", ones({4, 3, 5})}, {"y", four}});
  check_says(other, {"a step has 5 inputs", "2"});
  check_says(arrays({{"x", ones({0, 3})}, {"y", four}}), {"(0, 3)"});
  FileSettings no_inputs = arrays({{"x", ones({4, 3})}, {"y", four}});
  no_inputs["task.test_target_data"] = npz({{"y", four}});
  check_says(no_inputs, {"task.test_target_data"});
}

TEST_CASE("[file task] refuses masks that count nothing, and orders of steps of unequal sequences") {
  Tensor<float> mask = ones({4, 3});
  for (std::int64_t t = 0; t < 3; ++t) mask[1 * 3 + t] = 0;
  check_says(arrays({{"x", ones({4, 3})}, {"y", four}, {"m", mask}}, {{"task.mask", text("m")}}),
             {"task.mask", "sequence 2"});
  mask[0] = -1;
  check_says(arrays({{"x", ones({4, 3})}, {"y", four}, {"m", mask}}, {{"task.mask", text("m")}}),
             {"sequence 1, step 1", "-1"});
  check_says(arrays({{"x", ones({4, 3})}, {"y", four}, {"n", classes({3, 3, 2, 3})}},
                    {{"task.lengths", text("n")}, {"task.permute", std::int64_t{1}}}),
             {"task.permute", "sequence 3"});
}
