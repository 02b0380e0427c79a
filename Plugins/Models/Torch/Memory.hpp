#ifndef TRAINYARD_TORCH_MEMORY_HPP
#define TRAINYARD_TORCH_MEMORY_HPP

#include <torch/optim.h>

#include <sstream>
#include <string>
#include <type_traits>

#include "Fields.hpp"
#include "Optimizer.hpp"

/* What torch's optimizers remember, under the names that they have in Python. */
namespace trainyard_torch {

/* ---- The fields, by optimizer. The first one is always saved: it says that there is something. ---- */

template <class Visitor>
void visit(Visitor &field, torch::optim::SGDParamState &state, std::int64_t) {
  field("momentum_buffer", state.momentum_buffer());
}

/* Of adam and adamw. */
template <class Visitor, class State>
void visit_adam(Visitor &field, State &state) {
  field("step", state.step());
  field("exp_avg", state.exp_avg());
  field("exp_avg_sq", state.exp_avg_sq());
  field("max_exp_avg_sq", state.max_exp_avg_sq());
}
template <class Visitor>
void visit(Visitor &field, torch::optim::AdamParamState &state, std::int64_t) {
  visit_adam(field, state);
}
template <class Visitor>
void visit(Visitor &field, torch::optim::AdamWParamState &state, std::int64_t) {
  visit_adam(field, state);
}

template <class Visitor>
void visit(Visitor &field, torch::optim::RMSpropParamState &state, std::int64_t) {
  field("step", state.step());
  field("square_avg", state.square_avg());
  field("momentum_buffer", state.momentum_buffer());
  field("grad_avg", state.grad_avg());
}

template <class Visitor>
void visit(Visitor &field, torch::optim::AdagradParamState &state, std::int64_t) {
  field("step", state.step());
  field("sum", state.sum());
}

template <class Visitor>
void visit(Visitor &field, torch::optim::LBFGSParamState &state, std::int64_t length) {
  field("n_iter", state.n_iter());
  field("func_evals", state.func_evals());
  field("t", state.t());
  field("prev_loss", state.prev_loss());
  field.flat("d", state.d(), length);
  field.flat("H_diag", state.H_diag(), 0);
  field.flat("prev_flat_grad", state.prev_flat_grad(), length);
  field.flat("old_dirs", state.old_dirs(), length);
  field.flat("old_stps", state.old_stps(), length);
  field.flat("ro", state.ro(), 0);
}

/* Torch 1 finds a parameter's memory by its address as text, torch 2 by the address. */
template <class States>
typename States::key_type key_in(const States &, const at::Tensor &tensor) {
  if constexpr (std::is_same_v<typename States::key_type, std::string>) {
    std::ostringstream text;
    text << tensor.unsafeGetTensorImpl();
    return text.str();
  } else {
    return tensor.unsafeGetTensorImpl();
  }
}

/* All that an optimizer remembers. */
class Memory {
 public:
  Memory(torch::optim::Optimizer &optimizer, OptimizerKind kind) : optimizer_(optimizer), kind_(kind) {}

  void save(const NamedParameters &parameters, trainyard::Sink sink) {
    each(parameters, [&](auto *type, const std::string &name, const at::Tensor &tensor, std::int64_t length) {
      auto &states = optimizer_.state();
      const auto found = states.find(key_in(states, tensor));
      if (found == states.end()) return;
      FieldWriter writer(sink, "." + name);
      visit(writer, static_cast<std::remove_reference_t<decltype(*type)> &>(*found->second), length);
    });
  }

  /* A momentum that is set while the run lasts begins at 0: rmsprop makes room for it at its first step only. */
  void make_room_for_momentum(const NamedParameters &parameters) {
    for (const auto &parameter : parameters) {
      auto &states = optimizer_.state();
      const auto found = states.find(key_in(states, parameter.second));
      if (found == states.end()) continue;
      auto &buffer = static_cast<torch::optim::RMSpropParamState &>(*found->second).momentum_buffer();
      if (!buffer.defined()) buffer = at::zeros_like(parameter.second);
    }
  }

