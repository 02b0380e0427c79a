#include <torch/version.h>

#include "Settings.hpp"
#include "TorchExport.hpp"
#include "TorchModel.hpp"

/* What the library holds: the model, and the callback that writes what it has learned for Python. */

namespace trainyard_torch {

static const auto model_component = trainyard::model<TorchModel>(
    "torch", "0.1.0", "Trains any TorchScript module with libtorch: its losses, its optimizers, its autograd.", options);

static const auto export_component =
    trainyard::callback<TorchExport>("torch-export", "0.1.0",
                                     "Writes the trained weights as a TorchScript file, which Python loads.",
                                     export_options);

}  // namespace trainyard_torch

/* What the host says where libtorch is not there: then none of this runs, and it reads the section from the file. */
#define TEXT_OF(number) #number
#define TEXT(number) TEXT_OF(number)
extern "C" __attribute__((section(".trainyard.install"), used, retain)) const char trainyard_torch_installation[] =
    "install libtorch " TORCH_VERSION ": Debian's package is libtorch" TEXT(TORCH_VERSION_MAJOR) "." TEXT(
        TORCH_VERSION_MINOR) ", PyPI's is torch, whose folder lib goes into LD_LIBRARY_PATH; or build the plugin again "
                             "with the libtorch that is there: make engines LIBTORCH=folder";

TRAINYARD_MODULE("Apache-2.0", trainyard_torch::model_component, trainyard_torch::export_component)
