#ifndef TRAINYARD_TORCH_MODEL_HPP
#define TRAINYARD_TORCH_MODEL_HPP

#include <memory>
#include <string>
#include <vector>

#include "trainyard.hpp"

/* The model `torch`: a TorchScript module, a loss and one of torch's optimizers. What is torch's is behind `Parts`. */
namespace trainyard_torch {

class TorchModel {
 public:
  /* Loads the module: options alone decide what it is. */
  explicit TorchModel(trainyard::Host host);
  ~TorchModel();

  void reset(std::uint64_t seed, const ty_task &task);
  void describe(ty_model_facts &facts) const;
  void train_step(const ty_batch &batch, ty_step &step);
  void evaluate(const ty_batch &batch, ty_step &step);

  std::size_t weight_count() const;
  void weight(std::size_t index, ty_weight &weight);
  void assign(const ty_weight &weight);

  const std::vector<std::string> &parameter_names() const;
  const double *parameter(const std::string &name) const;
  void set_parameter(const std::string &name, double value);

  void save(trainyard::Sink sink) const;
  void load(trainyard::Source source);

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace trainyard_torch

#endif
