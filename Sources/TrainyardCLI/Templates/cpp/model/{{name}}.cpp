// {{id}}: a model of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
//
// As it stands it is a linear model trained by gradient descent with momentum: logistic regression for a binary task,
// least squares for a regression of one number. Replace what it computes; keep the promises: reset() with the same seed
// gives the same weights, evaluate() changes nothing, and what is not in the weights is saved in save().
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "trainyard.hpp"

namespace {

class {{Type}} {
 public:
  explicit {{Type}}(trainyard::Host host)
      : initial_learning_rate_(host.number("learning_rate")), momentum_(host.number("momentum")) {}

  // Before every run: weights, momentum and learning rate as new, for this task and from this seed.
  void reset(std::uint64_t seed, const ty_task &task) {
    if (task.task != TY_TASK_BINARY && !(task.task == TY_TASK_REGRESSION && task.output_width == 1))
      throw trainyard::Failure("{{id}} serves binary tasks and regression of one number only");
    std::int64_t features = 1;
    for (std::int32_t i = 0; i < task.feature_ndim; i++) {
      if (task.feature_shape[i] < 1 || task.feature_shape[i] > (1 << 28) / features)
        throw trainyard::Failure("{{id}} cannot hold so many features");
      features *= task.feature_shape[i];
    }
    run_ = Run(task.task, features, initial_learning_rate_);
    const double scale = 1 / std::sqrt(static_cast<double>(features));
    for (std::size_t i = 0; i < run_.weight.size(); i++)
      run_.weight[i] = static_cast<float>(scale * uniform(seed + i));
  }

  void describe(ty_model_facts &facts) const {
    facts.task = run_.task;
    facts.flags = TY_MODEL_RESUME_EXACT;
    facts.prediction = {TY_DTYPE_FLOAT, 32, 1};
    facts.width = 0;  // [n]
  }

  void evaluate(const ty_batch &batch, ty_step &step) { forward(batch, step); }

  // Loss and prediction are those before the step.
  void train_step(const ty_batch &batch, ty_step &step) {
    if (batch.target.data == nullptr) throw trainyard::Failure("a training batch without targets");
    forward(batch, step);
    if (!(step.weight > 0)) return;  // nothing to learn from
    const float *x = trainyard::elements<float>(batch.features);
    const float *weights = trainyard::elements<float>(batch.weight);
    const std::size_t d = run_.weight.size();
    gradient_.assign(d + 1, 0.0);
    for (std::int64_t row = 0; row < batch.rows; row++) {
      const double share = (weights == nullptr ? 1 : weights[row]) / step.weight;
      double slope = share * (prediction_[static_cast<std::size_t>(row)] - truth(batch, row));
      if (run_.task == TY_TASK_REGRESSION) slope *= 2;
      const float *features = x + static_cast<std::size_t>(row) * d;
      for (std::size_t f = 0; f < d; f++) gradient_[f] += slope * features[f];
      gradient_[d] += slope;
    }
    for (std::size_t f = 0; f <= d; f++) {
      float &change = run_.steps[f];
      change = static_cast<float>(momentum_ * change - run_.learning_rate * gradient_[f]);
      (f < d ? run_.weight[f] : run_.bias[0]) += change;
    }
    step.optimizer_steps = 1;
  }

  // Weights, by name: callbacks see them, checkpoints keep them.
  std::size_t weight_count() const { return 2; }
  void weight(std::size_t index, ty_weight &result) {
    result.name = index == 0 ? "weight" : "bias";
    result.trainable = 1;
    result.tensor = index == 0 ? run_.weight.view() : run_.bias.view();
  }
  void assign(const ty_weight &weight) {
    const std::string name = weight.name;
    if (name != "weight" && name != "bias")
      throw trainyard::Failure("this model has no weights '" + name + "'");
    (name == "weight" ? run_.weight : run_.bias).copy(weight.tensor, name);
  }

  // Hyper-parameters that schedulers may set while it trains.
  const std::vector<std::string> &parameter_names() const { return parameter_names_; }
  const double *parameter(const std::string &name) const {
    return name == "learning_rate" ? &run_.learning_rate : nullptr;
  }
  void set_parameter(const std::string &name, double value) {
    if (!(value >= 0)) throw trainyard::Failure(name + " must be 0 or more");
    run_.learning_rate = value;
  }

