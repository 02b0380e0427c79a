#ifndef TRAINYARD_TORCH_LOSS_HPP
#define TRAINYARD_TORCH_LOSS_HPP

#include <ATen/ATen.h>

#include "ScriptModule.hpp"
#include "Settings.hpp"

/* What the module's answer is judged by, and what is predicted from it: settled by options and task together. */
namespace trainyard_torch {

class Loss {
 public:
  /* A trainyard::Failure where loss, output and task do not go together. */
  Loss(const Settings &settings, const ty_task &task, const ScriptModule &module);

  std::uint32_t task() const { return task_; }
  /* Of predictions, as the contract has it: 0 where a row has a single number. */
  std::int64_t prediction_width() const;

  /* The module's answer for so many rows in the shape that the loss takes, in float32 or float64. */
  at::Tensor arranged(const at::Tensor &output, std::int64_t rows) const;
  /* The batch's target as the loss takes it; labels outside the classes are a trainyard::Failure. */
  at::Tensor target(const ty_batch &batch, const at::Tensor &output) const;

  /* Σwl/Σw; without weights the mean over rows. */
  at::Tensor mean(const at::Tensor &output, const at::Tensor &target, const at::Tensor &weights, double weight_sum,
                  ScriptModule &module) const;
  /* Probabilities, or the numbers themselves. */
  at::Tensor prediction(const at::Tensor &output) const;

 private:
  bool is_wide() const { return task_ == TY_TASK_CLASSES || takes_two_; }
  at::Tensor by_row(const at::Tensor &output, const at::Tensor &target) const;
  at::Tensor evaluated(const at::Tensor &output, const at::Tensor &target, at::Reduction::Reduction reduction) const;

  LossKind kind_;
  OutputKind output_;
  std::uint32_t task_;
  std::int64_t width_;       // classes, or numbers in a regression target
  bool takes_two_ = false;   // a binary task as one of two classes
  bool label_is_number_ = false;
  double label_smoothing_, delta_;
};

}  // namespace trainyard_torch

#endif
