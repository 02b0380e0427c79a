#ifndef TRAINYARD_TORCH_OPTIMIZER_HPP
#define TRAINYARD_TORCH_OPTIMIZER_HPP

#include <ATen/ATen.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "Progress.hpp"
#include "Settings.hpp"

namespace torch::optim {
class Optimizer;
class OptimizerOptions;
}  // namespace torch::optim

/* One of torch's optimizers over a module's parameters, in groups, and its memory by name. */
namespace trainyard_torch {

using NamedParameters = std::vector<std::pair<std::string, at::Tensor>>;

class Optimizer {
 public:
  /* Assigns each parameter to the first group that matches; a group that matches none is a trainyard::Failure. */
  Optimizer(const Settings &settings, const NamedParameters &parameters);
  ~Optimizer();

  /* As new: nothing remembered, no gradients. */
  void reset();
  void forget_gradients();
  /* The gradient is that of Σwl over `divisor`; it is divided, clipped, and makes a step. */
  void step(const Progress &progress, double divisor);
  /* A step that asks for the loss and its gradient as often as it needs. */
  void step(const Progress &progress, const std::function<at::Tensor()> &loss);

  void save(trainyard::Sink sink, bool with_gradients) const;
  void load(trainyard::Source source, bool with_gradients);

 private:
  struct Group {
    std::optional<double> learning_rate;
    std::optional<double> weight_decay;
    NamedParameters parameters;
  };
  void make_groups(const NamedParameters &parameters);
  void set_rates(const Progress &progress);
  std::unique_ptr<torch::optim::OptimizerOptions> options() const;

  const Settings &settings_;
  std::vector<Group> groups_;          // the last is that of all others; one without parameters has none in torch
  NamedParameters trained_;            // of all groups
  std::vector<at::Tensor> tensors_;    // the same
  std::unique_ptr<torch::optim::Optimizer> optimizer_;
};

}  // namespace trainyard_torch

#endif
