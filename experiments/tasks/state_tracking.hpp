#pragma once

#include "experiments/tasks/task.hpp"

namespace unroll {

// State tracking: read symbols, know the state that they lead to (Delétang et al. 2023; Merrill et al. 2024).
//
// Inputs (T, symbols), one-hot and uniformly random; classes, cross-entropy. Every sequence has a length of
// its own, uniform in task.length (3 to 40 as in Beck et al. 2024), and task.test_lengths ask how far beyond
// a model goes. With task.supervision = "every step" there is a target after every step (T), with "end" one
// at the end, as in Delétang et al. The metric scaled_accuracy is (accuracy - 1/classes) / (1 - 1/classes)
// (Grazzi et al. 2025). A sequence is right when all of its answers are. The trivial loss is that of knowing
// the number of steps, not the symbols: the answers' entropy, exact. Solved when more than 99 % of the
// answers are right: our rule, for the papers report accuracies.

/// Bits: is the number of ones so far odd?
///
/// - standard: a bit is one-hot.
/// - signs: a bit is a number, 1 or -1 (Bengio, Simard, Frasconi 1994, with task.supervision = "end").
TaskRow parity_row();
/// Bits: are there as many changes 01 as changes 10, which is: are the first and the last bit the same? 1 if
/// they are.
TaskRow even_pairs_row();
/// Moves 0, +1, -1 (channels 0, 1, 2) on a ring of five places, from place 0: where?
TaskRow cycle_navigation_row();
/// Four states, from state 0: symbol 0 goes round (s + 1 mod 4), 1 exchanges states 0 and 1, 2 sends 3 to 2.
/// Together they make all 256 maps of four states to themselves: moves that can be undone and one that
/// forgets. Ours; the automaton of other suites is not published.
TaskRow finite_state_machine_row();

/// Expressions of digits 0 to 4 (channels 0 to 4) and the operators + - * (5 to 7): what are they, modulo 5?
///
/// - no brackets: digit, operator, digit, ...; * binds tighter than + and -, which go from the left: 1+2*3 is
///   2, 1-1-1 is 4. Such expressions have odd lengths: an even length is made one less. The prefix up to a
///   digit is an expression itself and has an answer; after an operator there is none, and the step's weight
///   is 0. A finite automaton can do it.
/// - brackets: exactly T symbols, brackets (channels 8 and 9) around every operation, so that there is no
///   precedence: an expression of one to four symbols is d, -d, (d) or (-d), a longer one (a+b), (a-b) or
///   (a*b), the rest of the length divided uniformly between a and b. No prefix of it is an expression; its
///   only answer is at the end, whatever task.supervision says.
TaskRow modular_arithmetic_row();

/// The word problem of a group: elements one after the other, what is the product so far? The product p g of
/// permutations is "first g, then p": (p g)(i) = p(g(i)). Classes are the group's elements, permutations in
/// the lexicographic order of their one-line notation, 0 is the identity.
///
/// - S5, A5: all permutations of five things (120), or the even ones (60); symbols are the elements, in the
///   same order. No fixed number of layers of linear recurrences with diagonal matrices can do it.
/// - Z60: the numbers 0 to 59, added modulo 60. A4xZ5: even permutations of four things (12), each with a
/// number
///   modulo 5; element 5 p + z has permutation p and number z. Both have 60 elements as A5, but can be
///   solved.
/// - S5 transpositions: the symbols are four neighbours' exchanges, symbol k that of k and k + 1 (120
///   classes). After an even number of steps the product is even: the trivial loss is at most ln 60.
TaskRow word_problem_row();

}  // namespace unroll
