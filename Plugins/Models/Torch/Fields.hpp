#ifndef TRAINYARD_TORCH_FIELDS_HPP
#define TRAINYARD_TORCH_FIELDS_HPP

#include <ATen/ATen.h>

#include <deque>
#include <optional>
#include <string>

#include "Tensors.hpp"

/* Numbers and tensors of a checkpoint, field by field: it is read as untrusted input, and torch's own archives are
 * programs to their reader. */
namespace trainyard_torch {

inline void put_tensor(trainyard::Sink sink, const std::string &key, const at::Tensor &tensor) {
  const at::Tensor copy = tensor.detach().cpu().contiguous();
  sink.put(key.c_str(), view_of(copy));
}

/* A copy of a saved tensor; none where the key is missing. */
inline std::optional<at::Tensor> get_tensor(trainyard::Source source, const std::string &key, at::ScalarType type,
                                            at::IntArrayRef sizes) {
  ty_tensor found{};
  if (!source.get(key.c_str(), found)) return std::nullopt;
  return checked(found, type, sizes, key).clone();
}

/* Visits the fields of one parameter's memory; `owner` gives type, device and sizes of what is loaded. */
class FieldWriter {
 public:
  FieldWriter(trainyard::Sink sink, std::string suffix) : sink_(sink), suffix_(std::move(suffix)) {}
  void operator()(const char *name, std::int64_t &value) { sink_.put(key(name).c_str(), value); }
  void operator()(const char *name, double &value) { sink_.put(key(name).c_str(), value); }
  void operator()(const char *name, at::Tensor &value) {
    if (value.defined()) put_tensor(sink_, key(name), value);
  }
  void flat(const char *name, at::Tensor &value, std::int64_t) { (*this)(name, value); }
  void flat(const char *name, std::deque<at::Tensor> &list, std::int64_t) {
    sink_.put((key(name) + ".count").c_str(), static_cast<std::int64_t>(list.size()));
    for (std::size_t i = 0; i < list.size(); i++) put_tensor(sink_, key(name) + "." + std::to_string(i), list[i]);
  }

 private:
  std::string key(const char *name) const { return name + suffix_; }
  trainyard::Sink sink_;
  std::string suffix_;
};

class FieldReader {
 public:
  FieldReader(trainyard::Source source, std::string suffix, const at::Tensor &owner)
      : source_(source), suffix_(std::move(suffix)), owner_(owner) {}
  void operator()(const char *name, std::int64_t &value) {
    if (!source_.get(key(name).c_str(), value)) throw missing(name);
    if (value < 0 || value > (std::int64_t{1} << 53))
      throw trainyard::Failure("the saved state is damaged: '" + key(name) + "' is " + std::to_string(value));
  }
  void operator()(const char *name, double &value) {
    if (!source_.get(key(name).c_str(), value)) throw missing(name);
  }
  /* What the optimizer does without in this setting is not saved. */
  void operator()(const char *name, at::Tensor &value) {
    if (auto found = get_tensor(source_, key(name), owner_.scalar_type(), owner_.sizes()))
      value = found->to(owner_.device());
    else
      value = at::Tensor();
  }
  /* `length` numbers, or a single one where it is 0. */
  void flat(const char *name, at::Tensor &value, std::int64_t length) {
    if (auto found = flat_tensor(key(name), length)) value = *found;
  }
  void flat(const char *name, std::deque<at::Tensor> &list, std::int64_t length) {
    std::int64_t count = 0;
    const std::string counter = key(name) + ".count";
    if (!source_.get(counter.c_str(), count) || count < 0 || count > 10000) throw missing(name);
    list.clear();
    for (std::int64_t i = 0; i < count; i++) {
      auto found = flat_tensor(key(name) + "." + std::to_string(i), length);
      if (!found) throw missing(name);
      list.push_back(*found);
    }
  }

 private:
  std::optional<at::Tensor> flat_tensor(const std::string &key, std::int64_t length) {
    const std::vector<std::int64_t> sizes =
        length > 0 ? std::vector<std::int64_t>{length} : std::vector<std::int64_t>{};
    ty_tensor given{};
    // The first curvature of lbfgs is a whole number.
    const bool is_whole = length == 0 && source_.get(key.c_str(), given) && given.dtype.code == TY_DTYPE_INT;
    auto found = get_tensor(source_, key, is_whole ? at::kLong : owner_.scalar_type(), sizes);
    if (found) *found = found->to(owner_.device());
    return found;
  }
  trainyard::Failure missing(const char *name) const {
    return trainyard::Failure("the saved state is damaged: '" + key(name) + "' is missing");
  }
  std::string key(const char *name) const { return name + suffix_; }
  trainyard::Source source_;
  std::string suffix_;
  const at::Tensor &owner_;
};

}  // namespace trainyard_torch

#endif
