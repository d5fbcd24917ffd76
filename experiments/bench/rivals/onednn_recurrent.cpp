#include "experiments/bench/rivals/onednn_recurrent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <oneapi/dnnl/dnnl.hpp>
#include <stdexcept>
#include <unordered_map>

namespace unroll {

namespace {

using dnnl::memory;
using Arguments = std::unordered_map<int, memory>;
using Tag = memory::format_tag;

constexpr auto to_train = dnnl::prop_kind::forward_training;
constexpr auto to_go_back = dnnl::prop_kind::backward;
constexpr auto direction = dnnl::rnn_direction::unidirectional_left2right;

memory::desc described(const memory::dims& dims, Tag tag) { return {dims, memory::data_type::f32, tag}; }

/// The shapes of everything that a recurrent primitive reads and writes. The initial state is given though it
/// is 0: without one, version 2.6.3 gives wrong gradients of the recurrent weights.
struct Descs {
  memory::desc x, w_x, w_h, bias, y, h;

  Descs(StepShape s, int gates, int biases)
      : x(described({s.steps, s.rows, s.inputs}, Tag::tnc)),
        w_x(described({1, 1, s.inputs, gates, s.hidden}, Tag::any)),
        w_h(described({1, 1, s.hidden, gates, s.hidden}, Tag::any)),
        bias(described({1, 1, biases, s.hidden}, Tag::ldgo)),
        y(described({s.steps, s.rows, s.hidden}, Tag::tnc)),
        h(described({1, 1, s.rows, s.hidden}, Tag::ldnc)) {}
};

/// The two primitives of a cell.
struct Pair {
  dnnl::rnn_primitive_desc_base forward_desc, backward_desc;
  dnnl::primitive forward, backward;
};

template <class Forward, class Backward>
Pair paired(const typename Forward::desc& forward, const typename Backward::desc& backward,
            const dnnl::engine& engine) {
  const typename Forward::primitive_desc f(forward, engine);
  const typename Backward::primitive_desc b(backward, engine, f);
  return {f, b, Forward(f), Backward(b)};
}

Pair make_vanilla(const Descs& d, const dnnl::engine& engine) {
  constexpr auto tanh = dnnl::algorithm::eltwise_tanh;
  using Forward = dnnl::vanilla_rnn_forward;
  using Backward = dnnl::vanilla_rnn_backward;
  const Forward::desc forward(to_train, tanh, direction, d.x, d.h, d.w_x, d.w_h, d.bias, d.y, d.h);
  const Backward::desc backward(to_go_back, tanh, direction, d.x, d.h, d.w_x, d.w_h, d.bias, d.y, d.h, d.x,
                                d.h, d.w_x, d.w_h, d.bias, d.y, d.h);
  return paired<Forward, Backward>(forward, backward, engine);
}

Pair make_lstm(const Descs& d, const dnnl::engine& engine) {
  using Forward = dnnl::lstm_forward;
  using Backward = dnnl::lstm_backward;
  const Forward::desc forward(to_train, direction, d.x, d.h, d.h, d.w_x, d.w_h, d.bias, d.y, d.h, d.h);
  const Backward::desc backward(to_go_back, direction, d.x, d.h, d.h, d.w_x, d.w_h, d.bias, d.y, d.h, d.h,
                                d.x, d.h, d.h, d.w_x, d.w_h, d.bias, d.y, d.h, d.h);
  return paired<Forward, Backward>(forward, backward, engine);
}

Pair make_gru(const Descs& d, const dnnl::engine& engine) {
  using Forward = dnnl::lbr_gru_forward;
  using Backward = dnnl::lbr_gru_backward;
  const Forward::desc forward(to_train, direction, d.x, d.h, d.w_x, d.w_h, d.bias, d.y, d.h);
  const Backward::desc backward(to_go_back, direction, d.x, d.h, d.w_x, d.w_h, d.bias, d.y, d.h, d.x, d.h,
                                d.w_x, d.w_h, d.bias, d.y, d.h);
  return paired<Forward, Backward>(forward, backward, engine);
}

/// A copy from one layout to another.
struct Reorder {
  Reorder(const memory& source, const memory& target)
      : from(source), to(target), primitive(dnnl::reorder::primitive_desc(from, to)) {}

