#ifndef TRAINYARD_TORCH_TENSORS_HPP
#define TRAINYARD_TORCH_TENSORS_HPP

#include <ATen/ATen.h>

#include <optional>
#include <string>
#include <vector>

#include "trainyard.hpp"

/* Between torch's tensors and those of the contract. */
namespace trainyard_torch {

/* The types that weights may have; a truth value is shown as the byte that it is. */
inline std::optional<ty_dtype> dtype_of(at::ScalarType type) {
  switch (type) {
    case at::kFloat: return ty_dtype{TY_DTYPE_FLOAT, 32, 1};
    case at::kDouble: return ty_dtype{TY_DTYPE_FLOAT, 64, 1};
    case at::kInt: return ty_dtype{TY_DTYPE_INT, 32, 1};
    case at::kLong: return ty_dtype{TY_DTYPE_INT, 64, 1};
    case at::kByte:
    case at::kBool: return ty_dtype{TY_DTYPE_UINT, 8, 1};
    default: return std::nullopt;
  }
}

/* A view of a contiguous tensor in the memory of this machine. Sizes belong to the tensor, which must stay. */
inline ty_tensor view_of(const at::Tensor &tensor) {
  ty_tensor view{};
  view.data = tensor.data_ptr();
  view.device.type = TY_DEVICE_CPU;
  view.ndim = static_cast<std::int32_t>(tensor.dim());
  view.dtype = dtype_of(tensor.scalar_type()).value_or(ty_dtype{});
  view.shape = const_cast<std::int64_t *>(tensor.sizes().data());
  view.strides = const_cast<std::int64_t *>(tensor.strides().data());
  return view;
}

inline std::string words(at::IntArrayRef sizes) {
  std::string text = "[";
  for (std::size_t i = 0; i < sizes.size(); i++) text += (i > 0 ? ", " : "") + std::to_string(sizes[i]);
  return text + "]";
}

/* Whether a foreign tensor has this one's type and sizes, and lies in one piece. */
inline bool fits(const ty_tensor &given, at::ScalarType type, at::IntArrayRef sizes) {
  const auto dtype = dtype_of(type);
  if (!dtype || given.dtype.code != dtype->code || given.dtype.bits != dtype->bits || given.dtype.lanes != 1)
    return false;
  if (given.ndim != static_cast<std::int32_t>(sizes.size()) || given.device.type != TY_DEVICE_CPU) return false;
  std::int64_t count = 1;
  for (std::size_t i = sizes.size(); i-- > 0;) {
    if (given.shape[i] != sizes[i] || (sizes[i] != 1 && given.strides[i] != count)) return false;
    count *= sizes[i];
  }
  return count == 0 || given.data != nullptr;
}

/* The memory of a foreign tensor that `fits`, borrowed. */
inline at::Tensor borrowed(const ty_tensor &given, at::ScalarType type, at::IntArrayRef sizes) {
  return at::from_blob(static_cast<char *>(given.data) + given.byte_offset, sizes, at::TensorOptions(type));
}

/* `name: found, expected` where a saved tensor does not fit. */
inline at::Tensor checked(const ty_tensor &given, at::ScalarType type, at::IntArrayRef sizes, const std::string &name) {
  if (!fits(given, type, sizes)) {
    std::vector<std::int64_t> shape;
    for (std::int32_t i = 0; i < given.ndim; i++) shape.push_back(given.shape[i]);
    throw trainyard::Failure("'" + name + "' is " + words(sizes) + " of " + c10::toString(type) +
                             ", and what is loaded is " + words(shape) + " of code " + std::to_string(given.dtype.code) +
                             " and " + std::to_string(given.dtype.bits) + " bits");
  }
  return borrowed(given, type, sizes);
}

}  // namespace trainyard_torch

#endif
