#include "TorchModel.hpp"

#include <cmath>

#include "Fields.hpp"
#include "Parts.hpp"
#include "Tensors.hpp"
#include "Threads.hpp"
#include "Words.hpp"

using trainyard::Failure;

namespace trainyard_torch {

namespace {

std::vector<std::string> parameter_names_of(const Settings &settings) {
  std::vector<std::string> names = {"learning_rate"};
  if (settings.has_weight_decay()) names.push_back("weight_decay");
  if (settings.has_momentum()) names.push_back("momentum");
  if (!settings.needs_full_batch()) names.push_back("accumulate_grad_batches");
  return names;
}

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
