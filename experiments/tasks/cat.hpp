#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/tasks/task.hpp"

namespace unroll {

/// "The cat sat on the ___": sentences of a small grammar in which the place follows from the subject alone,
///
///     The SUBJECT (ADVERB ...) sat on the PLACE .
///
/// with 8 subjects, each with a place of its own, and adverbs that say nothing, drawn uniformly like the
/// subject. task.length is the number n of words between subject and place: n - 3 adverbs and "sat on the".
/// What sees less than n + 1 words back, an n-gram, gets the place right in 1 of 8 sentences. Inputs are
/// tokens (T); a sentence is wrong when another word scores as high as its place.
///
/// - sentence: a language model, T = n + 5: every word is predicted, and the end of the line. Sentences to
///   learn from have 3 to n words between, those of a validation exactly n.
/// - place: T = n + 3, only the place is predicted, after exactly n words in training too: how far back a
///   cell remembers, and nothing else.
TaskRow cat_row();

struct SubjectAndPlace {
  std::string_view subject, place;
};
/// The subjects with their places, and the words that say nothing.
std::span<const SubjectAndPlace> cat_subjects();
std::span<const std::string_view> cat_adverbs();

/// Every word of the grammar, "<eos>" and "<unk>".
Vocabulary cat_vocabulary();

/// So many sentences with exactly `between` words between subject and place, a line each: the text that
/// n-grams are counted in.
std::string cat_text(Stream& stream, std::int64_t sentences, std::int64_t between);

/// What uniform to 5-gram models of such sentences, interpolated modified Kneser-Ney, reach: per word of
/// whole sentences, or of the place only.
std::vector<Baseline> cat_baselines(std::int64_t between, bool whole_sentence);

}  // namespace unroll
