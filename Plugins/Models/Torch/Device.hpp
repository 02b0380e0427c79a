#ifndef TRAINYARD_TORCH_DEVICE_HPP
#define TRAINYARD_TORCH_DEVICE_HPP

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <dlfcn.h>
#include <torch/cuda.h>
#include <torch/version.h>

#include <string>

#include "Settings.hpp"
#include "Words.hpp"

/* Where a module computes, and in which precision. */
namespace trainyard_torch {

/* The device that the option names, if libtorch and the machine have it. */
inline at::Device device_named(const std::string &name) {
  const std::string wrong = "'device' cannot be '" + name + "'";
  at::Device device =
      saying(wrong, "give cpu, cuda, or cuda:1 for the second of several", [&] { return at::Device(name); });
  if (device.is_cpu()) return device;
  if (!device.is_cuda()) throw trainyard::Failure(wrong + "\nhelp: give cpu or cuda");
  // Nothing in this plugin names a symbol of it, so that it also runs with a libtorch without.
  dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL);
  const auto count = static_cast<int>(torch::cuda::device_count());
  if (count == 0)
    throw trainyard::Failure("'device' is " + name + ", and this libtorch (" TORCH_VERSION ") finds no CUDA device\n" +
                             "help: set it to cpu, or build the plugin with a libtorch that has CUDA: make engines "
                             "LIBTORCH=/path/to/torch");
  if (device.index() >= count)
    throw trainyard::Failure("'device' is " + name + ", and there are " + std::to_string(count) +
                             " CUDA devices, counted from 0");
  return device;
}

/* While it lives, torch chooses bfloat16 where that is safe. */
class MixedPrecision {
 public:
  MixedPrecision(at::Device device, Precision precision) : is_on_(precision == Precision::bfloat16), device_(device) {
    if (is_on_) set(true);
  }
  MixedPrecision(const MixedPrecision &) = delete;
  MixedPrecision &operator=(const MixedPrecision &) = delete;
  ~MixedPrecision() {
    if (!is_on_) return;
    at::autocast::clear_cache();
    set(false);
  }

 private:
  void set(bool is_on) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
    if (is_on) at::autocast::set_autocast_dtype(device_.type(), at::kBFloat16);
    at::autocast::set_autocast_enabled(device_.type(), is_on);
#else
    if (device_.is_cpu()) {
      if (is_on) at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
      at::autocast::set_cpu_enabled(is_on);
    } else {
      if (is_on) at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
      at::autocast::set_enabled(is_on);
    }
#endif
  }

  bool is_on_;
  at::Device device_;
};

}  // namespace trainyard_torch

#endif
