#pragma once

#include <string>

#include "experiments/saved/saved_model.hpp"
#include "experiments/saved/text_model.hpp"
#include "experiments/verbs/verb.hpp"

namespace unroll {

// What the verbs for trained models share. MODEL is the folder of a run, or a model.toml.

/// The first of a verb's `count` words as a model. Throws UsageError where there are more or fewer words,
/// what load_model() throws, and ModelError for weights that are no finite numbers.
SavedModel model_argument(const Arguments& arguments, std::size_t count);

/// The same of the model called `name`, perhaps with the files that it learned from.
SavedModel named_model(const Arguments& arguments, const std::string& name,
                       Learned files = Learned::left_out);

/// The text that a flag gives, from standard input for "-", without the line end there.
std::string text_flag(const Arguments& arguments, const char* flag);

/// Names on stderr what the model does not know of a text.
void say_unknown(const EncodedText& text);

/// A token for people: line ends and spaces would not be seen.
std::string shown(const std::string& token);

}  // namespace unroll
