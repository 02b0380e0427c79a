#ifndef TRAINYARD_TORCH_SETTINGS_HPP
#define TRAINYARD_TORCH_SETTINGS_HPP

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "trainyard.hpp"

/* What the user chose; no run changes it. Nothing of torch is known here. */
namespace trainyard_torch {

/* In the order of the choices in Options.cpp. */
enum class LossKind {
  automatic, cross_entropy, nll, bce_with_logits, bce, mse, l1, smooth_l1, huber, module
};
enum class OutputKind { automatic, logits, log_probabilities, probabilities, values };
enum class OptimizerKind { sgd, adam, adamw, rmsprop, adagrad, lbfgs };
enum class InputType { float32, float64, int64 };
enum class Precision { float32, bfloat16 };
enum class Beginning { file, reset_parameters };

/* One entry of `parameter_groups`: what it leaves out is as for all others. */
struct GroupRule {
  std::string match;
  std::optional<double> learning_rate;
  std::optional<double> weight_decay;
  bool frozen = false;
};

struct Settings {
  /* The user's values, and what is wrong with them together as a trainyard::Failure. */
  explicit Settings(trainyard::Host host);

  std::string module;
  Beginning beginning;
  std::vector<std::int64_t> input_shape;
  InputType input_type;

  LossKind loss;
  OutputKind output;
  double label_smoothing;
  double delta;

  OptimizerKind optimizer;
  double learning_rate;
  double weight_decay;
  double momentum;
  double dampening;
  bool nesterov;
  double beta_1, beta_2;
  double alpha;
  bool centered;
  bool amsgrad;
  double learning_rate_decay;
  double epsilon;
  std::int64_t max_iterations;
  std::int64_t history;
  bool line_search;
  std::vector<GroupRule> groups;
  std::optional<double> clip_norm;
  std::optional<double> clip_value;
  std::int64_t accumulate_grad_batches;

  std::string device;
  Precision precision;

  bool has_momentum() const {
    return optimizer == OptimizerKind::sgd || optimizer == OptimizerKind::rmsprop;
  }
  bool has_weight_decay() const { return optimizer != OptimizerKind::lbfgs; }
  /* Each step is one over all rows. */
  bool needs_full_batch() const { return optimizer == OptimizerKind::lbfgs; }

 private:
  void check_optimizer(trainyard::Host host) const;
};

/* The rows of the model's options, for its component. */
constexpr std::size_t option_count = 30;
extern const trainyard::Option options[option_count];

/* Text of `parameter_groups`, a JSON list of tables; a trainyard::Failure says what is wrong with it. */
std::vector<GroupRule> parse_groups(const std::string &json);

}  // namespace trainyard_torch

#endif
