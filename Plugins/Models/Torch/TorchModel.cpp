#include "TorchModel.hpp"

#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>
#include <optional>

#include "Device.hpp"
#include "Loss.hpp"
#include "Memory.hpp"
#include "Optimizer.hpp"
#include "Progress.hpp"
#include "RandomStream.hpp"
#include "ScriptModule.hpp"
#include "Settings.hpp"
#include "Tensors.hpp"
#include "Threads.hpp"
#include "Words.hpp"

using trainyard::Failure;

namespace trainyard_torch {

/* ---- Parts ---- */

struct TorchModel::Parts {
  explicit Parts(trainyard::Host host);

  /* By options alone. */
  const Settings settings;
  const at::Device device;
  ScriptModule module;
  Optimizer optimizer;
  RandomStream random;
  std::vector<std::string> names;

  /* By the task of the last reset. */
  std::optional<Loss> loss;
  std::vector<std::int64_t> row_shape;  // as the module takes it
  std::int64_t row_size = 0;
  at::ScalarType answer_type = at::kFloat;
  bool draws_in_training = true;  // whether the module uses random numbers
  bool draws_in_evaluation = true;

  /* By the run. Beside these a run changes the module's tensors, the optimizer's memory and the random stream. */
  Progress progress;
  at::Tensor prediction;

  void prepare(const ty_task &task);
  void probe(bool is_training, std::int64_t rows);
  at::Tensor features(const ty_batch &batch) const;
  at::Tensor answer(const at::Tensor &features, std::int64_t rows);
  void show(const at::Tensor &output, const at::Tensor &features, const ty_batch &batch, ty_step &step);
  void step_of_all_rows(const ty_batch &batch, ty_step &step);
};

namespace {

std::vector<std::string> parameter_names_of(const Settings &settings) {
  std::vector<std::string> names = {"learning_rate"};
  if (settings.has_weight_decay()) names.push_back("weight_decay");
  if (settings.has_momentum()) names.push_back("momentum");
  if (!settings.needs_full_batch()) names.push_back("accumulate_grad_batches");
  return names;
}

const char *const train_words = "the module cannot learn from this batch";
const char *const evaluate_words = "the module cannot answer for this batch";

}  // namespace

TorchModel::Parts::Parts(trainyard::Host host)
    : settings(host),
      device(device_named(settings.device)),
      module(settings.module, device),
      optimizer(settings, module.parameters()),
      random(device),
      names(parameter_names_of(settings)),
      progress(settings) {
  if (settings.beginning == Beginning::reset_parameters && !module.has_method("reset_parameters"))
    throw Failure("'initialize' is reset_parameters, and the module exports no method of that name\n"
                  "help: mark it with @torch.jit.export in Python, or set 'initialize' to file");
  std::int64_t numbers = 0;
  for (const auto &parameter : module.parameters()) numbers += parameter.second.numel();
  host.log("libtorch " TORCH_VERSION " on " + device.str() + ": " + std::to_string(numbers) + " trainable numbers, " +
           (settings.beginning == Beginning::file ? "which begin as the file has them"
                                                  : "which the module's reset_parameters() draws"));
}

TorchModel::TorchModel(trainyard::Host host) : parts_(std::make_unique<Parts>(host)) {}
TorchModel::~TorchModel() = default;

/* ---- Reset ---- */

void TorchModel::reset(std::uint64_t seed, const ty_task &task) {
  Parts &parts = *parts_;
  use_threads(task.threads);
  parts.loss.reset();
  parts.random.seed(seed);
  parts.prepare(task);
  saying("the module's weights cannot be set back", "", [&] {
    parts.module.restore();
    parts.random.seed(seed);
    if (parts.settings.beginning == Beginning::reset_parameters) {
      const RandomStream::Turn turn(parts.random);
      parts.module.reset_parameters();
    }
    parts.optimizer.reset();
  });
  parts.progress = Progress(parts.settings);
}

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

void TorchModel::describe(ty_model_facts &facts) const {
  const Parts &parts = *parts_;
  if (!parts.loss) throw Failure("the model was not reset for a task");
  facts.task = parts.loss->task();
  // Sums on a GPU are made in any order.
  facts.flags = (parts.settings.needs_full_batch() ? TY_MODEL_FULL_BATCH : 0) |
                (parts.device.is_cpu() ? TY_MODEL_RESUME_EXACT : 0);
  facts.prediction = *dtype_of(parts.answer_type);
  facts.width = parts.loss->prediction_width();
}

/* ---- Steps ---- */

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

/* ---- Weights ---- */

std::size_t TorchModel::weight_count() const { return parts_->module.count(); }

void TorchModel::weight(std::size_t index, ty_weight &weight) {
  saying("a weight cannot be shown", "", [&] { weight.tensor = parts_->module.view(index); });
  const auto &entry = parts_->module.entry(index);
  weight.name = entry.name.c_str();
  weight.trainable = entry.is_trainable ? 1 : 0;
}

void TorchModel::assign(const ty_weight &weight) {
  if (weight.name == nullptr) throw Failure("a weight to assign has no name");
  saying("weights cannot be assigned", "", [&] { parts_->module.assign(weight.name, weight.tensor); });
}

/* ---- Hyper-parameters ---- */

const std::vector<std::string> &TorchModel::parameter_names() const { return parts_->names; }

const double *TorchModel::parameter(const std::string &name) const {
  const Settings &settings = parts_->settings;
  const Progress &progress = parts_->progress;
  if (name == "learning_rate") return &progress.learning_rate;
  if (name == "weight_decay" && settings.has_weight_decay()) return &progress.weight_decay;
  if (name == "momentum" && settings.has_momentum()) return &progress.momentum;
  if (name == "accumulate_grad_batches" && !settings.needs_full_batch()) return &progress.accumulate_grad_batches;
  return nullptr;
}

void TorchModel::set_parameter(const std::string &name, double value) {
  double *place = const_cast<double *>(parameter(name));
  const auto check = [&](bool is_right, const char *wanted) {
    if (!is_right)
      throw Failure("'" + name + "' cannot be " + std::to_string(value) + ": it must be " + wanted);
  };
  if (name == "momentum") {
    check(value >= 0 && value <= 1, "a number from 0 to 1");
  } else if (name == "accumulate_grad_batches") {
    check(value >= 1 && value <= 2147483647 && value == std::floor(value), "a whole number, 1 or more");
  } else {
    check(value >= 0 && std::isfinite(value), "a finite number, 0 or more");
  }
  *place = value;
}

/* ---- State ---- */

void TorchModel::save(trainyard::Sink sink) const {
  Parts &parts = *parts_;
  saying("the state cannot be saved", "", [&] {
    parts.progress.save(sink);
    parts.optimizer.save(sink, parts.progress.accumulated_batches > 0);
    put_tensor(sink, "random", parts.random.state());
  });
}

void TorchModel::load(trainyard::Source source) {
  Parts &parts = *parts_;
  saying("the saved state does not fit", "", [&] {
    Progress progress = parts.progress;
    progress.load(source);
    for (const auto &name : parts.names) {
      // Values of a checkpoint are as foreign as those of a callback.
      parts.progress = progress;
      set_parameter(name, *parameter(name));
    }
    parts.progress = progress;
    parts.optimizer.load(source, progress.accumulated_batches > 0);
    const at::Tensor position = parts.random.state();
    if (auto saved = get_tensor(source, "random", position.scalar_type(), position.sizes()))
      parts.random.set_state(*saved);
  });
}

}  // namespace trainyard_torch