  void run(dnnl::stream& stream) { primitive.execute(stream, from, to); }

  memory from, to;
  dnnl::reorder primitive;
};

struct CellPrimitives {
  std::string_view cell;
  int gates;
  int biases;
  bool has_memory;  ///< a second state
  Pair (*make)(const Descs&, const dnnl::engine&);
};

constexpr CellPrimitives table[] = {
    {"vanilla", 1, 1, false, make_vanilla},
    {"lstm", 4, 4, true, make_lstm},
    {"gru", 3, 4, false, make_gru},
};

const CellPrimitives& find(std::string_view cell) {
  for (const CellPrimitives& row : table)
    if (row.cell == cell) return row;
  throw std::invalid_argument(fmt::format("oneDNN has no recurrent primitive for the cell '{}'", cell));
}

}  // namespace

class OnednnRecurrent::Net {
 public:
  Net(const CellPrimitives& cell, StepShape s)
      : x({s.steps, s.rows, s.inputs}),
        w_x({cell.gates, s.hidden, s.inputs}),
        w_h({cell.gates, s.hidden, s.hidden}),
        d_h({s.rows, s.hidden}),
        h({s.rows, s.hidden}),
        d_w_x(w_x.shape()),
        d_w_h(w_h.shape()),
        descs_(s, cell.gates, cell.biases),
        pair_(cell.make(descs_, engine_)) {
    bind(cell, s);
  }

  void run() {
    for (Reorder& reorder : before_forward_) reorder.run(stream_);
    pair_.forward.execute(stream_, forward_);
    for (Reorder& reorder : before_backward_) reorder.run(stream_);
    for (const int what : {DNNL_ARG_DIFF_WEIGHTS_LAYER, DNNL_ARG_DIFF_WEIGHTS_ITER, DNNL_ARG_DIFF_BIAS})
      set_to_zero(backward_[what]);  // the primitive adds to them
    pair_.backward.execute(stream_, backward_);
    for (Reorder& reorder : after_backward_) reorder.run(stream_);
    stream_.wait();
  }

  Tensor<float> x, w_x, w_h, d_h, h, d_w_x, d_w_h;

 private:
  /// Memory of oneDNN's own, zero.
  memory fresh(const memory::desc& desc) {
    memory made(desc, engine_);
    set_to_zero(made);
    return made;
  }

  memory over(Tensor<float>& tensor, const memory::dims& dims, Tag tag) {
    return {described(dims, tag), engine_, tensor.data()};
  }

  static void set_to_zero(memory& what) {
    auto* bytes = static_cast<char*>(what.get_data_handle());
    std::fill_n(bytes, what.get_desc().get_size(), char{0});
  }

  void bind(const CellPrimitives& cell, StepShape s) {
    bind_forward(cell.has_memory);
    bind_backward(cell.has_memory);
    const memory::dims x_dims = {1, 1, s.inputs, cell.gates, s.hidden},
                       h_dims = {1, 1, s.hidden, cell.gates, s.hidden};
    const memory kept_w_x = over(w_x, x_dims, Tag::ldgoi), kept_w_h = over(w_h, h_dims, Tag::ldgoi);
    before_forward_ = {{kept_w_x, forward_[DNNL_ARG_WEIGHTS_LAYER]},
                       {kept_w_h, forward_[DNNL_ARG_WEIGHTS_ITER]}};
    before_backward_ = {{kept_w_x, backward_[DNNL_ARG_WEIGHTS_LAYER]},
                        {kept_w_h, backward_[DNNL_ARG_WEIGHTS_ITER]}};
    after_backward_ = {{backward_[DNNL_ARG_DIFF_WEIGHTS_LAYER], over(d_w_x, x_dims, Tag::ldgoi)},
                       {backward_[DNNL_ARG_DIFF_WEIGHTS_ITER], over(d_w_h, h_dims, Tag::ldgoi)}};
  }

