#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>
#include <optional>

#include "Parts.hpp"
#include "Tensors.hpp"
#include "Words.hpp"

/* What is done with a batch: a step, or an answer. */

using trainyard::Failure;

namespace trainyard_torch {

at::Tensor TorchModel::Parts::features(const ty_batch &batch) const {
  if (!loss) throw Failure("the model was not reset for a task");
  std::int64_t count = batch.rows;
  const ty_tensor &given = batch.features;
  for (std::int32_t i = 1; i < given.ndim; i++) count *= given.shape[i];
  if (given.ndim < 1 || given.shape[0] != batch.rows || count != batch.rows * row_size ||
      given.dtype.code != TY_DTYPE_FLOAT || given.dtype.bits != 32 || given.data == nullptr)
    throw Failure("the features are not float32 rows of " + std::to_string(row_size) + " numbers");
  std::vector<std::int64_t> sizes = {batch.rows};
  sizes.insert(sizes.end(), row_shape.begin(), row_shape.end());
  at::Tensor rows = borrowed(given, at::kFloat, sizes);
  if (settings.input_type == InputType::float64) rows = rows.to(at::kDouble);
  if (settings.input_type == InputType::int64) rows = rows.to(at::kLong);
  return rows.to(device);
}

at::Tensor TorchModel::Parts::answer(const at::Tensor &rows, std::int64_t count) {
  const MixedPrecision precision(device, settings.precision);
  return loss->arranged(module.forward(rows), count);
}

namespace {

const char *const train_words = "the module cannot learn from this batch";
const char *const evaluate_words = "the module cannot answer for this batch";

struct Weights {
  at::Tensor tensor;  // undefined: all 1
  double sum;

  explicit Weights(const ty_batch &batch) : sum(static_cast<double>(batch.rows)) {
    if (batch.weight.data == nullptr && batch.weight.ndim == 0) return;
    if (!fits(batch.weight, at::kFloat, {batch.rows}))
      throw Failure("the weights are not float32 " + words({batch.rows}));
    tensor = borrowed(batch.weight, at::kFloat, {batch.rows});
    sum = tensor.sum(at::kDouble).item<double>();
    if (!(sum >= 0) || !std::isfinite(sum))
      throw Failure("the sample weights of a batch add up to " + std::to_string(sum) +
                    "\nhelp: weights must be finite and 0 or more");
  }
};

}  // namespace

void TorchModel::train_step(const ty_batch &batch, ty_step &step) {
  Parts &parts = *parts_;
  if (parts.settings.needs_full_batch()) return parts.step_of_all_rows(batch, step);
  saying(train_words, "", [&] {
    const at::Tensor features = parts.features(batch);
    if (batch.target.data == nullptr) throw Failure("a training batch has no target");
    const Weights weights(batch);
    std::optional<RandomStream::Turn> turn;
    if (parts.draws_in_training) turn.emplace(parts.random);
    const at::AutoGradMode mode(true);
    parts.module.set_training(true);
    const at::Tensor output = parts.answer(features, batch.rows);
    const at::Tensor target = parts.loss->target(batch, output);
    const at::Tensor loss = parts.loss->mean(output, target, weights.tensor, weights.sum, parts.module);
    if (!loss.requires_grad()) throw Failure("the loss does not depend on any parameter, so there is nothing to learn");

    Progress &progress = parts.progress;
    if (progress.accumulated_batches == 0) parts.optimizer.forget_gradients();
    const bool is_step = static_cast<double>(progress.accumulated_batches + 1) >= progress.accumulate_grad_batches ||
                         batch.ends_pass != 0;
    // One batch alone: the gradient is that of the mean, to the last bit that of a loop in Python. Several: of sums.
    const bool is_alone = is_step && progress.accumulated_batches == 0;
    (is_alone ? loss : loss * weights.sum).backward();
    progress.accumulated_batches += 1;
    progress.accumulated_weight += weights.sum;
    step.loss = loss.item<double>();
    step.weight = weights.sum;
    parts.show(output, features, batch, step);
    step.optimizer_steps = is_step ? 1 : 0;
    if (!is_step) return;
    const double total = progress.accumulated_weight;
    parts.optimizer.step(progress, is_alone || !(total > 0) ? 1 : total);
    progress.accumulated_batches = 0;
    progress.accumulated_weight = 0;
  });
}

/* lbfgs: loss and prediction are those of its first look at the rows, before it moves. */
void TorchModel::Parts::step_of_all_rows(const ty_batch &batch, ty_step &step) {
  saying(train_words, "", [&] {
    const at::Tensor rows = features(batch);
    if (batch.target.data == nullptr) throw Failure("a training batch has no target");
    const Weights weights(batch);
    std::optional<RandomStream::Turn> turn;
    if (draws_in_training) turn.emplace(random);
    module.set_training(true);
    bool is_first = true;
    optimizer.step(progress, [&] {
      const at::Tensor output = answer(rows, batch.rows);
      const at::Tensor value =
          loss->mean(output, loss->target(batch, output), weights.tensor, weights.sum, module);
      if (is_first) {
        step.loss = value.item<double>();
        show(output, rows, batch, step);
      }
      is_first = false;
      return value;
    });
    step.weight = weights.sum;
    step.optimizer_steps = 1;
  });
}

void TorchModel::evaluate(const ty_batch &batch, ty_step &step) {
  Parts &parts = *parts_;
  saying(evaluate_words, "", [&] {
    const at::Tensor features = parts.features(batch);
    const Weights weights(batch);
    // What is drawn here is drawn again in training.
    std::optional<RandomStream::Turn> turn;
    at::Generator generator = at::globalContext().defaultGenerator(parts.device);
    at::Tensor kept;
    if (parts.draws_in_evaluation) {
      turn.emplace(parts.random);
      kept = generator.get_state();
    }
    const at::NoGradGuard guard;
    parts.module.set_training(false);
    const at::Tensor output = parts.answer(features, batch.rows);
    step.loss = std::numeric_limits<double>::quiet_NaN();
    if (batch.target.data != nullptr)
      step.loss = parts.loss
                      ->mean(output, parts.loss->target(batch, output), weights.tensor, weights.sum, parts.module)
                      .item<double>();
    step.weight = weights.sum;
    step.optimizer_steps = 0;
    parts.show(output, features, batch, step);
    if (kept.defined()) generator.set_state(kept);
  });
}

void TorchModel::Parts::show(const at::Tensor &output, const at::Tensor &rows, const ty_batch &, ty_step &step) {
  const at::NoGradGuard guard;
  prediction = loss->prediction(output).to(at::kCPU, answer_type).contiguous();
  // A module may give back what it was given, which is the host's memory.
  if (prediction.is_alias_of(rows)) prediction = prediction.clone();
  step.prediction = view_of(prediction);
}

}  // namespace trainyard_torch
