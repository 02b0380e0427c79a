#include <ATen/core/grad_mode.h>

#include "Parts.hpp"
#include "Tensors.hpp"
#include "Words.hpp"

/* What can be known of a module and a task before the first epoch. */

using trainyard::Failure;

namespace trainyard_torch {

/* Whether the module fits the data is found out before the first epoch, by rows of zeros. */
void TorchModel::Parts::prepare(const ty_task &task) {
  std::int64_t size = 1;
  std::vector<std::int64_t> given;
  for (std::int32_t i = 0; i < task.feature_ndim; i++) {
    given.push_back(task.feature_shape[i]);
    size *= task.feature_shape[i];
  }
  std::int64_t wanted = 1;
  for (const auto length : settings.input_shape) {
    if (length > (std::int64_t{1} << 40) / wanted) throw Failure("'input_shape' is larger than any memory");
    wanted *= length;
  }
  if (!settings.input_shape.empty() && wanted != size)
    throw Failure("'input_shape' " + words(settings.input_shape) + " has " + std::to_string(wanted) +
                  " numbers, and a row of the data has " + std::to_string(size) + " in " + words(given));
  row_shape = settings.input_shape.empty() ? given : settings.input_shape;
  row_size = size;
  loss.emplace(settings, task, module);
  const std::string help = "a row is " + words(row_shape) + "; 'input_shape' gives it another shape, and the module's last "
                           "layer must fit the task";
  saying("the module does not fit the data", help, [&] { probe(false, 2); });
  try {
    probe(true, 2);
  } catch (const std::exception &) {
    // It may not like rows of zeros. Then it counts as one that draws.
    draws_in_training = true;
  }
}

void TorchModel::Parts::probe(bool is_training, std::int64_t rows) {
  const RandomStream::Turn turn(random);
  const at::NoGradGuard guard;
  std::vector<std::int64_t> sizes = {rows};
  sizes.insert(sizes.end(), row_shape.begin(), row_shape.end());
  const at::Generator generator = at::globalContext().defaultGenerator(device);
  const at::Tensor before = generator.get_state();
  module.set_training(is_training);
  const auto type = settings.input_type == InputType::float64  ? at::kDouble
                    : settings.input_type == InputType::int64 ? at::kLong
                                                               : at::kFloat;
  const at::Tensor output = answer(at::zeros(sizes, at::TensorOptions(type).device(device)), rows);
  answer_type = output.scalar_type();

  // A target of zeros is one of any task.
  std::vector<std::int32_t> labels(static_cast<std::size_t>(rows), 0);
  const std::int64_t width = loss->prediction_width() == 0 ? 1 : loss->prediction_width();
  std::vector<float> numbers(static_cast<std::size_t>(rows * width), 0.0f);
  std::vector<std::int64_t> shape = {rows}, strides = {1};
  const bool is_regression = loss->task() == TY_TASK_REGRESSION;
  if (is_regression && width > 1) shape = {rows, width}, strides = {width, 1};
  ty_batch batch{};
  batch.rows = rows;
  batch.target.data = is_regression ? static_cast<void *>(numbers.data()) : static_cast<void *>(labels.data());
  batch.target.device.type = TY_DEVICE_CPU;
  batch.target.dtype = *dtype_of(is_regression ? at::kFloat : at::kInt);
  batch.target.ndim = static_cast<std::int32_t>(shape.size());
  batch.target.shape = shape.data();
  batch.target.strides = strides.data();
  loss->mean(output, loss->target(batch, output), at::Tensor(), static_cast<double>(rows), module);
  (is_training ? draws_in_training : draws_in_evaluation) = !at::equal(before, generator.get_state());
}

}  // namespace trainyard_torch
