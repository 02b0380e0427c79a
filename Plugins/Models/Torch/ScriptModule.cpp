#include "ScriptModule.hpp"

#include <sys/stat.h>

#include <ATen/core/grad_mode.h>
#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>

#include <sstream>
#include <unordered_set>

#include "Tensors.hpp"
#include "Words.hpp"

using trainyard::Failure;

namespace trainyard_torch {

namespace {

const char *const how_to_save = "save it in Python with torch.jit.script(model).save(path)";

void require_file(const std::string &path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw Failure("there is no module '" + path + "'\nhelp: " + how_to_save);
  if (!S_ISREG(status.st_mode)) throw Failure("'" + path + "' is no regular file\nhelp: " + how_to_save);
}

/* The first runs of a function would be recorded and later ones run as optimised code, which draws its random numbers in
 * another order: a resumed run would not go on as it was. Unoptimised, the interpreter runs the same kernels as Python. */
using SameEveryTime = torch::jit::GraphOptimizerEnabledGuard;

at::Tensor tensor_of(const c10::IValue &value, const char *method) {
  if (!value.isTensor())
    throw Failure(std::string("the module's ") + method + "() gives a " + value.tagKind() + ", and should give one tensor");
  return value.toTensor();
}

}  // namespace

ScriptModule::ScriptModule(const std::string &path, at::Device device) : path_(path) {
  require_file(path);
  module_ = saying("'" + path + "' cannot be loaded as a TorchScript module", how_to_save,
                   [&] { return torch::jit::load(path, device); });
  saying("the module '" + path + "' cannot be used", "", [&] {
    check_methods();
    module_.train();
    list_tensors();
  });
}

void ScriptModule::check_methods() const {
  const auto check = [&](const char *name, std::size_t wanted, const char *inputs) {
    const auto method = module_.find_method(name);
    if (!method) return;
    std::size_t required = 0;
    const auto &arguments = method->function().getSchema().arguments();
    for (const auto &argument : arguments) required += argument.default_value() ? 0 : 1;
    // The module itself is the first.
    if (required > wanted + 1 || arguments.size() < wanted + 1)
      throw Failure(std::string("the module's ") + name + "() takes " + std::to_string(arguments.size() - 1) +
                    " inputs, and is called with " + inputs);
  };
  if (!module_.find_method("forward"))
    throw Failure("the module '" + path_ + "' has no forward()\nhelp: " + how_to_save);
  check("forward", 1, "one: a batch of rows");
  check("loss", 2, "two: output and target");
  check("reset_parameters", 0, "none");
}

void ScriptModule::list_tensors() {
  for (const auto &parameter : module_.named_parameters()) add(parameter.name, parameter.value, true);
  for (const auto &buffer : module_.named_buffers()) add(buffer.name, buffer.value, false);
  std::unordered_set<const void *> seen;
  for (const auto &entry : entries_) {
    if (!entry.is_trainable) continue;
    const at::Tensor parameter = current(entry);
    if (seen.insert(parameter.unsafeGetTensorImpl()).second) parameters_.emplace_back(entry.name, parameter);
  }
  if (parameters_.empty())
    throw Failure("the module '" + path_ + "' has no parameter that can be trained\n"
                  "help: save it without torch.jit.freeze and torch.jit.optimize_for_inference");
}

void ScriptModule::add(const std::string &name, const at::Tensor &value, bool is_parameter) {
  if (!value.defined()) return;
  if (value.layout() != at::kStrided || !dtype_of(value.scalar_type()))
    throw Failure("the module's '" + name + "' holds " + c10::toString(value.scalar_type()) +
                  " numbers, which cannot be trained here\nhelp: save it after model.float()");
  Entry entry;
  entry.name = name;
  entry.is_parameter = is_parameter;
  entry.is_trainable = is_parameter && value.requires_grad();
  entry.owner = module_;
  std::size_t start = 0;
  for (auto dot = name.find('.'); dot != std::string::npos; dot = name.find('.', start)) {
    entry.owner = entry.owner.attr(name.substr(start, dot - start)).toModule();
    start = dot + 1;
  }
  entry.attribute = name.substr(start);
  // Views show memory in one piece; a tensor of another memory format keeps its numbers.
  if (!value.is_contiguous()) const_cast<at::Tensor &>(value).set_data(value.detach().contiguous());
  entry.initial = value.detach().clone();
  entries_.push_back(std::move(entry));
}

at::Tensor ScriptModule::forward(const at::Tensor &input) {
  const SameEveryTime guard(false);
  return tensor_of(module_.get_method("forward")({input}), "forward");
}

at::Tensor ScriptModule::loss(const at::Tensor &output, const at::Tensor &target) {
  const SameEveryTime guard(false);
  return tensor_of(module_.get_method("loss")({output, target}), "loss");
}

void ScriptModule::set_training(bool is_training) {
  if (is_training == is_training_) return;
  module_.train(is_training);
  is_training_ = is_training;
}

ty_tensor ScriptModule::view(std::size_t index) {
  Entry &entry = entries_[index];
  at::Tensor tensor = current(entry).detach();
  if (!tensor.device().is_cpu() || !tensor.is_contiguous()) tensor = tensor.cpu().contiguous();
  if (tensor.scalar_type() != entry.initial.scalar_type() || tensor.sizes() != entry.initial.sizes())
    throw Failure("the module has made '" + entry.name + "' " + words(tensor.sizes()) + " of " +
                  c10::toString(tensor.scalar_type()) + ", and it was " + words(entry.initial.sizes()) + " of " +
                  c10::toString(entry.initial.scalar_type()));
  entry.shown = tensor;
  return view_of(entry.shown);
}

void ScriptModule::assign(const std::string &name, const ty_tensor &value) {
  for (auto &entry : entries_) {
    if (entry.name != name) continue;
    const at::Tensor given = checked(value, entry.initial.scalar_type(), entry.initial.sizes(), name);
    if (given.data_ptr() != current(entry).data_ptr()) put(entry, given);
    return;
  }
  throw Failure("the module has no '" + name + "'");
}

/* In place, so that the optimizer and views go on with the same tensor; anew where the module has replaced it. */
void ScriptModule::put(Entry &entry, const at::Tensor &value) {
  const at::NoGradGuard guard;
  at::Tensor tensor = current(entry);
  if (tensor.sizes() == value.sizes() && tensor.scalar_type() == value.scalar_type()) {
    tensor.copy_(value);
  } else {
    entry.owner.setattr(entry.attribute, value.to(tensor.device()).clone());
  }
}

void ScriptModule::restore() {
  for (auto &entry : entries_) put(entry, entry.initial);
}

void ScriptModule::reset_parameters() {
  const SameEveryTime same(false);
  const at::NoGradGuard guard;
  saying("the module's reset_parameters() fails", "", [&] { module_.get_method("reset_parameters")({}); });
}

std::string ScriptModule::serialized() {
  const bool was_training = is_training_;
  set_training(false);
  std::ostringstream stream;
  module_.save(stream);
  set_training(was_training);
  return stream.str();
}

}  // namespace trainyard_torch