  /* What is not saved is as it was: that of a new optimizer. */
  void load(const NamedParameters &parameters, trainyard::Source source) {
    each(parameters, [&](auto *type, const std::string &name, const at::Tensor &tensor, std::int64_t length) {
      using State = std::remove_reference_t<decltype(*type)>;
      if (!is_saved(source, name)) return;
      auto state = std::make_unique<State>();
      FieldReader reader(source, "." + name, tensor);
      visit(reader, *state, length);
      require(*state, name);
      auto &states = optimizer_.state();
      states[key_in(states, tensor)] = std::move(state);
    });
  }

 private:
  /* Calls with a null pointer that tells the type of the state, once for each parameter that has one. */
  template <class Body>
  void each(const NamedParameters &parameters, Body body) {
    std::int64_t length = 0;
    for (const auto &parameter : parameters) length += parameter.second.numel();
    for (const auto &[name, tensor] : parameters) {
      switch (kind_) {
        case OptimizerKind::sgd: body(static_cast<torch::optim::SGDParamState *>(nullptr), name, tensor, length); break;
        case OptimizerKind::adam: body(static_cast<torch::optim::AdamParamState *>(nullptr), name, tensor, length); break;
        case OptimizerKind::adamw:
          body(static_cast<torch::optim::AdamWParamState *>(nullptr), name, tensor, length);
          break;
        case OptimizerKind::rmsprop:
          body(static_cast<torch::optim::RMSpropParamState *>(nullptr), name, tensor, length);
          break;
        case OptimizerKind::adagrad:
          body(static_cast<torch::optim::AdagradParamState *>(nullptr), name, tensor, length);
          break;
        case OptimizerKind::lbfgs:
          // One memory for all, under the first of them.
          body(static_cast<torch::optim::LBFGSParamState *>(nullptr), "all", tensor, length);
          return;
      }
    }
  }

  bool is_saved(trainyard::Source source, const std::string &name) const {
    std::int64_t count = 0;
    ty_tensor tensor{};
    switch (kind_) {
      case OptimizerKind::sgd: return source.get(("momentum_buffer." + name).c_str(), tensor);
      case OptimizerKind::lbfgs: return source.get(("n_iter." + name).c_str(), count);
      default: return source.get(("step." + name).c_str(), count);
    }
  }

  /* Tensors without which the optimizer would read what is not there. */
  static void need(const at::Tensor &tensor, const char *field, const std::string &name) {
    if (!tensor.defined())
      throw trainyard::Failure(std::string("the saved state is damaged: '") + field + "." + name + "' is missing");
  }
  template <class State>
  void require(State &state, const std::string &name) const {
    if constexpr (std::is_same_v<State, torch::optim::AdamParamState> ||
                  std::is_same_v<State, torch::optim::AdamWParamState>) {
      need(state.exp_avg(), "exp_avg", name);
      need(state.exp_avg_sq(), "exp_avg_sq", name);
      bool has_largest = false;
      for (const auto &group : optimizer_.param_groups()) has_largest = has_largest || amsgrad_of<State>(group.options());
      if (has_largest) need(state.max_exp_avg_sq(), "max_exp_avg_sq", name);
    } else if constexpr (std::is_same_v<State, torch::optim::RMSpropParamState>) {
      need(state.square_avg(), "square_avg", name);
      const auto &options =
          static_cast<const torch::optim::RMSpropOptions &>(optimizer_.param_groups().front().options());
      if (options.centered()) need(state.grad_avg(), "grad_avg", name);
    } else if constexpr (std::is_same_v<State, torch::optim::AdagradParamState>) {
      need(state.sum(), "sum", name);
    } else if constexpr (std::is_same_v<State, torch::optim::LBFGSParamState>) {
      if (state.old_dirs().size() != state.old_stps().size() || state.old_dirs().size() != state.ro().size())
        throw trainyard::Failure("the saved state is damaged: lbfgs has updates without their steps");
      if (state.n_iter() == 0) return;
      need(state.d(), "d", name);
      need(state.H_diag(), "H_diag", name);
      need(state.prev_flat_grad(), "prev_flat_grad", name);
    }
  }
  template <class State>
  static bool amsgrad_of(const torch::optim::OptimizerOptions &options) {
    if constexpr (std::is_same_v<State, torch::optim::AdamParamState>)
      return static_cast<const torch::optim::AdamOptions &>(options).amsgrad();
    else
      return static_cast<const torch::optim::AdamWOptions &>(options).amsgrad();
  }

  torch::optim::Optimizer &optimizer_;
  OptimizerKind kind_;
};

}  // namespace trainyard_torch

#endif
