#include "TorchExport.hpp"

#include "ScriptModule.hpp"
#include "Words.hpp"

using trainyard::Failure;

namespace trainyard_torch {

const trainyard::Option export_options[2] = {
    trainyard::Option(TY_OPTION_PATH, "module", "The TorchScript file that the model of the run was made from.", nullptr,
                      nullptr, nullptr, TY_OPTION_REQUIRED),
    trainyard::Option(TY_OPTION_STRING, "file", "The file to write, in the run's folder.", "module.pt"),
};

TorchExport::TorchExport(trainyard::Host host)
    : host_(host),
      file_(host.text("file")),
      module_(std::make_unique<ScriptModule>(host.text("module"), at::Device(at::kCPU))) {}

TorchExport::~TorchExport() = default;

void TorchExport::on_train_end(const trainyard::Event &event) {
  // An interrupted run goes on later, and a failed one has nothing to show.
  if (event->outcome != TY_OUTCOME_FINISHED && event->outcome != TY_OUTCOME_STOPPED) return;
  const auto *weights = host_.service<ty_weights_service>(TY_SERVICE_WEIGHTS);
  const auto *files = host_.service<ty_files_service>(TY_SERVICE_FILES);
  if (weights == nullptr || files == nullptr) throw Failure("this host has no weights or no files");
  const std::uint64_t count = weights->count(host_.get());
  if (count != module_->count())
    throw Failure("the model has " + std::to_string(count) + " weights, and the module " +
                  std::to_string(module_->count()) + "\nhelp: give the file that the model has as its 'module'");
  for (std::uint64_t i = 0; i < count; i++) {
    ty_weight weight{};
    weight.struct_size = sizeof weight;
    if (weights->view(host_.get(), i, &weight) != TY_OK || weight.name == nullptr)
      throw Failure("the model does not show its weight " + std::to_string(i));
    saying("the module is not that of the model", "give the file that the model has as its 'module'",
           [&] { module_->assign(weight.name, weight.tensor); });
  }
  const std::string bytes = saying("the module cannot be written", "", [&] { return module_->serialized(); });
  files->start(host_.get(), file_.c_str());
  files->append(host_.get(), file_.c_str(), bytes.data(), bytes.size());
}

}  // namespace trainyard_torch
