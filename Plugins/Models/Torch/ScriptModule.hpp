#ifndef TRAINYARD_TORCH_SCRIPT_MODULE_HPP
#define TRAINYARD_TORCH_SCRIPT_MODULE_HPP

#include <ATen/ATen.h>
#include <torch/csrc/jit/api/module.h>

#include <string>
#include <vector>

#include "trainyard.hpp"

/* A module that Python has saved, and its tensors by name. */
namespace trainyard_torch {

class ScriptModule {
 public:
  /* Loads the file; a trainyard::Failure says what is wrong with it. */
  ScriptModule(const std::string &path, at::Device device);

  /* ---- Calls ---- */

  at::Tensor forward(const at::Tensor &input);
  /* The method loss(output, target) that the module exports. */
  at::Tensor loss(const at::Tensor &output, const at::Tensor &target);
  bool has_method(const char *name) const { return module_.find_method(name).has_value(); }
  /* Layers such as dropout and batch norm behave otherwise in training. */
  void set_training(bool is_training);

  /* ---- Tensors: parameters, then buffers, in the module's order ---- */

  struct Entry {
    std::string name;
    bool is_parameter = false;
    bool is_trainable = false;
    torch::jit::Module owner;
    std::string attribute;
    at::Tensor initial;  // as the file has it
    at::Tensor shown;    // what the last view is of
  };
  std::size_t count() const { return entries_.size(); }
  const Entry &entry(std::size_t index) const { return entries_[index]; }
  /* As it is now: a module may put another tensor in a buffer's place. */
  static at::Tensor current(const Entry &entry) { return entry.owner.attr(entry.attribute).toTensor(); }
  /* A view of memory of this machine: the tensor's own on the CPU, a copy elsewhere. */
  ty_tensor view(std::size_t index);
  /* Copies into the tensor of that name. */
  void assign(const std::string &name, const ty_tensor &value);

  /* Each trainable parameter once, though it have two names, and the first of its names. */
  const std::vector<std::pair<std::string, at::Tensor>> &parameters() const { return parameters_; }

  /* All tensors as the file has them. */
  void restore();
  /* The method of that name, which draws new weights. */
  void reset_parameters();
  /* The file with the tensors as they are now, ready to predict. */
  std::string serialized();

 private:
  void list_tensors();
  void add(const std::string &name, const at::Tensor &value, bool is_parameter);
  void check_methods() const;
  static void put(Entry &entry, const at::Tensor &value);

  std::string path_;
  torch::jit::Module module_;
  std::vector<Entry> entries_;
  std::vector<std::pair<std::string, at::Tensor>> parameters_;
  bool is_training_ = true;
};

}  // namespace trainyard_torch

#endif
