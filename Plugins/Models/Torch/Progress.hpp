#ifndef TRAINYARD_TORCH_PROGRESS_HPP
#define TRAINYARD_TORCH_PROGRESS_HPP

#include "Settings.hpp"

/* All that a run can change beside tensors, the optimizer's memory and the random stream. */
namespace trainyard_torch {

struct Progress {
  explicit Progress(const Settings &settings)
      : learning_rate(settings.learning_rate),
        weight_decay(settings.weight_decay),
        momentum(settings.momentum),
        accumulate_grad_batches(static_cast<double>(settings.accumulate_grad_batches)) {}

  double learning_rate;
  double weight_decay;
  double momentum;
  double accumulate_grad_batches;
  /* Batches whose gradients wait for their step, and the sum of their rows' weights. */
  std::int64_t accumulated_batches = 0;
  double accumulated_weight = 0;

  void save(trainyard::Sink sink) const {
    sink.put("learning_rate", learning_rate);
    sink.put("weight_decay", weight_decay);
    sink.put("momentum", momentum);
    sink.put("accumulate_grad_batches", accumulate_grad_batches);
    sink.put("accumulated_batches", accumulated_batches);
    sink.put("accumulated_weight", accumulated_weight);
  }
  void load(trainyard::Source source) {
    source.get("learning_rate", learning_rate);
    source.get("weight_decay", weight_decay);
    source.get("momentum", momentum);
    source.get("accumulate_grad_batches", accumulate_grad_batches);
    source.get("accumulated_batches", accumulated_batches);
    source.get("accumulated_weight", accumulated_weight);
    if (accumulated_batches < 0 || accumulated_batches > (std::int64_t{1} << 53) || !(accumulated_weight >= 0))
      throw trainyard::Failure("the saved state is damaged: it counts " + std::to_string(accumulated_batches) +
                               " batches of weight " + std::to_string(accumulated_weight));
  }
};

}  // namespace trainyard_torch

#endif
