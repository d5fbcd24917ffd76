#pragma once

#include "experiments/tasks/task.hpp"
#include "experiments/text/corpus.hpp"

namespace unroll {

/// Language models of a text of the user's: predict each token from all before it. Inputs are tokens (T),
/// classes (T) the tokens that follow; cross-entropy averaged over all steps, in nats per token. The
/// training part is cut into B streams of equal length side by side (up to B - 1 tokens at its end are left
/// out), and truncated BPTT carries the states of each stream on; they start anew with every pass over the
/// text. Every token of a stream is predicted, its first one from the token before it, the very first one
/// from start_token().
///
/// - characters: a token is a Unicode code point.
/// - words: a token is a word or a punctuation mark and "<eos>" a line end; in the variant "spaces", for
/// texts
///   that are tokenised already (Mikolov's Penn Treebank), words are what stands between spaces.
TaskRow characters_row();
TaskRow words_row();

/// Settings of tasks on a text.
namespace text_options {
extern const OptionSpec text, validation_text, test_text, min_count, vocabulary;
}

/// Where one token of such a task ends and the next begins, by its name and variant. Throws
/// std::invalid_argument when the task is none of these.
struct Tokenisation {
  Level level;
  Words words;
};
Tokenisation tokenisation_of(const TaskConfig& config);

/// What stands before a text: "<eos>", in a vocabulary of characters a line end, a space, or else the most
/// frequent one.
std::int32_t start_token(const Vocabulary& vocabulary);

}  // namespace unroll
