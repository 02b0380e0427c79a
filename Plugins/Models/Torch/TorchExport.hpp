#ifndef TRAINYARD_TORCH_EXPORT_HPP
#define TRAINYARD_TORCH_EXPORT_HPP

#include <memory>
#include <string>

#include "trainyard.hpp"

/* The callback `torch-export`: at the end of a run, the module with the weights as they are then. */
namespace trainyard_torch {

class ScriptModule;

class TorchExport {
 public:
  explicit TorchExport(trainyard::Host host);
  ~TorchExport();

  /* Nothing is learned from a run: all tensors are written anew at its end. */
  void reset() {}
  void on_train_end(const trainyard::Event &event);

 private:
  trainyard::Host host_;
  std::string file_;
  std::unique_ptr<ScriptModule> module_;
};

extern const trainyard::Option export_options[2];

}  // namespace trainyard_torch

#endif
