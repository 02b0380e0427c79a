#include "Loss.hpp"

#include "Tensors.hpp"

using trainyard::Failure;

namespace trainyard_torch {

namespace {

LossKind resolved(LossKind kind, std::uint32_t task) {
  if (kind != LossKind::automatic) return kind;
  switch (task) {
    case TY_TASK_CLASSES: return LossKind::cross_entropy;
    case TY_TASK_BINARY: return LossKind::bce_with_logits;
    default: return LossKind::mse;
  }
}

/* What a loss takes; automatic: it does not say. */
OutputKind taken_by(LossKind kind) {
  switch (kind) {
    case LossKind::cross_entropy:
    case LossKind::bce_with_logits: return OutputKind::logits;
    case LossKind::nll: return OutputKind::log_probabilities;
    case LossKind::bce: return OutputKind::probabilities;
    case LossKind::module: return OutputKind::automatic;
    default: return OutputKind::values;
  }
}

const char *name_of(std::uint32_t task) {
  switch (task) {
    case TY_TASK_BINARY: return "binary";
    case TY_TASK_CLASSES: return "classes";
    case TY_TASK_REGRESSION: return "regression";
    default: return "ranking";
  }
}

}  // namespace

Loss::Loss(const Settings &settings, const ty_task &task, const ScriptModule &module)
    : kind_(resolved(settings.loss, task.task)),
      output_(settings.output),
      task_(task.task),
      width_(task.output_width),
      label_smoothing_(settings.label_smoothing),
      delta_(settings.delta) {
  if (task_ != TY_TASK_BINARY && task_ != TY_TASK_CLASSES && task_ != TY_TASK_REGRESSION)
    throw Failure("torch does not rank\nhelp: it serves binary, classes and regression tasks");
  if (kind_ == LossKind::module && !module.has_method("loss"))
    throw Failure("'loss' is module, and the module exports no method loss(output, target)\n"
                  "help: mark it with @torch.jit.export, or choose another 'loss'");
  const OutputKind natural = taken_by(kind_);
  const bool of_probabilities = natural != OutputKind::values && natural != OutputKind::automatic;
  const bool is_for_two = kind_ == LossKind::bce || kind_ == LossKind::bce_with_logits;
  const bool is_regression = task_ == TY_TASK_REGRESSION;
  if ((is_regression && of_probabilities) || (!is_regression && natural == OutputKind::values) ||
      (task_ == TY_TASK_CLASSES && is_for_two))
    throw Failure(std::string("the loss does not fit a ") + name_of(task_) + " task\n" +
                  "help: for classes there are cross_entropy and nll, for binary also bce_with_logits and bce, for "
                  "regression mse, l1, smooth_l1 and huber; module fits any");
  if (output_ == OutputKind::automatic) output_ = natural;
  if (natural != OutputKind::automatic && output_ != natural)
    throw Failure("'output' does not fit the loss\nhelp: leave it at auto; it is for a loss of the module's own");
  if (output_ == OutputKind::automatic) {
    if (!is_regression)
      throw Failure("what the module returns is not said\n"
                    "help: with the loss of a module, set 'output' to logits, log_probabilities or probabilities");
    output_ = OutputKind::values;
  }
  if (is_regression != (output_ == OutputKind::values))
    throw Failure(std::string("'output' does not fit a ") + name_of(task_) + " task");
  takes_two_ = task_ == TY_TASK_BINARY && (kind_ == LossKind::cross_entropy || kind_ == LossKind::nll);
  label_is_number_ = is_for_two;
}

std::int64_t Loss::prediction_width() const {
  if (task_ == TY_TASK_CLASSES) return width_;
  return task_ == TY_TASK_REGRESSION && width_ > 1 ? width_ : 0;
}

at::Tensor Loss::arranged(const at::Tensor &output, std::int64_t rows) const {
  const std::int64_t columns = task_ == TY_TASK_BINARY ? (takes_two_ ? 2 : 1) : width_;
  const bool is_flat = columns == 1 && !is_wide();
  const bool is_row = output.dim() == 1 && output.size(0) == rows;
  const bool is_table = output.dim() == 2 && output.size(0) == rows && output.size(1) == columns;
  // The loss of a module may also take two columns for a binary task.
  const bool is_pair = kind_ == LossKind::module && task_ == TY_TASK_BINARY && output.dim() == 2 &&
                       output.size(0) == rows && output.size(1) == 2;
  if (!(is_flat ? is_row || is_table || is_pair : is_table))
    throw Failure("the module gives " + words(output.sizes()) + " for " + std::to_string(rows) + " rows, and a " +
                  name_of(task_) + " task needs " +
                  (is_flat ? "[" + std::to_string(rows) + "] or [" + std::to_string(rows) + ", 1]"
                           : "[" + std::to_string(rows) + ", " + std::to_string(columns) + "]") +
                  " with this loss");
  if (!output.is_floating_point()) throw Failure(std::string("the module gives ") + c10::toString(output.scalar_type()) +
                                                " numbers, which have no gradient");
  const at::Tensor shaped = is_flat && !is_pair ? output.reshape({rows}) : output;
  return shaped.scalar_type() == at::kDouble ? shaped : shaped.to(at::kFloat);
}

at::Tensor Loss::target(const ty_batch &batch, const at::Tensor &output) const {
  if (task_ == TY_TASK_REGRESSION) {
    const bool is_flat = batch.target.ndim == 1;
    const std::vector<std::int64_t> sizes =
        is_flat ? std::vector<std::int64_t>{batch.rows} : std::vector<std::int64_t>{batch.rows, width_};
    if ((is_flat && width_ != 1) || !fits(batch.target, at::kFloat, sizes))
      throw Failure("the target is not float32 " + words({batch.rows, width_}));
    return borrowed(batch.target, at::kFloat, sizes).reshape(output.sizes()).to(output.options());
  }
  const std::vector<std::int64_t> sizes = {batch.rows};
  if (!fits(batch.target, at::kInt, sizes)) throw Failure("the target is not int32 " + words(sizes));
  const at::Tensor labels = borrowed(batch.target, at::kInt, sizes);
  const auto *values = labels.data_ptr<std::int32_t>();
  const std::int64_t classes = task_ == TY_TASK_BINARY ? 2 : width_;
  for (std::int64_t row = 0; row < batch.rows; row++)
    if (values[row] < 0 || values[row] >= classes)
      throw Failure("row " + std::to_string(row) + " of the batch has label " + std::to_string(values[row]) +
                    ", and labels go from 0 to " + std::to_string(classes - 1) +
                    "\nhelp: check the target column; a missing label must be dropped or filled");
  return label_is_number_ ? labels.to(output.options()) : labels.to(output.options().dtype(at::kLong));
}

at::Tensor Loss::evaluated(const at::Tensor &output, const at::Tensor &target,
                           at::Reduction::Reduction reduction) const {
  switch (kind_) {
    case LossKind::cross_entropy: return at::cross_entropy_loss(output, target, {}, reduction, -100, label_smoothing_);
    case LossKind::nll: return at::nll_loss(output, target, {}, reduction);
    case LossKind::bce_with_logits: return at::binary_cross_entropy_with_logits(output, target, {}, {}, reduction);
    case LossKind::bce: return at::binary_cross_entropy(output, target, {}, reduction);
    case LossKind::l1: return at::l1_loss(output, target, reduction);
    case LossKind::smooth_l1: return at::smooth_l1_loss(output, target, reduction, delta_);
    case LossKind::huber: return at::huber_loss(output, target, reduction, delta_);
    default: return at::mse_loss(output, target, reduction);
  }
}

/* One number for each row. */
at::Tensor Loss::by_row(const at::Tensor &output, const at::Tensor &target) const {
  const at::Tensor losses = evaluated(output, target, at::Reduction::None);
  return losses.dim() > 1 ? losses.flatten(1).mean(1) : losses;
}

at::Tensor Loss::mean(const at::Tensor &output, const at::Tensor &target, const at::Tensor &weights, double weight_sum,
                      ScriptModule &module) const {
  at::Tensor losses;
  if (kind_ == LossKind::module) {
    losses = module.loss(output, target);
    const bool is_by_row = losses.dim() == 1 && losses.size(0) == output.size(0);
    if (!is_by_row && losses.numel() != 1)
      throw Failure("the module's loss() gives " + words(losses.sizes()) +
                    ", and should give one number, or one for each row");
    if (!is_by_row && weights.defined())
      throw Failure("the module's loss() gives one number for the batch, and its rows have weights\n"
                    "help: have it return a loss for each row, without a mean over them");
    if (!is_by_row) return losses.sum();
    if (!weights.defined()) return losses.mean();
  } else if (!weights.defined()) {
    return evaluated(output, target, at::Reduction::Mean);
  } else {
    losses = by_row(output, target);
  }
  const at::Tensor sum = (losses * weights.to(losses.options())).sum();
  // Rows without any weight pull nowhere.
  return weight_sum > 0 ? sum / weight_sum : sum;
}

at::Tensor Loss::prediction(const at::Tensor &output) const {
  const at::Tensor answer = output.detach();
  const bool is_pair = task_ == TY_TASK_BINARY && answer.dim() == 2;
  at::Tensor result;
  switch (output_) {
    case OutputKind::logits: result = answer.dim() == 2 ? answer.softmax(1) : answer.sigmoid(); break;
    case OutputKind::log_probabilities: result = answer.exp(); break;
    default: result = answer;
  }
  if (is_pair) result = result.select(1, 1);
  if (prediction_width() == 0) result = result.reshape({result.size(0)});
  return result;
}

}  // namespace trainyard_torch
