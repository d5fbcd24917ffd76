#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "experiments/text/text.hpp"
#include "experiments/text/vocabulary.hpp"

namespace unroll {

/// A text to train and to measure on, and how it is cut into tokens and parts.
struct CorpusOptions {
  Level level = Level::characters;
  Words words = Words::spaces;
  std::filesystem::path train;  ///< "-" is standard input
  std::filesystem::path valid;  ///< empty: cut from the training file by `valid_fraction`
  std::filesystem::path test;   ///< empty: cut from the training file by `test_fraction`
  double valid_fraction = 0;    ///< of the training file's tokens; 0: no such part. Unused if there is a file
  double test_fraction = 0;
  std::int64_t min_count = 1;  ///< see VocabularyLimits
  std::int64_t max_size = 0;
};

/// A text in three parts as ids. A part that was not asked for is empty.
struct Corpus {
  Vocabulary vocabulary;  ///< built from the training part alone
  std::vector<std::int32_t> train, valid, test;
  /// Tokens that are "<unk>" in a part: those outside the vocabulary and those that the text has itself.
  std::int64_t unknown_train = 0, unknown_valid = 0, unknown_test = 0;
};

/// A text that was read, and what errors call it.
struct NamedText {
  std::string name;
  std::string text;
};

/// Reads and encodes. Parts cut from one file follow each other in it: training, validation, test; of n
/// tokens training has floor((1 - valid_fraction - test_fraction) n).
/// @throws TextError as read_text, and for: fractions outside [0, 1) or that leave a part empty; a training
///         part with fewer than two types besides "<eos>"; a part of unknown tokens only
Corpus load_corpus(const CorpusOptions& options);

/// The same for texts that are already there, the paths in `options` unused; an empty text means no such
/// file.
Corpus make_corpus(const CorpusOptions& options, const NamedText& train, const NamedText& valid = {},
                   const NamedText& test = {});

}  // namespace unroll
