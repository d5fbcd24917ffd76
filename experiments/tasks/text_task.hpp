#pragma once

#include "experiments/tasks/task.hpp"
#include "experiments/text/corpus.hpp"

namespace unroll {

/// Language models of a text of the user's: predict each token from all before it. Inputs are tokens (T, B),
/// classes (T, B) the tokens that follow; cross-entropy averaged over all steps, in nats per token. The
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

/// How the text of a task on text is cut. Throws std::invalid_argument when the task is none of these.
CorpusOptions corpus_options(const TaskConfig& config);
/// The text of such a task, in its parts. Throws TextError.
Corpus corpus_of(const TaskConfig& config);

/// What stands before a text: "<eos>", in a vocabulary of characters a line end, a space, or else the most
/// frequent one.
std::int32_t start_token(const Vocabulary& vocabulary);

/// A text's tokens in `streams` parts of equal length side by side, each with the tokens that follow.
Batch side_by_side(std::span<const std::int32_t> text, std::int32_t start, std::int64_t streams);

}  // namespace unroll