  // State: all that is not in the weights.
  void save(trainyard::Sink sink) const {
    if (run_.steps.size() == 0) return;  // never reset: there is nothing yet
    sink.put("learning_rate", run_.learning_rate);
    sink.put("steps", run_.steps.view());
  }
  void load(trainyard::Source source) {
    ty_tensor steps;
    double rate = run_.learning_rate;  // a missing key keeps what reset() set
    source.get("learning_rate", rate);
    if (source.get("steps", steps)) run_.steps.copy(steps, "steps");
    run_.learning_rate = rate;
  }

 private:
  // All that a run can change.
  struct Run {
    Run() = default;
    Run(std::uint32_t task, std::int64_t features, double rate)
        : task(task), learning_rate(rate), weight({features}), bias({1}), steps({features + 1}) {}
    std::uint32_t task = TY_TASK_BINARY;
    double learning_rate = 0;
    trainyard::FloatTensor weight, bias, steps;
  };

  // splitmix64; in [-1, 1).
  static double uniform(std::uint64_t z) {
    z += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    z ^= z >> 31;
    return static_cast<double>(z >> 11) / 4503599627370496.0 - 1;
  }

  double truth(const ty_batch &batch, std::int64_t row) const {
    return run_.task == TY_TASK_BINARY ? trainyard::elements<std::int32_t>(batch.target)[row]
                                       : double{trainyard::elements<float>(batch.target)[row]};
  }

  void forward(const ty_batch &batch, ty_step &step) {
    const float *x = trainyard::elements<float>(batch.features);
    const float *weights = trainyard::elements<float>(batch.weight);
    const std::size_t d = run_.weight.size();
    double sum_wl = 0, sum_w = 0;
    if (prediction_.size() < static_cast<std::size_t>(batch.rows))
      prediction_.resize(static_cast<std::size_t>(batch.rows));
    for (std::int64_t row = 0; row < batch.rows; row++) {
      const float *features = x + static_cast<std::size_t>(row) * d;
      const double weight = weights == nullptr ? 1 : weights[row];
      double score = run_.bias[0];
      for (std::size_t f = 0; f < d; f++) score += double{features[f]} * run_.weight[f];
      const bool is_binary = run_.task == TY_TASK_BINARY;
      prediction_[static_cast<std::size_t>(row)] =
          static_cast<float>(is_binary ? 1 / (1 + std::exp(-score)) : score);
      if (batch.target.data != nullptr) {
        const double y = truth(batch, row);
        // log(1 + exp(score)) - y * score, without overflow
        sum_wl += weight * (is_binary ? (score > 0 ? score : 0) + std::log1p(std::exp(-std::fabs(score))) - y * score
                                      : (score - y) * (score - y));
      }
      sum_w += weight;
    }
    shape_[0] = batch.rows;
    step.prediction = run_.bias.view();
    step.prediction.data = prediction_.data();
    step.prediction.shape = shape_;
    step.weight = sum_w;
    step.loss = batch.target.data == nullptr ? std::nan("") : sum_w > 0 ? sum_wl / sum_w : 0;
    step.optimizer_steps = 0;
  }

  double initial_learning_rate_, momentum_;
  std::vector<std::string> parameter_names_ = {"learning_rate"};
  Run run_;

  // Working memory, which no result depends on.
  std::vector<double> gradient_;
  std::vector<float> prediction_;
  std::int64_t shape_[1] = {0};
};

const trainyard::Option options[] = {
    {TY_OPTION_FLOAT, "learning_rate", "Size of the steps.", "0.1", "(0, )"},
    {TY_OPTION_FLOAT, "momentum", "Share of the last step that each step keeps.", "0.9", "[0, 1)"},
};

const auto component = trainyard::model<{{Type}}>(
    "{{id}}", "0.1.0", "A linear model, trained by gradient descent with momentum.", options);

}  // namespace

TRAINYARD_MODULE(nullptr, component)
