#ifndef TRAINYARD_TORCH_PARTS_HPP
#define TRAINYARD_TORCH_PARTS_HPP

#include <optional>
#include <string>
#include <vector>

#include "Device.hpp"
#include "Loss.hpp"
#include "Optimizer.hpp"
#include "Progress.hpp"
#include "RandomStream.hpp"
#include "ScriptModule.hpp"
#include "Settings.hpp"
#include "TorchModel.hpp"

/* What the model is made of, and what of it goes back when. */
namespace trainyard_torch {

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

}  // namespace trainyard_torch

#endif