  void bind_forward(bool has_memory) {
    forward_ = {{DNNL_ARG_SRC_LAYER, memory(descs_.x, engine_, x.data())},
                {DNNL_ARG_SRC_ITER, fresh(descs_.h)},
                {DNNL_ARG_WEIGHTS_LAYER, fresh(pair_.forward_desc.weights_layer_desc())},
                {DNNL_ARG_WEIGHTS_ITER, fresh(pair_.forward_desc.weights_iter_desc())},
                {DNNL_ARG_BIAS, fresh(descs_.bias)},
                {DNNL_ARG_DST_LAYER, fresh(descs_.y)},
                {DNNL_ARG_DST_ITER, memory(descs_.h, engine_, h.data())},
                {DNNL_ARG_WORKSPACE, fresh(pair_.forward_desc.workspace_desc())}};
    if (has_memory)
      for (const int what : {DNNL_ARG_SRC_ITER_C, DNNL_ARG_DST_ITER_C}) forward_[what] = fresh(descs_.h);
  }

  void bind_backward(bool has_memory) {
    backward_ = forward_;
    const Arguments more = {
        {DNNL_ARG_WEIGHTS_LAYER, fresh(pair_.backward_desc.weights_layer_desc())},
        {DNNL_ARG_WEIGHTS_ITER, fresh(pair_.backward_desc.weights_iter_desc())},
        {DNNL_ARG_DIFF_SRC_LAYER, fresh(descs_.x)},
        {DNNL_ARG_DIFF_SRC_ITER, fresh(descs_.h)},
        {DNNL_ARG_DIFF_WEIGHTS_LAYER, fresh(pair_.backward_desc.diff_weights_layer_desc())},
        {DNNL_ARG_DIFF_WEIGHTS_ITER, fresh(pair_.backward_desc.diff_weights_iter_desc())},
        {DNNL_ARG_DIFF_BIAS, fresh(descs_.bias)},
        {DNNL_ARG_DIFF_DST_LAYER, fresh(descs_.y)},
        {DNNL_ARG_DIFF_DST_ITER, memory(descs_.h, engine_, d_h.data())}};
    for (const auto& [what, value] : more) backward_[what] = value;
    if (!has_memory) return;
    for (const int what : {DNNL_ARG_DIFF_SRC_ITER_C, DNNL_ARG_DIFF_DST_ITER_C})
      backward_[what] = fresh(descs_.h);
  }

  dnnl::engine engine_{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream_{engine_};
  Descs descs_;
  Pair pair_;
  Arguments forward_, backward_;
  std::vector<Reorder> before_forward_, before_backward_, after_backward_;
};

OnednnRecurrent::OnednnRecurrent(std::string_view cell, StepShape shape)
    : net_(std::make_unique<Net>(find(cell), shape)) {}

OnednnRecurrent::~OnednnRecurrent() = default;

void OnednnRecurrent::run() { net_->run(); }

Tensor<float>& OnednnRecurrent::inputs() { return net_->x; }
Tensor<float>& OnednnRecurrent::input_weights() { return net_->w_x; }
Tensor<float>& OnednnRecurrent::recurrent_weights() { return net_->w_h; }
Tensor<float>& OnednnRecurrent::last_gradient() { return net_->d_h; }
const Tensor<float>& OnednnRecurrent::last_state() const { return net_->h; }
const Tensor<float>& OnednnRecurrent::input_weight_gradients() const { return net_->d_w_x; }
const Tensor<float>& OnednnRecurrent::recurrent_weight_gradients() const { return net_->d_w_h; }

}  // namespace unroll
