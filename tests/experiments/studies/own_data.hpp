#pragma once

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "experiments/studies/study.hpp"
#include "experiments/tasks/cat.hpp"
#include "framework/random/stream.hpp"
#include "framework/tensor/file.hpp"

// Data for the studies that are about data of the user's: small, and made by a formula and a grammar.

namespace unroll::test {

/// An IDX file of bytes: two zeros, the type, the number of axes, their sizes, the values.
inline std::string idx_bytes(const std::vector<std::uint32_t>& sizes, const std::string& values) {
  std::string bytes = {0, 0, 8, static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes)
    for (const int shift : {24, 16, 8, 0}) bytes += static_cast<char>(size >> shift & 255);
  return bytes + values;
}

/// Images of 28 x 28 of ten classes in turn: a bright band whose height is the class, over a ground that
/// differs from image to image.
inline std::string made_images(std::uint32_t images) {
  std::string pixels;
  for (std::uint32_t i = 0; i < images; ++i)
    for (std::uint32_t row = 0; row < 28; ++row)
      for (std::uint32_t column = 0; column < 28; ++column)
        pixels += static_cast<char>(row / 3 == i % 10 ? 250 : (7 * row + 13 * column + 29 * i) % 64);
  return idx_bytes({images, 28, 28}, pixels);
}

inline std::string made_labels(std::uint32_t images) {
  std::string labels;
  for (std::uint32_t i = 0; i < images; ++i) labels += static_cast<char>(i % 10);
  return idx_bytes({images}, labels);
}

/// The overrides that give a study the data it asks for, in files of `folder`. A key that this knows nothing
/// of fails the test: every study is to be run by one.
inline std::vector<std::string> own_data(const Study& study, const std::filesystem::path& folder) {
  Stream stream(1, Purpose::check);
  const std::map<std::string, std::string> files = {{"task.train_data", made_images(300)},
                                                    {"task.target_data", made_labels(300)},
                                                    {"task.test_data", made_images(100)},
                                                    {"task.test_target_data", made_labels(100)},
                                                    {"task.text", cat_text(stream, 300, 5)}};
  std::vector<std::string> overrides;
  for (const std::string& key : study.needs) {
    REQUIRE_MESSAGE(files.contains(key), study.name, " needs ", key, ", which this test does not make");
    const std::filesystem::path file = folder / (key + (key == "task.text" ? ".txt" : ".idx"));
    write_file(file, files.at(key));
    overrides.push_back(key + "=" + file.string());
  }
  return overrides;
}

}  // namespace unroll::test
