// {{id}}: a callback of Trainyard. `make` builds it, `make test` proves that it keeps the contract.
//
// As it stands it ends a run whose metric has not improved for some epochs. Replace what it does; keep how it is laid
// out: all that a run can change lives in Progress, so reset() is one assignment.
#include <string>

#include "trainyard.hpp"

namespace {

class {{Type}} {
 public:
  // create(): options and metrics. Nothing here depends on a run.
  explicit {{Type}}(trainyard::Host host)
      : host_(host), monitor_(host.want(host.text("monitor"))), patience_(host.integer("patience")) {}

  // Before every run, the first one too: afterwards nobody can tell this instance from a new one.
  void reset() { progress_ = Progress{}; }

  // For checkpoints: every field of Progress, or a resumed run decides otherwise.
  void save(trainyard::Sink sink) const {
    sink.put("has_best", progress_.has_best);
    sink.put("best", progress_.best);
    sink.put("epochs_since_best", progress_.epochs_since_best);
  }
  void load(trainyard::Source source) {
    Progress progress;  // what is missing keeps its default
    source.get("has_best", progress.has_best);
    source.get("best", progress.best);
    source.get("epochs_since_best", progress.epochs_since_best);
    progress_ = progress;
  }

  // Any hook of ty_callback, by its name; one that is left out costs nothing.
  void on_epoch_end(const trainyard::Event &event) {
    const auto value = event.value(monitor_);
    if (!value) return;  // absent, as in an epoch without validation: not counted
    // Written so that NaN, for which every comparison is false, is never an improvement.
    if (*value < progress_.best || (!progress_.has_best && *value == *value)) {
      progress_ = Progress{1, *value, 0};
      return;
    }
    progress_.epochs_since_best += 1;
    if (progress_.epochs_since_best >= patience_)
      host_.stop("no improvement for " + std::to_string(patience_) + " epochs");
  }

 private:
  struct Progress {
    std::int64_t has_best = 0;
    double best = 0;
    std::int64_t epochs_since_best = 0;
  };

  trainyard::Host host_;
  std::uint32_t monitor_;
  std::int64_t patience_;
  Progress progress_;
};

const trainyard::Option options[] = {
    {TY_OPTION_METRIC, "monitor", "The metric to watch; lower is better.", "loss"},
    {TY_OPTION_INT, "patience", "Epochs in a row without improvement before the run stops.", "3", "[1, )",
     "epochs"},
};

const auto component = trainyard::callback<{{Type}}>(
    "{{id}}", "0.1.0", "Stops a run whose metric has not improved for some epochs.", options);

}  // namespace

TRAINYARD_MODULE(nullptr, component)
