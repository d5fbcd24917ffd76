#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/saved/saved_model.hpp"
#include "experiments/tasks/text_task.hpp"
#include "experiments/text/text.hpp"
#include "framework/random/stream.hpp"

namespace unroll {

/// A text as a model reads it, and what of it the model does not know.
struct EncodedText {
  std::vector<std::int32_t> ids;
  std::vector<std::string> unknown;  ///< tokens outside the vocabulary, each once, in order
};

/// The tokens that the model reads. Throws ModelError for a model that reads no text.
const Vocabulary& vocabulary_of(const SavedModel& model);
/// How its texts are cut into tokens. Throws the same.
Tokenisation tokenisation_of(const SavedModel& model);

/// A whole text: line ends are tokens. Throws TextError, naming the token, where the vocabulary has none for
/// unknown ones.
EncodedText encode(const SavedModel& model, std::string_view text);

/// What the model reads of a text: the start token, and then the text.
std::vector<std::int32_t> from_start(const SavedModel& model, std::span<const std::int32_t> text);

/// A text that asks for a token, without the blank that may stand for it.
struct Prompt {
  EncodedText text;
  std::size_t blank;  ///< what is asked for stands before text.ids[blank]; the size: behind all of it
};

/// A text with a blank, two underscores or more, at its end, elsewhere, or nowhere: then the end is meant.
/// Where the model's own tokens have underscores, two with text behind them are text. In a model of
/// characters the blank is one character, and spaces before it count where text follows. Throws TextError for
/// more than one blank.
Prompt encode_prompt(const SavedModel& model, std::string_view prompt);

/// -ln p of every token of `text`, each after all before it. Throws ModelError where one is no finite number.
std::vector<double> nats_of(const SavedModel& model, std::span<const std::int32_t> text);

/// p of every token to come after `prompt`.
std::vector<double> next_token(const SavedModel& model, std::span<const std::int32_t> prompt);

/// p of every token to stand between `before` and `after`, given both: p(w | before) p(after | before w),
/// normalised over all tokens but "<unk>" and "<eos>", which have 0. Without `after` the same as next_token.
/// The text behind is read once for every token of the vocabulary.
std::vector<double> token_between(const SavedModel& model, std::span<const std::int32_t> before,
                                  std::span<const std::int32_t> after);

/// How the next token is drawn.
struct Sampling {
  double temperature = 1;  ///< scores are divided by it; 0: always the likeliest
  std::int64_t top_k = 0;  ///< only the k likeliest; 0: all
  double top_p = 1;        ///< only the likeliest that together have this probability (Holtzman et al. 2020)
};

/// Probabilities of scores as Sampling wants them: those left out have 0. `never` (a token, or -1) is left
/// out in any case. Throws ModelError for scores of which one is NaN or +inf, or none is finite.
std::vector<double> distribution(std::span<const float> scores, const Sampling& sampling,
                                 std::int32_t never = -1);

/// An index drawn from probabilities.
std::int32_t draw(std::span<const double> probabilities, Stream& stream);

}  // namespace unroll
