#include "Optimizer.hpp"

#include <fnmatch.h>

#include <ATen/core/grad_mode.h>
// First the names that the second takes for granted.
#include <torch/types.h>

#include <torch/nn/utils/clip_grad.h>
#include <torch/optim.h>

#include "Memory.hpp"
#include "Words.hpp"

using trainyard::Failure;

namespace trainyard_torch {

Optimizer::Optimizer(const Settings &settings, const NamedParameters &parameters) : settings_(settings) {
  make_groups(parameters);
  for (const auto &group : groups_)
    for (const auto &parameter : group.parameters) {
      trained_.push_back(parameter);
      tensors_.push_back(parameter.second);
    }
  if (trained_.empty())
    throw Failure("'parameter_groups' freezes every parameter\nhelp: leave at least one without 'frozen'");
  reset();
}

Optimizer::~Optimizer() = default;

void Optimizer::make_groups(const NamedParameters &parameters) {
  const auto &rules = settings_.groups;
  std::vector<bool> matches(rules.size(), false);
  for (const auto &rule : rules) groups_.push_back({rule.learning_rate, rule.weight_decay, {}});
  groups_.push_back({std::nullopt, std::nullopt, {}});
  for (const auto &parameter : parameters) {
    std::size_t chosen = rules.size();
    for (std::size_t i = rules.size(); i-- > 0;) {
      if (fnmatch(rules[i].match.c_str(), parameter.first.c_str(), 0) != 0) continue;
      matches[i] = true;
      chosen = i;
    }
    if (chosen < rules.size() && rules[chosen].frozen) continue;
    groups_[chosen].parameters.push_back(parameter);
  }
  for (std::size_t i = 0; i < rules.size(); i++) {
    if (matches[i]) continue;
    std::string names;
    for (std::size_t k = 0; k < parameters.size() && k < 8; k++) names += (k > 0 ? ", " : "") + parameters[k].first;
    if (parameters.size() > 8) names += ", …";
    throw Failure("no parameter matches '" + rules[i].match + "' of 'parameter_groups'\nhelp: there are: " + names);
  }
}

/* What groups do not decide. */
std::unique_ptr<torch::optim::OptimizerOptions> Optimizer::options() const {
  const auto &s = settings_;
  switch (s.optimizer) {
    case OptimizerKind::sgd: {
      auto options = std::make_unique<torch::optim::SGDOptions>(s.learning_rate);
      options->momentum(s.momentum).dampening(s.dampening).nesterov(s.nesterov);
      return options;
    }
    case OptimizerKind::adam: {
      auto options = std::make_unique<torch::optim::AdamOptions>(s.learning_rate);
      options->betas({s.beta_1, s.beta_2}).eps(s.epsilon).amsgrad(s.amsgrad);
      return options;
    }
    case OptimizerKind::adamw: {
      auto options = std::make_unique<torch::optim::AdamWOptions>(s.learning_rate);
      options->betas({s.beta_1, s.beta_2}).eps(s.epsilon).amsgrad(s.amsgrad);
      return options;
    }
    case OptimizerKind::rmsprop: {
      auto options = std::make_unique<torch::optim::RMSpropOptions>(s.learning_rate);
      options->alpha(s.alpha).eps(s.epsilon).momentum(s.momentum).centered(s.centered);
      return options;
    }
    case OptimizerKind::adagrad: {
      auto options = std::make_unique<torch::optim::AdagradOptions>(s.learning_rate);
      options->lr_decay(s.learning_rate_decay).eps(s.epsilon);
      return options;
    }
    case OptimizerKind::lbfgs: break;
  }
  auto options = std::make_unique<torch::optim::LBFGSOptions>(s.learning_rate);
  options->max_iter(s.max_iterations).max_eval(s.max_iterations * 5 / 4).history_size(s.history);
  if (s.line_search) options->line_search_fn("strong_wolfe");
  return options;
}

namespace {

template <class Kind, class Options>
std::unique_ptr<torch::optim::Optimizer> made(std::vector<torch::optim::OptimizerParamGroup> groups,
                                              const torch::optim::OptimizerOptions &defaults) {
  return std::make_unique<Kind>(std::move(groups), static_cast<const Options &>(defaults));
}

/* Not all of torch's options share a base that has these. */
void set_weight_decay(OptimizerKind kind, torch::optim::OptimizerOptions &options, double value) {
  switch (kind) {
    case OptimizerKind::sgd: static_cast<torch::optim::SGDOptions &>(options).weight_decay(value); break;
    case OptimizerKind::adam: static_cast<torch::optim::AdamOptions &>(options).weight_decay(value); break;
    case OptimizerKind::adamw: static_cast<torch::optim::AdamWOptions &>(options).weight_decay(value); break;
    case OptimizerKind::rmsprop: static_cast<torch::optim::RMSpropOptions &>(options).weight_decay(value); break;
    case OptimizerKind::adagrad: static_cast<torch::optim::AdagradOptions &>(options).weight_decay(value); break;
    case OptimizerKind::lbfgs: break;
  }
}

void set_momentum(OptimizerKind kind, torch::optim::OptimizerOptions &options, double value) {
  if (kind == OptimizerKind::sgd) static_cast<torch::optim::SGDOptions &>(options).momentum(value);
  if (kind == OptimizerKind::rmsprop) static_cast<torch::optim::RMSpropOptions &>(options).momentum(value);
}

}  // namespace

void Optimizer::reset() {
  forget_gradients();
  const auto defaults = options();
  std::vector<torch::optim::OptimizerParamGroup> groups;
  for (const auto &group : groups_) {
    std::vector<at::Tensor> tensors;
    for (const auto &parameter : group.parameters) tensors.push_back(parameter.second);
    if (!tensors.empty()) groups.emplace_back(std::move(tensors), defaults->clone());
  }
  using namespace torch::optim;
  switch (settings_.optimizer) {
    case OptimizerKind::sgd: optimizer_ = made<SGD, SGDOptions>(std::move(groups), *defaults); break;
    case OptimizerKind::adam: optimizer_ = made<Adam, AdamOptions>(std::move(groups), *defaults); break;
    case OptimizerKind::adamw: optimizer_ = made<AdamW, AdamWOptions>(std::move(groups), *defaults); break;
    case OptimizerKind::rmsprop: optimizer_ = made<RMSprop, RMSpropOptions>(std::move(groups), *defaults); break;
    case OptimizerKind::adagrad: optimizer_ = made<Adagrad, AdagradOptions>(std::move(groups), *defaults); break;
    case OptimizerKind::lbfgs: optimizer_ = made<LBFGS, LBFGSOptions>(std::move(groups), *defaults); break;
  }
}

void Optimizer::forget_gradients() {
  for (auto &tensor : tensors_)
    if (tensor.grad().defined()) tensor.mutable_grad() = at::Tensor();
}

/* A group's own rate follows that of all others in proportion, as schedules expect. */
void Optimizer::set_rates(const Progress &progress) {
  auto torch_group = optimizer_->param_groups().begin();
  for (const auto &group : groups_) {
    if (group.parameters.empty()) continue;
    auto &options = (torch_group++)->options();
    double rate = progress.learning_rate;
    if (group.learning_rate)
      rate = rate == settings_.learning_rate ? *group.learning_rate
                                             : rate * (*group.learning_rate / settings_.learning_rate);
    options.set_lr(rate);
    set_weight_decay(settings_.optimizer, options, group.weight_decay.value_or(progress.weight_decay));
    set_momentum(settings_.optimizer, options, progress.momentum);
  }
}

void Optimizer::step(const Progress &progress, double divisor) {
  set_rates(progress);
  const at::NoGradGuard guard;
  if (divisor != 1)
    for (auto &tensor : tensors_)
      if (tensor.grad().defined()) tensor.mutable_grad().div_(divisor);
  if (settings_.clip_norm) torch::nn::utils::clip_grad_norm_(tensors_, *settings_.clip_norm);
  if (settings_.clip_value) torch::nn::utils::clip_grad_value_(tensors_, *settings_.clip_value);
  if (settings_.optimizer == OptimizerKind::rmsprop && progress.momentum > 0)
    Memory(*optimizer_, settings_.optimizer).make_room_for_momentum(trained_);
  optimizer_->step();
}

void Optimizer::step(const Progress &progress, const std::function<at::Tensor()> &loss) {
  set_rates(progress);
  optimizer_->step([&] {
    forget_gradients();
    const at::AutoGradMode mode(true);
    at::Tensor value = loss();
    value.backward();
    return value;
  });
}

/* ---- State ---- */

void Optimizer::save(trainyard::Sink sink, bool with_gradients) const {
  Memory(*optimizer_, settings_.optimizer).save(trained_, sink);
  if (!with_gradients) return;
  for (const auto &[name, tensor] : trained_)
    if (tensor.grad().defined()) put_tensor(sink, "gradient." + name, tensor.grad());
}

void Optimizer::load(trainyard::Source source, bool with_gradients) {
  Memory(*optimizer_, settings_.optimizer).load(trained_, source);
  if (!with_gradients) return;
  for (auto &[name, tensor] : trained_)
    if (auto saved = get_tensor(source, "gradient." + name, tensor.scalar_type(), tensor.sizes()))
      tensor.mutable_grad() = saved->to(tensor.device());
}

}  // namespace trainyard_torch
