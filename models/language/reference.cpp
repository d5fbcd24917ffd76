#include "models/language/reference.hpp"

#include <fmt/format.h>

#include <array>

namespace unroll {
namespace {

constexpr auto table = std::to_array<LanguageRow>({
    {"line", "cell NAME  # where it was published", "the first line of a file; # begins a comment",
     "cell my_cell  # me 2026"},
    {"line", "const NAME = NUMBER", "a number, which configs may change: model.constants.NAME",
     "const dt = 0.1"},
    {"line", "const NAME: SHAPE = ELEMENTS",
     "an array, from the indices i (row) and j (column) of its elements",
     "const S: (hidden, hidden) = where(i < j, -1, 1) * sqrt(2 * i + 1)"},
    {"line", "const NAME: SHAPE = file(\"A.npy\")",
     "the array of a file beside the cell's: A.npy, W.npz:NAME, W.safetensors:NAME",
     "const u: hidden = file(\"u.npy\")\nfile \"u.npy\" (4) = 1 0.5 0.25 0.125"},
    {"line", "file \"A.npy\" (ROWS, COLUMNS) = NUMBERS",
     "what is in such a file, row by row: written behind the equations when a cell's file is read, so that "
     "its "
     "text is all that it needs",
     "param u: hidden init file(\"W.npz:u\")\nfile \"W.npz:u\" (4) = 1 1 -1 -1"},
    {"line", "input NAME", "a second input, a vector: of the task file, task.context",
     "input s\nz = sigmoid(W_z s + U_z h)"},
    {"line", "feedback NAME",
     "the outputs after the step before, a vector: in training their targets, 0 at the first step",
     "feedback o\nz = tanh(V_o o)"},
    {"line", "state NAME, ... [: SHAPE] [= START]",
     "what a step hands to the next; a vector (hidden) without SHAPE; () is a number; starts at 0, at START, "
     "or is "
     "`learned`. The first one is what a readout sees",
     "state m: () = 1"},
    {"line", "param NAME, ... [: SHAPE] [STRUCTURE] [OPTIONS]",
     "a parameter that is not a plain matrix (upper case) or vector (b, b_..., w_...)", "param u: hidden"},
    {"line", "def NAME(a, ...) = VALUE", "a function of the cell's own",
     "def gate(a) = sigmoid(W_g x + U_g a)"},
    {"line", "NAME = VALUE", "a value of the step", "z = sigmoid(W_z x + U_z h + b_z)"},
    {"line", "STATE' = VALUE", "the state after the step, readable after its line", "h' = tanh(W x + U h)"},
    {"line", "repeat N { ... }", "equations done N times; they may replace values from before the block",
     "y = h\nrepeat 3 {\n  y = y + 0.1 * tanh(U y + W x)\n}"},
    {"line", "pytorch TENSOR = PARAMETER, ...",
     "what PyTorch's layer calls it, stacked; 0 is its second bias", "pytorch weight_hh = U_hh"},
    {"structure", "diagonal", "stored as its diagonal", "param U diagonal"},
    {"structure", "skew", "U = M - transpose(M)", "param U skew"},
    {"structure", "orthogonal", "by the Cayley transform of a skew-symmetric matrix", "param U orthogonal"},
    {"structure", "orthogonal_exp", "by the exponential of a skew-symmetric matrix",
     "param U orthogonal_exp"},
    {"structure", "low_rank(R)", "a product of two factors, U.left and U.right", "param U low_rank(2)"},
    {"structure", "heads(N)", "block-diagonal, N blocks", "param U heads(2)"},
    {"option", "init NAME(...)", "how it starts: an initialiser", "param U init orthogonal(1.2)"},
    {"option", "init file(\"W.npz:NAME\")", "starts as the array of a file, in the shape that is stored",
     "param u: hidden init file(\"u.npy\")\nfile \"u.npy\" (4) = 1 0.5 0.25 0.125"},
    {"option", "in [LOW, HIGH]", "moved back into these bounds after every update", "param b in [0, 1]"},
    {"option", "rate R", "its learning rate is R times that of the others", "param U rate 0.1"},
    {"option", "fixed", "not trained", "param U init radius(0.9) fixed"},
    {"operator", "W x", "the product of a matrix and a vector or matrix: side by side, to the right first",
     "h' = tanh(U U h + W x)"},
    {"operator", "a * b, a / b, a + b, a - b, a^b", "element by element; a number goes with everything",
     "c = 2 * a / (1 + a^2)"},
    {"operator", "a > b, a >= b, a < b, a <= b, a == b, a != b", "1 where it holds, else 0; derivative 0",
     "s = a > 1"},
    {"operator", "v[0:k], v[i], A[i, :]", "a part: from 0, without the end; one index takes the axis away",
     "l = h[0:2]"},
    {"given", "x", "the input at this step, a vector (input)", "h' = tanh(W x)"},
    {"given", "hidden, input", "sizes, as numbers too", "const scale = 1 / sqrt(hidden)"},
    {"given", "pi", "3.14159...", "c = cos(2 * pi * a)"},
    {"given", "act(a)", "model.activation: tanh, relu, sigmoid, ...", "h' = act(W x + U h)"},
    {"given", "step", "the number of the step in its sequence, from 0", "p = mod(step, 4) == 0"},
    {"given", "first", "1 at the first step of a sequence, else 0", "m = where(first, a, h)"},
    {"given", "noise", "standard normal numbers, a vector (hidden), new at every step",
     "h' = act(W x) + 0.1 * noise"},
    {"given", "training_noise", "the same, and 0 in evaluations", "h' = act(W x) + 0.1 * training_noise"},
});

}  // namespace

std::span<const LanguageRow> language_table() { return table; }

std::string new_cell_text(std::string_view name) {
  return fmt::format(
      "cell {}   # Author YEAR, title, equation numbers\n"
      "# One equation per line, in the paper's symbols. W x is a product, * works element by element.\n"
      "# Upper-case names are matrices, b and b_... vectors: their shapes follow from their use.\n"
      "# `unroll cells language` prints what else there is, `unroll cells functions` the functions.\n"
      "state h\n"
      "z  = sigmoid(W_z x + U_z h + b_z)\n"
      "g  = act(W_g x + U_g h + b_g)\n"
      "h' = (1 - z) * h + z * g\n",
      name);
}

}  // namespace unroll
