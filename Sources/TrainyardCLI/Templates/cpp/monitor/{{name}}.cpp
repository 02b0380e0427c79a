// {{id}}: a monitor of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
//
// As it stands it measures how far predictions are from the truth: the weighted mean of |target - prediction|, where for
// classes it is 1 - the probability of the true class. Replace what it measures; keep how it is laid out: all that a run
// can change lives in Progress, and sums, unlike means of batches, do not depend on the batch size.
#include <cmath>

#include "trainyard.hpp"

namespace {

class {{Type}} {
 public:
  // The host puts "val_" before the name for the instance that serves validation.
  explicit {{Type}}(trainyard::Host host)
      : host_(host), metric_(host.declare("{{name}}", TY_DIRECTION_MIN)) {}

  void reset() { progress_ = Progress{}; }

  // For a checkpoint in the middle of a pass.
  void save(trainyard::Sink sink) const {
    sink.put("task", progress_.task);
    sink.put("width", progress_.width);
    sink.put("sum", progress_.sum);
    sink.put("weight", progress_.weight);
  }
  void load(trainyard::Source source) {
    Progress progress;
    source.get("task", progress.task);
    source.get("width", progress.width);
    source.get("sum", progress.sum);
    source.get("weight", progress.weight);
    progress_ = progress;
  }

  // Once a run: what the data asks of the model.
  void prepare(const ty_task &task) {
    if (task.task == TY_TASK_RANKING) throw trainyard::Failure("{{id}} does not serve ranking");
    progress_.task = task.task;
    progress_.width = task.task == TY_TASK_BINARY ? 1 : task.output_width;
  }

  void pass_begin(std::uint32_t) { progress_.sum = progress_.weight = 0; }

  void update(const ty_batch &batch, const ty_tensor &prediction) {
    if (batch.target.data == nullptr) return;  // nothing to compare with
    const float *weights = trainyard::elements<float>(batch.weight);
    for (std::int64_t row = 0; row < batch.rows; row++) {
      const double weight = weights == nullptr ? 1 : weights[row];
      progress_.sum += weight * distance(batch.target, prediction, row);
      progress_.weight += weight;
    }
  }

  // What is not defined, as here without rows, is not published.
  void compute() {
    if (progress_.weight > 0) host_.publish(metric_, progress_.sum / progress_.weight);
  }

  void merge(const {{Type}} &other) {
    progress_.sum += other.progress_.sum;
    progress_.weight += other.progress_.weight;
  }

 private:
  struct Progress {
    std::int64_t task = 0;
    std::int64_t width = 0;  // classes, or numbers in a target
    double sum = 0, weight = 0;
  };

  // Predictions are f32 or f64.
  static double number(const ty_tensor &tensor, std::int64_t index) {
    return tensor.dtype.bits == 64 ? trainyard::elements<double>(tensor)[index]
                                   : double{trainyard::elements<float>(tensor)[index]};
  }

  double distance(const ty_tensor &target, const ty_tensor &prediction, std::int64_t row) const {
    const std::int64_t width = progress_.width;
    if (progress_.task == TY_TASK_REGRESSION) {
      double sum = 0;
      for (std::int64_t i = row * width; i < (row + 1) * width; i++)
        sum += std::fabs(number(target, i) - number(prediction, i));
      return sum / static_cast<double>(width);
    }
    const std::int64_t label = trainyard::elements<std::int32_t>(target)[row];
    if (progress_.task == TY_TASK_BINARY)
      return std::fabs(static_cast<double>(label) - number(prediction, row));
    return label < 0 || label >= width ? 1 : 1 - number(prediction, row * width + label);
  }

  trainyard::Host host_;
  std::uint32_t metric_;
  Progress progress_;
};

const auto component = trainyard::monitor<{{Type}}>("{{id}}", "0.1.0",
                                                    "The mean distance between prediction and truth.");

}  // namespace

TRAINYARD_MODULE(nullptr, component)
